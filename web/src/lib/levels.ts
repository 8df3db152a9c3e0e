/** Levels of the option chain, and bands about the VWAP, over the candles. Pure. */

import type { BarView } from '../gen/Market';
import type { PointView } from '../gen/Measures';
import type { LevelsView } from '../gen/Options';
import type { Band, Level } from './candles';
import { millis, toNumber } from './format';

/** Named levels; those at one price under one name. An old chain's are grey. */
export function chainLevelsOf(view: LevelsView | undefined, old: boolean): Level[] {
  if (view === undefined) return [];
  const named: [string, string | null, Level['colour']][] = [
    ['flip', view.gamma_flip, 'model'],
    ['call wall', view.call_wall, 'up'],
    ['put wall', view.put_wall, 'down'],
    ['pin', view.pin, 'muted'],
    ['max pain', view.max_pain, 'muted'],
  ];
  const found: Level[] = [];
  for (const [title, text, colour] of named) {
    const price = toNumber(text);
    if (price === undefined) continue;
    const same = found.find((one) => one.price === price);
    if (same === undefined) found.push({ title, price, colour: old ? 'muted' : colour });
    else same.title = `${same.title}, ${title}`;
  }
  return found;
}

/** Part of the candles' range that a level may lie beyond them and still be shown. */
const NEAR = 0.4;

/** Levels just outside the candles are on the chart; far ones do not flatten the candles. */
export function reaching([low, high]: readonly [number, number], prices: readonly number[]): readonly [number, number] {
  const reach = (high - low) * NEAR;
  const near = prices.filter((price) => price >= low - reach && price <= high + reach);
  return [Math.min(low, ...near), Math.max(high, ...near)];
}

/**
 * Lines at -2, -1, 1 and 2 deviations from the VWAP at the end of each minute. A minute's deviation is the first
 * that was kept after its end; the running minute has the newest. Minutes before the page's server began have none.
 */
export function vwapBands(
  bars: readonly BarView[],
  trail: Readonly<Record<string, PointView>> | undefined,
  newest: number | null | undefined,
): Band[][] {
  const kept = new Map<number, number>();
  for (const point of Object.values(trail ?? {})) {
    const [at, value] = [millis(point.at), point.values['session.vwap_deviation']];
    if (at !== undefined && value !== undefined) kept.set(Math.floor(at / MINUTE), value);
  }
  const known = bars.flatMap((bar, n) => {
    const [start, vwap] = [millis(bar.start), toNumber(bar.vwap)];
    if (start === undefined || vwap === undefined) return [];
    const after = kept.get(Math.floor(start / MINUTE) + 1);
    const deviation = after ?? (n === bars.length - 1 ? (newest ?? undefined) : undefined);
    return deviation === undefined ? [] : [{ start: bar.start, vwap, deviation }];
  });
  if (known.length === 0) return [];
  return [-2, -1, 1, 2].map((way) => known.map(({ start, vwap, deviation }) => ({ start, value: vwap + way * deviation })));
}

const MINUTE = 60_000;
