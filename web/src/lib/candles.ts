/** The candle chart: candles, VWAP, named levels, signals and fills. */

import {
  type AutoscaleInfo,
  CandlestickSeries,
  ColorType,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
  createChart,
  createSeriesMarkers,
} from 'lightweight-charts';
import type { BarView } from '../gen/Market';
import type { ExecutionView, SignalView } from '../gen/Trading';
import { clock, millis, minute, toNumber } from './format';
import { reaching } from './levels';
import { tokens } from './theme.svelte';

/** Room at the right for the names of the levels, pixels. */
const NAMES_PX = 92;

/** On a narrower chart the words beside signals would cover the candles. */
const WORDS_PX = 520;

/** Fewer candles are drawn in the left part, so that a young session does not look huge. */
const LEAST_BARS = 75;

/** A price with a name, drawn across the chart. */
export interface Level {
  title: string;
  price: number;
  /** Muted unless it says otherwise. */
  colour?: 'model' | 'up' | 'down' | 'muted' | undefined;
}

/** A line along the candles: a value at the start of each minute. */
export interface Band {
  start: string;
  value: number;
}

export class CandleChart {
  #chart: IChartApi;
  #candles: ISeriesApi<'Candlestick'>;
  #vwap: ISeriesApi<'Line'>;
  #markers: ReturnType<typeof createSeriesMarkers<Time>>;
  #bands: ISeriesApi<'Line'>[] = [];
  #levels = new Map<string, { line: IPriceLine; level: Level }>();
  #shown: BarView[] = [];
  #moved = false;
  #place: HTMLElement;

  constructor(place: HTMLElement) {
    this.#place = place;
    this.#chart = createChart(place, {
      autoSize: true,
      layout: { attributionLogo: false, fontFamily: "'Inter Variable', system-ui, sans-serif", fontSize: 11 },
      grid: { vertLines: { visible: false } },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.08, bottom: 0.08 } },
      timeScale: {
        borderVisible: false,
        timeVisible: true,
        secondsVisible: false,
        tickMarkFormatter: (time: Time) => minute(Number(time) * 1000),
      },
      localization: { timeFormatter: (time: Time) => clock(Number(time) * 1000) },
      handleScale: { axisPressedMouseMove: false },
    });
    this.#candles = this.#chart.addSeries(CandlestickSeries, {
      borderVisible: true,
      lastValueVisible: true,
      autoscaleInfoProvider: (original: () => AutoscaleInfo | null) =>
        this.#withLevels(atLeast(original)),
    });
    this.#vwap = this.#chart.addSeries(LineSeries, {
      lineWidth: 2,
      priceLineVisible: false,
      crosshairMarkerVisible: false,
      title: 'VWAP',
    });
    this.#markers = createSeriesMarkers(this.#candles, []);
    for (const kind of ['wheel', 'pointerdown']) {
      place.addEventListener(kind, () => (this.#moved = true), { passive: true });
    }
    place.addEventListener('dblclick', () => this.#follow());
    this.paint();
  }

  /** Takes the colours of the theme. */
  paint(): void {
    const t = tokens();
    this.#chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: t.surface }, textColor: t.muted },
      grid: { horzLines: { color: t.line } },
      crosshair: {
        vertLine: { color: t.muted, labelBackgroundColor: t.raised },
        horzLine: { color: t.muted, labelBackgroundColor: t.raised },
      },
    });
    // Up hollow, down filled: told apart without colour too.
    this.#candles.applyOptions({
      upColor: t.surface,
      downColor: t.down,
      borderUpColor: t.up,
      borderDownColor: t.down,
      wickUpColor: t.up,
      wickDownColor: t.down,
    });
    this.#vwap.applyOptions({ color: t.accent });
    for (const band of this.#bands) band.applyOptions({ color: faint(t.accent) });
    this.#tag();
    for (const { line, level } of this.#levels.values()) line.applyOptions(colours(level));
  }

  setBars(bars: BarView[]): void {
    const before = this.#shown;
    this.#shown = bars;
    const last = bars.at(-1);
    const grown = bars.length - before.length;
    const isGrowth = grown >= 0 && grown <= 1 && bars[0]?.start === before[0]?.start;
    if (last !== undefined && before.length > 0 && isGrowth) {
      // The one before may have got its last trade in the same moment.
      for (const bar of bars.slice(-1 - grown)) this.#update(bar);
    } else {
      this.#candles.setData(bars.map(candle));
      this.#vwap.setData(bars.filter((bar) => bar.vwap !== null).map(average));
      this.#moved = false;
    }
    if (!this.#moved && grown !== 0) this.#follow();
    this.#tag();
  }

  /** The tag of the last price has the colour of its candle, filled also where the candle is hollow. */
  #tag(): void {
    const last = this.#shown.at(-1);
    if (last === undefined) return;
    const t = tokens();
    this.#candles.applyOptions({ priceLineColor: Number(last.close) >= Number(last.open) ? t.up : t.down });
  }

  #update(bar: BarView): void {
    this.#candles.update(candle(bar));
    if (bar.vwap !== null) this.#vwap.update(average(bar));
  }

  #follow(): void {
    this.#moved = false;
    const count = Math.max(this.#shown.length, LEAST_BARS);
    const width = Math.max(2 * NAMES_PX, this.#chart.timeScale().width());
    const room = (count * NAMES_PX) / (width - NAMES_PX);
    this.#chart.timeScale().setVisibleLogicalRange({ from: -0.5, to: count + room });
  }

  setLevels(levels: readonly Level[]): void {
    for (const [title, { line }] of this.#levels) {
      if (levels.some((level) => level.title === title)) continue;
      this.#candles.removePriceLine(line);
      this.#levels.delete(title);
    }
    for (const level of levels) this.#level(level);
  }

  #level(level: Level): void {
    const { title, price } = level;
    const drawn = this.#levels.get(title);
    if (drawn?.level.price === price && drawn.level.colour === level.colour) return;
    if (drawn !== undefined) {
      drawn.line.applyOptions({ price, ...colours(level) });
      drawn.level = level;
      return;
    }
    const line = this.#candles.createPriceLine({
      price,
      title,
      lineWidth: 1,
      lineStyle: LineStyle.Dashed,
      axisLabelVisible: true,
      ...colours(level),
    });
    this.#levels.set(title, { line, level });
  }

  #withLevels(info: AutoscaleInfo | null): AutoscaleInfo | null {
    if (info?.priceRange == null) return info;
    const { minValue, maxValue } = info.priceRange;
    const prices = [...this.#levels.values()].map(({ level }) => level.price);
    const [low, high] = reaching([minValue, maxValue], prices);
    return { ...info, priceRange: { minValue: low, maxValue: high } };
  }

  /** Lines beside the VWAP; as many as were given the last time. They do not move the scale. */
  setBands(bands: readonly (readonly Band[])[]): void {
    while (this.#bands.length > bands.length) this.#chart.removeSeries(this.#bands.pop() as ISeriesApi<'Line'>);
    while (this.#bands.length < bands.length) {
      this.#bands.push(
        this.#chart.addSeries(LineSeries, {
          color: faint(tokens().accent),
          lineWidth: 1,
          priceLineVisible: false,
          lastValueVisible: false,
          crosshairMarkerVisible: false,
          autoscaleInfoProvider: () => null,
        }),
      );
    }
    bands.forEach((band, n) => this.#bands[n]?.setData(band.map(({ start, value }) => ({ time: seconds(start) as UTCTimestamp, value }))));
  }

  setMarkers(signals: SignalView[], fills: ExecutionView[]): void {
    const first = this.#shown[0];
    const t = tokens();
    if (first === undefined) {
      this.#markers.setMarkers([]);
      return;
    }
    const start = seconds(first.start);
    const words = this.#place.clientWidth >= WORDS_PX;
    const markers: SeriesMarker<Time>[] = [];
    for (const signal of signals) {
      const refused = signal.state === 'rejected' || signal.state === 'expired';
      const isUp = signal.direction === 'up';
      markers.push({
        time: minuteOf(signal.at),
        position: isUp ? 'belowBar' : 'aboveBar',
        shape: isUp ? 'arrowUp' : 'arrowDown',
        color: refused ? t.muted : isUp ? t.up : t.down,
        ...(words && { text: refused ? 'not taken' : `${signal.strategy} ${isUp ? 'up' : 'down'}` }),
        size: 1,
      });
    }
    for (const fill of fills) {
      const bought = fill.side === 'buy';
      markers.push({
        time: minuteOf(fill.at),
        position: bought ? 'belowBar' : 'aboveBar',
        shape: bought ? 'circle' : 'square',
        color: t.accent,
        size: 0.5,
      });
    }
    const visible = markers.filter((marker) => Number(marker.time) >= start);
    this.#markers.setMarkers(visible.sort((a, b) => Number(a.time) - Number(b.time)));
  }

  destroy(): void {
    this.#chart.remove();
    this.#place.replaceChildren();
  }
}

