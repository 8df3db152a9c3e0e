//! Writing the result of a revaluation down.

use alphatrader_model::exposure::{
    BucketExposure, Cell, ChainExposure, ExpiryExposure, Levels, Pin, ProfilePoint, RowCounts,
    StrikeExposure, Unusual, Zero,
};
use alphatrader_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::conventions::{BUCKETS, Moment};
use super::expiry::{self, Sides};
use super::index::Expiry;
use super::levels::{Rung, walls};
use super::pain::{Held, max_pain};
use super::pin;
use super::rows::{RowStatus, Rows};
use super::state::ChainState;
use super::sums::{Account, CALL_GEX, PUT_GEX, Parts};
use super::unusual;
use super::value::Now;
use super::zeros::{GONE, nearest};
use crate::options::{MINUTES_PER_YEAR, years_between};

/// More than this share of |GEX| from doubtful rows makes a result degraded.
const DEGRADED: f64 = 0.2;

/// What is written so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Draft {
    moment: Moment,
    spot: f64,
    now: Now,
    /// Zeros of each expiry, then of each range.
    pub(crate) zeros: Vec<Vec<Zero>>,
    /// Whether the profile of each is positive throughout, negative throughout, or neither.
    signs: Vec<Option<bool>>,
    profiles: Vec<Vec<ProfilePoint>>,
    by_expiry: Vec<ExpiryExposure>,
    /// For each expiry, also the expired.
    sides: Vec<Sides>,
    buckets: Vec<BucketExposure>,
    cells: Vec<Cell>,
    unusual: Vec<Unusual>,
    rows: RowCounts,
    pin: Option<Pin>,
    gross: f64,
    doubtful: f64,
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
    rungs: Vec<Rung>,
    held: Vec<Held>,
}

