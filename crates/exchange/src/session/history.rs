//! Bars of the past, kept up to date where asked; head timestamps, histograms, schedules.

use std::collections::BTreeMap;

use alphatrader_model::{InstrumentId, Span, Timestamp};

use super::refusal::{Refusal, named};
use super::when::{self, Duration};
use super::{Out, tell};
use crate::desk::Desk;
use crate::feed::catalogue::Listing;
use crate::feed::history::Show;
use crate::feed::history::bars::{Bar, NoBars, Query, Size};
use crate::wire::message::historical::{
    HeadTimestamp, HeadTimestampRequest, HistogramData, HistogramDataEntry, HistogramDataRequest,
    HistoricalData, HistoricalDataBar, HistoricalDataEnd, HistoricalDataRequest, HistoricalDataUpdate,
    HistoricalSchedule, HistoricalSession,
};
use crate::wire::{Reply, Request, notice};

/// Requests that a client may have kept up to date at once.
const MAX_KEPT: usize = 50;

/// How often a bar that is kept up to date is told.
const UPDATE: Span = Span::from_seconds(5);

/// Bars of a second are told of at most this much, as at the broker.
const MOST_OF_SECONDS: Span = Span::from_seconds(2_000);

/// How bars are dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// `YYYYMMDD HH:MM:SS zone`.
    Text,
    /// Seconds since 1970.
    Seconds,
}

/// A request that is kept up to date.
#[derive(Debug)]
struct Kept {
    instrument: InstrumentId,
    show: Show,
    size: Size,
    format: Format,
    told: Bar,
    due: Timestamp,
}

/// What a client wants to know of the past as it grows.
#[derive(Debug, Default)]
pub struct HistoryStreams {
    kept: BTreeMap<i32, Kept>,
}

/// What was asked for.
struct Asked<'d> {
    listing: &'d Listing,
    show: Show,
    size: Size,
    duration: Duration,
    end: Timestamp,
    format: Format,
}

impl HistoryStreams {
    /// Answers a request about the past; others are none of its business.
    pub(super) fn on_request(&mut self, request: &Request, desk: &Desk, out: &mut Out) {
        let id = request.id().unwrap_or(notice::SESSION);
        let answer = match request {
            Request::HistoricalData(asked) => self.bars(asked, id, desk, out),
            Request::CancelHistoricalData(_) => self.cancel(id),
            Request::HeadTimestamp(asked) => head(asked, desk).map(|reply| out.push(reply)),
            Request::HistogramData(asked) => histogram(asked, desk).map(|reply| out.push(reply)),
            // Both are answered at once: there is nothing left to cancel, and the broker is silent.
            _ => Ok(()),
        };
        if let Err(refusal) = answer {
            out.push(refusal.told(id, desk));
        }
    }

    /// Contracts that are listed no more need no bars.
    pub(super) fn retain(&mut self, listed: impl Fn(InstrumentId) -> bool) {
        self.kept.retain(|_, kept| listed(kept.instrument));
    }

    /// Time passed: bars that changed are told.
    pub(super) fn on_time(&mut self, now: Timestamp, desk: &Desk, out: &mut Out) {
        for (id, kept) in &mut self.kept {
            if now >= kept.due {
                kept.due = now.floor_to(UPDATE) + UPDATE;
                kept.tell(*id, now, desk, out);
            }
        }
    }

