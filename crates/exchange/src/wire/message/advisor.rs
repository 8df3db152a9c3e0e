//! What advisers and families of accounts ask.

use super::order_terms::SoftDollarTier;

/// Asks for an adviser's groups (1) or aliases (3), as XML.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct FaRequest {
    #[prost(int32, optional, tag = "1")]
    pub fa_data_type: Option<i32>,
}

/// An adviser's groups or aliases.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ReceiveFa {
    #[prost(int32, optional, tag = "1")]
    pub fa_data_type: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub xml: Option<String>,
}

/// Replaces an adviser's groups.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FaReplace {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub fa_data_type: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub xml: Option<String>,
}

/// An adviser's groups were replaced.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ReplaceFaEnd {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub text: Option<String>,
}

/// Asks to which family each account belongs.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct FamilyCodesRequest {}

/// To which family each account belongs.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FamilyCodes {
    #[prost(message, repeated, tag = "1")]
    pub family_codes: Vec<FamilyCode>,
}

/// To which family one account belongs.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FamilyCode {
    #[prost(string, optional, tag = "1")]
    pub account_id: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub family_code: Option<String>,
}

/// Asks for commission arrangements.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct SoftDollarTiersRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// The commission arrangements.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SoftDollarTiers {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(message, repeated, tag = "2")]
    pub soft_dollar_tiers: Vec<SoftDollarTier>,
}
