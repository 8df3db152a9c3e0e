//! The functions by name: who may call them, and what makes their bodies.

use alphatrader_model::{OptionContract, Symbol, Timestamp};
use jiff::civil::Date;

use super::faults::Fault;
use super::json::Json;
use super::limits::Key;
use super::market::{Gone, Market, ask};
use super::options::ratios::{self, Ratio};
use super::options::{self, Filter};
use super::refusal::Refusal;
use super::request::Request;
use super::spoil::spoil;
use super::table::Table;
use super::{demo, economic, listings, news, quotes, series};
use crate::feed::history::History;

/// What is asked, by whom, when.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The request.
    pub request: &'a Request,
    /// Whose key it has.
    pub key: Key,
    /// When it came.
    pub now: Timestamp,
    /// What spoils the rows of a chain.
    pub fault: Option<Fault>,
}

/// A body.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// As JSON.
    Json(Json),
    /// As text, lines ended by CR LF.
    Text(String),
}

/// Functions that a free key does not have.
const PREMIUM: [&str; 11] = [
    "HISTORICAL_PUT_CALL_RATIO",
    "HISTORICAL_VOLUME_OPEN_INTEREST_RATIO",
    "INDEX_DATA",
    "REALTIME_BULK_BID_ASK_PRICES",
    "REALTIME_BULK_QUOTES",
    "REALTIME_OPTIONS",
    "REALTIME_OPTIONS_FMV",
    "REALTIME_PUT_CALL_RATIO",
    "REALTIME_VOLUME_OPEN_INTEREST_RATIO",
    "TIME_SERIES_DAILY_ADJUSTED",
    "TIME_SERIES_INTRADAY",
];

/// The documentation's example of a stock is not in the simulated market: it goes by the prices of this one.
const STAND_IN: (&str, &str) = ("IBM", "JPM");

/// Calls a function.
///
/// # Errors
/// [`Refusal`].
pub fn call(market: &dyn Market, asked: &Asked<'_>) -> Result<Body, Refusal> {
    let function = asked.request.function();
    if asked.key == Key::Demo {
        if !demo::is_example(asked.request) {
            return Err(Refusal::Demo);
        }
        if function.starts_with("REALTIME_") {
            // The documentation's examples of these show the sample.
            return Ok(Body::Json(sample(function)));
        }
    }
    if asked.key == Key::Free && PREMIUM.contains(&function) {
        return match function {
            "REALTIME_OPTIONS" | "REALTIME_OPTIONS_FMV" | "REALTIME_BULK_QUOTES" => {
                Ok(Body::Json(sample(function)))
            }
            _ => Err(Refusal::Premium),
        };
    }
    match function {
        "REALTIME_OPTIONS" | "REALTIME_OPTIONS_FMV" | "HISTORICAL_OPTIONS" => chain(market, asked),
        "REALTIME_PUT_CALL_RATIO" => ratio(market, asked, "Realtime Put Call Ratio", Ratio::PutCall),
        "HISTORICAL_PUT_CALL_RATIO" => ratio(market, asked, "Historical Put Call Ratio", Ratio::PutCall),
        "REALTIME_VOLUME_OPEN_INTEREST_RATIO" => {
            ratio(market, asked, "Realtime Volume Open Interest Ratio", Ratio::VolumeInterest)
        }
        "HISTORICAL_VOLUME_OPEN_INTEREST_RATIO" => {
            ratio(market, asked, "Historical Volume Open Interest Ratio", Ratio::VolumeInterest)
        }
        "NEWS_SENTIMENT" => articles(market, asked),
        "GLOBAL_QUOTE" => quote(market, asked),
        "REALTIME_BULK_QUOTES" | "REALTIME_BULK_BID_ASK_PRICES" => bulk(market, asked),
        "TIME_SERIES_INTRADAY" | "TIME_SERIES_DAILY" | "TIME_SERIES_DAILY_ADJUSTED" => prices(market, asked),
        "INDEX_DATA" => index(market, asked),
        "MARKET_STATUS" => Ok(Body::Json(find(market, asked.now, |history| {
            listings::status(history.calendar, history.now)
        })?)),
        "TOP_GAINERS_LOSERS" => Ok(Body::Json(find(market, asked.now, listings::movers)?)),
        "EARNINGS_CALENDAR" => earnings(market, asked),
        _ => statistics(market, asked),
    }
}

