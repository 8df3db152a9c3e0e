import { describe, expect, it } from 'vitest';
import { PAGES, pageOfKey, parse, pathOf } from './route';

describe('paths', () => {
  it('read back as they were written', () => {
    for (const { page } of PAGES) expect(parse(pathOf(page, 'SPY')).page).toBe(page);
    expect(parse(pathOf('symbol', 'BRK.B'))).toEqual({ page: 'symbol', symbol: 'BRK.B' });
    expect(parse(pathOf('symbol', undefined))).toEqual({ page: 'symbol', symbol: undefined });
  });

  it('take a symbol in small letters and a slash at the end', () => {
    expect(parse('/symbol/spy/')).toEqual({ page: 'symbol', symbol: 'SPY' });
    expect(parse('/options/qqq')).toEqual({ page: 'options', symbol: 'QQQ' });
    expect(parse('/options')).toEqual({ page: 'options', symbol: undefined });
    expect(parse('/parameters/')).toEqual({ page: 'parameters' });
  });

  it('that lead nowhere say so', () => {
    for (const path of ['/signals', '/symbol/SPY/more', '/symbol/%', '/options/1', '/symbol/<b>', '/parameters/SPY']) {
      expect(parse(path)).toEqual({ page: 'nowhere', path });
    }
  });
});

it('digits are places in the header', () => {
  expect(['1', '2', '3', '4', '0', 'x', '12'].map(pageOfKey)).toEqual([
    'now',
    'symbol',
    'options',
    'parameters',
    undefined,
    undefined,
    undefined,
  ]);
});
