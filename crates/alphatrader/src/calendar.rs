//! `alphatrader calendar`: sessions, half days, expiries, economic events.

use alphatrader_history::economic::{Certainty, Coverage, EconomicEvent, EventsFile, events_between};
use alphatrader_model::calendar::Cadence;
use alphatrader_model::{Calendar, Session, Timestamp};
use jiff::civil::Date;
use serde::Serialize;

use crate::cli::Output;
use crate::cli::calendar::CalendarArgs;
use crate::failure::Failure;

/// Days that are printed at once.
const MOST_DAYS: i32 = 740;
/// Days where no end is named.
const USUAL_DAYS: i64 = 28;

/// A day without a session, or one.
#[derive(Debug, Serialize)]
struct Day {
    date: Date,
    /// Absent where the exchange is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Times>,
    /// What expires.
    expiries: Vec<&'static str>,
    /// Whether all of its economic events are known.
    coverage: Coverage,
}

/// Times of a session, UTC.
#[derive(Debug, Serialize)]
struct Times {
    open: Timestamp,
    moc_deadline: Timestamp,
    close: Timestamp,
    late_options_close: Timestamp,
    half_day: bool,
}

/// Everything that is printed.
#[derive(Debug, Serialize)]
struct Sheet {
    days: Vec<Day>,
    events: Vec<EconomicEvent>,
}

/// Prints the calendar.
///
/// # Errors
/// Dates that cannot be, a file of events that cannot be read.
pub(crate) fn calendar(args: &CalendarArgs) -> Result<(), Failure> {
    let calendar = Calendar::xnys();
    let date = |text: &Option<String>, name: &str| {
        let read = |text: &String| {
            text.parse::<Date>()
                .map_err(|_| Failure::config(format!("--{name} `{text}` is no date such as 2026-11-27")))
        };
        text.as_ref().map(read).transpose()
    };
    let from = date(&args.from, "from")?;
    let from = from.unwrap_or_else(|| calendar.date_of(alphatrader_edge::Clock::wall().now()));
    let to = date(&args.to, "to")?.unwrap_or_else(|| from.saturating_add(jiff::Span::new().days(USUAL_DAYS)));
    let days = from.until(to).map_or(i32::MAX, |span| span.get_days());
    if to < from || days > MOST_DAYS {
        return Err(Failure::config(format!("--to is from --from to {MOST_DAYS} days later")));
    }
    let file = args.events.as_deref().map(|path| EventsFile::open(path, &calendar)).transpose();
    let file = file.map_err(|e| Failure::config(format!("--events: {e}")))?;
    let sheet = sheet(&calendar, file.as_ref(), from, to);
    match args.output {
        Output::Json => crate::print_json(&sheet)?,
        Output::Text => print(&calendar, &sheet),
    }
    Ok(())
}

fn sheet(calendar: &Calendar, file: Option<&EventsFile>, from: Date, to: Date) -> Sheet {
    let days = from.series(jiff::Span::new().days(1)).take_while(|day| *day <= to);
    let weekend = |day: &Date| day.weekday().to_monday_zero_offset() > 4;
    let days = days.filter(|day| !weekend(day)).map(|day| Day {
        date: day,
        session: calendar.session(day).map(|session| times(&session)),
        expiries: expiries(calendar, day),
        coverage: file.map_or(Coverage::Unknown, |file| file.coverage(day)),
    });
    Sheet { days: days.collect(), events: events_between(file, calendar, from, to) }
}

fn times(session: &Session) -> Times {
    let spy = "SPY".parse().expect("SPY is a symbol");
    Times {
        open: session.open,
        moc_deadline: session.moc_deadline(),
        close: session.close,
        late_options_close: session.options_close(spy),
        half_day: session.is_half_day(),
    }
}

fn expiries(calendar: &Calendar, day: Date) -> Vec<&'static str> {
    let named = [(Cadence::Weekly, "weekly"), (Cadence::Monthly, "monthly"), (Cadence::Volatility, "VIX")];
    named.into_iter().filter(|(cadence, _)| calendar.is_expiry(*cadence, day)).map(|(_, name)| name).collect()
}

fn print(calendar: &Calendar, sheet: &Sheet) {
    let clock = |instant: Timestamp| calendar.local(instant).strftime("%H:%M").to_string();
    println!("New York. Close of options: SPY, QQQ, IWM, sector funds, indices; others at the close.");
    for day in &sheet.days {
        let head = day.date.strftime("%Y-%m-%d %a");
        match &day.session {
            None => println!("{head}  closed"),
            Some(times) => println!(
                "{head}  {} to {}{}  MOC by {}  options {}{}",
                clock(times.open),
                clock(times.close),
                if times.half_day { " half day" } else { "" },
                clock(times.moc_deadline),
                clock(times.late_options_close),
                if day.expiries.is_empty() {
                    String::new()
                } else {
                    format!("  expiry: {}", day.expiries.join(", "))
                },
            ),
        }
        for event in sheet.events.iter().filter(|event| event.date == day.date) {
            let time = if event.whole_day { "all day".to_owned() } else { clock(event.at) };
            let certainty = match event.certainty {
                Certainty::Confirmed => "confirmed",
                Certainty::Estimated => "estimated",
            };
            println!("    {time:<7}  {}  ({certainty}, {})", event.name, event.source);
        }
    }
    let unknown = sheet.days.iter().filter(|day| day.coverage == Coverage::Unknown).count();
    if unknown > 0 {
        println!(
            "Coverage unknown on {unknown} of {} days: no file brackets them, and consumer prices, producer prices, \
             income and domestic product follow from no rule. Give one with --events.",
            sheet.days.len()
        );
    }
}
