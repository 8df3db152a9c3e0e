//! The analytics against what others computed, against a recorded day, and against the allocator.

mod accuracy;
mod allocation;
mod any_bytes;
mod exposure_oracle;
mod microstructure_oracle;
mod options_more;
mod options_oracle;
mod recorded;
mod recorded_book;
mod state;
mod wickra;
