//! Where the price goes: the latent path of a day.
//!
//! Every day has an anchor, a function of seed and date alone; a day's path ends at its anchor and
//! the next day's begins there, moved by what happened over night. Inside the day the path is a
//! random walk over minutes, with episodes of drift, and a Brownian bridge inside each minute.

use alphatrader_model::{Session, Timestamp};

use crate::day::Shape;
use crate::random::{Random, mix};

/// Steps of a minute's bridge.
const STEPS: usize = 256;
const MINUTE: i64 = 60_000_000_000;

/// The latent price of a day, in cents.
#[derive(Debug, Clone)]
pub(super) struct Path {
    seed: u64,
    open: Timestamp,
    /// Log price at the start of each minute, and at the close.
    minutes: Vec<f64>,
    /// Deviation of each minute's log return.
    deviations: Vec<f64>,
    /// Bridges of the last three minutes used, by minute modulo three.
    bridges: [Bridge; 3],
}

#[derive(Debug, Clone)]
struct Bridge {
    minute: Option<usize>,
    cents: Vec<f64>,
}

impl Path {
    /// Deviation of a session's log return from open to close.
    pub(super) const SESSION_DEVIATION: f64 = 0.0062;
    const NIGHT_DEVIATION: f64 = 0.0030;
    const EPISODES: u64 = 6;

    pub(super) fn new(seed: u64, session: &Session, previous: &Session, base_cents: f64) -> Self {
        let day = mix(&[seed, number(session)]);
        let mut random = Random::new(mix(&[day, 1]));
        let base = libm::log(base_cents);
        let night = Self::NIGHT_DEVIATION * random.normal();
        let open = base + anchor(seed, number(previous)) + night;
        let close = base + anchor(seed, number(session));
        let count = (session.close.since(session.open).nanos() / MINUTE) as usize;
        let shape = Shape::new();
        let at = |minute: usize| session.open + alphatrader_model::Span::from_minutes(minute as i64);
        let deviations: Vec<f64> = (0..count)
            .map(|minute| {
                let share =
                    shape.variance_until(session, at(minute + 1)) - shape.variance_until(session, at(minute));
                Self::SESSION_DEVIATION * libm::sqrt(share)
            })
            .collect();
        let minutes = walk(&mut random, &deviations, open, close);
        let empty = Bridge { minute: None, cents: vec![0.0; STEPS + 1] };
        let bridges = [empty.clone(), empty.clone(), empty];
        Self { seed: day, open: session.open, minutes, deviations, bridges }
    }

    /// The latent price at `at`, cents. Before the open that of the open, after the close that of
    /// the close.
    pub(super) fn at(&mut self, at: Timestamp) -> f64 {
        let nanos = at.since(self.open).nanos().clamp(0, self.deviations.len() as i64 * MINUTE - 1);
        let (minute, inside) = ((nanos / MINUTE) as usize, nanos % MINUTE);
        let bridge = self.bridge(minute);
        let place = inside as f64 * (STEPS as f64 / MINUTE as f64);
        let step = (place as usize).min(STEPS - 1);
        let (from, to) = (bridge[step], bridge[step + 1]);
        from + (to - from) * (place - step as f64)
    }

    /// Change of the path around `at`, half a minute back and a quarter ahead, in deviations of so
    /// long a time.
    pub(super) fn trend(&mut self, at: Timestamp) -> f64 {
        let back = alphatrader_model::Span::from_seconds(30);
        let ahead = alphatrader_model::Span::from_seconds(15);
        let change = self.at(at + ahead) - self.at(at - back);
        let minute = (at.since(self.open).nanos().max(0) / MINUTE) as usize;
        let minute = minute.min(self.deviations.len() - 1);
        let deviation = self.deviations[minute] * libm::exp(self.minutes[minute]) * libm::sqrt(0.75);
        change / deviation
    }

    fn bridge(&mut self, minute: usize) -> &[f64] {
        let slot = &mut self.bridges[minute % 3];
        if slot.minute != Some(minute) {
            slot.minute = Some(minute);
            let mut random = Random::new(mix(&[self.seed, 2, minute as u64]));
            let (from, to) = (self.minutes[minute], self.minutes[minute + 1]);
            let step = self.deviations[minute] / libm::sqrt(STEPS as f64);
            let mut walked = 0.0;
            for value in &mut slot.cents[1..] {
                walked += step * random.normal();
                *value = walked;
            }
            slot.cents[0] = 0.0;
            for (place, value) in slot.cents.iter_mut().enumerate() {
                let part = place as f64 / STEPS as f64;
                *value = libm::exp(from + (to - from) * part + (*value - walked * part));
            }
        }
        &slot.cents
    }
}

