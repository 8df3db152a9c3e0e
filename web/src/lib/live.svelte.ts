/** The page's view of the stream: one reactive cell for each channel, filled once a frame. */

import type { AccountView, AlertView, CommandView, ExecutionView, OrderView, PositionView, RiskView, SignalView } from '../gen/Trading';
import type { BarView, BookView, FeaturesView, QuoteView, TapeView, VpinPoint } from '../gen/Market';
import type { DepthColumn, ExclusionView, MarkView, MeasureView, PointView, StateView } from '../gen/Measures';
import type { GatesView } from '../gen/Trading';
import type { LevelsView, OptionsView } from '../gen/Options';
import type { ParametersView } from '../gen/Parameters';
import type { SentimentView } from '../gen/Sentiment';
import type { StatusView } from '../gen/StatusView';
import { millis } from './format';
import type { PageName } from './route';
import { type Link, Stream, type Wanted } from './stream';

type Rows<T> = Readonly<Record<string, T>>;

/** Channels that are always wanted, and how often. */
const ALWAYS: Wanted = {
  status: 4,
  account: 4,
  risk: 10,
  positions: 4,
  orders: 4,
  quotes: 10,
  signals: 10,
  executions: 10,
  alerts: 10,
  commands: 10,
};

/** Channels of a page that belong to no symbol. */
const OF_PAGE: Readonly<Record<PageName, Wanted>> = { now: {}, symbol: {}, options: {}, parameters: { parameters: 1 } };

/** Channels of the chosen symbol that each page shows. What no page shows is not sent. */
const OF_SYMBOL: Readonly<Record<PageName, Wanted>> = {
  now: { features: 10, bars: 4, vpin: 2, gates: 2, book: 10, tape: 10, marks: 4, levels: 1 },
  symbol: {
    features: 10,
    bars: 4,
    vpin: 2,
    book: 10,
    tape: 10,
    marks: 4,
    measures: 4,
    state: 4,
    exclusions: 1,
    depth: 1,
    flow: 1,
    volatility: 1,
    levels: 1,
  },
  options: { options: 1, sentiment: 1 },
  parameters: {},
};

class Live {
  link = $state.raw<Link>({ state: 'connecting', since: performance.now(), attempt: 0 });
  /** The symbol whose chart and book are shown. */
  symbol = $state<string | undefined>();

  status = $state.raw<Partial<StatusView> | undefined>();
  account = $state.raw<Partial<AccountView> | undefined>();
  risk = $state.raw<RiskView | undefined>();
  positions = $state.raw<Rows<PositionView> | undefined>();
  orders = $state.raw<Rows<OrderView> | undefined>();
  quotes = $state.raw<Rows<QuoteView> | undefined>();
  signals = $state.raw<Rows<SignalView> | undefined>();
  executions = $state.raw<Rows<ExecutionView> | undefined>();
  alerts = $state.raw<Rows<AlertView> | undefined>();
  commands = $state.raw<Rows<CommandView> | undefined>();
  features = $state.raw<FeaturesView | undefined>();
  bars = $state.raw<Rows<BarView> | undefined>();
  vpin = $state.raw<Rows<VpinPoint> | undefined>();
  parameters = $state.raw<ParametersView | undefined>();
  gates = $state.raw<Rows<GatesView> | undefined>();
  book = $state.raw<BookView | undefined>();
  tape = $state.raw<TapeView | undefined>();
  marks = $state.raw<Rows<MarkView> | undefined>();
  measures = $state.raw<Rows<MeasureView> | undefined>();
  state = $state.raw<Partial<StateView> | undefined>();
  exclusions = $state.raw<Rows<ExclusionView> | undefined>();
  depth = $state.raw<Rows<DepthColumn> | undefined>();
  flow = $state.raw<Rows<PointView> | undefined>();
  volatility = $state.raw<Rows<PointView> | undefined>();
  options = $state.raw<Partial<OptionsView> | undefined>();
  levels = $state.raw<LevelsView | null | undefined>();
  sentiment = $state.raw<SentimentView | undefined>();

