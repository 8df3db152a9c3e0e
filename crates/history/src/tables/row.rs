//! The tables and their columns; an event as a row.

use alphatrader_model::chain::{Exercise, Provider};
use alphatrader_model::market::Stream;
use alphatrader_model::{
    ChainEntry, ChainSnapshot, Contract, DepthOperation, Input, Instrument, Payload, Price, Quantity, Right,
    Side, Venue,
};
use jiff::civil::Date;

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Best bids and offers of a stock.
    Quotes,
    /// Prints, of stocks and options.
    Trades,
    /// Edits of a book.
    Depth,
    /// Bars, at their end.
    Bars,
    /// Best bids and offers of options.
    OptionQuotes,
    /// Open interest and volume of options.
    Chain,
    /// Whole chains, or expiries of them, as a source told them at once: a row a contract.
    Chains,
    /// Where part of a stream was lost.
    Gaps,
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// An instant: nanoseconds since 1970 in UTC.
    Time,
    /// Words.
    Text,
    /// Dollars with four decimals, exact.
    Price,
    /// A whole number.
    Number,
    /// An exchange date.
    Date,
    /// A measured number.
    Float,
    /// Yes or no.
    Flag,
}

/// A column: its name and what is in it.
pub type Column = (&'static str, Type);

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Not known.
    Nothing,
    /// Nanoseconds since 1970.
    Time(i64),
    /// Words that never change.
    Word(&'static str),
    /// Other words.
    Text(String),
    /// In 1/10 000 dollar.
    Price(i64),
    /// A whole number.
    Number(i64),
    /// An exchange date.
    Date(Date),
    /// A measured number; finite.
    Float(f64),
    /// Yes or no.
    Flag(bool),
}

const WHEN: [Column; 3] = [("ts_event", Type::Time), ("ts_recv", Type::Time), ("contract", Type::Text)];
const QUOTE: [Column; 4] =
    [("bid", Type::Price), ("bid_size", Type::Number), ("ask", Type::Price), ("ask_size", Type::Number)];

const CHAINS: [Column; 26] = [
    ("provider", Type::Text),
    ("as_of", Type::Time),
    ("spot", Type::Price),
    ("delayed", Type::Flag),
    ("whole", Type::Flag),
    ("expiry", Type::Date),
    ("strike", Type::Price),
    ("right", Type::Text),
    ("multiplier", Type::Number),
    ("exercise", Type::Text),
    ("settles", Type::Time),
    ("bid", Type::Price),
    ("bid_size", Type::Number),
    ("ask", Type::Price),
    ("ask_size", Type::Number),
    ("last", Type::Price),
    ("volume", Type::Number),
    ("open_interest", Type::Number),
    ("quoted_at", Type::Time),
    ("vendor_iv", Type::Float),
    ("vendor_delta", Type::Float),
    ("vendor_gamma", Type::Float),
    ("vendor_theta", Type::Float),
    ("vendor_vega", Type::Float),
    ("vendor_rho", Type::Float),
    ("synthetic", Type::Flag),
];

impl Kind {
    /// All tables.
    pub const ALL: [Self; 8] = [
        Self::Quotes,
        Self::Trades,
        Self::Depth,
        Self::Bars,
        Self::OptionQuotes,
        Self::Chain,
        Self::Chains,
        Self::Gaps,
    ];

    /// Its name, of the file too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quotes => "quotes",
            Self::Trades => "trades",
            Self::Depth => "depth",
            Self::Bars => "bars",
            Self::OptionQuotes => "option_quotes",
            Self::Chain => "chain",
            Self::Chains => "chains",
            Self::Gaps => "gaps",
        }
    }

    /// Its columns, in order.
    pub fn columns(self) -> Vec<Column> {
        let more: &[Column] = match self {
            Self::Quotes => &QUOTE,
            Self::Trades => &[
                ("price", Type::Price),
                ("size", Type::Number),
                ("aggressor", Type::Text),
                ("venue", Type::Text),
                ("flags", Type::Number),
            ],
            Self::Depth => &[
                ("side", Type::Text),
                ("position", Type::Number),
                ("operation", Type::Text),
                ("price", Type::Price),
                ("size", Type::Number),
                ("venue", Type::Text),
            ],
            Self::Bars => &[
                ("span_ns", Type::Number),
                ("open", Type::Price),
                ("high", Type::Price),
                ("low", Type::Price),
                ("close", Type::Price),
                ("volume", Type::Number),
            ],
            Self::OptionQuotes => &[("expiry", Type::Date), ("strike", Type::Price), ("right", Type::Text)],
            Self::Chain => &[("open_interest", Type::Number), ("volume", Type::Number)],
            Self::Chains => &CHAINS,
            Self::Gaps => &[("stream", Type::Text)],
        };
        let quote: &[Column] = if self == Self::OptionQuotes { &QUOTE } else { &[] };
        [&WHEN, more, quote].concat()
    }

    /// The table and the row of an event about a contract; nothing for what has no table.
    pub fn row(input: &Input, instrument: &Instrument) -> Option<(Self, Vec<Cell>)> {
        let mut row = Vec::with_capacity(12);
        row.extend([
            Cell::Time(input.ts_event.nanos()),
            Cell::Time(input.ts_recv.nanos()),
            Cell::Text(instrument.contract.to_string()),
        ]);
        let kind = match &input.payload {
            Payload::Quote(quote) => {
                let kind = option_of(instrument, &mut row);
                for side in [quote.bid, quote.ask] {
                    row.push(side.map_or(Cell::Nothing, |level| price(level.price)));
                    row.push(side.map_or(Cell::Nothing, |level| size(level.size)));
                }
                kind
            }
            Payload::Trade(trade) => {
                row.extend([
                    price(trade.price),
                    size(trade.size),
                    trade.aggressor.map_or(Cell::Nothing, side),
                    venue(trade.venue),
                    Cell::Number(i64::from(trade.flags.0)),
                ]);
                Self::Trades
            }
            Payload::Depth(edit) => {
                let gone = edit.operation == DepthOperation::Delete;
                row.extend([
                    side(edit.side),
                    Cell::Number(i64::from(edit.position)),
                    Cell::Word(match edit.operation {
                        DepthOperation::Insert => "insert",
                        DepthOperation::Update => "update",
                        DepthOperation::Delete => "delete",
                    }),
                    if gone { Cell::Nothing } else { price(edit.price) },
                    if gone { Cell::Nothing } else { size(edit.size) },
                    venue(edit.venue),
                ]);
                Self::Depth
            }
            Payload::Bar(bar) => {
                row.push(Cell::Number(bar.span.nanos()));
                row.extend([bar.open, bar.high, bar.low, bar.close].map(price));
                row.push(size(bar.volume));
                Self::Bars
            }
            Payload::Chain(chain) => {
                let number = |n: Option<u32>| n.map_or(Cell::Nothing, |n| Cell::Number(i64::from(n)));
                row.extend([number(chain.open_interest), number(chain.volume)]);
                Self::Chain
            }
            Payload::Gap(gap) => {
                row.push(Cell::Word(match gap.stream {
                    Stream::Quotes => "quotes",
                    Stream::Trades => "trades",
                    Stream::Depth => "depth",
                    Stream::Bars => "bars",
                }));
                Self::Gaps
            }
            _ => return None,
        };
        Some((kind, row))
    }
}

