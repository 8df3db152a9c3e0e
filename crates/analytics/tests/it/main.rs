//! The analytics against what others computed, and against the allocator.

mod allocation;
mod options_oracle;
