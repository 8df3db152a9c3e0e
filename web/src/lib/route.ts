/** Places of the page and their paths. Pure. */

export type PageName = 'now' | 'symbol' | 'options' | 'parameters';

export type Route =
  | { page: 'now' }
  /** Without a symbol: the chosen one. */
  | { page: 'symbol'; symbol: string | undefined }
  | { page: 'options'; symbol: string | undefined }
  | { page: 'parameters' }
  | { page: 'nowhere'; path: string };

/** In the order of the header; the digit beside each is its place, from 1. */
export const PAGES: readonly { page: PageName; title: string }[] = [
  { page: 'now', title: 'Now' },
  { page: 'symbol', title: 'Symbol' },
  { page: 'options', title: 'Options' },
  { page: 'parameters', title: 'Parameters' },
];

/** Longest symbol of the interface. */
const SYMBOL = /^[A-Z][A-Z0-9.]{0,11}$/;

export function parse(path: string): Route {
  const nowhere: Route = { page: 'nowhere', path };
  const [first = '', second, ...more] = path.split('/').filter((part) => part !== '');
  if (more.length > 0) return nowhere;
  if (first === '') return { page: 'now' };
  if (first === 'parameters' && second === undefined) return { page: 'parameters' };
  if (first !== 'symbol' && first !== 'options') return nowhere;
  if (second === undefined) return { page: first, symbol: undefined };
  const symbol = decoded(second)?.toUpperCase();
  return symbol !== undefined && SYMBOL.test(symbol) ? { page: first, symbol } : nowhere;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined; // a percent sign without its digits
  }
}

export function pathOf(page: PageName, symbol: string | undefined): string {
  if (page === 'now') return '/';
  if (page === 'parameters') return '/parameters';
  return symbol === undefined ? `/${page}` : `/${page}/${encodeURIComponent(symbol)}`;
}

/** The page that a key switches to. */
export function pageOfKey(key: string): PageName | undefined {
  return /^[1-9]$/.test(key) ? PAGES[Number(key) - 1]?.page : undefined;
}