/// Looks at the market; one that has ended counts as the vendor's own failure.
fn find<T: Send + 'static>(
    market: &dyn Market,
    now: Timestamp,
    look: impl FnOnce(&History<'_>) -> T + Send + 'static,
) -> Result<T, Refusal> {
    ask(market, now, look).map_err(|Gone| Refusal::Detail)
}

/// The symbol that is asked for: its name as it is told, and the one in the market.
fn symbol_of(text: Option<&str>) -> Result<(String, Symbol), Refusal> {
    let told = text.ok_or(Refusal::InvalidCall)?;
    let known = if told == STAND_IN.0 { STAND_IN.1 } else { told };
    Ok((told.to_owned(), Symbol::new(known).map_err(|_| Refusal::InvalidCall)?))
}

fn date_of(text: Option<&str>) -> Result<Option<Date>, Refusal> {
    text.map(|text| text.parse().map_err(|_| Refusal::InvalidCall)).transpose()
}

fn filter_of(request: &Request, symbol: Symbol) -> Result<Filter, Refusal> {
    let expiration = date_of(request.get("expiration"))?;
    let contract = request.get("contract").map(str::parse::<OptionContract>).transpose();
    let contract = contract.map_err(|_| Refusal::InvalidCall)?;
    // A contract named by the stand-in's name.
    let contract = contract.map(|contract| OptionContract { root: symbol, ..contract });
    Ok(Filter { expiration, contract })
}

/// The chain that is asked for, and its exchange date.
fn rows_of(
    market: &dyn Market,
    asked: &Asked<'_>,
    greeks: bool,
) -> Result<(Vec<options::Row>, Date), Refusal> {
    let request = asked.request;
    let (told, symbol) = symbol_of(request.get("symbol"))?;
    let filter = filter_of(request, symbol)?;
    let historical = request.function().starts_with("HISTORICAL");
    let date = date_of(request.get("date"))?;
    let (chain, today) = find(market, asked.now, move |history| {
        let today = history.calendar.date_of(history.now);
        if !historical {
            return (options::now(history, symbol, &filter), today);
        }
        let session = options::session_of(history.calendar, history.now, date);
        let Some(session) = session.filter(|_| history.feed.chronicle.is_some()) else {
            return (None, date.unwrap_or(today));
        };
        (options::at_close(history.seed, symbol, session, &filter, history.rates), session.date)
    })?;
    let known = alphatrader_market::synthetic::profile::profile(symbol.as_str()).is_some();
    match chain {
        Some(chain) => Ok((options::rows(&chain, &told, greeks), today)),
        // A day without a session, or one that is not over.
        None if historical && known => Ok((Vec::new(), today)),
        None => Err(Refusal::InvalidCall),
    }
}

fn chain(market: &dyn Market, asked: &Asked<'_>) -> Result<Body, Refusal> {
    let function = asked.request.function();
    let greeks = function == "HISTORICAL_OPTIONS" || asked.request.says("require_greeks");
    let (mut rows, today) = rows_of(market, asked, greeks)?;
    if let Some(fault) = asked.fault {
        spoil(&mut rows, fault, today);
    }
    if asked.request.wants_csv() {
        return Ok(Body::Text(options::text(&rows, greeks)));
    }
    Ok(Body::Json(options::body(endpoint(function), &rows)))
}

fn endpoint(function: &str) -> &'static str {
    match function {
        "HISTORICAL_OPTIONS" => "Historical Options",
        "REALTIME_OPTIONS_FMV" => "Realtime Options FMV",
        "REALTIME_BULK_QUOTES" => "Realtime Bulk Quotes",
        _ => "Realtime Options",
    }
}

fn ratio(
    market: &dyn Market,
    asked: &Asked<'_>,
    endpoint: &'static str,
    kind: Ratio,
) -> Result<Body, Refusal> {
    let (rows, date) = rows_of(market, asked, false)?;
    let symbol = asked.request.get("symbol").unwrap_or_default();
    Ok(Body::Json(ratios::body(endpoint, symbol, date, kind, &rows)))
}

