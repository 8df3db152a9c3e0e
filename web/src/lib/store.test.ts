import { describe, expect, it } from 'vitest';
import { type Change, ChannelStore, type Frame, MOST_ENTITIES } from './store';

const at = '2026-11-23T15:00:00.000000Z';
const snap = (ch: string, seq: number, d: unknown): Frame => ({ t: 'snap', ch, seq, at, d });
const delta = (ch: string, prev: number, seq: number, d: Change): Frame => ({ t: 'delta', ch, prev, seq, at, d });
const event = (ch: string, prev: number, seq: number, d: unknown): Frame => ({ t: 'event', ch, prev, seq, d });

describe('state channels', () => {
  it('apply a snapshot and the deltas that follow it', () => {
    const store = new ChannelStore();
    expect(store.apply(snap('positions', 40, { a: { q: 1 }, b: { q: 2 } }))).toBe('applied');
    expect(store.apply(delta('positions', 40, 43, { set: { b: { q: 3 }, c: { q: 4 } }, del: ['a'] }))).toBe('applied');
    expect(store.get('positions')).toEqual({ b: { q: 3 }, c: { q: 4 } });
    expect(store.seq('positions')).toBe(43);
  });

  it('give a new object with each change and keep untouched rows', () => {
    const store = new ChannelStore();
    store.apply(snap('orders', 1, { a: { n: 1 }, b: { n: 1 } }));
    const before = store.get('orders') as Record<string, unknown>;
    store.apply(delta('orders', 1, 2, { set: { b: { n: 2 } }, del: [] }));
    const after = store.get('orders') as Record<string, unknown>;
    expect(after).not.toBe(before);
    expect(after.a).toBe(before.a);
    expect(before.b).toEqual({ n: 1 });
  });

  it('refuse a delta whose predecessor is missing, and recover with a snapshot', () => {
    const store = new ChannelStore();
    expect(store.apply(delta('risk', 1, 2, { set: {}, del: [] }))).toBe('resubscribe');
    store.apply(snap('risk', 5, { level: 'none' }));
    expect(store.apply(delta('risk', 6, 7, { set: { level: 'halt' }, del: [] }))).toBe('resubscribe');
    expect(store.get('risk')).toEqual({ level: 'none' });
    store.apply(snap('risk', 7, { level: 'halt' }));
    expect(store.apply(delta('risk', 7, 8, { set: { level: 'none' }, del: [] }))).toBe('applied');
  });

  it('ask once, however many frames are on their way', () => {
    const store = new ChannelStore();
    store.apply(snap('quotes', 1, { SPY: 1 }));
    expect(store.apply(delta('quotes', 2, 3, { set: { SPY: 2 }, del: [] }))).toBe('resubscribe');
    expect(store.apply(delta('quotes', 3, 4, { set: { SPY: 3 }, del: [] }))).toBe('ignored');
    expect(store.get('quotes')).toEqual({ SPY: 1 });
    expect(store.apply(snap('quotes', 4, { SPY: 3 }))).toBe('applied');
    expect(store.apply(delta('quotes', 4, 5, { set: { SPY: 4 }, del: [] }))).toBe('applied');
  });

  it('ignore what is older than what they hold', () => {
    const store = new ChannelStore();
    store.apply(snap('risk', 9, { level: 'halt' }));
    expect(store.apply(delta('risk', 7, 8, { set: { level: 'none' }, del: [] }))).toBe('ignored');
    expect(store.get('risk')).toEqual({ level: 'halt' });
  });

  it('replace pictures whole', () => {
    const store = new ChannelStore();
    store.apply(snap('book:SPY', 1, { bids: [1] }));
    store.apply(snap('book:SPY', 2, { bids: [2] }));
    expect(store.get('book:SPY')).toEqual({ bids: [2] });
  });
});

describe('event channels', () => {
  it('hold every entity as it is now', () => {
    const store = new ChannelStore();
    store.apply(snap('signals', 2, { x: { id: 'x', state: 'created' } }));
    store.apply(event('signals', 2, 3, { id: 'x', state: 'sent' }));
    store.apply(event('signals', 3, 4, { id: 'y', state: 'created' }));
    expect(store.get('signals')).toEqual({ x: { id: 'x', state: 'sent' }, y: { id: 'y', state: 'created' } });
  });

  it('do not take an event twice, and notice a missing one', () => {
    const store = new ChannelStore();
    store.apply(snap('executions', 2, {}));
    expect(store.apply(event('executions', 2, 3, { id: 'e1' }))).toBe('applied');
    expect(store.apply(event('executions', 2, 3, { id: 'e1' }))).toBe('ignored');
    expect(store.apply(event('executions', 4, 5, { id: 'e3' }))).toBe('resubscribe');
    store.apply(snap('executions', 5, {}));
    expect(store.apply({ t: 'gap', ch: 'executions', from: 6, to: 900 })).toBe('resubscribe');
  });

  it('stay bounded', () => {
    const store = new ChannelStore();
    store.apply(snap('alerts', 0, {}));
    for (let n = 1; n <= MOST_ENTITIES + 5; n++) store.apply(event('alerts', n - 1, n, { id: `a${n}` }));
    const kept = store.get('alerts') as Record<string, unknown>;
    expect(Object.keys(kept)).toHaveLength(MOST_ENTITIES);
    expect(kept.a1).toBeUndefined();
  });

  it('can be resumed, state channels can not', () => {
    const store = new ChannelStore();
    store.apply(snap('signals', 812, {}));
    store.apply(snap('risk', 4, {}));
    expect(store.resumable()).toEqual({ signals: 812 });
  });

  it('are not resumed when they were broken', () => {
    const store = new ChannelStore();
    store.apply(snap('signals', 5, {}));
    store.apply(snap('alerts', 5, {}));
    store.apply(event('signals', 8, 9, { id: 'x' }));
    store.reconnect();
    expect(store.resumable()).toEqual({ alerts: 5 });
    expect(store.apply(snap('signals', 9, {}))).toBe('applied');
  });
});

describe('epochs', () => {
  it('void everything when they change', () => {
    const store = new ChannelStore();
    expect(store.enter('A')).toBe(true);
    store.apply(snap('signals', 3, {}));
    expect(store.enter('A')).toBe(false);
    expect(store.seq('signals')).toBe(3);
    expect(store.enter('B')).toBe(true);
    expect(store.seq('signals')).toBeUndefined();
    expect(store.resumable()).toEqual({});
  });
});

describe('any interleaving', () => {
  /** A small generator, so that a failure can be repeated. */
  function dice(seed: number): (bound: number) => number {
    let state = seed;
    return (bound) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state % bound;
    };
  }

  it('ends with the state of the server, whatever is lost', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const roll = dice(seed);
      const store = new ChannelStore();
      let server: Record<string, number> = {};
      let seq = 1;
      store.apply(snap('quotes', seq, server));
      for (let step = 0; step < 60; step++) {
        const set: Record<string, number> = {};
        const del: string[] = [];
        for (let n = roll(4); n >= 0; n--) set[`k${roll(6)}`] = roll(100);
        const gone = `k${roll(6)}`;
        if (gone in server && !(gone in set)) del.push(gone);
        server = { ...server, ...set };
        for (const key of del) delete server[key];
        const frame = delta('quotes', seq, ++seq, { set, del });
        if (roll(5) === 0) continue; // lost on the way
        if (store.apply(frame) === 'resubscribe') store.apply(snap('quotes', seq, server));
      }
      store.apply(snap('quotes', seq, server));
      expect(store.get('quotes'), `seed ${seed}`).toEqual(server);
    }
  });
});
