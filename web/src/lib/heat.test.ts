import { describe, expect, it } from 'vitest';
import type { DepthColumn } from '../gen/Measures';
import { columns, darkness, fullSize, range, stepOf, tickOf } from './heat';

const row = (second: number, bid: string | null): DepthColumn => ({
  at: new Date(second * 1000).toISOString(),
  bid,
  ask: bid === null ? null : (Number(bid) + 0.02).toFixed(2),
  bids: bid === null ? [] : [[0, 500], [100, 300]],
  asks: bid === null ? [] : [[0, 400], [100, 800]],
});
const keyed = (...rows: DepthColumn[]) => Object.fromEntries(rows.map((one) => [one.at, one]));

it('columns come in the order of time, prices in units', () => {
  const shown = columns(keyed(row(20, '600.10'), row(10, '600.00')));
  expect(shown.map((one) => one.t)).toEqual([10_000, 20_000]);
  expect(shown[0]?.levels).toEqual([[6_000_000, 500], [5_999_900, 300], [6_000_200, 400], [6_000_300, 800]]);
  expect([shown[0]?.bidShares, shown[0]?.askShares]).toEqual([800, 1200]);
  expect(columns(undefined)).toEqual([]);
});

it('a book that was not valid is a hole', () => {
  const [hole] = columns(keyed(row(1, null)));
  expect([hole?.bid, hole?.levels]).toEqual([undefined, []]);
  expect(range(columns(keyed(row(1, null))), 100, 100)).toBeUndefined();
});

describe('the range of prices', () => {
  it('stands still while the price moves a little', () => {
    const at = (...bids: string[]) => range(columns(keyed(...bids.map((bid, n) => row(n, bid)))), 100, 200);
    expect(at('600.04')).toEqual(at('600.04', '600.03'));
    const [low, high] = at('600.04') ?? [0, 0];
    expect(low % 1000).toBe(0);
    expect(low).toBeLessThan(6_000_400);
    expect(high).toBeGreaterThan(6_000_600);
  });

  it('of a market that ran is that around the newest price', () => {
    const [low, high] = range(columns(keyed(row(1, '600.00'), row(2, '640.00'))), 100, 100) ?? [0, 0];
    expect((high - low) / 100).toBeLessThanOrEqual(100);
    expect(low).toBeLessThan(6_400_000);
    expect(high).toBeGreaterThan(6_400_000);
  });
});

it('the tick is the smallest distance', () => {
  expect(tickOf(columns(keyed(row(1, '600.00'))))).toBe(100);
  expect(tickOf([])).toBe(10_000);
});

it('darkness grows with size and ends', () => {
  const full = fullSize(columns(keyed(row(1, '600.00'))));
  expect(full).toBe(800);
  expect(darkness(0, full)).toBe(0);
  expect(darkness(200, full)).toBe(0.5);
  expect(darkness(80_000, full)).toBe(1);
  expect(fullSize([])).toBe(1);
});

it('the step is the usual one', () => {
  expect(stepOf(columns(keyed(row(1, '1.00'), row(3, '1.00'), row(5, '1.00'), row(60, '1.00'))))).toBe(2_000);
  expect(stepOf([])).toBe(1_000);
});
