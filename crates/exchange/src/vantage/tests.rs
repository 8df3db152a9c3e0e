use super::*;
use alphatrader_market::UniverseConfig;
use alphatrader_model::Span;
use serde_json::Value;

fn start() -> Timestamp {
    Calendar::xnys().instant(jiff::civil::date(2026, 3, 16), 9, 31)
}

fn vantage(faults: FaultPlan) -> Vantage {
    let symbols = ["SPY", "JPM"].map(|name| name.parse().unwrap()).to_vec();
    let config = UniverseConfig { symbols, ..UniverseConfig::all(7) };
    Vantage::new(Arc::new(OwnMarket::synthetic(config, start())), faults, false)
}

fn asked(query: &str) -> Request {
    Request::parse(query).unwrap()
}

fn json(response: &Response) -> Value {
    serde_json::from_str(&response.body).unwrap_or_else(|e| panic!("{e}: {}", response.body))
}

#[test]
fn a_chain_is_told_with_numbers_as_text_and_greeks_on_demand() {
    let server = vantage(FaultPlan::default());
    let plain = json(&server.answer(&asked("function=REALTIME_OPTIONS&symbol=SPY&apikey=normal"), start()));
    assert_eq!(plain["message"], "success");
    let rows = plain["data"].as_array().unwrap();
    assert!(rows.len() > 1_000, "{}", rows.len());
    assert!(rows.iter().all(|row| row.get("delta").is_none()));
    let with =
        asked("function=REALTIME_OPTIONS&symbol=SPY&require_greeks=true&expiration=2026-03-18&apikey=normal");
    let with = json(&server.answer(&with, start() + Span::SECOND));
    let rows = with["data"].as_array().unwrap();
    let number = |row: &Value, name: &str| row[name].as_str().unwrap().parse::<f64>().unwrap();
    let mut middle = 0;
    for row in rows {
        assert_eq!(row["expiration"], "2026-03-18");
        assert_eq!(row.as_object().unwrap().len(), 20);
        let (bid, ask) = (number(row, "bid"), number(row, "ask"));
        assert!(bid <= ask && number(row, "open_interest") >= 0.0, "{row}");
        let delta = number(row, "delta").abs();
        if (0.2..0.8).contains(&delta) {
            middle += 1;
            assert!((0.03..1.0).contains(&number(row, "implied_volatility")), "{row}");
            assert!(number(row, "gamma") > 0.0 && number(row, "vega") > 0.0 && number(row, "theta") < 0.0);
            let call = row["type"] == "call";
            assert_eq!(number(row, "rho") > 0.0, call, "{row}");
        }
    }
    assert!(middle >= 6, "{middle}");
}

/// Every function, and a key of its answer.
const FUNCTIONS: [(&str, &str); 32] = [
    ("function=REALTIME_OPTIONS&symbol=SPY", "data"),
    ("function=REALTIME_OPTIONS_FMV&symbol=SPY", "data"),
    ("function=REALTIME_PUT_CALL_RATIO&symbol=SPY", "put_call_ratio"),
    ("function=REALTIME_VOLUME_OPEN_INTEREST_RATIO&symbol=SPY", "volume_open_interest_ratio"),
    ("function=HISTORICAL_OPTIONS&symbol=SPY", "data"),
    ("function=HISTORICAL_PUT_CALL_RATIO&symbol=SPY&date=2026-03-11", "put_call_ratio"),
    ("function=HISTORICAL_VOLUME_OPEN_INTEREST_RATIO&symbol=IBM", "volume_open_interest_ratio"),
    ("function=NEWS_SENTIMENT&tickers=SPY", "feed"),
    ("function=GLOBAL_QUOTE&symbol=SPY", "Global Quote"),
    ("function=GLOBAL_QUOTE&symbol=SPY&entitlement=delayed", "Global Quote - DATA DELAYED BY 15 MINUTES"),
    ("function=REALTIME_BULK_QUOTES&symbol=SPY,JPM,NOPE", "data"),
    ("function=REALTIME_BULK_BID_ASK_PRICES&symbol=SPY,JPM", "Intraday Prices"),
    ("function=TIME_SERIES_INTRADAY&symbol=SPY&interval=5min", "Time Series (5min)"),
    ("function=TIME_SERIES_DAILY&symbol=SPY", "Time Series (Daily)"),
    ("function=TIME_SERIES_DAILY_ADJUSTED&symbol=IBM", "Time Series (Daily)"),
    ("function=MARKET_STATUS", "markets"),
    ("function=TOP_GAINERS_LOSERS", "most_actively_traded"),
    ("function=CPI&interval=semiannual", "data"),
    ("function=FEDERAL_FUNDS_RATE&interval=daily", "data"),
    ("function=TREASURY_YIELD&interval=weekly&maturity=30year", "data"),
    ("function=NONFARM_PAYROLL", "data"),
    ("function=UNEMPLOYMENT", "data"),
    ("function=RETAIL_SALES", "data"),
    ("function=DURABLES", "data"),
    ("function=INFLATION", "data"),
    ("function=REAL_GDP&interval=quarterly", "data"),
    ("function=REAL_GDP_PER_CAPITA", "data"),
    ("function=INDEX_DATA&symbol=SPX&interval=daily", "data"),
    ("function=INDEX_DATA&symbol=VIX&interval=weekly", "data"),
    ("function=NOPE", "Error Message"),
    ("function=REALTIME_OPTIONS&symbol=NOPE", "Error Message"),
    ("function=NEWS_SENTIMENT&tickers=NOPE", "Information"),
];

