//! An option's past: what the model says of its underlying's.

use alphatrader_analytics::options::{price, solve_volatility};
use alphatrader_market::random::{Random, mix};
use alphatrader_model::{Contract, Session, Span, Timestamp};

use super::pieces::{Piece, TooFine, of_stretch};
use super::{History, Show};
use crate::feed::archive::Outline;
use crate::feed::archive::series::dollars;
use crate::feed::catalogue::Listing;
use crate::feed::option::terms_of;
use crate::feed::past::Stretch;

/// Volatility of an option whose quote implies none.
const VOLATILITY: f64 = 0.16;

/// Contracts that trade on an ordinary day.
const CONTRACTS: u64 = 900;

impl History<'_> {
    /// The volatility that today's first quote implies: with it the option's past is valued.
    fn first_volatility(&self, listing: &Listing) -> f64 {
        let implied = || {
            let session = self.feed.archive.session()?;
            let series = self.feed.archive.day(listing.instrument.id, session.date)?;
            let middle = dollars(series.middles().first()?.open);
            let stock = self.feed.catalogue.by_contract(&Contract::Stock(listing.instrument.underlying))?;
            let spot = self.feed.archive.day(stock.instrument.id, session.date)?.outline(session)?.open;
            let terms = terms_of(&listing.instrument, spot.to_f64(), session.open, self.rates)?;
            solve_volatility(&terms, middle).ok()
        };
        implied().filter(|volatility| (0.02..3.0).contains(volatility)).unwrap_or(VOLATILITY)
    }

    /// What the option was worth in a past session, dollars.
    pub(super) fn option_value(&self, listing: &Listing, session: Session, at: Timestamp) -> Option<f64> {
        let outline = self.outline_of(listing, session)?;
        let terms = terms_of(&listing.instrument, outline.close.to_f64(), at, self.rates)?;
        let worth = price(&terms, self.first_volatility(listing)).ok()?;
        Some((worth * 100.0).round().max(1.0) / 100.0)
    }

    /// The underlying's outline of a past session.
    fn outline_of(&self, listing: &Listing, session: Session) -> Option<Outline> {
        self.outlines(listing.instrument.underlying)
            .take_while(|outline| outline.session.date >= session.date)
            .find(|outline| outline.session.date == session.date)
    }

    /// A past session of an option, minute by minute, from the underlying's `outline`.
    pub(super) fn option_pieces(
        &self,
        listing: &Listing,
        show: Show,
        session: Session,
        finest: Span,
        outline: Option<&Outline>,
    ) -> Result<Vec<Piece>, TooFine> {
        if finest < Span::MINUTE {
            return Err(TooFine { kept: Span::MINUTE });
        }
        let Some(outline) = outline.filter(|_| session.date >= self.head(listing).date) else {
            return Ok(Vec::new());
        };
        let underlying = listing.instrument.underlying;
        let volatility = self.first_volatility(listing);
        let seed = mix(&[self.seed, u64::from(listing.con_id.unsigned_abs())]);
        let mut random = Random::new(mix(&[seed, session.open.seconds().unsigned_abs()]));
        let minutes = self.minutes(underlying, outline);
        let shares: u64 = minutes.iter().map(|minute| minute.volume).sum();
        let mut pieces = Vec::with_capacity(minutes.len());
        let tick = listing.instrument.tick;
        for (place, minute) in (0..).zip(&minutes) {
            let begin = session.open + Span::from_minutes(place);
            let worth = |cents: i64, at: Timestamp| {
                let terms = terms_of(&listing.instrument, cents as f64 / 100.0, at, self.rates)?;
                let worth = price(&terms, volatility).ok()?;
                Some(((worth * 100.0).round() as i64).max(1))
            };
            let end = begin + Span::MINUTE;
            let (Some(open), Some(close)) = (worth(minute.open, begin), worth(minute.close, end)) else {
                continue;
            };
            let (Some(one), Some(other)) = (worth(minute.high, begin), worth(minute.low, begin)) else {
                continue;
            };
            let mean = CONTRACTS as f64 * minute.volume as f64 / shares.max(1) as f64;
            let volume = (mean * random.exponential()) as u64;
            let stretch = Stretch {
                open,
                high: open.max(close).max(one).max(other),
                low: open.min(close).min(one).min(other),
                close,
                volume,
            };
            let piece = of_stretch(begin, &stretch, show, tick);
            if show != Show::Trades || volume > 0 {
                pieces.push(piece);
            }
        }
        Ok(pieces)
    }
}
