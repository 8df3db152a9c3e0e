//! The dashboard from outside: over real TCP.

mod drift;
