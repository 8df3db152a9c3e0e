//! The ledger: one SQLite file with an append-only journal and its projections.
//!
//! A commit is one transaction: the steps' records go to the journal and to the projections, and are
//! on the disk when it returns. Beside `ledger.db` lie SQLite's own `-wal` and `-shm`, a lock
//! (`ledger.db.lock`) and the pre-allocated fall-back file (`ledger.db.fallback`, see [`crate::fallback`]).

mod error;
mod lock;
mod projection;
mod recovery;
mod schema;

use std::fs;
use std::path::{Path, PathBuf};

use alphatrader_model::{Record, Seq, Timestamp};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

pub use error::LedgerError;
pub use recovery::{Recorded, Recovery};

use crate::fallback::{Fallback, FallbackError};
use lock::Lock;
use projection::Place;

/// What one step of the core wants to be durable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The step.
    pub seq: Seq,
    /// Event time of the step.
    pub time: Timestamp,
    /// Its records, in order; at most 65 536.
    pub records: Vec<Record>,
}

/// The open ledger. One writer, one process.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    fallback: Fallback,
    /// The last step that is durable.
    last: Option<Seq>,
    /// Records in the write-ahead log that are not in the file yet.
    in_log: usize,
    failed: bool,
    _lock: Lock,
}

/// `ledger.db` and `lock` make `ledger.db.lock`.
pub(crate) fn beside(ledger: &Path, suffix: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_os_string();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

impl Ledger {
    /// Starts there can be: places in the journal are 63 bits there.
    pub const INCARNATIONS: u32 = (1 << 23) - 1;
    /// Records that gather in the write-ahead log before they are carried over (a few MB).
    const CHECKPOINT: usize = 500;

    /// Opens the ledger, makes it when there is none (and its folder), takes the next incarnation
    /// durably, merges what the fall-back file holds, and reads what a start needs.
    ///
    /// # Errors
    /// [`LedgerError`]; each says what to do. Nothing that was recorded is changed by a failed open.
    pub fn open(path: &Path) -> Result<(Self, Recovery), LedgerError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|e| LedgerError::io(path, &e))?;
        }
        let lock = Lock::take(path)?;
        let failed = |error: &rusqlite::Error| LedgerError::sqlite(path, error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let mut connection = Connection::open_with_flags(path, flags).map_err(|e| failed(&e))?;
        connection.set_prepared_statement_cache_capacity(32);
        schema::prepare(&mut connection, path)?;
        let (mut fallback, steps, leftover) =
            Fallback::open(&beside(path, "fallback")).map_err(|e| LedgerError::io(path, &e))?;
        let incarnation = begin(&mut connection, path, &steps, fallback.epoch())?;
        // Merged and durable: the fall-back file may forget it.
        fallback.clear(incarnation).map_err(|e| LedgerError::io(path, &e))?;
        let recovery = recovery::read(&connection, path, incarnation, leftover)?;
        let last: Option<i64> = connection
            .query_row("SELECT max(seq) FROM journal", [], |row| row.get(0))
            .map_err(|e| failed(&e))?;
        let ledger = Self {
            connection,
            path: path.to_path_buf(),
            fallback,
            last: last.map(|seq| Seq(seq.cast_unsigned())),
            in_log: 0,
            failed: false,
            _lock: lock,
        };
        Ok((ledger, recovery))
    }

    /// Makes the steps durable: all of them, or none. Steps are given once, in order.
    ///
    /// # Errors
    /// [`LedgerError`]. After an error of the disk this ledger takes nothing more
    /// ([`LedgerError::Failed`]): whether a failed write is on the disk cannot be known from here.
    pub fn commit(&mut self, batch: &[Step]) -> Result<(), LedgerError> {
        if self.failed {
            return Err(LedgerError::Failed { path: self.path.clone() });
        }
        let mut last = self.last;
        for step in batch {
            if let Some(last) = last.filter(|last| step.seq <= *last) {
                return Err(LedgerError::Order { seq: step.seq, last });
            }
            last = Some(step.seq);
        }
        let written = write(&mut self.connection, &self.path, batch);
        match &written {
            Ok(()) => {
                self.last = last;
                self.in_log += batch.iter().map(|step| step.records.len()).sum::<usize>();
            }
            Err(LedgerError::Unwritable { .. }) => {}
            Err(_) => self.failed = true,
        }
        written
    }

    /// Carries the write-ahead log over into the file, when enough has gathered in it. Two waits for the
    /// disk, so it is called when nothing waits for a commit; what is committed is durable without it.
    ///
    /// # Errors
    /// [`LedgerError`]; this ledger then takes nothing more.
    pub fn checkpoint(&mut self) -> Result<(), LedgerError> {
        if self.failed || self.in_log < Self::CHECKPOINT {
            return Ok(());
        }
        self.in_log = 0;
        let done = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        done.map_err(|error| {
            self.failed = true;
            LedgerError::sqlite(&self.path, &error)
        })
    }

    /// Writes a step to the fall-back file, for after a failed [`Ledger::commit`]: the next open merges
    /// it. A step that the ledger has after all is not merged twice. On the disk when it returns.
    ///
    /// # Errors
    /// [`FallbackError`]; the step is then not recorded.
    pub fn fall_back(&mut self, step: &Step) -> Result<(), FallbackError> {
        self.fallback.append(step)
    }

    /// Makes the projections anew from the journal, in one transaction.
    ///
    /// # Errors
    /// [`LedgerError`]; the projections are then as they were.
    pub fn rebuild(&mut self) -> Result<(), LedgerError> {
        let path = &self.path;
        let failed = |error: &rusqlite::Error| LedgerError::sqlite(path, error);
        let transaction = immediate(&mut self.connection).map_err(|e| failed(&e))?;
        for table in schema::PROJECTIONS {
            transaction.execute(&format!("DELETE FROM {table}"), []).map_err(|e| failed(&e))?;
        }
        {
            let mut journal = transaction
                .prepare("SELECT seq, idx, time, payload FROM journal ORDER BY seq, idx")
                .map_err(|e| failed(&e))?;
            let mut rows = journal.query([]).map_err(|e| failed(&e))?;
            while let Some(row) = rows.next().map_err(|e| failed(&e))? {
                let Recorded { seq, index, time, record } = recovery::recorded(row, path)?;
                let place = Place { seq: seq.0.cast_signed(), idx: index };
                projection::apply(&transaction, place, time, &record).map_err(|e| failed(&e))?;
            }
        }
        transaction.commit().map_err(|e| failed(&e))
    }

    /// Everything that was ever recorded, in order. For audits and tests; the whole journal is held
    /// in memory.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn journal(&self) -> Result<Vec<Recorded>, LedgerError> {
        let all = "SELECT seq, idx, time, payload FROM journal ORDER BY seq, idx";
        recovery::select(&self.connection, &self.path, all)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn immediate(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Merges what the last run could only write to the fall-back file and takes the next incarnation,
/// both in one durable transaction. `known`: the last incarnation that the fall-back file knows of;
/// a ledger that was restored from a copy may have forgotten it, and no number is taken twice.
fn begin(connection: &mut Connection, path: &Path, steps: &[Step], known: u64) -> Result<u32, LedgerError> {
    let failed = |error: &rusqlite::Error| LedgerError::sqlite(path, error);
    let corrupt = |detail: String| LedgerError::Corrupt { path: path.to_path_buf(), detail };
    let transaction = immediate(connection).map_err(|e| failed(&e))?;
    for step in steps {
        insert(&transaction, path, step, true)?;
    }
    let stored: i64 = transaction
        .query_row("SELECT value FROM meta WHERE key = 'incarnation'", [], |row| row.get(0))
        .map_err(|e| failed(&e))?;
    if stored == 0 && known > 0 {
        return Err(corrupt(format!(
            "it is empty, but the fall-back file beside it was made for start {known} of it; to begin anew on \
             purpose, remove the files `.fallback`, `-wal` and `-shm` beside it as well"
        )));
    }
    let next = u64::try_from(stored).ok().map(|stored| stored.max(known) + 1);
    let incarnation = next.and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= Ledger::INCARNATIONS);
    let incarnation = incarnation.ok_or_else(|| corrupt("its count of starts is out of range".into()))?;
    transaction
        .execute("UPDATE meta SET value = ? WHERE key = 'incarnation'", [incarnation])
        .map_err(|e| failed(&e))?;
    transaction.commit().map_err(|e| failed(&e))?;
    Ok(incarnation)
}

