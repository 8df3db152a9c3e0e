//! What clients ask, message by message.

use super::contract::{delta_neutral, issuer, legs_of_data, named, told};
use super::fields::{Fields, Step};
use super::order;
use crate::wire::Request;
use crate::wire::message::contract::Contract;
use crate::wire::message::execution::ExecutionRequest;
use crate::wire::message::historical::{HistoricalDataRequest, HistoricalTicksRequest};
use crate::wire::message::market_data::{MarketDataRequest, MarketDepthRequest};
use crate::wire::message::news::HistoricalNewsRequest;
use crate::wire::message::option_request::ExerciseOptionsRequest;
use crate::wire::message::research::{FundamentalsDataRequest, WshEventDataRequest};
use crate::wire::message::scanner::ScannerSubscriptionRequest;

/// The versions that brought filters to the calendar of events.
const EVENT_FILTERS: i32 = 171;
const EVENT_DATES: i32 = 173;

/// Walks the fields of a request, behind its id.
pub(super) fn walk<F: Fields>(fields: &mut F, request: &mut Request) -> Step {
    match request {
        Request::MarketData(body) => market_data(fields, body),
        Request::MarketDepth(body) => market_depth(fields, body),
        Request::PlaceOrder(body) => order::place(fields, body),
        Request::CancelOrder(body) => order::cancel(fields, body),
        Request::ExerciseOptions(body) => exercise(fields, body),
        Request::Executions(body) => executions(fields, body),
        Request::HistoricalData(body) => bars(fields, body),
        Request::HistoricalTicks(body) => ticks(fields, body),
        Request::HistoricalNews(body) => headlines(fields, body),
        Request::ScannerSubscription(body) => scan(fields, body),
        Request::FundamentalsData(body) => report(fields, body),
        Request::WshEventData(body) => events(fields, body),
        Request::CancelMarketData(body) => {
            fields.fixed("2")?;
            fields.int(&mut body.req_id)
        }
        Request::CancelMarketDepth(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.req_id)?;
            fields.flag(&mut body.is_smart_depth)
        }
        Request::MarketDataType(body) => versioned_int(fields, &mut body.market_data_type),
        Request::SetServerLogLevel(body) => versioned_int(fields, &mut body.log_level),
        Request::Ids(body) => versioned_int(fields, &mut body.num_ids),
        Request::RequestFa(body) => versioned_int(fields, &mut body.fa_data_type),
        Request::CancelAccountSummary(body) => versioned_int(fields, &mut body.req_id),
        Request::CancelRealTimeBars(body) => versioned_int(fields, &mut body.req_id),
        Request::QueryDisplayGroups(body) => versioned_int(fields, &mut body.req_id),
        Request::CancelScannerSubscription(body)
        | Request::CancelHistoricalData(body)
        | Request::CancelFundamentalsData(body)
        | Request::CancelCalculateImpliedVolatility(body)
        | Request::CancelCalculateOptionPrice(body)
        | Request::UnsubscribeFromGroupEvents(body)
        | Request::CancelPositionsMulti(body)
        | Request::CancelAccountUpdatesMulti(body) => versioned_int(fields, &mut body.req_id),
        Request::CancelHistogramData(body)
        | Request::CancelHeadTimestamp(body)
        | Request::CancelWshMetaData(body)
        | Request::CancelWshEventData(body) => fields.int(&mut body.req_id),
        Request::CancelPnl(body) => fields.int(&mut body.req_id),
        Request::CancelPnlSingle(body) => fields.int(&mut body.req_id),
        Request::CancelTickByTick(body) => fields.int(&mut body.req_id),
        Request::OpenOrders(_)
        | Request::AllOpenOrders(_)
        | Request::ManagedAccounts(_)
        | Request::CurrentTime(_)
        | Request::GlobalCancel(_)
        | Request::Positions(_)
        | Request::CancelPositions(_)
        | Request::CancelNewsBulletins(_)
        | Request::ScannerParameters(_) => fields.fixed("1"),
        other => account(fields, other),
    }
}

