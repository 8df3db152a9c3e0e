//! Contracts: what they are, which exist, how their prices move.

use std::collections::BTreeMap;

/// A contract as clients name it; in replies, as the gateway knows it. `multiplier` is a number here and text in the text dialect; `lastTradeDate` is the pure date beside field 4.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Contract {
    #[prost(int32, optional, tag = "1")]
    pub con_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub symbol: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub sec_type: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub last_trade_date_or_contract_month: Option<String>,
    #[prost(double, optional, tag = "5")]
    pub strike: Option<f64>,
    #[prost(string, optional, tag = "6")]
    pub right: Option<String>,
    #[prost(double, optional, tag = "7")]
    pub multiplier: Option<f64>,
    #[prost(string, optional, tag = "8")]
    pub exchange: Option<String>,
    #[prost(string, optional, tag = "9")]
    pub primary_exch: Option<String>,
    #[prost(string, optional, tag = "10")]
    pub currency: Option<String>,
    #[prost(string, optional, tag = "11")]
    pub local_symbol: Option<String>,
    #[prost(string, optional, tag = "12")]
    pub trading_class: Option<String>,
    #[prost(string, optional, tag = "13")]
    pub sec_id_type: Option<String>,
    #[prost(string, optional, tag = "14")]
    pub sec_id: Option<String>,
    #[prost(string, optional, tag = "15")]
    pub description: Option<String>,
    #[prost(string, optional, tag = "16")]
    pub issuer_id: Option<String>,
    #[prost(message, optional, tag = "17")]
    pub delta_neutral_contract: Option<DeltaNeutralContract>,
    #[prost(bool, optional, tag = "18")]
    pub include_expired: Option<bool>,
    #[prost(string, optional, tag = "19")]
    pub combo_legs_descrip: Option<String>,
    #[prost(message, repeated, tag = "20")]
    pub combo_legs: Vec<ComboLeg>,
    #[prost(string, optional, tag = "21")]
    pub last_trade_date: Option<String>,
}

/// A leg of a combination (`secType` BAG).
#[derive(Clone, PartialEq, prost::Message)]
pub struct ComboLeg {
    #[prost(int32, optional, tag = "1")]
    pub con_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub ratio: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub action: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub exchange: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub open_close: Option<i32>,
    #[prost(int32, optional, tag = "6")]
    pub short_sales_slot: Option<i32>,
    #[prost(string, optional, tag = "7")]
    pub designated_location: Option<String>,
    #[prost(int32, optional, tag = "8")]
    pub exempt_code: Option<i32>,
    #[prost(double, optional, tag = "9")]
    pub per_leg_price: Option<f64>,
}

/// The hedge of a delta-neutral combination.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct DeltaNeutralContract {
    #[prost(int32, optional, tag = "1")]
    pub con_id: Option<i32>,
    #[prost(double, optional, tag = "2")]
    pub delta: Option<f64>,
    #[prost(double, optional, tag = "3")]
    pub price: Option<f64>,
}

/// Asks for every contract that fits.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ContractDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
}

/// One contract that fits.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ContractData {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(message, optional, tag = "3")]
    pub contract_details: Option<ContractDetails>,
}

