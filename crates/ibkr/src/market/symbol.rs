//! The streams of one symbol.

use std::sync::Arc;

use alphatrader_model::market::Stream;
use alphatrader_model::{Contract, InstrumentId, Symbol};
use ibapi::Client;
use ibapi::market_data::SmartDepth;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

use super::chain::Chain;
use super::details::{Asker, Listed};
use super::keeper::{Keeper, Kick};
use super::quote::Ticker;
use super::taker::{DepthTaker, QuoteTaker, TradeTaker};
use crate::context::Context;

/// Generic ticks of a stock's quote line: every print, as volume.
const STOCK_TICKS: [&str; 1] = ["233"];

/// One symbol in one session.
pub(crate) struct Following {
    pub(crate) context: Arc<Context>,
    pub(crate) client: Arc<Client>,
    pub(crate) kicks: broadcast::Sender<Kick>,
    pub(crate) symbol: Symbol,
    /// Whether the symbol's book is followed.
    pub(crate) book: bool,
    /// Whether the symbol has a trade stream of its own.
    pub(crate) trades: bool,
}

impl Following {
    /// Follows the symbol until the session is over.
    pub(crate) async fn run(self) {
        let mut asker = Asker::new(Arc::clone(&self.context), Arc::clone(&self.client));
        let Ok(stock) = asker.stock(self.symbol).await else { return };
        let instrument = match self.context.announce(stock.terms.clone()) {
            Ok(instrument) => instrument,
            Err(refused) => {
                self.context.board.error(&refused.to_string());
                tracing::error!(%refused, "a symbol cannot be followed");
                return;
            }
        };
        // Dropping the set, as when this task is aborted, ends the streams.
        let mut streams = JoinSet::new();
        // Held to the end: nobody leaves a stock while its session lasts.
        let stays = watch::Sender::new(false);
        let (spot, watched) = watch::channel(None);
        streams.spawn(self.quotes(&stock, instrument, &stays, spot));
        if self.trades {
            streams.spawn(self.prints(&stock, instrument, &stays));
        }
        if self.book {
            streams.spawn(self.depth(&stock, instrument, &stays));
        }
        if let Some(con_id) = stock.terms.con_id
            && self.context.config.lines_per_symbol() > 0
        {
            let chain = Chain::new(asker, self.kicks.clone(), self.symbol, con_id, watched);
            streams.spawn(chain.run());
        }
        while streams.join_next().await.is_some() {}
    }

    fn keeper(&self, instrument: InstrumentId, stream: Stream, stays: &watch::Sender<bool>) -> Keeper {
        Keeper {
            context: Arc::clone(&self.context),
            meter: self.context.board.watch(Contract::Stock(self.symbol), stream, instrument),
            kicks: self.kicks.subscribe(),
            left: stays.subscribe(),
            name: format!("{stream:?} of {}", self.symbol),
        }
    }

    fn quotes(
        &self,
        stock: &Listed,
        instrument: InstrumentId,
        stays: &watch::Sender<bool>,
        spot: watch::Sender<Option<alphatrader_model::Price>>,
    ) -> impl Future<Output = ()> + use<> {
        let keeper = self.keeper(instrument, Stream::Quotes, stays);
        let taker = QuoteTaker {
            context: Arc::clone(&self.context),
            meter: Arc::clone(&keeper.meter),
            instrument,
            ticker: Ticker::new(instrument, None),
            prints: !self.trades,
            spot: Some(spot),
        };
        let (client, named) = (Arc::clone(&self.client), stock.named.clone());
        async move {
            keeper.keep(|| client.market_data(&named).generic_ticks(&STOCK_TICKS).subscribe(), taker).await;
        }
    }

    fn prints(
        &self,
        stock: &Listed,
        instrument: InstrumentId,
        stays: &watch::Sender<bool>,
    ) -> impl Future<Output = ()> + use<> {
        let keeper = self.keeper(instrument, Stream::Trades, stays);
        let taker = TradeTaker { context: Arc::clone(&self.context), instrument };
        let (client, named) = (Arc::clone(&self.client), stock.named.clone());
        async move {
            keeper.keep(|| client.tick_by_tick(&named, 0).all_last(), taker).await;
        }
    }

    fn depth(
        &self,
        stock: &Listed,
        instrument: InstrumentId,
        stays: &watch::Sender<bool>,
    ) -> impl Future<Output = ()> + use<> {
        let keeper = self.keeper(instrument, Stream::Depth, stays);
        let taker = DepthTaker::new(Arc::clone(&self.context), instrument);
        let (client, named) = (Arc::clone(&self.client), stock.named.clone());
        let rows = i32::from(self.context.config.depth_rows);
        async move {
            keeper
                .keep(|| client.market_depth(&named, rows).smart_depth(SmartDepth::Yes).subscribe(), taker)
                .await;
        }
    }
}