/// Requests about the session and the account.
fn account<F: Fields>(fields: &mut F, request: &mut Request) -> Step {
    match request {
        Request::StartApi(body) => {
            fields.fixed("2")?;
            fields.int(&mut body.client_id)?;
            fields.text(&mut body.optional_capabilities)
        }
        Request::AccountUpdates(body) => {
            fields.fixed("2")?;
            fields.flag(&mut body.subscribe)?;
            fields.text(&mut body.acct_code)
        }
        Request::AutoOpenOrders(body) => {
            fields.fixed("1")?;
            fields.flag(&mut body.auto_bind)
        }
        Request::AccountSummary(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.group)?;
            fields.text(&mut body.tags)
        }
        Request::PositionsMulti(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.account)?;
            fields.text(&mut body.model_code)
        }
        Request::AccountUpdatesMulti(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.account)?;
            fields.text(&mut body.model_code)?;
            fields.flag(&mut body.ledger_and_nlv)
        }
        Request::Pnl(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.account)?;
            fields.text(&mut body.model_code)
        }
        Request::PnlSingle(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.account)?;
            fields.text(&mut body.model_code)?;
            fields.int(&mut body.con_id)
        }
        Request::CompletedOrders(body) => fields.flag(&mut body.api_only),
        Request::UserInfo(body) => fields.int(&mut body.req_id),
        Request::ReplaceFa(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.fa_data_type)?;
            fields.text(&mut body.xml)?;
            fields.int(&mut body.req_id)
        }
        Request::SoftDollarTiers(body) => fields.int(&mut body.req_id),
        other => contracts(fields, other),
    }
}

/// Requests about contracts and their data.
fn contracts<F: Fields>(fields: &mut F, request: &mut Request) -> Step {
    match request {
        Request::ContractDetails(body) => {
            fields.fixed("8")?;
            fields.int(&mut body.req_id)?;
            let contract = body.contract.get_or_insert_default();
            named_with_expired(fields, contract)?;
            fields.text(&mut contract.sec_id_type)?;
            fields.text(&mut contract.sec_id)?;
            issuer(fields, contract)
        }
        Request::SecDefOptParams(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.underlying_symbol)?;
            fields.text(&mut body.fut_fop_exchange)?;
            fields.text(&mut body.underlying_sec_type)?;
            fields.int(&mut body.underlying_con_id)
        }
        Request::MatchingSymbols(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.pattern)
        }
        Request::SmartComponents(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.bbo_exchange)
        }
        Request::MarketRule(body) => fields.int(&mut body.market_rule_id),
        Request::TickByTick(body) => {
            fields.int(&mut body.req_id)?;
            named(fields, body.contract.get_or_insert_default())?;
            fields.text(&mut body.tick_type)?;
            fields.int(&mut body.number_of_ticks)?;
            fields.flag(&mut body.ignore_size)
        }
        Request::RealTimeBars(body) => {
            fields.fixed("3")?;
            fields.int(&mut body.req_id)?;
            named(fields, body.contract.get_or_insert_default())?;
            fields.int(&mut body.bar_size)?;
            fields.text(&mut body.what_to_show)?;
            fields.flag(&mut body.use_rth)?;
            fields.options(&mut body.real_time_bars_options)
        }
        Request::CalculateImpliedVolatility(body) => {
            fields.fixed("3")?;
            fields.int(&mut body.req_id)?;
            named(fields, body.contract.get_or_insert_default())?;
            fields.number(&mut body.option_price)?;
            fields.number(&mut body.under_price)?;
            counted_options(fields, &mut body.implied_volatility_options)
        }
        Request::CalculateOptionPrice(body) => {
            fields.fixed("3")?;
            fields.int(&mut body.req_id)?;
            named(fields, body.contract.get_or_insert_default())?;
            fields.number(&mut body.volatility)?;
            fields.number(&mut body.under_price)?;
            counted_options(fields, &mut body.option_price_options)
        }
        Request::HeadTimestamp(body) => {
            fields.int(&mut body.req_id)?;
            named_with_expired(fields, body.contract.get_or_insert_default())?;
            fields.flag(&mut body.use_rth)?;
            fields.text(&mut body.what_to_show)?;
            fields.int(&mut body.format_date)
        }
        Request::HistogramData(body) => {
            fields.int(&mut body.req_id)?;
            named_with_expired(fields, body.contract.get_or_insert_default())?;
            fields.flag(&mut body.use_rth)?;
            fields.text(&mut body.time_period)
        }
        other => rest(fields, other),
    }
}

