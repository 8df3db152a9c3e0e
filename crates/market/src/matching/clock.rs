//! The exchange's own times: bells of the session, and when orders begin or end by themselves.

use alphatrader_model::{Session, Span, TimeInForce, Timestamp};

use super::Exchange;
use super::handling::Auction;
use super::order::{LiveOrder, OrderKey, Standing};
use super::report::{CancelReason, Report};

/// Which bells of the session were rung.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rung {
    open: bool,
    /// The time to wait for opening crosses is over.
    pub(super) crossed_open: bool,
    close: bool,
    /// The time to wait for closing crosses is over.
    pub(super) crossed_close: bool,
    night: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Arrival(u64),
    Alarm(OrderKey),
    Open,
    CrossedOpen,
    Close,
    CrossedClose,
    Night,
}

impl Exchange {
    /// Orders for the day that may trade outside the session end this long after its close.
    const EVENING: Span = Span::from_minutes(240);

    /// Everything that is due before `to` (at it too, when `inclusive`), in order of time.
    pub(super) fn run(&mut self, to: Timestamp, inclusive: bool, out: &mut Vec<Report>) {
        while let Some((at, next)) = self
            .next_due()
            .filter(|(at, next)| *at < to || (*at == to && (inclusive || !matches!(next, Next::Arrival(_)))))
        {
            self.now = self.now.max(at);
            match next {
                Next::Arrival(count) => {
                    let arrival = self.arrivals.remove(&(at, count)).expect("it was the next");
                    self.arrive(arrival, out);
                    self.wake(out);
                }
                Next::Alarm(key) => {
                    self.alarms.remove(&(at, key));
                    self.on_alarm(key, out);
                    self.wake(out);
                }
                Next::Open => self.ring_open(out),
                Next::CrossedOpen => self.ring_crossed_open(out),
                Next::Close => self.ring_close(out),
                Next::CrossedClose => self.ring_crossed_close(out),
                Next::Night => self.ring_night(out),
            }
        }
    }

    /// The earliest of bells, alarms and arrivals; at one instant in this order.
    fn next_due(&self) -> Option<(Timestamp, Next)> {
        let alarm = self.alarms.first().map(|(at, key)| (*at, Next::Alarm(*key)));
        let arrival = self.arrivals.keys().next().map(|(at, count)| (*at, Next::Arrival(*count)));
        let mut first = self.next_bell();
        for next in [alarm, arrival].into_iter().flatten() {
            if first.is_none_or(|(at, _)| next.0 < at) {
                first = Some(next);
            }
        }
        first
    }

    fn next_bell(&self) -> Option<(Timestamp, Next)> {
        let session = self.session?;
        let patience = self.config.cross_patience;
        if !self.rung.open {
            Some((session.open, Next::Open))
        } else if !self.rung.crossed_open {
            Some(((session.open + patience).min(session.close), Next::CrossedOpen))
        } else if !self.rung.close {
            Some((session.close, Next::Close))
        } else if !self.rung.crossed_close {
            Some((session.close + patience, Next::CrossedClose))
        } else if !self.rung.night {
            Some((session.close + Self::EVENING.max(patience), Next::Night))
        } else {
            None
        }
    }

    pub(super) fn begin_session(&mut self, session: Session, out: &mut Vec<Report>) {
        if self.session.is_none_or(|s| s.date != session.date) {
            // A session whose end nobody told of ends now.
            if self.session.is_some() && !self.rung.close {
                self.ring_close(out);
            }
            if self.session.is_some() && !self.rung.crossed_close {
                self.ring_crossed_close(out);
            }
            if self.session.is_some() && !self.rung.night {
                self.ring_night(out);
            }
            self.rung = Rung::default();
            for listing in self.listings.iter_mut().flatten() {
                (listing.first_print, listing.last_print) = (None, None);
            }
        }
        self.session = Some(session);
        self.run(self.now, false, out);
    }

    fn ring_open(&mut self, out: &mut Vec<Report>) {
        self.rung.open = true;
        for key in self.keys_where(|order| order.standing == Standing::Held) {
            self.activate(key, out);
        }
    }

    fn ring_close(&mut self, out: &mut Vec<Report>) {
        self.rung = Rung { open: true, crossed_open: true, close: true, ..self.rung };
        let now = self.now;
        let ended = |exchange: &Self, order: &LiveOrder| {
            let expires = exchange.find(&order.contract).and_then(|id| exchange.instrument(id)?.expires);
            // What is collected ends with its cross.
            order.time_in_force != TimeInForce::GoodTillCancelled
                && !order.outside_session
                && order.standing != Standing::Gathered
                || expires.is_some_and(|at| at <= now) && order.handling.auction != Some(Auction::Close)
        };
        for key in self.keys_where(|order| order.arrived < now) {
            if self.order(key).is_some_and(|order| ended(self, order)) {
                self.end(key, CancelReason::Expired, out);
            } else if let Some(order) = self.order_mut(key)
                && !order.outside_session
                && !matches!(order.standing, Standing::Waiting | Standing::Gathered)
            {
                order.standing = Standing::Held;
                order.resting = false;
                order.queue_ahead = None;
                order.seen = None;
            }
        }
    }

    fn ring_night(&mut self, out: &mut Vec<Report>) {
        self.rung.night = true;
        let now = self.now;
        let day = |order: &LiveOrder| {
            order.outside_session
                && order.time_in_force != TimeInForce::GoodTillCancelled
                && order.arrived < now
        };
        for key in self.keys_where(day) {
            self.end(key, CancelReason::Expired, out);
        }
    }

    fn keys_where(&self, wanted: impl Fn(&LiveOrder) -> bool) -> Vec<OrderKey> {
        self.orders().filter(|order| wanted(order)).map(|order| order.key).collect()
    }

    /// An order's own time has come: to end, or to begin.
    fn on_alarm(&mut self, key: OrderKey, out: &mut Vec<Report>) {
        let Some(order) = self.order(key).copied() else { return };
        if order.handling.good_till.is_some_and(|till| till <= self.now) {
            self.end(key, CancelReason::Expired, out);
        } else if order.standing == Standing::Held {
            self.activate(key, out);
            self.families.woken.push_back(key);
        }
    }

    pub(super) fn set_alarms(&mut self, order: &LiveOrder) {
        let times = [order.handling.good_after, order.handling.good_till];
        self.alarms.extend(times.into_iter().flatten().map(|at| (at, order.key)));
    }

    pub(super) fn clear_alarms(&mut self, order: &LiveOrder) {
        for at in [order.handling.good_after, order.handling.good_till].into_iter().flatten() {
            self.alarms.remove(&(at, order.key));
        }
    }
}
