//! Realised and implied volatility of a stock by day.

use alphatrader_model::{Contract, Session, Symbol};

use super::{History, Show};
use crate::feed::archive::Outline;
use crate::feed::option::{compute, terms_of};

/// Returns that a realised volatility is made from.
pub const RETURNS: usize = 30;

/// Trading days in a year.
const YEAR: f64 = 252.0;

/// Annual volatility of the last [`RETURNS`] returns of `outlines` (newest first); nothing with fewer.
pub fn realised<'a>(outlines: impl Iterator<Item = &'a Outline>) -> Option<f64> {
    let closes: Vec<f64> = outlines.take(RETURNS + 1).map(|outline| outline.close.to_f64()).collect();
    if closes.len() <= RETURNS {
        return None;
    }
    let returns: Vec<f64> = closes.windows(2).map(|pair| (pair[0] / pair[1]).ln()).collect();
    let mean = returns.iter().sum::<f64>() / RETURNS as f64;
    let squares: f64 = returns.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some((squares / (RETURNS - 1) as f64 * YEAR).sqrt())
}

/// What options imply where there are none to ask: a little above what was realised.
fn implied_from(realised: f64) -> f64 {
    0.97 * realised + 0.008
}

impl History<'_> {
    /// Volatility at the beginning and the end of a session, from the outlines up to it (newest first).
    pub(super) fn volatility(
        &self,
        symbol: Symbol,
        show: Show,
        session: Session,
        outlines: &[Outline],
    ) -> Option<(f64, f64)> {
        let before = realised(outlines.iter().skip_while(|outline| outline.session.date >= session.date))?;
        let after = realised(outlines.iter().skip_while(|outline| outline.session.date > session.date));
        let after = after.unwrap_or(before);
        if show == Show::HistoricalVolatility {
            return Some((before, after));
        }
        let is_today = self.feed.archive.session().is_some_and(|today| today.date == session.date);
        let live = if is_today { self.implied_now(symbol) } else { None };
        Some((implied_from(before), live.unwrap_or_else(|| implied_from(after))))
    }

    /// Realised volatility up to yesterday, and what the chain implies now.
    pub fn volatility_now(&self, symbol: Symbol) -> (Option<f64>, Option<f64>) {
        let outlines: Vec<Outline> = self.outlines(symbol).take(RETURNS + 1).collect();
        let realised = realised(outlines.iter());
        (realised, self.implied_now(symbol).or_else(|| realised.map(implied_from)))
    }

    /// What the options imply whose strike is nearest the money, of the expiry nearest thirty days.
    pub fn implied_now(&self, symbol: Symbol) -> Option<f64> {
        let catalogue = &self.feed.catalogue;
        let stock = catalogue.by_contract(&Contract::Stock(symbol))?;
        let spot = self.feed.ticker(stock.instrument.id)?.mark()?.to_f64();
        let today = self.calendar.date_of(self.now);
        let options = catalogue.options_on(symbol);
        let ranked = options.filter_map(|listing| {
            let option = listing.instrument.contract.option()?;
            let days = today.until(option.expiry).ok()?.get_days();
            let middle = self.feed.ticker(listing.instrument.id)?.mid()?;
            let far = (option.strike.to_f64() - spot).abs();
            Some(((days - 30).abs(), (far * 100.0) as i64, middle, listing))
        });
        let (_, _, middle, listing) = ranked.min_by_key(|(days, far, ..)| (*days, *far))?;
        let terms = terms_of(&listing.instrument, spot, self.now, self.rates)?;
        compute(&terms, middle).map(|computed| computed.volatility)
    }
}