/// News, the terminal's windows, verified programs.
fn rest<F: Fields>(fields: &mut F, request: &mut Request) -> Step {
    match request {
        Request::NewsBulletins(body) => {
            fields.fixed("1")?;
            fields.flag(&mut body.all_messages)
        }
        Request::NewsArticle(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.provider_code)?;
            fields.text(&mut body.article_id)?;
            fields.options(&mut body.news_article_options)
        }
        Request::WshMetaData(body) => fields.int(&mut body.req_id),
        Request::SubscribeToGroupEvents(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.req_id)?;
            fields.int(&mut body.group_id)
        }
        Request::UpdateDisplayGroup(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.contract_info)
        }
        Request::Verify(body) => {
            fields.fixed("1")?;
            fields.text(&mut body.api_name)?;
            fields.text(&mut body.api_version)
        }
        Request::VerifyMessage(body) => {
            fields.fixed("1")?;
            fields.text(&mut body.api_data)
        }
        // Depth exchanges, news providers, family codes, the time in milliseconds: an id alone.
        _ => Ok(()),
    }
}

fn versioned_int<F: Fields>(fields: &mut F, field: &mut Option<i32>) -> Step {
    fields.fixed("1")?;
    fields.int(field)
}

fn named_with_expired<F: Fields>(fields: &mut F, contract: &mut Contract) -> Step {
    named(fields, contract)?;
    fields.flag(&mut contract.include_expired)
}