/** A quiet minute is drawn quiet: the scale never shows less than a fifth of a percent. */
function atLeast(original: () => AutoscaleInfo | null): AutoscaleInfo | null {
  const info = original();
  if (info === null || info.priceRange === null) return info;
  const { minValue, maxValue } = info.priceRange;
  const missing = (maxValue * 0.002 - (maxValue - minValue)) / 2;
  if (missing <= 0) return info;
  return { ...info, priceRange: { minValue: minValue - missing, maxValue: maxValue + missing } };
}

/** A level's line and tag. */
function colours({ colour = 'muted' }: Level) {
  const t = tokens();
  return { color: t[colour], axisLabelColor: t.raised, axisLabelTextColor: colour === 'muted' ? t.text : t[colour] };
}

/** `#rrggbb` at half its strength. */
function faint(colour: string): string {
  return /^#[0-9a-f]{6}$/i.test(colour) ? `${colour}80` : colour;
}

function seconds(instant: string): number {
  return Math.floor((millis(instant) ?? 0) / 1000);
}

function minuteOf(instant: string): UTCTimestamp {
  const at = seconds(instant);
  return (at - (at % 60)) as UTCTimestamp;
}

function candle(bar: BarView) {
  return {
    time: seconds(bar.start) as UTCTimestamp,
    open: Number(bar.open),
    high: Number(bar.high),
    low: Number(bar.low),
    close: Number(bar.close),
  };
}

function average(bar: BarView) {
  return { time: seconds(bar.start) as UTCTimestamp, value: toNumber(bar.vwap) ?? Number(bar.close) };
}
