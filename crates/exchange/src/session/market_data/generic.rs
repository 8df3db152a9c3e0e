//! Generic ticks: what a client asks for beside quote and last trade.

use alphatrader_model::{Contract, Quantity, Right, Span, Timestamp};

use super::teller::Teller;
use super::{MarketStream, number};
use crate::desk::Desk;
use crate::feed::catalogue::Listing;
use crate::feed::past::habit;
use crate::feed::ticker::Ticker;
use crate::session::news;

/// Generic ticks that a client may ask for; those the market has no data for are taken and stay silent,
/// as at the broker (auctions outside their time, funds' net asset values, bonds, futures).
const KNOWN: &[i32] = &[
    100, 101, 104, 105, 106, 125, 162, 165, 220, 221, 225, 232, 233, 236, 256, 258, 291, 292, 293, 294, 295,
    318, 370, 375, 381, 384, 387, 388, 391, 405, 407, 411, 428, 439, 456, 459, 460, 499, 506, 511, 512, 513,
    515, 576, 577, 578, 586, 587, 588, 595, 614, 619, 623, 645, 677, 678, 699,
];

/// Most generic ticks in one request.
const MAX_CODES: usize = 64;

/// The sums over a chain are made this often.
const SUMS: Span = Span::from_seconds(5);

/// Headlines are looked for this often.
const NEWS: Span = Span::from_seconds(2);

/// Values that change slowly are looked at this often.
const SLOW: Span = Span::from_minutes(1);

/// Sessions of 13, 26 and 52 weeks, and of the mean volume.
const WEEKS: [usize; 3] = [63, 126, 252];
const VOLUME_SESSIONS: usize = 90;

/// What a client asked for beside quote and last trade.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Generic {
    pub(super) codes: Vec<i32>,
    /// Providers of news; empty means all.
    providers: Vec<String>,
    /// Quote and last trade are not wanted.
    pub(super) off: bool,
}

/// What was told of them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct GenericTold {
    mark: Option<alphatrader_model::Price>,
    /// Call and put open interest, call and put volume.
    sums: [Option<u64>; 4],
    sums_due: Option<Timestamp>,
    slow_due: Option<Timestamp>,
    news_due: Option<Timestamp>,
    once: bool,
    news: Option<Timestamp>,
}

/// Reads `100,101,233,292:BRFG+DJNL`; what stands after a colon is an option of that tick.
pub(super) fn read(list: &str) -> Result<Generic, String> {
    let mut generic = Generic::default();
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()).take(MAX_CODES) {
        let (number, options) = part.split_once(':').unwrap_or((part, ""));
        if number == "mdoff" {
            generic.off = true;
            continue;
        }
        let number: i32 = number.parse().map_err(|_| part.to_owned())?;
        if !KNOWN.contains(&number) {
            return Err(part.to_owned());
        }
        if number == 292 {
            let providers = options.split('+').filter(|code| !code.is_empty());
            generic.providers.extend(providers.map(str::to_owned));
        }
        generic.codes.push(number);
    }
    Ok(generic)
}

impl Generic {
    pub(super) fn wants(&self, codes: &[i32]) -> bool {
        self.codes.iter().any(|code| codes.contains(code))
    }
}

impl MarketStream {
    /// Tells what changed of the generic ticks.
    pub(super) fn tell_generic(
        &mut self,
        listing: &Listing,
        ticker: &Ticker,
        now: Timestamp,
        desk: &Desk,
        teller: &mut Teller<'_>,
    ) {
        if self.generic.codes.is_empty() {
            return;
        }
        self.tell_mark(ticker, teller);
        self.tell_sums(listing, ticker, desk, teller);
        self.tell_news(listing, now, desk, teller);
        if self.told.generic.slow_due.is_some_and(|due| now < due) {
            return;
        }
        self.told.generic.slow_due = Some(now + SLOW);
        self.tell_rates(listing, now, desk, teller);
        self.tell_volatility(listing, desk, teller);
        if !self.told.generic.once {
            self.told.generic.once = true;
            self.tell_statistics(listing, ticker, desk, teller);
        }
    }

