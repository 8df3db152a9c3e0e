//! The contracts listed today.

use std::collections::BTreeMap;

use alphatrader_market::synthetic::profile::profile;
use alphatrader_model::{Contract, Instrument, InstrumentId, OptionContract, Price, Right, Symbol};

use crate::wire::message::contract::Contract as Asked;

/// Exchanges a stock order or request may name; `SMART` chooses among them.
pub const STOCK_EXCHANGES: &[&str] =
    &["SMART", "ARCA", "NASDAQ", "ISLAND", "BATS", "NYSE", "IEX", "EDGEA", "MEMX", "AMEX"];

/// Exchanges an option order or request may name.
pub const OPTION_EXCHANGES: &[&str] = &["SMART", "CBOE", "ISE", "PHLX", "AMEX", "BOX", "NASDAQOM"];

/// A contract that can be traded.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// What it is.
    pub instrument: Instrument,
    /// Its number, as clients know it.
    pub con_id: i32,
}

/// Why a description does not name one contract; code 200 at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unnamed {
    /// Nothing fits.
    Unknown,
    /// More than one contract fits.
    Ambiguous,
}

impl Unnamed {
    /// The broker's text for code 200.
    pub fn text(self) -> &'static str {
        match self {
            Self::Unknown => "No security definition has been found for the request",
            Self::Ambiguous => "The contract description specified is ambiguous.",
        }
    }
}

/// The contracts listed today, by id, by name and by number.
#[derive(Debug, Default)]
pub struct Catalogue {
    listings: BTreeMap<InstrumentId, Listing>,
    by_contract: BTreeMap<Contract, InstrumentId>,
    by_con_id: BTreeMap<i32, InstrumentId>,
    /// Some option's root is not its underlying's symbol.
    has_other_roots: bool,
}

impl Catalogue {
    /// Adds a contract, or replaces what is known of it.
    pub fn list(&mut self, listing: Listing) {
        let id = listing.instrument.id;
        let option = listing.instrument.contract.option();
        self.has_other_roots |= option.is_some_and(|option| option.root != listing.instrument.underlying);
        self.by_contract.insert(listing.instrument.contract, id);
        self.by_con_id.insert(listing.con_id, id);
        self.listings.insert(id, listing);
    }

    /// Removes what `keep` does not want.
    pub fn retain(&mut self, mut keep: impl FnMut(&Listing) -> bool) {
        self.listings.retain(|_, listing| keep(listing));
        let listings = &self.listings;
        self.by_contract.retain(|_, id| listings.contains_key(id));
        self.by_con_id.retain(|_, id| listings.contains_key(id));
    }

    /// A contract by its id in this run.
    pub fn get(&self, id: InstrumentId) -> Option<&Listing> {
        self.listings.get(&id)
    }

    /// A contract by its number.
    pub fn by_con_id(&self, con_id: i32) -> Option<&Listing> {
        self.by_con_id.get(&con_id).and_then(|id| self.listings.get(id))
    }

    /// The stocks, by symbol.
    pub fn stocks(&self) -> impl Iterator<Item = &Listing> {
        let is_stock = |(contract, _): &(&Contract, &InstrumentId)| matches!(contract, Contract::Stock(_));
        self.by_contract.iter().take_while(is_stock).filter_map(|(_, id)| self.listings.get(id))
    }

    /// A contract by its own name.
    pub fn by_contract(&self, contract: &Contract) -> Option<&Listing> {
        self.by_contract.get(contract).and_then(|id| self.listings.get(id))
    }

