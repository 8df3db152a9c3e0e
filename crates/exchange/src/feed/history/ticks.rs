//! Single prints, quotes and midpoints of the past.

use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::{Contract, Price, Quantity, Session, Span, Timestamp};

use super::pieces::Piece;
use super::{History, Show};
use crate::feed::archive::Outline;
use crate::feed::archive::series::{Print, QuoteSlot, Series, Told};
use crate::feed::catalogue::Listing;

/// Most ticks of one answer, as at the broker.
pub const MAX_TICKS: usize = 1_000;

/// Sessions looked through for ticks.
const SESSIONS: usize = 5;

/// One tick of the past.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tick {
    /// A print.
    Trade(Print),
    /// A quote.
    Quote(Told),
}

impl Tick {
    /// When.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Trade(print) => print.at,
            Self::Quote(told) => told.at,
        }
    }
}

/// From when on, or up to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The first ticks at or after this.
    From(Timestamp),
    /// The last ticks before this.
    Until(Timestamp),
}

impl History<'_> {
    /// At most `count` ticks, oldest first: prints for [`Show::Trades`], else quotes whose prices (or,
    /// with `sizes`, sizes) changed.
    pub fn ticks(&self, listing: &Listing, show: Show, reach: Reach, count: usize, sizes: bool) -> Vec<Tick> {
        let count = count.min(MAX_TICKS);
        let mut ticks: Vec<Tick> = Vec::new();
        match reach {
            Reach::From(from) => {
                let mut day = self.calendar.date_of(from).yesterday().unwrap_or_default();
                for _ in 0..SESSIONS {
                    let session = self.calendar.next_session(day);
                    day = session.date;
                    if session.open >= self.now || ticks.len() >= count {
                        break;
                    }
                    ticks.extend(self.ticks_of_day(listing, show, session, from, self.now, sizes));
                }
                ticks.truncate(count);
            }
            Reach::Until(until) => {
                let until = until.min(self.now);
                let beginning = Timestamp::from_nanos(i64::MIN);
                for session in self.sessions_before(until).take(SESSIONS) {
                    let mut earlier = self.ticks_of_day(listing, show, session, beginning, until, sizes);
                    earlier.append(&mut ticks);
                    ticks = earlier;
                    if ticks.len() >= count {
                        break;
                    }
                }
                ticks.drain(..ticks.len().saturating_sub(count));
            }
        }
        ticks
    }

    fn ticks_of_day(
        &self,
        listing: &Listing,
        show: Show,
        session: Session,
        from: Timestamp,
        to: Timestamp,
        sizes: bool,
    ) -> Vec<Tick> {
        let series = self.feed.archive.day(listing.instrument.id, session.date);
        let held = match show {
            Show::Trades => series.map(|series| prints(series, session, from, to)),
            _ => series.map(|series| quotes(series, session, from, to, sizes)),
        };
        held.unwrap_or_else(|| self.made(listing, show, session, from, to))
    }

    /// Ticks of a day before the first: one a second, of options one a minute.
    fn made(
        &self,
        listing: &Listing,
        show: Show,
        session: Session,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Tick> {
        if session.date < self.head(listing).date {
            return Vec::new();
        }
        let symbol = listing.instrument.underlying;
        let outline: Option<Outline> = self
            .outlines(symbol)
            .take_while(|outline| outline.session.date >= session.date)
            .find(|outline| outline.session.date == session.date);
        let option = matches!(listing.instrument.contract, Contract::Option(_));
        let finest = if option { Span::MINUTE } else { Span::SECOND };
        let show = if show == Show::Trades { Show::Trades } else { Show::BidAsk };
        let pieces = self.pieces(listing, show, session, finest, outline.as_ref()).unwrap_or_default();
        let inside = |piece: &&Piece| piece.begin >= from && piece.begin < to;
        let tick = |piece: &Piece| {
            let price = |dollars: f64| Price::from_f64(dollars).unwrap_or(Price::CENT);
            if show == Show::Trades {
                return (piece.volume > 0).then_some(Tick::Trade(Print {
                    at: piece.begin,
                    price: price(piece.close),
                    size: piece.volume,
                    venue: None,
                    flags: TradeFlags::NONE,
                }));
            }
            let level = |dollars| Some(Level { price: price(dollars), size: Quantity::new(100) });
            Some(Tick::Quote(Told { at: piece.begin, bid: level(piece.open), ask: level(piece.close) }))
        };
        pieces.iter().filter(inside).filter_map(tick).collect()
    }
}

/// Prints that are held; before them one for each slot.
fn prints(series: &Series, session: Session, from: Timestamp, to: Timestamp) -> Vec<Tick> {
    let (held, held_from) = series.prints();
    let held_from = held_from.unwrap_or(session.open);
    let begin = |place: u32| session.open + Span::from_nanos(series.base().nanos() * i64::from(place));
    let slots = series.trades().iter().map(|slot| Print {
        at: begin(slot.place),
        price: Price::from_raw(slot.course.close / 2),
        size: slot.volume,
        venue: None,
        flags: TradeFlags::NONE,
    });
    let end = held_from.min(to);
    let slots = slots.filter(|print| print.at >= from && print.at < end);
    let first = held.partition_point(|print| print.at < from.max(held_from));
    let single = held.range(first..).take_while(|print| print.at < to).copied();
    slots.chain(single).map(Tick::Trade).collect()
}

/// Quotes that are held; before them one for each slot.
fn quotes(series: &Series, session: Session, from: Timestamp, to: Timestamp, sizes: bool) -> Vec<Tick> {
    let (held, held_from) = series.told();
    let held_from = held_from.unwrap_or(session.open);
    let begin = |place: u32| session.open + Span::from_nanos(series.base().nanos() * i64::from(place));
    let level = |halves: i64| {
        (halves > 0).then(|| Level { price: Price::from_raw(halves / 2), size: Quantity::new(100) })
    };
    let told = |slot: &QuoteSlot| Told {
        at: begin(slot.place),
        bid: level(slot.bid.close),
        ask: level(slot.ask.close),
    };
    let end = held_from.min(to);
    let slots = series.quotes().iter().map(told).filter(|told| told.at >= from && told.at < end);
    let first = held.partition_point(|told| told.at < from.max(held_from));
    let single = held.range(first..).take_while(|told| told.at < to).copied();
    let price = |level: Option<Level>| level.map(|level| level.price);
    let mut last: Option<Told> = None;
    let news = |told: &Told| {
        let same = last.is_some_and(|last| {
            price(last.bid) == price(told.bid)
                && price(last.ask) == price(told.ask)
                && (!sizes || (last.bid == told.bid && last.ask == told.ask))
        });
        last = Some(*told);
        !same
    };
    slots.chain(single).filter(news).map(Tick::Quote).collect()
}
