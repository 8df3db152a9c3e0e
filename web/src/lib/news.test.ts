import { describe, expect, it } from 'vitest';
import type { NewsView } from '../gen/Sentiment';
import { newsOf, safeLink, scoreText } from './news';

const news = (count: number): NewsView => ({
  at: '2026-11-23T15:00:00.000000Z',
  score: null,
  articles: count,
  newest: null,
  headlines: Array.from({ length: count }, (_, n) => ({ title: `${n}`, url: null, source: '', published: '2026-11-23T15:00:00.000000Z', score: null, relevance: null })),
});

describe('links of strangers', () => {
  it('lead to the web or nowhere', () => {
    expect(safeLink('https://example.com/a')).toBe('https://example.com/a');
    for (const bad of ['javascript:alert(1)', 'JaVaScRiPt:x', 'data:text/html,x', '/here', '', null, undefined]) expect(safeLink(bad)).toBeUndefined();
  });
});

it('a symbol without headlines shows the market\'s, and says so', () => {
  expect(newsOf({ symbol: news(2), market: news(3) })).toMatchObject({ ofMarket: false });
  expect(newsOf({ symbol: news(0), market: news(3) })).toMatchObject({ ofMarket: true });
  expect(newsOf({ symbol: null, market: null })).toBeUndefined();
  expect(newsOf(undefined)).toBeUndefined();
});

it('a score has its sign, and none is a dash', () => {
  expect([0.18, -0.31, 0, null].map(scoreText)).toEqual(['+0.18', '−0.31', '0.00', '–']);
});
