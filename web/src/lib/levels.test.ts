import { expect, it } from 'vitest';
import type { BarView } from '../gen/Market';
import type { LevelsView } from '../gen/Options';
import { chainLevelsOf, reaching, vwapBands } from './levels';

const view: LevelsView = {
  at: '2026-11-23T15:00:00.000000Z', oldest: null, bucket: '0dte', dealer_sign: 'naive', degraded: false, gex: null,
  gamma_flip: '602.10', call_wall: '605.00', put_wall: null, max_pain: '605.00', pin: null,
};

it('levels at one price share a line, unknown ones have none, old ones no colour', () => {
  expect(chainLevelsOf(view, false)).toEqual([
    { title: 'flip', price: 602.1, colour: 'model' },
    { title: 'call wall, max pain', price: 605, colour: 'up' },
  ]);
  expect(chainLevelsOf(view, true).map((level) => level.colour)).toEqual(['muted', 'muted']);
  expect(chainLevelsOf(undefined, false)).toEqual([]);
});

it('a level near the candles is on the chart, a far one does not flatten them', () => {
  expect(reaching([600, 602], [599.5, 601, 640])).toEqual([599.5, 602]);
  expect(reaching([600, 602], [])).toEqual([600, 602]);
});

const bar = (minute: number, vwap: string | null): BarView => ({
  start: `2026-11-23T15:0${minute}:00.000000Z`, open: '600.00', high: '600.00', low: '600.00', close: '600.00', volume: 1, vwap, signed_volume: 0,
});

it('bands take the deviation that was kept after the minute, the running one the newest', () => {
  const point = (minute: number, value: number) => ({ at: `2026-11-23T15:0${minute}:00.100000Z`, values: { 'session.vwap_deviation': value } });
  const trail = { a: point(1, 0.5), b: point(2, 0.7), c: { at: '2026-11-23T15:03:00.000000Z', values: {} } };
  const bands = vwapBands([bar(0, '600.00'), bar(1, '601.00'), bar(2, null), bar(3, '602.00')], trail, 0.25);
  expect(bands.map((band) => band.map(({ value }) => value))).toEqual([
    [599, 599.6, 601.5],
    [599.5, 600.3, 601.75],
    [600.5, 601.7, 602.25],
    [601, 602.4, 602.5],
  ]);
});

it('where nothing was watched there are no bands', () => {
  expect(vwapBands([bar(0, '600.00')], undefined, null)).toEqual([]);
  expect(vwapBands([], undefined, 0.5)).toEqual([]);
});
