//! Where prices go inside a day: the latent path of each moving part.
//!
//! A part's path begins at its day's open and ends at its day's close ([`super::days`]). Between
//! them it is a random walk over minutes whose volatility follows the shape of the day and a chain of
//! two states, with episodes of drift in the market's, and a Brownian bridge inside each minute. A
//! shock comes within a minute or two. A symbol's path is the sum of its parts.

use alphatrader_model::{Session, Span, Symbol, Timestamp};

use super::days::{Days, Levels, Part, Regime, Shock, number};
use super::profile::{HELD_BY_QQQ, PROFILES, Profile};
use crate::day::Shape;
use crate::random::{Random, mix};

/// Steps of a minute's bridge.
const STEPS: usize = 256;
const MINUTE: i64 = 60_000_000_000;

/// How fast a shock comes: seconds until two thirds of it are there.
const ARRIVAL: f64 = 40.0;

/// The latent path of one part on one day: logs, relative to its base.
#[derive(Debug, Clone)]
struct Path {
    seed: u64,
    open: Timestamp,
    /// Level at the start of each minute, and at the close; without the shock.
    minutes: Vec<f64>,
    /// Deviation of each minute's log return.
    deviations: Vec<f64>,
    shock: Option<(Timestamp, f64)>,
    /// Bridges of the last three minutes used, by minute modulo three.
    bridges: [Bridge; 3],
}

#[derive(Debug, Clone)]
struct Bridge {
    minute: Option<usize>,
    levels: Vec<f64>,
}

impl Path {
    fn new(seed: u64, part: &Part, session: &Session, levels: Levels, spells: &[f64]) -> Self {
        let day = mix(&[seed, part.number, number(session.date)]);
        let mut random = Random::new(mix(&[day, 1]));
        let shock = part.shock(seed, session.date);
        let length = session.close.since(session.open).nanos() as f64;
        let size = shock.map_or(0.0, |shock| shock.size);
        let deviations: Vec<f64> = spells.iter().map(|spell| spell * part.session).collect();
        let drifts = part.number == Part::MARKET.number;
        Self {
            seed: day,
            open: session.open,
            minutes: walk(&mut random, &deviations, levels.open, levels.close - size, drifts),
            deviations,
            shock: shock
                .map(|Shock { at, size }| (session.open + Span::from_nanos((at * length) as i64), size)),
            bridges: core::array::from_fn(|_| Bridge { minute: None, levels: vec![0.0; STEPS + 1] }),
        }
    }

    /// The level at `at`. Before the open that of the open, after the close that of the close.
    fn at(&mut self, at: Timestamp) -> f64 {
        let nanos = at.since(self.open).nanos().clamp(0, self.deviations.len() as i64 * MINUTE - 1);
        let (minute, inside) = ((nanos / MINUTE) as usize, nanos % MINUTE);
        let bridge = self.bridge(minute);
        let place = inside as f64 * (STEPS as f64 / MINUTE as f64);
        let step = (place as usize).min(STEPS - 1);
        let (from, to) = (bridge[step], bridge[step + 1]);
        from + (to - from) * (place - step as f64) + self.shocked(at)
    }

    /// The level at the start of a minute, which is at `at`.
    fn at_minute(&self, minute: usize, at: Timestamp) -> f64 {
        self.minutes[minute] + self.shocked(at)
    }

    /// What of the shock is there at `at`.
    fn shocked(&self, at: Timestamp) -> f64 {
        match self.shock {
            Some((begin, size)) if at > begin => {
                size * (1.0 - libm::exp(-at.since(begin).as_seconds() / ARRIVAL))
            }
            _ => 0.0,
        }
    }

    fn bridge(&mut self, minute: usize) -> &[f64] {
        let slot = &mut self.bridges[minute % 3];
        if slot.minute != Some(minute) {
            slot.minute = Some(minute);
            let mut random = Random::new(mix(&[self.seed, 2, minute as u64]));
            let (from, to) = (self.minutes[minute], self.minutes[minute + 1]);
            let step = self.deviations[minute] / libm::sqrt(STEPS as f64);
            let mut walked = 0.0;
            for value in &mut slot.levels[1..] {
                walked += step * random.normal();
                *value = walked;
            }
            slot.levels[0] = 0.0;
            for (place, value) in slot.levels.iter_mut().enumerate() {
                let part = place as f64 / STEPS as f64;
                *value = from + (to - from) * part + (*value - walked * part);
            }
        }
        &slot.levels
    }
}

