//! AlphaTrader: the command line and the wiring.

fn main() {}
