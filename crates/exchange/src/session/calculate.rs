//! What an option's price says of its volatility, and the other way round, for values of the client's.

use alphatrader_analytics::options::{Terms, Valuation, solve_volatility, value};

use super::Out;
use super::refusal::{Refusal, named};
use crate::desk::Desk;
use crate::feed::option::terms_of;
use crate::wire::message::contract::Contract;
use crate::wire::message::market_data::TickOptionComputation;
use crate::wire::{Reply, Request, notice};

/// The tick by which a computation of the client's own values is told.
const CUSTOM: i32 = 53;

/// Answers a calculation. What can't be computed is left out of the answer, as at the broker.
pub(super) fn answer(request: &Request, desk: &Desk, out: &mut Out) {
    let id = request.id().unwrap_or(notice::SESSION);
    let answer = match request {
        Request::CalculateImpliedVolatility(asked) => terms(asked.contract.as_ref(), asked.under_price, desk)
            .and_then(|terms| {
                let price = positive("option price", asked.option_price)?;
                let volatility = solve_volatility(&terms, price).ok();
                let valuation = volatility.and_then(|volatility| value(&terms, volatility).ok());
                Ok(computation(&terms, volatility, Some(price), valuation))
            }),
        Request::CalculateOptionPrice(asked) => terms(asked.contract.as_ref(), asked.under_price, desk)
            .and_then(|terms| {
                let volatility = positive("volatility", asked.volatility)?;
                let valuation = value(&terms, volatility).ok();
                let price = valuation.map(|valuation| valuation.price);
                Ok(computation(&terms, Some(volatility), price, valuation))
            }),
        // A calculation is answered at once: nothing is left to cancel.
        _ => return,
    };
    out.push(match answer {
        Ok(told) => Reply::TickOptionComputation(TickOptionComputation { req_id: Some(id), ..told }),
        Err(refusal) => refusal.told(id, desk),
    });
}

fn positive(what: &str, value: Option<f64>) -> Result<f64, Refusal> {
    let fits = |value: &f64| value.is_finite() && *value > 0.0 && *value < f64::MAX;
    value.filter(fits).ok_or_else(|| Refusal::invalid(what, &format!("The {what} must be positive")))
}

fn terms(contract: Option<&Contract>, underlying: Option<f64>, desk: &Desk) -> Result<Terms, Refusal> {
    let listing = named(contract, desk)?;
    let spot = positive("underlying price", underlying)?;
    if listing.instrument.contract.option().is_none() {
        return Err(Refusal::invalid("contract", "The contract of a calculation must be an option"));
    }
    terms_of(&listing.instrument, spot, desk.now(), desk.config().rates)
        .ok_or_else(|| Refusal::invalid("contract", "The option has expired or its terms have no value"))
}

fn computation(
    terms: &Terms,
    volatility: Option<f64>,
    price: Option<f64>,
    valuation: Option<Valuation>,
) -> TickOptionComputation {
    TickOptionComputation {
        req_id: None,
        tick_type: Some(CUSTOM),
        tick_attrib: Some(1),
        implied_vol: volatility,
        delta: valuation.map(|v| v.delta),
        opt_price: price,
        pv_dividend: Some(0.0),
        gamma: valuation.map(|v| v.gamma),
        // Vega per vol point, theta per day.
        vega: valuation.map(|v| v.vega / 100.0),
        theta: valuation.map(|v| v.theta / 365.0),
        und_price: Some(terms.spot),
    }
}