/// What is known of a contract. `minTick` and sizes are text.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ContractDetails {
    #[prost(string, optional, tag = "1")]
    pub market_name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub min_tick: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub order_types: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub valid_exchanges: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub price_magnifier: Option<i32>,
    #[prost(int32, optional, tag = "6")]
    pub under_con_id: Option<i32>,
    #[prost(string, optional, tag = "7")]
    pub long_name: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub contract_month: Option<String>,
    #[prost(string, optional, tag = "9")]
    pub industry: Option<String>,
    #[prost(string, optional, tag = "10")]
    pub category: Option<String>,
    #[prost(string, optional, tag = "11")]
    pub subcategory: Option<String>,
    #[prost(string, optional, tag = "12")]
    pub time_zone_id: Option<String>,
    #[prost(string, optional, tag = "13")]
    pub trading_hours: Option<String>,
    #[prost(string, optional, tag = "14")]
    pub liquid_hours: Option<String>,
    #[prost(string, optional, tag = "15")]
    pub ev_rule: Option<String>,
    #[prost(double, optional, tag = "16")]
    pub ev_multiplier: Option<f64>,
    #[prost(btree_map = "string, string", tag = "17")]
    pub sec_id_list: BTreeMap<String, String>,
    #[prost(int32, optional, tag = "18")]
    pub agg_group: Option<i32>,
    #[prost(string, optional, tag = "19")]
    pub under_symbol: Option<String>,
    #[prost(string, optional, tag = "20")]
    pub under_sec_type: Option<String>,
    #[prost(string, optional, tag = "21")]
    pub market_rule_ids: Option<String>,
    #[prost(string, optional, tag = "22")]
    pub real_expiration_date: Option<String>,
    #[prost(string, optional, tag = "23")]
    pub stock_type: Option<String>,
    #[prost(string, optional, tag = "24")]
    pub min_size: Option<String>,
    #[prost(string, optional, tag = "25")]
    pub size_increment: Option<String>,
    #[prost(string, optional, tag = "26")]
    pub suggested_size_increment: Option<String>,
    #[prost(string, optional, tag = "27")]
    pub fund_name: Option<String>,
    #[prost(string, optional, tag = "28")]
    pub fund_family: Option<String>,
    #[prost(string, optional, tag = "29")]
    pub fund_type: Option<String>,
    #[prost(string, optional, tag = "30")]
    pub fund_front_load: Option<String>,
    #[prost(string, optional, tag = "31")]
    pub fund_back_load: Option<String>,
    #[prost(string, optional, tag = "32")]
    pub fund_back_load_time_interval: Option<String>,
    #[prost(string, optional, tag = "33")]
    pub fund_management_fee: Option<String>,
    #[prost(bool, optional, tag = "34")]
    pub fund_closed: Option<bool>,
    #[prost(bool, optional, tag = "35")]
    pub fund_closed_for_new_investors: Option<bool>,
    #[prost(bool, optional, tag = "36")]
    pub fund_closed_for_new_money: Option<bool>,
    #[prost(string, optional, tag = "37")]
    pub fund_notify_amount: Option<String>,
    #[prost(string, optional, tag = "38")]
    pub fund_minimum_initial_purchase: Option<String>,
    #[prost(string, optional, tag = "39")]
    pub fund_minimum_subsequent_purchase: Option<String>,
    #[prost(string, optional, tag = "40")]
    pub fund_blue_sky_states: Option<String>,
    #[prost(string, optional, tag = "41")]
    pub fund_blue_sky_territories: Option<String>,
    #[prost(string, optional, tag = "42")]
    pub fund_distribution_policy_indicator: Option<String>,
    #[prost(string, optional, tag = "43")]
    pub fund_asset_type: Option<String>,
    #[prost(string, optional, tag = "44")]
    pub cusip: Option<String>,
    #[prost(string, optional, tag = "45")]
    pub issue_date: Option<String>,
    #[prost(string, optional, tag = "46")]
    pub ratings: Option<String>,
    #[prost(string, optional, tag = "47")]
    pub bond_type: Option<String>,
    #[prost(double, optional, tag = "48")]
    pub coupon: Option<f64>,
    #[prost(string, optional, tag = "49")]
    pub coupon_type: Option<String>,
    #[prost(bool, optional, tag = "50")]
    pub convertible: Option<bool>,
    #[prost(bool, optional, tag = "51")]
    pub callable: Option<bool>,
    #[prost(bool, optional, tag = "52")]
    pub puttable: Option<bool>,
    #[prost(string, optional, tag = "53")]
    pub desc_append: Option<String>,
    #[prost(string, optional, tag = "54")]
    pub next_option_date: Option<String>,
    #[prost(string, optional, tag = "55")]
    pub next_option_type: Option<String>,
    #[prost(bool, optional, tag = "56")]
    pub next_option_partial: Option<bool>,
    #[prost(string, optional, tag = "57")]
    pub bond_notes: Option<String>,
    #[prost(message, repeated, tag = "58")]
    pub ineligibility_reason_list: Vec<IneligibilityReason>,
    #[prost(string, optional, tag = "59")]
    pub event_contract1: Option<String>,
    #[prost(string, optional, tag = "60")]
    pub event_contract_description1: Option<String>,
    #[prost(string, optional, tag = "61")]
    pub event_contract_description2: Option<String>,
    #[prost(string, optional, tag = "62")]
    pub min_algo_size: Option<String>,
    #[prost(string, optional, tag = "63")]
    pub last_price_precision: Option<String>,
    #[prost(string, optional, tag = "64")]
    pub last_size_precision: Option<String>,
}