    /// All contracts, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Listing> {
        self.listings.values()
    }

    /// The contracts that fit a client's description, cheapest way first: by number, else by every
    /// field that is not empty.
    pub fn find(&self, asked: &Asked) -> Vec<&Listing> {
        if let Some(con_id) = asked.con_id.filter(|id| *id > 0) {
            let found = self.by_con_id.get(&con_id).and_then(|id| self.listings.get(id));
            return found.filter(|listing| exchange_fits(asked, listing)).into_iter().collect();
        }
        if let Some(listing) = self.exact(asked) {
            return Some(listing).filter(|listing| fits(asked, listing)).into_iter().collect();
        }
        let Some(roots) = self.roots(asked) else {
            return self.listings.values().filter(|listing| fits(asked, listing)).collect();
        };
        roots.into_iter().flat_map(|root| self.of_root(root)).filter(|listing| fits(asked, listing)).collect()
    }

    /// The stock of this symbol and the options of this root, the stock first, options by expiry,
    /// strike and right.
    pub fn of_root(&self, root: Symbol) -> impl Iterator<Item = &Listing> {
        use jiff::civil::Date;
        let option = |expiry, strike, right| Contract::Option(OptionContract { root, expiry, strike, right });
        let first = option(Date::MIN, Price::from_raw(i64::MIN), Right::Call);
        let last = option(Date::MAX, Price::from_raw(i64::MAX), Right::Put);
        let stock = self.by_contract.get(&Contract::Stock(root));
        let options = self.by_contract.range(first..=last).map(|(_, id)| id);
        stock.into_iter().chain(options).filter_map(|id| self.listings.get(id))
    }

    /// The options on an underlying.
    pub fn options_on(&self, underlying: Symbol) -> impl Iterator<Item = &Listing> {
        let is_option = |listing: &&Listing| listing.instrument.contract.option().is_some();
        let all: Box<dyn Iterator<Item = &Listing>> = if self.has_other_roots {
            Box::new(self.listings.values())
        } else {
            Box::new(self.of_root(underlying))
        };
        all.filter(is_option).filter(move |listing| listing.instrument.underlying == underlying)
    }

    /// The listed option that is asked for with its symbol, day, strike and right.
    fn exact(&self, asked: &Asked) -> Option<&Listing> {
        if self.has_other_roots || !given(asked.sec_type.as_ref())?.eq_ignore_ascii_case("OPT") {
            return None;
        }
        let date = given(asked.last_trade_date_or_contract_month.as_ref())
            .or(given(asked.last_trade_date.as_ref()))
            .filter(|date| date.len() == 8)?;
        let option = OptionContract {
            root: given(asked.symbol.as_ref())?.to_ascii_uppercase().parse().ok()?,
            expiry: jiff::civil::Date::strptime("%Y%m%d", date).ok()?,
            strike: Price::from_f64(asked.strike.filter(|strike| *strike > 0.0 && *strike < 1e6)?).ok()?,
            right: match given(asked.right.as_ref())? {
                "C" | "CALL" => Right::Call,
                "P" | "PUT" => Right::Put,
                _ => return None,
            },
        };
        self.by_contract(&Contract::Option(option))
    }

    /// The only roots under which what is asked for can be found; nothing when any may do.
    fn roots(&self, asked: &Asked) -> Option<Vec<Symbol>> {
        if let Some(local) = given(asked.local_symbol.as_ref()) {
            let root = local.parse::<OptionContract>().map(|option| option.root);
            return root.or_else(|_| local.parse()).ok().map(|root| vec![root]);
        }
        let class =
            given(asked.trading_class.as_ref()).and_then(|class| class.to_ascii_uppercase().parse().ok());
        let symbol = given(asked.symbol.as_ref()).and_then(|symbol| symbol.to_ascii_uppercase().parse().ok());
        match (class, symbol) {
            (Some(class), _) => Some(vec![class]),
            (None, Some(symbol)) if !self.has_other_roots => Some(vec![symbol]),
            _ => None,
        }
    }

    /// The one contract that a client's description names.
    ///
    /// # Errors
    /// [`Unnamed`].
    pub fn find_one(&self, asked: &Asked) -> Result<&Listing, Unnamed> {
        match self.find(asked).as_slice() {
            [] => Err(Unnamed::Unknown),
            [one] => Ok(one),
            _ => Err(Unnamed::Ambiguous),
        }
    }
}

impl Listing {
    /// The contract as clients are told; positions carry no exchange, as at the broker.
    pub fn told(&self, exchange: &str) -> Asked {
        let mut told = match self.instrument.contract {
            Contract::Stock(symbol) => stock(symbol),
            Contract::Option(option) => self.option(&option),
        };
        told.con_id = Some(self.con_id);
        told.exchange = Some(exchange.to_owned());
        told.currency = Some("USD".to_owned());
        told
    }

