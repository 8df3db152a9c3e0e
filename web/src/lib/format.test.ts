import { describe, expect, it } from 'vitest';
import * as f from './format';

describe('numbers', () => {
  it('are grouped, with fixed decimals and a real minus', () => {
    expect(f.number(1234567.5, 2)).toBe('1,234,567.50');
    expect(f.number(-1234, 0)).toBe('\u22121,234');
    expect(f.number(999)).toBe('999');
    expect(f.number(0.1234, 2)).toBe('0.12');
  });

  it('have no sign when they round to zero', () => {
    expect(f.number(-0.001, 2)).toBe('0.00');
    expect(f.signed(0.001, 2)).toBe('0.00');
    expect(f.signed(0)).toBe('0');
    expect(f.signed(5)).toBe('+5');
  });
});

describe('money', () => {
  it('puts the sign before the dollar', () => {
    expect(f.dollars('1004812.4')).toBe('$1,004,812.40');
    expect(f.dollars('-72.00')).toBe('\u2212$72.00');
    expect(f.signedDollars('324')).toBe('+$324.00');
    expect(f.signedDollars('-0.001')).toBe('$0.00');
  });

  it('says that it does not know', () => {
    expect([f.price(null), f.dollars(undefined), f.signedDollars(null)]).toEqual(['\u2013', '\u2013', '\u2013']);
  });
});

describe('time', () => {
  it('has at most two units', () => {
    expect([0.24, 12.4, 59.4, 372, 7_500, 176_400].map(f.age)).toEqual([
      '0.2 s',
      '12 s',
      '59 s',
      '6 m 12 s',
      '2 h 5 m',
      '2 d 1 h',
    ]);
    expect(f.wholeAge(3.9)).toBe('3 s');
    expect(f.age(-5)).toBe('0.0 s');
  });

  it('is New York time, summer and winter', () => {
    expect(f.clock(Date.parse('2026-11-23T15:48:19Z'))).toBe('10:48:19');
    expect(f.clock(Date.parse('2013-10-07T13:30:00Z'))).toBe('09:30:00');
    expect(f.day(Date.parse('2026-11-23T15:48:19Z'))).toBe('Mon 23 Nov 2026');
  });

  it('reads instants', () => {
    expect(f.millis('2026-11-23T15:48:19.250000Z')).toBe(1795448899250);
    expect(f.millis(null)).toBeUndefined();
    expect(f.millis('yesterday')).toBeUndefined();
  });
});
