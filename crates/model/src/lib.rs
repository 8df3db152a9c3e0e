//! The vocabulary of AlphaTrader: numbers, time, instruments, events, orders, views.