  /** The system's clock now, milliseconds; carried on between messages at its own speed. */
  now = $state(0);
  /** The browser's clock at the same moment, for ages of the connection. */
  wall = $state(performance.now());

  #page: PageName = 'now';
  #stream: Stream | undefined;
  #dirty = new Set<string>();
  #scheduled = false;
  #clock = { at: 0, heard: 0 };

  connected = $derived(this.link.state === 'open');

  start(): void {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#stream = new Stream(`${scheme}//${location.host}/api/v1/stream`, {
      changed: (channels) => this.#changed(channels),
      link: (link) => (this.link = link),
    });
    this.#want();
    this.#stream.start();
    setInterval(() => this.#tick(), 200);
  }

  choose(symbol: string): void {
    if (symbol === this.symbol) return;
    this.symbol = symbol;
    this.#want();
  }

  /** The page that is looked at decides what is sent. */
  look(page: PageName): void {
    if (page === this.#page) return;
    this.#page = page;
    this.#want();
  }

  #want(): void {
    const own = Object.entries(OF_SYMBOL[this.#page]).map(([kind, hz]) => [`${kind}:${this.symbol}`, hz] as const);
    this.#stream?.want({ ...ALWAYS, ...OF_PAGE[this.#page], ...(this.symbol !== undefined && Object.fromEntries(own)) });
    // What the page before showed is forgotten; what this one shows may be known already.
    const kinds = new Set(Object.values(OF_SYMBOL).flatMap((wanted) => Object.keys(wanted)));
    this.#fill([...kinds].map((kind) => `${kind}:${this.symbol}`));
  }

  #changed(channels: ReadonlySet<string> | 'all'): void {
    const names = channels === 'all' ? [...Object.keys(ALWAYS), ...Object.keys(OF_PAGE[this.#page]), ...this.#ownChannels()] : channels;
    for (const name of names) this.#dirty.add(name);
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      const dirty = [...this.#dirty];
      this.#dirty.clear();
      this.#fill(dirty);
    });
  }

  #ownChannels(): string[] {
    return this.symbol === undefined ? [] : Object.keys(OF_SYMBOL[this.#page]).map((kind) => `${kind}:${this.symbol}`);
  }

  #fill(channels: string[]): void {
    const store = this.#stream?.store;
    if (store === undefined) return;
    for (const channel of channels) {
      const [kind = '', symbol] = channel.split(':');
      if (symbol !== undefined && symbol !== this.symbol) continue;
      // The names of the channels are the names of the cells; the types are those the server is built with.
      (this as unknown as Record<string, unknown>)[kind] = store.get(channel);
      if (kind === 'status') this.#heardStatus();
    }
  }

  #heardStatus(): void {
    const status = this.status;
    const at = millis(status?.at);
    if (at === undefined) return;
    this.#clock = { at, heard: performance.now() };
    this.#tick();
    const first = status?.symbols?.[0];
    // A symbol that the address names is kept even when nobody follows it: its page says so.
    const known = this.symbol !== undefined && (this.#page === 'symbol' || this.#page === 'options' || status?.symbols?.includes(this.symbol));
    if (!known && first !== undefined) this.choose(first);
  }

  /** Carries the clock on, for at most two seconds after the last word of the server. */
  #tick(): void {
    this.wall = performance.now();
    const speed = this.connected ? (this.status?.mode?.speed ?? 0) : 0;
    const since = Math.min(2_000, this.wall - this.#clock.heard);
    this.now = this.#clock.at + since * speed;
  }

  /** Seconds of the market's time since `instant`. */
  since(instant: string | null | undefined): number | undefined {
    const at = millis(instant);
    return at === undefined ? undefined : Math.max(0, (this.now - at) / 1000);
  }
}

export const live = new Live();
