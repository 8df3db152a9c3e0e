//! What a scenario does, done: its actions upon sessions, desk and sockets.

use alphatrader_model::Timestamp;

use super::{ConnectionId, Hub, Output};
use crate::desk::Happening;
use crate::scenario::action::{About, Action, Clients, Notice, Restored};
use crate::scenario::kind::Kind;
use crate::scenario::stage::{Due, Effect, Ending, Gap};
use crate::scenario::when::Event;
use crate::session::{Session, tell};
use crate::wire::message::market_data::MarketDataType;
use crate::wire::message::order::PlaceOrderRequest;
use crate::wire::{Reply, Request, notice};

const LOST: &str = "Connectivity between IBKR and Trader Workstation has been lost.";
const RESTORED_KEPT: &str = "Connectivity between IBKR and Trader Workstation has been restored - data maintained. All data farms are connected: usfarm; ushmds; secdefil.";
const RESTORED_LOST: &str = "Connectivity between IBKR and Trader Workstation has been restored - data lost. All data farms are connected: usfarm; ushmds; secdefil.";
const COMPETING: &str = "No market data during competing live session";
const DELAYED: &str = "Requested market data is not subscribed. Displaying delayed market data.";
const NOT_ENTITLED: &str = "Requested market data requires additional subscription for API. See link in 'Market Data Connections' dialog for more details. Delayed market data is available.";
const DEPTH_RESET: &str =
    "Market depth data has been RESET. Please empty deep book contents before applying any new entries.";
const DEPTH_HALTED: &str = "Market depth data has been HALTED. Please re-subscribe.";

impl Hub {
    /// Does what the scenario has due at `now`.
    pub(super) fn play_due(&mut self, now: Timestamp) {
        loop {
            if let Some(due) = self.stage.take_due(now) {
                match due {
                    Due::Reply(id, reply) if self.sessions.contains_key(&id) => {
                        self.outputs.push((id, Output::Reply(reply)));
                    }
                    Due::Reply(..) => {}
                    Due::Over(ending) => self.end(ending),
                }
                continue;
            }
            let Some(actions) = self.stage.director().and_then(|director| director.take_due(now)) else {
                return;
            };
            for action in actions {
                tracing::info!(at = %now, ?action, "scenario");
                self.act(action, now);
                self.spread();
            }
        }
    }

    /// Tells the scenario of an event.
    pub(super) fn happened(&mut self, event: Event, client_id: i32) {
        let now = self.desk.now();
        if let Some(director) = self.stage.director() {
            director.on_event(event, client_id, now);
        }
    }

    /// Tells the scenario what happened at the desk.
    pub(super) fn direct(&mut self, happening: &Happening) {
        use crate::broker::order::Status;
        match happening {
            Happening::Executed(execution) => self.happened(Event::Fill, execution.client_id),
            Happening::Day => self.happened(Event::Day, 0),
            Happening::Order(order) => match order.status {
                Status::Submitted if order.filled.is_zero() => self.happened(Event::Working, order.client_id),
                Status::Cancelled => self.happened(Event::Cancelled, order.client_id),
                Status::Filled => self.happened(Event::Filled, order.client_id),
                _ => {}
            },
            _ => {}
        }
    }

    fn meant(&self, clients: &Clients) -> Vec<ConnectionId> {
        let meant = self.sessions.iter().filter(|(_, session)| clients.has(session.client_id()));
        meant.map(|(id, _)| *id).collect()
    }

    /// Tells clients something that no rule withholds.
    fn announce(&mut self, clients: &Clients, code: i32, text: &str) {
        let now = self.desk.now();
        for id in self.meant(clients) {
            let reply = tell::error(notice::SESSION, code, text, now);
            self.outputs.push((id, Output::Reply(reply)));
        }
    }