    fn tell_mark(&mut self, ticker: &Ticker, teller: &mut Teller<'_>) {
        let told = &mut self.told.generic.mark;
        if !self.generic.wants(&[220, 221, 232, 619]) || ticker.mark() == *told {
            return;
        }
        let Some(mark) = ticker.mark() else { return };
        *told = Some(mark);
        if self.generic.wants(&[220, 221, 232]) {
            teller.price(number::MARK, mark, None);
        }
        if self.generic.wants(&[619]) {
            teller.price(number::SLOW_MARK, mark, None);
        }
    }

    fn tell_sums(&mut self, listing: &Listing, ticker: &Ticker, desk: &Desk, teller: &mut Teller<'_>) {
        let now = desk.now();
        if !self.generic.wants(&[100, 101]) || self.told.generic.sums_due.is_some_and(|due| now < due) {
            return;
        }
        if listing.instrument.contract.option().is_none() {
            self.told.generic.sums_due = Some(now + SUMS);
        }
        let wanted = [
            (101, number::CALL_OPEN_INTEREST),
            (101, number::PUT_OPEN_INTEREST),
            (100, number::CALL_VOLUME),
            (100, number::PUT_VOLUME),
        ];
        let sums = option_sums(listing, ticker, desk);
        for (((code, tick), now), told) in wanted.into_iter().zip(sums).zip(&mut self.told.generic.sums) {
            if self.generic.wants(&[code]) && now != *told {
                if let Some(now) = now {
                    teller.size(tick, Quantity::new(now));
                }
                *told = now;
            }
        }
    }

    fn tell_news(&mut self, listing: &Listing, now: Timestamp, desk: &Desk, teller: &mut Teller<'_>) {
        if !self.generic.wants(&[292]) || self.told.generic.news_due.is_some_and(|due| now < due) {
            return;
        }
        self.told.generic.news_due = Some(now + NEWS);
        // Who begins to listen hears what was said today.
        let since = self.told.generic.news.unwrap_or(Timestamp::from_nanos(i64::MIN));
        self.told.generic.news = Some(now);
        let about = Some(listing.instrument.underlying);
        news::ticks(teller.id, about, &self.generic.providers, (since, now), desk, teller.out);
    }

    fn tell_rates(&self, listing: &Listing, now: Timestamp, desk: &Desk, teller: &mut Teller<'_>) {
        if !self.generic.wants(&[294, 295, 595]) {
            return;
        }
        let Some(session) = desk.session() else { return };
        let Some(series) = desk.feed().archive.day(listing.instrument.id, session.date) else { return };
        let since = |minutes| series.traded_since(now - Span::from_minutes(minutes), session);
        let (volume, count) = since(1);
        if self.generic.wants(&[294]) {
            teller.generic(number::TRADE_RATE, count as f64);
        }
        if self.generic.wants(&[295]) {
            teller.generic(number::VOLUME_RATE, volume as f64);
        }
        if self.generic.wants(&[595]) {
            for (tick, minutes) in (number::VOLUME_3_MINUTES..).zip([3, 5, 10]) {
                teller.size(tick, Quantity::new(since(minutes).0));
            }
        }
    }

    fn tell_volatility(&self, listing: &Listing, desk: &Desk, teller: &mut Teller<'_>) {
        if listing.instrument.contract.option().is_some() || !self.generic.wants(&[104, 106]) {
            return;
        }
        let (realised, implied) = desk.history().volatility_now(listing.instrument.underlying);
        let wanted =
            [(104, number::HISTORICAL_VOLATILITY, realised), (106, number::IMPLIED_VOLATILITY, implied)];
        for (code, tick, value) in wanted {
            if let Some(value) = value.filter(|_| self.generic.wants(&[code])) {
                teller.generic(tick, value);
            }
        }
    }