    fn bars(
        &mut self,
        asked: &HistoricalDataRequest,
        id: i32,
        desk: &Desk,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        if self.kept.contains_key(&id) {
            return Err(Refusal::failed("id", "Duplicate ticker ID for API historical data query"));
        }
        let listing = named(asked.contract.as_ref(), desk)?;
        let what = asked.what_to_show.as_deref().unwrap_or("TRADES");
        if what == "SCHEDULE" {
            return schedule(asked, id, desk, out);
        }
        let show = show_of(what, listing)?;
        let query = read(asked, listing, show, desk)?;
        let keep = asked.keep_up_to_date == Some(true);
        if keep {
            self.check_keeping(asked, &query)?;
        }
        let (bars, span) = find(&query, desk)?;
        let format = query.format;
        let told = bars.iter().map(|bar| tell_bar(bar, query.size, show, format, desk)).collect();
        out.push(Reply::HistoricalData(HistoricalData { req_id: Some(id), historical_data_bars: told }));
        out.push(Reply::HistoricalDataEnd(HistoricalDataEnd {
            req_id: Some(id),
            start_date_str: Some(tell::instant(span.0, desk)),
            end_date_str: Some(tell::instant(span.1, desk)),
        }));
        if let Some(told) = bars.last().filter(|_| keep) {
            let (instrument, size) = (listing.instrument.id, query.size);
            let due = desk.now().floor_to(UPDATE) + UPDATE;
            self.kept.insert(id, Kept { instrument, show, size, format, told: *told, due });
        }
        Ok(())
    }

    fn check_keeping(&self, asked: &HistoricalDataRequest, query: &Asked<'_>) -> Result<(), Refusal> {
        let short = matches!(query.size, Size::Part(span) if span < UPDATE);
        if asked.end_date_time.as_deref().is_some_and(|end| !end.is_empty()) {
            return Err(Refusal::invalid("end", "End date must be empty when bars are kept up to date"));
        }
        if short {
            return Err(Refusal::invalid("bar size", "Bars of less than 5 seconds can't be kept up to date"));
        }
        if query.show.is_volatility() || query.show == Show::BidAsk {
            let cause = "Only TRADES, MIDPOINT, BID and ASK can be kept up to date";
            return Err(Refusal::invalid("what to show", cause));
        }
        if self.kept.len() >= MAX_KEPT {
            return Err(Refusal::historical("Max number of simultaneous historical data requests is 50"));
        }
        Ok(())
    }

    fn cancel(&mut self, id: i32) -> Result<(), Refusal> {
        if self.kept.remove(&id).is_some() {
            return Err(Refusal::historical(&format!("API historical data query cancelled: {id}")));
        }
        let text = format!("No historical data query found for ticker id:{id}");
        Err(Refusal::new(notice::NO_HISTORICAL_QUERY, text))
    }
}

impl Kept {
    /// Tells the bar that was told last, where it has grown, and those after it.
    fn tell(&mut self, id: i32, now: Timestamp, desk: &Desk, out: &mut Out) {
        let Some(listing) = desk.feed().catalogue.get(self.instrument) else { return };
        let history = desk.history();
        // A bar of weeks or months began earlier than it is dated.
        let sessions = match self.size {
            Size::Part(_) | Size::Day => 2,
            Size::Week => 6,
            Size::Month => 24,
        };
        let stretches: Vec<_> = history
            .sessions_before(now)
            .take(sessions)
            .map(|session| (session, session.open, session.close))
            .collect();
        let query = Query { listing, show: self.show, size: self.size, stretches };
        let Ok(bars) = history.bars(&query) else { return };
        let first = bars.partition_point(|bar| bar.begin < self.told.begin);
        for bar in &bars[first..] {
            if *bar == self.told {
                continue;
            }
            let told = tell_bar(bar, self.size, self.show, self.format, desk);
            out.push(Reply::HistoricalDataUpdate(HistoricalDataUpdate {
                req_id: Some(id),
                historical_data_bar: Some(told),
            }));
            self.told = *bar;
        }
    }
}

/// What bars tell, or why not.
fn show_of(what: &str, listing: &Listing) -> Result<Show, Refusal> {
    let option = listing.instrument.contract.option().is_some();
    let show = match what {
        "" | "TRADES" | "ADJUSTED_LAST" => Show::Trades,
        "MIDPOINT" => Show::MidPoint,
        "BID" => Show::Bid,
        "ASK" => Show::Ask,
        "BID_ASK" => Show::BidAsk,
        "HISTORICAL_VOLATILITY" if !option => Show::HistoricalVolatility,
        "OPTION_IMPLIED_VOLATILITY" if !option => Show::ImpliedVolatility,
        "HISTORICAL_VOLATILITY"
        | "OPTION_IMPLIED_VOLATILITY"
        | "REBATE_RATE"
        | "FEE_RATE"
        | "YIELD_BID"
        | "YIELD_ASK"
        | "YIELD_BID_ASK"
        | "YIELD_LAST"
        | "AGGTRADES" => {
            return Err(no_data(listing, what));
        }
        _ => return Err(Refusal::invalid("what to show", "What to show field is missing or incorrect.")),
    };
    Ok(show)
}

