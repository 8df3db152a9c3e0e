//! One row: what its fields say, and the rules it has to pass.

use alphatrader_model::calendar::expiry;
use alphatrader_model::chain::VendorGreeks;
use alphatrader_model::{ChainEntry, OptionContract, Price, Right, Symbol, Timestamp};
use jiff::civil::Date;
use serde::Deserialize;

use super::rejections::{Rejections, Rule};
use super::{Asked, PayloadRule};
use crate::number::{Field, NotANumber};
use crate::request::Function;

/// The fields of a row as they came.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Row<'a> {
    #[serde(borrow, default, rename = "contractID")]
    pub(crate) contract_id: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) symbol: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) expiration: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) strike: Field<'a>,
    #[serde(borrow, default, rename = "type")]
    pub(crate) right: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) last: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) bid: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) bid_size: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) ask: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) ask_size: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) volume: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) open_interest: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) date: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) implied_volatility: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) delta: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) gamma: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) theta: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) vega: Field<'a>,
    #[serde(borrow, default)]
    pub(crate) rho: Field<'a>,
}

impl<'a> Row<'a> {
    /// The field of a column, by the name in the header.
    pub(crate) fn column(name: &str) -> Option<Column<'a>> {
        Some(match name {
            "contractID" => |row| &mut row.contract_id,
            "symbol" => |row| &mut row.symbol,
            "expiration" => |row| &mut row.expiration,
            "strike" => |row| &mut row.strike,
            "type" => |row| &mut row.right,
            "last" => |row| &mut row.last,
            "bid" => |row| &mut row.bid,
            "bid_size" => |row| &mut row.bid_size,
            "ask" => |row| &mut row.ask,
            "ask_size" => |row| &mut row.ask_size,
            "volume" => |row| &mut row.volume,
            "open_interest" => |row| &mut row.open_interest,
            "date" => |row| &mut row.date,
            "implied_volatility" => |row| &mut row.implied_volatility,
            "delta" => |row| &mut row.delta,
            "gamma" => |row| &mut row.gamma,
            "theta" => |row| &mut row.theta,
            "vega" => |row| &mut row.vega,
            "rho" => |row| &mut row.rho,
            _ => return None,
        })
    }
}

/// Where a column's cells go.
pub(crate) type Column<'a> = for<'r> fn(&'r mut Row<'a>) -> &'r mut Field<'a>;

/// What became of a row.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every row is kept: a box would be an allocation a row")]
pub(crate) enum Judged {
    /// It may stay, without what was wrong in it.
    Keep {
        /// What is left.
        entry: ChainEntry,
        /// Its date is not the session's.
        stale_date: bool,
    },
    /// It goes; counted.
    Drop,
    /// The whole payload goes.
    Payload(PayloadRule),
}

/// Days that an option may live: three and a half years.
const FURTHEST_DAYS: i64 = 1_278;
/// What a Greek may be beyond its range.
const TOLERANCE: f64 = 1e-6;

