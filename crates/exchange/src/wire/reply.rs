//! What the gateway says: one variant per message id that it sends.

use super::message::account::{
    AccountDataEnd, AccountSummary, AccountSummaryEnd, AccountUpdateMulti, AccountUpdateMultiEnd,
    AccountUpdateTime, AccountValue, Pnl, PnlSingle, PortfolioValue, Position, PositionEnd, PositionMulti,
    PositionMultiEnd,
};
use super::message::advisor::{FamilyCodes, ReceiveFa, ReplaceFaEnd, SoftDollarTiers};
use super::message::contract::{
    ContractData, ContractDataEnd, MarketDepthExchanges, MarketRule, SecDefOptParameter,
    SecDefOptParameterEnd, SmartComponents, SymbolSamples,
};
use super::message::execution::{CommissionAndFeesReport, ExecutionDetails, ExecutionDetailsEnd};
use super::message::historical::{
    HeadTimestamp, HistogramData, HistoricalData, HistoricalDataEnd, HistoricalDataUpdate,
    HistoricalSchedule, HistoricalTicks, HistoricalTicksBidAsk, HistoricalTicksLast,
};
use super::message::market_data::{
    MarketDataType, MarketDepth, MarketDepthL2, RealTimeBarTick, TickByTickData, TickGeneric,
    TickOptionComputation, TickPrice, TickReqParams, TickSize, TickSnapshotEnd, TickString,
};
use super::message::news::{
    HistoricalNews, HistoricalNewsEnd, NewsArticle, NewsBulletin, NewsProviders, TickNews,
};
use super::message::order::{
    CompletedOrder, CompletedOrdersEnd, OpenOrder, OpenOrdersEnd, OrderBound, OrderStatus,
};
use super::message::research::{FundamentalsData, WshEventData, WshMetaData};
use super::message::scanner::{ScannerData, ScannerParameters};
use super::message::session::{
    CurrentTime, CurrentTimeInMillis, ErrorMessage, ManagedAccounts, NextValidId, UserInfo,
};
use super::message::terminal::{DisplayGroupList, DisplayGroupUpdated, VerifyCompleted, VerifyMessageApi};

macro_rules! replies {
    ($( $id:literal $name:ident($body:ty), )*) => {
        /// A message to a client, whatever dialect it leaves in.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Reply {
            $(
                #[doc = concat!("Message ", stringify!($id), ".")]
                $name($body),
            )*
        }

        impl Reply {
            /// The id of the message, without the mark of the dialect.
            pub fn message_id(&self) -> i32 {
                match self {
                    $( Self::$name(_) => $id, )*
                }
            }

            /// The message with nothing in it; nothing for an id that the gateway does not know.
            pub(super) fn blank(message_id: i32) -> Option<Self> {
                match message_id {
                    $( $id => Some(Self::$name(Default::default())), )*
                    _ => None,
                }
            }

            /// Appends the protobuf payload.
            pub(super) fn to_protobuf(&self, out: &mut Vec<u8>) {
                use prost::Message as _;
                let written = match self {
                    $( Self::$name(body) => body.encode(out), )*
                };
                written.expect("a vector has room");
            }

            /// Reads the protobuf payload of message `message_id` (the client's half of the codec);
            /// nothing for an id that the gateway never sends.
            pub(super) fn from_protobuf(message_id: i32, payload: &[u8]) -> Result<Option<Self>, prost::DecodeError> {
                use prost::Message as _;
                match message_id {
                    $( $id => Ok(Some(Self::$name(<$body>::decode(payload)?))), )*
                    _ => Ok(None),
                }
            }
        }
    };
}

