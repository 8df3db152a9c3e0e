//! A day of one contract in its finest parts.

use alphatrader_model::{Contract, Price, Session, Span, Timestamp};

use super::{History, Show};
use crate::feed::archive::Outline;
use crate::feed::archive::series::{Course, Series, dollars};
use crate::feed::catalogue::Listing;
use crate::feed::past::{self, Stretch};

/// A part of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// When it begins.
    pub begin: Timestamp,
    /// First value, dollars (or volatility).
    pub open: f64,
    /// Highest value.
    pub high: f64,
    /// Lowest value.
    pub low: f64,
    /// Last value.
    pub close: f64,
    /// Shares or contracts; zero for quotes.
    pub volume: u64,
    /// Sum of price times size, dollars.
    pub notional: f64,
    /// Prints; zero for quotes.
    pub count: u64,
}

impl Piece {
    /// Nothing but a value.
    pub fn flat(begin: Timestamp, value: f64) -> Self {
        Self { begin, open: value, high: value, low: value, close: value, volume: 0, notional: 0.0, count: 0 }
    }
}

/// Why a day can't be told so finely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFine {
    /// The finest length that is kept.
    pub kept: Span,
}

impl History<'_> {
    /// A session of a contract in parts no longer than `finest`, oldest first. Empty when nothing is
    /// known of it.
    ///
    /// # Errors
    /// [`TooFine`].
    pub(super) fn pieces(
        &self,
        listing: &Listing,
        show: Show,
        session: Session,
        finest: Span,
        outline: Option<&Outline>,
    ) -> Result<Vec<Piece>, TooFine> {
        let id = listing.instrument.id;
        if let Some(series) = self.feed.archive.day(id, session.date) {
            let pieces = of_series(series, show, session, finest.max(self.finest_kept(series, session)))?;
            let fine = series.is_option() || finest >= series.base();
            return Ok(if fine { pieces } else { self.refine(&pieces, listing) });
        }
        match listing.instrument.contract {
            Contract::Stock(symbol) => {
                let Some(outline) = outline else { return Ok(Vec::new()) };
                let tick = listing.instrument.tick;
                let minutes = self.minutes(symbol, outline);
                let begin = |minute: usize| session.open + Span::from_minutes(minute as i64);
                let piece = |(at, stretch): (Timestamp, Stretch)| of_stretch(at, &stretch, show, tick);
                if finest >= Span::MINUTE {
                    let minutes = minutes.into_iter().enumerate();
                    return Ok(minutes.map(|(place, minute)| piece((begin(place), minute))).collect());
                }
                let seconds = minutes.iter().enumerate().flat_map(|(place, minute)| {
                    let at = begin(place);
                    let seconds = past::seconds(minute, at, self.seed, symbol);
                    (0..).map(move |second| at + Span::from_seconds(second)).zip(seconds)
                });
                Ok(seconds.map(piece).collect())
            }
            Contract::Option(_) => self.option_pieces(listing, show, session, finest, outline),
        }
    }
}

impl History<'_> {
    /// Of a stock's past day minutes are kept; seconds are made to fit them.
    fn finest_kept(&self, series: &Series, session: Session) -> Span {
        let is_today = self.feed.archive.session().is_some_and(|today| today.date == session.date);
        if series.is_option() || is_today { Span::SECOND } else { series.base() }
    }

    fn refine(&self, minutes: &[Piece], listing: &Listing) -> Vec<Piece> {
        let cents = |dollars: f64| (dollars * 100.0).round() as i64;
        let mut pieces = Vec::with_capacity(minutes.len() * 60);
        for minute in minutes {
            let stretch = Stretch {
                open: cents(minute.open),
                high: cents(minute.high),
                low: cents(minute.low),
                close: cents(minute.close),
                volume: minute.volume,
            };
            let seconds = past::seconds(&stretch, minute.begin, self.seed, listing.instrument.underlying);
            pieces.extend((0..).zip(seconds).map(|(second, stretch)| {
                let at = minute.begin + Span::from_seconds(second);
                let piece = of_stretch(at, &stretch, Show::Trades, listing.instrument.tick);
                if minute.count == 0 { Piece { volume: 0, notional: 0.0, count: 0, ..piece } } else { piece }
            }));
        }
        pieces
    }
}

