/** Sweeps and hidden orders: which print belongs to which, and how it is said. Pure. */

import type { MarkKind, MarkView } from '../gen/Measures';
import type { TradeView } from '../gen/Market';
import { millis, number, price } from './format';

export const MARK_WORDS: Readonly<Record<MarkKind, string>> = {
  sweep: 'sweep',
  inferred_burst: 'burst',
  hidden_execution: 'hidden',
  iceberg: 'iceberg',
  inside_print: 'inside',
};

/** Stronger evidence first: a print that belongs to two is shown as the first. */
const STRENGTH: readonly MarkKind[] = ['sweep', 'iceberg', 'hidden_execution', 'inferred_burst', 'inside_print'];

/** Marks by time, newest first. */
export function newestFirst(rows: Readonly<Record<string, MarkView>> | undefined): MarkView[] {
  return Object.values(rows ?? {}).sort((a, b) => (a.end < b.end ? 1 : a.end > b.end ? -1 : 0));
}

/** Of the marks of one kind and side that end within the same `cell` of time, milliseconds, only the largest. */
export function largest(marks: readonly MarkView[], cell: number): MarkView[] {
  const found = new Map<string, MarkView>();
  for (const mark of marks) {
    const key = `${isSweep(mark)} ${mark.side} ${Math.floor((millis(mark.end) ?? 0) / cell)}`;
    const before = found.get(key);
    if (before === undefined || mark.quantity > before.quantity) found.set(key, mark);
  }
  return [...found.values()];
}

/** What a print is a part of. */
export function markOf(trade: TradeView, marks: readonly MarkView[]): MarkView | undefined {
  let best: MarkView | undefined;
  for (const mark of marks) {
    if (trade.at < mark.start || trade.at > mark.end || !holds(mark, Number(trade.price))) continue;
    if (!facing(mark, trade.side)) continue;
    if (best === undefined || STRENGTH.indexOf(mark.kind) < STRENGTH.indexOf(best.kind)) best = mark;
  }
  return best;
}

function holds(mark: MarkView, at: number): boolean {
  const [a, b] = [Number(mark.price), Number(mark.to)];
  return at >= Math.min(a, b) && at <= Math.max(a, b);
}

/** A sweep is of its taker's side; a resting order is traded against. */
function facing(mark: MarkView, side: TradeView['side']): boolean {
  if (mark.kind === 'inside_print') return true;
  if (isSweep(mark)) return side === mark.side;
  return side !== mark.side;
}

/** Taken by one order, or perhaps: not an order that rests. */
export function isSweep(mark: MarkView): boolean {
  return mark.kind === 'sweep' || mark.kind === 'inferred_burst';
}

/** In a few words, for the tape. */
export function pill(mark: MarkView): string {
  const word = MARK_WORDS[mark.kind];
  return isSweep(mark) || mark.kind === 'iceberg' ? `${word} ×${number(mark.count)}` : word;
}

/** All that is known of it, for a person who asks. */
export function sentence(mark: MarkView): string {
  const parts = [`${number(mark.quantity)} shares`];
  if (isSweep(mark)) {
    parts.unshift(mark.side === 'buy' ? 'bought' : 'sold');
    parts.push(`${number(mark.count)} prints`, `${number(mark.levels ?? 1)} ${mark.levels === 1 ? 'price' : 'prices'}`);
    if (mark.venues !== null && mark.venues > 0) parts.push(`${number(mark.venues)} ${mark.venues === 1 ? 'venue' : 'venues'}`);
    parts.push(price(mark.price) === price(mark.to) ? `at ${price(mark.price)}` : `${price(mark.price)} to ${price(mark.to)}`);
    if (mark.marked !== null && mark.marked > 0) parts.push(`${number(mark.marked * 100)} % marked by the exchange`);
    if (mark.chance !== null) parts.push(mark.chance < 0.001 ? 'by chance once in a thousand or less' : `by chance ${number(mark.chance, 3)}`);
    if (mark.kind === 'inferred_burst') parts.push('inferred from a sampled feed');
    return parts.join(', ');
  }
  parts.unshift(mark.side === 'buy' ? 'a buyer rests' : mark.side === 'sell' ? 'a seller rests' : 'side not known');
  parts.push(`at ${price(mark.price)}`);
  if (mark.kind === 'iceberg') {
    parts.push(`${number(mark.count)} refills`);
    if (mark.posterior !== null) parts.push(`probability ${number(mark.posterior, 2)}`);
    parts.push(mark.remaining === null ? 'what remains is not known' : `about ${number(mark.remaining)} remain`);
  }
  return parts.join(', ');
}