/// How many options, then all of them in one field. The broker's later clients leave out the count;
/// what they name in its place has no meaning here.
fn counted_options<F: Fields>(
    fields: &mut F,
    options: &mut std::collections::BTreeMap<String, String>,
) -> Step {
    let mut first = Some(options.len().to_string());
    fields.text(&mut first)?;
    let counted = first.is_none_or(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    if counted { fields.options(options) } else { Ok(()) }
}

fn market_data<F: Fields>(fields: &mut F, asked: &mut MarketDataRequest) -> Step {
    fields.fixed("11")?;
    fields.int(&mut asked.req_id)?;
    let contract = asked.contract.get_or_insert_default();
    named(fields, contract)?;
    legs_of_data(fields, contract)?;
    delta_neutral(fields, &mut contract.delta_neutral_contract)?;
    fields.text(&mut asked.generic_tick_list)?;
    fields.flag(&mut asked.snapshot)?;
    fields.flag(&mut asked.regulatory_snapshot)?;
    fields.options(&mut asked.market_data_options)
}

fn market_depth<F: Fields>(fields: &mut F, asked: &mut MarketDepthRequest) -> Step {
    fields.fixed("5")?;
    fields.int(&mut asked.req_id)?;
    named(fields, asked.contract.get_or_insert_default())?;
    fields.int(&mut asked.num_rows)?;
    fields.flag(&mut asked.is_smart_depth)?;
    fields.options(&mut asked.market_depth_options)
}

fn exercise<F: Fields>(fields: &mut F, asked: &mut ExerciseOptionsRequest) -> Step {
    fields.fixed("2")?;
    fields.int(&mut asked.order_id)?;
    told(fields, asked.contract.get_or_insert_default())?;
    fields.int(&mut asked.exercise_action)?;
    fields.int(&mut asked.exercise_quantity)?;
    fields.text(&mut asked.account)?;
    fields.flag(&mut asked.r#override)
}

fn executions<F: Fields>(fields: &mut F, asked: &mut ExecutionRequest) -> Step {
    fields.fixed("3")?;
    fields.int(&mut asked.req_id)?;
    let filter = asked.execution_filter.get_or_insert_default();
    fields.int(&mut filter.client_id)?;
    fields.text(&mut filter.acct_code)?;
    fields.text(&mut filter.time)?;
    fields.text(&mut filter.symbol)?;
    fields.text(&mut filter.sec_type)?;
    fields.text(&mut filter.exchange)?;
    fields.text(&mut filter.side)
}

fn bars<F: Fields>(fields: &mut F, asked: &mut HistoricalDataRequest) -> Step {
    fields.int(&mut asked.req_id)?;
    let contract = asked.contract.get_or_insert_default();
    named_with_expired(fields, contract)?;
    fields.text(&mut asked.end_date_time)?;
    fields.text(&mut asked.bar_size_setting)?;
    fields.text(&mut asked.duration)?;
    fields.flag(&mut asked.use_rth)?;
    fields.text(&mut asked.what_to_show)?;
    fields.int(&mut asked.format_date)?;
    legs_of_data(fields, contract)?;
    fields.flag(&mut asked.keep_up_to_date)?;
    fields.options(&mut asked.chart_options)
}

fn ticks<F: Fields>(fields: &mut F, asked: &mut HistoricalTicksRequest) -> Step {
    fields.int(&mut asked.req_id)?;
    named_with_expired(fields, asked.contract.get_or_insert_default())?;
    fields.text(&mut asked.start_date_time)?;
    fields.text(&mut asked.end_date_time)?;
    fields.int(&mut asked.number_of_ticks)?;
    fields.text(&mut asked.what_to_show)?;
    fields.flag(&mut asked.use_rth)?;
    fields.flag(&mut asked.ignore_size)?;
    fields.options(&mut asked.misc_options)
}

fn headlines<F: Fields>(fields: &mut F, asked: &mut HistoricalNewsRequest) -> Step {
    fields.int(&mut asked.req_id)?;
    fields.int(&mut asked.con_id)?;
    fields.text(&mut asked.provider_codes)?;
    fields.text(&mut asked.start_date_time)?;
    fields.text(&mut asked.end_date_time)?;
    fields.int(&mut asked.total_results)?;
    fields.options(&mut asked.historical_news_options)
}

fn scan<F: Fields>(fields: &mut F, asked: &mut ScannerSubscriptionRequest) -> Step {
    fields.int(&mut asked.req_id)?;
    let scan = asked.scanner_subscription.get_or_insert_default();
    fields.int(&mut scan.number_of_rows)?;
    fields.text(&mut scan.instrument)?;
    fields.text(&mut scan.location_code)?;
    fields.text(&mut scan.scan_code)?;
    fields.number(&mut scan.above_price)?;
    fields.number(&mut scan.below_price)?;
    fields.long(&mut scan.above_volume)?;
    fields.number(&mut scan.market_cap_above)?;
    fields.number(&mut scan.market_cap_below)?;
    fields.text(&mut scan.moody_rating_above)?;
    fields.text(&mut scan.moody_rating_below)?;
    fields.text(&mut scan.sp_rating_above)?;
    fields.text(&mut scan.sp_rating_below)?;
    fields.text(&mut scan.maturity_date_above)?;
    fields.text(&mut scan.maturity_date_below)?;
    fields.number(&mut scan.coupon_rate_above)?;
    fields.number(&mut scan.coupon_rate_below)?;
    fields.flag(&mut scan.exclude_convertible)?;
    fields.long(&mut scan.average_option_volume_above)?;
    fields.text(&mut scan.scanner_setting_pairs)?;
    fields.text(&mut scan.stock_type_filter)?;
    fields.options(&mut scan.scanner_subscription_filter_options)?;
    fields.options(&mut scan.scanner_subscription_options)
}

fn report<F: Fields>(fields: &mut F, asked: &mut FundamentalsDataRequest) -> Step {
    fields.fixed("2")?;
    fields.int(&mut asked.req_id)?;
    let contract = asked.contract.get_or_insert_default();
    fields.int(&mut contract.con_id)?;
    fields.text(&mut contract.symbol)?;
    fields.text(&mut contract.sec_type)?;
    fields.text(&mut contract.exchange)?;
    fields.text(&mut contract.primary_exch)?;
    fields.text(&mut contract.currency)?;
    fields.text(&mut contract.local_symbol)?;
    fields.text(&mut asked.report_type)?;
    counted_options(fields, &mut asked.fundamentals_data_options)
}

fn events<F: Fields>(fields: &mut F, asked: &mut WshEventDataRequest) -> Step {
    fields.int(&mut asked.req_id)?;
    fields.int(&mut asked.con_id)?;
    if fields.version() >= EVENT_FILTERS {
        fields.text(&mut asked.filter)?;
        fields.flag(&mut asked.fill_watchlist)?;
        fields.flag(&mut asked.fill_portfolio)?;
        fields.flag(&mut asked.fill_competitors)?;
    }
    if fields.version() >= EVENT_DATES {
        fields.text(&mut asked.start_date)?;
        fields.text(&mut asked.end_date)?;
        fields.int(&mut asked.total_limit)?;
    }
    Ok(())
}