fn write(connection: &mut Connection, path: &Path, batch: &[Step]) -> Result<(), LedgerError> {
    let failed = |error: &rusqlite::Error| LedgerError::sqlite(path, error);
    let transaction = immediate(connection).map_err(|e| failed(&e))?;
    for step in batch {
        insert(&transaction, path, step, false)?;
    }
    transaction.commit().map_err(|e| failed(&e))
}

/// Appends a step to the journal and projects it. `again`: records that are there already stay.
fn insert(to: &Transaction<'_>, path: &Path, step: &Step, again: bool) -> Result<(), LedgerError> {
    let failed = |error: &rusqlite::Error| LedgerError::sqlite(path, error);
    let unwritable = |reason: String| LedgerError::Unwritable { seq: step.seq, reason };
    let sql = if again {
        "INSERT INTO journal VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    } else {
        "INSERT INTO journal VALUES (?, ?, ?, ?, ?)"
    };
    let seq = i64::try_from(step.seq.0).map_err(|_| unwritable("its place is beyond 63 bits".into()))?;
    let mut append = to.prepare_cached(sql).map_err(|e| failed(&e))?;
    for (index, record) in step.records.iter().enumerate() {
        let idx = u16::try_from(index).map_err(|_| unwritable("it has more than 65536 records".into()))?;
        let payload = serde_json::to_string(record).map_err(|e| unwritable(e.to_string()))?;
        let place = Place { seq, idx };
        append
            .execute(params![seq, idx, step.time.nanos(), projection::kind(record), payload])
            .map_err(|e| failed(&e))?;
        projection::apply(to, place, step.time, record).map_err(|e| failed(&e))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