    /// `STK` or `OPT`.
    pub fn security_type(&self) -> &'static str {
        match self.instrument.contract {
            Contract::Stock(_) => "STK",
            Contract::Option(_) => "OPT",
        }
    }

    /// The exchanges it trades on, `SMART` first.
    pub fn exchanges(&self) -> &'static [&'static str] {
        match self.instrument.contract {
            Contract::Stock(_) => STOCK_EXCHANGES,
            Contract::Option(_) => OPTION_EXCHANGES,
        }
    }

    fn option(&self, option: &OptionContract) -> Asked {
        let expiry = option.expiry.strftime("%Y%m%d").to_string();
        Asked {
            symbol: Some(self.instrument.underlying.to_string()),
            sec_type: Some("OPT".to_owned()),
            last_trade_date_or_contract_month: Some(expiry.clone()),
            last_trade_date: Some(expiry),
            strike: Some(option.strike.to_f64()),
            right: Some(option.right.letter().to_string()),
            multiplier: Some(f64::from(self.instrument.multiplier)),
            local_symbol: Some(option.padded()),
            trading_class: Some(option.root.to_string()),
            ..Asked::default()
        }
    }
}

fn stock(symbol: Symbol) -> Asked {
    Asked {
        symbol: Some(symbol.to_string()),
        sec_type: Some("STK".to_owned()),
        primary_exch: Some(primary_exchange(symbol).to_owned()),
        local_symbol: Some(symbol.to_string()),
        trading_class: Some(symbol.to_string()),
        ..Asked::default()
    }
}

/// The listing exchange of a stock or ETF, as the broker names it.
pub fn primary_exchange(symbol: Symbol) -> &'static str {
    match (symbol.as_str(), profile(symbol.as_str())) {
        (_, Some(profile)) => profile.listed_on,
        ("DIA", None) => "ARCA",
        _ => "NASDAQ",
    }
}

fn given(field: Option<&String>) -> Option<&str> {
    field.map(String::as_str).filter(|text| !text.is_empty())
}

fn same(field: Option<&String>, is: &str) -> bool {
    given(field).is_none_or(|asked| asked.eq_ignore_ascii_case(is))
}

fn exchange_fits(asked: &Asked, listing: &Listing) -> bool {
    given(asked.exchange.as_ref()).is_none_or(|exchange| {
        exchange == "BEST" || listing.exchanges().iter().any(|known| known.eq_ignore_ascii_case(exchange))
    })
}

fn fits(asked: &Asked, listing: &Listing) -> bool {
    // A description without symbol, local symbol or class would fit the whole list.
    let named = [&asked.symbol, &asked.local_symbol, &asked.trading_class];
    if named.iter().all(|field| given(field.as_ref()).is_none()) {
        return false;
    }
    same(asked.sec_type.as_ref(), listing.security_type())
        && same(asked.symbol.as_ref(), listing.instrument.underlying.as_str())
        && same(asked.currency.as_ref(), "USD")
        && exchange_fits(asked, listing)
        && match listing.instrument.contract {
            Contract::Stock(symbol) => stock_fits(asked, symbol),
            Contract::Option(option) => option_fits(asked, &option, listing.instrument.multiplier),
        }
}

fn stock_fits(asked: &Asked, symbol: Symbol) -> bool {
    // Without a type a symbol means the stock; an option must be asked for as one.
    same(asked.local_symbol.as_ref(), symbol.as_str())
        && same(asked.trading_class.as_ref(), symbol.as_str())
        && same(asked.primary_exch.as_ref(), primary_exchange(symbol))
        && given(asked.right.as_ref()).is_none_or(|right| matches!(right, "0" | "?"))
}

