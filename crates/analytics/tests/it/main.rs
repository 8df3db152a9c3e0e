//! The analytics against what others computed, against a recorded day, and against the allocator.

mod allocation;
mod options_oracle;
mod recorded;
