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
