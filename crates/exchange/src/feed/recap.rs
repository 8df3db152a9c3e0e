//! What of a stretch of market that nobody heard is still in force at its end.
//!
//! After a restart the day is made again up to where it was. Of millions of quotes and edits of books
//! only the last state counts; prints count all, for the day's statistics are made of them.

use std::collections::BTreeMap;

use alphatrader_model::market::{ChainRow, Stream};
use alphatrader_model::{Depth, DepthOperation, InstrumentId, Payload, Quote, Side, Timestamp};

use super::rows::Rows;

/// Collects the last state of quotes, books and chain rows.
#[derive(Debug, Default)]
pub struct Recap {
    at: Timestamp,
    quotes: BTreeMap<InstrumentId, Quote>,
    chain: BTreeMap<InstrumentId, ChainRow>,
    books: BTreeMap<InstrumentId, Rows>,
}

impl Recap {
    /// Takes a payload; gives it back when it counts by itself.
    pub fn take(&mut self, at: Timestamp, payload: Payload) -> Option<Payload> {
        self.at = at;
        match payload {
            Payload::Quote(quote) => {
                self.quotes.insert(quote.instrument, quote);
            }
            Payload::Chain(row) => {
                self.chain.insert(row.instrument, row);
            }
            Payload::Depth(edit) => {
                self.books.entry(edit.instrument).or_default().apply(&edit);
            }
            Payload::Gap(gap) => match gap.stream {
                Stream::Quotes => {
                    self.quotes.remove(&gap.instrument);
                }
                Stream::Depth => {
                    self.books.remove(&gap.instrument);
                }
                Stream::Trades | Stream::Bars => {}
            },
            other => return Some(other),
        }
        None
    }

    /// What is in force at the end, as payloads of that instant: books first, as a day begins.
    pub fn finish(self) -> (Timestamp, Vec<Payload>) {
        let mut payloads = Vec::new();
        for (instrument, rows) in &self.books {
            for side in [Side::Buy, Side::Sell] {
                payloads.extend(build(*instrument, side, rows).map(Payload::Depth));
            }
        }
        payloads.extend(self.quotes.into_values().map(Payload::Quote));
        payloads.extend(self.chain.into_values().map(Payload::Chain));
        (self.at, payloads)
    }
}

fn build(instrument: InstrumentId, side: Side, rows: &Rows) -> impl Iterator<Item = Depth> {
    (0_u8..).zip(rows.side(side)).map(move |(position, row)| Depth {
        instrument,
        side,
        position,
        operation: DepthOperation::Insert,
        price: row.price,
        size: row.size,
        venue: row.venue,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::source::{Source as _, SyntheticSource};
    use crate::feed::ticker::Ticker;
    use alphatrader_market::SyntheticConfig;
    use alphatrader_model::{Calendar, Span};

    fn hear(tickers: &mut BTreeMap<InstrumentId, Ticker>, at: Timestamp, payload: &Payload) {
        match payload {
            Payload::Quote(quote) => tickers.entry(quote.instrument).or_default().quote(quote),
            Payload::Trade(trade) => tickers.entry(trade.instrument).or_default().trade(trade, at),
            Payload::Depth(edit) => tickers.entry(edit.instrument).or_default().depth(edit),
            Payload::Chain(row) => tickers.entry(row.instrument).or_default().chain(row),
            _ => {}
        }
    }

    #[test]
    fn who_hears_the_recap_knows_what_who_heard_it_all_knows() {
        let session = Calendar::xnys().session(jiff::civil::date(2026, 3, 16)).unwrap();
        let mut source = SyntheticSource::new(SyntheticConfig::spy(3));
        source.begin(session);
        let (mut all, mut short, mut recap) = (BTreeMap::new(), BTreeMap::new(), Recap::default());
        while let Some(input) =
            source.next().filter(|input| input.ts_event < session.open + Span::from_seconds(30))
        {
            hear(&mut all, input.ts_event, &input.payload);
            if let Some(payload) = recap.take(input.ts_event, input.payload) {
                hear(&mut short, input.ts_event, &payload);
            }
        }
        let (at, payloads) = recap.finish();
        for payload in &payloads {
            hear(&mut short, at, payload);
        }
        for ticker in all.values_mut().chain(short.values_mut()) {
            ticker.rows_version = 0;
        }
        assert!(all.len() > 80);
        assert_eq!(all, short);
    }
}
