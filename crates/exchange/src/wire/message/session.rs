//! The session itself: who connects, ids, time, errors.

/// The client names itself; the first message after the handshake.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StartApiRequest {
    #[prost(int32, optional, tag = "1")]
    pub client_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub optional_capabilities: Option<String>,
}

/// Asks for the accounts of this login.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct ManagedAccountsRequest {}

/// The accounts of this login, separated by commas.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ManagedAccounts {
    #[prost(string, optional, tag = "1")]
    pub accounts_list: Option<String>,
}

/// Asks for the next valid order id; the argument is ignored, as at the broker.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct IdsRequest {
    #[prost(int32, optional, tag = "1")]
    pub num_ids: Option<i32>,
}

/// The smallest order id this client may use next.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct NextValidId {
    #[prost(int32, optional, tag = "1")]
    pub order_id: Option<i32>,
}

/// Asks for the gateway's time. The same shape serves the request for milliseconds.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct CurrentTimeRequest {}

/// The gateway's time, seconds since the epoch.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct CurrentTime {
    #[prost(int64, optional, tag = "1")]
    pub current_time: Option<i64>,
}

/// The gateway's time, milliseconds since the epoch.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct CurrentTimeInMillis {
    #[prost(int64, optional, tag = "1")]
    pub current_time_in_millis: Option<i64>,
}

/// An error or a notice; `id` is a request id, an order id, or -1 for the session.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ErrorMessage {
    #[prost(int32, optional, tag = "1")]
    pub id: Option<i32>,
    #[prost(int64, optional, tag = "2")]
    pub error_time: Option<i64>,
    #[prost(int32, optional, tag = "3")]
    pub error_code: Option<i32>,
    #[prost(string, optional, tag = "4")]
    pub error_msg: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub advanced_order_reject_json: Option<String>,
}

/// Sets the broker's log level; the paper gateway has its own and ignores it.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct SetServerLogLevelRequest {
    #[prost(int32, optional, tag = "1")]
    pub log_level: Option<i32>,
}

/// Asks for the white-branding identifier.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct UserInfoRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}

/// The white-branding identifier; empty at the broker itself.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UserInfo {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub white_branding_id: Option<String>,
}

/// Ends a request that is known by its id alone; most cancels have this shape.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct CancelById {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
}
