//! Option prices, sensitivities and implied volatility in closed form.
//!
//! Generalised Black-Scholes-Merton with a continuous dividend yield. *European* exercise: for the
//! options that expire within days and for the out-of-the-money side of a strike the premium of
//! American exercise is below a cent and a thousandth of delta; in-the-money puts of longer tenor and
//! calls across a dividend are worth more than said here.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`pricing`] | [`Terms`], [`value`]: price, delta, gamma, vega, theta |
//! | [`tenor`] | [`years_between`]: time to expiry in years of 365 days |
//! | [`implied`] | [`implied_volatility`] with its guards, [`delta_from_quote`] |
//! | [`quoted`] | [`greeks`]: what a contract's own quote says of it |
//!
//! Units: spot, strike and price are dollars a share; rates and yields continuous fractions a year
//! (0.04 is 4 %); volatility a fraction per square root of a year (0.12 is 12 vol).

pub mod implied;
pub mod pricing;
pub mod quoted;
pub mod tenor;

pub use implied::{
    Estimate, NoVolatility, delta_from_quote, implied_volatility, out_of_the_money, quote_price,
    solve_volatility,
};
pub use pricing::{PricingError, Terms, Valuation, delta, price, value};
pub use quoted::greeks;
pub use tenor::{MINUTES_PER_YEAR, ONE_MINUTE, years_between};