fn is_filled(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => false,
    }
}

#[test]
fn every_function_answers() {
    let server = vantage(FaultPlan::default());
    for (place, (query, key)) in FUNCTIONS.into_iter().enumerate() {
        let now = start() + Span::from_seconds(30 + place as i64);
        let response = server.answer(&asked(&format!("{query}&apikey=normal")), now);
        assert_eq!(response.status, 200);
        let body = json(&response);
        assert!(is_filled(&body[key]), "{query}: {}", response.body.chars().take(300).collect::<String>());
    }
    assert_eq!(server.log(0).len(), FUNCTIONS.len());
    let earnings =
        server.answer(&asked("function=EARNINGS_CALENDAR&apikey=free"), start() + Span::from_minutes(3));
    let lines: Vec<&str> = earnings.body.split("\r\n").collect();
    assert_eq!(lines[0], "symbol,name,reportDate,fiscalDateEnding,estimate,currency,timeOfTheDay");
    assert!(lines.len() > 5 && lines[1].split(',').nth(2).unwrap().parse::<jiff::civil::Date>().is_ok());
}

#[test]
fn a_past_session_is_told_with_greeks_and_the_future_is_not() {
    let server = vantage(FaultPlan::default());
    let rows = |query: &str, later: i64| {
        let body = json(&server.answer(&asked(query), start() + Span::from_seconds(later)));
        body["data"].as_array().unwrap().clone()
    };
    let past = rows("function=HISTORICAL_OPTIONS&symbol=SPY&date=2026-03-11&apikey=normal", 0);
    assert!(past.len() > 1_000);
    assert!(past.iter().all(|row| row["date"] == "2026-03-11" && row["delta"].is_string()));
    let priced = past.iter().filter(|row| row["implied_volatility"] != "0.00000").count();
    assert!(priced * 10 > past.len() * 5, "{priced} of {}", past.len());
    // The day before is what the last session said; today and a Sunday say nothing.
    let default = rows("function=HISTORICAL_OPTIONS&symbol=SPY&apikey=normal", 1);
    assert!(default.iter().all(|row| row["date"] == "2026-03-13"));
    assert!(rows("function=HISTORICAL_OPTIONS&symbol=SPY&date=2026-03-16&apikey=normal", 2).is_empty());
    assert!(rows("function=HISTORICAL_OPTIONS&symbol=SPY&date=2026-03-15&apikey=normal", 3).is_empty());
    // The same contracts hold the same interest a session later.
    let again = rows("function=HISTORICAL_OPTIONS&symbol=IBM&apikey=normal", 4);
    assert!(
        again
            .iter()
            .all(|row| row["symbol"] == "IBM" && row["contractID"].as_str().unwrap().starts_with("IBM"))
    );
}

