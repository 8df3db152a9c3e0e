/** Small charts over time on a canvas: scales, ticks, and the drawing itself. */

import { CHART_FONT } from './canvas';
import { minute } from './format';
import type { Tokens } from './theme.svelte';

export interface Point {
  /** Milliseconds since the epoch. */
  t: number;
  v: number;
}

export interface Series {
  label: string;
  kind: 'line' | 'bars' | 'steps';
  colour: keyof Tokens;
  points: readonly Point[];
}

/** A line across, with its name beside it. */
export interface Level {
  value: number;
  label: string;
  colour: keyof Tokens;
}

/** A part of the chart with its own scale of values. */
export interface Pane {
  series: readonly Series[];
  levels?: readonly Level[];
  /** The scale never shows less than this height, so that noise stays small. */
  least: number;
  /** The scale never leaves these. */
  floor?: number;
  ceiling?: number;
  /** Both ends are given: the scale does not move at all. */
  fixed?: readonly [number, number];
  format: (value: number) => string;
  /** Part of the height, beside the others'. */
  share: number;
}

/** Room at the right for values, and at the bottom for times. */
export const RIGHT = 52;
const LEFT = 12;
const BOTTOM = 16;
const TOP = 6;
/** Two names closer than this would touch. */
const LINE_PX = 12;

/** The ends of a scale that shows all values and levels. */
export function scale(pane: Pane): readonly [number, number] {
  if (pane.fixed !== undefined) return pane.fixed;
  const values = pane.series.flatMap((series) => series.points.map((point) => point.v));
  for (const level of pane.levels ?? []) values.push(level.value);
  if (pane.series.some((series) => series.kind === 'bars')) values.push(0);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (values.length === 0) [low, high] = [pane.floor ?? 0, pane.ceiling ?? 1];
  const missing = Math.max(pane.least, (high - low) * 1.12) - (high - low);
  low -= missing / 2;
  high += missing / 2;
  // What one end may not take, the other gives.
  if (pane.floor !== undefined && low < pane.floor) [low, high] = [pane.floor, high + (pane.floor - low)];
  if (pane.ceiling !== undefined && high > pane.ceiling) [low, high] = [Math.max(pane.floor ?? -Infinity, low - (high - pane.ceiling)), pane.ceiling];
  return [low, high];
}

const MINUTE = 60_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240].map((minutes) => minutes * MINUTE);

/** Whole minutes of the clock between two instants, at most `most`. */
export function ticks(from: number, to: number, most: number): number[] {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? 480 * MINUTE;
  const first = Math.ceil(from / step) * step;
  const count = Math.max(0, Math.floor((to - first) / step) + 1);
  return Array.from({ length: count }, (_, n) => first + n * step);
}

/** Moves names apart, keeping their order, without leaving the place. */
export function apart(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((y, n) => [y, n] as const).sort((a, b) => a[0] - b[0]);
  const placed = [...wanted];
  let last = low - gap;
  for (const [y, n] of order) placed[n] = last = Math.max(y, last + gap);
  let next = high + gap;
  for (const [, n] of order.reverse()) placed[n] = next = Math.min(placed[n] ?? next, next - gap);
  return placed;
}

/** The newest point at or before `t`; the first when all are later. */
export function at(points: readonly Point[], t: number): Point | undefined {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.t ?? 0) <= t) low = middle + 1;
    else high = middle;
  }
  return points[low - 1] ?? points[0];
}

/** From a place of the canvas to the instant that is drawn there. */
export function instantAt(x: number, width: number, from: number, to: number): number {
  const part = (x - LEFT) / Math.max(1, width - RIGHT - LEFT);
  return from + Math.min(1, Math.max(0, part)) * (to - from);
}

export interface Frame {
  width: number;
  height: number;
  from: number;
  to: number;
  /** Points further apart than this are not joined. */
  gap: number;
  /** The instant that a person points at. */
  hover: number | undefined;
}

