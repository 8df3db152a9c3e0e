//! Archives that are truncated, damaged or hostile: what can be read is read, the rest is named.

use std::io::{Cursor, Write as _};

use alphatrader_history::{HistoryError, Limits, Reason};
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::making::{TRADES, open, read, ticks, zip};

#[test]
fn a_truncated_archive_is_read_as_far_as_it_goes() {
    let whole = zip(&[(TRADES, &ticks(20_000))]);
    let (all, _) = read(whole.clone(), Limits::default());
    let mut seen = 0;
    for percent in [5, 30, 60, 90, 99] {
        let (items, faults) = read(whole[..whole.len() * percent / 100].to_vec(), Limits::default());
        assert_eq!(items[..], all[..items.len()], "{percent} %");
        assert!(items.len() >= seen && items.len() < all.len(), "{percent} %: {}", items.len());
        seen = items.len();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].reason, Reason::Truncated);
        assert_eq!(faults[0].line, items.len() as u64);
        assert!(faults[0].to_string().starts_with("day.zip:"), "{}", faults[0]);
    }
    assert!(seen > 19_000, "{seen}");
}

#[test]
fn an_archive_without_its_directory_gives_all_its_lines_and_says_so() {
    let whole = zip(&[(TRADES, &ticks(500))]);
    let directory = whole.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    for end in [directory, directory + 20] {
        let (items, faults) = read(whole[..end].to_vec(), Limits::default());
        assert_eq!(items.len(), 500);
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].line, &faults[0].reason), (500, &Reason::NoDirectory));
    }
}

#[test]
fn an_archive_made_as_a_stream_is_read_with_and_without_its_directory() {
    // Sizes and checksum stand behind the content.
    let mut writer = ZipWriter::new_stream(Vec::new());
    writer.start_file(TRADES, SimpleFileOptions::default()).unwrap();
    writer.write_all(ticks(300).as_bytes()).unwrap();
    let whole = writer.finish().unwrap().into_inner();
    let (items, faults) = read(whole.clone(), Limits::default());
    assert_eq!((items.len(), faults.len()), (300, 0));
    let directory = whole.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    let (items, faults) = read(whole[..directory + 10].to_vec(), Limits::default());
    assert_eq!((items.len(), &faults[0].reason), (300, &Reason::NoDirectory));
}

#[test]
fn a_wrong_checksum_is_told_after_the_lines() {
    let mut bytes = zip(&[(TRADES, &ticks(100))]);
    let directory = bytes.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    bytes[directory + 16] ^= 1;
    let (items, faults) = read(bytes, Limits::default());
    assert_eq!((items.len(), faults[0].reason.clone(), faults.len()), (100, Reason::Checksum, 1));
}

#[test]
fn damage_in_the_middle_ends_the_file_there() {
    let mut bytes = zip(&[(TRADES, &ticks(20_000))]);
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0xff);
    let (items, faults) = read(bytes, Limits::default());
    assert!(items.len() < 20_000);
    assert!(faults.last().unwrap().reason.ends_file(), "{faults:?}");
}

#[test]
fn what_unpacks_without_end_is_stopped() {
    let bytes = zip(&[(TRADES, &ticks(20_000))]);
    let limits = Limits { unpacked: 100_000, ..Limits::default() };
    let (items, faults) = read(bytes, limits);
    assert!(items.len() < 6_000);
    assert_eq!(faults.last().unwrap().reason, Reason::TooLarge(100_000));
    // One endless line: a thousand times its packed size, and none of it kept.
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(TRADES, SimpleFileOptions::default()).unwrap();
    writer.write_all(ticks(1).as_bytes()).unwrap();
    writer.write_all(&vec![b'7'; 5_000_000]).unwrap();
    let (items, faults) = read(writer.finish().unwrap().into_inner(), Limits::default());
    assert_eq!((items.len(), faults.len()), (1, 1));
    assert_eq!(faults[0].reason, Reason::LineTooLong(4_096));
}

#[test]
fn more_entries_than_one_are_refused_or_told() {
    let bytes = zip(&[(TRADES, &ticks(3)), ("20131008_spy_Trade_Tick.csv", &ticks(3))]);
    let (items, faults) = read(bytes.clone(), Limits::default());
    assert_eq!((items.len(), faults.len(), &faults[0].reason), (3, 1, &Reason::SecondEntry));
    let refused = open(bytes, Limits { entries: 1, ..Limits::default() }).err().unwrap();
    assert!(refused.to_string().contains("more than 1 entries"), "{refused}");
    assert!(matches!(open(zip(&[]), Limits::default()), Err(HistoryError::Unknown { .. })));
    assert!(matches!(open(b"PK".to_vec(), Limits::default()), Err(HistoryError::Unknown { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut file = b"PK\x03\x04".to_vec();
        file.extend_from_slice(&bytes);
        for file in [bytes, file] {
            if let Ok(reader) = open(file, Limits::default()) {
                prop_assert!(reader.count() < 1_000);
            }
        }
    }

    #[test]
    fn a_damaged_archive_is_read_or_refused(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = zip(&[(TRADES, &ticks(200))]);
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Ok(reader) = open(bytes, Limits { unpacked: 1 << 20, ..Limits::default() }) {
            let mut before = None;
            for item in reader.flatten() {
                prop_assert!(before <= Some(item.input.ts_event));
                before = Some(item.input.ts_event);
            }
        }
    }

    #[test]
    fn any_content_is_read_or_refused(content in "([0-9]{1,8}[,.A-Z\n\r]{0,2}){0,60}", quotes in any::<bool>()) {
        let name = if quotes { "20131007_spy_second_quote.csv" } else { TRADES };
        if let Ok(reader) = open(zip(&[(name, &content)]), Limits::default()) {
            let lines = content.lines().count();
            prop_assert!(reader.count() <= lines + 1);
        }
    }
}