    /// What does not change in a day.
    fn tell_statistics(&self, listing: &Listing, ticker: &Ticker, desk: &Desk, teller: &mut Teller<'_>) {
        if let Some(last) = ticker.last.filter(|_| self.generic.wants(&[318])) {
            teller.price(number::LAST_REGULAR_TRADE, last.price, None);
        }
        let Contract::Stock(symbol) = listing.instrument.contract else { return };
        if self.generic.wants(&[165]) {
            let days: Vec<_> = desk.history().outlines(symbol).take(WEEKS[2]).collect();
            for (tick, sessions) in (number::LOW_13_WEEKS..).step_by(2).zip(WEEKS) {
                let days = &days[..days.len().min(sessions)];
                let low = days.iter().map(|day| day.low).min();
                let high = days.iter().map(|day| day.high).max();
                if let (Some(low), Some(high)) = (low, high) {
                    teller.price(tick, low, None);
                    teller.price(tick + 1, high, None);
                }
            }
            let days = &days[..days.len().min(VOLUME_SESSIONS)];
            let sum: u64 = days.iter().map(|day| day.volume).sum();
            let mean = sum / days.len().max(1) as u64;
            teller.size(number::AVERAGE_VOLUME, Quantity::new(mean));
        }
        if self.generic.wants(&[105]) {
            let [.., calls, puts] = option_sums(listing, ticker, desk);
            let volume = calls.unwrap_or(0) + puts.unwrap_or(0);
            teller.size(number::AVERAGE_OPTION_VOLUME, Quantity::new(volume));
        }
        if self.generic.wants(&[236]) {
            // Above 2.5 at least a thousand shares can be borrowed.
            teller.generic(number::SHORTABLE, 3.0);
            teller.size(number::SHORTABLE_SHARES, Quantity::new(habit(symbol).volume as u64 / 10));
        }
        if self.generic.wants(&[456]) {
            // Past and coming twelve months, next date and amount: the market pays none.
            teller.text(number::DIVIDENDS, ",,,".to_owned());
        }
    }
}

/// Call and put open interest, call and put volume: an option's own, or the whole chain's of a stock.
fn option_sums(listing: &Listing, ticker: &Ticker, desk: &Desk) -> [Option<u64>; 4] {
    let mut sums = [None; 4];
    let mut add = |right: Right, ticker: &Ticker| {
        let side = usize::from(right == Right::Put);
        if let Some(open) = ticker.open_interest {
            *sums[side].get_or_insert(0) += u64::from(open);
        }
        *sums[2 + side].get_or_insert(0) += ticker.volume;
    };
    if let Contract::Option(option) = listing.instrument.contract {
        add(option.right, ticker);
        return sums;
    }
    for other in desk.feed().catalogue.options_on(listing.instrument.underlying) {
        if let Contract::Option(option) = other.instrument.contract
            && let Some(ticker) = desk.feed().ticker(other.instrument.id)
        {
            add(option.right, ticker);
        }
    }
    sums
}

/// `price;size;time in milliseconds;volume;vwap;one market maker`.
pub(super) fn rt_volume(ticker: &Ticker, last: &crate::feed::ticker::Last) -> String {
    let vwap = ticker.vwap().unwrap_or(0.0);
    format!("{};{};{};{};{vwap:.8};true", last.price, last.size, last.time.millis(), ticker.volume)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_ticks_are_known_or_refused() {
        let codes = |list| read(list).map(|generic| generic.codes);
        assert_eq!(codes("100, 101,233"), Ok(vec![100, 101, 233]));
        assert_eq!(codes(""), Ok(Vec::new()));
        assert_eq!(codes("233,9"), Err("9".to_owned()));
        assert!(codes("x").is_err());
        let news = read("mdoff,292:BRFG+DJNL").unwrap();
        assert!(news.off);
        assert_eq!(news.providers, ["BRFG", "DJNL"]);
    }
}