/// Episodes of drift of a day, at least.
const EPISODES: u64 = 6;

/// A random walk from `open` to `close`, with episodes of drift when it `drifts`.
fn walk(random: &mut Random, deviations: &[f64], open: f64, close: f64, drifts: bool) -> Vec<f64> {
    let count = deviations.len();
    let mut drift = vec![0.0; count];
    let episodes = if drifts { EPISODES + random.below(4) } else { 0 };
    for _ in 0..episodes {
        let length = 6 + random.below(14) as usize;
        let start = random.below(count as u64) as usize;
        let strength = (0.6 + 0.7 * random.unit()) * if random.chance(0.5) { 1.0 } else { -1.0 };
        drift[start..(start + length).min(count)].fill(strength);
    }
    let noise = if drifts { 0.85 } else { 1.0 };
    let mut path = vec![0.0; count + 1];
    for minute in 0..count {
        path[minute + 1] = path[minute] + deviations[minute] * (noise * random.normal() + drift[minute]);
    }
    let missing = close - open - path[count];
    path.iter()
        .enumerate()
        .map(|(minute, value)| open + value + missing * minute as f64 / count as f64)
        .collect()
}

/// Deviation of each minute as a part of a session's in ordinary volatility: the shape of the day,
/// the day's volatility, and spells of an hour or so that all parts share.
fn spells(seed: u64, session: &Session, regime: Regime) -> Vec<f64> {
    const QUIET: f64 = 0.85;
    const LIVELY: f64 = 1.25;
    let count = (session.close.since(session.open).nanos() / MINUTE) as usize;
    let shape = Shape::new();
    let mut random = Random::new(mix(&[seed, 24, number(session.date)]));
    let mut lively = random.chance(0.35);
    let at = |minute: usize| session.open + Span::from_minutes(minute as i64);
    (0..count)
        .map(|minute| {
            if random.chance(if lively { 1.0 / 30.0 } else { 1.0 / 60.0 }) {
                lively = !lively;
            }
            let share =
                shape.variance_until(session, at(minute + 1)) - shape.variance_until(session, at(minute));
            libm::sqrt(share) * regime.scale() * if lively { LIVELY } else { QUIET }
        })
        .collect()
}

/// A symbol's parts: places in [`Series`] and how much of each is in it.
#[derive(Debug, Clone)]
pub(super) struct Mixture {
    base: f64,
    shares: Vec<(usize, f64)>,
}

/// The levels of all parts that some symbols need, for all days of a walk.
#[derive(Debug, Clone)]
pub(super) struct Series {
    seed: u64,
    pub(super) days: Days,
    parts: Vec<Part>,
    levels: Vec<Vec<Levels>>,
}

impl Series {
    /// The parts of these symbols with their base prices in dollars, and each symbol's mixture.
    pub(super) fn new(seed: u64, days: Days, profiles: &[(&Profile, f64)]) -> (Self, Vec<Mixture>) {
        let mut parts: Vec<Part> = Vec::new();
        let mut mixtures = Vec::new();
        for (profile, base) in profiles {
            let mut places = Vec::new();
            for (part, share) in shares(profile) {
                let known = parts.iter().position(|known| known.number == part.number);
                let place = known.unwrap_or(parts.len());
                if known.is_none() {
                    parts.push(part);
                }
                places.push((place, share));
            }
            mixtures.push(Mixture { base: libm::log(*base * 100.0), shares: places });
        }
        let levels = parts.iter().map(|part| days.levels(part)).collect();
        (Self { seed, days, parts, levels }, mixtures)
    }

