/** An option chain in words and numbers for the page. Pure. */

import type { BucketView, ExpiryView, MarksView, OptionsView, RowsView, SumsView, UnusualView } from '../gen/Options';
import { interpolated } from './scales';
import { MINUS, UNKNOWN, number, toNumber } from './format';

/** Past this age of its oldest quotes a chain is grey, seconds of the market's time. */
export const CHAIN_LIMIT_S = 60;

export type BucketName = '0dte' | '1dte' | '<=14d' | 'all';
/** Weighted by contracts open, or by contracts traded today. */
export type Weight = 'oi' | 'volume';
export type Greek = 'gamma' | 'delta';

export const BUCKETS: readonly { value: BucketName; text: string }[] = [
  { value: '0dte', text: '0DTE' },
  { value: '1dte', text: '1DTE' },
  { value: '<=14d', text: '≤14 d' },
  { value: 'all', text: 'all' },
];

/** The chain, once its fields have come; a channel without a chain has none. */
export function known(view: Partial<OptionsView> | undefined): OptionsView | undefined {
  return view?.symbol === undefined ? undefined : (view as OptionsView);
}

/** The range that is asked for; where the chain has none of it, the nearest that it has. */
export function bucketOf(view: OptionsView, asked: BucketName): BucketView | undefined {
  const order = BUCKETS.map((one) => one.value);
  const later = order.slice(order.indexOf(asked));
  return [...later, ...order].map((name) => view.buckets.find((one) => one.bucket === name)).find((one) => one !== undefined);
}

/** When a source last spoke of the chain; where none is told, the instant the chain is of. */
export function spokeAt(view: OptionsView): string {
  return view.sources.reduce((newest, one) => (one.at > newest ? one.at : newest), view.sources[0]?.at ?? view.at);
}

export function bucketText(name: string): string {
  return BUCKETS.find((one) => one.value === name)?.text ?? name;
}

/** Which of the sums are drawn. Delta by volume is not computed: it is by open interest. */
export interface Sides {
  call: number | undefined;
  put: number | undefined;
  net: number | undefined;
}

export function sidesOf(sums: SumsView, greek: Greek, weight: Weight): Sides {
  const of = (value: number | null) => value ?? undefined;
  if (greek === 'delta') return { call: of(sums.call_dex), put: of(sums.put_dex), net: of(sums.dex) };
  if (weight === 'volume') return { call: of(sums.call_vol_gex), put: of(sums.put_vol_gex), net: of(sums.vol_gex) };
  return { call: of(sums.call_gex), put: of(sums.put_gex), net: of(sums.gex) };
}

/** The expiry that a range is about: its first. */
export function expiryOf(view: OptionsView, bucket: string): ExpiryView | undefined {
  const first = expiriesOf(view, bucket)[0];
  return view.expiries.find((one) => one.expiry === first) ?? view.expiries[0];
}

const UNITS: readonly (readonly [number, string])[] = [
  [1e12, 'tn'],
  [1e9, 'bn'],
  [1e6, 'm'],
  [1e3, 'k'],
];

