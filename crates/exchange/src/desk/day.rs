//! Beginning and end of trading days.

use alphatrader_model::market::{Gap, Stream};
use alphatrader_model::{Contract, Instrument, Payload, Session};

use super::{Desk, Happening, key_of};
use crate::broker::fact::{ClosePrice, DayBegan, Fact, Numbered};
use crate::broker::order::{BrokerOrder, Status};
use crate::feed::catalogue::Listing;
use crate::feed::numbering;

/// Numbers of contracts that do not fit the scheme of [`numbering`] begin here.
const FIRST_CON_ID: i32 = 700_000_001;

impl Desk {
    /// A contract is announced: it has its number by the scheme, or gets one, once for all runs.
    pub(super) fn list(&mut self, instrument: &Instrument) {
        let con_id = match self.con_id(&instrument.contract) {
            Some(con_id) => con_id,
            None => self.number(&instrument.contract),
        };
        let mut instrument = instrument.clone();
        instrument.con_id = Some(con_id);
        let (id, contract) = (instrument.id, instrument.contract);
        self.feed.catalogue.list(Listing { instrument, con_id });
        let close = self.state.day.as_ref().and_then(|day| day.closes.get(&contract).copied());
        let ticker = self.feed.ticker_mut(id);
        ticker.close = ticker.close.or(close);
    }

    /// The number by which clients know a contract; nothing for one that never had any.
    pub fn con_id(&self, contract: &Contract) -> Option<i32> {
        self.state.con_ids.get(contract).copied().or_else(|| numbering::con_id(contract))
    }

    fn number(&mut self, contract: &Contract) -> i32 {
        let own = FIRST_CON_ID..numbering::FIRST_MADE;
        let highest = self.state.con_ids.values().copied().filter(|id| own.contains(id)).max();
        let con_id = highest.map_or(FIRST_CON_ID, |id| id + 1);
        self.record(Fact::Numbered(Numbered { contract: contract.to_string(), con_id }));
        con_id
    }

    /// A session is announced. The day of the state file goes on; another one begins.
    pub(super) fn begin_day(&mut self, session: Session) {
        self.session = Some(session);
        self.feed.begin_day(session);
        if self.state.day.as_ref().is_some_and(|day| day.date == session.date) {
            return;
        }
        let closes: Vec<_> = self
            .feed
            .catalogue
            .iter()
            // Of thousands of options only those that are held are worth keeping.
            .filter(|listing| {
                let contract = &listing.instrument.contract;
                contract.option().is_none() || self.state.book.holdings.contains_key(contract)
            })
            .filter_map(|listing| {
                let price = self.feed.ticker(listing.instrument.id)?.mark()?;
                Some(ClosePrice { contract: listing.instrument.contract.to_string(), price: price.raw() })
            })
            .collect();
        let equity = self.equity().micros();
        self.record(Fact::DayBegan(DayBegan { date: session.date.to_string(), equity, closes }));
        let open = session.open;
        let ids: Vec<_> = self.feed.catalogue.iter().map(|listing| listing.instrument.id).collect();
        for id in ids {
            self.feed.ticker_mut(id).begin_day();
        }
        self.feed.catalogue.retain(|listing| listing.instrument.expires.is_none_or(|at| at >= open));
        self.feed.forget_delisted();
        self.happenings.push(Happening::Day);
    }

    /// The night is about to pass. What the market displays in the evening is gone by the morning, so
    /// that no order of the new day meets it.
    pub fn end_day(&mut self) {
        self.end_day_of_combinations();
        let mut reports = Vec::new();
        for listing in self.feed.catalogue.iter() {
            for stream in [Stream::Quotes, Stream::Depth] {
                let gap = Payload::Gap(Gap { instrument: listing.instrument.id, stream });
                self.exchange.on_market(self.now, &gap, &mut reports);
            }
        }
        self.take_reports(&mut reports);
        self.happenings.push(Happening::Night);
    }

    /// After a restart, once the day's contracts are announced: working orders go back to the exchange
    /// as they stood.
    pub fn restore_orders(&mut self) {
        let working: Vec<BrokerOrder> = self
            .state
            .orders
            .values()
            .filter(|order| !order.status.is_final() && order.status != Status::PendingSubmit)
            .cloned()
            .collect();
        for order in working {
            let Some(live) = order.live else {
                // It waited here, worked here, or was on its way.
                if order.status == Status::PendingCancel {
                    self.end_order(order, Status::Cancelled, "");
                    continue;
                }
                let gone = order.legs.iter().map(|leg| leg.contract).chain([order.contract]);
                if gone.into_iter().any(|contract| self.instrument_id(&contract).is_none()) {
                    self.end_order(order, Status::Cancelled, "its contract is no longer listed");
                } else {
                    self.dispatch(order);
                }
                continue;
            };
            if order.ticket.conditions.as_ref().is_some_and(|conditions| conditions.cancel) {
                self.watched.insert(order.perm_id);
            }
            self.resume_plan(&order);
            let outcome = self.exchange.restore(live).map_err(|e| e.to_string());
            if let Err(reason) = outcome {
                self.end_order(order, Status::Cancelled, &reason);
            } else if order.status == Status::PendingCancel
                && let Err(full) = self.exchange.cancel(self.now, key_of(order.perm_id))
            {
                tracing::error!(perm_id = order.perm_id, %full, "a cancel from before the restart was not sent again");
            }
        }
        self.exchange.restored();
    }
}
