//! A line as a quote, a trade or a bar.

use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::{Bar, InstrumentId, Payload, Price, Quantity, Quote, Span, Timestamp, Trade, Venue};

use super::condition::{self, PRICE_BAND};
use super::kind::{Data, Kind, Resolution};
use crate::fields::Fields;
use crate::malformed::Reason;

/// What a line, or two, said.
#[derive(Debug, PartialEq)]
pub(super) struct Decoded {
    pub(super) at: Timestamp,
    pub(super) payload: Payload,
    /// The last line it comes from.
    pub(super) line: u64,
}

/// Reads the lines of one file.
pub(super) struct Decoder {
    instrument: InstrumentId,
    clock: Clock,
    shape: Shape,
}

enum Shape {
    TradeTicks(Box<Letters>),
    QuoteTicks(Box<Touch>),
    TradeBars(Span),
    QuoteBars(Span),
}

/// Milliseconds after midnight become instants, and never go back.
struct Clock {
    midnight: Timestamp,
    last: i64,
}

const DAY: i64 = 86_400_000;
/// Prices above ten million dollars and sizes above ten billion shares are damage, not trades. The
/// bounds also keep sums and products of later stages inside 64 bits.
const HIGHEST: i64 = 10_000_000 * Price::SCALE;
const MOST: i64 = 10_000_000_000;

impl Clock {
    /// Milliseconds at the start of a line. They count only once the whole line was read.
    fn read(fields: &mut Fields<'_>) -> Result<i64, Reason> {
        fields.number("time", DAY - 1)
    }

    fn advance(&mut self, time: i64) -> Result<(), Reason> {
        if time < self.last {
            return Err(Reason::OutOfOrder);
        }
        self.last = time;
        Ok(())
    }

    fn instant(&self, time: i64) -> Timestamp {
        self.midnight + Span::from_millis(time)
    }
}

impl Decoder {
    /// A decoder for a kind of file; nothing when its lines are not read.
    pub(super) fn new(kind: Kind, midnight: Timestamp, instrument: InstrumentId) -> Option<Self> {
        let shape = match (kind.data, kind.resolution) {
            (Data::Trade, Resolution::Tick) => Shape::TradeTicks(Box::new(letters())),
            (Data::Quote, Resolution::Tick) => Shape::QuoteTicks(Box::default()),
            (Data::Trade, resolution) => Shape::TradeBars(resolution.span()?),
            (Data::Quote, resolution) => Shape::QuoteBars(resolution.span()?),
            (Data::OpenInterest, _) => return None,
        };
        Some(Self { instrument, clock: Clock { midnight, last: 0 }, shape })
    }

    /// What the line says. Nothing where it is no quote, or where the line that follows may belong
    /// to it. A quote that repeats the one before is handed out: it says that it still stands.
    pub(super) fn decode(&mut self, line: &[u8], number: u64) -> Result<Option<Decoded>, Reason> {
        let mut fields = Fields::of(line);
        let time = Clock::read(&mut fields)?;
        let (at, payload) = match &mut self.shape {
            Shape::TradeTicks(letters) => {
                let trade = trade(&mut fields, self.instrument, letters)?;
                self.clock.advance(time)?;
                (self.clock.instant(time), Payload::Trade(trade))
            }
            Shape::QuoteTicks(touch) => {
                let change = Change::read(&mut fields)?;
                self.clock.advance(time)?;
                let said = touch.apply(change, time, number);
                return Ok(said.map(|said| said.decoded(&self.clock, self.instrument)));
            }
            Shape::TradeBars(span) => {
                let bar = bar(&mut fields, self.instrument, *span)?;
                aligned(time, *span)?;
                self.clock.advance(time)?;
                (self.clock.instant(time) + *span, Payload::Bar(bar))
            }
            Shape::QuoteBars(span) => {
                let sides = quote_bar(&mut fields)?;
                aligned(time, *span)?;
                self.clock.advance(time)?;
                (self.clock.instant(time) + *span, sides.payload(self.instrument))
            }
        };
        Ok(Some(Decoded { at, payload, line: number }))
    }

    /// What the last line still had to say.
    pub(super) fn finish(&mut self) -> Option<Decoded> {
        match &mut self.shape {
            Shape::QuoteTicks(touch) => touch.flush().map(|said| said.decoded(&self.clock, self.instrument)),
            _ => None,
        }
    }
}

/// Venues of one letter, as nearly all are, by their letter.
type Letters = [Option<Venue>; 26];

