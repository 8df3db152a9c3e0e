//! What to do about it: gates, strategies, checks, orders, positions.
