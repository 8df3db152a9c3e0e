//! Orders under an algorithm, as they are worked: slices let go over time, or a price that steps
//! toward the far side. See [`crate::broker::ticket::algo`] for which strategy does which.

use alphatrader_market::day::Shape;
use alphatrader_market::matching::{Change, NewOrder};
use alphatrader_model::{InstrumentId, OrderKind, Price, Quantity, Session, Side, Span, Timestamp};

use super::{Desk, key_of};
use crate::broker::order::BrokerOrder;
use crate::broker::ticket::algo::{End, Moment, Plan};

/// A schedule is looked at this often.
const EVERY: Span = Span::from_seconds(1);

/// Steps from the near side to the far one.
const STEPS: i64 = 4;

/// An order under an algorithm.
#[derive(Debug, Clone)]
pub(super) struct Run {
    work: Work,
    /// When it is looked at next.
    pub(super) next: Timestamp,
    /// Filled, and volume of the day, when it began: a restart begins anew with what is left.
    filled: u64,
    volume: u64,
}

#[derive(Debug, Clone)]
enum Work {
    Step { done: i64, every: Span },
    Schedule { begin: Timestamp, end: Timestamp, by_volume: bool, share: Option<f64> },
    Share { begin: Timestamp, share: f64 },
    Parts { begin: Timestamp, size: u64, every: Span },
}

impl Desk {
    /// Begins the algorithm of an order that leaves for the exchange: how it arrives there.
    pub(super) fn begin_plan(&mut self, order: &BrokerOrder, mut new: NewOrder) -> NewOrder {
        let Some(plan) = &order.ticket.plan else { return new };
        let run = self.run_of(plan, order);
        match &run.work {
            Work::Step { .. } => {
                if let Some(price) = self.stepped(new.instrument, order, 0) {
                    new.kind = OrderKind::Limit { limit: price };
                }
            }
            _ => new.handling.paced = Some(order.filled),
        }
        self.runs.insert(order.perm_id, run);
        new
    }

    /// Begins the algorithm of an order that is at the exchange already: after a restart.
    pub(super) fn resume_plan(&mut self, order: &BrokerOrder) {
        if let Some(plan) = &order.ticket.plan {
            let run = self.run_of(plan, order);
            self.runs.insert(order.perm_id, run);
        }
    }

    fn run_of(&self, plan: &Plan, order: &BrokerOrder) -> Run {
        let begin =
            |begin: &Option<Moment>| begin.map_or(self.now, |moment| self.instant_of(moment)).max(self.now);
        let work = match plan {
            Plan::Patient { patience } => {
                Work::Step { done: 0, every: Span::from_nanos(patience.nanos() / STEPS) }
            }
            Plan::Schedule { begin: first, end, by_volume, share } => {
                let begin = begin(first);
                let close = self.session.map_or(begin, |session| session.close);
                let end = match end {
                    End::Moment(moment) => self.instant_of(*moment),
                    End::After(span) => begin + *span,
                    End::Close => close,
                };
                Work::Schedule { begin, end: end.min(close).max(begin), by_volume: *by_volume, share: *share }
            }
            Plan::Share { share, begin: first } => Work::Share { begin: begin(first), share: *share },
            Plan::Parts { size, every } => Work::Parts { begin: self.now, size: *size, every: *every },
        };
        let volume = self.ticker_volume(order);
        Run { work, next: self.now + self.config.order_latency, filled: order.filled.get(), volume }
    }

    fn instant_of(&self, moment: Moment) -> Timestamp {
        match moment {
            Moment::At(at) => at,
            Moment::OfDay(span) => self.calendar.midnight(self.calendar.date_of(self.now)) + span,
        }
    }

    fn ticker_volume(&self, order: &BrokerOrder) -> u64 {
        let id = self.instrument_id(&order.contract);
        id.and_then(|id| self.feed.ticker(id)).map_or(0, |ticker| ticker.volume)
    }

    /// When the next algorithm is looked at.
    pub(super) fn next_plan(&self) -> Option<Timestamp> {
        self.runs.values().map(|run| run.next).min()
    }

    /// Lets every algorithm that is due do its next bit.
    pub(super) fn work_plans(&mut self) {
        let due: Vec<i64> =
            self.runs.iter().filter(|(_, run)| run.next <= self.now).map(|(perm_id, _)| *perm_id).collect();
        for perm_id in due {
            let order = self.state.orders.get(&perm_id).filter(|order| !order.status.is_final()).cloned();
            let run = self.runs.remove(&perm_id);
            if let (Some(order), Some(run)) = (order, run)
                && let Some(run) = self.work_plan(&order, run)
            {
                self.runs.insert(perm_id, run);
            }
        }
    }

