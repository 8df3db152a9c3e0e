import { describe, expect, it } from 'vitest';
import { reconnectDelay } from './stream';

describe('back-off', () => {
  it('doubles from half a second to fifteen, with full jitter', () => {
    expect([0, 1, 2, 3].map((attempt) => reconnectDelay(attempt, 1))).toEqual([500, 1000, 2000, 4000]);
    expect(reconnectDelay(5, 1)).toBe(15_000);
    expect(reconnectDelay(1_000_000, 1)).toBe(15_000);
    expect(reconnectDelay(3, 0)).toBe(0);
    expect(reconnectDelay(3, 0.5)).toBe(2000);
  });
});
