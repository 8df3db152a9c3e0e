//! The market as tables: Parquet for machines, CSV for everybody.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`row`] | [`Kind`]: the tables and their columns; an event as a row |
//! | [`parquet`] | a table as a Parquet file |
//! | [`csv`] | a table as a CSV file |
//! | [`folder`] | [`Folder`]: tables by day and symbol, whole or not at all |
//! | [`compact`] | a day's recordings as Parquet, once |

pub mod compact;
pub mod csv;
pub mod folder;
pub mod parquet;
pub mod row;

pub use compact::{Compacted, compact};
pub use folder::{Folder, Format, TableError};
pub use row::Kind;