/// A random walk with episodes of drift from `open` to `close`.
fn walk(random: &mut Random, deviations: &[f64], open: f64, close: f64) -> Vec<f64> {
    let count = deviations.len();
    let mut drift = vec![0.0; count];
    for _ in 0..Path::EPISODES + random.below(4) {
        let length = 6 + random.below(14) as usize;
        let start = random.below(count as u64) as usize;
        let strength = (0.6 + 0.7 * random.unit()) * if random.chance(0.5) { 1.0 } else { -1.0 };
        drift[start..(start + length).min(count)].fill(strength);
    }
    let mut path = vec![0.0; count + 1];
    for minute in 0..count {
        path[minute + 1] = path[minute] + deviations[minute] * (0.85 * random.normal() + drift[minute]);
    }
    let missing = close - open - path[count];
    path.iter()
        .enumerate()
        .map(|(minute, value)| open + value + missing * minute as f64 / count as f64)
        .collect()
}

/// The log of a day's close relative to the base price: smooth noise at four horizons, so that any
/// day's anchor is known without walking to it. Within 7 % of the base.
fn anchor(seed: u64, day: u64) -> f64 {
    const HORIZONS: [(u64, f64); 4] = [(1, 0.0045), (5, 0.009), (21, 0.020), (80, 0.035)];
    HORIZONS
        .iter()
        .map(|(period, amplitude)| {
            let (place, inside) = (day / period, (day % period) as f64 / *period as f64);
            let lattice = |place: u64| 2.0 * Random::new(mix(&[seed, 3, *period, place])).unit() - 1.0;
            let smooth = inside * inside * (3.0 - 2.0 * inside);
            amplitude * (lattice(place) + (lattice(place + 1) - lattice(place)) * smooth)
        })
        .sum()
}

/// Days since 1970, before which no session is made.
pub(super) fn number(session: &Session) -> u64 {
    session.open.seconds().max(0).unsigned_abs() / 86_400
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::{Calendar, Span};

    fn days(date: &str) -> (Session, Session) {
        let calendar = Calendar::xnys();
        let session = calendar.session(date.parse().unwrap()).unwrap();
        (session, calendar.previous_session(session.date))
    }

    #[test]
    fn a_day_continues_where_the_last_one_closed() {
        let (session, previous) = days("2025-06-03");
        let (_, before) = days("2025-06-02");
        for seed in 0..50 {
            let mut today = Path::new(seed, &session, &previous, 60_000.0);
            let mut yesterday = Path::new(seed, &previous, &before, 60_000.0);
            let gap = today.at(session.open) / yesterday.at(previous.close) - 1.0;
            assert!(gap.abs() < 5.0 * Path::NIGHT_DEVIATION, "seed {seed}: {gap}");
            assert!((52_000.0..68_000.0).contains(&today.at(session.close)), "seed {seed}");
        }
    }

    #[test]
    fn the_path_is_the_same_from_wherever_it_is_read() {
        let (session, previous) = days("2025-06-03");
        let mut straight = Path::new(5, &session, &previous, 60_000.0);
        let mut jumping = straight.clone();
        let times: Vec<_> = (0..390).map(|m| session.open + Span::from_seconds(m * 60 + 17)).collect();
        let forward: Vec<u64> = times.iter().map(|t| straight.at(*t).to_bits()).collect();
        let backward: Vec<u64> = times.iter().rev().map(|t| jumping.at(*t).to_bits()).collect();
        assert!(forward.iter().eq(backward.iter().rev()));
    }

    #[test]
    fn a_session_moves_as_much_as_it_should() {
        let (session, previous) = days("2025-06-03");
        let mut squares = 0.0;
        for seed in 0..40 {
            let mut path = Path::new(seed, &session, &previous, 60_000.0);
            let mut last = path.at(session.open);
            for minute in 1..=390 {
                let next = path.at(session.open + Span::from_minutes(minute));
                let change = libm::log(next / last);
                squares += change * change;
                last = next;
            }
        }
        let deviation = libm::sqrt(squares / 40.0);
        assert!((0.0055..0.0085).contains(&deviation), "{deviation}");
    }
}