/// A chain as rows of [`Kind::Chains`], one a contract.
pub fn chain_rows<'a>(input: &'a Input, chain: &'a ChainSnapshot) -> impl Iterator<Item = Vec<Cell>> + 'a {
    chain.rows.iter().map(|entry| chain_row(input, chain, entry))
}

fn chain_row(input: &Input, chain: &ChainSnapshot, entry: &ChainEntry) -> Vec<Cell> {
    let number = |n: Option<u32>| n.map_or(Cell::Nothing, |n| Cell::Number(i64::from(n)));
    let dollars = |p: Option<Price>| p.map_or(Cell::Nothing, price);
    let measured = |n: Option<f64>| n.filter(|n| n.is_finite()).map_or(Cell::Nothing, Cell::Float);
    let mut row = Vec::with_capacity(WHEN.len() + CHAINS.len());
    row.extend([
        Cell::Time(input.ts_event.nanos()),
        Cell::Time(input.ts_recv.nanos()),
        Cell::Text(entry.contract.to_string()),
        Cell::Word(provider(chain.provider)),
        Cell::Time(chain.as_of.nanos()),
        dollars(chain.spot),
        Cell::Flag(chain.delayed),
        Cell::Flag(chain.expiry.is_none()),
        Cell::Date(entry.contract.expiry),
        price(entry.contract.strike),
        right(entry.contract.right),
        number(entry.multiplier),
        Cell::Word(match entry.exercise {
            Exercise::American => "american",
            Exercise::European => "european",
        }),
        Cell::Time(entry.settles.nanos()),
        dollars(entry.bid),
        number(entry.bid_size),
        dollars(entry.ask),
        number(entry.ask_size),
        dollars(entry.last),
        number(entry.volume),
        number(entry.open_interest),
        entry.quoted_at.map_or(Cell::Nothing, |at| Cell::Time(at.nanos())),
        measured(entry.implied_volatility),
    ]);
    let g = entry.greeks;
    row.extend([g.delta, g.gamma, g.theta, g.vega, g.rho].map(measured));
    row.push(Cell::Flag(chain.provider == Provider::Synthetic));
    row
}

