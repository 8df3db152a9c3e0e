//! Options that may be exercised on any day: which model a use asks for, and why.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`tree`] | [`Tree`]: Leisen-Reimer, with cash dividends; the reference of positions' marks |
//! | [`bjerksund`] | [`bjerksund_stensland`]: closed approximation, for screens over many options |
//! | [`alerts`] | when a holder should exercise, when a writer is likely to be assigned |
//!
//! The rule ([`model_for`]), measured against a high-precision solver: for the volatility of a chain and its sums the
//! side out of the money with the European formula is enough at every tenor, since what it leaves out is far below
//! the quotes' own noise there. A held position needs the right to exercise early when it is in the money, lives
//! longer than a fortnight, or meets a dividend. A call without dividends and without negative rates never is
//! exercised early, so it is European exactly; so is a put without positive rates and without negative yields.

pub mod alerts;
pub mod bjerksund;
pub mod tree;

use alphatrader_model::chain::Exercise;
use alphatrader_model::instrument::Right;
use serde::{Deserialize, Serialize};

use super::implied::out_of_the_money;
use super::pricing::Terms;

/// A dividend in cash.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CashDividend {
    /// Years from now until the share trades without it; not after now or after expiry it has no effect.
    pub years: f64,
    /// Dollars a share, not negative.
    pub amount: f64,
}

/// What a value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Volatilities and sums of a chain, from the side out of the money of each strike.
    Chain,
    /// The mark, risk and exercise of one's own position.
    Position,
}

/// How an option is to be valued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// [`super::value`].
    European,
    /// [`Tree`].
    American,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It cannot be exercised before expiry.
    EuropeanExercise,
    /// The side out of the money of a chain.
    ChainSum,
    /// It can be exercised early, but there is never a reason to.
    NoReasonToExercise,
    /// Out of the money, within 14 days, no dividend.
    ShortAndOutOfTheMoney,
    /// A dividend falls before expiry.
    Dividend,
    /// In the money.
    InTheMoney,
    /// More than 14 days.
    LongTenor,
}

impl Why {
    /// In words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::EuropeanExercise => "it cannot be exercised before expiry",
            Self::ChainSum => "the side out of the money is enough for a chain's sums",
            Self::NoReasonToExercise => "there is never a reason to exercise it early",
            Self::ShortAndOutOfTheMoney => "out of the money, within 14 days, no dividend before expiry",
            Self::Dividend => "a dividend falls before expiry",
            Self::InTheMoney => "it is in the money",
            Self::LongTenor => "it has more than 14 days",
        }
    }
}

/// Longest life of an option out of the money that is valued as a European one, years: 14 days.
const SHORT_TENOR: f64 = 14.0 / 365.0;

/// The model that a use asks for, and why.
pub fn model_for(
    exercise: Exercise,
    terms: &Terms,
    dividends: &[CashDividend],
    purpose: Purpose,
) -> (Model, Why) {
    if exercise == Exercise::European {
        return (Model::European, Why::EuropeanExercise);
    }
    if purpose == Purpose::Chain {
        return (Model::European, Why::ChainSum);
    }
    let paid = has_dividend(terms.years, dividends);
    if !paid && never_exercised_early(terms) {
        (Model::European, Why::NoReasonToExercise)
    } else if paid {
        (Model::American, Why::Dividend)
    } else if terms.strike != terms.forward() && out_of_the_money(terms) != terms.right {
        (Model::American, Why::InTheMoney)
    } else if terms.years > SHORT_TENOR {
        (Model::American, Why::LongTenor)
    } else {
        (Model::European, Why::ShortAndOutOfTheMoney)
    }
}

/// Whether a dividend falls between now and expiry.
fn has_dividend(years: f64, dividends: &[CashDividend]) -> bool {
    dividends.iter().any(|paid| paid.amount > 0.0 && paid.years > 0.0 && paid.years <= years)
}

/// Whether what is received on exercise never earns more than what is given: leaving cash dividends aside.
pub(super) fn never_exercised_early(terms: &Terms) -> bool {
    match terms.right {
        Right::Call => terms.rate >= 0.0 && terms.dividend_yield <= 0.0,
        Right::Put => terms.rate <= 0.0 && terms.dividend_yield >= 0.0,
    }
}

pub use alerts::{Alert, AlertKind, HeldOption, alert};
pub use bjerksund::bjerksund_stensland;
pub use tree::{American, AmericanError, DividendModel, Tree};

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(right: Right, strike: f64, days: f64) -> Terms {
        Terms { right, spot: 600.0, strike, years: days / 365.0, rate: 0.043, dividend_yield: 0.0 }
    }

    #[test]
    fn each_use_has_its_model_and_its_reason() {
        let (american, position) = (Exercise::American, Purpose::Position);
        let put = terms(Right::Put, 590.0, 7.0);
        let call = terms(Right::Call, 560.0, 30.0);
        let tomorrow = [CashDividend { years: 1.0 / 365.0, amount: 1.85 }];
        let late = [CashDividend { years: 31.0 / 365.0, amount: 1.85 }];
        for (exercise, terms, dividends, purpose, model, why) in [
            (
                Exercise::European,
                terms(Right::Put, 660.0, 90.0),
                &[][..],
                position,
                Model::European,
                Why::EuropeanExercise,
            ),
            (american, terms(Right::Put, 660.0, 90.0), &[], Purpose::Chain, Model::European, Why::ChainSum),
            (american, put, &[], position, Model::European, Why::ShortAndOutOfTheMoney),
            (american, terms(Right::Put, 590.0, 15.0), &[], position, Model::American, Why::LongTenor),
            (american, terms(Right::Put, 610.0, 7.0), &[], position, Model::American, Why::InTheMoney),
            (american, put, &tomorrow, position, Model::American, Why::Dividend),
            (american, call, &[], position, Model::European, Why::NoReasonToExercise),
            (american, call, &late, position, Model::European, Why::NoReasonToExercise),
            (american, call, &tomorrow, position, Model::American, Why::Dividend),
            (
                american,
                Terms { dividend_yield: 0.012, ..call },
                &[],
                position,
                Model::American,
                Why::InTheMoney,
            ),
            (american, Terms { rate: -0.01, ..put }, &[], position, Model::European, Why::NoReasonToExercise),
            (american, Terms { rate: -0.01, ..call }, &[], position, Model::American, Why::InTheMoney),
        ] {
            let found = model_for(exercise, &terms, dividends, purpose);
            assert_eq!(found, (model, why), "{terms:?} {dividends:?}: {}", why.text());
        }
    }
}
