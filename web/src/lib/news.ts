/** News of strangers: what may be shown and followed. Pure. */

import type { HeadlineView, SentimentView } from '../gen/Sentiment';
import { UNKNOWN, signed } from './format';

/** Past this age a score is grey, seconds of the market's time: news are asked for every few minutes. */
export const NEWS_LIMIT_S = 30 * 60;

/** `+0.18`; a score of nothing is a dash. */
export function scoreText(score: number | null | undefined): string {
  return score === null || score === undefined ? UNKNOWN : signed(score, 2);
}

/** An address a browser may follow: the server checks as well, and this page trusts nobody with its own clicks. */
export function safeLink(url: string | null | undefined): string | undefined {
  if (url === null || url === undefined) return undefined;
  try {
    const parsed = new URL(url);
    return parsed.protocol === 'https:' || parsed.protocol === 'http:' ? parsed.href : undefined;
  } catch {
    return undefined; // not an address
  }
}

/** Headlines of the symbol, or the market's where it has none; nothing where neither has any. */
export function newsOf(both: SentimentView | undefined): { headlines: HeadlineView[]; ofMarket: boolean } | undefined {
  const own = both?.symbol?.headlines ?? [];
  if (own.length > 0) return { headlines: own, ofMarket: false };
  const market = both?.market?.headlines ?? [];
  return market.length > 0 ? { headlines: market, ofMarket: true } : undefined;
}