fn articles(market: &dyn Market, asked: &Asked<'_>) -> Result<Body, Refusal> {
    let wanted = news::Wanted::read(asked.request).ok_or(Refusal::InvalidInputs)?;
    let body = find(market, asked.now, move |history| news::body(history, &wanted))?;
    body.map(Body::Json).ok_or(Refusal::InvalidInputs)
}

/// How fresh a key's quotes are: as entitled to, and as asked for.
fn entitlement(asked: &Asked<'_>) -> quotes::Entitlement {
    match asked.request.get("entitlement") {
        Some("realtime") if asked.key == Key::Normal => quotes::Entitlement::Realtime,
        Some("delayed") if asked.key == Key::Normal => quotes::Entitlement::Delayed,
        _ => quotes::Entitlement::EndOfDay,
    }
}

fn quote(market: &dyn Market, asked: &Asked<'_>) -> Result<Body, Refusal> {
    let (told, symbol) = symbol_of(asked.request.get("symbol"))?;
    let entitled = entitlement(asked);
    let day = find(market, asked.now, move |history| match entitled {
        quotes::Entitlement::Realtime => quotes::live(history, symbol),
        quotes::Entitlement::Delayed => quotes::delayed(history, symbol),
        quotes::Entitlement::EndOfDay => quotes::end_of_day(history, symbol),
    })?;
    Ok(if asked.request.wants_csv() {
        Body::Text(quotes::global_text(&told, day.as_ref()))
    } else {
        Body::Json(quotes::global(&told, day.as_ref(), entitled))
    })
}

fn bulk(market: &dyn Market, asked: &Asked<'_>) -> Result<Body, Refusal> {
    let quotes = asked.request.function() == "REALTIME_BULK_QUOTES";
    let list = asked.request.get("symbol").ok_or(Refusal::InvalidCall)?;
    let wanted: Vec<(String, Symbol)> =
        list.split(',').take(quotes::MOST).filter_map(|text| symbol_of(Some(text)).ok()).collect();
    let rows = find(market, asked.now, move |history| {
        let row = |(told, symbol): &(String, Symbol)| {
            let day = quotes::live(history, *symbol)?;
            let row = if quotes { quotes::bulk_row } else { quotes::book_row };
            Some(row(history, told, &day))
        };
        wanted.iter().filter_map(row).collect::<Vec<_>>()
    })?;
    if asked.request.wants_csv() {
        return Ok(Body::Text(quotes::rows_text(&rows)));
    }
    let (endpoint, array) = if quotes {
        ("Realtime Bulk Quotes", "data")
    } else {
        ("Realtime Bulk Bid Ask Prices", "Intraday Prices")
    };
    Ok(Body::Json(quotes::rows_body(endpoint, array, &rows)))
}

fn prices(market: &dyn Market, asked: &Asked<'_>) -> Result<Body, Refusal> {
    let request = asked.request;
    let (told, symbol) = symbol_of(request.get("symbol"))?;
    let full = match request.get("outputsize").unwrap_or("compact") {
        "compact" => false,
        "full" => true,
        _ => return Err(Refusal::InvalidCall),
    };
    let kind = match request.function() {
        "TIME_SERIES_DAILY" => series::Kind::Daily,
        "TIME_SERIES_DAILY_ADJUSTED" => series::Kind::Adjusted,
        _ => series::Kind::Intraday(request.get("interval").ok_or(Refusal::InvalidCall)?.to_owned()),
    };
    let minutes: i64 = match &kind {
        series::Kind::Intraday(interval) => match interval.as_str() {
            "1min" => 1,
            "5min" => 5,
            "15min" => 15,
            "30min" => 30,
            "60min" => 60,
            _ => return Err(Refusal::InvalidCall),
        },
        _ => 0,
    };
    let month = request.get("month").map(|text| format!("{text}-01").parse::<Date>());
    let month = month.transpose().map_err(|_| Refusal::InvalidCall)?;
    let points = find(market, asked.now, move |history| match minutes {
        0 => series::daily(history, symbol, full),
        _ => series::intraday(history, symbol, minutes, series::Reach { full, month }),
    })?;
    let points = points.ok_or(Refusal::InvalidCall)?;
    if request.wants_csv() {
        return Ok(Body::Text(series::text(&kind, &points)));
    }
    let delayed = entitlement(asked) == quotes::Entitlement::Delayed;
    let suffix = if delayed { " - DATA DELAYED BY 15 MINUTES" } else { "" };
    Ok(Body::Json(series::body(&kind, &told, &points, full, suffix)))
}

