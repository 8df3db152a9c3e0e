//! How often each rule finds the side that the exchange itself states: recorded days with stated aggressors,
//! and the table of `docs/analytics.md`.

use std::fmt::Write as _;
use std::path::Path;

use alphatrader_analytics::classify::bulk::{BulkCdf, BulkClassifier};
use alphatrader_analytics::classify::{Classifier, ClassifyParameters, ClassifyRule, QuoteInForce};
use alphatrader_history::{Context, Limits, Progress, Reader, SourceId, locate};
use alphatrader_model::calendar::Calendar;
use alphatrader_model::event::Payload;
use alphatrader_model::instrument::{InstrumentId, Symbol};
use alphatrader_model::market::{Side, Trade, TradeFlags};
use alphatrader_model::time::{Span, Timestamp};

use crate::recorded::lean;

const RULES: [ClassifyRule; 5] =
    [ClassifyRule::Tick, ClassifyRule::Quote, ClassifyRule::LeeReady, ClassifyRule::Emo, ClassifyRule::Clnv];

/// A recorded market whose feed states who started each trade.
struct Source {
    name: &'static str,
    path: &'static str,
    /// The stock whose day it is; else the file as it is.
    stock: Option<&'static str>,
}

const SOURCES: [Source; 3] = [
    Source { name: "AMZN, Nasdaq, 2012-06-21", path: "lobster", stock: Some("AMZN") },
    Source {
        name: "AAPL, Nasdaq, first hour of 2012-06-21",
        path: "lobster/AAPL_2012-06-21_34200000_37800000_message_50.csv.zst",
        stock: Some("AAPL"),
    },
    Source {
        name: "E-mini S&P 500, two minutes of 2024-07-01",
        path: "databento/es_20240701.mbp-1.dbn.zst",
        stock: None,
    },
];

/// 10:00 in New York on 2012-06-21.
const MORNING: Timestamp = Timestamp::from_seconds(1_340_287_200);

/// One rule's record.
struct Score {
    classifier: Classifier,
    right: u32,
}

/// Volume that bulk classification puts on the right side, of bars of a minute.
struct Bulk {
    classifier: BulkClassifier,
    bar: Option<Timestamp>,
    open: f64,
    close: f64,
    bought: f64,
    sold: f64,
    right: f64,
    volume: f64,
}

impl Bulk {
    fn new(cdf: BulkCdf) -> Self {
        let classifier = BulkClassifier::new(cdf, BulkClassifier::LAMBDA);
        Self { classifier, bar: None, open: 0.0, close: 0.0, bought: 0.0, sold: 0.0, right: 0.0, volume: 0.0 }
    }

    fn add(&mut self, ts: Timestamp, price: f64, size: f64, side: Side) {
        let minute = ts.floor_to(Span::MINUTE);
        if self.bar != Some(minute) {
            self.finish(price);
            self.bar = Some(minute);
        }
        self.close = price;
        *(if side == Side::Buy { &mut self.bought } else { &mut self.sold }) += size;
    }

    fn finish(&mut self, next: f64) {
        if self.bar.is_some() {
            let volume = self.bought + self.sold;
            let found = self.classifier.bar(self.close - self.open) * volume;
            self.right += volume - (found - self.bought).abs();
            self.volume += volume;
        }
        self.open = if self.bar.is_some() { self.close } else { next };
        (self.bought, self.sold) = (0.0, 0.0);
    }
}

struct Record {
    prints: u32,
    scores: [Score; 5],
    bulks: [Bulk; 2],
}

impl Record {
    fn new() -> Self {
        let score = |rule| Score { classifier: Classifier::new(ClassifyParameters::only(rule)), right: 0 };
        let bulks = [Bulk::new(BulkCdf::Normal), Bulk::new(BulkCdf::student())];
        Self { prints: 0, scores: RULES.map(score), bulks }
    }

    fn print(&mut self, ts: Timestamp, trade: &Trade, quote: Option<&QuoteInForce>) {
        // A hidden order's side is inferred by the reader, an auction has none.
        let stated = trade.aggressor.filter(|_| !trade.flags.contains(TradeFlags::HIDDEN));
        for score in &mut self.scores {
            if stated.is_some() && score.classifier.classify(ts, trade.price, None, quote).0 == stated {
                score.right += 1;
            }
            score.classifier.remember(trade.price);
        }
        if let Some(side) = stated {
            self.prints += 1;
            let (price, size) = (trade.price.raw() as f64 / 1e4, trade.size.get() as f64);
            for bulk in &mut self.bulks {
                bulk.add(ts, price, size, side);
            }
        }
    }
}

fn events(data: &Path, source: &Source) -> Box<dyn Iterator<Item = (Timestamp, Payload)>> {
    let (id, progress, calendar) = (InstrumentId(0), Progress::default(), Calendar::xnys());
    let path = data.join(source.path);
    if let Some(symbol) = source.stock {
        let date = calendar.date_of(MORNING);
        let located = locate(&path, Symbol::new(symbol).expect("a symbol"), date).expect("the day is there");
        let items = located.open(&calendar, id, &progress).expect("the files open");
        return Box::new(items.filter_map(Result::ok).map(|i| (i.input.ts_event, i.input.payload)));
    }
    let context =
        Context { calendar: &calendar, instrument: id, limits: Limits::default(), progress: &progress };
    let reader = Reader::open(&path, SourceId(0), context).expect("the file opens");
    let items: Vec<_> = reader.filter_map(Result::ok).map(|i| (i.input.ts_event, i.input.payload)).collect();
    Box::new(items.into_iter())
}

fn measure(data: &Path, source: &Source) -> Record {
    let (mut record, mut quote) = (Record::new(), None);
    for (ts, payload) in events(data, source) {
        match payload {
            Payload::Quote(said) => {
                quote = said.firm().map(|(bid, ask)| QuoteInForce { bid: bid.price, ask: ask.price, at: ts });
            }
            Payload::Trade(trade) => {
                // A quiet quote still stands: these feeds tell every change.
                let fresh = quote.map(|quote| QuoteInForce { at: ts, ..quote });
                record.print(ts, &trade, fresh.as_ref());
            }
            _ => {}
        }
    }
    for bulk in &mut record.bulks {
        bulk.finish(0.0);
    }
    record
}

/// The table of the document, a row a source.
fn table(data: &Path) -> String {
    let mut text = String::from(
        "| market | prints | tick | quote | lee-ready | emo | clnv | bvc normal | bvc t(0.25) |\n",
    );
    text += "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for source in &SOURCES {
        let record = measure(data, source);
        assert!(record.prints > 100, "{}: {} prints", source.name, record.prints);
        let _ = write!(text, "| {} | {} |", source.name, record.prints);
        for score in &record.scores {
            let share = f64::from(score.right) / f64::from(record.prints);
            assert!(share > 0.5, "{}: no better than a coin", source.name);
            let _ = write!(text, " {:.1} % |", 100.0 * share);
        }
        for bulk in &record.bulks {
            let _ = write!(text, " {:.1} % |", 100.0 * bulk.right / bulk.volume);
        }
        text.push('\n');
    }
    text
}

#[test]
fn recorded_sides_are_found_as_often_as_the_document_says() {
    let Some(lean) = lean() else { return };
    let data = lean.parent().expect("LEAN's folder lies in that of the data");
    let table = table(data);
    println!("{table}");
    let document = include_str!("../../../../docs/analytics.md");
    assert!(document.contains(&table), "docs/analytics.md differs from what was measured:\n{table}");
}
