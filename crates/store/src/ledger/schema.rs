//! How the file is laid out, and how older files become newer ones.
//!
//! One append-only journal of records; the other tables are projections of it for people and reports
//! and to find the newest record of an entity. Money is in micro-dollars, prices in 1/10 000 dollar,
//! times in nanoseconds since 1970, as in the program; a record's payload is JSON with decimal text.

use std::path::Path;

use rusqlite::Connection;

use super::error::LedgerError;

/// `ATPL`, so that `file` and SQLite know whose database it is.
pub(super) const APPLICATION_ID: i64 = 0x4154_504C;

/// Schema `n` is reached by running the first `n`. Written once, never changed.
pub(super) const MIGRATIONS: [&str; 1] = [r"
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('incarnation', 0);

CREATE TABLE journal (
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (seq, idx)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_not_deleted BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TABLE signals (
    id TEXT PRIMARY KEY,
    time INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    symbol TEXT NOT NULL,
    direction TEXT NOT NULL,
    contract TEXT NOT NULL,
    trigger_price INTEGER NOT NULL,
    limit_price INTEGER NOT NULL,
    stop_price INTEGER NOT NULL,
    target_price INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    risk INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    profit INTEGER,
    final INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    FOREIGN KEY (seq, idx) REFERENCES journal (seq, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    signal TEXT NOT NULL,
    role TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    contract TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    filled INTEGER NOT NULL,
    limit_price INTEGER,
    trigger_price INTEGER,
    perm_id INTEGER,
    state TEXT NOT NULL,
    final INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    FOREIGN KEY (seq, idx) REFERENCES journal (seq, idx)
) STRICT;
CREATE INDEX orders_by_signal ON orders (signal);

CREATE TABLE fills (
    exec_id TEXT PRIMARY KEY,
    order_id INTEGER NOT NULL,
    signal TEXT NOT NULL,
    role TEXT NOT NULL,
    strategy TEXT NOT NULL,
    contract TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    price INTEGER NOT NULL,
    multiplier INTEGER NOT NULL,
    commission INTEGER,
    time INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    FOREIGN KEY (seq, idx) REFERENCES journal (seq, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX fills_by_signal ON fills (signal);

CREATE TABLE positions (
    signal TEXT PRIMARY KEY,
    strategy TEXT NOT NULL,
    contract TEXT NOT NULL,
    multiplier INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    opened_quantity INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    cost_opened INTEGER NOT NULL,
    realized INTEGER NOT NULL,
    commissions INTEGER NOT NULL,
    stop_price INTEGER,
    target_price INTEGER,
    opened INTEGER NOT NULL,
    closed INTEGER,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    FOREIGN KEY (seq, idx) REFERENCES journal (seq, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE halts (
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    time INTEGER NOT NULL,
    level TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (seq, idx),
    FOREIGN KEY (seq, idx) REFERENCES journal (seq, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE days (
    date TEXT PRIMARY KEY,
    equity INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    FOREIGN KEY (seq, idx) REFERENCES journal (seq, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    time INTEGER NOT NULL,
    equity INTEGER NOT NULL,
    cash INTEGER NOT NULL,
    buying_power INTEGER NOT NULL,
    PRIMARY KEY (seq, idx),
    FOREIGN KEY (seq, idx) REFERENCES journal (seq, idx)
) STRICT, WITHOUT ROWID;
"];

/// The projections, by table.
pub(super) const PROJECTIONS: [&str; 7] =
    ["signals", "orders", "fills", "positions", "halts", "days", "accounts"];

/// Sets the connection up, refuses files that are not ours to write, and brings the schema up to date.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), LedgerError> {
    let failed = |error: &rusqlite::Error| LedgerError::sqlite(path, error);
    connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(|e| failed(&e))?;
    let read = |name: &str| -> Result<i64, LedgerError> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|e| failed(&e))
    };
    let application = read("application_id")?;
    let version = read("user_version")?;
    let known = MIGRATIONS.len() as i64;
    // A first start that was killed half way leaves an empty database, which is as good as none.
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|e| failed(&e))?;
    if application != APPLICATION_ID && (application != 0 || version != 0 || tables != 0) {
        let detail = format!("SQLite database with application id {application:#x}");
        return Err(LedgerError::Foreign { path: path.to_path_buf(), detail });
    }
    if version > known {
        return Err(LedgerError::Newer { path: path.to_path_buf(), found: version, known });
    }
    configure(connection).map_err(|e| failed(&e))?;
    check(connection, path)?;
    migrate(connection, version).map_err(|e| failed(&e))
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    // Under FULL in WAL mode each commit is on the disk when it returns. The log is carried over into
    // the file by `Ledger::checkpoint` between commits; inside one only when it has grown far.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA wal_autocheckpoint = 16000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA temp_store = MEMORY;
         PRAGMA mmap_size = 0;",
    )
}

fn check(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let corrupt = |detail: String| LedgerError::Corrupt { path: path.to_path_buf(), detail };
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(|e| LedgerError::sqlite(path, &e))?;
    if mode != "wal" {
        let reason = format!("its file system does not allow write-ahead logging; the mode is `{mode}`");
        return Err(LedgerError::Open { path: path.to_path_buf(), reason });
    }
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|e| LedgerError::sqlite(path, &e))?;
    if found == "ok" { Ok(()) } else { Err(corrupt(found)) }
}

fn migrate(connection: &mut Connection, version: i64) -> rusqlite::Result<()> {
    let done = usize::try_from(version).unwrap_or(0);
    if done == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for migration in &MIGRATIONS[done..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    transaction.commit()
}
