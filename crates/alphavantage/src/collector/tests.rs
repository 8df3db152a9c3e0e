use bytes::Bytes;

use super::*;
use crate::body::{Broken, Class};
use crate::options::Rule;
use crate::request::{Format, Function};
use crate::transport::Reply;

fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

/// 11:00 in New York.
fn start() -> Timestamp {
    "2026-11-23T16:00:00Z".parse().unwrap()
}

fn collector() -> Collector {
    let settings = Settings { format: Format::Json, ..Settings::new(vec![spy()]) };
    Collector::new(settings, ApiKey::new("ABCDEFGH12345678").unwrap(), Calendar::xnys(), start())
}

/// Answers everything that is due until `end`; gives what the engine is told.
fn run(
    collector: &mut Collector,
    from: Timestamp,
    end: Timestamp,
    mut answer: impl FnMut(&Ticket, Timestamp) -> String,
) -> Vec<(Timestamp, Payload)> {
    let (mut now, mut told) = (from, Vec::new());
    while now < end {
        match collector.next(now) {
            Step::Wait(until) => now = until.min(end),
            Step::Send(ticket) => {
                let body = answer(&ticket, now);
                let reply = Reply { status: 200, body: Bytes::from(body) };
                let answer = collector.reading(&ticket.request, now).read(Ok(&reply));
                let payloads = collector.answered(now, &ticket, reply.body.len(), answer);
                told.extend(payloads.into_iter().map(|payload| (now, payload)));
            }
        }
    }
    told
}

