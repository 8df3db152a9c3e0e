//! The streams of one symbol.

use std::sync::Arc;

use alphatrader_model::market::Stream;
use alphatrader_model::{Contract, InstrumentId, Price};
use ibapi::Client;
use ibapi::market_data::{SmartDepth, TradingHours};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

use super::chain::Chain;
use super::details::{Asker, Listed};
use super::keeper::{Ending, Keeper, Kick};
use super::quote::Ticker;
use super::taker::{BarTaker, DepthTaker, QuoteTaker, Shared, Totals, TradeTaker};
use crate::context::Context;
use crate::meter::StreamState;
use crate::plan::{BookPlan, Feed, SymbolPlan};
use crate::rota::{Rota, Turn};

/// Generic ticks of a stock's quote line: prints, as volume. Halts come unasked.
const STOCK_TICKS: [&str; 1] = ["233"];

/// One symbol in one session.
#[derive(Clone)]
pub(crate) struct Following {
    pub(crate) context: Arc<Context>,
    pub(crate) client: Arc<Client>,
    pub(crate) kicks: broadcast::Sender<Kick>,
    pub(crate) rota: Arc<Rota>,
    pub(crate) plan: SymbolPlan,
}

impl Following {
    /// Follows the symbol until the session is over.
    pub(crate) async fn run(self) {
        let symbol = self.plan.symbol;
        let mut asker = Asker::new(Arc::clone(&self.context), Arc::clone(&self.client));
        let Ok(stock) = asker.stock(symbol).await else { return };
        let instrument = match self.context.announce(stock.terms.clone()) {
            Ok(instrument) => instrument,
            Err(refused) => {
                self.context.board.error(&refused.to_string());
                tracing::error!(%refused, "a symbol cannot be followed");
                return;
            }
        };
        let every_print = self.plan.feed == Feed::EveryPrint;
        let shared = Arc::new(Shared::new(!every_print));
        // Dropping the set, as when this task is aborted, ends the streams.
        let mut streams = JoinSet::new();
        // Held to the end: nobody leaves a stock while its session lasts.
        let stays = watch::Sender::new(false);
        let (spot, watched) = watch::channel(None);
        streams.spawn(self.quotes(&stock, instrument, &stays, &shared, spot));
        if every_print {
            streams.spawn(self.prints(&stock, instrument, &stays, &shared));
        }
        if self.plan.bars {
            streams.spawn(self.bars(&stock, instrument, &stays, &shared));
        }
        if self.plan.book != BookPlan::Never {
            streams.spawn(self.depth(&stock, instrument, &shared));
        }
        if let Some(con_id) = stock.terms.con_id
            && self.plan.option_lines > 0
        {
            let lines = self.plan.option_lines;
            let chain = Chain::new(asker, self.kicks.clone(), symbol, con_id, lines, watched);
            streams.spawn(chain.run());
        }
        while streams.join_next().await.is_some() {}
    }

    fn keeper(&self, instrument: InstrumentId, stream: Stream, left: watch::Receiver<bool>) -> Keeper {
        let config = &self.context.config;
        let patience = match (stream, self.plan.feed) {
            (Stream::Depth | Stream::Bars, _) | (Stream::Quotes, Feed::EveryPrint) => 1,
            (Stream::Trades, _) => 2,
            (Stream::Quotes, Feed::Snapshot) => 4,
        };
        Keeper {
            context: Arc::clone(&self.context),
            meter: self.context.board.watch(Contract::Stock(self.plan.symbol), stream, instrument),
            kicks: self.kicks.subscribe(),
            left,
            stale: config.stale_after * patience,
            budget: matches!(stream, Stream::Trades | Stream::Bars).then_some((self.plan.symbol, stream)),
            name: format!("{stream:?} of {}", self.plan.symbol),
        }
    }

    fn quotes(
        &self,
        stock: &Listed,
        instrument: InstrumentId,
        stays: &watch::Sender<bool>,
        shared: &Arc<Shared>,
        spot: watch::Sender<Option<Price>>,
    ) -> impl Future<Output = ()> + use<> {
        let keeper = self.keeper(instrument, Stream::Quotes, stays.subscribe());
        keeper.meter.set_sampled(self.plan.feed == Feed::Snapshot);
        let taker = QuoteTaker {
            context: Arc::clone(&self.context),
            meter: Arc::clone(&keeper.meter),
            instrument,
            ticker: Ticker::new(instrument, None),
            shared: Arc::clone(shared),
            totals: Totals::default(),
            spot: Some(spot),
        };
        let (client, named) = (Arc::clone(&self.client), stock.named.clone());
        async move {
            // The plan has a line for each stock.
            let Some(_line) = keeper.context.line() else { return no_line(&keeper) };
            keeper.keep(|| client.market_data(&named).generic_ticks(&STOCK_TICKS).subscribe(), taker).await;
        }
    }

