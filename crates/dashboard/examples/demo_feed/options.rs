//! A made-up option chain around a made-up price, and made-up news.

use std::sync::Arc;

use alphatrader_model::chain::Provider;
use alphatrader_model::exposure::{
    Bucket, BucketExposure, Cell, ChainExposure, Crossing, DealerSign, ExpectedMove, ExpiryExposure,
    GreeksSource, Levels, Pin, ProfilePoint, PutCall, RowCounts, SmilePoint, StrikeExposure, Sums,
    TradedSide, Unusual, Zero,
};
use alphatrader_model::sentiment::{Headline, Sentiment};
use alphatrader_model::view::{ChainSource, OptionsView};
use alphatrader_model::{OptionContract, Price, Right, Span, Symbol, Timestamp};
use jiff::civil::{Date, date};

const MINUTES_A_YEAR: f64 = 525_600.0;

/// One contract of the made-up chain.
struct Row {
    expiry: Date,
    years: f64,
    strike: f64,
    call: bool,
    iv: f64,
    oi: f64,
    volume: f64,
}

/// What is known of options and news at one moment.
pub(crate) struct Made {
    pub(crate) options: Vec<OptionsView>,
    pub(crate) market: Option<Arc<Sentiment>>,
    at: Timestamp,
}

impl Made {
    pub(crate) const fn new() -> Self {
        Self { options: Vec::new(), market: None, at: Timestamp::from_nanos(0) }
    }

    /// A new chain every four seconds; its quotes are three seconds old when it comes.
    pub(crate) fn step(&mut self, now: Timestamp, close: Timestamp, spots: &[(Symbol, Option<f64>)]) {
        if now.since(self.at) < Span::from_seconds(4) {
            return;
        }
        self.at = now;
        let quoted = Timestamp::from_nanos(now.nanos() - 3_000_000_000);
        self.options = spots
            .iter()
            .filter_map(|(symbol, spot)| {
                let chain = chain(*symbol, (*spot)?, quoted, close);
                let source = |provider: Provider, seconds: i64, rows: u32| ChainSource {
                    provider,
                    as_of: Timestamp::from_nanos(now.nanos() - seconds * 1_000_000_000),
                    whole_at: None,
                    rows,
                    delayed: false,
                    stale: false,
                };
                Some(OptionsView {
                    sources: vec![
                        source(Provider::Ibkr, 0, 62),
                        source(Provider::AlphaVantage, 3, chain.rows.rows - 62),
                    ],
                    disagreeing: 2,
                    exposure: Some(Arc::new(chain)),
                    sentiment: Some(Arc::new(news(Some(*symbol), now))),
                    ..OptionsView::new(*symbol)
                })
            })
            .collect();
        self.market = Some(Arc::new(news(None, now)));
    }
}

fn expiries(minutes: f64) -> Vec<(Date, f64)> {
    let days = [
        (date(2026, 11, 23), 0),
        (date(2026, 11, 24), 1),
        (date(2026, 11, 25), 2),
        (date(2026, 11, 27), 4),
        (date(2026, 11, 30), 7),
        (date(2026, 12, 4), 11),
        (date(2026, 12, 11), 18),
        (date(2026, 12, 18), 25),
        (date(2027, 1, 15), 53),
        (date(2027, 3, 19), 116),
    ];
    days.iter().map(|(day, ahead)| (*day, minutes + f64::from(*ahead) * 1_440.0)).collect()
}

fn rows(middle: f64, spot: f64, minutes: f64) -> Vec<Row> {
    let mut rows = Vec::new();
    for (n, (expiry, left)) in expiries(minutes).into_iter().enumerate() {
        let years = (left / MINUTES_A_YEAR).max(1e-7);
        let step = if n < 5 { 1 } else { 5 };
        let centre = (middle / 5.0).round() as i64 * 5;
        for strike in (centre - 40..=centre + 40).filter(|strike| strike % step == 0) {
            let strike = strike as f64;
            let away = (strike - spot) / spot / (0.16 * years.sqrt()).max(0.006);
            let round = if strike % 10.0 == 0.0 {
                3.2
            } else if strike % 5.0 == 0.0 {
                2.0
            } else {
                1.0
            };
            for call in [true, false] {
                let lean = if call { away - 0.4 } else { away + 0.5 };
                let crowd = (-lean * lean / 2.6).exp() + 0.02;
                let size = 9_000.0 / (1.0 + n as f64 * 0.35) * round * crowd;
                let uneven =
                    0.6 + 0.8 * ((strike * 12.989 + n as f64 * 78.233).sin() * 43_758.5).fract().abs();
                rows.push(Row {
                    expiry,
                    years,
                    strike,
                    call,
                    iv: 0.105 + 0.012 * (n as f64).sqrt() - 0.012 * away + 0.009 * away * away,
                    oi: (size * uneven).round(),
                    volume: (size * uneven * if n == 0 { 1.9 } else { 0.35 }).round(),
                });
            }
        }
    }
    rows
}