fn option_fits(asked: &Asked, option: &OptionContract, multiplier: u32) -> bool {
    let local = given(asked.local_symbol.as_ref());
    if given(asked.sec_type.as_ref()).is_none() && local.is_none() {
        return false;
    }
    let date =
        given(asked.last_trade_date_or_contract_month.as_ref()).or(given(asked.last_trade_date.as_ref()));
    date.is_none_or(|date| {
        matches!(date.len(), 6 | 8) && option.expiry.strftime("%Y%m%d").to_string().starts_with(date)
    }) && asked
        .strike
        .filter(|strike| *strike > 0.0 && *strike < f64::MAX)
        .is_none_or(|strike| Price::from_f64(strike).is_ok_and(|strike| strike == option.strike))
        && given(asked.right.as_ref()).is_none_or(|right| match right {
            "C" | "CALL" => option.right == Right::Call,
            "P" | "PUT" => option.right == Right::Put,
            "?" | "0" => true,
            _ => false,
        })
        && asked.multiplier.filter(|m| *m > 0.0 && *m < f64::MAX).is_none_or(|m| m == f64::from(multiplier))
        && same(asked.trading_class.as_ref(), option.root.as_str())
        && local.is_none_or(|local| local.parse::<OptionContract>().is_ok_and(|named| named == *option))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use alphatrader_model::Timestamp;

    pub(crate) fn instrument(id: u32, name: &str) -> Instrument {
        let contract: Contract = name.parse().unwrap();
        let option = contract.option().is_some();
        Instrument {
            id: InstrumentId(id),
            contract,
            underlying: Symbol::new("SPY").unwrap(),
            multiplier: if option { 100 } else { 1 },
            tick: Price::CENT,
            tick_above: Price::CENT,
            tick_break: Price::from_cents(300),
            expires: option.then(|| Timestamp::from_seconds(1_795_467_600)),
            con_id: None,
            synthetic: true,
        }
    }

    pub(crate) fn catalogue() -> Catalogue {
        let names =
            ["SPY", "SPY261123C00600000", "SPY261123P00600000", "SPY261124C00600000", "SPY261123C00601000"];
        let mut catalogue = Catalogue::default();
        for (id, name) in (0..).zip(names) {
            catalogue.list(Listing { instrument: instrument(id, name), con_id: 1000 + id as i32 });
        }
        catalogue
    }

    fn option() -> Asked {
        Asked {
            symbol: Some("SPY".to_owned()),
            sec_type: Some("OPT".to_owned()),
            last_trade_date_or_contract_month: Some("20261123".to_owned()),
            strike: Some(600.0),
            right: Some("C".to_owned()),
            exchange: Some("SMART".to_owned()),
            currency: Some("USD".to_owned()),
            ..Asked::default()
        }
    }

    #[test]
    fn a_description_names_one_contract_or_says_why_not() {
        let catalogue = catalogue();
        let found = |asked: &Asked| catalogue.find_one(asked).map(|listing| listing.con_id);
        assert_eq!(found(&option()), Ok(1001));
        assert_eq!(found(&Asked { right: None, ..option() }), Err(Unnamed::Ambiguous));
        assert_eq!(found(&Asked { strike: Some(605.0), ..option() }), Err(Unnamed::Unknown));
        assert_eq!(found(&Asked { exchange: Some("XETRA".to_owned()), ..option() }), Err(Unnamed::Unknown));
        assert_eq!(found(&Asked { multiplier: Some(10.0), ..option() }), Err(Unnamed::Unknown));
        let month = Asked { last_trade_date_or_contract_month: Some("202611".to_owned()), ..option() };
        assert_eq!(catalogue.find(&month).len(), 2);
        let local = Asked { local_symbol: Some("SPY   261123P00600000".to_owned()), ..Asked::default() };
        assert_eq!(found(&local), Ok(1002));
        assert_eq!(found(&Asked { con_id: Some(1004), ..Asked::default() }), Ok(1004));
        assert_eq!(found(&Asked { con_id: Some(7), ..option() }), Err(Unnamed::Unknown));
        let stock =
            Asked { symbol: Some("SPY".to_owned()), sec_type: Some("STK".to_owned()), ..Asked::default() };
        assert_eq!(found(&stock), Ok(1000));
        assert_eq!(found(&Asked::default()), Err(Unnamed::Unknown));
    }

    #[test]
    fn what_clients_are_told_names_the_contract_again() {
        let catalogue = catalogue();
        for listing in catalogue.iter() {
            let told = listing.told("SMART");
            assert_eq!(catalogue.find_one(&told).unwrap().con_id, listing.con_id);
            let unnumbered = Asked { con_id: None, ..told };
            assert_eq!(catalogue.find_one(&unnumbered).unwrap().con_id, listing.con_id);
        }
    }

    #[test]
    fn delisted_contracts_are_gone() {
        let mut catalogue = catalogue();
        catalogue.retain(|listing| listing.con_id != 1001);
        assert_eq!(catalogue.find_one(&option()), Err(Unnamed::Unknown));
        assert!(catalogue.by_contract(&"SPY261123C00600000".parse().unwrap()).is_none());
    }
}
