//! What a synthetic SPY measures like, beside what was measured on real ones.
//!
//! [`Measures`] looks at a day of events as anybody could: quotes, prints, edits of the book.
//! [`Measures::rows`] and [`movement`] set what it found against the measured values and say how far
//! off is still good; a test holds the market to it, and `docs/synthetic-market.md` shows it.
//!
//! Measured on: SPY, all venues, 2013-10-07 and 08 (spread, touch, prints); AMZN and AAPL, Nasdaq,
//! 2012-06-21 (sides of orders, hidden executions); SPY 2014 to 2019 (realised measures); SPY and
//! AAPL, minutes of 2019-02-11 to 15; SPY, QQQ, IWM, days of 2010 to 2019.

use alphatrader_model::market::TradeFlags;
use alphatrader_model::{
    Calendar, Depth, DepthOperation, Input, InstrumentId, Payload, Price, Quote, Session, Side, Symbol,
    Timestamp, Trade,
};

use super::chronicle::{Chronicle, MarketBar};
use crate::day::PRINT_SHARES;

/// Measured autocorrelation of the sides of orders, and what is still good, by lag.
const SIGNS: [(usize, &str, (f64, f64)); 8] = [
    (1, "0.62, 0.61", (0.54, 0.70)),
    (2, "0.44, 0.45", (0.37, 0.53)),
    (3, "0.34, 0.36", (0.27, 0.43)),
    (5, "0.22, 0.24", (0.15, 0.31)),
    (10, "0.08, 0.11", (0.04, 0.18)),
    (20, "0.05, 0.09", (0.01, 0.14)),
    (30, "0.05, 0.05", (0.00, 0.12)),
    (50, "0.01, 0.00", (-0.03, 0.10)),
];

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What is measured, with its unit.
    pub name: String,
    /// What it was on the real days, in words.
    pub measured: &'static str,
    /// What it is here.
    pub synthetic: f64,
    /// Lowest and highest value that is still good.
    pub tolerance: (f64, f64),
}

impl Row {
    fn new(name: impl Into<String>, measured: &'static str, synthetic: f64, tolerance: (f64, f64)) -> Self {
        Self { name: name.into(), measured, synthetic, tolerance }
    }

    /// Whether the value is good.
    pub fn holds(&self) -> bool {
        (self.tolerance.0..=self.tolerance.1).contains(&self.synthetic)
    }
}

/// What was seen of one symbol over some days.
#[derive(Debug, Clone)]
pub struct Measures {
    instrument: InstrumentId,
    days: f64,
    open: Timestamp,
    quote: Option<Quote>,
    second: i64,
    seconds: f64,
    one_cent: f64,
    bids: f64,
    asks: f64,
    sizes: Vec<u64>,
    /// Sides of marketable orders, +1 and -1.
    signs: Vec<f64>,
    order: Option<(Timestamp, Side)>,
    halves: [f64; 13],
    /// Prints of each second.
    counts: Vec<f64>,
    volume: u64,
    crossed: u64,
    shown: u64,
    book: [Vec<(Price, u64)>; 2],
    /// Shares printed at this instant that no row has given yet: price, side of the book, shares.
    pending: Option<(Timestamp, Price, Side, u64)>,
}

impl Measures {
    /// Nothing seen yet of this instrument.
    pub fn new(instrument: InstrumentId) -> Self {
        Self {
            instrument,
            days: 0.0,
            open: Timestamp::from_nanos(0),
            quote: None,
            second: 0,
            seconds: 0.0,
            one_cent: 0.0,
            bids: 0.0,
            asks: 0.0,
            sizes: Vec::new(),
            signs: Vec::new(),
            order: None,
            halves: [0.0; 13],
            counts: Vec::new(),
            volume: 0,
            crossed: 0,
            shown: 0,
            book: [Vec::new(), Vec::new()],
            pending: None,
        }
    }

    /// Takes an event, in order of time; a day begins with its session.
    pub fn on(&mut self, input: &Input) {
        match &input.payload {
            Payload::Session(session) => self.begin(session),
            Payload::Quote(quote) if quote.instrument == self.instrument => {
                self.pass_to(input.ts_event);
                self.quote = Some(*quote);
            }
            Payload::Trade(trade) if trade.instrument == self.instrument => {
                self.pass_to(input.ts_event);
                self.on_trade(input.ts_event, trade);
            }
            Payload::Depth(edit) if edit.instrument == self.instrument => self.on_depth(input.ts_event, edit),
            _ => {}
        }
    }