/// What the archive holds of a day.
fn of_series(series: &Series, show: Show, session: Session, finest: Span) -> Result<Vec<Piece>, TooFine> {
    let begin = |place: u32| session.open + Span::from_nanos(series.base().nanos() * i64::from(place));
    if show == Show::Trades && finest < series.base() {
        return of_prints(series, session);
    }
    if finest < series.base() {
        return Err(TooFine { kept: series.base() });
    }
    let piece = |place: u32, course: &Course| Piece {
        open: dollars(course.open),
        high: dollars(course.high),
        low: dollars(course.low),
        ..Piece::flat(begin(place), dollars(course.close))
    };
    Ok(match show {
        Show::Trades => series
            .trades()
            .iter()
            .map(|slot| Piece {
                volume: slot.volume,
                notional: slot.notional as f64 / Price::SCALE as f64,
                count: u64::from(slot.count),
                ..piece(slot.place, &slot.course)
            })
            .collect(),
        Show::Bid => series.quotes().iter().map(|slot| piece(slot.place, &slot.bid)).collect(),
        Show::Ask => series.quotes().iter().map(|slot| piece(slot.place, &slot.ask)).collect(),
        Show::MidPoint => {
            let slots = series.quotes().iter().zip(series.middles());
            slots.map(|(slot, course)| piece(slot.place, course)).collect()
        }
        Show::BidAsk => series
            .quotes()
            .iter()
            .map(|slot| Piece {
                open: dollars(slot.bid.close),
                high: dollars(slot.ask.high),
                low: dollars(slot.bid.low),
                ..Piece::flat(begin(slot.place), dollars(slot.ask.close))
            })
            .collect(),
        Show::HistoricalVolatility | Show::ImpliedVolatility => Vec::new(),
    })
}

/// Single prints, where all of the day are held.
fn of_prints(series: &Series, session: Session) -> Result<Vec<Piece>, TooFine> {
    let (prints, from) = series.prints();
    if from.is_some_and(|from| from > session.open) {
        return Err(TooFine { kept: series.base() });
    }
    let counts = |flags: alphatrader_model::market::TradeFlags| {
        !flags.contains(alphatrader_model::market::TradeFlags::NOT_LAST)
    };
    let piece = |print: &crate::feed::archive::series::Print| {
        let price = print.price.to_f64();
        Piece {
            volume: print.size,
            notional: price * print.size as f64,
            count: 1,
            ..Piece::flat(print.at, price)
        }
    };
    Ok(prints.iter().filter(|print| counts(print.flags)).map(piece).collect())
}

/// A stretch of a made day as prints or quotes: the bid is a tick below the prints, the offer at them.
pub(super) fn of_stretch(begin: Timestamp, stretch: &Stretch, show: Show, tick: Price) -> Piece {
    let below = match show {
        Show::Bid => tick.to_f64(),
        Show::MidPoint => tick.to_f64() / 2.0,
        _ => 0.0,
    };
    let price = |cents: i64| cents as f64 / 100.0 - below;
    let mut piece = Piece {
        begin,
        open: price(stretch.open),
        high: price(stretch.high),
        low: price(stretch.low),
        close: price(stretch.close),
        volume: 0,
        notional: 0.0,
        count: 0,
    };
    match show {
        Show::Trades => {
            let typical = (piece.open + piece.high + piece.low + piece.close) / 4.0;
            piece.volume = stretch.volume;
            piece.notional = typical * stretch.volume as f64;
            piece.count = stretch.volume.div_ceil(300);
        }
        Show::BidAsk => {
            piece.open = piece.close - tick.to_f64();
            piece.low -= tick.to_f64();
        }
        _ => {}
    }
    piece
}
