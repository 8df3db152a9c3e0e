/** The connection to the server: hello, subscriptions, heartbeat, reconnection with back-off. */

import { ChannelStore, type Frame } from './store';

export type Link =
  | { state: 'connecting'; since: number; attempt: number }
  | { state: 'open'; since: number }
  | { state: 'lost'; since: number; retryAt: number; attempt: number };

/** Updates a second that each channel is asked at. */
export type Wanted = Readonly<Record<string, number>>;

export interface StreamEvents {
  /** These channels have something new; `all` after a new epoch. */
  changed(channels: ReadonlySet<string> | 'all'): void;
  link(link: Link): void;
}

const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;
/** The server must answer a ping of ours within this time. */
const HEARTBEAT = 5_000;
const SILENCE = 12_000;

/** Full jitter: between nothing and the doubled delay, never beyond the longest. */
export function reconnectDelay(attempt: number, random: number): number {
  return Math.round(Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(attempt, 10)) * random);
}

export class Stream {
  readonly store = new ChannelStore();
  #url: string;
  #events: StreamEvents;
  #socket: WebSocket | undefined;
  #wanted: Wanted = {};
  #subscribed = new Map<string, number>();
  #welcomed = false;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #heard = 0;
  #lostSince: number | undefined;
  #hidden = false;

  constructor(url: string, events: StreamEvents) {
    this.#url = url;
    this.#events = events;
  }

  start(): void {
    document.addEventListener('visibilitychange', () => this.#visibility());
    window.addEventListener('online', () => this.#retryNow());
    this.#connect();
  }

  /** Which channels are wanted from now on. */
  want(wanted: Wanted): void {
    this.#wanted = wanted;
    this.#subscribe();
  }

  #connect(): void {
    clearTimeout(this.#retry);
    const now = performance.now();
    this.#events.link({ state: 'connecting', since: this.#lostSince ?? now, attempt: this.#attempt });
    const socket = new WebSocket(this.#url, 'at.v1');
    this.#socket = socket;
    this.#welcomed = false;
    this.#subscribed.clear();
    this.store.reconnect();
    this.#heard = now;
    socket.onopen = () => this.#hello(socket);
    socket.onmessage = (message) => {
      if (socket === this.#socket) this.#hear(String(message.data));
    };
    socket.onclose = () => this.#lost(socket);
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#beat(socket), HEARTBEAT);
  }

  #hello(socket: WebSocket): void {
    const epoch = this.store.epoch;
    const resume = epoch === undefined ? {} : { resume: { epoch, seq: this.store.resumable() } };
    socket.send(JSON.stringify({ t: 'hello', v: 1, ...resume }));
  }

  #hear(text: string): void {
    this.#heard = performance.now();
    const message = JSON.parse(text) as { t: string } & Record<string, unknown>;
    switch (message.t) {
      case 'welcome':
        return this.#welcome(message.epoch as string);
      case 'snap':
      case 'delta':
      case 'event':
      case 'gap':
        return this.#take(message as unknown as Frame);
      case 'err':
        console.warn(`the stream refused: ${String(message.code)}: ${String(message.msg)}`);
        return;
      default:
    }
  }

  #welcome(epoch: string): void {
    this.#welcomed = true;
    this.#attempt = 0;
    this.#lostSince = undefined;
    if (this.store.enter(epoch)) this.#events.changed('all');
    this.#events.link({ state: 'open', since: performance.now() });
    this.#subscribe();
  }

  #take(frame: Frame): void {
    // On its way when it was given up.
    if (!(frame.ch in this.#wanted)) return;
    switch (this.store.apply(frame)) {
      case 'applied':
        return this.#events.changed(new Set([frame.ch]));
      case 'resubscribe':
        // A second subscription answers with a snapshot.
        return this.#send({ t: 'sub', ch: [frame.ch], hz: this.#pace(this.#wanted[frame.ch] ?? 1) });
      case 'ignored':
    }
  }

  #subscribe(): void {
    if (!this.#welcomed) return;
    const gone = [...this.#subscribed.keys()].filter((channel) => !(channel in this.#wanted));
    for (const channel of gone) {
      this.#subscribed.delete(channel);
      this.store.forget(channel);
    }
    if (gone.length > 0) this.#send({ t: 'unsub', ch: gone });
    const byPace = new Map<number, string[]>();
    for (const [channel, wanted] of Object.entries(this.#wanted)) {
      const hz = this.#pace(wanted);
      if (this.#subscribed.get(channel) === hz) continue;
      this.#subscribed.set(channel, hz);
      byPace.set(hz, [...(byPace.get(hz) ?? []), channel]);
    }
    for (const [hz, ch] of byPace) this.#send({ t: 'sub', ch, hz });
  }

  /** A hidden tab needs no more than one update a second. */
  #pace(wanted: number): number {
    return this.#hidden ? 1 : wanted;
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #beat(socket: WebSocket): void {
    if (performance.now() - this.#heard > SILENCE) {
      socket.close();
      this.#lost(socket);
      return;
    }
    this.#send({ t: 'ping', n: 1 });
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    clearInterval(this.#heartbeat);
    const now = performance.now();
    this.#lostSince ??= now;
    const delay = reconnectDelay(this.#attempt++, Math.random());
    this.#events.link({ state: 'lost', since: this.#lostSince, retryAt: now + delay, attempt: this.#attempt });
    this.#retry = setTimeout(() => this.#connect(), delay);
  }

  #retryNow(): void {
    if (this.#socket === undefined) this.#connect();
  }

  #visibility(): void {
    this.#hidden = document.hidden;
    if (!this.#hidden) this.#retryNow();
    this.#subscribe();
  }
}
