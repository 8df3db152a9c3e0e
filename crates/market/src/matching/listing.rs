//! One instrument: its market and the orders on it.

use alphatrader_model::{Instrument, OrderKind, Price, Quantity, Side, Timestamp, Trade};

use super::book::Market;
use super::order::{LiveOrder, OrderKey, Standing};
use super::queue::QueueModel;
use super::report::{Report, ReportKind};
use crate::random::Random;

/// One instrument: its market and the orders on it.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    pub(super) instrument: Instrument,
    pub(super) market: Market,
    /// In order of arrival: the time in price-time.
    pub(super) live: Vec<LiveOrder>,
    /// Nothing trades until it is resumed.
    pub(super) halted: bool,
    /// First print of the session.
    pub(super) first_print: Option<Price>,
    /// Last print of the session.
    pub(super) last_print: Option<Price>,
}

impl Listing {
    pub(super) fn new(instrument: Instrument) -> Self {
        Self {
            instrument,
            market: Market::default(),
            live: Vec::new(),
            halted: false,
            first_print: None,
            last_print: None,
        }
    }

    pub(super) fn order(&self, key: OrderKey) -> Option<&LiveOrder> {
        self.live.iter().find(|order| order.key == key)
    }

    pub(super) fn order_mut(&mut self, key: OrderKey) -> Option<&mut LiveOrder> {
        self.live.iter_mut().find(|order| order.key == key)
    }

    pub(super) fn remove(&mut self, key: OrderKey) -> Option<LiveOrder> {
        let place = self.live.iter().position(|order| order.key == key)?;
        Some(self.live.remove(place))
    }

    /// Puts an order behind all others.
    pub(super) fn send_back(&mut self, key: OrderKey) {
        if let Some(order) = self.remove(key) {
            self.live.push(order);
        }
    }

    /// A limit that works and did not fill whole stands in the queue at its price from now on.
    pub(super) fn join_queue(&mut self, key: OrderKey) {
        let Some(place) = self.live.iter().position(|order| order.key == key) else { return };
        let order = &mut self.live[place];
        if let Some(limit) = order.kind.limit()
            && !order.resting
            && order.standing == Standing::Working
            && order.open() > 0
        {
            order.resting = true;
            order.queue_ahead = self.market.displayed(order.side, limit).map(Quantity::new);
            (order.seen, order.printed) = (order.queue_ahead, Quantity::ZERO);
        }
    }

    /// Moves trailing stops behind a price that they watch: the quote's far side, or a print.
    pub(super) fn trail(&mut self, open: bool, now: Timestamp, print: Option<Price>, out: &mut Vec<Report>) {
        let bid = self.market.touch(Side::Buy).map(|level| level.price);
        let ask = self.market.touch(Side::Sell).map(|level| level.price);
        for order in &mut self.live {
            if order.handling.trail.is_none() || !works(order, open) {
                continue;
            }
            let (far, near) = if order.side == Side::Buy { (ask, bid) } else { (bid, ask) };
            let watched = match print {
                Some(print) => order.trigger_by.of_print().then_some(print),
                None => order.trigger_by.of_quote(far, near),
            };
            if watched.is_some_and(|price| order.follow(price, |at| self.instrument.tick_at(at))) {
                let what = ReportKind::Trailed { kind: order.kind };
                out.push(Report { time: now, key: order.key, what });
            }
        }
    }

    /// Lists the orders that the display, as it is now, triggers or fills, in price-time order, and
    /// moves the queues.
    pub(super) fn want_of_display(
        &mut self,
        open: bool,
        queue: QueueModel,
        random: &mut Random,
        wanting: &mut Vec<OrderKey>,
    ) {
        let bid = self.market.touch(Side::Buy).map(|level| level.price);
        let ask = self.market.touch(Side::Sell).map(|level| level.price);
        for order in &mut self.live {
            if !works(order, open) {
                continue;
            }
            let (opposite, near) = if order.side == Side::Buy { (ask, bid) } else { (bid, ask) };
            let wants = match order.kind {
                _ if order.standing == Standing::Armed => {
                    order.trigger_by.of_quote(opposite, near).is_some_and(|price| order.reached(price))
                }
                OrderKind::Market | OrderKind::Stop { .. } => opposite.is_some(),
                OrderKind::Limit { .. } | OrderKind::StopLimit { .. } => {
                    if order.resting {
                        queue.look(order, &self.market, random);
                    }
                    opposite.is_some_and(|price| order.accepts(price))
                }
            };
            if wants {
                wanting.push(order.key);
            }
        }
        self.by_price_and_time(wanting);
    }

    /// Lists the orders that a print triggers or may fill, in price-time order.
    pub(super) fn want_of_print(&self, open: bool, trade: &Trade, wanting: &mut Vec<OrderKey>) {
        for order in self.live.iter().filter(|order| works(order, open)) {
            let wants = if order.standing == Standing::Armed {
                order.trigger_by.of_print() && order.reached(trade.price)
            } else {
                order.kind.limit().is_some_and(|limit| match trade.price.cmp(&limit) {
                    core::cmp::Ordering::Equal => self.takes_from(order.side, trade),
                    beyond => beyond.is_lt() == (order.side == Side::Buy),
                })
            };
            if wants {
                wanting.push(order.key);
            }
        }
        self.by_price_and_time(wanting);
    }

    /// Whether a print at an order's price took from the order's side. Where the feed does not say,
    /// a print at the opposite touch is taken for the other side's.
    fn takes_from(&self, side: Side, trade: &Trade) -> bool {
        match trade.aggressor {
            Some(aggressor) => aggressor != side,
            None => self.market.touch(side.opposite()).is_none_or(|level| level.price != trade.price),
        }
    }

    /// Most willing price first; at one price, first come first served.
    fn by_price_and_time(&self, wanting: &mut [OrderKey]) {
        if wanting.len() < 2 {
            return;
        }
        let willingness = |key: &OrderKey| {
            let order = self.order(*key)?;
            let limit = order.kind.limit().map(Price::raw)?;
            Some(if order.side == Side::Buy { -limit } else { limit })
        };
        // The sort is stable and `live` is in order of arrival. Orders without a limit go first.
        wanting.sort_by_key(willingness);
    }
}

/// Whether an order is at the exchange now, armed or working.
pub(super) fn works(order: &LiveOrder, open: bool) -> bool {
    matches!(order.standing, Standing::Armed | Standing::Working)
        && (open || order.outside_session)
        && order.open() > 0
}
