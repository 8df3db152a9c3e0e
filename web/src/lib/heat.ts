/** The liquidity map: which prices, how dark. Pure. */

import type { DepthColumn } from '../gen/Measures';
import { millis, toNumber } from './format';

/** Price units of the interface's distances: ten-thousandths of a dollar. */
export const UNIT = 10_000;

export interface Column {
  /** Milliseconds since the epoch. */
  t: number;
  /** Price units; absent where the book was not valid. */
  bid: number | undefined;
  ask: number | undefined;
  /** Price in units and shares, bids from the best, then asks from the best. */
  levels: readonly (readonly [price: number, size: number])[];
  bidShares: number;
  askShares: number;
}

/** Columns in the order of time. */
export function columns(rows: Readonly<Record<string, DepthColumn>> | undefined): Column[] {
  return Object.keys(rows ?? {})
    .sort()
    .map((key) => rows?.[key])
    .filter((row) => row !== undefined)
    .map(column);
}

function column(row: DepthColumn): Column {
  const [bid, ask] = [units(row.bid), units(row.ask)];
  const bids = bid === undefined ? [] : row.bids.map(([distance, size]) => [bid - distance, size] as const);
  const asks = ask === undefined ? [] : row.asks.map(([distance, size]) => [ask + distance, size] as const);
  const sum = (levels: readonly (readonly [number, number])[]) => levels.reduce((total, [, size]) => total + size, 0);
  return { t: millis(row.at) ?? 0, bid, ask, levels: [...bids, ...asks], bidShares: sum(bids), askShares: sum(asks) };
}

function units(price: string | null): number | undefined {
  const value = toNumber(price);
  return value === undefined ? undefined : Math.round(value * UNIT);
}

/** The distance between neighbouring prices: the smallest one seen, at most a dollar. */
export function tickOf(shown: readonly Column[]): number {
  let least = UNIT;
  for (const { levels } of shown.slice(-30)) {
    for (let n = 1; n < levels.length; n++) {
      const distance = Math.abs((levels[n]?.[0] ?? 0) - (levels[n - 1]?.[0] ?? 0));
      if (distance > 0 && distance < least) least = distance;
    }
  }
  return least;
}

/**
 * Lowest and highest price of the map. It holds the touch of all columns, with the book around it, in steps
 * of ten ticks so that it stands still; of more ticks than `most` it holds those nearest to the newest touch.
 */
export function range(shown: readonly Column[], tick: number, most: number): readonly [number, number] | undefined {
  const touch = shown.flatMap(({ bid, ask }) => (bid === undefined || ask === undefined ? [] : [bid, ask]));
  const last = shown.findLast((one) => one.bid !== undefined && one.ask !== undefined);
  if (last?.bid === undefined || last.ask === undefined) return undefined;
  const step = 10 * tick;
  let low = Math.floor((Math.min(...touch) - 6 * tick) / step) * step;
  let high = Math.ceil((Math.max(...touch) + 6 * tick) / step) * step;
  if ((high - low) / tick > most) {
    const span = Math.max(2, Math.floor(most / 10)) * step;
    const middle = Math.round((last.bid + last.ask) / 2 / step) * step;
    // As near to the newest price as leaves no part of the map without a past.
    low = Math.min(Math.max(low, middle - Math.floor(span / 2 / step) * step), high - span);
    high = low + span;
  }
  return [low, high];
}

/** The size that is drawn darkest: one in fifty is larger. */
export function fullSize(shown: readonly Column[]): number {
  const sizes = shown.flatMap(({ levels }) => levels.map(([, size]) => size)).sort((a, b) => a - b);
  return Math.max(1, sizes[Math.floor(sizes.length * 0.98)] ?? 1);
}

/** How dark a size is, in [0, 1]; the root, so that small orders are seen beside large ones. */
export function darkness(size: number, full: number): number {
  return Math.min(1, Math.sqrt(size / full));
}

/** The usual time between two columns, milliseconds; longer spans are holes. */
export function stepOf(shown: readonly Column[]): number {
  const steps = shown.slice(1).map((one, n) => one.t - (shown[n]?.t ?? 0));
  steps.sort((a, b) => a - b);
  return Math.max(1_000, steps[Math.floor(steps.length / 2)] ?? 1_000);
}