fn no_data(listing: &Listing, what: &str) -> Refusal {
    let name = listing.told("").local_symbol.unwrap_or_default();
    Refusal::historical(&format!("HMDS query returned no data: {name}@SMART {what}"))
}

fn read<'d>(
    asked: &HistoricalDataRequest,
    listing: &'d Listing,
    show: Show,
    desk: &Desk,
) -> Result<Asked<'d>, Refusal> {
    let (now, calendar) = (desk.now(), desk.calendar());
    let end = asked.end_date_time.as_deref().unwrap_or_default();
    let end = when::instant(end, "End Date/Time", now, calendar)?;
    if end.is_some() && asked.what_to_show.as_deref() == Some("ADJUSTED_LAST") {
        return Err(Refusal::invalid("end", "End date not supported with adjusted last"));
    }
    let format = match asked.format_date {
        Some(1) | None => Format::Text,
        Some(2) => Format::Seconds,
        Some(_) => return Err(Refusal::invalid("format", "Format date must be 1 or 2")),
    };
    Ok(Asked {
        listing,
        show,
        size: when::bar_size(asked.bar_size_setting.as_deref().unwrap_or_default())?,
        duration: when::duration(asked.duration.as_deref().unwrap_or_default())?,
        end: end.unwrap_or(now).min(now),
        format,
    })
}

/// The bars, and the span of time that they cover.
fn find(asked: &Asked<'_>, desk: &Desk) -> Result<(Vec<Bar>, (Timestamp, Timestamp)), Refusal> {
    let history = desk.history();
    let sessions = history.sessions_before(asked.end);
    let stretches = when::stretches(sessions, asked.end, asked.duration, desk.calendar());
    let begin = stretches.last().map_or(asked.end, |(_, from, _)| *from);
    if asked.size == Size::Part(Span::SECOND) {
        let seconds: i64 = stretches.iter().map(|(_, from, to)| to.since(*from).nanos()).sum();
        if seconds > MOST_OF_SECONDS.nanos() {
            return Err(Refusal::historical(&NoBars::TooMany.to_string()));
        }
    }
    let query = Query { listing: asked.listing, show: asked.show, size: asked.size, stretches };
    match history.bars(&query) {
        Ok(bars) => Ok((bars, (begin, asked.end))),
        Err(NoBars::NoData) => Err(no_data(asked.listing, asked.show.word())),
        Err(other) => Err(Refusal::historical(&other.to_string())),
    }
}

fn tell_bar(bar: &Bar, size: Size, show: Show, format: Format, desk: &Desk) -> HistoricalDataBar {
    let date = match (size, format) {
        (Size::Part(_), Format::Text) => tell::instant(bar.begin, desk),
        (Size::Part(_), Format::Seconds) => bar.begin.seconds().to_string(),
        _ => bar.date.strftime("%Y%m%d").to_string(),
    };
    let traded = show == Show::Trades;
    HistoricalDataBar {
        date: Some(date),
        open: Some(round(bar.open)),
        high: Some(round(bar.high)),
        low: Some(round(bar.low)),
        close: Some(round(bar.close)),
        volume: Some(if traded { bar.volume.to_string() } else { "-1".to_owned() }),
        wap: Some(if traded { format!("{:.6}", bar.wap) } else { "-1".to_owned() }),
        bar_count: Some(if traded { i32::try_from(bar.count).unwrap_or(i32::MAX) } else { -1 }),
    }
}

