/** Rows of strikes: which are shown, and where a price stands among them. Pure. */

/** As many neighbours of `price` as fit, ascending. */
export function neighbours<T>(sorted: readonly T[], strikeOf: (row: T) => number, price: number, most: number): T[] {
  const place = sorted.findIndex((row) => strikeOf(row) >= price);
  const middle = place < 0 ? sorted.length : place;
  const first = Math.max(0, Math.min(middle - Math.floor(most / 2), sorted.length - most));
  return sorted.slice(first, first + Math.max(0, most));
}

/** The part of the rows that says something: what lies beyond its ends is under a part of the largest. At least `least` rows. */
export function weighty<T>(sorted: readonly T[], sizeOf: (row: T) => number, part: number, least: number): T[] {
  const limit = part * Math.max(0, ...sorted.map(sizeOf));
  let first = sorted.findIndex((row) => sizeOf(row) > limit);
  let last = sorted.findLastIndex((row) => sizeOf(row) > limit);
  if (first < 0) return [...sorted];
  // One more row at each end shows that there is nothing more.
  [first, last] = [Math.max(0, first - 1), Math.min(sorted.length - 1, last + 1)];
  while (last - first + 1 < Math.min(least, sorted.length)) {
    if (first > 0) first -= 1;
    if (last < sorted.length - 1) last += 1;
  }
  return sorted.slice(first, last + 1);
}

/**
 * Where a price stands in rows of strikes that all have the same height, counted in rows from the lowest;
 * between two strikes by its distance from each. Outside the rows: beyond the last one, at most half a row.
 */
export function rowOf(strikes: readonly number[], price: number): number {
  const last = strikes.length - 1;
  const [low, high] = [strikes[0], strikes[last]];
  if (low === undefined || high === undefined) return 0;
  if (price <= low) return Math.max(-0.5, low === price ? 0 : (price - low) / stepAt(strikes, 0));
  if (price >= high) return last + Math.min(0.5, (price - high) / stepAt(strikes, last - 1));
  const next = strikes.findIndex((strike) => strike >= price);
  const [a, b] = [strikes[next - 1] ?? low, strikes[next] ?? high];
  return next - 1 + (price - a) / (b - a);
}

function stepAt(strikes: readonly number[], n: number): number {
  const step = (strikes[n + 1] ?? 0) - (strikes[n] ?? 0);
  return step > 0 ? step : 1;
}

/** Whether a price lies outside the rows: -1 below, 1 above. */
export function outside(strikes: readonly number[], price: number): -1 | 0 | 1 {
  const [low, high] = [strikes[0], strikes.at(-1)];
  if (low === undefined || high === undefined) return 0;
  const last = strikes.length - 1;
  if (price < low - stepAt(strikes, 0) / 2) return -1;
  return price > high + stepAt(strikes, last - 1) / 2 ? 1 : 0;
}
