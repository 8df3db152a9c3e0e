//! What is asked about one option: a computation, an exercise.

use std::collections::BTreeMap;

use super::contract::Contract;

/// Asks for the volatility that a price of an option implies.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CalculateImpliedVolatilityRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(double, optional, tag = "3")]
    pub option_price: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub under_price: Option<f64>,
    #[prost(btree_map = "string, string", tag = "5")]
    pub implied_volatility_options: BTreeMap<String, String>,
}

/// Asks for the price of an option at a volatility.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CalculateOptionPriceRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(double, optional, tag = "3")]
    pub volatility: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub under_price: Option<f64>,
    #[prost(btree_map = "string, string", tag = "5")]
    pub option_price_options: BTreeMap<String, String>,
}

/// Exercises (1) or lapses (2) options that are held; `override` 1 acts against what is natural at the present prices.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ExerciseOptionsRequest {
    #[prost(int32, optional, tag = "1")]
    pub order_id: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub contract: Option<Contract>,
    #[prost(int32, optional, tag = "3")]
    pub exercise_action: Option<i32>,
    #[prost(int32, optional, tag = "4")]
    pub exercise_quantity: Option<i32>,
    #[prost(string, optional, tag = "5")]
    pub account: Option<String>,
    #[prost(bool, optional, tag = "6")]
    pub r#override: Option<bool>,
    #[prost(string, optional, tag = "7")]
    pub manual_order_time: Option<String>,
    #[prost(string, optional, tag = "8")]
    pub customer_account: Option<String>,
    #[prost(bool, optional, tag = "9")]
    pub professional_customer: Option<bool>,
}
