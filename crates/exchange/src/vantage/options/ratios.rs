//! Ratios over a chain: puts to calls, volume to open interest, of the whole and by expiry.
//!
//! The vendor's bodies of these functions were never recorded: that they have no `data` key is known, the
//! names here are ours.

use std::collections::BTreeMap;

use alphatrader_model::Right;
use jiff::civil::Date;

use super::super::json::Json;
use super::Row;

/// Sums of a chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    call_volume: u64,
    put_volume: u64,
    call_interest: u64,
    put_interest: u64,
}

impl Sums {
    fn add(&mut self, row: &Row) {
        let interest = u64::from(row.open_interest);
        match row.contract.right {
            Right::Call => {
                self.call_volume += row.volume;
                self.call_interest += interest;
            }
            Right::Put => {
                self.put_volume += row.volume;
                self.put_interest += interest;
            }
        }
    }

    fn ratio(above: u64, below: u64) -> Json {
        if below == 0 { Json::text("None") } else { Json::fixed(above as f64 / below as f64, 4) }
    }

    fn put_call(&self) -> Vec<(&'static str, Json)> {
        vec![
            ("put_volume", Json::whole(self.put_volume)),
            ("call_volume", Json::whole(self.call_volume)),
            ("put_call_ratio", Self::ratio(self.put_volume, self.call_volume)),
            ("put_call_open_interest_ratio", Self::ratio(self.put_interest, self.call_interest)),
        ]
    }

    fn volume_interest(&self) -> Vec<(&'static str, Json)> {
        let (volume, interest) = (self.call_volume + self.put_volume, self.call_interest + self.put_interest);
        vec![
            ("volume", Json::whole(volume)),
            ("open_interest", Json::whole(interest)),
            ("volume_open_interest_ratio", Self::ratio(volume, interest)),
        ]
    }
}

/// Which ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ratio {
    /// Puts to calls.
    PutCall,
    /// Volume to open interest.
    VolumeInterest,
}

/// The body.
pub fn body(endpoint: &'static str, symbol: &str, date: Date, ratio: Ratio, rows: &[Row]) -> Json {
    let mut whole = Sums::default();
    let mut by_expiry: BTreeMap<Date, Sums> = BTreeMap::new();
    for row in rows {
        whole.add(row);
        by_expiry.entry(row.contract.expiry).or_default().add(row);
    }
    let of = |sums: &Sums| match ratio {
        Ratio::PutCall => sums.put_call(),
        Ratio::VolumeInterest => sums.volume_interest(),
    };
    let mut fields = vec![
        ("endpoint", Json::text(endpoint)),
        ("message", Json::text("success")),
        ("symbol", Json::text(symbol.to_owned())),
        ("date", Json::whole(date)),
    ];
    fields.extend(of(&whole));
    let expirations = by_expiry.iter().map(|(expiry, sums)| {
        Json::object([("expiration", Json::whole(expiry))].into_iter().chain(of(sums)))
    });
    fields.push(("expirations", Json::Array(expirations.collect())));
    Json::object(fields)
}
