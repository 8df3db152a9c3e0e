//! Option prices, sensitivities and implied volatility in closed form.
//!
//! Generalised Black-Scholes-Merton with a continuous dividend yield, for *European* exercise: of options that
//! expire within days and of the side out of the money the premium of American exercise is below a cent and a
//! thousandth of delta. Puts in the money of longer tenor and calls across a dividend are worth more: [`american`].
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`pricing`] | [`Terms`], [`value`]: price and seven sensitivities; [`Horizon`], [`Prepared`] for whole chains |
//! | [`tenor`] | [`years_between`]: time to expiry in years of 365 days; [`TimeLeft`]: what is left of an option that ends so |
//! | [`implied`] | [`implied_volatility`] with its guards, [`delta_from_quote`] |
//! | [`warm`] | [`Prepared::implied_from`]: volatility from the one before |
//! | [`pipeline`] | [`strike_volatility`]: from the markets of a strike to its volatility or the reason; [`between`] neighbours |
//! | [`american`] | [`Tree`], [`bjerksund_stensland`], the rule which model applies, alerts of exercise and assignment |
//! | [`forward`] | [`parity_forward`]: forward and yield from put-call parity |
//! | [`rates`] | [`RateCurve`]: the rate of a tenor |
//! | [`quoted`] | [`greeks`]: what a contract's own quote says of it |
//!
//! Units: spot, strike and price are dollars a share; rates and yields continuous fractions a year
//! (0.04 is 4 %); volatility a fraction per square root of a year (0.12 is 12 vol).

pub mod american;
pub mod forward;
pub mod implied;
pub mod pipeline;
pub mod pricing;
pub mod quoted;
pub mod rates;
pub mod tenor;
pub mod warm;

pub use american::{CashDividend, Tree, bjerksund_stensland};
pub use forward::{ParityForward, ParityStrike, parity_forward};
pub use implied::{
    Estimate, NoVolatility, delta_from_quote, implied_volatility, out_of_the_money, quote_price,
    solve_volatility,
};
pub use pipeline::{Basis, Known, LastTrade, Market, StrikeVolatility, between, strike_volatility};
pub use pricing::{Horizon, Prepared, PricingError, Terms, Valuation, delta, price, value};
pub use quoted::greeks;
pub use rates::{RateCurve, RateCurveError, RatePoint};
pub use tenor::{MINUTES_PER_YEAR, ONE_MINUTE, TimeLeft, years_between};