fn letters() -> Letters {
    core::array::from_fn(|at| Venue::new(char::from(b'A' + at as u8).encode_utf8(&mut [0; 4])).ok())
}

fn venue(text: &[u8], letters: &Letters) -> Result<Option<Venue>, Reason> {
    match text {
        [] => Ok(None),
        [letter @ b'A'..=b'Z'] => Ok(letters[usize::from(letter - b'A')]),
        _ => {
            let name = core::str::from_utf8(text).ok().and_then(|text| Venue::new(text).ok());
            name.map(Some).ok_or(Reason::Unreadable("venue"))
        }
    }
}

fn trade(fields: &mut Fields<'_>, instrument: InstrumentId, letters: &Letters) -> Result<Trade, Reason> {
    let price = Price::from_raw(fields.positive("price", HIGHEST)?);
    let size = Quantity::new(fields.positive("size", MOST)?.unsigned_abs());
    let venue = venue(fields.text("venue")?, letters)?;
    let mut flags = condition::flags(fields.bits("conditions")?);
    if fields.flag("suspicious")? {
        flags = flags.with(TradeFlags::SUSPICIOUS);
    }
    fields.end()?;
    Ok(Trade { instrument, price, size, aggressor: None, venue, flags })
}

fn bar(fields: &mut Fields<'_>, instrument: InstrumentId, span: Span) -> Result<Bar, Reason> {
    let mut price = |field| fields.positive(field, HIGHEST).map(Price::from_raw);
    let (open, high) = (price("open")?, price("high")?);
    let (low, close) = (price("low")?, price("close")?);
    let volume = Quantity::new(fields.number("volume", MOST)?.unsigned_abs());
    fields.end()?;
    if low > open || low > close || high < open || high < close {
        return Err(Reason::Contradiction);
    }
    Ok(Bar { instrument, span, open, high, low, close, volume })
}

fn aligned(time: i64, span: Span) -> Result<(), Reason> {
    if time % span.millis() == 0 { Ok(()) } else { Err(Reason::OutOfRange("time")) }
}

/// Best bid and offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sides {
    bid: Option<Level>,
    ask: Option<Level>,
}

impl Sides {
    fn payload(self, instrument: InstrumentId) -> Payload {
        Payload::Quote(Quote { instrument, bid: self.bid, ask: self.ask })
    }
}

/// Last bid and offer of a period. A side without a price or without shares is not there.
fn quote_bar(fields: &mut Fields<'_>) -> Result<Sides, Reason> {
    let mut side = |field, size| -> Result<Option<Level>, Reason> {
        for _ in 0..3 {
            fields.number_or_none(field, HIGHEST)?;
        }
        let close = fields.number_or_none(field, HIGHEST)?;
        Ok(level(close, fields.number_or_none(size, MOST)?))
    };
    let sides = Sides { bid: side("bid", "bid size")?, ask: side("ask", "ask size")? };
    fields.end()?;
    Ok(sides)
}

fn level(price: i64, size: i64) -> Option<Level> {
    let level = Level { price: Price::from_raw(price), size: Quantity::new(size.unsigned_abs()) };
    (price > 0 && size > 0).then_some(level)
}

/// What a line of tick quotes says of a side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Word {
    /// Nothing: the side stays as it is.
    #[default]
    Unsaid,
    /// The side is this level from here on, or gone.
    Is(Option<Level>),
}

impl Word {
    fn apply(self, side: &mut Option<Level>) {
        if let Self::Is(level) = self {
            *side = level;
        }
    }
}

/// What a line of tick quotes says.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    bid: Word,
    ask: Word,
}

impl Change {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Reason> {
        let mut side = |price, size| -> Result<Word, Reason> {
            let price = fields.number_or_none(price, HIGHEST)?;
            let size = fields.number_or_none(size, MOST)?;
            Ok(if price > 0 { Word::Is(level(price, size)) } else { Word::Unsaid })
        };
        let (bid, ask) = (side("bid", "bid size")?, side("ask", "ask size")?);
        fields.text("venue")?;
        let conditions = fields.bits("conditions")?;
        let suspicious = fields.flag("suspicious")?;
        fields.end()?;
        // What the feed doubts and what is no quote changes no quote.
        let counts = !suspicious && conditions & PRICE_BAND == 0;
        Ok(if counts { Self { bid, ask } } else { Self::default() })
    }
}

/// The best bid and offer as tick quotes change them.
#[derive(Default)]
struct Touch {
    sides: Sides,
    /// A change that was not handed out, because the other side's may follow.
    held: Option<Held>,
}

