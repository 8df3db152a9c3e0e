//! Parts of days put together to bars.

use alphatrader_model::{Contract, Session, Span, Timestamp};
use jiff::civil::Date;
use thiserror::Error;

use super::pieces::{Piece, TooFine};
use super::volatility::RETURNS;
use super::{History, Show};
use crate::feed::archive::Outline;
use crate::feed::catalogue::Listing;

/// Most bars of one answer.
pub const MAX_BARS: usize = 25_000;

/// Most sessions that are looked at minute by minute for one answer.
pub const MAX_SESSIONS: usize = 400;

/// Length of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A part of a day; begins at a multiple of it after midnight, or at the open.
    Part(Span),
    /// A session.
    Day,
    /// The sessions of a week.
    Week,
    /// The sessions of a month.
    Month,
}

/// One bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// When it begins: of a day or longer the open of its last session.
    pub begin: Timestamp,
    /// The session that it belongs to; of longer ones the last.
    pub date: Date,
    /// First value, dollars (or volatility).
    pub open: f64,
    /// Highest value.
    pub high: f64,
    /// Lowest value.
    pub low: f64,
    /// Last value.
    pub close: f64,
    /// Shares or contracts.
    pub volume: u64,
    /// Volume-weighted mean price; the close without volume.
    pub wap: f64,
    /// Prints.
    pub count: u64,
}

/// Why there are no bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoBars {
    /// Nothing is known of that time.
    #[error("HMDS query returned no data")]
    NoData,
    /// More work than one request may ask for.
    #[error("Time length exceed max.")]
    TooMany,
    /// The day was not kept so finely.
    #[error("invalid step: of that time nothing finer than {} seconds is kept", .0.millis() / 1_000)]
    TooFine(Span),
}

impl From<TooFine> for NoBars {
    fn from(TooFine { kept }: TooFine) -> Self {
        Self::TooFine(kept)
    }
}

/// What bars are asked for.
#[derive(Debug, Clone)]
pub struct Query<'q> {
    /// Of what.
    pub listing: &'q Listing,
    /// What they tell.
    pub show: Show,
    /// How long they are.
    pub size: Size,
    /// Sessions and the part of each that is wanted, newest first.
    pub stretches: Vec<(Session, Timestamp, Timestamp)>,
}

