//! What every edge shares: the clock, bounded queues, retry policy.