#[derive(Clone, Copy)]
struct Held {
    time: i64,
    line: u64,
    /// It holds a bid alone, so that an ask of the same stamp completes it.
    open: bool,
}

/// A change of the best bid and offer, to be handed out.
struct Said {
    sides: Sides,
    time: i64,
    line: u64,
}

impl Said {
    fn decoded(&self, clock: &Clock, instrument: InstrumentId) -> Decoded {
        Decoded { at: clock.instant(self.time), payload: self.sides.payload(instrument), line: self.line }
    }
}

impl Touch {
    fn apply(&mut self, change: Change, time: i64, line: u64) -> Option<Said> {
        let asks = change.ask != Word::Unsaid;
        let bids = change.bid != Word::Unsaid;
        if !asks && !bids {
            return None;
        }
        let completes = self.held.is_some_and(|held| held.open && held.time == time) && asks && !bids;
        let before = if completes { None } else { self.flush() };
        change.bid.apply(&mut self.sides.bid);
        change.ask.apply(&mut self.sides.ask);
        self.held = Some(Held { time, line, open: !asks });
        // An ask ends a change; it waits only where the change before it has to go out first.
        if asks && before.is_none() { self.flush() } else { before }
    }

    fn flush(&mut self) -> Option<Said> {
        let held = self.held.take()?;
        Some(Said { sides: self.sides, time: held.time, line: held.line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SPY: InstrumentId = InstrumentId(7);

    fn kind(data: Data, resolution: Resolution) -> Kind {
        Kind { resolution, data, ..Kind::default() }
    }

    fn decoder(data: Data, resolution: Resolution) -> Decoder {
        Decoder::new(kind(data, resolution), Timestamp::from_seconds(0), SPY).unwrap()
    }

    fn read(decoder: &mut Decoder, lines: &[&str]) -> Vec<(i64, u64, Payload)> {
        let mut said = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            said.extend(decoder.decode(line.as_bytes(), at as u64 + 1).unwrap());
        }
        said.extend(decoder.finish());
        said.into_iter().map(|d| (d.at.millis(), d.line, d.payload)).collect()
    }

    fn quote(bid: Option<(i64, u64)>, ask: Option<(i64, u64)>) -> Payload {
        let level = |(price, size)| Level { price: Price::from_raw(price), size: Quantity::new(size) };
        Payload::Quote(Quote { instrument: SPY, bid: bid.map(level), ask: ask.map(level) })
    }

    #[test]
    fn a_trade_keeps_price_size_venue_and_conditions() {
        let mut ticks = decoder(Data::Trade, Resolution::Tick);
        let said = read(&mut ticks, &["14400464,1674100,100,P,20000020,0", "14400464,1674200,50,,,1"]);
        let Payload::Trade(first) = said[0].2 else { panic!("{said:?}") };
        assert_eq!((said[0].0, said[0].1), (14_400_464, 1));
        assert_eq!(first.price.to_string(), "167.41");
        assert_eq!((first.size.get(), first.venue.unwrap().as_str()), (100, "P"));
        assert_eq!((first.flags, first.aggressor), (TradeFlags::SWEEP, None));
        let Payload::Trade(second) = said[1].2 else { panic!("{said:?}") };
        assert_eq!((second.venue, second.flags), (None, TradeFlags::SUSPICIOUS));
    }

    #[test]
    fn bars_and_their_quotes_come_at_their_end() {
        let said = read(
            &mut decoder(Data::Trade, Resolution::Second),
            &["14400000,1674100,1674200,1674000,1674100,2049"],
        );
        assert_eq!(said[0].0, 14_401_000);
        let Payload::Bar(bar) = said[0].2 else { panic!("{said:?}") };
        assert_eq!((bar.high.raw(), bar.volume.get(), bar.span), (1_674_200, 2_049, Span::SECOND));

        let row = "34200000,,,,,0,21500,21500,5000,5000,19";
        let said = read(&mut decoder(Data::Quote, Resolution::Minute), &[row]);
        assert_eq!(said, vec![(34_260_000, 1, quote(None, Some((5_000, 19))))]);
    }

    #[test]
    fn a_bid_and_the_ask_after_it_are_one_change() {
        let lines = [
            "1,0,0,101,5,Q,1,0", // an ask alone
            "2,99,7,0,0,K,1,0",  // a bid ..
            "2,0,0,101,6,Q,1,0", // .. and its ask
            "3,102,7,0,0,K,1,0", // a bid alone,
            "4,0,0,103,5,Q,1,0", // an ask of another stamp
            "5,102,7,0,0,K,1,0", // which still stand
            "5,0,0,103,5,Z,1,0",
            "6,102,0,0,0,K,1,0", // the bid goes
        ];
        let expected = vec![
            (1, 1, quote(None, Some((101, 5)))),
            (2, 3, quote(Some((99, 7)), Some((101, 6)))),
            (3, 4, quote(Some((102, 7)), Some((101, 6)))),
            (4, 5, quote(Some((102, 7)), Some((103, 5)))),
            (5, 7, quote(Some((102, 7)), Some((103, 5)))),
            (6, 8, quote(None, Some((103, 5)))),
        ];
        assert_eq!(read(&mut decoder(Data::Quote, Resolution::Tick), &lines), expected);
    }

    #[test]
    fn doubted_quotes_and_price_bands_change_nothing() {
        let lines = ["1,99,7,101,5,Q,1,0", "2,0,0,500,5,Q,1,1", "3,10,1,0,0,Q,40000,0", "4,0,0,102,5,Q,1,0"];
        let said = read(&mut decoder(Data::Quote, Resolution::Tick), &lines);
        assert_eq!(said.len(), 2);
        assert_eq!(said[1], (4, 4, quote(Some((99, 7)), Some((102, 5)))));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refused =
            |data, resolution, line: &str| decoder(data, resolution).decode(line.as_bytes(), 1).unwrap_err();
        let trade = |line| refused(Data::Trade, Resolution::Tick, line);
        assert_eq!(trade("14400464,1674100,100,P,1"), Reason::Missing("suspicious"));
        assert_eq!(trade("14400464,1674100,100,P,1,0,0"), Reason::ExtraFields);
        assert_eq!(trade("14400464,1674100,100,p,1,0"), Reason::Unreadable("venue"));
        assert_eq!(trade("14400464,0,100,P,1,0"), Reason::OutOfRange("price"));
        assert_eq!(trade("14400464,1674100,0,P,1,0"), Reason::OutOfRange("size"));
        assert_eq!(trade("86400000,1674100,1,P,1,0"), Reason::OutOfRange("time"));
        assert_eq!(trade("14400464,167.41,1,P,1,0"), Reason::NotANumber("price"));
        assert_eq!(trade(""), Reason::NotANumber("time"));
        let bar = |line| refused(Data::Trade, Resolution::Minute, line);
        assert_eq!(bar("60000,10,9,8,9,1"), Reason::Contradiction);
        assert_eq!(bar("60001,9,9,8,9,1"), Reason::OutOfRange("time"));
    }

    #[test]
    fn time_never_goes_back_and_a_bad_line_does_not_move_it() {
        let mut ticks = decoder(Data::Trade, Resolution::Tick);
        assert!(ticks.decode(b"5000,10,1,P,1,0", 1).is_ok());
        assert!(ticks.decode(b"80000000,10,0,P,1,0", 2).is_err());
        assert_eq!(ticks.decode(b"4999,10,1,P,1,0", 3), Err(Reason::OutOfOrder));
        assert!(ticks.decode(b"5000,10,1,P,1,0", 4).is_ok());
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            for data in [Data::Trade, Data::Quote] {
                for resolution in [Resolution::Tick, Resolution::Second, Resolution::Minute] {
                    let _ = decoder(data, resolution).decode(&line, 1);
                }
            }
        }

        #[test]
        fn the_last_word_of_tick_quotes_is_the_last_line_of_each_side(
            lines in proptest::collection::vec((0_i64..4, any::<bool>(), 1_i64..9, 0_i64..3), 1..40),
        ) {
            let mut ticks = decoder(Data::Quote, Resolution::Tick);
            let (mut time, mut bid, mut ask, mut last) = (0, None, None, None);
            let mut before = Timestamp::from_nanos(i64::MIN);
            let mut said = Vec::new();
            for (at, (step, buys, price, size)) in lines.into_iter().enumerate() {
                time += step;
                let level = (size > 0).then_some((price, size.unsigned_abs()));
                let row = if buys { bid = level; format!("{time},{price},{size},0,0,Q,1,0") }
                    else { ask = level; format!("{time},0,0,{price},{size},Q,1,0") };
                said.extend(ticks.decode(row.as_bytes(), at as u64 + 1).unwrap());
            }
            said.extend(ticks.finish());
            for decoded in said {
                prop_assert!(before <= decoded.at);
                before = decoded.at;
                last = Some(decoded.payload);
            }
            prop_assert_eq!(last.unwrap_or_else(|| quote(None, None)), quote(bid, ask));
        }
    }
}
