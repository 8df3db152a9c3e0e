/** Found parameters in words. Pure. */

import type { FoundState, FoundStatus, ParameterView, ParametersView, SampleView } from '../gen/Parameters';
import { UNKNOWN, number } from './format';

export const STATUS_WORDS: Readonly<Record<FoundStatus, string>> = {
  accepted: 'accepted',
  limited: 'limited',
  default: 'default stays',
  refused: 'refused',
};

/** In one line: whether anything found is used, and why not. */
export function headline(state: FoundState): string {
  const words: Readonly<Record<FoundState, string>> = {
    unknown: 'Nothing has been found yet: the defaults are in force.',
    missing: 'There is no file of found parameters: the defaults are in force.',
    expired: 'The found parameters have expired: the defaults are in force.',
    edited: 'The file was edited by hand and is not trusted: the defaults are in force.',
    other_configuration: 'The file was made for another configuration: the defaults are in force.',
    other_schema: 'The file was written by another version: the defaults are in force.',
    unreadable: 'The file cannot be read: the defaults are in force.',
    in_force: 'What was accepted is in force.',
    waiting: 'The found parameters wait for the next session: the defaults are in force.',
  };
  return words[state];
}

/** What to do about it; nothing where nothing is to be done. */
export function advice(state: FoundState): string {
  const first = state === 'unknown' || state === 'missing';
  const search = `${first ? 'Search' : 'Search again'} with: alphatrader discover. The program itself does it every night.`;
  switch (state) {
    case 'in_force':
      return '';
    case 'waiting':
      return 'Parameters never change within a session.';
    case 'edited':
      return `To choose a number yourself, write it into the configuration. ${search}`;
    default:
      return search;
  }
}

/** Good, worth a look, or neither. */
export function tone(state: FoundState): 'up' | 'warn' | 'muted' {
  if (state === 'in_force') return 'up';
  return state === 'unknown' || state === 'missing' || state === 'waiting' ? 'muted' : 'warn';
}

const NAMES: Readonly<Record<string, string>> = {
  'vpin.bucket_volume': 'VPIN bucket',
  'vpin.window': 'VPIN window',
  'vpin.alert_cdf': 'VPIN alert level (CDF)',
  'vpin.sigma_lambda': 'Bulk variance decay',
  'temporal.lookback': 'Lookback',
  'temporal.returns': 'Lookback, returns',
  'temporal.absolute_returns': 'Lookback, absolute returns',
  'temporal.signed_volume': 'Lookback, signed volume',
  'temporal.order_flow_imbalance': 'Lookback, order flow',
  'sweeps.floor': 'Sweep floor',
  'iceberg.background_rate': 'Refills after cancels',
  'iceberg.refill_rate': 'Refills after trades',
};

export function parameterName(name: string): string {
  return NAMES[name] ?? sentence(name);
}

const UNITS: Readonly<Record<string, string>> = { per_second: 'a second', dollars: '$' };

export function unitName(unit: string): string {
  return UNITS[unit] ?? unit;
}

/** As many decimals as tell it from its neighbours: whole shares, hundredths of a level. */
export function valueOf(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (['shares', 'buckets', 'dollars', 'minutes', 'bars'].includes(unit)) return number(value, Number.isInteger(value) || Math.abs(value) >= 1000 ? 0 : 1);
  return number(value, Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3).replace(/(\.\d\d)0$/, '$1');
}

/** Fixed words of the file as people write them: `needs_500_effective_sessions`. */
export function sentence(word: string): string {
  return word.replaceAll(/[_.]/g, ' ');
}

const REASONS: Readonly<Record<string, string>> = {
  placebo_not_rejected: 'foretold no more than its placebo',
  no_mmid_in_feed: 'the feed names no market makers',
  one_state_by_bic: 'one state explains it best',
  daily_step_of_20_percent: 'changes by a fifth a day at most',
  not_confirmed_on_last_sessions: 'not confirmed on the last sessions',
  provisional_below_20_sessions: 'provisional: fewer than 20 sessions',
};

export function reasonText(reason: string): string {
  return REASONS[reason] ?? sentence(reason);
}

/** What it rests on, the whole of it. */
export function sampleText(n: SampleView): string {
  const parts: string[] = [];
  const count = (value: number | null, one: string, many: string) => {
    if (value !== null) parts.push(`${number(value)} ${value === 1 ? one : many}`);
  };
  count(n.sessions, 'session', 'sessions');
  count(n.buckets, 'bucket', 'buckets');
  count(n.points, 'point', 'points');
  count(n.episodes, 'episode', 'episodes');
  if (n.effective !== null) parts.push(`${number(n.effective)} effective`);
  return parts.join(', ');
}

/** A test's number: p-values need their small digits. */
export function testText(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 1000) return number(value);
  if (size > 0 && size < 0.001) return number(value, 5);
  return number(value, size < 1 ? 3 : 2);
}

/** Counts for the head of the page: how many of each. */
export function counts(view: ParametersView): Record<FoundStatus, number> {
  const found: Record<FoundStatus, number> = { accepted: 0, limited: 0, default: 0, refused: 0 };
  const add = (status: FoundStatus | null) => {
    if (status !== null) found[status] += 1;
  };
  for (const symbol of view.symbols) {
    for (const row of symbol.parameters) add(row.status);
    add(symbol.regimes?.status ?? null);
  }
  return found;
}

/** Whether there is more to show than the numbers of the row. */
export function hasDetail(row: ParameterView): boolean {
  return row.method !== '' || Object.keys(row.tests).length > 0;
}