    /// One bit of an algorithm; nothing when it is done.
    fn work_plan(&mut self, order: &BrokerOrder, mut run: Run) -> Option<Run> {
        if let Work::Step { done, every } = &mut run.work {
            *done += 1;
            let (done, every) = (*done, *every);
            self.step(order, done);
            run.next = self.now + every;
            return (done < STEPS).then_some(run);
        }
        let left = order.ticket.quantity.get().saturating_sub(run.filled);
        let traded = self.ticker_volume(order).saturating_sub(run.volume);
        let part = |share: f64| (traded as f64 * share) as u64;
        let target = match &run.work {
            Work::Schedule { begin, end, by_volume, share } => {
                let done = scheduled(left, *begin, *end, self.now, self.session.filter(|_| *by_volume));
                share.map_or(done, |share| done.min(part(share)))
            }
            Work::Share { begin, share } => {
                if self.now < *begin {
                    0
                } else {
                    part(*share)
                }
            }
            Work::Parts { begin, size, every } => {
                let parts = self.now.since(*begin).nanos() / every.nanos().max(1) + 1;
                size.saturating_mul(parts.unsigned_abs())
            }
            Work::Step { .. } => left,
        };
        run.next = self.now + EVERY;
        let may = Quantity::new(run.filled.saturating_add(target.min(left)));
        let mut reports = std::mem::take(&mut self.reports);
        self.exchange.pace(key_of(order.perm_id), may, &mut reports);
        self.take_reports(&mut reports);
        self.reports = reports;
        Some(run)
    }

    /// Moves the price of a patient order a step toward the far side; the last one takes.
    fn step(&mut self, order: &BrokerOrder, done: i64) {
        let key = key_of(order.perm_id);
        let Some(live) = self.exchange.order(key).copied() else { return };
        let Some(id) = self.instrument_id(&order.contract) else { return };
        let price = self.stepped(id, order, done).filter(|_| done < STEPS);
        let kind = price.map_or(order.ticket.kind, |limit| OrderKind::Limit { limit });
        if kind == live.kind {
            return;
        }
        if let Err(full) = self.exchange.change(self.now, Change::new(key, live.quantity, kind)) {
            tracing::warn!(%full, perm_id = order.perm_id, "a patient order keeps its price for now");
        }
    }

    /// The price of a patient order after some steps, never beyond its own limit.
    fn stepped(&self, id: InstrumentId, order: &BrokerOrder, done: i64) -> Option<Price> {
        let ticker = self.feed.ticker(id)?;
        let (bid, ask) = (ticker.bid?.price, ticker.ask?.price);
        let way = (ask.raw() - bid.raw()).max(0) * done / STEPS;
        let instrument = &self.feed.catalogue.get(id)?.instrument;
        let price = match order.ticket.side {
            Side::Buy => {
                let price = Price::from_raw(bid.raw() + way);
                price.floor_to(instrument.tick_at(price))
            }
            Side::Sell => {
                let price = Price::from_raw(ask.raw() - way);
                price.ceil_to(instrument.tick_at(price))
            }
        };
        Some(match (order.ticket.kind.limit(), order.ticket.side) {
            (Some(limit), Side::Buy) => price.min(limit),
            (Some(limit), Side::Sell) => price.max(limit),
            (None, _) => price,
        })
    }
}

/// How much of `left` is to be done by now: evenly, or along the usual volume of the session.
fn scheduled(left: u64, begin: Timestamp, end: Timestamp, now: Timestamp, session: Option<Session>) -> u64 {
    if now < begin {
        return 0;
    }
    if now >= end {
        return left;
    }
    let part = match session {
        Some(session) => {
            let shape = Shape::new();
            let until = |at| shape.volume_until(&session, at);
            let (first, last) = (until(begin), until(end));
            if last > first { (until(now) - first) / (last - first) } else { 1.0 }
        }
        None => now.since(begin).nanos() as f64 / end.since(begin).nanos() as f64,
    };
    ((left as f64 * part).ceil() as u64).min(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_done_at_its_end() {
        let (begin, end) = (Timestamp::from_seconds(1_000), Timestamp::from_seconds(1_100));
        let at = |seconds| scheduled(10, begin, end, Timestamp::from_seconds(seconds), None);
        assert_eq!([at(999), at(1_000), at(1_001), at(1_050), at(1_099), at(1_100)], [0, 0, 1, 5, 10, 10]);
        let open = Timestamp::from_seconds(0);
        let session = Session { date: "2026-03-16".parse().unwrap(), open, close: open + Session::FULL };
        let half = open + Span::from_nanos(Session::FULL.nanos() / 2);
        let done = scheduled(1_000, open, session.close, half, Some(session));
        assert!((500..650).contains(&done), "the morning trades more: {done}");
    }
}
