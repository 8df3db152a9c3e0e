//! Market status: whether the vendor says that the US market is open. A cross-check of our calendar, nothing more: halts
//! and half days are not in it, and it gives 16:15 as the close.

use serde::Deserialize;

use crate::number::Field;

#[derive(Debug, Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    markets: Vec<RawVenue<'a>>,
}

#[derive(Debug, Deserialize)]
struct RawVenue<'a> {
    #[serde(borrow, default)]
    market_type: Field<'a>,
    #[serde(borrow, default)]
    region: Field<'a>,
    #[serde(borrow, default)]
    current_status: Field<'a>,
}

/// Whether US equities trade; absent where the answer does not say.
///
/// # Errors
/// The reader's, for what is no such JSON.
pub fn us_equities_open(body: &[u8]) -> Result<Option<bool>, serde_json::Error> {
    let raw: Raw<'_> = serde_json::from_slice(body)?;
    let is =
        |field: &Field<'_>, text: &str| field.as_str().is_some_and(|said| said.eq_ignore_ascii_case(text));
    let us = |venue: &&RawVenue<'_>| is(&venue.market_type, "Equity") && is(&venue.region, "United States");
    Ok(raw.markets.iter().find(us).and_then(|venue| {
        let open = is(&venue.current_status, "open");
        (open || is(&venue.current_status, "closed")).then_some(open)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_us_market_is_found() {
        let body = |status: &str| {
            format!(
                r#"{{"endpoint":"Global Market Open & Close Status","markets":[{{"market_type":"Equity","region":"Canada","current_status":"open"}},{{"market_type":"Equity","region":"United States","primary_exchanges":"NASDAQ, NYSE, AMEX, BATS","local_open":"09:30","local_close":"16:15","current_status":"{status}","notes":""}}]}}"#
            )
        };
        assert_eq!(us_equities_open(body("open").as_bytes()).unwrap(), Some(true));
        assert_eq!(us_equities_open(body("closed").as_bytes()).unwrap(), Some(false));
        assert_eq!(us_equities_open(body("?").as_bytes()).unwrap(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = us_equities_open(&bytes);
        }
    }
}
