//! What a start needs to know of everything that was recorded before.

use std::path::Path;

use alphatrader_model::{OrderId, Record, Seq, Timestamp};
use rusqlite::Connection;

use super::error::LedgerError;
use crate::fallback::Leftover;

/// A record and its place in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The step that yielded it.
    pub seq: Seq,
    /// Its place among the records of the step.
    pub index: u16,
    /// Event time of the step.
    pub time: Timestamp,
    /// What was recorded.
    pub record: Record,
}

/// What the ledger knew when it was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// The number of this start, durable: [`Seq::first`] of it is beyond every place in the journal.
    pub incarnation: u32,
    /// The newest record of each entity that still matters, in the journal's order: signals, orders and
    /// positions that are not final; all signals, orders, fills and positions that changed since the
    /// latest trading day began; orders and fills of earlier days that belong to what is still open;
    /// the last halt level, day start and account.
    pub records: Vec<Recorded>,
    /// The highest order number that was ever recorded.
    pub highest_order_id: Option<OrderId>,
    /// Date of the latest trading day, `YYYY-MM-DD`.
    pub day: Option<String>,
    /// What the fall-back file held, when the last run had to use it.
    pub fallback: Leftover,
}

/// Newest records of what still matters. The cross join keeps the planner from walking the whole journal.
const STILL_MATTERS: &str = "
WITH day AS (SELECT seq FROM days ORDER BY date DESC LIMIT 1),
     since AS (SELECT coalesce((SELECT seq FROM day), 0) AS seq),
     open AS (
         SELECT id AS signal FROM signals WHERE NOT final
         UNION SELECT signal FROM positions WHERE closed IS NULL
         UNION SELECT signal FROM orders WHERE NOT final
     ),
     wanted AS (
         SELECT seq, idx FROM signals
             WHERE seq >= (SELECT seq FROM since) OR id IN (SELECT signal FROM open)
         UNION SELECT seq, idx FROM orders
             WHERE seq >= (SELECT seq FROM since) OR signal IN (SELECT signal FROM open)
         UNION SELECT seq, idx FROM fills
             WHERE seq >= (SELECT seq FROM since) OR signal IN (SELECT signal FROM open)
         UNION SELECT seq, idx FROM positions
             WHERE seq >= (SELECT seq FROM since) OR signal IN (SELECT signal FROM open)
         UNION SELECT * FROM (SELECT seq, idx FROM halts ORDER BY seq DESC, idx DESC LIMIT 1)
         UNION SELECT * FROM (SELECT seq, idx FROM days ORDER BY date DESC LIMIT 1)
         UNION SELECT * FROM (SELECT seq, idx FROM accounts ORDER BY seq DESC, idx DESC LIMIT 1)
     )
SELECT seq, idx, time, payload FROM wanted CROSS JOIN journal USING (seq, idx) ORDER BY seq, idx";

pub(super) fn read(
    connection: &Connection,
    path: &Path,
    incarnation: u32,
    fallback: Leftover,
) -> Result<Recovery, LedgerError> {
    let failed = |error: &rusqlite::Error| LedgerError::sqlite(path, error);
    let records = select(connection, path, STILL_MATTERS)?;
    let highest: Option<i32> =
        connection.query_row("SELECT max(id) FROM orders", [], |row| row.get(0)).map_err(|e| failed(&e))?;
    let day =
        connection.query_row("SELECT max(date) FROM days", [], |row| row.get(0)).map_err(|e| failed(&e))?;
    Ok(Recovery { incarnation, records, highest_order_id: highest.map(OrderId), day, fallback })
}

/// Rows of the journal: `seq, idx, time, payload`.
pub(super) fn select(connection: &Connection, path: &Path, sql: &str) -> Result<Vec<Recorded>, LedgerError> {
    let failed = |error: &rusqlite::Error| LedgerError::sqlite(path, error);
    let mut statement = connection.prepare(sql).map_err(|e| failed(&e))?;
    let mut rows = statement.query([]).map_err(|e| failed(&e))?;
    let mut records = Vec::new();
    while let Some(row) = rows.next().map_err(|e| failed(&e))? {
        records.push(recorded(row, path)?);
    }
    Ok(records)
}

/// One row of the journal: `seq, idx, time, payload`.
pub(super) fn recorded(row: &rusqlite::Row<'_>, path: &Path) -> Result<Recorded, LedgerError> {
    let get = || -> rusqlite::Result<(i64, u16, i64, String)> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    };
    let (seq, index, time, payload) = get().map_err(|e| LedgerError::sqlite(path, &e))?;
    let seq = Seq(seq.cast_unsigned());
    let record = serde_json::from_str(&payload).map_err(|error| LedgerError::Corrupt {
        path: path.to_path_buf(),
        detail: format!("record {index} of step {seq} cannot be read: {error}"),
    })?;
    Ok(Recorded { seq, index, time: Timestamp::from_nanos(time), record })
}
