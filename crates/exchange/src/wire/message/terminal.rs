//! What a client asks of the terminal's windows, and the handshake of verified programs.

/// Asks which groups of windows there are.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct QueryDisplayGroupsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// The groups of windows, joined by `|`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DisplayGroupList {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub groups: Option<String>,
}

/// Asks what a group of windows shows, now and as it changes.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct SubscribeToGroupEventsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub group_id: Option<i32>,
}

/// Changes what a group of windows shows, as `conId@exchange`, `none` or `combo`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UpdateDisplayGroupRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub contract_info: Option<String>,
}

/// What a group of windows shows.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DisplayGroupUpdated {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub contract_info: Option<String>,
}

/// A program names itself for verification.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VerifyRequest {
    #[prost(string, optional, tag = "1")]
    pub api_name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub api_version: Option<String>,
}

/// A program's part of the verification.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VerifyMessageRequest {
    #[prost(string, optional, tag = "1")]
    pub api_data: Option<String>,
}

/// The terminal's part of the verification.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VerifyMessageApi {
    #[prost(string, optional, tag = "1")]
    pub api_data: Option<String>,
}

/// How the verification ended.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VerifyCompleted {
    #[prost(bool, optional, tag = "1")]
    pub is_successful: Option<bool>,
    #[prost(string, optional, tag = "2")]
    pub error_text: Option<String>,
}