/// `count` strikes from 560 on of today's and tomorrow's puts; `cents` moves the bids.
fn chain(expiration: Option<Date>, count: i32, cents: i64) -> String {
    let dates = ["2026-11-23", "2026-11-24"];
    let asked = expiration.map(|date| date.to_string());
    let dates = dates.iter().filter(|date| asked.as_ref().is_none_or(|asked| asked == *date));
    let row = |date: &&str, n: i32| {
        let occ = date.replace('-', "");
        let bid = 5_00 + cents % 100;
        format!(
            r#"{{"contractID":"SPY{}P{:08}","symbol":"SPY","expiration":"{date}","strike":"{}.00","type":"put","bid":"{}.{:02}","ask":"6.50","volume":"10","open_interest":"100","date":"2026-11-23"}}"#,
            &occ[2..],
            (560 + n) * 1000,
            560 + n,
            bid / 100,
            bid % 100
        )
    };
    let rows: Vec<String> = dates.flat_map(|date| (0..count).map(move |n| row(date, n))).collect();
    format!(r#"{{"endpoint":"Realtime Options","message":"success","data":[{}]}}"#, rows.join(","))
}

fn good(ticket: &Ticket, now: Timestamp) -> String {
    match &ticket.request {
        Request::RealtimeOptions { expiration, .. } => chain(*expiration, 20, now.nanos() / 1_000_000_000),
        Request::RealtimeBulkQuotes { .. } => {
            r#"{"message":"success","data":[{"symbol":"SPY","close":"602.50","timestamp":"2026-11-23 11:00:00.000"}]}"#.to_owned()
        }
        Request::NewsSentiment { .. } => {
            let published = "20261123T155000";
            format!(
                r#"{{"items":"1","feed":[{{"title":"T","url":"https://x/{}","time_published":"{published}","overall_sentiment_score":0.2,"topics":[{{"topic":"Financial Markets","relevance_score":"0.9"}}],"ticker_sentiment":[{{"ticker":"SPY","relevance_score":"0.8","ticker_sentiment_score":"0.25"}}]}}]}}"#,
                now.nanos()
            )
        }
        Request::EarningsCalendar { .. } => "symbol,name,reportDate\r\nSPY,S,2026-12-01\r\nXYZ,X,2026-12-01\r\n".to_owned(),
        Request::MarketStatus => {
            r#"{"markets":[{"market_type":"Equity","region":"United States","current_status":"open"}]}"#.to_owned()
        }
        Request::TreasuryYield { .. } | Request::FederalFundsRate => {
            r#"{"name":"r","unit":"percent","data":[{"date":"2026-11-20","value":"4.00"}]}"#.to_owned()
        }
        _ => r#"{"top_gainers":[],"top_losers":[],"most_actively_traded":[]}"#.to_owned(),
    }
}

fn chains(told: &[(Timestamp, Payload)]) -> Vec<&alphatrader_model::ChainSnapshot> {
    told.iter()
        .filter_map(|(_, payload)| match payload {
            Payload::ChainSnapshot(chain) => Some(&**chain),
            _ => None,
        })
        .collect()
}

#[test]
fn a_good_minute_tells_the_engine_chains_and_scores() {
    let mut edge = collector();
    let told = run(&mut edge, start(), start() + Span::from_seconds(61), good);
    let chains = chains(&told);
    assert!(chains.len() >= 17, "{}", chains.len());
    assert!(chains.iter().all(|chain| !chain.delayed && chain.rows.iter().all(|row| row.bid.is_some())));
    let spot = chains.last().unwrap().spot;
    assert_eq!(spot, Some(Price::from_cents(60_250)), "the source's own price stands beside it");
    let scores: Vec<_> = told
        .iter()
        .filter_map(|(_, payload)| match payload {
            Payload::Sentiment(sentiment) => Some((sentiment.symbol, sentiment.score)),
            _ => None,
        })
        .collect();
    let has = |of: Option<Symbol>, wanted: f64| {
        scores
            .iter()
            .any(|(symbol, score)| *symbol == of && score.is_some_and(|score| (score - wanted).abs() < 1e-9))
    };
    assert!(has(Some(spy()), 0.25) && has(None, 0.2), "{scores:?}");
    let status = edge.status(start() + Span::from_seconds(61));
    assert_eq!((status.us_open, status.earnings.len(), status.rates.len()), (Some(true), 1, 7));
    assert!((status.rates[0].rate - 0.039_605_254_6).abs() < 1e-9, "{:?}", status.rates);
    assert!(status.chains.iter().any(|chain| chain.expiry.is_none() && chain.rows == 40));
    assert!(!status.is_degraded() && status.text.contains("last data"), "{}", status.text);
    assert_eq!((status.alarms_total, status.last_error), (0, None));
}

/// Everything that may come instead of a chain: nothing of it reaches the engine.
#[test]
fn what_is_no_chain_never_reaches_the_engine() {
    let good_rows = chain(None, 20, 1);
    let bodies = [
        "<html>busy</html>".to_owned(),
        good_rows[..good_rows.len() / 2].to_owned(),
        String::new(),
        "{}".to_owned(),
        r#"{"data":[]}"#.to_owned(),
        r#"{"detail":"x"}"#.to_owned(),
        good_rows.replace("success", "This is a premium endpoint. ***THE SAMPLE DATA SCHEMA BELOW IS ARTIFICIAL***"),
        good_rows.replace("\"symbol\":\"SPY\"", "\"symbol\":\"QQQ\""),
        good_rows.replace("2026-11-24", "2099-99-99"),
        good_rows.replace("\"ask\":\"6.50\"", "\"ask\":\"0.50\""),
        good_rows.replace("\"bid\":\"5", "\"bid\":\"-5"),
        good_rows.replace("SPY261", "SPY251").replace("\"2026-11", "\"2025-11"),
        r#"{"endpoint":"Realtime Options","message":"success","data":[{"contractID":"XXYYZZ999999C00020000","symbol":"XXYYZZ","expiration":"2099-99-99"}]}"#.to_owned(),
        r#"{"Information":"Thank you for using Alpha Vantage! This is a premium endpoint."}"#.to_owned(),
        r#"{"Error Message":"the parameter apikey is invalid or missing."}"#.to_owned(),
        r#"{"Information":"We have detected your API key as ABCDEFGH12345678 and our standard API rate limit is 25 requests per day."}"#.to_owned(),
    ];
    for body in bodies {
        let mut edge = collector();
        let end = start() + Span::from_seconds(20);
        let told = run(&mut edge, start(), end, |ticket, now| match ticket.request.function() {
            Function::RealtimeOptions => body.clone(),
            _ => good(ticket, now),
        });
        assert_eq!(chains(&told).len(), 0, "{body}");
        let status = format!("{:?}", edge.status(end));
        assert!(!status.contains("ABCDEFGH"), "the key is nowhere");
        let said = edge.status(end);
        assert!(said.last_error.is_some() || said.alarms_total > 0, "{body}");
    }
}

#[test]
fn half_a_chain_keeps_the_old_one() {
    let mut edge = collector();
    run(&mut edge, start(), start() + Span::from_seconds(61), good);
    let end = start() + Span::from_seconds(110);
    let told = run(&mut edge, start() + Span::from_seconds(61), end, |ticket, now| match &ticket.request {
        Request::RealtimeOptions { expiration: None, .. } => chain(None, 9, 1),
        _ => good(ticket, now),
    });
    assert!(chains(&told).iter().all(|chain| chain.expiry.is_some()));
    let status = edge.status(end);
    assert!(status.refused.contains(&("payload_half", 2)), "asked once more: {:?}", status.refused);
    let whole = status.chains.iter().find(|chain| chain.expiry.is_none()).unwrap();
    assert_eq!((whole.rows, whole.stale), (40, Some("the last answer could not be used")));
}

#[test]
fn a_feed_that_stands_still_is_said_once_and_not_traded_on() {
    let mut edge = collector();
    let end = start() + Span::from_seconds(120);
    let told = run(&mut edge, start(), end, |ticket, now| match &ticket.request {
        Request::RealtimeOptions { expiration, .. } => chain(*expiration, 20, 1),
        _ => good(ticket, now),
    });
    let today = Some(jiff::civil::date(2026, 11, 23));
    let late = |(at, payload): &(Timestamp, Payload)| match payload {
        Payload::ChainSnapshot(chain) if chain.expiry == today => Some((at.since(start()), chain.delayed)),
        _ => None,
    };
    let seen: Vec<(Span, bool)> = told.iter().filter_map(late).collect();
    assert!(
        seen.iter().all(|(after, delayed)| *delayed == (*after >= Span::from_seconds(64))
            || (60..=64).contains(&(after.millis() / 1_000))),
        "{seen:?}"
    );
    assert!(seen.last().unwrap().1);
    let status = edge.status(end);
    assert_eq!(status.alarms.len(), 1, "{:?}", status.alarms);
    assert!(status.alarms[0].text.contains("unchanged"));
}

#[test]
fn the_brokers_price_shows_what_is_wrong() {
    let mut edge = collector();
    let end = start() + Span::from_seconds(30);
    // Puts of 560 and above with the spot at 500 pay sixty dollars and more; the rows say six.
    let told = run(&mut edge, start(), end, |ticket, now| match &ticket.request {
        Request::RealtimeBulkQuotes { .. } => {
            r#"{"message":"success","data":[{"symbol":"SPY","close":"500.00"}]}"#.to_owned()
        }
        _ => good(ticket, now),
    });
    assert!(chains(&told).iter().any(|chain| chain.delayed));
    assert!(edge.status(end).rejections.get(Rule::BelowIntrinsic) > 0);
    // The broker knows better.
    edge.set_spot(end, spy(), Price::from_cents(60_250));
    assert_eq!(edge.spot(spy(), end), Some(Spot::at(Price::from_cents(60_250))));
    assert_eq!(edge.spot(spy(), end + Span::from_seconds(31)), None, "neither is young");
}

#[test]
fn a_lost_connection_is_counted_and_retried() {
    let mut edge = collector();
    let mut now = start();
    let mut lost = 0;
    while lost < 3 {
        match edge.next(now) {
            Step::Wait(until) => now = until,
            Step::Send(ticket) => {
                lost += 1;
                let answer = edge.reading(&ticket.request, now).read(Err(Broken::Timeout));
                assert_eq!(answer, Answer::Verdict(Verdict::silent(Class::Transport(Broken::Timeout))));
                assert!(edge.answered(now, &ticket, 0, answer).is_empty());
            }
        }
    }
    assert!(edge.status(now).scheduler.counts["retry"] >= 1);
}
