//! A simulated day of the scheduler: three funds and ten companies, from 03:55 to 20:30 in New York, on the simulated
//! clock with a server in the same process.
//!
//! `cargo run -p alphatrader-alphavantage --example day`

use alphatrader_alphavantage::Settings;
use alphatrader_model::{Calendar, Span, Timestamp};

#[allow(dead_code, reason = "shared with the tests")]
#[path = "../tests/it/hour.rs"]
mod hour;
#[allow(dead_code, reason = "shared with the tests")]
#[path = "../tests/it/server.rs"]
mod server;

fn main() {
    let calendar = Calendar::xnys();
    let day = jiff::civil::date(2026, 11, 23);
    let (start, end) = (calendar.instant(day, 3, 55), calendar.instant(day, 20, 30));
    let ran = hour::run(Settings::new(hour::symbols()), server::Server::new(6), start, end);
    println!("{day}, New York. Requests as the server counted them.\n");
    println!(
        "{:<13} {:>8} {:>16} {:>14} {:>8}",
        "hour", "requests", "most in any 60 s", "closest two", "refused"
    );
    let mut from = calendar.instant(day, 3, 0);
    while from < end {
        let to = from + Span::from_minutes(60);
        let inside: Vec<_> =
            ran.log.iter().filter(|entry| from <= entry.at && entry.at < to).cloned().collect();
        let (most, least) = hour::density(&inside);
        let refused = inside.iter().filter(|entry| entry.refused).count();
        println!(
            "{:<13} {:>8} {most:>16} {:>11} ms {refused:>8}",
            span(&calendar, from),
            inside.len(),
            least.millis()
        );
        from = to;
    }
    let (most, least) = hour::density(&ran.log);
    println!("{:<13} {:>8} {most:>16} {:>11} ms\n", "all day", ran.log.len(), least.millis());
    for (symbol, ages) in &ran.ages {
        println!(
            "{symbol}: age of today's expiry over the session, p95 {:.1} s",
            hour::p95(ages) as f64 / 1e3
        );
    }
    println!("\n{}", ran.status.scheduler);
    println!("\nthe last decisions:");
    for decision in ran.status.scheduler.decisions.iter().rev().take(12).rev() {
        println!("  {decision}");
    }
}

fn span(calendar: &Calendar, from: Timestamp) -> String {
    let hour = calendar.local(from).hour();
    format!("{hour:02}:00-{:02}:00", (hour + 1) % 24)
}
