//! Numbers of ticks, as the broker numbers them.

pub(super) const BID_SIZE: i32 = 0;
pub(super) const BID: i32 = 1;
pub(super) const ASK: i32 = 2;
pub(super) const ASK_SIZE: i32 = 3;
pub(super) const LAST: i32 = 4;
pub(super) const LAST_SIZE: i32 = 5;
pub(super) const HIGH: i32 = 6;
pub(super) const LOW: i32 = 7;
pub(super) const VOLUME: i32 = 8;
pub(super) const CLOSE: i32 = 9;
pub(super) const BID_COMPUTATION: i32 = 10;
pub(super) const ASK_COMPUTATION: i32 = 11;
pub(super) const LAST_COMPUTATION: i32 = 12;
pub(super) const MODEL_COMPUTATION: i32 = 13;
pub(super) const OPEN: i32 = 14;
/// Lowest and highest price of 13, 26 and 52 weeks follow one another from here.
pub(super) const LOW_13_WEEKS: i32 = 15;
pub(super) const AVERAGE_VOLUME: i32 = 21;
pub(super) const HISTORICAL_VOLATILITY: i32 = 23;
pub(super) const IMPLIED_VOLATILITY: i32 = 24;
pub(super) const CALL_OPEN_INTEREST: i32 = 27;
pub(super) const PUT_OPEN_INTEREST: i32 = 28;
pub(super) const CALL_VOLUME: i32 = 29;
pub(super) const PUT_VOLUME: i32 = 30;
pub(super) const BID_EXCHANGE: i32 = 32;
pub(super) const ASK_EXCHANGE: i32 = 33;
pub(super) const MARK: i32 = 37;
pub(super) const LAST_TIME: i32 = 45;
pub(super) const SHORTABLE: i32 = 46;
pub(super) const RT_VOLUME: i32 = 48;
pub(super) const HALTED: i32 = 49;
pub(super) const TRADE_COUNT: i32 = 54;
pub(super) const TRADE_RATE: i32 = 55;
pub(super) const VOLUME_RATE: i32 = 56;
pub(super) const LAST_REGULAR_TRADE: i32 = 57;
pub(super) const DIVIDENDS: i32 = 59;
/// Volumes of three, five and ten minutes follow one another from here.
pub(super) const VOLUME_3_MINUTES: i32 = 63;
pub(super) const RT_TRADE_VOLUME: i32 = 77;
pub(super) const SLOW_MARK: i32 = 79;
pub(super) const LAST_EXCHANGE: i32 = 84;
pub(super) const AVERAGE_OPTION_VOLUME: i32 = 87;
pub(super) const SHORTABLE_SHARES: i32 = 89;
