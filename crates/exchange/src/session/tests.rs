//! A session on a desk that heard a few minutes of the synthetic market.

use alphatrader_market::SyntheticConfig;
use alphatrader_model::{Calendar, Money, Payload, Quantity, Span};

use super::*;
use crate::broker::fact::{Fact, Founded};
use crate::broker::state::BrokerState;
use crate::desk::DeskConfig;
use crate::feed::source::{Numbers, Source as _, SyntheticSource};
use crate::wire::message::advisor::{FaReplace, FaRequest, FamilyCodesRequest, SoftDollarTiersRequest};
use crate::wire::message::contract::Contract as Asked;
use crate::wire::message::historical::{
    HeadTimestampRequest, HistogramDataRequest, HistoricalDataRequest, HistoricalTicksRequest,
};
use crate::wire::message::news::{
    HistoricalNewsRequest, NewsArticleRequest, NewsBulletinsRequest, NewsProvidersRequest,
};
use crate::wire::message::option_request::{CalculateImpliedVolatilityRequest, CalculateOptionPriceRequest};
use crate::wire::message::research::{FundamentalsDataRequest, WshEventDataRequest, WshMetaDataRequest};
use crate::wire::message::scanner::{
    ScannerParametersRequest, ScannerSubscription, ScannerSubscriptionRequest,
};
use crate::wire::message::session::{CancelById, UserInfoRequest};
use crate::wire::message::terminal::{
    QueryDisplayGroupsRequest, SubscribeToGroupEventsRequest, UpdateDisplayGroupRequest,
    VerifyMessageRequest, VerifyRequest,
};

const ALL: Allowance = Allowance { lines: 100, books: 3, ticks: 3, bars: 50 };

/// A desk at `minutes` after the open of 2026-03-16, and the shares that were printed.
fn desk(minutes: i64) -> (Desk, u64) {
    let mut state = BrokerState::default();
    let account = "DU0000001".to_owned();
    let cash = Money::from_dollars(100_000).micros();
    let founded = Founded { account, cash, seed: 3, execution_prefix: 1, first_perm_id: 1 };
    state.apply(&Fact::Founded(founded)).unwrap();
    let mut desk = Desk::new(DeskConfig::default(), Calendar::xnys(), state);
    let session = desk.calendar().session(jiff::civil::date(2026, 3, 16)).unwrap();
    let mut source = SyntheticSource::new(SyntheticConfig::spy(3));
    source.begin(session);
    let mut numbers = Numbers::default();
    let end = session.open + Span::from_minutes(minutes);
    let mut printed = Quantity::ZERO;
    while source.peek().is_some_and(|at| at < end) {
        let input = source.next().unwrap();
        let payload = numbers.translate(input.payload).unwrap();
        desk.on_market(input.ts_event, &payload);
        if let Payload::Trade(trade) = &payload
            && desk.feed().catalogue.get(trade.instrument).unwrap().con_id == 756_733
        {
            printed = printed.checked_add(trade.size).unwrap();
        }
    }
    desk.advance(end);
    (desk, printed.get())
}

fn spy() -> Asked {
    let text = |text: &str| Some(text.to_owned());
    Asked { symbol: text("SPY"), sec_type: text("STK"), exchange: text("SMART"), ..Asked::default() }
}

/// A call of today near the money.
fn call(desk: &Desk) -> Option<Asked> {
    let spot = desk.feed().ticker(desk.feed().catalogue.find(&spy())[0].instrument.id)?.mark()?;
    let options = desk.feed().catalogue.iter().filter(|listing| {
        listing.instrument.contract.option().is_some_and(|option| {
            option.right == alphatrader_model::Right::Call && option.expiry == jiff::civil::date(2026, 3, 16)
        })
    });
    let far = |strike: alphatrader_model::Price| (strike.raw() - spot.raw()).abs();
    Some(options.min_by_key(|o| far(o.instrument.contract.option().unwrap().strike))?.told("SMART"))
}

fn ask(session: &mut Session, desk: &mut Desk, request: &Request) -> Out {
    let mut out = Out::new();
    session.on_request(request, ALL, desk, &mut out);
    out
}

