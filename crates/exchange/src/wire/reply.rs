//! What the gateway says: one variant per message id that it sends.

use super::message::account::{
    AccountDataEnd, AccountSummary, AccountSummaryEnd, AccountUpdateMulti, AccountUpdateMultiEnd,
    AccountUpdateTime, AccountValue, Pnl, PnlSingle, PortfolioValue, Position, PositionEnd, PositionMulti,
    PositionMultiEnd,
};
use super::message::contract::{
    ContractData, ContractDataEnd, MarketDepthExchanges, MarketRule, SecDefOptParameter,
    SecDefOptParameterEnd, SmartComponents, SymbolSamples,
};
use super::message::execution::{CommissionAndFeesReport, ExecutionDetails, ExecutionDetailsEnd};
use super::message::market_data::{
    MarketDataType, MarketDepth, MarketDepthL2, RealTimeBarTick, TickByTickData, TickGeneric,
    TickOptionComputation, TickPrice, TickReqParams, TickSize, TickSnapshotEnd, TickString,
};
use super::message::order::{CompletedOrder, CompletedOrdersEnd, OpenOrder, OpenOrdersEnd, OrderStatus};
use super::message::session::{
    CurrentTime, CurrentTimeInMillis, ErrorMessage, ManagedAccounts, NextValidId, UserInfo,
};

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
    15 ManagedAccounts(ManagedAccounts),
    21 TickOptionComputation(TickOptionComputation),
    45 TickGeneric(TickGeneric),
    46 TickString(TickString),
    49 CurrentTime(CurrentTime),
    50 RealTimeBar(RealTimeBarTick),
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
    71 PositionMulti(Box<PositionMulti>),
    72 PositionMultiEnd(PositionMultiEnd),
    73 AccountUpdateMulti(AccountUpdateMulti),
    74 AccountUpdateMultiEnd(AccountUpdateMultiEnd),
    75 SecDefOptParameter(SecDefOptParameter),
    76 SecDefOptParameterEnd(SecDefOptParameterEnd),
    79 SymbolSamples(SymbolSamples),
    80 MarketDepthExchanges(MarketDepthExchanges),
    81 TickReqParams(TickReqParams),
    82 SmartComponents(SmartComponents),
    93 MarketRule(MarketRule),
    94 Pnl(Pnl),
    95 PnlSingle(PnlSingle),
    99 TickByTick(Box<TickByTickData>),
    101 CompletedOrder(Box<CompletedOrder>),
    102 CompletedOrdersEnd(CompletedOrdersEnd),
    107 UserInfo(UserInfo),
    109 CurrentTimeInMillis(CurrentTimeInMillis),
}
