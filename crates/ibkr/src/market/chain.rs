//! The options of one symbol: those that expire today around the spot, and those that are held or
//! ordered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use alphatrader_model::market::Stream;
use alphatrader_model::{Contract, OptionContract, Price, Right, Symbol};
use jiff::civil::Date;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;
use tokio::time::interval;

use super::details::{Asker, Listed, SessionOver};
use super::keeper::{Keeper, Kick};
use super::quote::Ticker;
use super::taker::{QuoteTaker, Shared, Totals};
use super::window::Window;
use crate::context::Context;

/// Generic ticks of an option's quote line: volume, open interest, and prints, as volume: the broker has
/// no tick-by-tick data of options.
const OPTION_TICKS: [&str; 3] = ["100", "101", "233"];

/// An option may be silent this many times as long as a fund.
const OPTION_PATIENCE: u32 = 8;

/// How often, in wall time, the date is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// The options of one symbol in one session.
pub(crate) struct Chain {
    context: Arc<Context>,
    asker: Asker,
    kicks: broadcast::Sender<Kick>,
    symbol: Symbol,
    con_id: i32,
    /// Market data lines for options around the spot.
    most: usize,
    spot: watch::Receiver<Option<Price>>,
    pinned: watch::Receiver<BTreeSet<OptionContract>>,
    /// Lines that are followed; a line is left by dropping its sender.
    lines: BTreeMap<OptionContract, watch::Sender<bool>>,
    /// Contracts held or ordered that are not among those of today.
    others: BTreeMap<OptionContract, Listed>,
    tasks: JoinSet<()>,
}

impl Chain {
    pub(crate) fn new(
        asker: Asker,
        kicks: broadcast::Sender<Kick>,
        symbol: Symbol,
        con_id: i32,
        most: usize,
        spot: watch::Receiver<Option<Price>>,
    ) -> Self {
        let context = Arc::clone(&asker.context);
        let pinned = context.pinned.subscribe();
        Self {
            context,
            asker,
            kicks,
            symbol,
            con_id,
            most,
            spot,
            pinned,
            lines: BTreeMap::new(),
            others: BTreeMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Follows the options until the session is over, each date its own.
    pub(crate) async fn run(mut self) {
        loop {
            let today = self.context.today();
            if self.follow(today).await.is_err() {
                return;
            }
        }
    }

    /// Follows the options of one date until the date is over.
    async fn follow(&mut self, today: Date) -> Result<(), SessionOver> {
        let chain = self.asker.expiring(self.symbol, self.con_id, today).await?;
        tracing::info!(symbol = %self.symbol, %today, contracts = chain.len(), "options that expire today");
        let strikes = chain.keys().map(|option| option.strike).collect();
        let mut window = Window::new(strikes, self.context.config.strikes_each_side, self.most);
        let mut look = interval(LOOK);
        // What is known already is looked at first.
        self.spot.mark_changed();
        self.pinned.mark_changed();
        loop {
            tokio::select! {
                changed = self.spot.changed() => {
                    changed.map_err(|_| SessionOver)?;
                    let Some(spot) = *self.spot.borrow_and_update() else { continue };
                    if !window.follow(spot) {
                        continue;
                    }
                }
                changed = self.pinned.changed() => changed.map_err(|_| SessionOver)?,
                Some(_) = self.tasks.join_next() => continue,
                _ = look.tick() => {
                    if self.context.today() != today {
                        return Ok(());
                    }
                    continue;
                }
            }
            self.line_up(&window, &chain).await?;
        }
    }

    /// Leaves what is no longer wanted, then opens what is.
    async fn line_up(
        &mut self,
        window: &Window,
        chain: &BTreeMap<OptionContract, Listed>,
    ) -> Result<(), SessionOver> {
        let inside: BTreeSet<Price> = window.strikes().iter().copied().collect();
        let mut wanted: BTreeSet<OptionContract> =
            chain.keys().filter(|option| inside.contains(&option.strike)).copied().collect();
        let pinned = self.pinned.borrow_and_update().clone();
        wanted.extend(pinned.into_iter().filter(|option| self.is_mine(option, chain)));
        let context = &self.context;
        self.lines.retain(|option, _| {
            let stays = wanted.contains(option);
            if !stays {
                context.board.forget(Contract::Option(*option), Stream::Quotes);
            }
            stays
        });
        self.others.retain(|option, _| wanted.contains(option));
        for option in wanted {
            if self.lines.contains_key(&option) {
                continue;
            }
            let known = chain.get(&option).or_else(|| self.others.get(&option)).cloned();
            let listed = match known {
                Some(listed) => Some(listed),
                None => self.other(option).await?,
            };
            if let Some(listed) = listed {
                self.open(option, listed);
            }
        }
        Ok(())
    }

    /// A held or ordered option that does not expire today; when the broker knows it no more, it is
    /// no longer followed.
    async fn other(&mut self, option: OptionContract) -> Result<Option<Listed>, SessionOver> {
        let found = self.asker.find(&Contract::Option(option)).await?;
        match &found {
            Some(listed) => {
                self.others.insert(option, listed.clone());
            }
            None => self.context.unpin(&Contract::Option(option)),
        }
        Ok(found)
    }

    /// Whether a held or ordered option belongs to this symbol.
    fn is_mine(&self, option: &OptionContract, chain: &BTreeMap<OptionContract, Listed>) -> bool {
        if chain.contains_key(option) {
            return true;
        }
        let known = self.context.registry.find(&Contract::Option(*option));
        known.map_or(option.root, |instrument| instrument.underlying) == self.symbol
    }

    fn open(&mut self, option: OptionContract, listed: Listed) {
        let contract = Contract::Option(option);
        let instrument = match self.context.announce(listed.terms) {
            Ok(instrument) => instrument,
            Err(refused) => {
                self.context.board.error(&refused.to_string());
                tracing::error!(%refused, "an option cannot be followed");
                return;
            }
        };
        let Some(line) = self.context.line() else {
            let text = format!("{}: not followed, all market data lines are in use", contract.label());
            tracing::error!("{text}");
            self.context.board.error(&text);
            return;
        };
        let stays = watch::Sender::new(false);
        let keeper = Keeper {
            context: Arc::clone(&self.context),
            meter: self.context.board.watch(contract, Stream::Quotes, instrument),
            kicks: self.kicks.subscribe(),
            left: stays.subscribe(),
            stale: self.context.config.stale_after * OPTION_PATIENCE,
            budget: None,
            name: format!("quotes of {}", contract.label()),
        };
        let right: Right = option.right;
        keeper.meter.set_sampled(true);
        let taker = QuoteTaker {
            context: Arc::clone(&self.context),
            meter: Arc::clone(&keeper.meter),
            instrument,
            ticker: Ticker::new(instrument, Some(right)),
            shared: Arc::new(Shared::new(true)),
            totals: Totals::default(),
            spot: None,
        };
        let client = Arc::clone(&self.asker.client);
        self.lines.insert(option, stays);
        self.tasks.spawn(async move {
            let (named, _line) = (listed.named, line);
            keeper.keep(|| client.market_data(&named).generic_ticks(&OPTION_TICKS).subscribe(), taker).await;
        });
    }
}
