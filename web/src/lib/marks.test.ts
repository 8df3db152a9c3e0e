import { describe, expect, it } from 'vitest';
import type { MarkView } from '../gen/Measures';
import type { TradeView } from '../gen/Market';
import { largest, markOf, newestFirst, pill, sentence } from './marks';

const at = (ms: number) => `2026-11-23T15:00:00.${String(ms).padStart(3, '0')}000Z`;
const trade = (ms: number, price: string, side: TradeView['side']): TradeView => ({ at: at(ms), price, size: 100, side, venue: null });
const mark = (more: Partial<MarkView>): MarkView => ({
  kind: 'sweep',
  start: at(10),
  end: at(13),
  side: 'buy',
  price: '10.00',
  to: '10.05',
  quantity: 12,
  count: 3,
  levels: 2,
  venues: 2,
  marked: 0.25,
  chance: null,
  posterior: null,
  remaining: null,
  ...more,
});

describe('a print of a sweep', () => {
  it('lies in its time, at its prices, on its side', () => {
    const marks = [mark({})];
    expect(markOf(trade(11, '10.05', 'buy'), marks)).toBe(marks[0]);
    expect(markOf(trade(11, '10.06', 'buy'), marks)).toBeUndefined();
    expect(markOf(trade(11, '10.00', 'sell'), marks)).toBeUndefined();
    expect(markOf(trade(14, '10.00', 'buy'), marks)).toBeUndefined();
  });
});

it('a hidden order is traded against', () => {
  const hidden = mark({ kind: 'hidden_execution', side: 'sell', to: '10.00' });
  expect(markOf(trade(11, '10.00', 'buy'), [hidden])).toBe(hidden);
  expect(markOf(trade(11, '10.00', 'sell'), [hidden])).toBeUndefined();
});

it('the stronger evidence is shown', () => {
  const inside = mark({ kind: 'inside_print', side: 'unknown' });
  const sweep = mark({});
  expect(markOf(trade(11, '10.00', 'buy'), [inside, sweep])).toBe(sweep);
});

it('words say what is known and what is not', () => {
  expect(pill(mark({}))).toBe('sweep ×3');
  expect(sentence(mark({}))).toBe('bought, 12 shares, 3 prints, 2 prices, 2 venues, 10.00 to 10.05, 25 % marked by the exchange');
  const iceberg = mark({ kind: 'iceberg', side: 'sell', to: '10.00', posterior: 0.999, levels: null, venues: null, marked: null });
  expect(sentence(iceberg)).toContain('what remains is not known');
  expect(pill(mark({ kind: 'hidden_execution' }))).toBe('hidden');
  expect(sentence(mark({ chance: 0.0002 }))).toContain('once in a thousand');
  expect(sentence(mark({ kind: 'inferred_burst' }))).toContain('inferred from a sampled feed');
});

it('the newest comes first', () => {
  const rows = { a: mark({ end: at(1) }), b: mark({ end: at(9) }) };
  expect(newestFirst(rows).map((one) => one.end)).toEqual([at(9), at(1)]);
  expect(newestFirst(undefined)).toEqual([]);
});

it('of sweeps that crowd only the largest of a side and a time is kept', () => {
  const marks = [mark({ quantity: 5 }), mark({ quantity: 9, end: at(900) }), mark({ side: 'sell' }), mark({ kind: 'iceberg' }), mark({ end: '2026-11-23T15:00:11.000000Z' })];
  expect(largest(marks, 10_000)).toEqual([marks[1], marks[2], marks[3], marks[4]]);
});