    fn prints(
        &self,
        stock: &Listed,
        instrument: InstrumentId,
        stays: &watch::Sender<bool>,
        shared: &Arc<Shared>,
    ) -> impl Future<Output = ()> + use<> {
        let keeper = self.keeper(instrument, Stream::Trades, stays.subscribe());
        let taker = TradeTaker {
            context: Arc::clone(&self.context),
            meter: Arc::clone(&keeper.meter),
            instrument,
            shared: Arc::clone(shared),
        };
        let (client, named) = (Arc::clone(&self.client), stock.named.clone());
        async move {
            keeper.keep(|| client.tick_by_tick(&named, 0).all_last(), taker).await;
        }
    }

    fn bars(
        &self,
        stock: &Listed,
        instrument: InstrumentId,
        stays: &watch::Sender<bool>,
        shared: &Arc<Shared>,
    ) -> impl Future<Output = ()> + use<> {
        let keeper = self.keeper(instrument, Stream::Bars, stays.subscribe());
        let taker = BarTaker {
            context: Arc::clone(&self.context),
            meter: Arc::clone(&keeper.meter),
            instrument,
            shared: Arc::clone(shared),
        };
        let (client, named) = (Arc::clone(&self.client), stock.named.clone());
        async move {
            let Some(_line) = keeper.context.line() else { return no_line(&keeper) };
            let open = || client.realtime_bars(&named).trading_hours(TradingHours::Extended).subscribe();
            keeper.keep(open, taker).await;
        }
    }

    /// Follows the book whenever it is its turn.
    fn depth(
        &self,
        stock: &Listed,
        instrument: InstrumentId,
        shared: &Arc<Shared>,
    ) -> impl Future<Output = ()> + use<> {
        let following = self.clone();
        let (named, shared) = (stock.named.clone(), Arc::clone(shared));
        let rows = i32::from(self.context.config.depth_rows);
        async move {
            let Self { context, client, rota, plan, .. } = &following;
            let symbol = plan.symbol;
            let Some(mut waits) = rota.watch(symbol) else { return };
            loop {
                let keeper = following.keeper(instrument, Stream::Depth, waits.clone());
                if !following.its_turn(&keeper, &mut waits).await {
                    return;
                }
                let (context, rota) = (Arc::clone(context), Arc::clone(rota));
                let taker = DepthTaker::new(context, instrument, symbol, rota, Arc::clone(&shared));
                let open = || client.market_depth(&named, rows).smart_depth(SmartDepth::Yes).subscribe();
                match keeper.keep(open, taker).await {
                    Ending::Session => return,
                    Ending::Refused => {}
                    Ending::Left => following.rota.left(symbol),
                }
                // What it shows is no book from here on.
                following.context.gap(instrument, Stream::Depth);
            }
        }
    }
}

impl Following {
    /// Waits for the turn of the symbol's book. False when it never comes.
    async fn its_turn(&self, keeper: &Keeper, waits: &mut watch::Receiver<bool>) -> bool {
        let symbol = self.plan.symbol;
        loop {
            waits.mark_unchanged();
            match self.rota.of(symbol) {
                Turn::Open => {
                    keeper.meter.set(StreamState::Opening, None);
                    return true;
                }
                // A turn that passed before we saw it.
                Turn::Leave => self.rota.left(symbol),
                Turn::Waits => {
                    let problem = format!("waits for its turn: {} books at once", self.rota.allowed());
                    keeper.meter.set(StreamState::Waiting, Some(problem));
                    if waits.changed().await.is_err() {
                        return false;
                    }
                }
            }
        }
    }
}

/// All lines of the account are in use.
fn no_line(keeper: &Keeper) {
    let problem =
        format!("{}: all {} market data lines are in use", keeper.name, keeper.context.config.lines);
    tracing::error!("{problem}");
    keeper.context.board.error(&problem);
    keeper.meter.set(StreamState::Broken, Some(problem));
}
