//! Live edge to TWS and IB Gateway.
