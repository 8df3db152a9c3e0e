import { describe, expect, it } from 'vitest';
import { ends, interpolated, linear, niceStep, niceTicks, spaced } from './scales';

describe('scales', () => {
  it('are straight, also backwards', () => {
    expect([0, 5, 10, 20].map(linear([0, 10], [100, 0]))).toEqual([100, 50, 0, -100]);
    expect(linear([3, 3], [7, 9])(42)).toBe(7);
  });

  it('have whole ticks inside their ends', () => {
    expect(niceTicks(-1.3, 1.1, 5)).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(niceTicks(596.2, 608.4, 4)).toEqual([600, 605]);
    expect(niceTicks(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(niceTicks(1, 1, 3)).toEqual([]);
    expect(niceTicks(Number.NaN, 1, 3)).toEqual([]);
  });

  it('never have more ticks than there is room for', () => {
    for (const span of [0.07, 1, 3, 17, 99, 12_345]) {
      for (const most of [2, 3, 5, 8]) {
        expect(span / niceStep(span, most)).toBeLessThanOrEqual(most + 1e-9);
        expect(niceTicks(-span / 3, (2 * span) / 3, most).length).toBeLessThanOrEqual(most + 1);
      }
    }
  });

  it('end around what is known', () => {
    expect(ends([3, Number.NaN, 5])).toEqual([3, 5]);
    expect(ends([10, 20], 0.1)).toEqual([9, 21]);
    expect(ends([])).toBeUndefined();
  });
});

it('a line has a value between its points and none beyond them', () => {
  const line = [
    [1, 10],
    [3, 30],
  ] as const;
  expect([0.9, 1, 2, 3, 3.1].map((x) => interpolated(line, x))).toEqual([undefined, 10, 20, 30, undefined]);
});

it('names keep their distance, and those first in order keep their place', () => {
  expect(spaced([0, 10, 20, 60], 30)).toEqual([0, 3]);
  expect(spaced([0, 10, 20, 60], 30, [1, 0, 2, 3])).toEqual([1, 3]);
  expect(spaced([], 30)).toEqual([]);
});
