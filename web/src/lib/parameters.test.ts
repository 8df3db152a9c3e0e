import { describe, expect, it } from 'vitest';
import type { FoundState, ParametersView, SampleView } from '../gen/Parameters';
import { advice, counts, headline, parameterName, reasonText, sampleText, testText, tone, valueOf } from './parameters';

const STATES: FoundState[] = ['unknown', 'missing', 'expired', 'edited', 'other_configuration', 'other_schema', 'unreadable', 'in_force', 'waiting'];

describe('the state of the file', () => {
  it('says in every case whether the defaults are in force', () => {
    for (const state of STATES) {
      expect(headline(state).includes('the defaults are in force')).toBe(state !== 'in_force');
      expect(advice(state) === '').toBe(state === 'in_force');
    }
  });

  it('asks for attention where somebody has to act', () => {
    expect(STATES.filter((state) => tone(state) === 'warn')).toEqual(['expired', 'edited', 'other_configuration', 'other_schema', 'unreadable']);
  });
});

it('values have the decimals of their unit', () => {
  expect([valueOf(1_400_000, 'shares'), valueOf(0.97, ''), valueOf(0.9, ''), valueOf(12, 'minutes'), valueOf(null, 'shares')]).toEqual([
    '1,400,000',
    '0.97',
    '0.90',
    '12',
    '\u2013',
  ]);
});

it('fixed words are read as sentences', () => {
  expect(reasonText('placebo_not_rejected')).toBe('foretold no more than its placebo');
  expect(reasonText('needs_500_effective_sessions')).toBe('needs 500 effective sessions');
  expect([parameterName('vpin.window'), parameterName('temporal.new_series')]).toEqual(['VPIN window', 'temporal new series']);
});

it('what it rests on is counted', () => {
  const n: SampleView = { sessions: 48, buckets: 2400, points: null, episodes: null, effective: 47.6 };
  expect(sampleText(n)).toBe('48 sessions, 2,400 buckets, 48 effective');
  expect(sampleText({ sessions: null, buckets: null, points: null, episodes: 1, effective: null })).toBe('1 episode');
});

it('p-values keep their small digits', () => {
  expect([0.34, 0.0004, 12, 2.5, 0].map(testText)).toEqual(['0.340', '0.00040', '12', '2.50', '0']);
});

it('verdicts are counted over symbols, regimes among them', () => {
  const row = (status: 'accepted' | 'refused' | null) => ({ status });
  const view = {
    symbols: [
      { parameters: [row('accepted'), row('refused'), row(null)], regimes: { status: 'default' } },
      { parameters: [row('refused')], regimes: null },
    ],
  } as unknown as ParametersView;
  expect(counts(view)).toEqual({ accepted: 1, limited: 0, default: 1, refused: 2 });
});
