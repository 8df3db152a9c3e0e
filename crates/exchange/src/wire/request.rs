//! What a client asks: one variant per message id that the gateway serves.

use super::message::account::{
    AccountDataRequest, AccountSummaryRequest, AccountUpdatesMultiRequest, CancelAccountSummary, CancelPnl,
    CancelPnlSingle, CancelPositions, PnlRequest, PnlSingleRequest, PositionsMultiRequest, PositionsRequest,
};
use super::message::advisor::{FaReplace, FaRequest, FamilyCodesRequest, SoftDollarTiersRequest};
use super::message::contract::{
    ContractDataRequest, MarketDepthExchangesRequest, MarketRuleRequest, MatchingSymbolsRequest,
    SecDefOptParamsRequest, SmartComponentsRequest,
};
use super::message::execution::ExecutionRequest;
use super::message::historical::{
    HeadTimestampRequest, HistogramDataRequest, HistoricalDataRequest, HistoricalTicksRequest,
};
use super::message::market_data::{
    CancelMarketData, CancelMarketDepth, CancelRealTimeBars, CancelTickByTick, MarketDataRequest,
    MarketDataTypeRequest, MarketDepthRequest, RealTimeBarsRequest, TickByTickRequest,
};
use super::message::news::{
    CancelNewsBulletins, HistoricalNewsRequest, NewsArticleRequest, NewsBulletinsRequest,
    NewsProvidersRequest,
};
use super::message::option_request::{
    CalculateImpliedVolatilityRequest, CalculateOptionPriceRequest, ExerciseOptionsRequest,
};
use super::message::order::{
    AllOpenOrdersRequest, AutoOpenOrdersRequest, CancelOrderRequest, CompletedOrdersRequest,
    GlobalCancelRequest, OpenOrdersRequest, PlaceOrderRequest,
};
use super::message::research::{FundamentalsDataRequest, WshEventDataRequest, WshMetaDataRequest};
use super::message::scanner::{ScannerParametersRequest, ScannerSubscriptionRequest};
use super::message::session::{
    CancelById, CurrentTimeRequest, IdsRequest, ManagedAccountsRequest, SetServerLogLevelRequest,
    StartApiRequest, UserInfoRequest,
};
use super::message::terminal::{
    QueryDisplayGroupsRequest, SubscribeToGroupEventsRequest, UpdateDisplayGroupRequest,
    VerifyMessageRequest, VerifyRequest,
};

