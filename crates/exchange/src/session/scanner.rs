//! The scanner: ranked stocks, told again as they change.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use alphatrader_model::{Span, Timestamp};

use super::Out;
use super::refusal::Refusal;
use crate::desk::Desk;
use crate::feed::catalogue::{Listing, primary_exchange};
use crate::feed::scan::{Facts, SCANS, Scan, ranked, scan};
use crate::wire::message::scanner::{
    ScannerData, ScannerDataElement, ScannerParameters, ScannerSubscription,
};
use crate::wire::{Reply, Request, notice};

/// Scans that a client may have at once, as at the broker.
const MAX_SCANS: usize = 10;

/// Most rows of a scan, as at the broker.
const MAX_ROWS: usize = 50;

/// Scans are told this often.
const INTERVAL: Span = Span::from_seconds(30);

/// Instruments and locations that the gateway has stocks for.
const INSTRUMENTS: [(&str, &str); 4] = [
    ("STK", "US Stocks"),
    ("STOCK.US", "US Stocks"),
    ("ETF.EQ.US", "US Equity ETFs"),
    ("ETF.FI.US", "US Fixed Income ETFs"),
];
const LOCATIONS: [(&str, &str); 7] = [
    ("STK.US", "US Stocks"),
    ("STK.US.MAJOR", "Listed/NASDAQ"),
    ("STK.NASDAQ", "NASDAQ"),
    ("STK.NYSE", "NYSE"),
    ("STK.ARCA", "ARCA"),
    ("ETF.EQ.US", "US Equity ETFs"),
    ("ETF.EQ.US.MAJOR", "US Major Equity ETFs"),
];

/// What may be filtered by: code of the option, and how it is named.
const FILTERS: [(&str, &str); 8] = [
    ("priceAbove", "Price Above"),
    ("priceBelow", "Price Below"),
    ("usdPriceAbove", "Price Above (USD)"),
    ("usdPriceBelow", "Price Below (USD)"),
    ("volumeAbove", "Volume Above"),
    ("changePercAbove", "Change % Above"),
    ("changePercBelow", "Change % Below"),
    ("optVolumeAbove", "Option Volume Above"),
];

/// A scan that a client wants to be told.
#[derive(Debug)]
struct Running {
    scan: &'static Scan,
    filter: Filter,
    rows: usize,
    due: Timestamp,
}

/// What rows must fulfil.
#[derive(Debug, Default)]
struct Filter {
    etf: Option<bool>,
    exchange: Option<&'static str>,
    price: (Option<f64>, Option<f64>),
    volume: Option<f64>,
    change: (Option<f64>, Option<f64>),
    option_volume: Option<f64>,
}

/// A client's scans.
#[derive(Debug, Default)]
pub struct Scans {
    running: BTreeMap<i32, Running>,
}

impl Scans {
    /// Answers a request about the scanner.
    pub(super) fn on_request(&mut self, request: &Request, desk: &Desk, out: &mut Out) {
        let id = request.id().unwrap_or(notice::SESSION);
        let answer = match request {
            Request::ScannerParameters(_) => {
                out.push(Reply::ScannerParameters(ScannerParameters { xml: Some(parameters()) }));
                Ok(())
            }
            Request::ScannerSubscription(asked) => {
                self.subscribe(id, &asked.scanner_subscription.clone().unwrap_or_default(), desk, out)
            }
            Request::CancelScannerSubscription(_) => Err(self.cancel(id)),
            _ => Ok(()),
        };
        if let Err(refusal) = answer {
            out.push(refusal.told(id, desk));
        }
    }

    /// Time passed: scans that are due are told.
    pub(super) fn on_time(&mut self, now: Timestamp, desk: &Desk, out: &mut Out) {
        for (id, running) in &mut self.running {
            if now >= running.due {
                running.due = now + INTERVAL;
                out.push(running.tell(*id, desk));
            }
        }
    }

    /// What the broker says to a cancel: it answers each with an error.
    fn cancel(&mut self, id: i32) -> Refusal {
        if self.running.remove(&id).is_some() {
            return Refusal::historical(&format!("API scanner subscription cancelled: {id}"));
        }
        Refusal::new(notice::NO_SCANNER, format!("No scanner subscription found for ticker id:{id}"))
    }

    fn subscribe(
        &mut self,
        id: i32,
        asked: &ScannerSubscription,
        desk: &Desk,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        if self.running.contains_key(&id) {
            return Err(Refusal::failed("id", "Duplicate ticker ID for API scanner subscription"));
        }
        if self.running.len() >= MAX_SCANS {
            let objection = format!("Max number of simultaneous API scanner subscriptions is {MAX_SCANS}");
            return Err(Refusal::historical(&objection));
        }
        let code = asked.scan_code.as_deref().unwrap_or_default();
        let scan = scan(code)
            .ok_or_else(|| Refusal::historical(&format!("Scanner type with code {code} is disabled")))?;
        let rows = match asked.number_of_rows {
            None | Some(-1 | i32::MAX) => MAX_ROWS,
            Some(rows) => {
                usize::try_from(rows).ok().filter(|rows| (1..=MAX_ROWS).contains(rows)).ok_or_else(|| {
                    Refusal::invalid("rows", &format!("The number of rows must be 1 to {MAX_ROWS}"))
                })?
            }
        };
        let running = Running { scan, filter: filter(asked)?, rows, due: desk.now() + INTERVAL };
        out.push(running.tell(id, desk));
        self.running.insert(id, running);
        Ok(())
    }
}