/// Density of the normal distribution at d1, over spot and volatility: gamma.
fn gamma(row: &Row, spot: f64) -> f64 {
    let total = row.iv * row.years.sqrt();
    let d1 = ((spot / row.strike).ln() + total * total / 2.0) / total;
    (-d1 * d1 / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() / (spot * total)
}

fn delta(row: &Row, spot: f64) -> f64 {
    let total = row.iv * row.years.sqrt();
    let d1 = ((spot / row.strike).ln() + total * total / 2.0) / total;
    let below = 1.0 / (1.0 + (-1.702 * d1).exp());
    if row.call { below } else { below - 1.0 }
}

fn add(sums: &mut Sums, row: &Row, spot: f64) {
    let sign = if row.call { 1.0 } else { -1.0 };
    let unit = sign * gamma(row, spot) * 100.0 * spot * spot * 0.01;
    let (gex, vol_gex) = (unit * row.oi, unit * row.volume);
    let dex = delta(row, spot) * row.oi * 100.0 * spot;
    sums.gex += gex;
    sums.vol_gex += vol_gex;
    sums.dex += dex;
    sums.dealer_dex += sign * dex;
    let (call, put) = if row.call { (1.0, 0.0) } else { (0.0, 1.0) };
    sums.call_gex += call * gex;
    sums.put_gex += put * gex;
    sums.call_vol_gex += call * vol_gex;
    sums.put_vol_gex += put * vol_gex;
    sums.call_dex += call * dex;
    sums.put_dex += put * dex;
    sums.call_oi += (call * row.oi) as u64;
    sums.put_oi += (put * row.oi) as u64;
    sums.call_volume += (call * row.volume) as u64;
    sums.put_volume += (put * row.volume) as u64;
}

fn price(dollars: f64) -> Price {
    Price::from_cents((dollars * 100.0).round() as i64)
}

fn bucket(bucket: Bucket, rows: &[&Row], spot: f64) -> BucketExposure {
    let mut sums = Sums::default();
    let mut by_strike: Vec<StrikeExposure> = Vec::new();
    let mut strikes: Vec<i64> = rows.iter().map(|row| row.strike as i64).collect();
    strikes.sort_unstable();
    strikes.dedup();
    for strike in strikes {
        let mut here = Sums::default();
        for row in rows.iter().filter(|row| row.strike as i64 == strike) {
            add(&mut here, row, spot);
            add(&mut sums, row, spot);
        }
        by_strike.push(StrikeExposure { strike: price(strike as f64), sums: here });
    }
    let profile: Vec<ProfilePoint> = (-40..=40)
        .map(|n| {
            let at = spot * (1.0 + f64::from(n) * 0.000_75);
            let gex = |row: &&Row| if row.call { 1.0 } else { -1.0 } * gamma(row, at) * row.oi * at * at;
            ProfilePoint { spot: at, gex: rows.iter().map(gex).sum() }
        })
        .collect();
    BucketExposure {
        bucket,
        sums,
        levels: levels(&by_strike, &profile, spot),
        put_call: ratios(&sums),
        by_strike,
        profile,
    }
}

const fn ratios(sums: &Sums) -> PutCall {
    PutCall {
        oi: Some(sums.put_oi as f64 / sums.call_oi as f64),
        volume: Some(sums.put_volume as f64 / sums.call_volume as f64),
        premium: None,
    }
}

fn levels(by_strike: &[StrikeExposure], profile: &[ProfilePoint], spot: f64) -> Levels {
    let all_zeros: Vec<Zero> = profile
        .windows(2)
        .filter(|pair| pair[0].gex.signum() != pair[1].gex.signum())
        .map(|pair| {
            let part = pair[0].gex / (pair[0].gex - pair[1].gex);
            let direction = if pair[0].gex < 0.0 { Crossing::Up } else { Crossing::Down };
            Zero { spot: pair[0].spot + part * (pair[1].spot - pair[0].spot), direction }
        })
        .collect();
    let most = |of: fn(&Sums) -> f64| {
        by_strike.iter().max_by(|a, b| of(&a.sums).total_cmp(&of(&b.sums))).map(|row| row.strike)
    };
    Levels {
        gamma_flip: all_zeros
            .iter()
            .map(|zero| zero.spot)
            .min_by(|a, b| (a - spot).abs().total_cmp(&(b - spot).abs())),
        profile_positive: all_zeros.is_empty().then(|| profile[0].gex > 0.0),
        all_zeros,
        call_wall: most(|s| s.call_gex),
        put_wall: most(|s| -s.put_gex),
        net_call_wall: most(|s| s.gex),
        net_put_wall: most(|s| -s.gex),
        abs_gamma_strike: most(|s| s.call_gex - s.put_gex),
        ..Levels::default()
    }
}

fn expiry(day: Date, minutes: f64, rows: &[&Row], spot: f64) -> ExpiryExposure {
    let whole = bucket(Bucket::All, rows, spot);
    let near = |row: &&&Row| (row.strike - spot).abs();
    let atm = rows.iter().min_by(|a, b| near(a).total_cmp(&near(b))).map_or(0.1, |row| row.iv);
    let sigma = spot * atm * (minutes / MINUTES_A_YEAR).sqrt();
    let out_of_the_money = |row: &&&Row| row.call == (row.strike >= spot);
    ExpiryExposure {
        expiry: day,
        minutes,
        forward: Some(spot + 0.01 * minutes / 1_440.0),
        atm_iv: Some(atm),
        skew_25: Some(0.018 + 0.004 * (minutes / 1_440.0).sqrt()),
        sums: whole.sums,
        levels: whole.levels,
        max_pain: Some(price((spot / 5.0).round() * 5.0)),
        expected_move: Some(ExpectedMove {
            atm_strike: price(spot.round()),
            straddle_mid: Some(sigma * 0.8),
            straddle_085: Some(sigma * 0.68),
            one_sigma_from_atm_iv: Some(sigma),
            mean_abs_move_from_iv: Some(sigma * 0.797_88),
        }),
        put_call: whole.put_call,
        smile: rows
            .iter()
            .filter(out_of_the_money)
            .map(|row| SmilePoint { strike: price(row.strike), iv: row.iv, interpolated: false })
            .collect(),
    }
}

fn chain(symbol: Symbol, spot: f64, at: Timestamp, close: Timestamp) -> ChainExposure {
    let minutes = (close.since(at).nanos() as f64 / 6e10).max(0.5);
    let rows = rows(if spot > 560.0 { 601.0 } else { 529.0 }, spot, minutes);
    let of = |most: f64, least: f64| -> Vec<&Row> {
        let days = |row: &&Row| (row.years * 365.0 - minutes / 1_440.0).round();
        rows.iter().filter(|row| days(row) <= most && days(row) >= least).collect()
    };
    let buckets = [
        (Bucket::Zero, 0.0, 0.0),
        (Bucket::One, 1.0, 1.0),
        (Bucket::Fortnight, 14.0, 0.0),
        (Bucket::All, 1e9, 0.0),
    ];
    let buckets: Vec<_> =
        buckets.iter().map(|(name, most, least)| bucket(*name, &of(*most, *least), spot)).collect();
    let by_expiry: Vec<_> = expiries(minutes)
        .into_iter()
        .map(|(day, left)| {
            let own: Vec<&Row> = rows.iter().filter(|row| row.expiry == day).collect();
            expiry(day, left, &own, spot)
        })
        .collect();
    let mut cells: Vec<Cell> = Vec::new();
    for pair in rows.chunks(2) {
        let mut sums = Sums::default();
        for row in pair {
            add(&mut sums, row, spot);
        }
        cells.push(Cell {
            expiry: pair[0].expiry,
            strike: price(pair[0].strike),
            gex: sums.gex,
            dex: sums.dex,
            vol_gex: sums.vol_gex,
        });
    }
    let today = &buckets[0];
    let strike = today.levels.abs_gamma_strike;
    let share = |strike: Price| {
        let size = |sums: &Sums| sums.call_gex - sums.put_gex;
        let at = today.by_strike.iter().find(|row| row.strike == strike).map_or(0.0, |row| size(&row.sums));
        at / size(&today.sums)
    };
    ChainExposure {
        underlying: symbol,
        as_of: at,
        spot,
        providers: vec![Provider::AlphaVantage, Provider::Ibkr],
        oldest: None,
        dealer_sign: DealerSign::Naive,
        greeks: GreeksSource::Own,
        rows: RowCounts {
            rows: rows.len() as u32 + 46,
            included: rows.len() as u32,
            missing_oi: 31,
            no_iv: 15,
            stale: 9,
            ..RowCounts::default()
        },
        flagged_share: 0.012,
        degraded: symbol.to_string() == "QQQ",
        total: buckets[3].sums,
        pin: strike.map(|strike| Pin {
            strike,
            gamma_share: share(strike),
            distance_sigma: Some(0.3),
            strength: None,
        }),
        buckets,
        by_expiry,
        cells,
        unusual: unusual(symbol, spot, at),
    }
}

fn unusual(symbol: Symbol, spot: f64, now: Timestamp) -> Vec<Unusual> {
    let made = [
        (
            date(2026, 12, 4),
            -16.0,
            Right::Put,
            Some(6.4),
            18_204,
            3.9e6,
            Some(0.71),
            Some(TradedSide::Ask),
            41,
        ),
        (
            date(2026, 11, 24),
            5.0,
            Right::Call,
            Some(4.1),
            31_877,
            2.2e6,
            Some(0.64),
            Some(TradedSide::Ask),
            124,
        ),
        (
            date(2026, 12, 18),
            19.0,
            Right::Call,
            Some(3.7),
            9_310,
            1.6e6,
            Some(0.5),
            Some(TradedSide::Mid),
            360,
        ),
        (
            date(2026, 11, 27),
            -6.0,
            Right::Put,
            Some(2.9),
            7_044,
            0.9e6,
            Some(0.22),
            Some(TradedSide::Bid),
            540,
        ),
        (date(2027, 1, 15), 39.0, Right::Call, Some(2.2), 4_120, 0.5e6, None, None, 842),
        (date(2026, 12, 11), -30.0, Right::Put, None, 2_450, 61_250.0, None, None, 960),
    ];
    made.into_iter()
        .map(|(expiry, away, right, ratio, volume, premium_usd, ask_share, side, age)| Unusual {
            contract: OptionContract { root: symbol, expiry, strike: price((spot + away).round()), right },
            ratio,
            new_strike: ratio.is_none(),
            volume,
            open_interest: ratio.map_or(0, |ratio| (f64::from(volume) / ratio) as u32),
            premium_usd,
            ask_share,
            side,
            seen_at: Some(Timestamp::from_nanos(now.nanos() - age * 1_000_000_000)),
            zero_dte: false,
        })
        .collect()
}

fn news(symbol: Option<Symbol>, now: Timestamp) -> Sentiment {
    let minutes_ago = |minutes: i64| Timestamp::from_nanos(now.nanos() - minutes * 60_000_000_000);
    let made = [
        ("Fed minutes due Wednesday; options imply a quiet week", 0.21, 7, "https://example.com/fed"),
        (
            "Chip suppliers lift guidance for the fourth quarter, and name the customers they will ship to first",
            0.47,
            31,
            "https://example.com/chips",
        ),
        ("Retail traffic softer ahead of the holiday, survey says", -0.31, 66, "javascript:alert(1)"),
        (
            "Treasury yields little changed before auctions <b>of notes</b>",
            0.02,
            118,
            "https://example.com/notes",
        ),
    ];
    let headlines: Vec<_> = made
        .into_iter()
        .map(|(title, score, ago, url)| Headline {
            title: title.to_owned(),
            url: url.to_owned(),
            source: "Example Wire".to_owned(),
            published: minutes_ago(ago),
            score,
            relevance: 0.8,
        })
        .collect();
    let quiet = symbol.is_some_and(|symbol| symbol.to_string() == "QQQ");
    Sentiment {
        symbol,
        as_of: now,
        score: (!quiet).then_some(if symbol.is_some() { 0.18 } else { 0.06 }),
        articles: if quiet { 0 } else { 14 },
        newest: (!quiet).then(|| minutes_ago(7)),
        headlines: if quiet { Vec::new() } else { headlines },
    }
}