const fn provider(provider: Provider) -> &'static str {
    match provider {
        Provider::Ibkr => "ibkr",
        Provider::AlphaVantage => "alpha_vantage",
        Provider::Cboe => "cboe",
        Provider::Lean => "lean",
        Provider::EndOfDay => "end_of_day",
        Provider::Synthetic => "synthetic",
    }
}

const fn right(right: Right) -> Cell {
    Cell::Word(match right {
        Right::Call => "call",
        Right::Put => "put",
    })
}

/// An option's terms go before its quote.
fn option_of(instrument: &Instrument, row: &mut Vec<Cell>) -> Kind {
    let Contract::Option(option) = &instrument.contract else { return Kind::Quotes };
    row.extend([Cell::Date(option.expiry), price(option.strike), right(option.right)]);
    Kind::OptionQuotes
}

fn price(price: Price) -> Cell {
    Cell::Price(price.raw())
}

/// Sizes beyond 2^63 do not exist; one that is said is as large as can be written.
fn size(size: Quantity) -> Cell {
    Cell::Number(i64::try_from(size.get()).unwrap_or(i64::MAX))
}

const fn side(side: Side) -> Cell {
    Cell::Word(match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    })
}

fn venue(venue: Option<Venue>) -> Cell {
    venue.map_or(Cell::Nothing, |venue| Cell::Text(venue.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::{layout, samples};

    /// Whether a cell may stand in a column.
    fn fits(cell: &Cell, of: Type) -> bool {
        matches!(
            (cell, of),
            (Cell::Nothing, _)
                | (Cell::Time(_), Type::Time)
                | (Cell::Word(_) | Cell::Text(_), Type::Text)
                | (Cell::Price(_), Type::Price)
                | (Cell::Number(_), Type::Number)
                | (Cell::Date(_), Type::Date)
                | (Cell::Float(_), Type::Float)
                | (Cell::Flag(_), Type::Flag)
        )
    }

    #[test]
    fn every_row_has_a_cell_of_its_type_in_each_column() {
        let mut met = std::collections::BTreeSet::new();
        for name in ["SPY", "SPY260316C00600000"] {
            let instrument = samples::instrument(0, name);
            for (seq, payload) in (1..).zip(layout::payloads()) {
                let event = samples::taken(seq, 7, payload).event;
                let input =
                    Input { ts_event: event.ts_event, ts_recv: event.ts_recv, payload: event.payload };
                let row = match &input.payload {
                    Payload::ChainSnapshot(chain) => {
                        chain_rows(&input, chain).next().map(|row| (Kind::Chains, row))
                    }
                    _ => Kind::row(&input, &instrument),
                };
                let Some((kind, row)) = row else { continue };
                met.insert(kind);
                let columns = kind.columns();
                assert_eq!(row.len(), columns.len(), "{kind:?}");
                for (cell, (name, of)) in row.iter().zip(columns) {
                    assert!(fits(cell, of), "{kind:?} {name} {cell:?}");
                }
            }
        }
        assert_eq!(met.len(), Kind::ALL.len());
    }
}
