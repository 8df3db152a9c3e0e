//! How much a contract is held and traded.

use alphatrader_model::{OptionContract, Price, Right};

use crate::random::{Random, mix};

/// Open interest, and contracts that trade in the whole day.
pub(super) struct Interest {
    pub(super) open: u32,
    pub(super) day_volume: u32,
}

/// What is known of a contract when its interest is drawn.
pub(super) struct Place {
    /// Strike steps from the money.
    pub(super) steps: i64,
    /// Distance between strikes.
    pub(super) step: Price,
    /// Sessions until it expires.
    pub(super) sessions: usize,
    /// Whether it expires on a third Friday.
    pub(super) monthly: bool,
    /// How much of the usual interest the underlying has.
    pub(super) scale: f64,
}

/// Open interest in the thousands, larger at round strikes, near the money and on monthly expiries;
/// volume of the day a few times that for what expires today, where the money is. More puts are held
/// than calls, as in index funds.
pub(super) fn interest(seed: u64, option: &OptionContract, place: &Place) -> Interest {
    let right = u64::from(option.right == Right::Put);
    let date = option.expiry.year() as u64 * 512 + u64::from(option.expiry.day_of_year().unsigned_abs());
    let mut random = Random::new(mix(&[seed, option.strike.raw() as u64, right, date]));
    let round = match option.strike.raw() / place.step.raw() {
        steps if steps % 10 == 0 => 4.0,
        steps if steps % 5 == 0 => 2.2,
        _ => 1.0,
    };
    let spread = 6.0 + 0.6 * place.sessions as f64;
    let distance = place.steps as f64 / spread;
    let near = libm::exp(-0.5 * distance * distance);
    let age = libm::exp(-(place.sessions as f64) / 30.0) * if place.monthly { 3.0 } else { 1.0 };
    let tilt = if option.right == Right::Put && place.sessions > 1 { 1.5 } else { 1.0 };
    let held = 900.0 + 4_000.0 * round * (0.25 + near) * libm::exp(0.5 * random.normal());
    let open = place.scale * held * tilt * age.max(0.05);
    let turnover = match place.sessions {
        0 => 4.0,
        1 => 1.0,
        _ => 0.25,
    };
    let turnover = turnover * near * libm::exp(0.4 * random.normal());
    let day_volume = 400.0 * place.scale * age.min(1.0) + open * turnover;
    Interest { open: open.min(900_000.0) as u32, day_volume: day_volume.min(2_000_000.0) as u32 }
}