    /// The paths of a session that the walk holds.
    pub(super) fn paths(&self, session: &Session) -> Paths {
        let place = self.days.place(session.date);
        let regime = self.days.regime(session.date);
        let spells = spells(self.seed, session, regime);
        let levels = self.levels.iter().map(|levels| levels[place]);
        let path = |(part, levels)| Path::new(self.seed, part, session, levels, &spells);
        let courses = self.parts.iter().zip(levels).map(path).collect();
        Paths { parts: self.parts.clone(), courses, regime }
    }

    /// A symbol's latent prices at the open and the close of the day at a place, cents.
    pub(super) fn anchors(&self, of: &Mixture, place: usize) -> (f64, f64) {
        let sum = |which: fn(&Levels) -> f64| {
            of.shares.iter().map(|(part, share)| share * which(&self.levels[*part][place])).sum::<f64>()
        };
        (libm::exp(of.base + sum(|l| l.open)), libm::exp(of.base + sum(|l| l.close)))
    }
}

/// The paths of all parts that some symbols need, for one day.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    parts: Vec<Part>,
    courses: Vec<Path>,
    regime: Regime,
}

impl Paths {
    /// How volatile the day is.
    pub(super) fn regime(&self) -> Regime {
        self.regime
    }

    /// A symbol's latent price at `at`, cents.
    pub(super) fn cents(&mut self, of: &Mixture, at: Timestamp) -> f64 {
        libm::exp(of.base + self.level(of, at))
    }

    fn level(&mut self, of: &Mixture, at: Timestamp) -> f64 {
        of.shares.iter().map(|(place, share)| share * self.courses[*place].at(at)).sum()
    }

    /// A symbol's latent price at the start of each minute and at the close, cents; `base` and shares
    /// as for [`Paths::cents`].
    pub(super) fn minutes(&mut self, of: &Mixture, open: Timestamp) -> Vec<f64> {
        let count = self.courses.first().map_or(0, |path| path.deviations.len());
        (0..=count)
            .map(|minute| {
                let at = open + Span::from_minutes(minute as i64);
                let sum: f64 = of
                    .shares
                    .iter()
                    .map(|(place, share)| share * self.courses[*place].at_minute(minute, at))
                    .sum();
                libm::exp(of.base + sum)
            })
            .collect()
    }

    /// Change of a symbol's path around `at`, half a minute back and a quarter ahead, in deviations of
    /// so long a time.
    pub(super) fn trend(&mut self, of: &Mixture, at: Timestamp) -> f64 {
        let (back, ahead) = (Span::from_seconds(30), Span::from_seconds(15));
        let change = self.level(of, at + ahead) - self.level(of, at - back);
        change / (self.minute(of, at) * libm::sqrt(0.75))
    }

    /// Deviation of a symbol's log return in the minute of `at`.
    pub(super) fn minute(&self, of: &Mixture, at: Timestamp) -> f64 {
        let variance: f64 = of
            .shares
            .iter()
            .map(|(place, share)| {
                let path = &self.courses[*place];
                let minute = (at.since(path.open).nanos().max(0) / MINUTE) as usize;
                let deviation = share * path.deviations[minute.min(path.deviations.len() - 1)];
                deviation * deviation
            })
            .sum();
        libm::sqrt(variance)
    }

    /// When shocks come that are in a symbol, with what they do to its log price.
    pub(super) fn shocks(&self, of: &Mixture) -> Vec<(Timestamp, f64)> {
        of.shares
            .iter()
            .filter_map(|(place, share)| self.courses[*place].shock.map(|(at, size)| (at, size * share)))
            .collect()
    }

    /// Deviation of a session's log return that a symbol's options stand for.
    pub(super) fn session_deviation(&self, of: &Mixture) -> f64 {
        let variance: f64 =
            of.shares.iter().map(|(place, share)| square(share * self.parts[*place].session)).sum();
        libm::sqrt(variance)
    }
}

fn square(x: f64) -> f64 {
    x * x
}