/** `1.24 bn`: three digits and a unit; never a sign. */
export function magnitude(value: number): string {
  const size = Math.abs(value);
  const [unit, name] = UNITS.find(([one]) => size >= one * 0.9995) ?? [1, ''];
  const scaled = size / unit;
  const decimals = unit === 1 && scaled >= 1 ? 0 : scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${number(scaled, decimals)}${name === '' ? '' : ` ${name}`}`;
}

/** `−$1.24 bn`, `+$354 m`. */
export function bigDollars(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  const body = `$${magnitude(value)}`;
  return value > 0 ? `+${body}` : value < 0 ? `${MINUS}${body}` : body;
}

/** Without the dollar, for places whose title names it: `−1.24 bn`. */
export function bigSigned(value: number | null | undefined): string {
  return bigDollars(value).replace('$', '');
}

/** One unit for all numbers of an axis, and its name. */
export function axisUnit(largest: number): readonly [number, string] {
  return UNITS.find(([one]) => Math.abs(largest) >= one) ?? [1, ''];
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2026-11-23` as `23 Nov`; of another year than `beside` as `15 Jan 27`. */
export function dayText(date: string, beside = date): string {
  const [year = '', month = '', day = ''] = date.split('-');
  const text = `${Number(day)} ${MONTHS[Number(month) - 1] ?? month}`;
  return year === beside.slice(0, 4) ? text : `${text} ${year.slice(2)}`;
}

/** A strike without needless decimals: `602`, `122.5`. */
export function strikeText(strike: string | number | null | undefined): string {
  const value = typeof strike === 'number' ? strike : toNumber(strike);
  if (value === undefined) return UNKNOWN;
  return number(value, Number.isInteger(value) ? 0 : Number.isInteger(value * 10) ? 1 : 2);
}

/** `11.2 %`. */
export function percent(fraction: number | null | undefined, decimals = 1): string {
  return fraction === null || fraction === undefined ? UNKNOWN : `${number(fraction * 100, decimals)} %`;
}

const PROVIDERS: Readonly<Record<string, string>> = {
  ibkr: 'IBKR',
  alpha_vantage: 'Alpha Vantage',
  cboe: 'Cboe, delayed',
  lean: 'recorded day',
  end_of_day: 'end of day',
  synthetic: 'synthetic',
};

export function providersText(providers: readonly string[]): string {
  return providers.length === 0 ? 'source not known' : providers.map((one) => PROVIDERS[one] ?? one).join(' + ');
}

const REASONS: readonly (readonly [keyof RowsView, string])[] = [
  ['expired', 'expired'],
  ['missing_oi', 'no open interest told'],
  ['no_iv', 'no volatility'],
  ['iv_out_of_range', 'volatility out of range'],
  ['unknown_multiplier', 'multiplier not known'],
];
const FLAGS: readonly (readonly [keyof RowsView, string])[] = [
  ['stale', 'stale'],
  ['crossed', 'crossed'],
  ['interpolated', 'interpolated'],
];

function counts(rows: RowsView, names: readonly (readonly [keyof RowsView, string])[]): string[] {
  return names.filter(([key]) => rows[key] > 0).map(([key, text]) => `${number(rows[key])} ${text}`);
}

/** Why rows were left out, and what is the matter with those that were not. */
export function rowsText(rows: RowsView): string {
  const [out, flagged] = [counts(rows, REASONS), counts(rows, FLAGS)];
  const parts = [
    ...(out.length > 0 ? [`left out: ${out.join(', ')}`] : []),
    ...(flagged.length > 0 ? [`counted: ${flagged.join(', ')}`] : []),
  ];
  return parts.join(' · ');
}

/** What is the matter with the whole; nothing when all is well. */
export function degradedText(view: OptionsView): string | undefined {
  if (!view.degraded) return undefined;
  const share = view.flagged_share ?? 0;
  if (share > 0.2) return `Degraded: ${percent(share, 0)} of the gamma rests on stale or crossed quotes.`;
  return 'Degraded: part of the chain is missing. Sums and levels are those of the part that is there.';
}

/** Prices that are marked beside strikes, with their names; what is not known is left out. */
export interface Mark {
  name: string;
  price: number;
  colour: 'accent' | 'model' | 'up' | 'down' | 'muted';
  dashed: boolean;
}

export function marksOf(levels: MarksView, spot: string | null, pin: string | null | undefined, pain: string | null | undefined): Mark[] {
  const marks: [string, string | null | undefined, Mark['colour'], boolean][] = [
    ['spot', spot, 'accent', false],
    ['flip', levels.gamma_flip, 'model', true],
    ['call wall', levels.call_wall, 'up', true],
    ['put wall', levels.put_wall, 'down', true],
    ['pin', pin, 'muted', true],
    ['max pain', pain, 'muted', true],
  ];
  return marks.flatMap(([name, text, colour, dashed]) => {
    const price = toNumber(text);
    return price === undefined ? [] : [{ name, price, colour, dashed }];
  });
}

/** Levels at one price stand under one name, two to a line: `pin, max pain`. */
export function merged(marks: readonly Mark[]): Mark[] {
  const found: Mark[] = [];
  for (const mark of marks) {
    const same = found.find((one) => one.price === mark.price && one.name !== 'spot' && !one.name.includes(','));
    if (same === undefined) found.push({ ...mark });
    else same.name = `${same.name}, ${mark.name}`;
  }
  return found;
}

/** `SPY 4 Dec 585 P`. */
export function contractText(one: UnusualView, beside: string): string {
  return `${one.root} ${dayText(one.expiry, beside)} ${strikeText(one.strike)} ${one.right === 'call' ? 'C' : 'P'}`;
}

/** Where its volume was seen to trade. */
export function sideText(one: UnusualView): string {
  if (one.side === null) return 'not seen';
  const word = one.side === 'mid' ? 'mid' : one.side;
  return one.ask_share === null ? word : `${word} ${number(one.ask_share * 100)} %`;
}

/** Distance of a strike from the forward in standard deviations of what is left. */
export function moneyness(strike: number, forward: number, iv: number, minutes: number): number | undefined {
  const sigma = iv * Math.sqrt(minutes / 525_600);
  if (!(sigma > 0) || !(forward > 0) || !(strike > 0)) return undefined;
  return Math.log(strike / forward) / sigma;
}

/** Gamma of a range without today's contracts, where today's profile reaches. */
export function withoutToday(all: readonly [number, number][], today: readonly [number, number][]): [number, number][] {
  return all.flatMap(([spot, gex]) => {
    const part = interpolated(today, spot);
    return part === undefined ? [] : [[spot, gex - part] as [number, number]];
  });
}

/** Days until it settles, for axes of time. */
export function daysOf(expiry: ExpiryView): number | undefined {
  return expiry.minutes === null ? undefined : Math.max(0, expiry.minutes) / 1_440;
}

/** Last trading days that belong to a range. */
export function expiriesOf(view: OptionsView, bucket: string): string[] {
  const all = view.expiries.map((one) => one.expiry);
  if (bucket === 'all') return all;
  const hasToday = view.buckets.some((one) => one.bucket === '0dte');
  if (bucket === '0dte') return all.slice(0, 1);
  if (bucket === '1dte') return all.slice(hasToday ? 1 : 0, hasToday ? 2 : 1);
  const within = view.expiries.filter((one) => (daysOf(one) ?? Infinity) <= 14.5);
  return within.map((one) => one.expiry);
}