/// A millionth of a dollar is finer than any price.
fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn schedule(asked: &HistoricalDataRequest, id: i32, desk: &Desk, out: &mut Out) -> Result<(), Refusal> {
    let (now, calendar) = (desk.now(), desk.calendar());
    if when::bar_size(asked.bar_size_setting.as_deref().unwrap_or_default())? != Size::Day {
        return Err(Refusal::invalid("bar size", "SCHEDULE is told for bars of 1 day only"));
    }
    let end = asked.end_date_time.as_deref().unwrap_or_default();
    let end = when::instant(end, "End Date/Time", now, calendar)?.unwrap_or(now);
    let duration = when::duration(asked.duration.as_deref().unwrap_or_default())?;
    let mut found = when::stretches(desk.history().sessions_before(end), end, duration, calendar);
    found.reverse();
    let local = |at| calendar.local(at).strftime("%Y%m%d-%H:%M:%S").to_string();
    let sessions = found.iter().map(|(session, ..)| HistoricalSession {
        start_date_time: Some(local(session.open)),
        end_date_time: Some(local(session.close)),
        ref_date: Some(session.date.strftime("%Y%m%d").to_string()),
    });
    let (first, last) = (found.first().map(|day| day.0.open), found.last().map(|day| day.0.close));
    let (Some(first), Some(last)) = (first, last) else {
        return Err(Refusal::historical("HMDS query returned no data: schedule"));
    };
    out.push(Reply::HistoricalSchedule(HistoricalSchedule {
        req_id: Some(id),
        start_date_time: Some(local(first)),
        end_date_time: Some(local(last)),
        time_zone: Some(tell::ZONE.to_owned()),
        historical_sessions: sessions.collect(),
    }));
    Ok(())
}

fn head(asked: &HeadTimestampRequest, desk: &Desk) -> Result<Reply, Refusal> {
    let listing = named(asked.contract.as_ref(), desk)?;
    show_of(asked.what_to_show.as_deref().unwrap_or("TRADES"), listing)?;
    let head = desk.history().head(listing).open;
    let text = match asked.format_date {
        Some(2) => head.seconds().to_string(),
        // In UTC, with a dash.
        _ => jiff::Timestamp::from_second(head.seconds())
            .map(|at| at.strftime("%Y%m%d-%H:%M:%S").to_string())
            .unwrap_or_default(),
    };
    Ok(Reply::HeadTimestamp(HeadTimestamp { req_id: asked.req_id, head_timestamp: Some(text) }))
}

fn histogram(asked: &HistogramDataRequest, desk: &Desk) -> Result<Reply, Refusal> {
    let listing = named(asked.contract.as_ref(), desk)?;
    let period = asked.time_period.as_deref().unwrap_or_default();
    let sessions = period_in_sessions(period)
        .ok_or_else(|| Refusal::invalid("period", "The period is a number and a unit, such as '3 days'"))?;
    let entries = desk.history().histogram(listing, sessions).map_err(|none| match none {
        NoBars::NoData => no_data(listing, Show::Trades.word()),
        other => Refusal::historical(&other.to_string()),
    })?;
    let histogram_data_entries = entries
        .into_iter()
        .map(|(cents, size)| HistogramDataEntry {
            price: Some(cents as f64 / 100.0),
            size: Some(size.to_string()),
        })
        .collect();
    Ok(Reply::HistogramData(HistogramData { req_id: asked.req_id, histogram_data_entries }))
}

/// `20 days`, `1 week`, `2 months`; what is shorter than a day is today.
fn period_in_sessions(text: &str) -> Option<usize> {
    let (number, unit) = text.trim().split_once(' ')?;
    let number: usize = number.parse().ok().filter(|number| (1..=10_000).contains(number))?;
    match unit.trim().to_ascii_lowercase().trim_end_matches('s') {
        "sec" | "second" | "min" | "minute" | "hour" => Some(1),
        "day" | "d" => Some(number),
        "week" | "w" => Some(number * 5),
        "month" | "m" => Some(number * 21),
        "year" | "y" => Some(number * 252),
        _ => None,
    }
}
