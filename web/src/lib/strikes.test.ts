import { describe, expect, it } from 'vitest';
import { neighbours, outside, rowOf, weighty } from './strikes';

const own = (strike: number) => strike;
const strikes = [595, 596, 597, 598, 600, 605];

describe('rows', () => {
  it('are those around the price, as many as fit', () => {
    expect(neighbours(strikes, own, 597.4, 3)).toEqual([597, 598, 600]);
    expect(neighbours(strikes, own, 700, 2)).toEqual([600, 605]);
    expect(neighbours(strikes, own, 1, 2)).toEqual([595, 596]);
    expect(neighbours(strikes, own, 597, 99)).toEqual(strikes);
    expect(neighbours([], own, 597, 5)).toEqual([]);
  });

  it('without weight at the ends give way, one stays to show it', () => {
    const rows = [0, 0, 0, 1, 50, 100, 2, 0, 0];
    const sized = rows.map((size, n) => ({ n, size }));
    const kept = weighty(sized, (row) => row.size, 0.01, 1).map((row) => row.n);
    expect(kept).toEqual([3, 4, 5, 6, 7]);
    expect(weighty(sized, (row) => row.size, 0.01, 8)).toHaveLength(8);
    expect(weighty(sized.slice(0, 2), (row) => row.size, 0.01, 1)).toHaveLength(2);
  });
});

describe('a price', () => {
  it('stands between its strikes by its distance from each', () => {
    expect([595, 595.5, 599, 602.5].map((price) => rowOf(strikes, price))).toEqual([0, 0.5, 3.5, 4.5]);
  });

  it('outside stands at most half a row beyond, and is said to be outside', () => {
    expect([500, 594.8, 606, 900].map((price) => rowOf(strikes, price))).toEqual([-0.5, expect.closeTo(-0.2), 5.2, 5.5]);
    expect([500, 594.8, 600, 606, 900].map((price) => outside(strikes, price))).toEqual([-1, 0, 0, 0, 1]);
    expect(outside([], 600)).toBe(0);
  });
});
