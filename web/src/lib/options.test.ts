import { describe, expect, it } from 'vitest';
import type { BucketView, ExpiryView, MarksView, OptionsView, RowsView, SumsView, UnusualView } from '../gen/Options';
import * as o from './options';

const nothing: SumsView = {
  gex: null, call_gex: null, put_gex: null, dex: null, call_dex: null, put_dex: null, dealer_dex: null, vanna_ex: null, charm_ex: null,
  vol_gex: null, call_vol_gex: null, put_vol_gex: null, call_oi: 0, put_oi: 0, call_volume: 0, put_volume: 0,
};
const noMarks: MarksView = {
  gamma_flip: null, zeros: [], profile_positive: null, call_wall: null, put_wall: null, net_call_wall: null, net_put_wall: null,
  abs_gamma_strike: null, cum_flip: null,
};
const noRows: RowsView = {
  rows: 0, included: 0, expired: 0, missing_oi: 0, no_iv: 0, iv_out_of_range: 0, unknown_multiplier: 0, stale: 0, crossed: 0, interpolated: 0,
};
const ratios = { oi: null, volume: null, premium: null };
const bucket = (name: string): BucketView => ({ bucket: name, sums: nothing, levels: noMarks, put_call: ratios, strikes_total: 0, strikes: [], profile: [] });
const expiry = (day: string, days: number): ExpiryView => ({
  expiry: day, minutes: days * 1_440, forward: null, atm_iv: null, skew_25: null, sums: nothing, levels: noMarks, max_pain: null,
  expected_move: null, put_call: ratios, smile: [],
});
const view = (more: Partial<OptionsView>): OptionsView => ({
  symbol: 'SPY', at: '2026-11-23T15:00:00.000000Z', oldest: null, spot: '601.37', providers: [], dealer_sign: 'naive', greeks: 'own',
  rows: noRows, flagged_share: 0, degraded: false, buckets: [], expiries: [], map: { expiries: [], strikes: [], gex: [], vol_gex: [], dex: [] },
  unusual: [], pin: null, sources: [], disagreeing: 0, ...more,
});

describe('dollars', () => {
  it('have three digits, a unit, and a real sign', () => {
    const told = [-1.24e9, 354e6, 6.22e9, 61_250, 999.6e6, 12, 0, 0.5].map(o.bigDollars);
    expect(told).toEqual(['−$1.24 bn', '+$354 m', '+$6.22 bn', '+$61.3 k', '+$1.00 bn', '+$12', '$0.00', '+$0.50']);
    expect(o.bigSigned(-4.98e9)).toBe('−4.98 bn');
  });

  it('that are not known are a dash, never zero', () => {
    expect([o.bigDollars(null), o.bigSigned(undefined), o.percent(null), o.strikeText(null)]).toEqual(['–', '–', '–', '–']);
  });
});

it('days and strikes are short', () => {
  expect([o.dayText('2026-11-03'), o.dayText('2027-01-15', '2026-11-23')]).toEqual(['3 Nov', '15 Jan 27']);
  expect(['602.00', '122.50', '122.25', '1250.00'].map((strike) => o.strikeText(strike))).toEqual(['602', '122.5', '122.25', '1,250']);
});

describe('ranges', () => {
  const days = [expiry('2026-11-23', 0.2), expiry('2026-11-24', 1.2), expiry('2026-12-04', 11.2), expiry('2026-12-18', 25.2)];
  const whole = view({ buckets: ['0dte', '1dte', '<=14d', 'all'].map(bucket), expiries: days });

  it('have their expiries', () => {
    expect(o.expiriesOf(whole, '0dte')).toEqual(['2026-11-23']);
    expect(o.expiriesOf(whole, '1dte')).toEqual(['2026-11-24']);
    expect(o.expiriesOf(whole, '<=14d')).toHaveLength(3);
    expect(o.expiriesOf(whole, 'all')).toHaveLength(4);
    expect(o.expiryOf(whole, '1dte')?.expiry).toBe('2026-11-24');
  });

  it('that the chain does not have give way to the next that it has', () => {
    const weekly = view({ buckets: [bucket('<=14d'), bucket('all')], expiries: days.slice(2) });
    expect(o.bucketOf(weekly, '0dte')?.bucket).toBe('<=14d');
    expect(o.bucketOf(weekly, 'all')?.bucket).toBe('all');
    expect(o.bucketOf(view({}), 'all')).toBeUndefined();
  });

  it('a channel without a chain is no chain', () => {
    expect([o.known(undefined), o.known({})]).toEqual([undefined, undefined]);
    expect(o.known(whole)).toBe(whole);
  });
});

describe('sides', () => {
  it('are those of the Greek and the weight, unknown where unknown', () => {
    const sums = { ...nothing, call_gex: 5, put_gex: -3, gex: 2, call_vol_gex: 9, dex: 7 };
    expect(o.sidesOf(sums, 'gamma', 'oi')).toEqual({ call: 5, put: -3, net: 2 });
    expect(o.sidesOf(sums, 'gamma', 'volume')).toEqual({ call: 9, put: undefined, net: undefined });
    expect(o.sidesOf(sums, 'delta', 'volume')).toEqual({ call: undefined, put: undefined, net: 7 });
  });
});

describe('marks', () => {
  it('leave out what is not known, and share a name at one price', () => {
    const levels = { ...noMarks, gamma_flip: '602.10', put_wall: '598.00', call_wall: '605.00' };
    const marks = o.merged(o.marksOf(levels, '601.37', '605.00', null));
    expect(marks.map((mark) => [mark.name, mark.price])).toEqual([
      ['spot', 601.37],
      ['flip', 602.1],
      ['call wall, pin', 605],
      ['put wall', 598],
    ]);
  });
});

describe('what is the matter', () => {
  it('is said with its reason', () => {
    expect(o.degradedText(view({}))).toBeUndefined();
    expect(o.degradedText(view({ degraded: true, flagged_share: 0.34 }))).toContain('34 %');
    expect(o.degradedText(view({ degraded: true }))).toContain('part of the chain is missing');
  });

  it('names the rows that were left out, and those that were not', () => {
    expect(o.rowsText({ ...noRows, missing_oi: 31, stale: 9 })).toBe('left out: 31 no open interest told · counted: 9 stale');
    expect(o.rowsText(noRows)).toBe('');
  });
});

it('an unusual contract is named in short, and its side with its share', () => {
  const one: UnusualView = {
    contract: 'SPY261204P00585000', root: 'SPY', expiry: '2026-12-04', strike: '585.00', right: 'put', ratio: 6.4, new_strike: false,
    volume: 1, open_interest: 1, premium: null, ask_share: 0.71, side: 'ask', seen_at: null, zero_dte: false,
  };
  expect(o.contractText(one, '2026-11-23')).toBe('SPY 4 Dec 585 P');
  expect([o.sideText(one), o.sideText({ ...one, side: null, ask_share: null })]).toEqual(['ask 71 %', 'not seen']);
});

it('distance from the forward is in deviations of the time left', () => {
  const year = 525_600;
  expect(o.moneyness(110, 100, 0.2, year)).toBeCloseTo(Math.log(1.1) / 0.2);
  expect([o.moneyness(110, 100, 0.2, 0), o.moneyness(110, 0, 0.2, year), o.moneyness(110, 100, 0, year)]).toEqual([undefined, undefined, undefined]);
});

it('a profile without today ends where today is known', () => {
  const all: [number, number][] = [[590, 10], [600, 20], [610, 30]];
  expect(o.withoutToday(all, [[590, 4], [605, 7]])).toEqual([[590, 6], [600, 14]]);
});