    fn begin(&mut self, session: &Session) {
        self.days += 1.0;
        self.open = session.open;
        self.second = session.open.seconds();
        self.quote = None;
        self.book = [Vec::new(), Vec::new()];
        let length = session.close.since(session.open).as_seconds();
        self.counts.resize(self.counts.len() + length as usize, 0.0);
    }

    /// Looks at the quote of each second that ended.
    fn pass_to(&mut self, at: Timestamp) {
        while self.second < at.seconds() {
            self.second += 1;
            if let Some((bid, ask)) = self.quote.as_ref().and_then(Quote::firm) {
                self.seconds += 1.0;
                self.one_cent += f64::from(u8::from(ask.price.raw() - bid.price.raw() == Price::CENT.raw()));
                self.bids += bid.size.get() as f64;
                self.asks += ask.size.get() as f64;
            }
        }
    }

    fn on_trade(&mut self, at: Timestamp, trade: &Trade) {
        let size = trade.size.get();
        self.volume += size;
        let seconds = at.since(self.open).as_seconds();
        let Some(side) = trade.aggressor.filter(|_| !trade.flags.contains(TradeFlags::AUCTION)) else {
            if seconds > 60.0 {
                self.crossed += size;
            }
            return;
        };
        self.sizes.push(size);
        self.halves[((seconds / 1_800.0) as usize).min(12)] += 1.0;
        let day = self.counts.len() - 23_400.min(self.counts.len());
        if let Some(count) = self.counts.get_mut(day + seconds as usize) {
            *count += 1.0;
        }
        if self.order != Some((at, side)) {
            self.signs.push(side.sign() as f64);
        }
        self.order = Some((at, side));
        let book = side.opposite();
        let before =
            self.pending.filter(|(then, price, of, _)| (*then, *price, *of) == (at, trade.price, book));
        self.pending = Some((at, trade.price, book, size + before.map_or(0, |pending| pending.3)));
    }

    /// Keeps the book, and counts what prints took of rows that were shown.
    fn on_depth(&mut self, at: Timestamp, edit: &Depth) {
        let rows = &mut self.book[usize::from(edit.side == Side::Sell)];
        let place = usize::from(edit.position);
        let before = rows.get(place).copied();
        match edit.operation {
            DepthOperation::Insert => rows.insert(place.min(rows.len()), (edit.price, edit.size.get())),
            DepthOperation::Update if place < rows.len() => rows[place] = (edit.price, edit.size.get()),
            DepthOperation::Delete if place < rows.len() => {
                rows.remove(place);
            }
            _ => {}
        }
        if let (Some((price, old)), Some((then, at_price, side, size))) = (before, self.pending)
            && (then, at_price, side) == (at, price, edit.side)
            && edit.operation != DepthOperation::Insert
        {
            let new = if edit.operation == DepthOperation::Update { edit.size.get() } else { 0 };
            let taken = old.saturating_sub(new).min(size);
            self.shown += taken;
            self.pending = Some((then, at_price, side, size - taken));
        }
    }

    /// Correlation of the sides of marketable orders with those `lag` orders later.
    pub fn sign_autocorrelation(&self, lag: usize) -> f64 {
        let mean = self.signs.iter().sum::<f64>() / self.signs.len() as f64;
        let variance: f64 = self.signs.iter().map(|s| (s - mean) * (s - mean)).sum();
        let products: f64 = self.signs.windows(lag + 1).map(|w| (w[0] - mean) * (w[lag] - mean)).sum();
        products / variance
    }

    /// Variance of the number of prints in so many seconds over its mean.
    pub fn fano(&self, seconds: usize) -> f64 {
        let counts: Vec<f64> = self.counts.chunks_exact(seconds).map(|chunk| chunk.iter().sum()).collect();
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        counts.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / counts.len() as f64 / mean
    }

    /// Share of prints in each half hour.
    pub fn half_hours(&self) -> [f64; 13] {
        let sum: f64 = self.halves.iter().sum();
        self.halves.map(|count| count / sum)
    }