impl History<'_> {
    /// The bars, oldest first.
    ///
    /// # Errors
    /// [`NoBars`].
    pub fn bars(&self, query: &Query<'_>) -> Result<Vec<Bar>, NoBars> {
        check_work(query)?;
        let outlines = self.outlines_for(query);
        let head = self.head(query.listing).date;
        let mut bars: Vec<Bar> = Vec::new();
        for (session, from, to) in query.stretches.iter().rev() {
            if session.date < head || *from >= self.now {
                continue;
            }
            let to = (*to).min(self.now);
            let of_day = match query.size {
                Size::Part(span) => self.parts_of_day(query, *session, span, (*from, to), &outlines)?,
                _ => self.whole_day(query, *session, (*from, to), &outlines)?,
            };
            for bar in of_day {
                match bars.last_mut().filter(|last| belongs(last.date, bar.date, query.size)) {
                    Some(last) => last.go_on(&bar, query.show),
                    None => bars.push(bar),
                }
            }
        }
        if bars.is_empty() { Err(NoBars::NoData) } else { Ok(bars) }
    }

    /// Outlines of the underlying stock for the query's sessions, newest first, and of the days
    /// before them that volatility is made from.
    fn outlines_for(&self, query: &Query<'_>) -> Vec<Outline> {
        let Some((oldest, ..)) = query.stretches.last() else { return Vec::new() };
        let symbol = query.listing.instrument.underlying;
        let mut beyond = if query.show.is_volatility() { RETURNS + 1 } else { 0 };
        let today = self.outline_today(&Contract::Stock(symbol));
        let wanted = |outline: &Outline| {
            if outline.session.date >= oldest.date {
                return true;
            }
            let more = beyond > 0;
            beyond = beyond.saturating_sub(1);
            more
        };
        today.into_iter().chain(self.outlines(symbol)).take_while(wanted).collect()
    }

    fn parts_of_day(
        &self,
        query: &Query<'_>,
        session: Session,
        span: Span,
        (from, to): (Timestamp, Timestamp),
        outlines: &[Outline],
    ) -> Result<Vec<Bar>, NoBars> {
        let grid = self.grid(session, span);
        if query.show.is_volatility() {
            let symbol = query.listing.instrument.underlying;
            let Some(ends) = self.volatility(symbol, query.show, session, outlines) else {
                return Ok(Vec::new());
            };
            let begins = grid.begins(session).filter(|at| *at >= from && *at < to);
            return Ok(begins.map(|at| volatile(session, at, grid.end(at, session), ends)).collect());
        }
        let outline = find(outlines, session.date);
        let pieces = self.pieces(query.listing, query.show, session, span, outline)?;
        Ok(fold(&pieces, &grid, session, (from, to), query.show))
    }

    fn whole_day(
        &self,
        query: &Query<'_>,
        session: Session,
        (from, to): (Timestamp, Timestamp),
        outlines: &[Outline],
    ) -> Result<Vec<Bar>, NoBars> {
        if query.show.is_volatility() {
            let symbol = query.listing.instrument.underlying;
            let ends = self.volatility(symbol, query.show, session, outlines);
            return Ok(ends
                .map(|ends| volatile(session, session.open, session.close, ends))
                .into_iter()
                .collect());
        }
        let outline = find(outlines, session.date);
        let stock = query.listing.instrument.contract.option().is_none();
        let kept = self.feed.archive.day(query.listing.instrument.id, session.date).is_some();
        if stock && !kept && query.show == Show::Trades {
            return Ok(outline.map(of_outline).into_iter().collect());
        }
        // Half an hour is the coarsest that is kept of any day.
        let pieces = self.pieces(query.listing, query.show, session, Span::from_minutes(30), outline)?;
        let grid = Grid { begin: session.open, span: Span::from_minutes(24 * 60) };
        Ok(fold(&pieces, &grid, session, (from, to), query.show))
    }

    fn grid(&self, session: Session, span: Span) -> Grid {
        Grid { begin: self.calendar.midnight(session.date), span }
    }
}

/// Whether the query asks for no more work than one request may.
fn check_work(query: &Query<'_>) -> Result<(), NoBars> {
    let option = query.listing.instrument.contract.option().is_some();
    let sessions = query.stretches.len();
    if let Size::Part(span) = query.size {
        let nanos: i64 = query.stretches.iter().map(|(_, from, to)| to.since(*from).nanos()).sum();
        let bars = usize::try_from(nanos / span.nanos()).unwrap_or(usize::MAX);
        if bars > MAX_BARS || sessions > MAX_SESSIONS {
            return Err(NoBars::TooMany);
        }
    } else if sessions > MAX_BARS || (option && sessions > MAX_SESSIONS) {
        return Err(NoBars::TooMany);
    }
    Ok(())
}

/// Where bars of a day begin.
#[derive(Debug, Clone, Copy)]
struct Grid {
    begin: Timestamp,
    span: Span,
}

impl Grid {
    fn place(&self, at: Timestamp) -> i64 {
        at.since(self.begin).nanos().div_euclid(self.span.nanos())
    }

    fn at(&self, place: i64) -> Timestamp {
        self.begin + Span::from_nanos(place * self.span.nanos())
    }

    fn begins(self, session: Session) -> impl Iterator<Item = Timestamp> {
        let last = self.place(session.close - Span::from_nanos(1));
        (self.place(session.open)..=last).map(move |place| self.at(place).max(session.open))
    }

    fn end(&self, begin: Timestamp, session: Session) -> Timestamp {
        self.at(self.place(begin) + 1).min(session.close)
    }
}

fn find(outlines: &[Outline], date: Date) -> Option<&Outline> {
    // Newest first.
    let place = outlines.partition_point(|outline| outline.session.date > date);
    outlines.get(place).filter(|outline| outline.session.date == date)
}