    /// Tells clients something about each of their streams of a kind.
    fn announce_streams(
        &mut self,
        clients: &Clients,
        kind: Kind,
        of: impl Fn(&Session) -> (i32, &'static str),
    ) {
        let now = self.desk.now();
        for id in self.meant(clients) {
            let session = &self.sessions[&id];
            let (code, text) = of(session);
            for stream in session.stream_ids(kind) {
                self.outputs.push((id, Output::Reply(tell::error(stream, code, text, now))));
            }
        }
    }

    fn act(&mut self, action: Action, now: Timestamp) {
        let all = Clients::default();
        match action {
            Action::Notice(told) => self.notice(&told),
            Action::Farm(farm) => {
                let (code, text) = farm.told();
                self.announce(&all, code, &text);
            }
            Action::Outage(outage) => {
                if !self.stage.is_out() {
                    self.announce(&all, notice::CONNECTION_LOST, LOST);
                }
                self.stage.lose_link(&outage, now);
            }
            Action::Competing(lasting) => {
                self.stage.compete(lasting.lasts.span(), now);
                self.announce_streams(&all, Kind::MarketData, |_| (notice::COMPETING_SESSION, COMPETING));
            }
            Action::Delayed(lasting) => {
                self.stage.delay_data(lasting.lasts.span(), now);
                self.announce_streams(&all, Kind::MarketData, entitlement);
                self.tell_data_type(3);
                self.retell(&[Kind::MarketData], &all);
            }
            Action::Mute(mute) => self.stage.mute(&mute.what, &mute.clients, mute.lasts, now),
            Action::DepthReset(_) => self.reset_depth(&all),
            Action::DepthHalt(_) => {
                self.announce_streams(&all, Kind::Depth, |_| (notice::DEPTH_HALTED, DEPTH_HALTED));
                for session in self.sessions.values_mut() {
                    session.drop_books();
                }
            }
            Action::Close(close) => {
                let output = if close.abrupt { Output::Cut } else { Output::Close };
                for id in self.meant(&close.clients) {
                    self.end_session(id, &output);
                }
            }
            Action::Refuse(lasting) => self.stage.shut(lasting.lasts.span(), now),
            Action::IdBusy(busy) => self.stage.make_busy(busy.clients, busy.times),
            Action::HalfOpen(half) => {
                let ids = self.meant(&half.clients);
                for id in &ids {
                    self.end_session(*id, &Output::Hold);
                }
                self.stage.bury(ids, half.lasts.span(), now);
            }
            Action::Shape(shape) => {
                for id in self.meant(&shape.clients) {
                    let (pieces, pause) = (shape.pieces, shape.pause.duration());
                    self.outputs.push((id, Output::Shape(super::Shape { pieces, pause })));
                }
            }
            other => self.act_on_orders(other, now),
        }
    }

    fn act_on_orders(&mut self, action: Action, now: Timestamp) {
        match action {
            Action::Reject(reject) => self.desk.faults().reject(reject.reason, reject.times),
            Action::Ignore(ignore) => self.stage.ignore(ignore.requests, ignore.clients, ignore.times),
            Action::Lose(lose) => self.stage.rule(lose.replies, Effect::Lose, now),
            Action::Late(late) => self.stage.rule(late.replies, Effect::Late(late.by.span()), now),
            Action::Repeat(repeat) => {
                let effect = Effect::Repeat(repeat.copies, repeat.after.span());
                self.stage.rule(repeat.replies, effect, now);
            }
            Action::Correct(correct) => self.desk.correct_last(i64::from(correct.cents)),
            Action::SplitFills(split) => self.desk.faults().split_fills(split.most, split.times),
            Action::SplitModify(split) => self.desk.faults().split_modify(split.times),
            Action::CancelOrders(cancel) => {
                self.desk.cancel_by_broker(&cancel.reason, |client_id| cancel.clients.has(client_id));
            }
            Action::NextId(next) => self.stage.tell_next_id(next.value, next.times),
            _ => {}
        }
    }

    fn notice(&mut self, told: &Notice) {
        let kind = match told.about {
            About::Session => return self.announce(&told.clients, told.code, &told.text),
            About::MarketData => Some(Kind::MarketData),
            About::Depth => Some(Kind::Depth),
            About::TickByTick => Some(Kind::TickByTick),
            About::Orders => None,
        };
        let now = self.desk.now();
        for id in self.meant(&told.clients) {
            let session = &self.sessions[&id];
            let ids = kind
                .map_or_else(|| self.desk.working_ids(session.client_id()), |kind| session.stream_ids(kind));
            let replies = ids.into_iter().map(|about| tell::error(about, told.code, &told.text, now));
            self.outputs.extend(replies.map(|reply| (id, Output::Reply(reply))));
        }
    }

    /// Ends a session from this side; what the socket does is `how`.
    pub(super) fn end_session(&mut self, id: ConnectionId, how: &Output) {
        if *how != Output::Close {
            self.outputs.retain(|(of, _)| *of != id);
        }
        self.outputs.push((id, how.clone()));
        if let Some(session) = self.sessions.remove(&id) {
            self.happened(Event::Disconnect, session.client_id());
        }
        self.stage.gone(id);
        self.pacer.gone(id);
    }

    fn reset_depth(&mut self, clients: &Clients) {
        self.announce_streams(clients, Kind::Depth, |_| (notice::DEPTH_RESET, DEPTH_RESET));
        self.retell(&[Kind::Depth], clients);
    }

    /// Streams tell anew what there is.
    fn retell(&mut self, what: &[Kind], clients: &Clients) {
        for session in self.sessions.values_mut().filter(|session| clients.has(session.client_id())) {
            session.retell(what);
        }
    }

    /// Lines of clients that take delayed data change the kind of their data.
    fn tell_data_type(&mut self, kind: i32) {
        for (id, session) in self.sessions.iter().filter(|(_, session)| session.takes_delayed()) {
            for stream in session.stream_ids(Kind::MarketData) {
                let told = MarketDataType { req_id: Some(stream), market_data_type: Some(kind) };
                self.outputs.push((*id, Output::Reply(Reply::MarketDataType(told))));
            }
        }
    }

    fn end(&mut self, ending: Ending) {
        match ending {
            Ending::Outage(gap) => self.restore(*gap),
            Ending::Data(what, clients) => {
                if what.contains(&Kind::Depth) {
                    self.reset_depth(&clients);
                }
                self.retell(&what, &clients);
            }
            Ending::Live => {
                self.tell_data_type(1);
                self.reset_depth(&Clients::default());
                self.retell(&[Kind::MarketData], &Clients::default());
            }
            Ending::Door => {}
            Ending::Dead(ids) => self.outputs.extend(ids.into_iter().map(|id| (id, Output::Cut))),
        }
    }

    /// The link is back: its notice, what happened meanwhile, then what was asked meanwhile.
    fn restore(&mut self, gap: Gap) {
        let all = Clients::default();
        match gap.data {
            Restored::Kept => {
                self.announce(&all, notice::CONNECTION_RESTORED, RESTORED_KEPT);
                self.reset_depth(&all);
                self.retell(&[Kind::MarketData], &all);
            }
            Restored::Lost => {
                self.announce(&all, notice::CONNECTION_RESTORED_DATA_LOST, RESTORED_LOST);
                for session in self.sessions.values_mut() {
                    session.drop_streams();
                }
            }
        }
        for (id, reply) in gap.replies {
            if self.sessions.contains_key(&id) {
                self.outputs.push((id, Output::Reply(reply)));
            }
        }
        for (id, request) in gap.requests {
            if self.sessions.contains_key(&id) {
                self.serve(id, &request);
            }
        }
    }

    /// What a client that subscribed is told when the data are not to be had.
    pub(super) fn tell_no_data(&mut self, id: ConnectionId, request: &Request) {
        let Request::MarketData(asked) = request else { return };
        let Some(session) = self.sessions.get(&id) else { return };
        let told = if self.stage.is_competing() {
            (notice::COMPETING_SESSION, COMPETING)
        } else if self.stage.is_delayed() {
            entitlement(session)
        } else {
            return;
        };
        let stream = asked.req_id.unwrap_or(notice::SESSION);
        let reply = tell::error(stream, told.0, told.1, self.desk.now());
        self.outputs.push((id, Output::Reply(reply)));
    }

    /// Whether a request places an order, changes one, or neither.
    pub(super) fn order_event(&self, client_id: i32, placed: &PlaceOrderRequest) -> Event {
        let known = placed.order_id.and_then(|id| self.desk.state().order_of(client_id, id)).is_some();
        if known { Event::Modify } else { Event::Order }
    }

    /// A client that starts while the link is lost is told so.
    pub(super) fn tell_lost_link(&mut self, id: ConnectionId) {
        if self.stage.is_out() {
            let reply = tell::error(notice::SESSION, notice::CONNECTION_LOST, LOST, self.desk.now());
            self.outputs.push((id, Output::Reply(reply)));
        }
    }
}

/// What a session that may not have live data is told: delayed ones are shown, or only to be had.
fn entitlement(session: &Session) -> (i32, &'static str) {
    if session.takes_delayed() {
        (notice::SHOWING_DELAYED, DELAYED)
    } else {
        (notice::NOT_ENTITLED, NOT_ENTITLED)
    }
}
