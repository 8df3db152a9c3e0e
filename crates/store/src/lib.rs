//! Hot state and the ledger.