#[test]
fn volume_grows_and_open_interest_stays() {
    let server = vantage(FaultPlan::default());
    let sums = |minutes: i64| {
        let query = asked("function=REALTIME_OPTIONS&symbol=SPY&expiration=2026-03-16&apikey=normal");
        let body = json(&server.answer(&query, start() + Span::from_minutes(minutes)));
        let sum = |name: &str| -> u64 {
            body["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row[name].as_str().unwrap().parse::<u64>().unwrap())
                .sum()
        };
        (sum("volume"), sum("open_interest"))
    };
    let (early, late) = (sums(0), sums(20));
    assert!(early.0 < late.0, "{early:?} {late:?}");
    assert_eq!(early.1, late.1);
}

#[test]
fn news_is_of_all_the_tickers_asked_for_and_of_the_time() {
    let server = vantage(FaultPlan::default());
    let feed = |query: &str, later: i64| {
        let body = json(&server.answer(&asked(query), start() + Span::from_seconds(later)));
        body["feed"].as_array().unwrap_or(&Vec::new()).clone()
    };
    let both = feed("function=NEWS_SENTIMENT&tickers=SPY,QQQ&limit=200&apikey=normal", 0);
    assert!(!both.is_empty());
    for article in &both {
        let named: Vec<&str> = article["ticker_sentiment"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["ticker"].as_str().unwrap())
            .collect();
        assert!(named.contains(&"SPY") && named.contains(&"QQQ"));
        assert!(article["overall_sentiment_score"].is_number());
    }
    let times = |feed: &[Value]| -> Vec<String> {
        feed.iter().map(|article| article["time_published"].as_str().unwrap().to_owned()).collect()
    };
    let latest = times(&feed("function=NEWS_SENTIMENT&tickers=SPY&apikey=normal", 1));
    assert!(latest.len() > 20 && latest.is_sorted_by(|a, b| a >= b));
    assert!(latest[0].as_str() <= "20260316T133130");
    let window = "function=NEWS_SENTIMENT&tickers=SPY&time_from=20260311T0000&time_to=20260312T0000&sort=EARLIEST&apikey=normal";
    let window = times(&feed(window, 2));
    assert!(!window.is_empty() && window.is_sorted());
    assert!(window.iter().all(|time| ("20260311T000000".."20260312T000001").contains(&time.as_str())));
}

#[test]
fn keys_are_what_they_are() {
    let server = vantage(FaultPlan::default());
    let mut second = 0;
    let mut said = |query: &str| {
        second += 2;
        server.answer(&asked(query), start() + Span::from_seconds(second)).body
    };
    assert!(said("function=REALTIME_OPTIONS&symbol=SPY&apikey=free").contains("XXYYZZ999999C00020000"));
    assert!(
        said("function=TIME_SERIES_INTRADAY&symbol=SPY&interval=5min&apikey=free")
            .contains("premium endpoint")
    );
    assert!(said("function=REALTIME_BULK_QUOTES&symbol=SPY&apikey=free").contains("418.16"));
    assert!(said("function=NEWS_SENTIMENT&tickers=AAPL&limit=5&apikey=demo").contains("**demo**"));
    assert!(said("function=HISTORICAL_OPTIONS&symbol=IBM&apikey=demo").contains("\"success\""));
    assert!(said("function=REALTIME_OPTIONS&symbol=IBM&apikey=demo").contains("ARTIFICIAL"));
    for query in ["function=MARKET_STATUS&apikey=other", "function=MARKET_STATUS"] {
        assert!(said(query).contains("apikey is invalid or missing"));
    }
    let log = server.log(0);
    assert_eq!(log.last().unwrap().key, Key::Invalid);
    assert!(log.iter().all(|entry| !entry.parameters.contains("apikey")));
}

#[test]
fn limits_are_said_in_the_vendors_words() {
    let server = vantage(FaultPlan::default());
    let said = |key: &str, millis: i64| {
        let query = format!("function=MARKET_STATUS&apikey={key}");
        server.answer(&asked(&query), start() + Span::from_millis(millis)).body
    };
    for n in 0..10 {
        assert!(said("normal", n * 10).contains("markets"));
    }
    assert!(said("normal", 100).contains("no more than 10 requests per second"));
    for n in 0..589 {
        let _ = said("normal", 2_000 + n * 98);
    }
    let answers: Vec<String> = server.log(0).into_iter().map(|entry| entry.answer).collect();
    assert!(answers.iter().all(|answer| answer != "limit:minute"));
    assert!(said("normal", 59_900).contains("Minute-level rate limit"));
    assert!(said("free", 0).contains("markets"));
    assert!(said("free", 500).contains("1 request per second"));
    for n in 1..25 {
        let _ = said("free", n * 2_000);
    }
    assert!(said("free", 60_000).contains("25 requests per day"));
    let spelled =
        server.answer(&asked("function=EARNINGS_CALENDAR&apikey=free"), start() + Span::from_seconds(70));
    assert!(spelled.body.ends_with("I,n,f,o,r,m,a\r\n"));
}

#[test]
fn every_fault_spoils_what_it_says() {
    let server = vantage(FaultPlan::default());
    let query =
        asked("function=REALTIME_OPTIONS&symbol=SPY&require_greeks=true&expiration=2026-03-18&apikey=normal");
    let mut second = 0;
    let mut ask = || {
        second += 1;
        server.answer(&query, start() + Span::from_seconds(second))
    };
    let whole = ask();
    let count = json(&whole)["data"].as_array().unwrap().len();
    for fault in Fault::ALL {
        server.inject(Rule::next(fault, 1)).unwrap();
        let response = ask();
        assert_ne!(
            (&response.body, response.delivery, response.delay),
            (&whole.body, Delivery::Whole, Duration::ZERO),
            "{fault}"
        );
        assert_eq!(server.log(0).last().unwrap().answer, fault.name());
        let rows = || json(&response)["data"].as_array().unwrap().clone();
        match fault {
            Fault::TooManyRequests => assert_eq!(response.status, 429),
            Fault::ServerError => assert_eq!(response.status, 500),
            Fault::Unavailable => assert_eq!(response.status, 503),
            Fault::Truncated => assert_eq!(response.delivery, Delivery::Truncated),
            Fault::Reset => assert_eq!(response.delivery, Delivery::Reset),
            Fault::Slow => assert_eq!(response.delay, Duration::from_secs(5)),
            Fault::Cut => assert!(serde_json::from_str::<Value>(&response.body).is_err()),
            Fault::StaleDate => assert!(rows().iter().all(|row| row["date"] == "2026-03-09")),
            Fault::CrossedQuotes => {
                let number = |row: &Value, name: &str| row[name].as_str().unwrap().parse::<f64>().unwrap();
                assert!(
                    rows().iter().filter(|row| number(row, "bid") > number(row, "ask")).count() * 4 > count
                );
            }
            Fault::JunkVolatility => assert!(rows().iter().any(|row| row["implied_volatility"] == "4.20990")),
            Fault::MissingFields => assert!(rows().iter().any(|row| row.get("bid").is_none())),
            Fault::DuplicateRows => assert!(rows().len() > count),
            Fault::ExpiredContracts => assert!(rows().iter().any(|row| row["expiration"] == "2026-03-09")),
            Fault::NegativeInterest => assert!(rows().iter().any(|row| row["open_interest"] == "-17")),
            Fault::HalfChain => assert!(rows().len() * 2 < count),
            Fault::WrongSymbol => assert!(rows().iter().all(|row| row["symbol"] == "ZZZ")),
            Fault::EmptyData => assert!(rows().is_empty()),
            Fault::Html => assert!(response.body.starts_with("<!DOCTYPE")),
            _ => assert_eq!(response.status, 200),
        }
    }
    assert_eq!(server.log(0).len(), Fault::ALL.len() + 1);
}

#[test]
fn csv_has_the_columns_of_json_and_lines_that_end_in_cr_lf() {
    let server = vantage(FaultPlan::default());
    let query = asked("function=REALTIME_OPTIONS&symbol=SPY&require_greeks=true&datatype=csv&apikey=normal");
    let text = server.answer(&query, start());
    assert_eq!(text.content_type, Response::CSV);
    let lines: Vec<&str> = text.body.split("\r\n").collect();
    assert!(lines[0].starts_with("contractID,symbol,expiration,strike,type,last,mark,bid,bid_size"));
    assert!(lines.len() > 1_000 && lines[1].split(',').count() == 20);
    assert_eq!(lines.last(), Some(&""));
}

#[test]
fn the_same_seed_says_the_same() {
    let query = asked("function=REALTIME_OPTIONS&symbol=SPY&require_greeks=true&apikey=normal");
    let said = || vantage(FaultPlan::default()).answer(&query, start() + Span::from_seconds(30)).body;
    assert_eq!(said(), said());
}
