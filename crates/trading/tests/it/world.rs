//! A small market in which everything is as a signal needs it; tests spoil one thing at a time.

use alphatrader_model::calendar::Session;
use alphatrader_model::event::HaltLevel;
use alphatrader_model::market::{Level, Quote};
use alphatrader_model::view::{ContractView, MarketView};
use alphatrader_model::{
    Account, Calendar, Contract, Features, Instrument, InstrumentId, Money, OptionContract, Price, Quantity,
    Right, Settings, Span, Symbol, Timestamp,
};
use alphatrader_trading::zero_dte::{Look, Standing};

pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) view: MarketView,
    pub(crate) account: Account,
    pub(crate) now: Timestamp,
    pub(crate) halt: HaltLevel,
    pub(crate) reconciled: bool,
    pub(crate) busy: bool,
    pub(crate) last_signal: Option<Timestamp>,
    pub(crate) last_lost: bool,
    pub(crate) signals_today: u32,
}

pub(crate) fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

fn level(cents: i64, size: u64) -> Level {
    Level { price: Price::from_cents(cents), size: Quantity::new(size) }
}

fn session() -> Session {
    Calendar::xnys().session(jiff::civil::date(2026, 11, 23)).unwrap()
}

/// SPY has just broken upward at 600.25; calls and puts from 590 to 610 are quoted near fair value.
pub(crate) fn world() -> World {
    let session = session();
    let now = session.open + Span::from_minutes(60);
    let mut features = Features::new(spy());
    features.as_of = now;
    features.last = Some(Price::from_cents(60_025));
    features.bid = Some(Price::from_cents(60_024));
    features.ask = Some(Price::from_cents(60_025));
    features.spread_bp = Some(0.17);
    features.high_5m = Some(Price::from_cents(60_020));
    features.low_5m = Some(Price::from_cents(59_950));
    features.imbalance_touch = Some(0.5);
    features.signed_volume_1m = Some(12_000);
    features.session_volume = 6_000_000;
    features.quote_at = Some(now);
    features.trade_at = Some(now);
    let account = Account {
        equity: Money::from_dollars(100_000),
        cash: Money::from_dollars(100_000),
        buying_power: Money::from_dollars(100_000),
        as_of: now,
    };
    World {
        settings: Settings::default(),
        view: MarketView {
            as_of: now,
            session: Some(session),
            features: vec![features],
            contracts: chain(session, now),
            ..MarketView::default()
        },
        account,
        now,
        halt: HaltLevel::None,
        reconciled: true,
        busy: false,
        last_signal: None,
        last_lost: false,
        signals_today: 0,
    }
}

fn chain(session: Session, now: Timestamp) -> Vec<ContractView> {
    let stock = instrument(0, Contract::Stock(spy()), 1, None);
    let mut contracts = vec![bare(stock)];
    for strike in 590..=610 {
        for right in [Right::Call, Right::Put] {
            let option = OptionContract {
                root: spy(),
                expiry: session.date,
                strike: Price::from_cents(strike * 100),
                right,
            };
            let id = contracts.len() as u32;
            let view = bare(instrument(id, Contract::Option(option), 100, Some(session.close)));
            contracts.push(quoted(view, strike, right, now));
        }
    }
    contracts
}

/// Near enough to fair: intrinsic value plus a time value that falls off with distance.
fn quoted(mut view: ContractView, strike: i64, right: Right, now: Timestamp) -> ContractView {
    let distance = 60_025 - strike * 100;
    let intrinsic = if right == Right::Call { distance.max(0) } else { (-distance).max(0) };
    let time_value = 24_000 / (120 + distance.abs() / 2).max(1) * 120 / 120;
    let mid = intrinsic + time_value.max(4);
    view.quote = Some(Quote {
        instrument: view.instrument.id,
        bid: Some(level(mid - 1, 50)),
        ask: Some(level(mid + 1, 50)),
    });
    view.quote_at = Some(now);
    view.open_interest = Some(5_000);
    view.volume = Some(2_000);
    view
}

fn instrument(id: u32, contract: Contract, multiplier: u32, expires: Option<Timestamp>) -> Instrument {
    Instrument {
        id: InstrumentId(id),
        contract,
        underlying: spy(),
        multiplier,
        tick: Price::CENT,
        tick_above: Price::CENT,
        tick_break: Price::from_cents(300),
        expires,
        con_id: None,
        synthetic: true,
    }
}

fn bare(instrument: Instrument) -> ContractView {
    ContractView { instrument, quote: None, quote_at: None, open_interest: None, volume: None }
}

impl World {
    pub(crate) fn features(&mut self) -> &mut Features {
        &mut self.view.features[0]
    }

    pub(crate) fn look(&self) -> Look<'_> {
        Look {
            now: self.now,
            settings: &self.settings,
            view: &self.view,
            features: &self.view.features[0],
            standing: Standing {
                halt: self.halt,
                reconciled: self.reconciled,
                account: Some(&self.account),
                premium_at_risk: Money::ZERO,
                busy: self.busy,
                last_signal: self.last_signal,
                last_lost: self.last_lost,
                signals_today: self.signals_today,
            },
        }
    }
}