impl Draft {
    pub(crate) fn new(state: &ChainState, moment: &Moment, spot: f64) -> Self {
        Self {
            moment: *moment,
            spot,
            now: Now {
                at: moment.now,
                in_session: moment.in_session,
                stale_after: state.conventions.stale_after,
            },
            zeros: Vec::with_capacity(state.index.expiries.len() + BUCKETS.len()),
            signs: Vec::new(),
            profiles: Vec::new(),
            by_expiry: Vec::new(),
            sides: Vec::new(),
            buckets: Vec::new(),
            cells: Vec::new(),
            unusual: Vec::new(),
            rows: RowCounts::default(),
            pin: None,
            gross: 0.0,
            doubtful: 0.0,
            oldest: None,
            newest: None,
            rungs: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Takes the profile of an expiry or, with its number, of a range.
    pub(crate) fn profile(&mut self, bucket: Option<usize>, levels: &[f64], sums: &[f64]) {
        // Where gamma has gone, the sign says nothing.
        let least = GONE * sums.iter().fold(0.0_f64, |most, sum| most.max(sum.abs()));
        let some_positive = sums.iter().any(|sum| *sum > least);
        let some_negative = sums.iter().any(|sum| *sum < -least);
        self.signs.push((some_positive != some_negative).then_some(some_positive));
        if bucket.is_some() {
            let points = levels.iter().zip(sums).map(|(spot, gex)| ProfilePoint { spot: *spot, gex: *gex });
            self.profiles.push(points.collect());
        }
    }

    fn levels(&mut self, place: usize) -> Levels {
        let zeros = core::mem::take(&mut self.zeros[place]);
        let mut levels = Levels {
            gamma_flip: nearest(&zeros, self.spot),
            profile_positive: if zeros.is_empty() { self.signs[place] } else { None },
            all_zeros: zeros,
            ..Levels::default()
        };
        walls(&self.rungs, self.spot, &mut levels);
        levels
    }

    /// What one expiry says.
    pub(crate) fn expiry(&mut self, state: &ChainState, place: usize) {
        let expiry = &state.index.expiries[place];
        self.count(&state.rows, expiry);
        let sides = Sides::count(&state.rows, expiry.rows.clone());
        self.sides.push(sides);
        let Some((series, carry)) = leading(state, expiry) else { return };
        self.gather(state, expiry);
        self.write_cells(expiry);
        let levels = self.levels(place);
        self.gather_held(state, expiry);
        let strikes = &state.index.strikes[state.index.series[series].strikes.clone()];
        let rows = &state.rows;
        let atm = expiry::at_the_money(strikes, self.spot);
        let mut smile = Vec::with_capacity(strikes.len());
        expiry::smile(rows, strikes, carry.forward, &mut smile);
        if expiry.date == self.moment.today {
            self.pin = pin::pin(rows, strikes, &carry, &state.conventions);
        }
        self.by_expiry.push(ExpiryExposure {
            expiry: expiry.date,
            minutes: years_between(self.moment.now, rows.settles[state.index.series[series].rows.start])
                * MINUTES_PER_YEAR,
            forward: Some(carry.forward),
            atm_iv: atm.and_then(|strike| expiry::volatility(rows, strike, carry.forward)).map(|(iv, _)| iv),
            skew_25: expiry::skew_25(rows, strikes, state.conventions.greeks),
            sums: state.next.by_expiry[place].sums(state.conventions.dealer_sign, self.spot),
            levels,
            max_pain: max_pain(&self.held, self.spot),
            expected_move: expiry::expected_move(rows, strikes, &carry),
            put_call: sides.ratios(),
            smile,
        });
    }

    /// Counts the rows of an expiry, and looks for unusual ones.
    fn count(&mut self, rows: &Rows, expiry: &Expiry) {
        for row in expiry.rows.clone() {
            let counts = &mut self.rows;
            counts.rows += 1;
            match rows.status[row] {
                RowStatus::Included => self.count_included(rows, row),
                RowStatus::Expired => counts.expired += 1,
                RowStatus::MissingOi => counts.missing_oi += 1,
                RowStatus::UnknownMultiplier => counts.unknown_multiplier += 1,
                RowStatus::NoIv => counts.no_iv += 1,
                RowStatus::IvOutOfRange => counts.iv_out_of_range += 1,
            }
            if rows.status[row] != RowStatus::Expired {
                unusual::look(rows, row, &self.now, self.moment.today, &mut self.unusual);
            }
        }
    }

    fn count_included(&mut self, rows: &Rows, row: usize) {
        let (flags, counts) = (rows.flags[row], &mut self.rows);
        counts.included += 1;
        counts.stale += u32::from(flags.stale);
        counts.crossed += u32::from(flags.crossed);
        counts.interpolated += u32::from(flags.interpolated);
        counts.disagreed += u32::from(flags.disagrees);
        let open = f64::from(rows.open_interest[row].unwrap_or(0));
        let gex = rows.greeks[row].gamma * open * f64::from(rows.multiplier[row].unwrap_or(0));
        self.gross += gex;
        if flags.stale || flags.crossed {
            self.doubtful += gex;
        }
        let at = rows.quoted_at[row];
        self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at)));
        self.newest = Some(self.newest.map_or(at, |newest| newest.max(at)));
    }

    /// The strikes of an expiry that hold rows in the sums, those of several roots together.
    fn gather(&mut self, state: &ChainState, expiry: &Expiry) {
        self.rungs.clear();
        for series in &state.index.series[expiry.series.clone()] {
            for strike in series.strikes.clone() {
                let parts = &state.parts[strike];
                if parts.rows > 0 {
                    self.rungs.push(of_parts(state.index.strikes[strike].price, parts));
                }
            }
        }
        if expiry.series.len() > 1 {
            self.rungs.sort_by_key(|rung| rung.strike);
            self.rungs.dedup_by(|from, into| {
                let same = from.strike == into.strike;
                if same {
                    into.take(from);
                }
                same
            });
        }
    }

    fn write_cells(&mut self, expiry: &Expiry) {
        self.cells.extend(self.rungs.iter().map(|rung| Cell {
            expiry: expiry.date,
            strike: rung.strike,
            gex: rung.net(),
            dex: rung.dex,
            vol_gex: rung.vol_gex,
        }));
    }

    /// Open contracts of an expiry by strike, whether or not they have a volatility.
    fn gather_held(&mut self, state: &ChainState, expiry: &Expiry) {
        let rows = &state.rows;
        self.held.clear();
        for row in expiry.rows.clone() {
            let (Some(open), Some(shares)) = (rows.open_interest[row], rows.multiplier[row]) else {
                continue;
            };
            if rows.status[row] == RowStatus::Expired {
                continue;
            }
            let contract = &rows.contract[row];
            let held = u64::from(open) * u64::from(shares);
            let (calls, puts) = match contract.right {
                alphatrader_model::instrument::Right::Call => (held, 0),
                alphatrader_model::instrument::Right::Put => (0, held),
            };
            self.held.push(Held { strike: contract.strike, calls, puts });
        }
        self.held.sort_by_key(|held| held.strike);
        self.held.dedup_by(|from, into| {
            let same = from.strike == into.strike;
            if same {
                into.calls += from.calls;
                into.puts += from.puts;
            }
            same
        });
    }

    /// What one range of expiries says; nothing when no row of it is in the sums.
    pub(crate) fn range(&mut self, state: &ChainState, place: usize) {
        let account = &state.next.totals[place];
        let profile = core::mem::take(&mut self.profiles[place]);
        if account.rows == 0 {
            return;
        }
        let sign = state.conventions.dealer_sign;
        let strikes = || {
            let accounts = state.next.by_strike[place].iter().zip(&state.index.prices);
            accounts.filter(|(account, _)| account.rows > 0)
        };
        self.rungs.clear();
        self.rungs.extend(strikes().map(|(account, strike)| of_account(*strike, account)));
        let levels = self.levels(state.index.expiries.len() + place);
        let mut sides = Sides::default();
        for expiry in state.next.expiries(place) {
            sides.add(&self.sides[expiry]);
        }
        let by_strike = strikes()
            .map(|(account, strike)| StrikeExposure { strike: *strike, sums: account.sums(sign, self.spot) })
            .collect();
        self.buckets.push(BucketExposure {
            bucket: BUCKETS[place],
            sums: account.sums(sign, self.spot),
            levels,
            put_call: sides.ratios(),
            by_strike,
            profile,
        });
    }

    /// The whole, with the sums that the state shows by now.
    pub(crate) fn finish(mut self, state: &ChainState) -> ChainExposure {
        unusual::sort(&mut self.unusual);
        let mut providers: Vec<_> = state.rows.provider.clone();
        providers.sort_unstable();
        providers.dedup();
        providers.sort_by_key(|provider| {
            core::cmp::Reverse(state.rows.provider.iter().filter(|other| *other == provider).count())
        });
        let flagged_share = if self.gross > 0.0 { (self.doubtful / self.gross).min(1.0) } else { 0.0 };
        ChainExposure {
            underlying: state.underlying,
            as_of: self.moment.now,
            spot: self.spot,
            providers,
            oldest: if self.oldest == self.newest { None } else { self.oldest },
            dealer_sign: state.conventions.dealer_sign,
            greeks: state.conventions.greeks,
            rows: self.rows,
            flagged_share,
            degraded: flagged_share > DEGRADED,
            total: state.accounts.totals[BUCKETS.len() - 1].sums(state.conventions.dealer_sign, self.spot),
            buckets: self.buckets,
            by_expiry: self.by_expiry,
            cells: self.cells,
            unusual: self.unusual,
            pin: self.pin,
        }
    }
}

