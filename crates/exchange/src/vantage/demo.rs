//! The requests that the demonstration key may make: the examples of the vendor's documentation, letter by
//! letter.

use super::request::Request;

/// Examples, parameters in order of name, without the key.
const EXAMPLES: [&str; 46] = [
    "function=CPI&interval=monthly",
    "function=DURABLES",
    "function=EARNINGS_CALENDAR&horizon=3month",
    "function=EARNINGS_CALENDAR&horizon=12month&symbol=IBM",
    "function=FEDERAL_FUNDS_RATE&interval=monthly",
    "function=GLOBAL_QUOTE&symbol=IBM",
    "datatype=csv&function=GLOBAL_QUOTE&symbol=IBM",
    "function=HISTORICAL_OPTIONS&symbol=IBM",
    "date=2017-11-15&function=HISTORICAL_OPTIONS&symbol=IBM",
    "datatype=csv&date=2017-11-15&function=HISTORICAL_OPTIONS&symbol=IBM",
    "function=INFLATION",
    "function=MARKET_STATUS",
    "function=NEWS_SENTIMENT&tickers=AAPL",
    "function=NEWS_SENTIMENT&limit=1000&tickers=COIN,CRYPTO:BTC,FOREX:USD&time_from=20220410T0130",
    "function=NONFARM_PAYROLL",
    "function=REALTIME_BULK_QUOTES&symbol=MSFT,AAPL,IBM",
    "function=REALTIME_OPTIONS&symbol=IBM",
    "function=REALTIME_OPTIONS&require_greeks=true&symbol=IBM",
    "function=REAL_GDP&interval=annual",
    "function=REAL_GDP_PER_CAPITA",
    "function=RETAIL_SALES",
    "function=TIME_SERIES_DAILY&symbol=IBM",
    "function=TIME_SERIES_DAILY&outputsize=full&symbol=IBM",
    "datatype=csv&function=TIME_SERIES_DAILY&symbol=IBM",
    "function=TIME_SERIES_DAILY_ADJUSTED&symbol=IBM",
    "function=TIME_SERIES_DAILY_ADJUSTED&outputsize=full&symbol=IBM",
    "function=TIME_SERIES_INTRADAY&interval=5min&symbol=IBM",
    "function=TIME_SERIES_INTRADAY&interval=5min&outputsize=full&symbol=IBM",
    "function=TIME_SERIES_INTRADAY&interval=5min&month=2009-01&outputsize=full&symbol=IBM",
    "datatype=csv&function=TIME_SERIES_INTRADAY&interval=5min&symbol=IBM",
    "function=TOP_GAINERS_LOSERS",
    "function=TREASURY_YIELD&interval=monthly&maturity=10year",
    "function=UNEMPLOYMENT",
    "datatype=csv&function=CPI&interval=monthly",
    "datatype=csv&function=DURABLES",
    "datatype=csv&function=FEDERAL_FUNDS_RATE&interval=monthly",
    "datatype=csv&function=INFLATION",
    "datatype=csv&function=NONFARM_PAYROLL",
    "datatype=csv&function=REAL_GDP&interval=annual",
    "datatype=csv&function=REAL_GDP_PER_CAPITA",
    "datatype=csv&function=RETAIL_SALES",
    "datatype=csv&function=TREASURY_YIELD&interval=monthly&maturity=10year",
    "datatype=csv&function=UNEMPLOYMENT",
    "datatype=csv&function=REALTIME_BULK_QUOTES&symbol=MSFT,AAPL,IBM",
    "datatype=csv&function=REALTIME_OPTIONS&symbol=IBM",
    "datatype=csv&function=HISTORICAL_OPTIONS&symbol=IBM",
];

/// Whether the documentation has this request as an example.
pub fn is_example(request: &Request) -> bool {
    let told: Vec<String> = request.told().map(|(name, value)| format!("{name}={value}")).collect();
    EXAMPLES.contains(&told.join("&").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_parameter_more_is_no_example() {
        let asked = |query: &str| is_example(&Request::parse(query).unwrap());
        assert!(asked("function=NEWS_SENTIMENT&tickers=AAPL&apikey=demo"));
        assert!(asked("symbol=IBM&function=HISTORICAL_OPTIONS&apikey=demo"));
        assert!(!asked("function=NEWS_SENTIMENT&tickers=AAPL&limit=50&apikey=demo"));
        assert!(!asked("function=HISTORICAL_OPTIONS&symbol=SPY&apikey=demo"));
        for example in EXAMPLES {
            assert!(asked(example), "{example}: parameters stand in order of name");
        }
    }
}