impl Running {
    fn tell(&self, id: i32, desk: &Desk) -> Reply {
        let history = desk.history();
        let found = ranked(&history, self.scan, |listing, facts| self.filter.keeps(listing, facts));
        let rows = (0..).zip(found.into_iter().take(self.rows)).map(|(rank, (listing, _))| {
            let told = listing.told("SMART");
            ScannerDataElement {
                rank: Some(rank),
                market_name: told.trading_class.clone(),
                contract: Some(told),
                distance: Some(String::new()),
                benchmark: Some(String::new()),
                projection: Some(String::new()),
                combo_key: Some(String::new()),
            }
        });
        Reply::ScannerData(ScannerData { req_id: Some(id), scanner_data_element: rows.collect() })
    }
}

/// Reads what rows must fulfil; refuses places that the gateway has no stocks of.
fn filter(asked: &ScannerSubscription) -> Result<Filter, Refusal> {
    let instrument = asked.instrument.as_deref().unwrap_or("STK");
    if INSTRUMENTS.iter().all(|(known, _)| *known != instrument) {
        return Err(Refusal::historical(&format!("Invalid scanner instrument type: {instrument}")));
    }
    let location = asked.location_code.as_deref().unwrap_or("STK.US.MAJOR");
    if LOCATIONS.iter().all(|(known, _)| *known != location) {
        return Err(Refusal::historical(&format!("Invalid scanner location: {location}")));
    }
    let given = |value: Option<f64>| value.filter(|value| value.is_finite() && *value < f64::MAX);
    let mut filter = Filter {
        etf: if instrument.starts_with("ETF") || location.starts_with("ETF") { Some(true) } else { None },
        exchange: match location {
            "STK.NASDAQ" => Some("NASDAQ"),
            "STK.ARCA" => Some("ARCA"),
            "STK.NYSE" => Some("NYSE"),
            _ => None,
        },
        price: (given(asked.above_price), given(asked.below_price)),
        volume: asked.above_volume.filter(|v| *v > 0 && *v < i64::from(i32::MAX)).map(|v| v as f64),
        ..Filter::default()
    };
    match asked.stock_type_filter.as_deref().unwrap_or("ALL") {
        "" | "ALL" => {}
        "ETF" => filter.etf = Some(true),
        "STOCK" | "CORP" | "ADR" | "REIT" | "CEF" => filter.etf = Some(false),
        other => return Err(Refusal::invalid("stock type", &format!("Unknown stock type filter {other}"))),
    }
    for (tag, value) in &asked.scanner_subscription_filter_options {
        filter.take(tag, value)?;
    }
    Ok(filter)
}

impl Filter {
    fn take(&mut self, tag: &str, value: &str) -> Result<(), Refusal> {
        let wrong =
            || Refusal::invalid("filter", &format!("Filter {tag} with value {value} is not supported"));
        let number = value.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let place = match tag {
            "priceAbove" | "usdPriceAbove" => &mut self.price.0,
            "priceBelow" | "usdPriceBelow" => &mut self.price.1,
            "volumeAbove" => &mut self.volume,
            "changePercAbove" => &mut self.change.0,
            "changePercBelow" => &mut self.change.1,
            "optVolumeAbove" => &mut self.option_volume,
            _ => return Err(wrong()),
        };
        *place = Some(number.ok_or_else(wrong)?);
        Ok(())
    }

    fn keeps(&self, listing: &Listing, facts: &Facts) -> bool {
        let symbol = listing.instrument.underlying;
        let etf = crate::feed::details::is_etf(symbol);
        let above = |limit: Option<f64>, value: f64| limit.is_none_or(|limit| value >= limit);
        let below = |limit: Option<f64>, value: f64| limit.is_none_or(|limit| value <= limit);
        let change = facts.change.unwrap_or(0.0) * 100.0;
        self.etf.is_none_or(|wanted| wanted == etf)
            && self.exchange.is_none_or(|exchange| exchange == primary_exchange(symbol))
            && above(self.price.0, facts.price)
            && below(self.price.1, facts.price)
            && above(self.volume, facts.volume)
            && above(self.change.0, change)
            && below(self.change.1, change)
            && above(self.option_volume, facts.options[0] + facts.options[1])
    }
}

/// What can be scanned, in the broker's XML.
fn parameters() -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ScanParameterResponse>\n");
    xml.push_str("<InstrumentList varName=\"instrumentList\">\n");
    for (code, name) in INSTRUMENTS {
        let filters = FILTERS.map(|(code, _)| code).join(",");
        let _ = writeln!(
            xml,
            "<Instrument><name>{name}</name><type>{code}</type><filters>{filters}</filters></Instrument>"
        );
    }
    xml.push_str("</InstrumentList>\n<LocationTree varName=\"locationTree\">\n");
    for (code, name) in LOCATIONS {
        let _ = writeln!(
            xml,
            "<Location><displayName>{name}</displayName><locationCode>{code}</locationCode></Location>"
        );
    }
    xml.push_str("</LocationTree>\n<ScanTypeList varName=\"scanTypeList\">\n");
    let instruments = INSTRUMENTS.map(|(code, _)| code).join(",");
    for (code, name, _) in SCANS {
        let name = name.replace('&', "&amp;");
        let _ = writeln!(
            xml,
            "<ScanType><displayName>{name}</displayName><scanCode>{code}</scanCode><instruments>{instruments}</instruments></ScanType>"
        );
    }
    xml.push_str("</ScanTypeList>\n<FilterList varName=\"filterList\">\n");
    for (code, name) in FILTERS {
        let _ = writeln!(
            xml,
            "<RangeFilter><id>{code}</id><AbstractField type=\"scanner.filter.DoubleField\"><code>{code}</code><displayName>{name}</displayName></AbstractField></RangeFilter>"
        );
    }
    xml.push_str("</FilterList>\n</ScanParameterResponse>\n");
    xml
}
