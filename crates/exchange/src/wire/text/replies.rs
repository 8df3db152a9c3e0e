//! What the gateway says, message by message.

use super::contract::{details, numbers, sample, texts};
use super::fields::{Fields, Step, list};
use super::{account, history, market, open_order};
use crate::wire::Reply;
use crate::wire::message::contract::{MarketRule, SecDefOptParameter, SmartComponents};
use crate::wire::message::news::TickNews;
use crate::wire::message::scanner::ScannerData;
use crate::wire::message::session::ErrorMessage;

/// The version whose errors carry the reason of an advanced reject.
const ADVANCED_REJECT: i32 = 166;

/// Walks the fields of a reply, behind its id.
pub(super) fn walk<F: Fields>(fields: &mut F, reply: &mut Reply) -> Step {
    match reply {
        Reply::TickPrice(body) => market::price(fields, body),
        Reply::TickOptionComputation(body) => market::option(fields, body),
        Reply::TickReqParams(body) => market::parameters(fields, body),
        Reply::MarketDepth(body) => market::depth(fields, body),
        Reply::MarketDepthL2(body) => market::depth_of_venues(fields, body),
        Reply::TickByTick(body) => market::tick_by_tick(fields, body),
        Reply::RealTimeBar(body) => market::bar(fields, body),
        Reply::OrderStatus(body) => open_order::status(fields, body),
        Reply::OpenOrder(body) => open_order::open(fields, body),
        Reply::CompletedOrder(body) => open_order::completed(fields, body),
        Reply::ExecutionDetails(body) => account::execution(fields, body),
        Reply::CommissionReport(body) => account::commission(fields, body),
        Reply::Position(body) => account::position(fields, body),
        Reply::PositionMulti(body) => account::position_of_model(fields, body),
        Reply::PortfolioValue(body) => account::portfolio(fields, body),
        Reply::AccountUpdateMulti(body) => account::value_of_model(fields, body),
        Reply::PnlSingle(body) => account::single_profit(fields, body),
        Reply::HistoricalData(body) => history::bars(fields, body),
        Reply::HistoricalDataUpdate(body) => history::newest_bar(fields, body),
        Reply::HistoricalSchedule(body) => history::schedule(fields, body),
        Reply::HistoricalTicks(body) => history::midpoints(fields, body),
        Reply::HistoricalTicksBidAsk(body) => history::quotes(fields, body),
        Reply::HistoricalTicksLast(body) => history::trades(fields, body),
        Reply::HistogramData(body) => history::histogram(fields, body),
        Reply::ContractDetails(body) => details(fields, body),
        Reply::SecDefOptParameter(body) => option_parameters(fields, body),
        Reply::MarketRule(body) => market_rule(fields, body),
        Reply::SmartComponents(body) => smart_components(fields, body),
        Reply::ScannerData(body) => scanned(fields, body),
        Reply::TickNews(body) => headline(fields, body),
        Reply::Error(body) => error(fields, body),
        other => small(fields, other),
    }
}

