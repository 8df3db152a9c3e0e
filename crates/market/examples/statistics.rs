//! Statistics of synthetic days, beside what was measured on real ones.
//!
//! `cargo run --release -p alphatrader-market --example statistics -- [SEED] [DATE] [DAYS]`
#![allow(clippy::disallowed_methods, reason = "an example reads its arguments")]

use alphatrader_market::synthetic::chronicle::Chronicle;
use alphatrader_market::synthetic::statistics::{Measures, Row, movement};
use alphatrader_market::{SyntheticConfig, SyntheticMarket};
use alphatrader_model::{Calendar, InstrumentId};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let date = arguments.next().unwrap_or_else(|| "2025-06-03".to_owned()).parse()?;
    let days: usize = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let calendar = Calendar::xnys();
    let mut session = calendar.session(date).ok_or("the exchange is closed that day")?;
    let mut measures = Measures::new(InstrumentId(0));
    for _ in 0..days {
        let config = SyntheticConfig { with_chain: false, ..SyntheticConfig::spy(seed) };
        for input in SyntheticMarket::new(config, session) {
            measures.on(&input);
        }
        session = calendar.next_session(session.date);
    }
    println!("synthetic SPY, seed {seed}, {days} days from {date}\n");
    println!("| measure | measured | synthetic | still good | |");
    println!("| --- | ---: | ---: | ---: | --- |");
    let mut rows = measures.rows();
    rows.extend(movement(&Chronicle::new(seed, Vec::new()), &calendar, date, 60));
    for Row { name, measured, synthetic, tolerance: (low, high) } in &rows {
        let holds = if (*low..=*high).contains(synthetic) { "" } else { "out" };
        println!("| {name} | {measured} | {synthetic:.2} | {low} to {high} | {holds} |");
    }
    println!("\nshare of prints by half hour, %:");
    let shares: Vec<String> =
        measures.half_hours().iter().map(|share| format!("{:.1}", 100.0 * share)).collect();
    println!("{}", shares.join(" "));
    Ok(())
}