fn index(market: &dyn Market, asked: &Asked<'_>) -> Result<Body, Refusal> {
    let name = asked.request.get("symbol").ok_or(Refusal::InvalidCall)?.to_owned();
    let interval = asked.request.get("interval").ok_or(Refusal::InvalidCall)?.to_owned();
    if !["daily", "weekly", "monthly"].contains(&interval.as_str()) {
        return Err(Refusal::InvalidCall);
    }
    let body = find(market, asked.now, move |history| series::index(history, &name, &interval))?;
    body.map(Body::Json).ok_or(Refusal::InvalidCall)
}

fn earnings(market: &dyn Market, asked: &Asked<'_>) -> Result<Body, Refusal> {
    let months = match asked.request.get("horizon").unwrap_or("3month") {
        "3month" => 3,
        "6month" => 6,
        "12month" => 12,
        _ => return Err(Refusal::InvalidCall),
    };
    let symbol = asked.request.get("symbol").map(|text| symbol_of(Some(text))).transpose()?;
    let text = find(market, asked.now, move |history| {
        let symbol = symbol.as_ref().map(|(told, symbol)| (told.as_str(), symbol.as_str()));
        let today = history.calendar.date_of(history.now);
        listings::earnings(history.calendar, history.seed, today, months, symbol)
    })?;
    Ok(Body::Text(text))
}

fn statistics(market: &dyn Market, asked: &Asked<'_>) -> Result<Body, Refusal> {
    let series = economic::find(asked.request.function()).ok_or(Refusal::NoSuchFunction)?;
    let of = |name: &str| asked.request.get(name).map(str::to_owned);
    let (interval, maturity) = (of("interval"), of("maturity"));
    let answer = find(market, asked.now, move |history| {
        let today = history.calendar.date_of(history.now);
        let asked = (interval.as_deref(), maturity.as_deref());
        economic::values(series, history.calendar, history.seed, today, asked)
    })?;
    let answer = answer.ok_or(Refusal::InvalidCall)?;
    Ok(if asked.request.wants_csv() { Body::Text(answer.text()) } else { Body::Json(answer.json()) })
}

/// The payload in the place of a premium function's answer.
pub fn sample(function: &str) -> Json {
    if function == "REALTIME_BULK_QUOTES" {
        return quotes::sample();
    }
    options::sample(endpoint(function))
}

/// An ordinary answer that holds nothing.
pub fn empty(function: &str) -> Json {
    match function {
        "NEWS_SENTIMENT" => Json::object([("items", Json::text("0")), ("feed", Json::Array(Vec::new()))]),
        "GLOBAL_QUOTE" => Json::object([("Global Quote", Json::Object(Vec::new()))]),
        "REALTIME_BULK_QUOTES" => quotes::rows_body(endpoint(function), "data", &[]),
        "EARNINGS_CALENDAR" => Json::Object(Vec::new()),
        "REALTIME_OPTIONS" | "REALTIME_OPTIONS_FMV" | "HISTORICAL_OPTIONS" => {
            options::body(endpoint(function), &[])
        }
        _ => Json::Object(Vec::new()),
    }
}

/// The columns of the earnings calendar.
pub const EARNINGS: [&str; 7] =
    ["symbol", "name", "reportDate", "fiscalDateEnding", "estimate", "currency", "timeOfTheDay"];

/// A refusal of the earnings calendar: the table's names, and a row that spells the refusal's first letters.
pub fn spelled_refusal() -> String {
    let mut table = Table::new(EARNINGS);
    table.row(["I", "n", "f", "o", "r", "m", "a"]);
    table.finish()
}