replies! {
    1 TickPrice(TickPrice),
    2 TickSize(TickSize),
    3 OrderStatus(OrderStatus),
    4 Error(ErrorMessage),
    5 OpenOrder(Box<OpenOrder>),
    6 AccountValue(AccountValue),
    7 PortfolioValue(Box<PortfolioValue>),
    8 AccountUpdateTime(AccountUpdateTime),
    9 NextValidId(NextValidId),
    10 ContractDetails(Box<ContractData>),
    11 ExecutionDetails(Box<ExecutionDetails>),
    12 MarketDepth(MarketDepth),
    13 MarketDepthL2(MarketDepthL2),
    14 NewsBulletin(NewsBulletin),
    15 ManagedAccounts(ManagedAccounts),
    16 ReceiveFa(ReceiveFa),
    17 HistoricalData(HistoricalData),
    19 ScannerParameters(ScannerParameters),
    20 ScannerData(ScannerData),
    21 TickOptionComputation(TickOptionComputation),
    45 TickGeneric(TickGeneric),
    46 TickString(TickString),
    49 CurrentTime(CurrentTime),
    50 RealTimeBar(RealTimeBarTick),
    51 FundamentalsData(FundamentalsData),
    52 ContractDetailsEnd(ContractDataEnd),
    53 OpenOrdersEnd(OpenOrdersEnd),
    54 AccountDownloadEnd(AccountDataEnd),
    55 ExecutionDetailsEnd(ExecutionDetailsEnd),
    57 TickSnapshotEnd(TickSnapshotEnd),
    58 MarketDataType(MarketDataType),
    59 CommissionReport(CommissionAndFeesReport),
    61 Position(Box<Position>),
    62 PositionEnd(PositionEnd),
    63 AccountSummary(AccountSummary),
    64 AccountSummaryEnd(AccountSummaryEnd),
    65 VerifyMessageApi(VerifyMessageApi),
    66 VerifyCompleted(VerifyCompleted),
    67 DisplayGroupList(DisplayGroupList),
    68 DisplayGroupUpdated(DisplayGroupUpdated),
    71 PositionMulti(Box<PositionMulti>),
    72 PositionMultiEnd(PositionMultiEnd),
    73 AccountUpdateMulti(AccountUpdateMulti),
    74 AccountUpdateMultiEnd(AccountUpdateMultiEnd),
    75 SecDefOptParameter(SecDefOptParameter),
    76 SecDefOptParameterEnd(SecDefOptParameterEnd),
    77 SoftDollarTiers(SoftDollarTiers),
    78 FamilyCodes(FamilyCodes),
    79 SymbolSamples(SymbolSamples),
    80 MarketDepthExchanges(MarketDepthExchanges),
    81 TickReqParams(TickReqParams),
    82 SmartComponents(SmartComponents),
    83 NewsArticle(NewsArticle),
    84 TickNews(TickNews),
    85 NewsProviders(NewsProviders),
    86 HistoricalNews(HistoricalNews),
    87 HistoricalNewsEnd(HistoricalNewsEnd),
    88 HeadTimestamp(HeadTimestamp),
    89 HistogramData(HistogramData),
    90 HistoricalDataUpdate(HistoricalDataUpdate),
    93 MarketRule(MarketRule),
    94 Pnl(Pnl),
    95 PnlSingle(PnlSingle),
    96 HistoricalTicks(HistoricalTicks),
    97 HistoricalTicksBidAsk(HistoricalTicksBidAsk),
    98 HistoricalTicksLast(HistoricalTicksLast),
    99 TickByTick(Box<TickByTickData>),
    100 OrderBound(OrderBound),
    101 CompletedOrder(Box<CompletedOrder>),
    102 CompletedOrdersEnd(CompletedOrdersEnd),
    103 ReplaceFaEnd(ReplaceFaEnd),
    104 WshMetaData(WshMetaData),
    105 WshEventData(WshEventData),
    106 HistoricalSchedule(HistoricalSchedule),
    107 UserInfo(UserInfo),
    108 HistoricalDataEnd(HistoricalDataEnd),
    109 CurrentTimeInMillis(CurrentTimeInMillis),
}