/// Why an account may not trade a contract.
#[derive(Clone, PartialEq, prost::Message)]
pub struct IneligibilityReason {
    #[prost(string, optional, tag = "1")]
    pub id: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub description: Option<String>,
}

/// No more contracts fit.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct ContractDataEnd {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// Asks for the expirations and strikes of an underlying.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SecDefOptParamsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub underlying_symbol: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub fut_fop_exchange: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub underlying_sec_type: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub underlying_con_id: Option<i32>,
}

/// Expirations and strikes on one exchange.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SecDefOptParameter {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub exchange: Option<String>,
    #[prost(int32, optional, tag = "3")]
    pub underlying_con_id: Option<i32>,
    #[prost(string, optional, tag = "4")]
    pub trading_class: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub multiplier: Option<String>,
    #[prost(string, repeated, tag = "6")]
    pub expirations: Vec<String>,
    #[prost(double, repeated, tag = "7")]
    pub strikes: Vec<f64>,
}

/// No more exchanges.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct SecDefOptParameterEnd {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// Searches symbols by the start of their name.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MatchingSymbolsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub pattern: Option<String>,
}

/// Symbols found.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SymbolSamples {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub contract_descriptions: Vec<ContractDescription>,
}

/// One symbol found, and the kinds of derivatives on it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ContractDescription {
    #[prost(message, optional, tag = "1")]
    pub contract: Option<Contract>,
    #[prost(string, repeated, tag = "2")]
    pub derivative_sec_types: Vec<String>,
}

/// Asks for the price increments of a rule named in contract details.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct MarketRuleRequest {
    #[prost(int32, optional, tag = "1")]
    pub market_rule_id: Option<i32>,
}

/// The price increments of a rule.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MarketRule {
    #[prost(int32, optional, tag = "1")]
    pub market_rule_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub price_increments: Vec<PriceIncrement>,
}

/// From `lowEdge` upward prices move by `increment`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct PriceIncrement {
    #[prost(double, optional, tag = "1")]
    pub low_edge: Option<f64>,
    #[prost(double, optional, tag = "2")]
    pub increment: Option<f64>,
}

/// Asks which exchange a letter of a consolidated quote stands for.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SmartComponentsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub bbo_exchange: Option<String>,
}

/// The exchanges behind a consolidated quote.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SmartComponents {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub smart_components: Vec<SmartComponent>,
}

/// One exchange behind a consolidated quote.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SmartComponent {
    #[prost(int32, optional, tag = "1")]
    pub bit_number: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub exchange: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub exchange_letter: Option<String>,
}

/// Asks which exchanges offer depth.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct MarketDepthExchangesRequest {}

/// The exchanges that offer depth.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MarketDepthExchanges {
    #[prost(message, repeated, tag = "1")]
    pub depth_market_data_descriptions: Vec<DepthMarketDataDescription>,
}

/// One exchange that offers depth.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DepthMarketDataDescription {
    #[prost(string, optional, tag = "1")]
    pub exchange: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub sec_type: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub listing_exch: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub service_data_type: Option<String>,
    #[prost(int32, optional, tag = "5")]
    pub agg_group: Option<i32>,
}