/// The rules, with what they need to know.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    asked: &'a Asked<'a>,
    today: Date,
    furthest: Date,
    /// Today's last options have stopped.
    stopped: bool,
    /// The date that rows should have; absent outside session hours and for past sessions.
    session: Option<Date>,
    is_historical: bool,
    /// Rows of one expiry stand together: its date and settlement are looked up once.
    expiry: Option<(Symbol, Date, Timestamp)>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(asked: &'a Asked<'a>) -> Self {
        let calendar = asked.calendar;
        let today = calendar.date_of(asked.received);
        let session = calendar.session(today);
        let quarter = alphatrader_model::Span::from_minutes(15);
        let ends = session.map(|session| session.close + quarter);
        let is_historical = asked.function == Function::HistoricalOptions;
        let in_session =
            session.zip(ends).is_some_and(|(s, end)| s.open <= asked.received && asked.received < end);
        Self {
            asked,
            today,
            furthest: today.checked_add(jiff::Span::new().days(FURTHEST_DAYS)).unwrap_or(Date::MAX),
            stopped: ends.is_some_and(|end| asked.received >= end),
            session: (in_session && !is_historical).then_some(today),
            is_historical,
            expiry: None,
        }
    }

    pub(crate) fn judge(&mut self, row: &Row<'_>, counts: &mut Rejections) -> Judged {
        let name = row.contract_id.as_str().unwrap_or("");
        if name.starts_with("XXYYZZ") {
            return Judged::Payload(PayloadRule::Sample);
        }
        if row.symbol.as_str().is_some_and(|symbol| symbol != self.asked.symbol.as_str()) {
            return Judged::Payload(PayloadRule::OtherSymbol);
        }
        let (Ok(expiration), Ok(date)) = (day(&row.expiration), day(&row.date)) else {
            return Judged::Payload(PayloadRule::NoDate);
        };
        let contract = match self.contract(row, name, expiration) {
            Ok(contract) => contract,
            Err(rule) => {
                counts.note(rule);
                return Judged::Drop;
            }
        };
        let stale_date = matches!((date, self.session), (Some(date), Some(session)) if date != session);
        if stale_date {
            counts.note(Rule::StaleDate);
        }
        match self.entry(row, contract, counts) {
            Ok(entry) => Judged::Keep { entry, stale_date },
            Err(rule) => {
                counts.note(rule);
                Judged::Drop
            }
        }
    }

    /// The contract, where its name and the fields agree and it may still be traded.
    fn contract(&self, row: &Row<'_>, name: &str, expiration: Option<Date>) -> Result<OptionContract, Rule> {
        let strike = row.strike.price().map_err(|NotANumber| Rule::Strike)?;
        if strike.is_some_and(|strike| strike <= Price::ZERO) {
            return Err(Rule::Strike);
        }
        let contract: OptionContract = name.parse().map_err(|_| Rule::NoContract)?;
        let right = match row.right.as_str() {
            None => None,
            Some(text) if text.eq_ignore_ascii_case("call") => Some(Right::Call),
            Some(text) if text.eq_ignore_ascii_case("put") => Some(Right::Put),
            Some(_) => return Err(Rule::Disagrees),
        };
        let agrees = expiration.is_none_or(|date| date == contract.expiry)
            && strike.is_none_or(|strike| strike == contract.strike)
            && right.is_none_or(|right| right == contract.right)
            && is_root_of(contract.root, self.asked.symbol);
        if !agrees {
            return Err(Rule::Disagrees);
        }
        if self.is_historical {
            return Ok(contract);
        }
        let expiry = contract.expiry;
        if expiry < self.today {
            Err(Rule::Expired)
        } else if expiry == self.today && self.stopped {
            Err(Rule::ExpiredToday)
        } else if expiry > self.furthest {
            Err(Rule::TooFar)
        } else if self.asked.expiration.is_some_and(|asked| asked != expiry) {
            Err(Rule::OtherExpiry)
        } else {
            Ok(contract)
        }
    }

    fn entry(
        &mut self,
        row: &Row<'_>,
        contract: OptionContract,
        counts: &mut Rejections,
    ) -> Result<ChainEntry, Rule> {
        let (bid, ask) = (price(&row.bid, "bid", counts)?, price(&row.ask, "ask", counts)?);
        let last = price(&row.last, "last", counts)?;
        let mut entry = ChainEntry {
            contract,
            // An adjusted contract (its root ends in a digit) delivers something else than 100 shares.
            multiplier: (!contract.root.as_str().ends_with(|c: char| c.is_ascii_digit())).then_some(100),
            exercise: expiry::exercise(contract.root),
            settles: self.settles(&contract),
            bid: None,
            ask: None,
            bid_size: count(&row.bid_size)?,
            ask_size: count(&row.ask_size)?,
            last: last.filter(|last| *last > Price::ZERO),
            volume: count(&row.volume)?,
            open_interest: count(&row.open_interest)?,
            implied_volatility: None,
            greeks: VendorGreeks::default(),
            quoted_at: None,
        };
        match (bid, ask) {
            (_, None | Some(Price::ZERO)) => counts.note(Rule::NoQuote),
            (Some(bid), Some(ask)) if bid > ask => counts.note(Rule::Crossed),
            (bid, ask) => {
                entry.bid = bid.filter(|bid| *bid > Price::ZERO);
                entry.ask = ask;
            }
        }
        greeks(row, &mut entry, counts);
        self.against_spot(&mut entry, counts);
        Ok(entry)
    }

    /// The checks that need the price of the underlying.
    fn against_spot(&self, entry: &mut ChainEntry, counts: &mut Rejections) {
        let (Some(spot), Some(mid)) = (self.asked.spot, entry.mid()) else { return };
        let strike = entry.contract.strike.to_f64();
        let (pays, paid_least) = match entry.contract.right {
            Right::Call => (spot.price.to_f64() - strike, spot.low.to_f64() - strike),
            Right::Put => (strike - spot.price.to_f64(), strike - spot.high.to_f64()),
        };
        let (intrinsic, least) = (pays.max(0.0), paid_least.max(0.0));
        let spread = entry.ask.zip(entry.bid).map_or(0.0, |(ask, bid)| ask.to_f64() - bid.to_f64());
        if mid < least - spread.max(0.05) {
            counts.note(Rule::BelowIntrinsic);
        }
        let deep = entry.greeks.delta.is_some_and(|delta| delta.abs() > 0.95);
        if deep && mid - intrinsic < spread / 2.0 {
            counts.note(Rule::Noise);
            entry.implied_volatility = None;
            let delta = if entry.contract.right == Right::Call { 1.0 } else { -1.0 };
            entry.greeks = VendorGreeks { delta: Some(delta), gamma: Some(0.0), ..VendorGreeks::default() };
        }
    }

    /// The instant that settles it.
    fn settles(&mut self, contract: &OptionContract) -> Timestamp {
        match self.expiry {
            Some((root, date, settles)) if (root, date) == (contract.root, contract.expiry) => settles,
            _ => {
                let settles = self.asked.calendar.settlement(contract.root, contract.expiry);
                self.expiry = Some((contract.root, contract.expiry, settles));
                settles
            }
        }
    }
}

