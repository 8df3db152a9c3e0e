//! A line of a message file.

use alphatrader_model::Side;

use crate::fields::Fields;
use crate::malformed::Reason;

/// What a line says that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An order came to rest.
    New,
    /// Part of an order was cancelled.
    Cancel,
    /// An order was deleted.
    Delete,
    /// A resting order was executed.
    Execution,
    /// An order that is not displayed was executed.
    HiddenExecution,
    /// An auction.
    Cross,
    /// Trading was stopped, or goes on.
    Halt,
}

/// A line of a message file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Nanoseconds after midnight.
    pub time: i64,
    /// What happened.
    pub kind: Kind,
    /// The order; 0 where none is told.
    pub order: u64,
    /// Shares.
    pub size: u32,
    /// In 1/10 000 dollar; of a halt what [`Kind::Halt`] tells.
    pub price: i64,
    /// The side of the resting order.
    pub side: Side,
}

const DAY: i64 = 86_400_000_000_000;
/// Prices above ten million dollars are damage.
const HIGHEST: i64 = 10_000_000 * 10_000;
const MOST: i64 = u32::MAX as i64;

impl Kind {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Cancel => "cancel",
            Self::Delete => "delete",
            Self::Execution => "execution",
            Self::HiddenExecution => "hidden_execution",
            Self::Cross => "cross",
            Self::Halt => "halt",
        }
    }
}

impl Message {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(line: &[u8]) -> Result<Self, Reason> {
        let mut fields = Fields::of(line);
        let time = fields.seconds("time", DAY - 1)?;
        let kind = match fields.number("type", 9)? {
            1 => Kind::New,
            2 => Kind::Cancel,
            3 => Kind::Delete,
            4 => Kind::Execution,
            5 => Kind::HiddenExecution,
            6 => Kind::Cross,
            7 => Kind::Halt,
            _ => return Err(Reason::OutOfRange("type")),
        };
        // Crosses and halts have no order: some files say 0, some −1.
        let order = fields.signed("order", i64::MAX)?.max(0).unsigned_abs();
        let size = fields.number("size", MOST)? as u32;
        let price = fields.signed("price", HIGHEST)?;
        let side = match fields.signed("direction", 1)? {
            1 => Side::Buy,
            -1 => Side::Sell,
            _ => return Err(Reason::OutOfRange("direction")),
        };
        fields.end()?;
        match kind {
            Kind::Halt if !(-1..=1).contains(&price) => return Err(Reason::OutOfRange("price")),
            Kind::Halt => {}
            _ if price <= 0 => return Err(Reason::OutOfRange("price")),
            _ if size == 0 => return Err(Reason::OutOfRange("size")),
            _ => {}
        }
        Ok(Self { time, kind, order, size, price, side })
    }
}

/// Whether the first line of a file is one of names, which LOBSTER itself does not write.
pub(super) fn is_header(line: &[u8]) -> bool {
    line.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_read_to_the_nanosecond() {
        let read = |line: &str| Message::read(line.as_bytes());
        let expected = Message {
            time: 34_200_004_241_176,
            kind: Kind::New,
            order: 16_113_575,
            size: 18,
            price: 5_853_300,
            side: Side::Buy,
        };
        assert_eq!(read("34200.004241176,1,16113575,18,5853300,1"), Ok(expected));
        let halt = read("34260.5,7,-1,0,-1,-1").unwrap();
        assert_eq!((halt.kind, halt.price, halt.order), (Kind::Halt, -1, 0));
        assert_eq!(read("34200.0042411761,1,1,1,1,1").unwrap().time, 34_200_004_241_176);
        assert_eq!(read("86400,1,1,1,1,1"), Err(Reason::OutOfRange("time")));
        assert_eq!(read("1,8,1,1,1,1"), Err(Reason::OutOfRange("type")));
        assert_eq!(read("1,1,1,0,1,1"), Err(Reason::OutOfRange("size")));
        assert_eq!(read("1,1,1,1,-1,1"), Err(Reason::OutOfRange("price")));
        assert_eq!(read("1,7,0,0,2,1"), Err(Reason::OutOfRange("price")));
        assert_eq!(read("1,1,1,1,1,0"), Err(Reason::OutOfRange("direction")));
        assert_eq!(read("1,1,1,1,1"), Err(Reason::Missing("direction")));
        assert_eq!(read("1,1,1,1,1,1,1"), Err(Reason::ExtraFields));
        assert!(is_header(b"Time,Type") && !is_header(b"34200.1,1") && !is_header(b""));
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Message::read(&line);
        }
    }
}
