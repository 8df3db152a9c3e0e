use super::*;
use crate::progress::Progress;
use crate::recording::{Recording, samples};
use alphatrader_model::{Payload, Seq};

const PATIENCE: Duration = Duration::from_mins(1);

fn config(folder: &std::path::Path) -> RecorderConfig {
    RecorderConfig {
        shelf: Shelf::new(folder),
        header: samples::header(),
        recovered: samples::records(),
        keep_days: 5,
        most_bytes: 1 << 30,
    }
}

fn checkpoint(through: u64) -> Checkpoint {
    Checkpoint { through: Seq(through), events: through, digest: format!("{through:064x}") }
}

fn so_far(events: u64) -> (u64, String) {
    (events, checkpoint(events).digest)
}

fn event(seq: u64) -> Event {
    samples::taken(seq, seq as i64, Payload::Timer).event
}

fn pieces(path: &std::path::Path) -> Vec<Piece> {
    Recording::open(path, &Progress::default()).unwrap().map(Result::unwrap).collect()
}

fn places(pieces: &[Piece]) -> Vec<u64> {
    let events = pieces.iter().filter_map(|piece| match piece {
        Piece::Events(taken) => Some(taken),
        _ => None,
    });
    events.flatten().map(|taken| taken.event.seq.0).collect()
}

#[test]
fn what_goes_in_comes_out_with_its_digest_and_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, mut tape) = Recorder::start(config(folder.path()), &Calendar::xnys()).unwrap();
    let now = samples::header().begun;
    // Enough for several chunks.
    for seq in 1..=20_000 {
        tape.take(&event(seq), (seq % 10 == 0).then_some(seq));
    }
    tape.end(now, "stopped", || so_far(20_000));
    assert!(recorder.finish(PATIENCE));
    assert_eq!(recorder.status().events, 20_000);
    let file = Shelf::new(folder.path()).files(samples::header().date)[0].clone();
    let pieces = pieces(&file);
    assert_eq!(pieces[0], Piece::Recovered(samples::records()));
    assert_eq!(places(&pieces), (1..=20_000).collect::<Vec<_>>());
    let tail = &pieces[pieces.len() - 2..];
    assert_eq!(tail[0], Piece::Checkpoint(checkpoint(20_000)));
    assert_eq!(tail[1], Piece::End(End { events: 20_000, reason: "stopped".into() }));
}

#[test]
fn the_next_day_is_another_file_that_names_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, mut tape) = Recorder::start(config(folder.path()), &Calendar::xnys()).unwrap();
    let begun = samples::header().begun;
    tape.take(&event(1), None);
    let tomorrow = begun + alphatrader_model::Span::from_minutes(24 * 60);
    tape.flush(tomorrow, || so_far(1));
    tape.take(&event(2), None);
    tape.end(tomorrow, "stopped", || so_far(2));
    assert!(recorder.finish(PATIENCE));
    let shelf = Shelf::new(folder.path());
    let days = shelf.days();
    assert_eq!(days.len(), 2);
    let mut first = Recording::open(&shelf.files(days[0])[0], &Progress::default()).unwrap();
    assert!(first.by_ref().all(|piece| piece.is_ok()));
    let second = Recording::open(&shelf.files(days[1])[0], &Progress::default()).unwrap();
    let previous = second.header().previous.clone().unwrap();
    assert_eq!(second.header().part, 1);
    assert_eq!(previous, Previous { file: shelf.name_of(first.path()), chain: first.chain_so_far().hex() });
    assert_eq!(places(&pieces(&shelf.files(days[1])[0])), [2]);
}

#[test]
fn a_full_queue_makes_a_hole_that_is_named_and_counted() {
    // Nobody takes anything from this queue until the test does.
    let (sender, receiver) = sync_channel(1);
    let shared = Arc::new(Shared::default());
    let date = samples::header().date;
    let mut tape = Tape {
        sender,
        shared: Arc::clone(&shared),
        calendar: Calendar::xnys(),
        date,
        chunk: Chunk::default(),
        lost: None,
    };
    let now = samples::header().begun;
    for seq in 1..=5 {
        tape.take(&event(seq), None);
        tape.flush(now, || so_far(seq));
    }
    assert_eq!(shared.status().lost, 4);
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(config(folder.path()), shared);
    writer.begin(samples::header()).unwrap();
    assert!(matches!(writer.hear(receiver.try_recv().unwrap()), (true, Ok(()))));
    tape.take(&event(6), None);
    tape.end(now, "stopped", || so_far(6));
    // The queue had room for the last chunk and none for the end: that is no fault, the file says so.
    drop(writer.hear(receiver.try_recv().unwrap()));
    writer.write().unwrap();
    let pieces = pieces(&Shelf::new(folder.path()).files(date)[0]);
    assert_eq!(places(&pieces), [1, 6]);
    let lost = pieces.iter().find_map(|piece| if let Piece::Lost(lost) = piece { Some(lost) } else { None });
    assert_eq!(lost.map(|lost| (lost.from, lost.through)), Some((Seq(2), Seq(5))));
}

#[test]
fn a_bound_that_is_reached_ends_the_recording_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let small = RecorderConfig { most_bytes: 3_000, ..config(folder.path()) };
    let (recorder, mut tape) = Recorder::start(small, &Calendar::xnys()).unwrap();
    let now = samples::header().begun;
    let mut seq = 0;
    let until = Clock::instant() + PATIENCE;
    while recorder.status().failed.is_none() {
        assert!(Clock::instant() < until, "it goes on for ever");
        // Marks that do not pack.
        for _ in 0..2_000 {
            seq += 1;
            tape.take(&event(seq), Some(seq.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        }
        tape.flush(now, || so_far(seq));
        std::thread::park_timeout(Duration::from_millis(5));
    }
    let words = recorder.status().failed.unwrap();
    assert!(words.contains("max_gigabytes"), "{words}");
    // Trading goes on, and what is not recorded is counted.
    let lost = recorder.status().lost;
    tape.take(&event(seq + 1), None);
    assert!(recorder.status().lost > lost);
    tape.end(now, "stopped", || so_far(seq));
    assert!(recorder.finish(PATIENCE));
    // What was written before can be read whole.
    let file = &Shelf::new(folder.path()).files(samples::header().date)[0];
    assert!(!places(&pieces(file)).is_empty());
}

#[test]
fn a_disk_that_is_full_ends_the_recording_and_leaves_whole_frames() {
    // The kernel's own full disk, where there is one.
    if !std::path::Path::new("/dev/full").exists() {
        println!("skipped: no /dev/full");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let shared = Arc::new(Shared::default());
    let mut writer = Writer::new(config(folder.path()), Arc::clone(&shared));
    writer.begin(samples::header()).unwrap();
    writer.segment.as_mut().unwrap().onto_full_disk();
    let mut chunk = Chunk::default();
    chunk.push(&event(1), None);
    writer.take(None, &chunk, None).unwrap();
    let error = writer.write().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    writer.fail(&error);
    assert!(shared.status().failed.as_ref().unwrap().contains("0001.atr"));
    assert_eq!(shared.status().lost, 1);
    let file = &Shelf::new(folder.path()).files(samples::header().date)[0];
    assert_eq!(pieces(file), [Piece::Recovered(samples::records())]);
}

#[test]
fn a_folder_that_cannot_be_is_said_at_the_start() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Recorder::start(config(&file.path().join("x")), &Calendar::xnys()).err().unwrap().to_string();
    assert!(error.contains("recording.directory"), "{error}");
}
