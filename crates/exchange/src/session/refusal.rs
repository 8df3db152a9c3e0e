//! Why a request is not served, in the broker's words.

use super::tell;
use crate::desk::Desk;
use crate::feed::catalogue::Listing;
use crate::wire::message::contract::Contract;
use crate::wire::{Reply, notice};

/// A code and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The broker's number.
    pub(super) code: i32,
    /// In words.
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn new(code: i32, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// 321: the request is not valid. `what` stands where the broker names a place in its own code.
    pub(super) fn invalid(what: &str, cause: &str) -> Self {
        Self::new(notice::INVALID_REQUEST, format!("Error validating request.-'{what}' : cause - {cause}"))
    }

    /// 322: the request is valid, but not now.
    pub(super) fn failed(what: &str, cause: &str) -> Self {
        Self::new(notice::REQUEST_FAILED, format!("Error processing request.-'{what}' : cause - {cause}"))
    }

    /// 162: the historical service has an objection.
    pub(super) fn historical(objection: &str) -> Self {
        let text = format!("Historical Market Data Service error message:{objection}");
        Self::new(notice::HISTORICAL_SERVICE, text)
    }

    /// As an error of request `id`.
    pub(super) fn told(&self, id: i32, desk: &Desk) -> Reply {
        tell::error(id, self.code, &self.text, desk.now())
    }
}

/// The contract that a client means.
pub(super) fn named<'d>(asked: Option<&Contract>, desk: &'d Desk) -> Result<&'d Listing, Refusal> {
    let contract = asked.cloned().unwrap_or_default();
    let found = desk.feed().catalogue.find_one(&contract);
    found.map_err(|unnamed| Refusal::new(notice::NO_SECURITY_DEFINITION, unnamed.text()))
}
