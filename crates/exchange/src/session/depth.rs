//! Rows of the book, told as edits of the client's own view.

use alphatrader_model::{DepthOperation, InstrumentId, Side, Venue};

use super::{Out, Session, tell};
use crate::desk::Desk;
use crate::feed::details::venue_of;
use crate::feed::rows::{Edit, Look, Rows};
use crate::wire::message::market_data::{MarketDepth, MarketDepthData, MarketDepthL2, MarketDepthRequest};
use crate::wire::{Reply, notice};

/// Most rows a client may ask for on a side.
const MAX_ROWS: usize = 60;

/// Rows when the client names no number.
const DEFAULT_ROWS: usize = 5;

/// One order book of a client.
#[derive(Debug)]
pub struct DepthStream {
    instrument: InstrumentId,
    look: Look,
    rows: usize,
    view: Rows,
    version: Option<u64>,
}

impl Session {
    pub(super) fn subscribe_depth(
        &mut self,
        asked: &MarketDepthRequest,
        left: usize,
        desk: &Desk,
        out: &mut Out,
    ) {
        let id = asked.req_id.unwrap_or(notice::SESSION);
        let refuse = |code, text: &str| tell::error(id, code, text, desk.now());
        if self.books.contains_key(&id) {
            out.push(refuse(notice::DUPLICATE_TICKER_ID, "Duplicate ticker id"));
            return;
        }
        if left == 0 {
            out.push(refuse(
                notice::TOO_MANY_DEPTH_REQUESTS,
                "Max number of market depth requests has been reached",
            ));
            return;
        }
        let contract = asked.contract.clone().unwrap_or_default();
        let listing = match desk.feed().catalogue.find_one(&contract) {
            Ok(listing) => listing,
            Err(unnamed) => {
                out.push(refuse(notice::NO_SECURITY_DEFINITION, unnamed.text()));
                return;
            }
        };
        if listing.instrument.contract.option().is_some() {
            let text = "Deep market data is not supported for this combination of security type/exchange";
            out.push(refuse(notice::DEPTH_NOT_SUPPORTED, text));
            return;
        }
        let rows = asked.num_rows.and_then(|rows| usize::try_from(rows).ok()).filter(|rows| *rows > 0);
        let mut stream = DepthStream {
            instrument: listing.instrument.id,
            look: look_of(
                asked.is_smart_depth == Some(true),
                contract.exchange.as_deref().unwrap_or_default(),
            ),
            rows: rows.unwrap_or(DEFAULT_ROWS).min(MAX_ROWS),
            view: Rows::default(),
            version: None,
        };
        stream.tell(id, desk, out);
        self.books.insert(id, stream);
    }
}

fn look_of(smart: bool, exchange: &str) -> Look {
    match Venue::new(venue_of(exchange)) {
        _ if smart => Look::ByVenue,
        Ok(venue) if !matches!(exchange, "SMART" | "BEST") => Look::Venue(venue),
        _ => Look::ByPrice,
    }
}

impl DepthStream {
    /// What it is about.
    pub fn instrument(&self) -> InstrumentId {
        self.instrument
    }

    /// The client is to empty its book: everything is told anew.
    pub fn forget_view(&mut self) {
        self.view = Rows::default();
        self.version = None;
    }

    /// Tells the edits from what the client sees to what the book is.
    pub fn tell(&mut self, id: i32, desk: &Desk, out: &mut Out) {
        let Some(ticker) = desk.feed().ticker(self.instrument) else { return };
        if self.version == Some(ticker.rows_version) {
            return;
        }
        self.version = Some(ticker.rows_version);
        let next = ticker.rows.view(self.rows, self.look);
        for edit in self.view.edits_to(&next) {
            out.push(self.reply(id, &edit));
        }
        self.view = next;
    }

    fn reply(&self, id: i32, edit: &Edit) -> Reply {
        let smart = self.look == Look::ByVenue;
        let data = MarketDepthData {
            position: Some(i32::try_from(edit.position).expect("a view has few rows")),
            operation: Some(match edit.operation {
                DepthOperation::Insert => 0,
                DepthOperation::Update => 1,
                DepthOperation::Delete => 2,
            }),
            side: Some(i32::from(edit.side == Side::Buy)),
            price: Some(edit.row.price.to_f64()),
            size: tell::size(edit.row.size),
            market_maker: edit.row.venue.filter(|_| smart).map(|venue| venue.to_string()),
            is_smart_depth: smart.then_some(true),
        };
        if smart {
            Reply::MarketDepthL2(MarketDepthL2 { req_id: Some(id), market_depth_data: Some(data) })
        } else {
            Reply::MarketDepth(MarketDepth { req_id: Some(id), market_depth_data: Some(data) })
        }
    }
}
