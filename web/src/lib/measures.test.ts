import { describe, expect, it } from 'vitest';
import { basis, feedOf, flagsText, nameOf, unitText, valueText } from './measures';

describe('a measured number', () => {
  it('has the decimals of its unit, and its sign where it can have both', () => {
    expect(valueText(-1250.4, { unit: 'shares', range: 'any' })).toBe('\u22121,250');
    expect(valueText(0.3, { unit: 'fraction', range: '-1..1' })).toBe('+0.30');
    expect(valueText(0.3, { unit: 'fraction', range: '0..1' })).toBe('0.30');
    expect(valueText(0.1623, { unit: '1/√year', range: '0..' })).toBe('16.2 %');
    expect(valueText(null, { unit: 'bp', range: '0..' })).toBe('\u2013');
  });

  it('says what it rests on and what was wrong', () => {
    expect(basis({ value: 0.4, n_obs: 50, quality: [] })).toBe('50 obs');
    expect(basis({ value: null, n_obs: 12, quality: ['gap', 'side_unknown'] })).toBe('not ready, 12 obs, gap inside, sides unknown');
    expect(basis(undefined)).toBe('not measured');
    expect(flagsText(['a_new_flag'])).toBe('a new flag');
  });

  it('is as old as the feed it comes from', () => {
    expect(['toxicity.vpin', 'flow.ofi', 'flow.ofi_levels', 'liquidity.imbalance_5', 'liquidity.weighted_mid', 'volatility.realised', 'volatility.parkinson', 'hidden.share'].map(feedOf)).toEqual([
      'trades',
      'quotes',
      'depth',
      'depth',
      'quotes',
      'quotes',
      'trades',
      'depth',
    ]);
  });

  it('has a name even when nobody wrote one down', () => {
    expect(nameOf({ key: 'flow.new_thing', name: 'new_thing' })).toBe('new thing');
    expect([unitText('fraction'), unitText('shares'), unitText('1/s')]).toEqual(['', 'shares', 'a second']);
  });
});
