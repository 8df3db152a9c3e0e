/** Signals in words and in order. */

import type { SignalView } from '../gen/Trading';
import type { SessionView } from '../gen/StatusView';
import { millis, signedDollars, toNumber } from './format';

/** Signals of the session in view, newest first. Before a session is known, all. */
export function ofToday<T extends { at: string }>(
  rows: Readonly<Record<string, T>> | undefined,
  session: SessionView | null | undefined,
): T[] | undefined {
  if (rows === undefined) return undefined;
  const open = millis(session?.open);
  const recent = Object.values(rows).filter((row) => open === undefined || (millis(row.at) ?? 0) >= open - 6 * 3_600_000);
  return recent.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

/** In a few words. */
export function stateText(signal: SignalView): string {
  switch (signal.state) {
    case 'created':
      return 'made';
    case 'rejected':
      return `refused: ${signal.rule}`;
    case 'sent':
      return 'entry sent';
    case 'working':
      return 'entry working';
    case 'open':
      return 'open';
    case 'closed':
      return `${signal.reason} ${signedDollars(signal.pnl)}`;
    case 'expired':
      return 'not filled';
  }
}

/** The class that colours it. */
export function stateTone(signal: SignalView): string {
  if (signal.state === 'closed') {
    const pnl = toNumber(signal.pnl) ?? 0;
    return pnl > 0 ? 'up' : pnl < 0 ? 'down' : 'muted';
  }
  return signal.state === 'open' || signal.state === 'working' || signal.state === 'sent' ? '' : 'muted';
}

/** A term's value with its unit. */
export function termValue(value: number | null, unit: string): string {
  if (value === null) return 'not known';
  const magnitude = Math.abs(value);
  const digits = unit === 'shares' || magnitude >= 1000 ? 0 : 2;
  const text = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(magnitude);
  const sign = value < 0 ? '\u2212' : value > 0 ? '+' : '';
  return unit === 'dollars' ? `${sign}$${text}` : `${sign}${text}${unit === '' ? '' : ` ${unit}`}`;
}