/// The parts of a symbol, and how much of each is in it.
pub(super) fn shares(profile: &Profile) -> Vec<(Part, f64)> {
    let own = |name: &str| {
        let place = PROFILES.iter().position(|known| known.symbol == name)?;
        let known = &PROFILES[place];
        Some(Part::own(place, known.own, known.fund))
    };
    let mut shares = vec![(Part::MARKET, profile.market)];
    if profile.technology != 0.0 {
        shares.push((Part::TECHNOLOGY, profile.technology));
    }
    if profile.own > 0.0 {
        shares.extend(own(profile.symbol).map(|part| (part, 1.0)));
    }
    if profile.symbol == "QQQ" {
        shares.extend(HELD_BY_QQQ.iter().filter_map(|(name, weight)| own(name).map(|part| (part, *weight))));
    }
    shares
}

/// The profile that a symbol trades by: its own, or that of SPY for one that has none.
pub(super) fn profile_of(symbol: Symbol) -> &'static Profile {
    super::profile::profile(symbol.as_str()).unwrap_or(&PROFILES[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::profile::profile;
    use alphatrader_model::Calendar;

    fn session(date: &str) -> Session {
        Calendar::xnys().session(date.parse().unwrap()).unwrap()
    }

    fn paths(seed: u64, date: &str, symbols: &[&str]) -> (Paths, Vec<Mixture>) {
        let profiles: Vec<_> = symbols.iter().map(|s| profile(s).unwrap()).map(|p| (p, p.base)).collect();
        let days = Days::to(seed, &Calendar::xnys(), &session(date));
        let (series, of) = Series::new(seed, days, &profiles);
        (series.paths(&session(date)), of)
    }

    #[test]
    fn a_day_continues_where_the_last_one_closed() {
        for seed in 0..50 {
            let (mut today, of) = paths(seed, "2025-06-03", &["SPY"]);
            let (mut yesterday, _) = paths(seed, "2025-06-02", &["SPY"]);
            let open = today.cents(&of[0], session("2025-06-03").open);
            let close = yesterday.cents(&of[0], session("2025-06-02").close);
            let bound = 5.0 * Part::NIGHT * Part::MARKET.session * today.regime().scale() + 0.01;
            assert!((open / close - 1.0).abs() < bound, "seed {seed}: {open} after {close}");
            assert!((44_000.0..80_000.0).contains(&close), "seed {seed}: {close}");
        }
    }

    #[test]
    fn the_path_is_the_same_from_wherever_it_is_read_and_for_whomever() {
        let (mut straight, of) = paths(5, "2025-06-03", &["SPY"]);
        let (mut wide, all) = paths(5, "2025-06-03", &["AAPL", "QQQ", "SPY"]);
        let open = session("2025-06-03").open;
        let times: Vec<_> = (0..390).map(|m| open + Span::from_seconds(m * 60 + 17)).collect();
        let forward: Vec<u64> = times.iter().map(|t| straight.cents(&of[0], *t).to_bits()).collect();
        let backward: Vec<u64> = times.iter().rev().map(|t| wide.cents(&all[2], *t).to_bits()).collect();
        assert!(forward.iter().eq(backward.iter().rev()));
    }

    #[test]
    fn five_minute_returns_correlate_as_measured() {
        let names = ["SPY", "QQQ", "IWM", "AAPL", "NVDA", "AMD", "JPM"];
        let mut returns: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
        for seed in 0..12 {
            let (mut day, of) = paths(seed, "2025-06-03", &names);
            let open = session("2025-06-03").open;
            for (place, of) in of.iter().enumerate() {
                let levels: Vec<f64> =
                    (0..=78).map(|five| day.level(of, open + Span::from_minutes(5 * five))).collect();
                returns[place].extend(levels.windows(2).map(|pair| pair[1] - pair[0]));
            }
        }
        let correlation = |a: usize, b: usize| {
            let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
            let (x, y) = (&returns[a], &returns[b]);
            product(x, y) / libm::sqrt(product(x, x) * product(y, y))
        };
        assert!((0.86..0.95).contains(&correlation(0, 1)), "SPY and QQQ {}", correlation(0, 1));
        assert!((0.85..0.95).contains(&correlation(0, 2)), "SPY and IWM {}", correlation(0, 2));
        assert!((0.55..0.75).contains(&correlation(0, 3)), "SPY and AAPL {}", correlation(0, 3));
        assert!(correlation(4, 5) > correlation(4, 6) + 0.05, "chips move together");
    }
}
