/**
 * What the server has told, by channel: snapshots, deltas and events of the stream applied in order.
 * Pure: no socket, no clock, no framework.
 */

/** A frame of the stream as it concerns the store. */
export type Frame =
  | { t: 'snap'; ch: string; seq: number; at: string; d: unknown }
  | { t: 'delta'; ch: string; seq: number; prev: number; at: string; d: Change }
  | { t: 'event'; ch: string; seq: number; prev: number; d: unknown }
  | { t: 'gap'; ch: string; from: number; to: number };

export interface Change {
  set: Record<string, unknown>;
  del: string[];
}

/** Rows or fields by key. */
export type Keyed = Readonly<Record<string, unknown>>;

interface Held {
  seq: number;
  /** A keyed channel's rows, a picture, or the entities of an event channel by their id. */
  data: unknown;
}

/** What a frame did. `resubscribe`: something is missing, ask for a snapshot. `ignored`: it was old, or waits for one. */
export type Outcome = 'applied' | 'resubscribe' | 'ignored';

/** Name of the field that identifies an entity of an event channel. */
const EVENT_KEYS: Record<string, string> = {
  signals: 'id',
  executions: 'id',
  alerts: 'id',
  commands: 'command_id',
};

/** Entities kept of an event channel: more than a day of them. */
export const MOST_ENTITIES = 1000;

export class ChannelStore {
  #held = new Map<string, Held>();
  /** Channels that were found broken and wait for a snapshot; what they hold is still shown. */
  #awaiting = new Set<string>();
  #epoch: string | undefined;

  /** A new epoch voids everything. Returns whether it is new. */
  enter(epoch: string): boolean {
    if (epoch === this.#epoch) return false;
    this.#epoch = epoch;
    this.#held.clear();
    this.#awaiting.clear();
    return true;
  }

  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** Data of a channel; nothing until its snapshot has come. */
  get(channel: string): unknown {
    return this.#held.get(channel)?.data;
  }

  seq(channel: string): number | undefined {
    return this.#held.get(channel)?.seq;
  }

  forget(channel: string): void {
    this.#held.delete(channel);
    this.#awaiting.delete(channel);
  }

  /** A new connection: what was broken on the old one is asked for anew by its first subscription. */
  reconnect(): void {
    for (const channel of this.#awaiting) this.#held.delete(channel);
    this.#awaiting.clear();
  }

  /** Sequences of the event channels, to resume from. */
  resumable(): Record<string, number> {
    const found: Record<string, number> = {};
    for (const [channel, held] of this.#held) if (channel in EVENT_KEYS) found[channel] = held.seq;
    return found;
  }

  apply(frame: Frame): Outcome {
    if (frame.t === 'snap') {
      this.#held.set(frame.ch, { seq: frame.seq, data: frame.d });
      this.#awaiting.delete(frame.ch);
      return 'applied';
    }
    if (this.#awaiting.has(frame.ch)) return 'ignored';
    const held = this.#held.get(frame.ch);
    if (held === undefined || frame.t === 'gap') return this.#broken(frame.ch);
    if (frame.seq <= held.seq) return 'ignored';
    if (frame.prev !== held.seq) return this.#broken(frame.ch);
    const data =
      frame.t === 'delta' ? changed(held.data as Keyed, frame.d) : withEntity(held.data as Keyed, frame);
    this.#held.set(frame.ch, { seq: frame.seq, data });
    return 'applied';
  }

  /** Asked for once, however many frames are still on their way. */
  #broken(channel: string): Outcome {
    this.#awaiting.add(channel);
    return 'resubscribe';
  }
}

/** A new object, so that whoever compares by identity sees the change. */
function changed(before: Keyed, change: Change): Keyed {
  const after: Record<string, unknown> = { ...before, ...change.set };
  for (const key of change.del) delete after[key];
  return after;
}

function withEntity(before: Keyed, frame: { ch: string; d: unknown }): Keyed {
  const field = EVENT_KEYS[frame.ch] ?? 'id';
  const id = String((frame.d as Record<string, unknown>)[field]);
  const after: Record<string, unknown> = { ...before, [id]: frame.d };
  const keys = Object.keys(after);
  if (keys.length > MOST_ENTITIES && keys[0] !== undefined) delete after[keys[0]];
  return after;
}
