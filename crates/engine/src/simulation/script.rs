//! A market of a few minutes: two stocks that break out of their range again and again, and their
//! options, from a seed.

use std::collections::VecDeque;

use alphatrader_analytics::options;
use alphatrader_market::random::{Random, mix};
use alphatrader_model::market::{ChainRow, Level, Quote, Trade, TradeFlags};
use alphatrader_model::settings::ClockTime;
use alphatrader_model::{
    Calendar, Contract, Instrument, InstrumentId, Money, OptionContract, Payload, Price, Quantity, Right,
    Session, Settings, Side, Span, Symbol, Timestamp,
};

/// Seconds of a quiet range before anything happens: the rule looks at five minutes.
const QUIET: i64 = 302;
/// Seconds of the session.
pub(super) const SESSION: i64 = 720;
/// Nothing is printed in the last seconds, so that all agree on the last price.
const STILL: i64 = SESSION - 3;

#[derive(Debug)]
struct Stock {
    symbol: Symbol,
    /// Cents.
    price: i64,
    volatility: f64,
    /// Which way it broke out last.
    up: bool,
    /// Prices of the last five minutes.
    past: VecDeque<i64>,
    options: Vec<Listed>,
}

#[derive(Debug)]
struct Listed {
    id: InstrumentId,
    option: OptionContract,
}

/// The market, second by second.
#[derive(Debug)]
pub(super) struct Script {
    random: Random,
    stocks: Vec<Stock>,
    /// Deviation of a second's move, cents.
    swing: f64,
    pub(super) session: Session,
    pub(super) settings: Settings,
    pub(super) instruments: Vec<Instrument>,
}

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).expect("a symbol of letters")
}

impl Script {
    pub(super) fn new(seed: u64, holds_to_expiry: bool) -> Self {
        let date = "2026-11-23".parse().expect("a date");
        let full = Calendar::xnys().session(date).expect("a Monday without a holiday");
        let session = Session { close: full.open + Span::from_seconds(SESSION), ..full };
        let mut script = Self {
            random: Random::new(mix(&[seed, 0x006D_6B74])),
            stocks: Vec::new(),
            swing: 0.0,
            session,
            settings: Settings::default(),
            instruments: Vec::new(),
        };
        script.swing = 1.0 + 6.0 * script.random.unit();
        script.settings = script.settings(holds_to_expiry);
        for (name, price, volatility) in [("SPY", 60_000, 0.35), ("QQQ", 50_000, 0.90)] {
            let symbol = symbol(name);
            script.list(Contract::Stock(symbol), symbol);
            let past = VecDeque::new();
            let up = script.random.chance(0.5);
            script.stocks.push(Stock { symbol, price, volatility, up, past, options: Vec::new() });
        }
        for place in 0..script.stocks.len() {
            script.list_options(place);
        }
        script
    }

    /// Everything happens within minutes, and often.
    fn settings(&mut self, holds_to_expiry: bool) -> Settings {
        let mut settings = Settings { symbols: vec![symbol("SPY"), symbol("QQQ")], ..Settings::default() };
        settings.gates.cool_down_seconds = self.random.below(8) as u32;
        settings.gates.max_signals_per_day = 40;
        // Seldom a limit that is reached, mostly one that lets the day go on.
        settings.risk.breakers.daily_loss =
            if self.random.chance(0.2) { 0.002 + self.random.unit() * 0.01 } else { 0.5 };
        settings.risk.breakers.rejects_per_minute = 5 + self.random.below(30) as u32;
        let rule = &mut settings.strategies.zero_dte;
        rule.symbols.clone_from(&settings.symbols);
        rule.window_start = ClockTime::new(9, 35);
        rule.window_end = ClockTime::new(15, 57);
        rule.time_stop = if holds_to_expiry { ClockTime::CLOSE } else { ClockTime::new(15, 58) };
        rule.entry_timeout_seconds = 4 + self.random.below(25) as u32;
        rule.stop_loss = 0.10 + self.random.unit() * 0.45;
        rule.target = 0.10 + self.random.unit() * 0.80;
        settings
    }

    fn list(&mut self, contract: Contract, underlying: Symbol) -> InstrumentId {
        let id = InstrumentId(self.instruments.len() as u32);
        let is_option = contract.option().is_some();
        self.instruments.push(Instrument {
            id,
            contract,
            underlying,
            multiplier: if is_option { 100 } else { 1 },
            tick: Price::CENT,
            tick_above: if is_option { Price::from_cents(5) } else { Price::CENT },
            tick_break: Price::from_cents(300),
            expires: is_option.then_some(self.session.close),
            con_id: None,
            synthetic: true,
        });
        id
    }

    fn list_options(&mut self, place: usize) {
        let (root, around) = (self.stocks[place].symbol, self.stocks[place].price / 100);
        for strike in around - 2..=around + 2 {
            for right in [Right::Call, Right::Put] {
                let strike = Price::from_cents(strike * 100);
                let option = OptionContract { root, expiry: self.session.date, strike, right };
                let id = self.list(Contract::Option(option), root);
                self.stocks[place].options.push(Listed { id, option });
            }
        }
    }

