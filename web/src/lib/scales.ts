/** From values to places of a canvas, and whole numbers beside them. Pure. */

/** A straight line from two values to two places; what lies outside is carried on. */
export function linear(from: readonly [number, number], to: readonly [number, number]): (value: number) => number {
  const [a, b] = from;
  const [c, d] = to;
  const slope = b === a ? 0 : (d - c) / (b - a);
  return (value) => c + (value - a) * slope;
}

/** The smallest of 1, 2, 2.5 and 5 times a power of ten that fits at most `most` times into `span`. */
export function niceStep(span: number, most: number): number {
  if (!(span > 0) || !(most > 0)) return 1;
  const least = span / most;
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Whole multiples of a nice step between two ends, at most `most` and one. */
export function niceTicks(low: number, high: number, most: number): number[] {
  if (!(high > low)) return [];
  const step = niceStep(high - low, most);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // A multiple, not a sum: sums of tenths drift away from the tenths.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => Number(((first + n) * step).toPrecision(12)));
}

/** Lowest and highest of what is known, with a part of the height around; nothing when nothing is known. */
export function ends(values: readonly number[], around = 0): readonly [number, number] | undefined {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length === 0) return undefined;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const room = (high - low || Math.abs(high) || 1) * around;
  return [low - room, high + room];
}

/** The value of a line by its points at `x`; nothing outside its ends. */
export function interpolated(points: readonly (readonly [number, number])[], x: number): number | undefined {
  const next = points.findIndex(([at]) => at >= x);
  const [b, a] = [points[next], points[next - 1]];
  if (b === undefined) return undefined;
  if (b[0] === x) return b[1];
  return a === undefined ? undefined : a[1] + ((x - a[0]) / (b[0] - a[0])) * (b[1] - a[1]);
}

/** Those of `texts` that can stand beside each other; the ones first in `order` have the choice. */
export function spaced(places: readonly number[], gap: number, order: readonly number[] = places.map((_, n) => n)): number[] {
  const kept: number[] = [];
  for (const n of order) {
    const place = places[n];
    if (place !== undefined && kept.every((other) => Math.abs((places[other] ?? 0) - place) >= gap)) kept.push(n);
  }
  return kept.sort((a, b) => a - b);
}
