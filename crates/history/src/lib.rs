//! Readers of recorded markets, and their merge into one order.