    pub(super) fn is_stock(&self, id: InstrumentId) -> bool {
        (id.0 as usize) < self.stocks.len()
    }

    /// What is known of the options from the morning on.
    pub(super) fn chain(&self) -> impl Iterator<Item = Payload> + '_ {
        self.stocks.iter().flat_map(|stock| &stock.options).map(|listed| {
            let (open_interest, volume) = (Some(9_000), Some(900));
            Payload::Chain(ChainRow { instrument: listed.id, open_interest, volume })
        })
    }

    /// What the market does in a second of the session, in order of time.
    pub(super) fn second(&mut self, second: i64, out: &mut Vec<(Timestamp, Payload)>) {
        // The quiet minutes need no detail.
        if second >= STILL || (second < QUIET && second % 10 != 0) {
            return;
        }
        let start = self.session.open + Span::from_seconds(second);
        for place in 0..self.stocks.len() {
            let within = Span::from_millis(self.random.below(900) as i64);
            let broke = self.walk(place, second);
            self.tell_stock(place, start + within, broke, out);
            self.tell_options(place, start + within + Span::from_millis(1), out);
        }
        out.sort_by_key(|(at, _)| *at);
    }

    /// Moves a stock; says which way it broke out of its range, if it did.
    fn walk(&mut self, place: usize, second: i64) -> Option<Side> {
        let random = &mut self.random;
        let stock = &mut self.stocks[place];
        let quiet = second < QUIET;
        let step = if quiet { random.below(5) as f64 - 2.0 } else { random.normal() * self.swing };
        stock.price += step as i64;
        let mut broke = None;
        if !quiet && random.chance(0.05) {
            let beyond = 1 + random.below(20) as i64;
            let range = stock.past.iter().max().zip(stock.past.iter().min());
            if let Some((high, low)) = range {
                // Mostly the way it went before, so that targets are reached too.
                stock.up ^= random.chance(0.2);
                let up = stock.up;
                stock.price = if up { high + beyond } else { low - beyond };
                broke = Some(if up { Side::Buy } else { Side::Sell });
            }
        }
        stock.past.push_back(stock.price);
        if stock.past.len() > 300 {
            stock.past.pop_front();
        }
        broke
    }

    fn tell_stock(
        &mut self,
        place: usize,
        at: Timestamp,
        broke: Option<Side>,
        out: &mut Vec<(Timestamp, Payload)>,
    ) {
        let instrument = InstrumentId(place as u32);
        let price = self.stocks[place].price;
        let taker = broke.unwrap_or(if self.random.chance(0.5) { Side::Buy } else { Side::Sell });
        let (bid, ask) = if taker == Side::Buy { (price - 1, price) } else { (price, price + 1) };
        let (thick, thin) = (Quantity::new(9_000), Quantity::new(2_000));
        let (bids, asks) = if taker == Side::Buy { (thick, thin) } else { (thin, thick) };
        let level = |cents: i64, size: Quantity| Some(Level { price: Price::from_cents(cents), size });
        out.push((at, Payload::Quote(Quote { instrument, bid: level(bid, bids), ask: level(ask, asks) })));
        let size = if broke.is_some() { 60_000 } else { 100 + self.random.below(900) };
        out.push((
            at,
            Payload::Trade(Trade {
                instrument,
                price: Price::from_cents(price),
                size: Quantity::new(size),
                aggressor: Some(taker),
                venue: None,
                flags: TradeFlags::NONE,
            }),
        ));
    }

    fn tell_options(&mut self, place: usize, at: Timestamp, out: &mut Vec<(Timestamp, Payload)>) {
        // The day is a short one: options are priced as if it were an hour longer, so that they do
        // not lose their value within a trade.
        let years = options::years_between(at, self.session.close + Span::from_minutes(60));
        let (random, stock) = (&mut self.random, &self.stocks[place]);
        for listed in &stock.options {
            let terms = options::Terms {
                right: listed.option.right,
                spot: stock.price as f64 / 100.0,
                strike: listed.option.strike.to_f64(),
                years,
                rate: 0.04,
                dividend_yield: 0.0,
            };
            let Ok(fair) = options::price(&terms, stock.volatility) else { continue };
            let fair = (fair * 100.0) as i64;
            let nickels = fair >= 301;
            let (low, high) = if nickels {
                (fair / 5 * 5, fair / 5 * 5 + 5)
            } else {
                (fair - random.below(2) as i64, fair + 1 + random.below(2) as i64)
            };
            let mut level = |cents: i64| {
                let size = Quantity::new(1 + random.below(12));
                (cents > 0).then(|| Level { price: Price::from_cents(cents), size })
            };
            let quote = Quote { instrument: listed.id, bid: level(low), ask: level(high.max(1)) };
            let bare = random.chance(0.002);
            let quote = Quote { bid: quote.bid.filter(|_| !bare), ..quote };
            out.push((at, Payload::Quote(quote)));
        }
    }

    /// Cash at the start.
    pub(super) const fn cash() -> Money {
        Money::from_dollars(100_000)
    }
}
