//! Corrections: an execution told again with a higher last part of its id replaces the one before.

use alphatrader_model::{Money, Price, Side};

use super::book::{Book, BookOverflow};
use super::order::BrokerExecution;
use super::state::BrokerState;

/// The part of an execution id that its corrections share.
pub fn base(exec_id: &str) -> &str {
    exec_id.rsplit_once('.').map_or(exec_id, |(base, _)| base)
}

/// The id of the next correction; nothing after the ninety-ninth.
pub fn next_version(exec_id: &str) -> Option<String> {
    let (base, version) = exec_id.rsplit_once('.')?;
    let version: u32 = version.parse().ok()?;
    (version < 99).then(|| format!("{base}.{:02}", version + 1))
}

impl BrokerState {
    /// Puts a correction in the place of its execution, and its price in the book.
    pub(super) fn correct(&mut self, mut corrected: BrokerExecution) -> Result<(), String> {
        let wanted = base(&corrected.exec_id).to_owned();
        let found = self.executions.iter_mut().rev().find(|execution| base(&execution.exec_id) == wanted);
        let before =
            found.ok_or_else(|| format!("{} corrects no execution that is known", corrected.exec_id))?;
        let gained = self.book.reprice(before, corrected.price).map_err(|e| e.to_string())?;
        corrected.realized = match before.realized {
            Some(realized) => {
                Some(realized.checked_add(gained).ok_or("an amount exceeds what money can hold")?)
            }
            None => None,
        };
        *before = corrected;
        Ok(())
    }
}

impl Book {
    /// An execution's price was another: cash follows, and with it the cost of what is still held or
    /// the profit already made. Says by how much cash changed.
    fn reprice(&mut self, execution: &BrokerExecution, price: Price) -> Result<Money, BookOverflow> {
        let value =
            |price: Price| price.notional(execution.quantity, execution.multiplier).ok_or(BookOverflow);
        let more = value(price)?.checked_sub(value(execution.price)?).ok_or(BookOverflow)?;
        let gained = if execution.side == Side::Buy { -more } else { more };
        let cash = self.cash.checked_add(gained).ok_or(BookOverflow)?;
        if let Some(holding) = self.holdings.get_mut(&execution.contract) {
            let flow = holding.flow_today.checked_add(gained).ok_or(BookOverflow)?;
            let opened =
                execution.realized.is_none() && holding.quantity.get().signum() == execution.side.sign();
            if opened {
                holding.cost = holding.cost.checked_sub(gained).ok_or(BookOverflow)?;
            } else {
                holding.realized_today = holding.realized_today.checked_add(gained).ok_or(BookOverflow)?;
            }
            holding.flow_today = flow;
        }
        self.cash = cash;
        Ok(gained)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_an_id_grows() {
        assert_eq!(next_version("0000e0d5.00000001.01.01").as_deref(), Some("0000e0d5.00000001.01.02"));
        assert_eq!(next_version("0000e0d5.00000001.01.99"), None);
        assert_eq!(next_version("plain"), None);
        assert_eq!(base("0000e0d5.00000001.01.02"), base("0000e0d5.00000001.01.01"));
    }
}
