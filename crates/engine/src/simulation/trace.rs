//! What happened before a violation, in short lines.

use alphatrader_model::{Action, BrokerEvent, Effect, OrderKind, OrderRequest, Record};

/// One thing that happened.
#[derive(Debug, Clone)]
pub(super) enum Line {
    Note(String),
    Word(BrokerEvent),
    Record(Record),
    Effect(Effect),
}

/// The thing in words.
pub(super) fn told(line: &Line) -> String {
    match line {
        Line::Note(text) => format!("* {text}"),
        Line::Word(word) => format!("< {}", said(word)),
        Line::Record(record) => format!("= {}", recorded(record)),
        Line::Effect(effect) => match &effect.action {
            Action::Place(orders) => {
                format!("> place {}", orders.iter().map(request).collect::<Vec<_>>().join(" | "))
            }
            Action::Modify(order) => format!("> change {}", request(order)),
            Action::Cancel(id) => format!("> cancel {id}"),
            Action::Synchronise => "> synchronise".into(),
        },
    }
}

fn request(order: &OrderRequest) -> String {
    let OrderRequest { id, reference, side, quantity, kind, .. } = order;
    let role = reference.role;
    format!("{id} {role} {side:?} {quantity} {}", price(*kind))
}

fn price(kind: OrderKind) -> String {
    match kind {
        OrderKind::Limit { limit } => format!("limit {limit}"),
        OrderKind::Stop { trigger } => format!("stop {trigger}"),
        other => format!("{other:?}"),
    }
}

fn recorded(record: &Record) -> String {
    match record {
        Record::Signal(s) => format!("signal {} {} {:?}", s.id, s.contract, s.state),
        Record::Order(o) => format!("order {} {:?} filled {}", request(&o.request), o.state, o.filled),
        Record::Fill(f) => {
            format!("fill {} of {}: {:?} {} at {}", f.exec_id, f.order, f.side, f.quantity, f.price)
        }
        Record::Position(p) => {
            format!("position {} {} stop {:?} target {:?}", p.contract, p.quantity, p.stop, p.target)
        }
        other => format!("{other:?}"),
    }
}

fn said(word: &BrokerEvent) -> String {
    match word {
        BrokerEvent::OpenOrder(o) => {
            format!(
                "open order {} (perm {}) {:?} {} {} {:?}",
                o.id,
                o.perm_id,
                o.side,
                o.quantity,
                price(o.kind),
                o.state
            )
        }
        BrokerEvent::OrderStatus { id, state, filled, remaining, .. } => {
            format!("status {id} {state:?} filled {filled} remaining {remaining}")
        }
        BrokerEvent::Execution(e) => {
            format!("execution {} of {}: {:?} {} at {}", e.exec_id, e.order, e.side, e.quantity, e.price)
        }
        BrokerEvent::Commission { exec_id, commission } => format!("commission {exec_id} {commission}"),
        BrokerEvent::Account(a) => format!("account {} cash {}", a.equity, a.cash),
        other => format!("{other:?}"),
    }
}
