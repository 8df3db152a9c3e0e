import { describe, expect, it } from 'vitest';
import { type Pane, apart, at, instantAt, scale, ticks } from './plot';

const pane = (values: number[], more: Partial<Pane> = {}): Pane => ({
  series: [{ label: 'a', kind: 'line', colour: 'accent', points: values.map((v, n) => ({ t: n, v })) }],
  least: 0.1,
  format: String,
  share: 1,
  ...more,
});

describe('the scale', () => {
  it('never magnifies noise', () => {
    const [low, high] = scale(pane([0.5, 0.501]));
    expect(high - low).toBeCloseTo(0.1, 10);
    expect((high + low) / 2).toBeCloseTo(0.5005, 10);
  });

  it('shows levels too, and stays between its ends', () => {
    const [low, high] = scale(pane([0.9, 0.99], { levels: [{ value: 0.2, label: 'null', colour: 'muted' }], floor: 0, ceiling: 1 }));
    expect(low).toBeLessThanOrEqual(0.2);
    expect(high).toBeLessThanOrEqual(1);
    const [zero] = scale(pane([0, 0.001], { floor: 0 }));
    expect(zero).toBe(0);
  });

  it('of bars contains zero', () => {
    const bars = pane([5, 9]);
    const [low] = scale({ ...bars, series: bars.series.map((s) => ({ ...s, kind: 'bars' as const })) });
    expect(low).toBeLessThanOrEqual(0);
  });

  it('without a value is whole', () => {
    expect(scale(pane([], { floor: 0, ceiling: 1 })).every(Number.isFinite)).toBe(true);
  });
});

it('ticks are whole minutes of the clock', () => {
  const start = Date.parse('2026-11-23T14:33:20Z');
  const found = ticks(start, start + 60 * 60_000, 5);
  expect(found.map((t) => new Date(t).toISOString().slice(11, 16))).toEqual(['14:45', '15:00', '15:15', '15:30']);
  expect(ticks(5, 5, 3)).toEqual([]);
});

describe('names beside a chart', () => {
  it('that would touch are moved apart in their order', () => {
    const placed = apart([50, 48, 10], 12, 0, 100);
    expect(placed[2]).toBe(10);
    expect((placed[0] ?? 0) - (placed[1] ?? 0)).toBeGreaterThanOrEqual(12);
  });

  it('stay inside', () => {
    const placed = apart([99, 99, 99], 12, 0, 100);
    expect(Math.max(...placed)).toBeLessThanOrEqual(100);
    expect(new Set(placed).size).toBe(3);
  });
});

it('a place of the chart is the newest point before it', () => {
  const points = [1, 3, 5].map((t) => ({ t, v: t }));
  expect([0, 1, 2.9, 3, 9].map((t) => at(points, t)?.v)).toEqual([1, 1, 1, 3, 5]);
  expect(at([], 1)).toBeUndefined();
  expect(instantAt(-50, 300, 100, 200)).toBe(100);
  expect(instantAt(5_000, 300, 100, 200)).toBe(200);
});