macro_rules! requests {
    ($( $id:literal $name:ident($body:ty) $(by $key:ident)?, )*) => {
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

            /// The request or order id it carries: what an error about it refers to.
            pub fn id(&self) -> Option<i32> {
                match self {
                    $( Self::$name(body) => {
                        let _ = body;
                        None $( .or(body.$key) )?
                    } )*
                    Self::Unserved { request_id, .. } => *request_id,
                }
            }

            /// The message with nothing in it; nothing for an id that the gateway does not know.
            pub(super) fn blank(message_id: i32) -> Option<Self> {
                match message_id {
                    $( $id => Some(Self::$name(Default::default())), )*
                    _ => None,
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
    1 MarketData(MarketDataRequest) by req_id,
    2 CancelMarketData(CancelMarketData) by req_id,
    3 PlaceOrder(Box<PlaceOrderRequest>) by order_id,
    4 CancelOrder(CancelOrderRequest) by order_id,
    5 OpenOrders(OpenOrdersRequest),
    6 AccountUpdates(AccountDataRequest),
    7 Executions(ExecutionRequest) by req_id,
    8 Ids(IdsRequest),
    9 ContractDetails(ContractDataRequest) by req_id,
    10 MarketDepth(MarketDepthRequest) by req_id,
    11 CancelMarketDepth(CancelMarketDepth) by req_id,
    12 NewsBulletins(NewsBulletinsRequest),
    13 CancelNewsBulletins(CancelNewsBulletins),
    14 SetServerLogLevel(SetServerLogLevelRequest),
    15 AutoOpenOrders(AutoOpenOrdersRequest),
    16 AllOpenOrders(AllOpenOrdersRequest),
    17 ManagedAccounts(ManagedAccountsRequest),
    18 RequestFa(FaRequest),
    19 ReplaceFa(FaReplace) by req_id,
    20 HistoricalData(HistoricalDataRequest) by req_id,
    21 ExerciseOptions(ExerciseOptionsRequest) by order_id,
    22 ScannerSubscription(ScannerSubscriptionRequest) by req_id,
    23 CancelScannerSubscription(CancelById) by req_id,
    24 ScannerParameters(ScannerParametersRequest),
    25 CancelHistoricalData(CancelById) by req_id,
    49 CurrentTime(CurrentTimeRequest),
    50 RealTimeBars(RealTimeBarsRequest) by req_id,
    51 CancelRealTimeBars(CancelRealTimeBars) by req_id,
    52 FundamentalsData(FundamentalsDataRequest) by req_id,
    53 CancelFundamentalsData(CancelById) by req_id,
    54 CalculateImpliedVolatility(CalculateImpliedVolatilityRequest) by req_id,
    55 CalculateOptionPrice(CalculateOptionPriceRequest) by req_id,
    56 CancelCalculateImpliedVolatility(CancelById) by req_id,
    57 CancelCalculateOptionPrice(CancelById) by req_id,
    58 GlobalCancel(GlobalCancelRequest),
    59 MarketDataType(MarketDataTypeRequest),
    61 Positions(PositionsRequest),
    62 AccountSummary(AccountSummaryRequest) by req_id,
    63 CancelAccountSummary(CancelAccountSummary) by req_id,
    64 CancelPositions(CancelPositions),
    65 Verify(VerifyRequest),
    66 VerifyMessage(VerifyMessageRequest),
    67 QueryDisplayGroups(QueryDisplayGroupsRequest) by req_id,
    68 SubscribeToGroupEvents(SubscribeToGroupEventsRequest) by req_id,
    69 UpdateDisplayGroup(UpdateDisplayGroupRequest) by req_id,
    70 UnsubscribeFromGroupEvents(CancelById) by req_id,
    71 StartApi(StartApiRequest),
    74 PositionsMulti(PositionsMultiRequest) by req_id,
    75 CancelPositionsMulti(CancelById) by req_id,
    76 AccountUpdatesMulti(AccountUpdatesMultiRequest) by req_id,
    77 CancelAccountUpdatesMulti(CancelById) by req_id,
    78 SecDefOptParams(SecDefOptParamsRequest) by req_id,
    79 SoftDollarTiers(SoftDollarTiersRequest) by req_id,
    80 FamilyCodes(FamilyCodesRequest),
    81 MatchingSymbols(MatchingSymbolsRequest) by req_id,
    82 MarketDepthExchanges(MarketDepthExchangesRequest),
    83 SmartComponents(SmartComponentsRequest) by req_id,
    84 NewsArticle(NewsArticleRequest) by req_id,
    85 NewsProviders(NewsProvidersRequest),
    86 HistoricalNews(HistoricalNewsRequest) by req_id,
    87 HeadTimestamp(HeadTimestampRequest) by req_id,
    88 HistogramData(HistogramDataRequest) by req_id,
    89 CancelHistogramData(CancelById) by req_id,
    90 CancelHeadTimestamp(CancelById) by req_id,
    91 MarketRule(MarketRuleRequest),
    92 Pnl(PnlRequest) by req_id,
    93 CancelPnl(CancelPnl) by req_id,
    94 PnlSingle(PnlSingleRequest) by req_id,
    95 CancelPnlSingle(CancelPnlSingle) by req_id,
    96 HistoricalTicks(HistoricalTicksRequest) by req_id,
    97 TickByTick(TickByTickRequest) by req_id,
    98 CancelTickByTick(CancelTickByTick) by req_id,
    99 CompletedOrders(CompletedOrdersRequest),
    100 WshMetaData(WshMetaDataRequest) by req_id,
    101 CancelWshMetaData(CancelById) by req_id,
    102 WshEventData(WshEventDataRequest) by req_id,
    103 CancelWshEventData(CancelById) by req_id,
    104 UserInfo(UserInfoRequest) by req_id,
    105 CurrentTimeInMillis(CurrentTimeRequest),
}
