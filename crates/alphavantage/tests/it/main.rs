//! The edge against servers of its own: an hour on the simulated clock, and real HTTP.

mod hour;
mod http;
mod server;
