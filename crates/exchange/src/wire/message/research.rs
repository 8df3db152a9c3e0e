//! Company data from elsewhere: fundamentals, the Wall Street Horizon calendar.

use std::collections::BTreeMap;

use super::contract::Contract;

/// Asks for a report on a company.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FundamentalsDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub report_type: Option<String>,
    #[prost(btree_map = "string, string", tag = "4")]
    pub fundamentals_data_options: BTreeMap<String, String>,
}

/// A report on a company, as XML.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FundamentalsData {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub data: Option<String>,
}

/// Asks which events the calendar holds.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct WshMetaDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// Which events the calendar holds, as JSON.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WshMetaData {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub data_json: Option<String>,
}

/// Asks for events of the calendar.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WshEventDataRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub con_id: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub filter: Option<String>,
    #[prost(bool, optional, tag = "4")]
    pub fill_watchlist: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    pub fill_portfolio: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    pub fill_competitors: Option<bool>,
    #[prost(string, optional, tag = "7")]
    pub start_date: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub end_date: Option<String>,
    #[prost(int32, optional, tag = "9")]
    pub total_limit: Option<i32>,
}

/// Events of the calendar, as JSON.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WshEventData {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub data_json: Option<String>,
}
