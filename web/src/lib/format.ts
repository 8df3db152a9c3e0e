/** One way to write numbers, money and time for people. */

/** The real minus sign: as wide as the plus. */
export const MINUS = '\u2212';
/** Shown where a value is not known. */
export const UNKNOWN = '\u2013';

/** `1234567.5` as `1,234,567.50`; decimals are fixed so that columns stand still. */
export function number(value: number, decimals = 0): string {
  const text = Math.abs(value).toFixed(decimals);
  const [whole = '0', fraction] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const body = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  const isZero = !/[1-9]/.test(body);
  return value < 0 && !isZero ? MINUS + body : body;
}

/** With its sign, plus included; zero has none. */
export function signed(value: number, decimals = 0): string {
  const text = number(value, decimals);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** Decimal text of the interface as a number, for comparison and drawing only. */
export function toNumber(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** A price of the interface. Prices below a cent's fineness keep their third and fourth decimal. */
export function price(text: string | null | undefined, decimals = 2): string {
  const value = toNumber(text);
  return value === undefined ? UNKNOWN : number(value, decimals);
}

export function dollars(text: string | null | undefined, decimals = 2): string {
  const value = toNumber(text);
  if (value === undefined) return UNKNOWN;
  const body = number(value, decimals);
  return body.startsWith(MINUS) ? `${MINUS}$${body.slice(1)}` : `$${body}`;
}

export function signedDollars(text: string | null | undefined, decimals = 2): string {
  const value = toNumber(text);
  if (value === undefined) return UNKNOWN;
  const body = signed(value, decimals);
  return /^[+\u2212]/.test(body) ? `${body[0]}$${body.slice(1)}` : `$${body}`;
}

/** A fraction as percent, with its sign. */
export function signedPercent(fraction: number, decimals = 2): string {
  return `${signed(fraction * 100, decimals)} %`;
}

/** 1 for up, -1 for down, 0 for neither. */
export function sign(value: number | undefined): -1 | 0 | 1 {
  if (value === undefined || value === 0) return 0;
  return value > 0 ? 1 : -1;
}

/** A length of time in at most two units: `0.2 s`, `12 s`, `6 m 12 s`, `2 h 5 m`, `2 d 1 h`. */
export function age(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 9.95) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  const whole = Math.floor(s);
  if (s < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  if (s < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} m`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** Like {@link age} in whole seconds, for texts that should not flicker. */
export function wholeAge(seconds: number): string {
  return seconds < 60 ? `${Math.max(0, Math.floor(seconds))} s` : age(seconds);
}

const NEW_YORK = 'America/New_York';
const clockFormat = new Intl.DateTimeFormat('en-GB', {
  timeZone: NEW_YORK,
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const minuteFormat = new Intl.DateTimeFormat('en-GB', { timeZone: NEW_YORK, hour: '2-digit', minute: '2-digit' });
const dayFormat = new Intl.DateTimeFormat('en-GB', {
  timeZone: NEW_YORK,
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});

/** `10:48:19` in New York. */
export function clock(millis: number): string {
  return clockFormat.format(millis);
}

/** `10:48` in New York. */
export function minute(millis: number): string {
  return minuteFormat.format(millis);
}

/** `Mon 23 Nov 2026` in New York. */
export function day(millis: number): string {
  return dayFormat.format(millis).replace(',', '');
}

/** Milliseconds since the epoch of an instant of the interface. */
export function millis(instant: string | null | undefined): number | undefined {
  if (instant === null || instant === undefined) return undefined;
  const value = Date.parse(instant);
  return Number.isNaN(value) ? undefined : value;
}