/// Replies of few fields, with their own versions where they still have one.
fn small<F: Fields>(fields: &mut F, reply: &mut Reply) -> Step {
    match reply {
        Reply::TickSize(body) => {
            fields.fixed("6")?;
            fields.int(&mut body.req_id)?;
            fields.int(&mut body.tick_type)?;
            fields.size(&mut body.size)
        }
        Reply::TickGeneric(body) => {
            fields.fixed("6")?;
            fields.int(&mut body.req_id)?;
            fields.int(&mut body.tick_type)?;
            fields.number_or(&mut body.value, 0.0)
        }
        Reply::TickString(body) => {
            fields.fixed("6")?;
            fields.int(&mut body.req_id)?;
            fields.int(&mut body.tick_type)?;
            fields.text(&mut body.value)
        }
        Reply::MarketDataType(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.req_id)?;
            fields.int(&mut body.market_data_type)
        }
        Reply::AccountValue(body) => {
            fields.fixed("2")?;
            fields.text(&mut body.key)?;
            fields.text(&mut body.value)?;
            fields.text(&mut body.currency)?;
            fields.text(&mut body.account_name)
        }
        Reply::AccountSummary(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.account)?;
            fields.text(&mut body.tag)?;
            fields.text(&mut body.value)?;
            fields.text(&mut body.currency)
        }
        Reply::Pnl(body) => {
            fields.int(&mut body.req_id)?;
            fields.number_or(&mut body.daily_pnl, f64::MAX)?;
            fields.number_or(&mut body.unrealized_pnl, f64::MAX)?;
            fields.number_or(&mut body.realized_pnl, f64::MAX)
        }
        Reply::AccountUpdateTime(body) => versioned_text(fields, &mut body.time_stamp),
        Reply::ManagedAccounts(body) => versioned_text(fields, &mut body.accounts_list),
        Reply::AccountDownloadEnd(body) => versioned_text(fields, &mut body.account_name),
        Reply::ScannerParameters(body) => versioned_text(fields, &mut body.xml),
        Reply::VerifyMessageApi(body) => versioned_text(fields, &mut body.api_data),
        Reply::NextValidId(body) => versioned_int(fields, &mut body.order_id),
        Reply::ContractDetailsEnd(body) => versioned_int(fields, &mut body.req_id),
        Reply::ExecutionDetailsEnd(body) => versioned_int(fields, &mut body.req_id),
        Reply::TickSnapshotEnd(body) => versioned_int(fields, &mut body.req_id),
        Reply::AccountSummaryEnd(body) => versioned_int(fields, &mut body.req_id),
        Reply::PositionMultiEnd(body) => versioned_int(fields, &mut body.req_id),
        Reply::AccountUpdateMultiEnd(body) => versioned_int(fields, &mut body.req_id),
        Reply::OpenOrdersEnd(_) | Reply::PositionEnd(_) => fields.fixed("1"),
        Reply::CurrentTime(body) => {
            fields.fixed("1")?;
            fields.long(&mut body.current_time)
        }
        other => rare(fields, other),
    }
}

/// Replies that few clients ever ask for.
fn rare<F: Fields>(fields: &mut F, reply: &mut Reply) -> Step {
    match reply {
        Reply::SecDefOptParameterEnd(body) => fields.int(&mut body.req_id),
        Reply::SymbolSamples(body) => {
            fields.int(&mut body.req_id)?;
            list(fields, &mut body.contract_descriptions, 6, sample)
        }
        Reply::MarketDepthExchanges(body) => {
            list(fields, &mut body.depth_market_data_descriptions, 5, |fields, description| {
                fields.text(&mut description.exchange)?;
                fields.text(&mut description.sec_type)?;
                fields.text(&mut description.listing_exch)?;
                fields.text(&mut description.service_data_type)?;
                fields.int_or(&mut description.agg_group, i32::MAX)
            })
        }
        Reply::UserInfo(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.white_branding_id)
        }
        Reply::CurrentTimeInMillis(body) => fields.long(&mut body.current_time_in_millis),
        Reply::HeadTimestamp(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.head_timestamp)
        }
        Reply::OrderBound(body) => {
            fields.long(&mut body.perm_id)?;
            fields.int(&mut body.client_id)?;
            fields.int(&mut body.order_id)
        }
        Reply::WshMetaData(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.data_json)
        }
        Reply::WshEventData(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.data_json)
        }
        Reply::FundamentalsData(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.data)
        }
        Reply::VerifyCompleted(body) => {
            fields.fixed("1")?;
            fields.flag(&mut body.is_successful)?;
            fields.text(&mut body.error_text)
        }
        Reply::DisplayGroupList(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.groups)
        }
        Reply::DisplayGroupUpdated(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.contract_info)
        }
        other => news_and_advice(fields, other),
    }
}

fn news_and_advice<F: Fields>(fields: &mut F, reply: &mut Reply) -> Step {
    match reply {
        Reply::NewsBulletin(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.news_msg_id)?;
            fields.int(&mut body.news_msg_type)?;
            fields.text(&mut body.news_message)?;
            fields.text(&mut body.originating_exch)
        }
        Reply::NewsArticle(body) => {
            fields.int(&mut body.req_id)?;
            fields.int(&mut body.article_type)?;
            fields.text(&mut body.article_text)
        }
        Reply::NewsProviders(body) => list(fields, &mut body.news_providers, 2, |fields, provider| {
            fields.text(&mut provider.provider_code)?;
            fields.text(&mut provider.provider_name)
        }),
        Reply::HistoricalNews(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.time)?;
            fields.text(&mut body.provider_code)?;
            fields.text(&mut body.article_id)?;
            fields.text(&mut body.headline)
        }
        Reply::HistoricalNewsEnd(body) => {
            fields.int(&mut body.req_id)?;
            fields.flag(&mut body.has_more)
        }
        Reply::ReceiveFa(body) => {
            fields.fixed("1")?;
            fields.int(&mut body.fa_data_type)?;
            fields.text(&mut body.xml)
        }
        Reply::ReplaceFaEnd(body) => {
            fields.int(&mut body.req_id)?;
            fields.text(&mut body.text)
        }
        Reply::FamilyCodes(body) => list(fields, &mut body.family_codes, 2, |fields, code| {
            fields.text(&mut code.account_id)?;
            fields.text(&mut code.family_code)
        }),
        Reply::SoftDollarTiers(body) => {
            fields.int(&mut body.req_id)?;
            list(fields, &mut body.soft_dollar_tiers, 3, |fields, tier| {
                fields.text(&mut tier.name)?;
                fields.text(&mut tier.value)?;
                fields.text(&mut tier.display_name)
            })
        }
        // The end of completed orders has no fields; the end of bars is no message here.
        _ => Ok(()),
    }
}

