//! What concerns the market as a whole: venues, movers, the earnings calendar.

use alphatrader_market::random::{Random, mix};
use alphatrader_market::synthetic::profile::{PROFILES, Profile};
use alphatrader_model::{Calendar, Contract, Timestamp};
use jiff::civil::Date;

use super::functions::EARNINGS;
use super::json::{Json, fixed};
use super::quotes;
use super::table::Table;
use crate::feed::history::History;

/// Rows of each list of movers.
const MOVERS: usize = 20;

/// Venues: market, region, exchanges, open, close, zone.
const VENUES: [(&str, &str, &str, &str, &str, &str); 9] = [
    ("Equity", "United States", "NASDAQ, NYSE, AMEX, BATS", "09:30", "16:15", "America/New_York"),
    ("Equity", "Canada", "Toronto, Toronto Ventures", "09:30", "16:00", "America/Toronto"),
    ("Equity", "United Kingdom", "London", "08:00", "16:30", "Europe/London"),
    ("Equity", "Germany", "XETRA, Berlin, Frankfurt, Munich, Stuttgart", "08:00", "20:00", "Europe/Berlin"),
    ("Equity", "France", "Paris", "09:00", "17:30", "Europe/Paris"),
    ("Equity", "Japan", "Tokyo", "09:00", "15:00", "Asia/Tokyo"),
    ("Equity", "Mainland China", "Shanghai, Shenzhen", "09:30", "15:00", "Asia/Shanghai"),
    ("Equity", "India", "NSE, BSE", "09:15", "15:30", "Asia/Kolkata"),
    ("Cryptocurrency", "Global", "Global", "00:00", "23:59", "UTC"),
];

/// The venues; that of the United States by the exchange calendar, the others by weekday and clock.
pub fn status(calendar: &Calendar, now: Timestamp) -> Json {
    let markets = VENUES.into_iter().map(|(kind, region, exchanges, open, close, zone)| {
        let is_open = match region {
            "United States" => calendar
                .session(calendar.date_of(now))
                .is_some_and(|session| session.open <= now && now < session.close),
            "Global" => true,
            _ => by_clock(now, zone, open, close),
        };
        let notes = if region == "Mainland China" || region == "Japan" { "Closed at midday" } else { "" };
        Json::object([
            ("market_type", Json::text(kind)),
            ("region", Json::text(region)),
            ("primary_exchanges", Json::text(exchanges)),
            ("local_open", Json::text(open)),
            ("local_close", Json::text(close)),
            ("current_status", Json::text(if is_open { "open" } else { "closed" })),
            ("notes", Json::text(notes)),
        ])
    });
    Json::object([
        ("endpoint", Json::text("Global Market Open & Close Status")),
        ("markets", Json::Array(markets.collect())),
    ])
}

fn by_clock(now: Timestamp, zone: &str, open: &str, close: &str) -> bool {
    let Ok(zone) = jiff::tz::TimeZoneDatabase::bundled().get(zone) else { return false };
    let Ok(instant) = jiff::Timestamp::from_nanosecond(i128::from(now.nanos())) else { return false };
    let local = instant.to_zoned(zone).datetime();
    let weekend = local.weekday().to_monday_zero_offset() > 4;
    let time = local.strftime("%H:%M").to_string();
    !weekend && open <= time.as_str() && time.as_str() < close
}

/// The largest gains and losses of the day, and what traded most.
pub fn movers(history: &History<'_>) -> Json {
    let mut days: Vec<(String, quotes::Day)> = history
        .feed
        .catalogue
        .stocks()
        .filter_map(|listing| {
            let Contract::Stock(symbol) = listing.instrument.contract else { return None };
            Some((symbol.to_string(), quotes::live(history, symbol)?))
        })
        .collect();
    let list = |days: &[(String, quotes::Day)], keep: &dyn Fn(&quotes::Day) -> bool| {
        let rows = days.iter().filter(|(_, day)| keep(day)).take(MOVERS).map(|(symbol, day)| {
            Json::object([
                ("ticker", Json::text(symbol.clone())),
                ("price", Json::fixed(day.close, 2)),
                ("change_amount", Json::fixed(day.change(), 2)),
                ("change_percentage", Json::text(format!("{}%", fixed(day.percent(), 4)))),
                ("volume", Json::whole(day.volume)),
            ])
        });
        Json::Array(rows.collect())
    };
    days.sort_by(|a, b| b.1.percent().total_cmp(&a.1.percent()));
    let gainers = list(&days, &|day| day.change() > 0.0);
    days.reverse();
    let losers = list(&days, &|day| day.change() < 0.0);
    days.sort_by_key(|(_, day)| std::cmp::Reverse(day.volume));
    let active = list(&days, &|_| true);
    let local = history.calendar.local(history.now).strftime("%Y-%m-%d %H:%M:%S").to_string();
    Json::object([
        ("metadata", Json::text("Top gainers, losers, and most actively traded US tickers")),
        ("last_updated", Json::text(format!("{local} US/Eastern"))),
        ("top_gainers", gainers),
        ("top_losers", losers),
        ("most_actively_traded", active),
    ])
}

/// Reports of the next months, by date: every company once a quarter, on a day that the seed gives it.
pub fn earnings(
    calendar: &Calendar,
    seed: u64,
    today: Date,
    months: i8,
    symbol: Option<(&str, &str)>,
) -> String {
    let until = today.saturating_add(jiff::Span::new().months(months));
    let mut rows: Vec<(Date, [String; 7])> = Vec::new();
    for profile in PROFILES.iter().filter(|profile| !profile.fund) {
        let told = match symbol {
            Some((_, known)) if known != profile.symbol => continue,
            Some((told, _)) => told,
            None => profile.symbol,
        };
        rows.extend(reports(calendar, seed, profile, told, today, until));
    }
    rows.sort();
    let mut table = Table::new(EARNINGS);
    for (_, row) in &rows {
        table.row(row.iter().map(String::as_str));
    }
    table.finish()
}

fn reports(
    calendar: &Calendar,
    seed: u64,
    profile: &Profile,
    told: &str,
    today: Date,
    until: Date,
) -> Vec<(Date, [String; 7])> {
    let name = told.bytes().fold(7_u64, |sum, b| sum.wrapping_mul(131) + u64::from(b));
    let mut found = Vec::new();
    let quarter =
        today.first_of_month().saturating_sub(jiff::Span::new().months(5 + (today.month() - 1) % 3));
    for step in 0..7 {
        let end = quarter.saturating_add(jiff::Span::new().months(3 * step + 2)).last_of_month();
        let day = u64::from(end.year().unsigned_abs()) * 512 + u64::from(end.day_of_year().unsigned_abs());
        let mut random = Random::new(mix(&[seed, name, day, 0x6561_726e]));
        let report = end.saturating_add(jiff::Span::new().days(14 + random.below(24) as i64));
        let report = calendar.session(report).unwrap_or_else(|| calendar.next_session(report)).date;
        if report < today || report > until {
            continue;
        }
        let estimate = fixed(profile.base * (0.008 + 0.004 * random.unit()), 2);
        let time = ["pre-market", "post-market", ""][random.below(3) as usize];
        found.push((
            report,
            [
                told.to_owned(),
                profile.name.to_owned(),
                report.to_string(),
                end.to_string(),
                estimate,
                "USD".to_owned(),
                time.to_owned(),
            ],
        ));
    }
    found
}