export function draw(c: CanvasRenderingContext2D, panes: readonly Pane[], frame: Frame, t: Tokens): void {
  const { width, height, from, to } = frame;
  const right = width - RIGHT;
  const x = (time: number) => LEFT + ((time - from) / Math.max(1, to - from)) * (right - LEFT);
  const shares = panes.reduce((sum, pane) => sum + pane.share, 0);
  const inner = height - TOP - BOTTOM - (panes.length - 1) * 8;
  let top = TOP;
  c.font = CHART_FONT;
  c.textBaseline = 'middle';
  for (const pane of panes) {
    const bottom = top + (inner * pane.share) / shares;
    drawPane(c, pane, frame, t, x, top, bottom);
    top = bottom + 8;
  }
  c.fillStyle = t.muted;
  c.textAlign = 'center';
  for (const tick of ticks(from, to, Math.max(1, (right - LEFT) / 70))) {
    if (x(tick) > LEFT + 14 && x(tick) < right - 14) c.fillText(minute(tick), x(tick), height - BOTTOM / 2);
  }
  c.textAlign = 'left';
  if (frame.hover !== undefined) {
    c.strokeStyle = t.muted;
    c.lineWidth = 0.6;
    line(c, x(frame.hover), TOP, x(frame.hover), height - BOTTOM);
  }
}

function drawPane(
  c: CanvasRenderingContext2D,
  pane: Pane,
  frame: Frame,
  t: Tokens,
  x: (time: number) => number,
  top: number,
  bottom: number,
): void {
  const [low, high] = scale(pane);
  const y = (value: number) => bottom - ((value - low) / Math.max(1e-300, high - low)) * (bottom - top);
  const right = frame.width - RIGHT;
  c.lineWidth = 0.6;
  c.strokeStyle = t.line;
  const ends = [high, low];
  for (const value of ends) line(c, LEFT, y(value), right, y(value));
  for (const level of pane.levels ?? []) {
    c.setLineDash([2, 3]);
    c.strokeStyle = t[level.colour];
    c.lineWidth = 1;
    line(c, LEFT, y(level.value), right, y(level.value));
    c.setLineDash([]);
  }
  for (const series of pane.series) drawSeries(c, series, frame, t, x, y);
  const names = [
    ...pane.series.flatMap((series) => {
      const last = series.points.at(-1);
      return last === undefined ? [] : [{ y: y(last.v), text: pane.format(last.v), colour: pane.series.length > 1 ? t[series.colour] : t.text, bold: true }];
    }),
    ...(pane.levels ?? []).map((level) => ({ y: y(level.value), text: level.label, colour: t[level.colour], bold: false })),
  ];
  const placed = apart(
    names.map((name) => name.y),
    LINE_PX,
    top,
    bottom,
  );
  // The scale's own ends give way to the names.
  for (const value of ends) {
    if (!placed.some((taken) => Math.abs(taken - y(value)) < LINE_PX)) {
      c.fillStyle = t.muted;
      c.fillText(pane.format(value), right + 6, y(value));
    }
  }
  names.forEach((name, n) => {
    c.font = name.bold ? `600 ${CHART_FONT}` : CHART_FONT;
    c.fillStyle = name.colour;
    c.fillText(name.text, right + 6, placed[n] ?? name.y);
  });
  c.font = CHART_FONT;
}

function drawSeries(
  c: CanvasRenderingContext2D,
  series: Series,
  frame: Frame,
  t: Tokens,
  x: (time: number) => number,
  y: (value: number) => number,
): void {
  const points = series.points;
  if (series.kind === 'bars') {
    const usual = points.length > 1 ? Math.max(1, x(points[1]?.t ?? 0) - x(points[0]?.t ?? 0)) : 4;
    const thick = Math.max(1, Math.min(8, usual * 0.7));
    for (const point of points) {
      c.fillStyle = point.v >= 0 ? t.up : t.down;
      const [a, b] = [y(0), y(point.v)];
      c.fillRect(x(point.t) - thick / 2, Math.min(a, b), thick, Math.max(0.7, Math.abs(a - b)));
    }
    return;
  }
  c.strokeStyle = t[series.colour];
  c.lineWidth = 1.4;
  c.lineJoin = 'round';
  c.beginPath();
  points.forEach((point, n) => {
    const before = points[n - 1];
    if (before === undefined || point.t - before.t > frame.gap) c.moveTo(x(point.t), y(point.v));
    else {
      if (series.kind === 'steps') c.lineTo(x(point.t), y(before.v));
      c.lineTo(x(point.t), y(point.v));
    }
  });
  c.stroke();
  const only = points.length === 1 ? points[0] : undefined;
  if (only !== undefined) {
    c.fillStyle = t[series.colour];
    c.fillRect(x(only.t) - 1, y(only.v) - 1, 3, 3);
  }
}

function line(c: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  c.beginPath();
  c.moveTo(x1, y1);
  c.lineTo(x2, y2);
  c.stroke();
}
