//! What a client asks: one variant per message id that the gateway serves.

use super::message::account::{
    AccountDataRequest, AccountSummaryRequest, AccountUpdatesMultiRequest, CancelAccountSummary, CancelById,
    CancelPnl, CancelPnlSingle, CancelPositions, PnlRequest, PnlSingleRequest, PositionsMultiRequest,
    PositionsRequest,
};
use super::message::contract::{
    ContractDataRequest, MarketDepthExchangesRequest, MarketRuleRequest, MatchingSymbolsRequest,
    SecDefOptParamsRequest, SmartComponentsRequest,
};
use super::message::execution::ExecutionRequest;
use super::message::market_data::{
    CancelMarketData, CancelMarketDepth, CancelRealTimeBars, CancelTickByTick, MarketDataRequest,
    MarketDataTypeRequest, MarketDepthRequest, RealTimeBarsRequest, TickByTickRequest,
};
use super::message::order::{
    AllOpenOrdersRequest, AutoOpenOrdersRequest, CancelOrderRequest, CompletedOrdersRequest,
    GlobalCancelRequest, OpenOrdersRequest, PlaceOrderRequest,
};
use super::message::session::{
    CurrentTimeRequest, IdsRequest, ManagedAccountsRequest, SetServerLogLevelRequest, StartApiRequest,
    UserInfoRequest,
};

macro_rules! requests {
    ($( $id:literal $name:ident($body:ty), )*) => {
        /// A request of a client, whatever dialect it came in.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Request {
            $(
                #[doc = concat!("Message ", stringify!($id), ".")]
                $name($body),
            )*
            /// A message the gateway does not serve: the session answers with an error and goes on.
            Unserved {
                /// The id of the message, without the mark of the dialect.
                message_id: i32,
                /// Its request id, where one could be read.
                request_id: Option<i32>,
            },
        }

        impl Request {
            /// The id of the message, without the mark of the dialect.
            pub fn message_id(&self) -> i32 {
                match self {
                    $( Self::$name(_) => $id, )*
                    Self::Unserved { message_id, .. } => *message_id,
                }
            }

            /// Reads the protobuf payload of message `message_id`.
            pub(super) fn from_protobuf(message_id: i32, payload: &[u8]) -> Result<Self, prost::DecodeError> {
                use prost::Message as _;
                match message_id {
                    $( $id => Ok(Self::$name(<$body>::decode(payload)?)), )*
                    _ => Ok(Self::Unserved { message_id, request_id: CancelById::decode(payload).ok().and_then(|m| m.req_id) }),
                }
            }

            /// Appends the protobuf payload (the client's half of the codec).
            pub(super) fn to_protobuf(&self, out: &mut Vec<u8>) {
                use prost::Message as _;
                let written = match self {
                    $( Self::$name(body) => body.encode(out), )*
                    Self::Unserved { request_id, .. } => CancelById { req_id: *request_id }.encode(out),
                };
                written.expect("a vector has room");
            }
        }
    };
}

requests! {
    1 MarketData(MarketDataRequest),
    2 CancelMarketData(CancelMarketData),
    3 PlaceOrder(Box<PlaceOrderRequest>),
    4 CancelOrder(CancelOrderRequest),
    5 OpenOrders(OpenOrdersRequest),
    6 AccountUpdates(AccountDataRequest),
    7 Executions(ExecutionRequest),
    8 Ids(IdsRequest),
    9 ContractDetails(ContractDataRequest),
    10 MarketDepth(MarketDepthRequest),
    11 CancelMarketDepth(CancelMarketDepth),
    14 SetServerLogLevel(SetServerLogLevelRequest),
    15 AutoOpenOrders(AutoOpenOrdersRequest),
    16 AllOpenOrders(AllOpenOrdersRequest),
    17 ManagedAccounts(ManagedAccountsRequest),
    49 CurrentTime(CurrentTimeRequest),
    50 RealTimeBars(RealTimeBarsRequest),
    51 CancelRealTimeBars(CancelRealTimeBars),
    58 GlobalCancel(GlobalCancelRequest),
    59 MarketDataType(MarketDataTypeRequest),
    61 Positions(PositionsRequest),
    62 AccountSummary(AccountSummaryRequest),
    63 CancelAccountSummary(CancelAccountSummary),
    64 CancelPositions(CancelPositions),
    71 StartApi(StartApiRequest),
    74 PositionsMulti(PositionsMultiRequest),
    75 CancelPositionsMulti(CancelById),
    76 AccountUpdatesMulti(AccountUpdatesMultiRequest),
    77 CancelAccountUpdatesMulti(CancelById),
    78 SecDefOptParams(SecDefOptParamsRequest),
    81 MatchingSymbols(MatchingSymbolsRequest),
    82 MarketDepthExchanges(MarketDepthExchangesRequest),
    83 SmartComponents(SmartComponentsRequest),
    91 MarketRule(MarketRuleRequest),
    92 Pnl(PnlRequest),
    93 CancelPnl(CancelPnl),
    94 PnlSingle(PnlSingleRequest),
    95 CancelPnlSingle(CancelPnlSingle),
    97 TickByTick(TickByTickRequest),
    98 CancelTickByTick(CancelTickByTick),
    99 CompletedOrders(CompletedOrdersRequest),
    104 UserInfo(UserInfoRequest),
    105 CurrentTimeInMillis(CurrentTimeRequest),
}
