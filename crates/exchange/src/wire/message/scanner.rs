//! The market scanner.

use std::collections::BTreeMap;

use super::contract::Contract;

/// Asks what can be scanned.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct ScannerParametersRequest {}

/// What can be scanned, as XML.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ScannerParameters {
    #[prost(string, optional, tag = "1")]
    pub xml: Option<String>,
}

/// Asks for the contracts that rank highest in a scan, now and as they change.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ScannerSubscriptionRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub scanner_subscription: Option<ScannerSubscription>,
}

/// What to scan for.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ScannerSubscription {
    #[prost(int32, optional, tag = "1")]
    pub number_of_rows: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub instrument: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub location_code: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub scan_code: Option<String>,
    #[prost(double, optional, tag = "5")]
    pub above_price: Option<f64>,
    #[prost(double, optional, tag = "6")]
    pub below_price: Option<f64>,
    #[prost(int64, optional, tag = "7")]
    pub above_volume: Option<i64>,
    #[prost(double, optional, tag = "8")]
    pub market_cap_above: Option<f64>,
    #[prost(double, optional, tag = "9")]
    pub market_cap_below: Option<f64>,
    #[prost(string, optional, tag = "10")]
    pub moody_rating_above: Option<String>,
    #[prost(string, optional, tag = "11")]
    pub moody_rating_below: Option<String>,
    #[prost(string, optional, tag = "12")]
    pub sp_rating_above: Option<String>,
    #[prost(string, optional, tag = "13")]
    pub sp_rating_below: Option<String>,
    #[prost(string, optional, tag = "14")]
    pub maturity_date_above: Option<String>,
    #[prost(string, optional, tag = "15")]
    pub maturity_date_below: Option<String>,
    #[prost(double, optional, tag = "16")]
    pub coupon_rate_above: Option<f64>,
    #[prost(double, optional, tag = "17")]
    pub coupon_rate_below: Option<f64>,
    #[prost(bool, optional, tag = "18")]
    pub exclude_convertible: Option<bool>,
    #[prost(int64, optional, tag = "19")]
    pub average_option_volume_above: Option<i64>,
    #[prost(string, optional, tag = "20")]
    pub scanner_setting_pairs: Option<String>,
    #[prost(string, optional, tag = "21")]
    pub stock_type_filter: Option<String>,
    #[prost(btree_map = "string, string", tag = "22")]
    pub scanner_subscription_filter_options: BTreeMap<String, String>,
    #[prost(btree_map = "string, string", tag = "23")]
    pub scanner_subscription_options: BTreeMap<String, String>,
}

/// The contracts found, best first.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ScannerData {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub scanner_data_element: Vec<ScannerDataElement>,
}

/// One contract found.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ScannerDataElement {
    #[prost(int32, optional, tag = "1")]
    pub rank: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(string, optional, tag = "3")]
    pub market_name: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub distance: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub benchmark: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub projection: Option<String>,
    #[prost(string, optional, tag = "7")]
    pub combo_key: Option<String>,
}
