//! What is in force now, and what it makes of replies and requests. Pure.

use std::collections::BTreeMap;

use alphatrader_model::{Span, Timestamp};

use super::action::{Clients, Meanwhile, Outage, Restored, Which};
use super::delayed::delayed;
use super::director::Director;
use super::kind::{Asked, Kind};
use crate::hub::{ConnectionId, Output};
use crate::wire::{Reply, Request};

/// Most replies that are late or held; more are told at once, or lost when there is no link.
const MOST_LATE: usize = 100_000;

/// Most requests that wait for the link to the broker; more are told that it is lost.
const MOST_HELD: usize = 1_000;

/// Most rules in force; the oldest ends when there is another.
const MOST_RULES: usize = 1_000;

/// What is done with replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// They are lost.
    Lose,
    /// They are so much later.
    Late(Span),
    /// They are told again so often, each so much later.
    Repeat(u32, Span),
}

#[derive(Debug)]
struct Rule {
    which: Which,
    effect: Effect,
    left: Option<u32>,
    until: Option<Timestamp>,
}

/// Something that is over.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// The link to the broker is back: what was told meanwhile, what was asked meanwhile.
    Outage(Box<Gap>),
    /// Market data are there again, for these clients.
    Data(Vec<Kind>, Clients),
    /// Live data may be had again.
    Live,
    /// Connections are taken again.
    Door,
    /// Dead sockets end.
    Dead(Vec<ConnectionId>),
}

/// An outage that is over.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gap {
    /// What came of the subscriptions.
    pub data: Restored,
    /// Replies that waited, in order.
    pub replies: Vec<(ConnectionId, Reply)>,
    /// Requests that waited, in order.
    pub requests: Vec<(ConnectionId, Request)>,
}

/// The link to the broker is lost.
#[derive(Debug)]
struct Down {
    orders: Meanwhile,
    gap: Gap,
}

#[derive(Debug)]
enum Later {
    Reply(ConnectionId, Reply),
    Over(Over),
}

#[derive(Debug)]
enum Over {
    Outage,
    Competing,
    Delayed,
    Mute(Vec<Kind>, Clients),
    Door,
    Dead(Vec<ConnectionId>),
}

/// Something that comes due by itself.
#[derive(Debug)]
pub enum Due {
    /// A reply is told now.
    Reply(ConnectionId, Reply),
    /// Something is over.
    Over(Ending),
}

/// To whom a reply goes.
#[derive(Debug, Clone, Copy)]
pub struct Listener {
    /// The connection.
    pub id: ConnectionId,
    /// The client.
    pub client_id: i32,
    /// Whether it takes delayed data.
    pub takes_delayed: bool,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is served.
    Serve,
    /// It is never answered, or waits.
    Silence,
    /// It can't even wait: the link to the broker is lost.
    Lost,
}

/// See the module's text.
#[derive(Debug, Default)]
pub struct Stage {
    director: Option<Director>,
    rules: Vec<Rule>,
    later: BTreeMap<(Timestamp, u64), Later>,
    count: u64,
    outage: Option<Down>,
    competing: u32,
    delayed: u32,
    shut: u32,
    busy: Vec<(Clients, u32)>,
    ignored: Vec<(Vec<Asked>, Clients, u32)>,
    next_id: Option<(i32, u32)>,
}

impl Stage {
    /// A scenario's steps are played from here on.
    pub fn play(&mut self, director: Director) {
        self.director = Some(director);
    }

    /// The director, when a scenario is played.
    pub fn director(&mut self) -> Option<&mut Director> {
        self.director.as_mut()
    }

    /// Whether new connections are refused.
    pub fn is_shut(&self) -> bool {
        self.shut > 0
    }

    /// Whether a competing session has the market data.
    pub fn is_competing(&self) -> bool {
        self.competing > 0
    }

    /// Whether the entitlement to live data is lost.
    pub fn is_delayed(&self) -> bool {
        self.delayed > 0
    }

    /// Whether the link to the broker is lost.
    pub fn is_out(&self) -> bool {
        self.outage.is_some()
    }