/// Whether options of a root are on a symbol: the symbol without its dot, a weekly root of an index, or a root with a
/// digit behind it, for adjusted contracts.
fn is_root_of(root: Symbol, symbol: Symbol) -> bool {
    if root == symbol || expiry::underlying(root) == expiry::underlying(symbol) {
        return true;
    }
    let mut rest = root.as_str().bytes();
    let begins = symbol.as_str().bytes().filter(u8::is_ascii_alphanumeric).all(|b| rest.next() == Some(b));
    match (rest.next(), rest.next()) {
        (None, _) => begins,
        (Some(digit), None) => begins && digit.is_ascii_digit(),
        _ => false,
    }
}

/// A price that is not negative. One that is no number is absent, and counted.
fn price(field: &Field<'_>, name: &'static str, counts: &mut Rejections) -> Result<Option<Price>, Rule> {
    match field.price() {
        Ok(Some(price)) if price < Price::ZERO => Err(Rule::Negative),
        Ok(price) => Ok(price),
        Err(NotANumber) => {
            counts.field(name);
            Ok(None)
        }
    }
}

fn count(field: &Field<'_>) -> Result<Option<u32>, Rule> {
    match field.whole() {
        Ok(None) => Ok(None),
        Ok(Some(value)) if value < 0 => Err(Rule::Negative),
        Ok(Some(value)) => u32::try_from(value).map(Some).map_err(|_| Rule::Count),
        Err(NotANumber) => Err(Rule::Count),
    }
}

fn greeks(row: &Row<'_>, entry: &mut ChainEntry, counts: &mut Rejections) {
    let volatility = match row.implied_volatility.number() {
        Ok(None) => return,
        Ok(Some(value)) if value > 0.0 && value < 5.0 => value,
        _ => {
            counts.note(Rule::NoVolatility);
            return;
        }
    };
    entry.implied_volatility = Some(volatility);
    let mut read = |field: &Field<'_>, name| {
        field.number().unwrap_or_else(|NotANumber| {
            counts.field(name);
            None
        })
    };
    let greeks = VendorGreeks {
        delta: read(&row.delta, "delta"),
        gamma: read(&row.gamma, "gamma"),
        theta: read(&row.theta, "theta"),
        vega: read(&row.vega, "vega"),
        rho: read(&row.rho, "rho"),
    };
    let sign = if entry.contract.right == Right::Call { 1.0 } else { -1.0 };
    let delta_is_right =
        greeks.delta.is_none_or(|delta| (-TOLERANCE..=1.0 + TOLERANCE).contains(&(delta * sign)));
    let not_negative = |greek: Option<f64>| greek.is_none_or(|value| value >= -TOLERANCE);
    if delta_is_right && not_negative(greeks.gamma) && not_negative(greeks.vega) {
        entry.greeks = greeks;
    } else {
        counts.note(Rule::Greeks);
    }
}

/// A date, or none where the field is empty.
fn day(field: &Field<'_>) -> Result<Option<Date>, NotANumber> {
    match field {
        Field::Absent => Ok(None),
        Field::Text(text) => crate::day::date(text)
            .map(Some)
            .ok_or(NotANumber)
            .or_else(|error| if text.trim().is_empty() { Ok(None) } else { Err(error) }),
        Field::Bare(_) | Field::Odd => Err(NotANumber),
    }
}
