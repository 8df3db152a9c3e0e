//! Exchange sessions in New York time.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// One trading session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Exchange date.
    pub date: Date,
    /// 09:30 New York.
    pub open: Timestamp,
    /// 16:00 New York, or 13:00 on half days.
    pub close: Timestamp,
}

/// The exchange calendar.
#[derive(Debug, Clone, Default)]
pub struct Calendar;
