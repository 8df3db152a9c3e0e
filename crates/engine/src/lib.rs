//! The deterministic core: MarketCore, TradingCore, Barrier, replay, digest.