fn bars(size: &str, duration: &str, what: &str) -> HistoricalDataRequest {
    HistoricalDataRequest {
        req_id: Some(5),
        contract: Some(spy()),
        end_date_time: Some(String::new()),
        bar_size_setting: Some(size.to_owned()),
        duration: Some(duration.to_owned()),
        use_rth: Some(true),
        what_to_show: Some(what.to_owned()),
        format_date: Some(1),
        keep_up_to_date: Some(false),
        ..HistoricalDataRequest::default()
    }
}

/// The bars of an answer, or the code of its error.
fn told(out: &[Reply]) -> Result<Vec<crate::wire::message::historical::HistoricalDataBar>, i32> {
    match &out[0] {
        Reply::HistoricalData(data) => Ok(data.historical_data_bars.clone()),
        Reply::Error(error) => Err(error.error_code.unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Makes the requests in turn: each is answered by the message beside it, and no error says that the
/// gateway does not know the request.
fn answered(desk: &mut Desk, requests: Vec<(Request, i32)>) {
    let mut session = Session::start(7, desk, &mut Out::new());
    for (request, answer) in requests {
        let out = ask(&mut session, desk, &request);
        assert_eq!(out.first().map(Reply::message_id), Some(answer), "{request:?}: {out:?}");
        if let Some(Reply::Error(error)) = out.first() {
            assert!(error.error_code.is_some_and(|code| code != notice::UNKNOWN_MESSAGE), "{request:?}");
        }
    }
}

#[test]
fn no_request_about_the_past_is_met_with_silence() {
    let (mut desk, _) = desk(2);
    let id = || CancelById { req_id: Some(5) };
    let text = |text: &str| Some(text.to_owned());
    let ticks = |what: &str| HistoricalTicksRequest {
        req_id: Some(5),
        contract: Some(spy()),
        number_of_ticks: Some(10),
        what_to_show: Some(what.to_owned()),
        ..HistoricalTicksRequest::default()
    };
    answered(
        &mut desk,
        vec![
            (Request::HistoricalData(bars("1 day", "1 M", "TRADES")), 17),
            (Request::HistoricalData(bars("1 day", "5 D", "SCHEDULE")), 106),
            (Request::HistoricalData(bars("1 day", "5 D", "FEE_RATE")), 4),
            (Request::CancelHistoricalData(id()), 4),
            (
                Request::HeadTimestamp(HeadTimestampRequest { contract: Some(spy()), ..Default::default() }),
                88,
            ),
            (
                Request::HistogramData(HistogramDataRequest {
                    contract: Some(spy()),
                    time_period: text("3 days"),
                    ..Default::default()
                }),
                89,
            ),
            (Request::HistogramData(HistogramDataRequest { contract: Some(spy()), ..Default::default() }), 4),
            (Request::HistoricalTicks(ticks("TRADES")), 98),
            (Request::HistoricalTicks(ticks("BID_ASK")), 97),
            (Request::HistoricalTicks(ticks("MIDPOINT")), 96),
            (Request::HistoricalTicks(ticks("ODDS")), 4),
        ],
    );
}

#[test]
fn no_calculation_scan_or_news_is_met_with_silence() {
    let (mut desk, _) = desk(2);
    let id = || CancelById { req_id: Some(5) };
    let text = |text: &str| Some(text.to_owned());
    let option = call(&desk);
    let scan =
        ScannerSubscription { scan_code: Some("MOST_ACTIVE".to_owned()), ..ScannerSubscription::default() };
    answered(
        &mut desk,
        vec![
            (
                Request::CalculateImpliedVolatility(CalculateImpliedVolatilityRequest {
                    contract: option.clone(),
                    option_price: Some(3.0),
                    under_price: Some(600.0),
                    ..Default::default()
                }),
                21,
            ),
            (
                Request::CalculateOptionPrice(CalculateOptionPriceRequest {
                    contract: option.clone(),
                    volatility: Some(0.2),
                    under_price: Some(600.0),
                    ..Default::default()
                }),
                21,
            ),
            (
                Request::CalculateOptionPrice(CalculateOptionPriceRequest {
                    contract: Some(spy()),
                    volatility: Some(0.2),
                    under_price: Some(600.0),
                    ..Default::default()
                }),
                4,
            ),
            (
                Request::CalculateOptionPrice(CalculateOptionPriceRequest {
                    contract: option,
                    ..Default::default()
                }),
                4,
            ),
            (Request::ScannerParameters(ScannerParametersRequest {}), 19),
            (
                Request::ScannerSubscription(ScannerSubscriptionRequest {
                    req_id: Some(5),
                    scanner_subscription: Some(scan),
                }),
                20,
            ),
            (
                Request::ScannerSubscription(ScannerSubscriptionRequest {
                    req_id: Some(6),
                    ..Default::default()
                }),
                4,
            ),
            (Request::CancelScannerSubscription(id()), 4),
            (Request::NewsProviders(NewsProvidersRequest {}), 85),
            (
                Request::HistoricalNews(HistoricalNewsRequest {
                    con_id: Some(756_733),
                    provider_codes: text("BRFG+DJNL"),
                    ..Default::default()
                }),
                86,
            ),
            (Request::HistoricalNews(HistoricalNewsRequest { con_id: Some(1), ..Default::default() }), 4),
            (
                Request::NewsArticle(NewsArticleRequest { article_id: text("BRFG$1"), ..Default::default() }),
                4,
            ),
            (Request::NewsBulletins(NewsBulletinsRequest { all_messages: Some(true) }), 14),
        ],
    );
}

#[test]
fn what_a_paper_account_does_not_have_is_refused_by_its_code() {
    let (mut desk, _) = desk(2);
    let text = |text: &str| Some(text.to_owned());
    answered(
        &mut desk,
        vec![
            (Request::UserInfo(UserInfoRequest::default()), 107),
            (Request::FamilyCodes(FamilyCodesRequest {}), 78),
            (Request::SoftDollarTiers(SoftDollarTiersRequest::default()), 77),
            (Request::RequestFa(FaRequest { fa_data_type: Some(1) }), 4),
            (Request::ReplaceFa(FaReplace::default()), 4),
            (
                Request::FundamentalsData(FundamentalsDataRequest {
                    contract: Some(spy()),
                    ..Default::default()
                }),
                4,
            ),
            (Request::WshMetaData(WshMetaDataRequest::default()), 4),
            (Request::WshEventData(WshEventDataRequest::default()), 4),
            (Request::Verify(VerifyRequest::default()), 66),
            (Request::VerifyMessage(VerifyMessageRequest::default()), 66),
            (Request::QueryDisplayGroups(QueryDisplayGroupsRequest::default()), 67),
            (
                Request::SubscribeToGroupEvents(SubscribeToGroupEventsRequest {
                    req_id: Some(9),
                    group_id: Some(1),
                }),
                68,
            ),
            (
                Request::UpdateDisplayGroup(UpdateDisplayGroupRequest {
                    req_id: Some(9),
                    contract_info: text("756733@SMART"),
                }),
                68,
            ),
            (Request::UpdateDisplayGroup(UpdateDisplayGroupRequest::default()), 4),
        ],
    );
}

#[test]
fn todays_bars_hold_every_print_once_and_begin_where_yesterday_ended() {
    let (mut desk, printed) = desk(12);
    let mut session = Session::start(7, &mut desk, &mut Out::new());
    let volume = |bars: &[crate::wire::message::historical::HistoricalDataBar]| -> u64 {
        bars.iter().map(|bar| bar.volume.as_deref().unwrap().parse::<u64>().unwrap()).sum()
    };
    for (size, count) in [("1 secs", 720), ("5 secs", 144), ("1 min", 12), ("5 mins", 3), ("1 day", 1)] {
        let duration = if size == "1 secs" { "720 S" } else { "1 D" };
        let request = Request::HistoricalData(bars(size, duration, "TRADES"));
        let found = told(&ask(&mut session, &mut desk, &request)).unwrap();
        assert_eq!((found.len(), volume(&found)), (count, printed), "{size}");
    }
    let daily = told(&ask(&mut session, &mut desk, &Request::HistoricalData(bars("1 day", "2 D", "TRADES"))));
    let daily = daily.unwrap();
    let gap = daily[1].open.unwrap() / daily[0].close.unwrap() - 1.0;
    assert!(gap.abs() < 0.02, "{gap}");
    // The same days seen through bars of other lengths.
    let minutes =
        told(&ask(&mut session, &mut desk, &Request::HistoricalData(bars("1 min", "2 D", "TRADES"))));
    let minutes = minutes.unwrap();
    let yesterday = &minutes[..390];
    assert_eq!(volume(yesterday), volume(&daily[..1]));
    let high = yesterday.iter().map(|bar| bar.high.unwrap()).fold(0.0, f64::max);
    assert_eq!(Some(high), daily[0].high);
    assert_eq!(minutes[0].date.as_deref(), Some("20260313 09:30:00 US/Eastern"));
    assert_eq!(daily[0].date.as_deref(), Some("20260313"));
}

#[test]
fn a_request_is_told_why_it_can_not_be() {
    let (mut desk, _) = desk(1);
    let mut session = Session::start(7, &mut desk, &mut Out::new());
    let mut code = |request: HistoricalDataRequest| {
        told(&ask(&mut session, &mut desk, &Request::HistoricalData(request))).unwrap_err()
    };
    assert_eq!(code(bars("7 mins", "1 D", "TRADES")), 321);
    assert_eq!(code(bars("1 min", "400 D", "TRADES")), 321);
    assert_eq!(code(bars("1 min", "1 Y", "TRADES")), 162);
    assert_eq!(code(bars("1 secs", "2 D", "TRADES")), 162);
    assert_eq!(code(bars("1 min", "1 D", "GUESSES")), 321);
    let ending = |end: &str| HistoricalDataRequest {
        end_date_time: Some(end.to_owned()),
        ..bars("1 day", "1 D", "TRADES")
    };
    assert_eq!(code(ending("tomorrow")), 10_314);
    assert_eq!(code(ending("20000103 16:00:00 US/Eastern")), 162);
    assert_eq!(code(HistoricalDataRequest { contract: None, ..ending("") }), 200);
    let kept = HistoricalDataRequest { keep_up_to_date: Some(true), ..ending("20260313-20:00:00") };
    assert_eq!(code(kept), 321);
}

#[test]
fn a_kept_bar_grows_until_it_is_cancelled() {
    let (mut desk, _) = desk(1);
    let mut session = Session::start(7, &mut desk, &mut Out::new());
    let request = HistoricalDataRequest { keep_up_to_date: Some(true), ..bars("1 min", "1 D", "MIDPOINT") };
    assert_eq!(
        told(&ask(&mut session, &mut desk, &Request::HistoricalData(request.clone()))).unwrap().len(),
        1
    );
    assert_eq!(told(&ask(&mut session, &mut desk, &Request::HistoricalData(request))).unwrap_err(), 322);
    let now = desk.now() + Span::from_seconds(65);
    desk.advance(now);
    let mut out = Out::new();
    session.on_quantum(now, &desk, &mut out);
    let updates = out.iter().filter(|reply| matches!(reply, Reply::HistoricalDataUpdate(_))).count();
    // The minute that ended unchanged is not told again; the one that began is.
    assert_eq!(updates, 2, "{out:?}");
    let cancel = Request::CancelHistoricalData(CancelById { req_id: Some(5) });
    assert_eq!(told(&ask(&mut session, &mut desk, &cancel)).unwrap_err(), 162);
    assert_eq!(told(&ask(&mut session, &mut desk, &cancel)).unwrap_err(), 366);
}

#[test]
fn generic_ticks_are_told() {
    let (mut desk, _) = desk(3);
    let mut session = Session::start(7, &mut desk, &mut Out::new());
    let asked = crate::wire::message::market_data::MarketDataRequest {
        req_id: Some(1),
        contract: Some(spy()),
        generic_tick_list: Some("100,101,104,105,106,165,232,233,236,293,294,295,318,375,456,595".to_owned()),
        ..Default::default()
    };
    let out = ask(&mut session, &mut desk, &Request::MarketData(asked));
    let tick = |reply: &Reply| match reply {
        Reply::TickPrice(tick) => tick.tick_type,
        Reply::TickSize(tick) => tick.tick_type,
        Reply::TickGeneric(tick) => tick.tick_type,
        Reply::TickString(tick) => tick.tick_type,
        _ => None,
    };
    let told: std::collections::BTreeSet<i32> = out.iter().filter_map(tick).collect();
    for wanted in [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 27, 28, 29, 30, 32, 33, 37, 45,
        46, 48, 49, 54, 55, 56, 57, 59, 63, 64, 65, 77, 84, 87, 89,
    ] {
        assert!(told.contains(&wanted), "tick {wanted} is missing: {told:?}");
    }
}
