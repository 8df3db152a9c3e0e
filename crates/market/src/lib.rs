//! A market to trade on: matching engine with two clocks, synthetic market, synthetic chain.