/// The series of an expiry that speaks for it: the one with the most rows that is not settled.
fn leading(state: &ChainState, expiry: &Expiry) -> Option<(usize, super::kernel::Carry)> {
    let mut best: Option<(usize, usize, super::kernel::Carry)> = None;
    for series in expiry.series.clone() {
        let Some(carry) = state.carries[series] else { continue };
        let rows = state.index.series[series].rows.len();
        if best.is_none_or(|(most, _, _)| rows > most) {
            best = Some((rows, series, carry));
        }
    }
    best.map(|(_, series, carry)| (series, carry))
}

fn of_parts(strike: alphatrader_model::number::Price, parts: &Parts) -> Rung {
    let mut account = Account::default();
    account.add(parts);
    of_account(strike, &account)
}

fn of_account(strike: alphatrader_model::number::Price, account: &Account) -> Rung {
    let (call_oi, put_oi) = account.open();
    Rung {
        strike,
        call_gex: account.dollars(CALL_GEX),
        put_gex: account.dollars(PUT_GEX),
        dex: account.dollars(super::sums::CALL_DEX) + account.dollars(super::sums::PUT_DEX),
        vol_gex: account.dollars(super::sums::CALL_VOLUME_GEX) + account.dollars(super::sums::PUT_VOLUME_GEX),
        call_oi,
        put_oi,
    }
}