    /// When something comes due by itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        let step = self.director.as_ref().and_then(Director::next_due);
        let later = self.later.keys().next().map(|(at, _)| *at);
        [step, later].into_iter().flatten().min()
    }

    /// What comes due next, when it is due at `now`; a scenario's steps are asked of its director.
    pub fn take_due(&mut self, now: Timestamp) -> Option<Due> {
        let entry = self.later.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(match entry.remove() {
            Later::Reply(id, reply) => Due::Reply(id, reply),
            Later::Over(over) => Due::Over(self.end(over)),
        })
    }

    fn end(&mut self, over: Over) -> Ending {
        let market = vec![Kind::MarketData, Kind::Depth, Kind::TickByTick, Kind::Bars];
        match over {
            Over::Outage => {
                let gap = self.outage.take().map(|down| down.gap).unwrap_or_default();
                Ending::Outage(Box::new(gap))
            }
            Over::Competing => {
                self.competing = self.competing.saturating_sub(1);
                Ending::Data(market, Clients::default())
            }
            Over::Delayed => {
                self.delayed = self.delayed.saturating_sub(1);
                Ending::Live
            }
            Over::Mute(what, clients) => Ending::Data(what, clients),
            Over::Door => {
                self.shut = self.shut.saturating_sub(1);
                Ending::Door
            }
            Over::Dead(ids) => Ending::Dead(ids),
        }
    }

    fn at(&mut self, at: Timestamp, later: Later) {
        self.count += 1;
        self.later.insert((at, self.count), later);
    }

    /// The link to the broker is lost until it is over. A second loss meanwhile is the same one.
    pub fn lose_link(&mut self, outage: &Outage, now: Timestamp) {
        if self.outage.is_none() {
            self.outage =
                Some(Down { orders: outage.orders, gap: Gap { data: outage.data, ..Gap::default() } });
            self.at(now + outage.lasts.span(), Later::Over(Over::Outage));
        }
    }

    /// A competing session takes the market data.
    pub fn compete(&mut self, lasts: Span, now: Timestamp) {
        self.competing += 1;
        self.at(now + lasts, Later::Over(Over::Competing));
    }

    /// The entitlement to live data is lost.
    pub fn delay_data(&mut self, lasts: Span, now: Timestamp) {
        self.delayed += 1;
        self.at(now + lasts, Later::Over(Over::Delayed));
    }

    /// New connections are refused.
    pub fn shut(&mut self, lasts: Span, now: Timestamp) {
        self.shut += 1;
        self.at(now + lasts, Later::Over(Over::Door));
    }

    /// Dead sockets end later.
    pub fn bury(&mut self, ids: Vec<ConnectionId>, lasts: Span, now: Timestamp) {
        self.at(now + lasts, Later::Over(Over::Dead(ids)));
    }

    /// Streams are silent; they are told anew when it is over.
    pub fn mute(&mut self, what: &[Kind], clients: &Clients, lasts: super::Wait, now: Timestamp) {
        let which = Which {
            what: what.to_vec(),
            times: None,
            lasts: Some(lasts),
            chance: 1.0,
            clients: clients.clone(),
        };
        self.rule(which, Effect::Lose, now);
        self.at(now + lasts.span(), Later::Over(Over::Mute(what.to_vec(), clients.clone())));
    }

    /// Something is done with replies from now on.
    pub fn rule(&mut self, which: Which, effect: Effect, now: Timestamp) {
        if self.rules.len() >= MOST_RULES {
            tracing::warn!(limit = MOST_RULES, "the scenario has too many rules in force: the oldest ends");
            self.rules.remove(0);
        }
        let (left, until) = (which.times, which.lasts.map(|lasts| now + lasts.span()));
        self.rules.push(Rule { which, effect, left, until });
    }

    /// Client ids are told to be in use.
    pub fn make_busy(&mut self, clients: Clients, times: u32) {
        self.busy.push((clients, times));
        self.busy.truncate(MOST_RULES);
    }

    /// Whether this client is to hear that its id is in use, once less from now on.
    pub fn is_busy(&mut self, client_id: i32) -> bool {
        take_one(&mut self.busy, |(clients, left)| clients.has(client_id).then_some(left))
    }

    /// Requests are not answered.
    pub fn ignore(&mut self, requests: Vec<Asked>, clients: Clients, times: u32) {
        self.ignored.push((requests, clients, times));
        self.ignored.truncate(MOST_RULES);
    }

    /// The next valid order id is told as `value`.
    pub fn tell_next_id(&mut self, value: i32, times: u32) {
        self.next_id = Some((value, times));
    }

    /// What becomes of a request of a client that started its API.
    pub fn fate(&mut self, id: ConnectionId, client_id: i32, request: &Request) -> Fate {
        let kind = Asked::of(request);
        let ignored = take_one(&mut self.ignored, |(requests, clients, left)| {
            (clients.has(client_id) && kind.is_some_and(|kind| requests.contains(&kind))).then_some(left)
        });
        if ignored {
            return Fate::Silence;
        }
        match &mut self.outage {
            Some(down) if !Asked::is_local(request) => {
                if down.gap.requests.len() >= MOST_HELD {
                    return Fate::Lost;
                }
                down.gap.requests.push((id, request.clone()));
                Fate::Silence
            }
            _ => Fate::Serve,
        }
    }

    /// A connection is gone, and what was to be told to it.
    pub fn gone(&mut self, id: ConnectionId) {
        self.later.retain(|_, later| !matches!(later, Later::Reply(of, _) if *of == id));
        if let Some(down) = &mut self.outage {
            down.gap.replies.retain(|(of, _)| *of != id);
            down.gap.requests.retain(|(of, _)| *of != id);
        }
    }

    /// Lets a reply through, or what is to be told in its place.
    pub fn pass(
        &mut self,
        to: Listener,
        reply: Reply,
        now: Timestamp,
        out: &mut Vec<(ConnectionId, Output)>,
    ) {
        if self.is_quiet() {
            out.push((to.id, Output::Reply(reply)));
            return;
        }
        let Some(kind) = Kind::of(&reply) else {
            out.push((to.id, Output::Reply(reply)));
            return;
        };
        if let Some(reply) = self.with_link(to, kind, reply).and_then(|reply| self.entitled(to, kind, reply))
        {
            let reply = self.numbered(reply);
            self.ruled(to, kind, reply, now, out);
        }
    }

    fn is_quiet(&self) -> bool {
        self.rules.is_empty()
            && self.outage.is_none()
            && self.competing == 0
            && self.delayed == 0
            && self.next_id.is_none()
    }

    fn with_link(&mut self, to: Listener, kind: Kind, reply: Reply) -> Option<Reply> {
        let Some(down) = &mut self.outage else { return Some(reply) };
        if kind.is_market() {
            return None;
        }
        if !kind.is_order() {
            return Some(reply);
        }
        if down.orders == Meanwhile::Held {
            if down.gap.replies.len() < MOST_LATE {
                down.gap.replies.push((to.id, reply));
            } else {
                tracing::warn!(limit = MOST_LATE, "too much happened during the outage: it is not told");
            }
        }
        None
    }

    fn entitled(&self, to: Listener, kind: Kind, reply: Reply) -> Option<Reply> {
        match kind {
            _ if !kind.is_market() => Some(reply),
            _ if self.competing > 0 => None,
            Kind::MarketData if self.delayed > 0 && to.takes_delayed => delayed(reply),
            _ if self.delayed > 0 => None,
            _ => Some(reply),
        }
    }

    fn numbered(&mut self, reply: Reply) -> Reply {
        let (Reply::NextValidId(mut told), Some((value, left))) = (reply.clone(), &mut self.next_id) else {
            return reply;
        };
        told.order_id = Some(*value);
        *left -= 1;
        if *left == 0 {
            self.next_id = None;
        }
        Reply::NextValidId(told)
    }

    fn ruled(
        &mut self,
        to: Listener,
        kind: Kind,
        reply: Reply,
        now: Timestamp,
        out: &mut Vec<(ConnectionId, Output)>,
    ) {
        self.rules.retain(|rule| rule.left != Some(0) && rule.until.is_none_or(|until| now < until));
        let meant =
            |rule: &&mut Rule| rule.which.what.contains(&kind) && rule.which.clients.has(to.client_id);
        let Some(rule) = self.rules.iter_mut().find(meant) else {
            out.push((to.id, Output::Reply(reply)));
            return;
        };
        let chance = rule.which.chance;
        if chance < 1.0 && self.director.as_mut().is_none_or(|director| director.chance() >= chance) {
            out.push((to.id, Output::Reply(reply)));
            return;
        }
        rule.left = rule.left.map(|left| left - 1);
        match rule.effect {
            Effect::Lose => {}
            Effect::Late(by) => self.tell_later(to.id, reply, now + by, out),
            Effect::Repeat(copies, after) => {
                out.push((to.id, Output::Reply(reply.clone())));
                for copy in 1..=i64::from(copies) {
                    let at = now + Span::from_nanos(after.nanos().saturating_mul(copy));
                    self.tell_later(to.id, reply.clone(), at, out);
                }
            }
        }
    }

    fn tell_later(
        &mut self,
        id: ConnectionId,
        reply: Reply,
        at: Timestamp,
        out: &mut Vec<(ConnectionId, Output)>,
    ) {
        if self.later.len() >= MOST_LATE {
            tracing::warn!(limit = MOST_LATE, "too many replies are late: the next are told at once");
            out.push((id, Output::Reply(reply)));
        } else {
            self.at(at, Later::Reply(id, reply));
        }
    }
}

/// Finds the first entry that is meant, and counts it down; whether there was one.
fn take_one<T>(entries: &mut Vec<T>, meant: impl Fn(&mut T) -> Option<&mut u32>) -> bool {
    let Some(index) = entries.iter_mut().position(|entry| meant(entry).is_some()) else { return false };
    let spent = meant(&mut entries[index]).is_none_or(|left| {
        *left = left.saturating_sub(1);
        *left == 0
    });
    if spent {
        entries.remove(index);
    }
    true
}