/// The bars of a day between two instants; a bar without parts is flat at the last value.
fn fold(
    pieces: &[Piece],
    grid: &Grid,
    session: Session,
    (from, to): (Timestamp, Timestamp),
    show: Show,
) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut pieces = pieces.iter().peekable();
    let mut last: Option<Piece> = None;
    for begin in grid.begins(session).take_while(|begin| *begin < to) {
        let end = grid.end(begin, session);
        let mut bar: Option<Bar> = None;
        let mut sums = (0.0, 0.0, 0.0);
        let mut notional = 0.0;
        while let Some(piece) = pieces.next_if(|piece| piece.begin < end) {
            last = Some(*piece);
            // A bar that was asked for from its middle on holds its later half.
            if piece.begin < from || piece.begin >= to {
                continue;
            }
            notional += piece.notional;
            sums = (sums.0 + piece.open, sums.1 + piece.close, sums.2 + 1.0);
            let new = of_piece(piece, begin, session.date);
            match &mut bar {
                Some(bar) => bar.go_on(&new, Show::Trades),
                None => bar = Some(new),
            }
        }
        if end <= from {
            continue;
        }
        let flat = last.map(|last| {
            let quotes = (show == Show::BidAsk).then_some((last.open, last.close));
            let (open, close) = quotes.unwrap_or((last.close, last.close));
            let flat = Piece { open, high: close, low: open, close, ..Piece::flat(begin, close) };
            of_piece(&flat, begin, session.date)
        });
        let Some(mut bar) = bar.or(flat) else { continue };
        if bar.volume > 0 {
            bar.wap = notional / bar.volume as f64;
        }
        if show == Show::BidAsk && sums.2 > 0.0 {
            (bar.open, bar.close) = (sums.0 / sums.2, sums.1 / sums.2);
        }
        bars.push(bar);
    }
    bars
}

fn of_piece(piece: &Piece, begin: Timestamp, date: Date) -> Bar {
    Bar {
        begin,
        date,
        open: piece.open,
        high: piece.high,
        low: piece.low,
        close: piece.close,
        volume: piece.volume,
        wap: piece.close,
        count: piece.count,
    }
}

fn of_outline(outline: &Outline) -> Bar {
    Bar {
        begin: outline.session.open,
        date: outline.session.date,
        open: outline.open.to_f64(),
        high: outline.high.to_f64(),
        low: outline.low.to_f64(),
        close: outline.close.to_f64(),
        volume: outline.volume,
        wap: outline.vwap(),
        count: outline.trades,
    }
}

/// A part of a day whose volatility goes evenly from one end to the other.
fn volatile(session: Session, begin: Timestamp, end: Timestamp, ends: (f64, f64)) -> Bar {
    let length = session.close.since(session.open).as_seconds();
    let value = |at: Timestamp| ends.0 + (ends.1 - ends.0) * at.since(session.open).as_seconds() / length;
    let (open, close) = (value(begin), value(end));
    let (high, low) = (open.max(close), open.min(close));
    Bar { begin, date: session.date, open, high, low, close, volume: 0, wap: close, count: 0 }
}

impl Bar {
    /// Goes on with a later bar.
    fn go_on(&mut self, later: &Self, show: Show) {
        if show == Show::BidAsk {
            self.open = f64::midpoint(self.open, later.open);
            self.close = f64::midpoint(self.close, later.close);
        } else {
            self.close = later.close;
        }
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        let volume = self.volume + later.volume;
        self.wap = if volume == 0 {
            self.close
        } else {
            (self.wap * self.volume as f64 + later.wap * later.volume as f64) / volume as f64
        };
        self.volume = volume;
        self.count += later.count;
        self.date = later.date;
        if self.begin < later.begin {
            self.begin = later.begin;
        }
    }
}

/// Whether a later day belongs to the bar of an earlier one.
fn belongs(bar: Date, day: Date, size: Size) -> bool {
    match size {
        Size::Part(_) | Size::Day => false,
        Size::Week => {
            bar.iso_week_date().year() == day.iso_week_date().year()
                && bar.iso_week_date().week() == day.iso_week_date().week()
        }
        Size::Month => bar.first_of_month() == day.first_of_month(),
    }
}