    /// The rows that events alone give.
    pub fn rows(&self) -> Vec<Row> {
        let mut sizes = self.sizes.clone();
        sizes.sort_unstable();
        let quantile = |q: f64| sizes[((sizes.len() - 1) as f64 * q) as usize] as f64;
        let printed: u64 = sizes.iter().sum();
        let total: f64 = PRINT_SHARES.iter().sum();
        let halves = self.half_hours();
        let apart = halves.iter().zip(PRINT_SHARES).map(|(x, y)| (x - y / total).abs()).sum::<f64>() / 2.0;
        let mut rows = vec![
            Row::new(
                "seconds with a spread of one cent, %",
                "99, 99",
                100.0 * self.one_cent / self.seconds,
                (95.0, 100.0),
            ),
            Row::new(
                "mean size at the bid, shares",
                "9 780, 9 204",
                self.bids / self.seconds,
                (7_000.0, 13_000.0),
            ),
            Row::new(
                "mean size at the ask, shares",
                "10 702, 9 701",
                self.asks / self.seconds,
                (7_000.0, 13_000.0),
            ),
            Row::new(
                "prints a day, thousands",
                "242, 440",
                sizes.len() as f64 / self.days / 1e3,
                (150.0, 550.0),
            ),
            Row::new("size of a print, median, shares", "200, 200", quantile(0.5), (150.0, 250.0)),
            Row::new(
                "size of a print, mean, shares",
                "339, 351",
                printed as f64 / sizes.len() as f64,
                (270.0, 430.0),
            ),
            Row::new("size of a print, 99 %, shares", "2 700, 2 963", quantile(0.99), (1_800.0, 3_600.0)),
            Row::new(
                "closing cross, % of the day's volume",
                "3.9, 1.8",
                100.0 * self.crossed as f64 / self.volume as f64,
                (1.2, 5.0),
            ),
            Row::new(
                "executed volume that was not shown, %",
                "24, 34",
                100.0 * (1.0 - self.shown as f64 / printed as f64),
                (20.0, 36.0),
            ),
            Row::new("half-hour print shares, total variation", "0.15 between two days", apart, (0.0, 0.15)),
            Row::new("Fano factor of prints, 1 s", "48, 49", self.fano(1), (8.0, 80.0)),
            Row::new("Fano factor of prints, 10 s", "117, 124", self.fano(10), (30.0, 250.0)),
            Row::new("Fano factor of prints, 60 s", "421, 375", self.fano(60), (120.0, 800.0)),
        ];
        for (lag, measured, tolerance) in SIGNS {
            let name = format!("autocorrelation of the sides of orders, lag {lag}");
            rows.push(Row::new(name, measured, self.sign_autocorrelation(lag), tolerance));
        }
        rows
    }
}

/// The rows that bars of many days give: how much SPY moves, and who moves with it (correlations are
/// means over the days, so that one day of news in one stock does not speak for all).
pub fn movement(
    chronicle: &Chronicle,
    calendar: &Calendar,
    from: jiff::civil::Date,
    days: usize,
) -> Vec<Row> {
    let names = ["SPY", "QQQ", "IWM", "AAPL"];
    let mut together = [0.0; 4];
    let mut closes = Vec::new();
    let mut realised = 0.0;
    let mut session = calendar.next_session(from);
    for _ in 0..days {
        let mut market = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let symbol = Symbol::new(name).expect("these are symbols");
            let minutes = chronicle.minutes(symbol, &session);
            let fives = five_minutes(&minutes);
            if place == 0 {
                realised += fives.iter().map(|r| r * r).sum::<f64>();
                closes.extend(minutes.last().map(|bar| bar.close.to_f64()));
            }
            if place == 0 {
                market.clone_from(&fives);
            }
            together[place] += correlation(&market, &fives) / days as f64;
        }
        session = calendar.next_session(session.date);
    }
    let daily: Vec<f64> = closes.windows(2).map(|pair| libm::log(pair[1] / pair[0])).collect();
    let root = |sum: f64, count: usize| 100.0 * libm::sqrt(sum / count as f64);
    let squares = daily.iter().map(|r| r * r).sum::<f64>();
    vec![
        Row::new("realised deviation of a session, 5 minutes, %", "0.65", root(realised, days), (0.45, 0.90)),
        Row::new("deviation from close to close, %", "0.82, 0.93", root(squares, daily.len()), (0.60, 1.15)),
        Row::new("correlation of SPY and QQQ, 5 minutes", "0.90", together[1], (0.85, 0.95)),
        Row::new("correlation of SPY and IWM, 5 minutes", "0.90 (days)", together[2], (0.84, 0.95)),
        Row::new("correlation of SPY and AAPL, 5 minutes", "0.67, 0.60 (days)", together[3], (0.52, 0.76)),
    ]
}

fn five_minutes(minutes: &[MarketBar]) -> Vec<f64> {
    minutes
        .chunks(5)
        .filter_map(|five| Some(libm::log(five.last()?.close.to_f64() / five.first()?.open.to_f64())))
        .collect()
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    product(x, y) / libm::sqrt(product(x, x) * product(y, y))
}
