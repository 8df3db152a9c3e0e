//! The whole synthetic market as its users rely on it.

use std::collections::BTreeMap;

use alphatrader_market::synthetic::chronicle::ScriptedHalt;
use alphatrader_market::synthetic::profile::PROFILES;
use alphatrader_market::{SyntheticConfig, SyntheticMarket, Universe, UniverseConfig};
use alphatrader_model::market::{Stream, TradeFlags};
use alphatrader_model::{Calendar, Contract, Input, InstrumentId, Payload, Session, Span, Symbol, Timestamp};

fn session(date: &str) -> Session {
    Calendar::xnys().session(date.parse().unwrap()).unwrap()
}

fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::new(name).unwrap()).collect()
}

fn day(config: &UniverseConfig, length: Span) -> Vec<Input> {
    let session = session("2025-06-03");
    Universe::new(config, session).take_while(|input| input.ts_event < session.open + length).collect()
}

#[test]
fn a_day_is_made_again_to_the_same_bits() {
    let config = UniverseConfig::all(11);
    let first = day(&config, Span::from_seconds(20));
    assert_eq!(first, day(&config, Span::from_seconds(20)));
    assert!(first.windows(2).all(|pair| pair[0].ts_event <= pair[1].ts_event), "in order of time");
    assert_ne!(first.len(), day(&UniverseConfig::all(12), Span::from_seconds(20)).len());
}

#[test]
fn every_contract_is_announced_once_before_anything_is_said_of_it() {
    let mut announced: BTreeMap<InstrumentId, Contract> = BTreeMap::new();
    let (mut stocks, mut quoted) = (0, std::collections::BTreeSet::new());
    for input in day(&UniverseConfig::all(11), Span::from_seconds(12)) {
        let about = match input.payload {
            Payload::Instrument(instrument) => {
                stocks += usize::from(instrument.contract.option().is_none());
                assert!(instrument.synthetic);
                let before = announced.insert(instrument.id, instrument.contract);
                assert_eq!(before, None, "a number names one contract");
                continue;
            }
            Payload::Quote(quote) => {
                quoted.insert(quote.instrument);
                quote.instrument
            }
            Payload::Trade(trade) => trade.instrument,
            Payload::Depth(depth) => depth.instrument,
            Payload::Chain(row) => row.instrument,
            Payload::Session(_) => continue,
            other => panic!("{other:?}"),
        };
        assert!(announced.contains_key(&about));
    }
    assert_eq!(stocks, PROFILES.len());
    assert_eq!(quoted.len(), announced.len(), "all are quoted within seconds");
    let mut names: Vec<Contract> = announced.into_values().collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "a contract has one number");
    assert!((8_000..20_000).contains(&count), "{count} contracts");
}

/// What a symbol does depends on its seed alone, not on who else is in the market.
#[test]
fn a_symbol_is_the_same_alone_and_among_others() {
    let chainless =
        |names: &[&str]| UniverseConfig { symbols: symbols(names), chains: false, ..UniverseConfig::all(5) };
    let tape = |inputs: Vec<Input>, id: u32| -> Vec<(Timestamp, i64, u64)> {
        let prints = inputs.into_iter().filter_map(|input| match input.payload {
            Payload::Trade(trade) if trade.instrument == InstrumentId(id) => {
                Some((input.ts_event, trade.price.raw(), trade.size.get()))
            }
            _ => None,
        });
        prints.collect()
    };
    let length = Span::from_minutes(3);
    let among = day(&chainless(&["QQQ", "NVDA", "SPY"]), length);
    let alone = day(&chainless(&["NVDA"]), length);
    assert_eq!(tape(among.clone(), 1), tape(alone, 0));
    let config = SyntheticConfig { with_chain: false, ..SyntheticConfig::spy(5) };
    let session = session("2025-06-03");
    let single: Vec<Input> = SyntheticMarket::new(config, session)
        .take_while(|input| input.ts_event < session.open + length)
        .collect();
    assert_eq!(tape(among, 2), tape(single, 0), "SPY is that of the single market");
}

#[test]
fn a_halt_silences_a_stock_and_its_options_until_the_reopening_cross() {
    let tesla = symbols(&["TSLA"]);
    let halt =
        ScriptedHalt { symbol: tesla[0], after_open: Span::from_seconds(30), length: Span::from_seconds(60) };
    let config = UniverseConfig { symbols: tesla, halts: vec![halt], ..UniverseConfig::all(3) };
    let open = session("2025-06-03").open;
    let (from, until) = (open + Span::from_seconds(30), open + Span::from_seconds(90));
    let (mut gaps, mut withdrawn, mut reopened) = (0, 0, None);
    for input in day(&config, Span::from_seconds(120)) {
        match &input.payload {
            Payload::Gap(gap) if gap.instrument == InstrumentId(0) => gaps += 1,
            Payload::Gap(gap) => {
                assert_eq!(gap.stream, Stream::Quotes);
                withdrawn += 1;
            }
            _ if input.ts_event > from && input.ts_event < until => panic!("{input:?} in a halt"),
            Payload::Trade(trade) if trade.flags.contains(TradeFlags::AUCTION) && input.ts_event > open => {
                reopened = Some(input.ts_event);
            }
            _ => {}
        }
    }
    assert_eq!(gaps, 2, "quotes and book");
    assert!(withdrawn > 100, "{withdrawn}");
    assert_eq!(reopened, Some(until));
}

#[test]
fn a_half_day_ends_with_the_closing_crosses() {
    let half = session("2025-07-03");
    let config =
        UniverseConfig { symbols: symbols(&["IWM", "JPM"]), chains: false, ..UniverseConfig::all(2) };
    let crosses: Vec<(Timestamp, InstrumentId)> = Universe::new(&config, half)
        .filter_map(|input| match input.payload {
            Payload::Trade(trade) if trade.flags.contains(TradeFlags::AUCTION) => {
                Some((input.ts_event, trade.instrument))
            }
            _ => None,
        })
        .collect();
    let at = |time| crosses.iter().filter(|cross| cross.0 == time).count();
    assert_eq!((at(half.open), at(half.close)), (2, 2), "{crosses:?}");
}

#[test]
fn options_print_at_their_quotes_and_an_unusual_buyer_shows_in_the_volume() {
    let config = UniverseConfig { symbols: symbols(&["SPY"]), ..UniverseConfig::all(4) };
    let mut quotes = BTreeMap::new();
    let mut prints = 0;
    for input in day(&config, Span::from_minutes(2)) {
        match input.payload {
            Payload::Quote(quote) => {
                quotes.insert(quote.instrument, quote);
            }
            Payload::Trade(trade) if trade.instrument != InstrumentId(0) => {
                let quote = quotes[&trade.instrument];
                let level = if trade.aggressor.unwrap().sign() > 0 { quote.ask } else { quote.bid };
                assert_eq!(level.unwrap().price, trade.price);
                prints += 1;
            }
            _ => {}
        }
    }
    assert!(prints > 300, "{prints} option prints in two minutes of the opening");
}