fn versioned_text<F: Fields>(fields: &mut F, field: &mut Option<String>) -> Step {
    fields.fixed("1")?;
    fields.text(field)
}

fn versioned_int<F: Fields>(fields: &mut F, field: &mut Option<i32>) -> Step {
    fields.fixed("1")?;
    fields.int(field)
}

fn error<F: Fields>(fields: &mut F, error: &mut ErrorMessage) -> Step {
    fields.fixed("2")?;
    fields.int(&mut error.id)?;
    fields.int_or(&mut error.error_code, 0)?;
    fields.escaped(&mut error.error_msg)?;
    if fields.version() >= ADVANCED_REJECT {
        fields.escaped(&mut error.advanced_order_reject_json)?;
    }
    Ok(())
}

fn option_parameters<F: Fields>(fields: &mut F, parameters: &mut SecDefOptParameter) -> Step {
    fields.int(&mut parameters.req_id)?;
    fields.text(&mut parameters.exchange)?;
    fields.int(&mut parameters.underlying_con_id)?;
    fields.text(&mut parameters.trading_class)?;
    fields.text(&mut parameters.multiplier)?;
    texts(fields, &mut parameters.expirations)?;
    numbers(fields, &mut parameters.strikes)
}

fn market_rule<F: Fields>(fields: &mut F, rule: &mut MarketRule) -> Step {
    fields.int(&mut rule.market_rule_id)?;
    list(fields, &mut rule.price_increments, 2, |fields, step| {
        fields.number_or(&mut step.low_edge, 0.0)?;
        fields.number_or(&mut step.increment, 0.0)
    })
}

fn smart_components<F: Fields>(fields: &mut F, components: &mut SmartComponents) -> Step {
    fields.int(&mut components.req_id)?;
    list(fields, &mut components.smart_components, 3, |fields, component| {
        fields.int_or(&mut component.bit_number, -1)?;
        fields.text(&mut component.exchange)?;
        fields.text(&mut component.exchange_letter)
    })
}

fn scanned<F: Fields>(fields: &mut F, data: &mut ScannerData) -> Step {
    fields.fixed("3")?;
    fields.int(&mut data.req_id)?;
    list(fields, &mut data.scanner_data_element, 16, |fields, found| {
        fields.int_or(&mut found.rank, -1)?;
        let contract = found.contract.get_or_insert_default();
        fields.int(&mut contract.con_id)?;
        fields.text(&mut contract.symbol)?;
        fields.text(&mut contract.sec_type)?;
        fields.text(&mut contract.last_trade_date_or_contract_month)?;
        fields.number(&mut contract.strike)?;
        fields.text(&mut contract.right)?;
        fields.text(&mut contract.exchange)?;
        fields.text(&mut contract.currency)?;
        fields.text(&mut contract.local_symbol)?;
        fields.text(&mut found.market_name)?;
        fields.text(&mut contract.trading_class)?;
        fields.text(&mut found.distance)?;
        fields.text(&mut found.benchmark)?;
        fields.text(&mut found.projection)?;
        fields.text(&mut found.combo_key)
    })
}

fn headline<F: Fields>(fields: &mut F, news: &mut TickNews) -> Step {
    fields.int(&mut news.req_id)?;
    fields.long(&mut news.timestamp)?;
    fields.text(&mut news.provider_code)?;
    fields.text(&mut news.article_id)?;
    fields.text(&mut news.headline)?;
    fields.text(&mut news.extra_data)
}
