//! What stopped until something changes.

use std::collections::BTreeMap;

use alphatrader_model::{Span, Timestamp};

use crate::body;
use crate::request::Function;

/// Everything, or single functions.
#[derive(Debug, Default)]
pub(crate) struct Latches {
    /// Why nothing is asked any more, and until when where that ends by itself.
    all: Option<(body::Class, Option<Timestamp>)>,
    functions: BTreeMap<Function, body::Class>,
}

impl Latches {
    pub(crate) fn all(&mut self, class: body::Class, until: Option<Timestamp>) {
        // A key that is none outlasts the end of a day.
        match self.all {
            Some((_, None)) => {}
            _ => self.all = Some((class, until)),
        }
    }

    pub(crate) fn function(&mut self, function: Function, class: body::Class) -> bool {
        self.functions.insert(function, class).is_none()
    }

    pub(crate) fn has(&self, function: Function) -> bool {
        self.functions.contains_key(&function)
    }

    /// While nothing is asked: when to look again.
    pub(crate) fn all_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.all.map(|(_, until)| until.unwrap_or(now + Span::MINUTE))
    }

    /// Ends what ends by itself. True when something did.
    pub(crate) fn expire(&mut self, now: Timestamp) -> bool {
        let over = matches!(self.all, Some((_, Some(until))) if until <= now);
        if over {
            self.all = None;
        }
        over
    }

    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.all.and_then(|(_, until)| until)
    }

    pub(crate) fn why_all(&self) -> Option<body::Class> {
        self.all.map(|(class, _)| class)
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = (Function, body::Class)> {
        self.functions.iter().map(|(function, class)| (*function, *class))
    }
}
