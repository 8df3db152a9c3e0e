//! Statistics of a synthetic day, beside what was measured on real ones.
//!
//! `cargo run --release -p alphatrader-market --example statistics -- [SEED] [DATE]`
#![allow(clippy::disallowed_methods, reason = "an example reads its arguments")]

use std::collections::VecDeque;

use alphatrader_market::day::PRINT_SHARES;
use alphatrader_market::{SyntheticConfig, SyntheticMarket};
use alphatrader_model::market::TradeFlags;
use alphatrader_model::{Calendar, InstrumentId, Payload, Quote, Side, Timestamp, Trade};

#[derive(Default)]
struct Day {
    events: u64,
    by_kind: [u64; 6],
    quote: Option<Quote>,
    quoted_at: Timestamp,
    /// Nanoseconds at each spread in cents.
    spreads: [i64; 8],
    seconds: u64,
    seconds_one_cent: u64,
    bid_sizes: u64,
    ask_sizes: u64,
    sizes: Vec<u64>,
    /// Sign and instant of each marketable order.
    signs: Vec<f64>,
    last_order: Option<(Timestamp, Side)>,
    halves: [u64; 13],
    counts: Vec<u64>,
    high: f64,
    low: f64,
    breaks: u64,
    agreeing: u64,
    window: VecDeque<(i64, f64)>,
    minute_flow: VecDeque<(i64, i64)>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let date = arguments.next().unwrap_or_else(|| "2025-06-03".to_owned()).parse()?;
    let session = Calendar::xnys().session(date).ok_or("the exchange is closed that day")?;
    let mut day = Day { low: f64::MAX, counts: vec![0; 391], ..Day::default() };
    for input in SyntheticMarket::new(SyntheticConfig::spy(seed), session) {
        day.events += 1;
        let at = input.ts_event;
        match input.payload {
            Payload::Quote(quote) if quote.instrument == InstrumentId(0) => {
                day.by_kind[0] += 1;
                day.quote(at, quote);
            }
            Payload::Quote(_) => day.by_kind[1] += 1,
            Payload::Trade(trade) => {
                day.by_kind[2] += 1;
                day.trade(at, at.since(session.open).as_seconds(), &trade);
            }
            Payload::Depth(_) => day.by_kind[3] += 1,
            Payload::Chain(_) => day.by_kind[4] += 1,
            _ => day.by_kind[5] += 1,
        }
    }
    day.print(seed, &session);
    Ok(())
}

impl Day {
    fn quote(&mut self, at: Timestamp, quote: Quote) {
        if let Some((bid, ask)) = self.quote.as_ref().and_then(Quote::firm) {
            let cents = ((ask.price.raw() - bid.price.raw()) / 100) as usize;
            self.spreads[cents.min(7)] += at.since(self.quoted_at).nanos();
            if at.seconds() != self.quoted_at.seconds() {
                self.second(at.seconds(), cents, bid.size.get(), ask.size.get(), bid.price.to_f64());
            }
        }
        self.quote = Some(quote);
        self.quoted_at = at;
    }

    fn second(&mut self, second: i64, cents: usize, bid: u64, ask: u64, price: f64) {
        self.seconds += 1;
        self.seconds_one_cent += u64::from(cents == 1);
        self.bid_sizes += bid;
        self.ask_sizes += ask;
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        // A break of the extreme of the last five minutes, once a minute at most.
        self.window.retain(|(at, _)| *at >= second - 300);
        self.minute_flow.retain(|(at, _)| *at >= second - 60);
        let full = self.window.front().is_some_and(|(at, _)| *at <= second - 290);
        let highest = self.window.iter().map(|w| w.1).fold(f64::MIN, f64::max);
        let lowest = self.window.iter().map(|w| w.1).fold(f64::MAX, f64::min);
        if full && (price > highest || price < lowest) {
            self.breaks += 1;
            let direction = if price > highest { 1 } else { -1 };
            let flow: i64 = self.minute_flow.iter().map(|f| f.1).sum();
            let imbalance = (bid as f64 - ask as f64) / (bid + ask) as f64;
            if flow * direction > 0 && imbalance * direction as f64 >= 0.2 {
                self.agreeing += 1;
            }
        }
        self.window.push_back((second, price));
    }

    fn trade(&mut self, at: Timestamp, seconds: f64, trade: &Trade) {
        if trade.flags.contains(TradeFlags::AUCTION) {
            return;
        }
        self.sizes.push(trade.size.get());
        self.halves[((seconds / 1_800.0) as usize).min(12)] += 1;
        self.counts[(seconds / 60.0) as usize] += 1;
        let Some(side) = trade.aggressor else { return };
        self.minute_flow.push_back((at.seconds(), side.sign() * trade.size.get() as i64));
        if self.last_order != Some((at, side)) {
            self.signs.push(side.sign() as f64);
        }
        self.last_order = Some((at, side));
    }

    fn print(mut self, seed: u64, session: &alphatrader_model::Session) {
        println!("synthetic SPY, seed {seed}, {}\n", session.date);
        println!(
            "events {} (quotes {}, option quotes {}, prints {}, depth {}, chain rows {}, other {})",
            self.events,
            self.by_kind[0],
            self.by_kind[1],
            self.by_kind[2],
            self.by_kind[3],
            self.by_kind[4],
            self.by_kind[5]
        );
        let time: i64 = self.spreads.iter().sum();
        let seconds = self.seconds as f64;
        println!("\n{:<44}{:>12}   measured", "", "synthetic");
        row("time with a spread of one cent, %", 100.0 * self.spreads[1] as f64 / time as f64, "");
        row("seconds with a spread of one cent, %", 100.0 * self.seconds_one_cent as f64 / seconds, "99");
        row("mean size at the bid, shares", self.bid_sizes as f64 / seconds, "9 780 / 9 204");
        row("mean size at the ask, shares", self.ask_sizes as f64 / seconds, "10 702 / 9 701");
        let length = session.close.since(session.open).as_seconds();
        row("prints a second", self.sizes.len() as f64 / length, "10.3 / 18.8");
        self.sizes.sort_unstable();
        let quantile = |q: f64| self.sizes[((self.sizes.len() - 1) as f64 * q) as usize] as f64;
        row("print size, median", quantile(0.5), "200");
        let volume: u64 = self.sizes.iter().sum();
        row("print size, mean", volume as f64 / self.sizes.len() as f64, "339 / 351");
        row("print size, 99 %", quantile(0.99), "2 700 / 2 963");
        row("volume, million shares", volume as f64 / 1e6, "85 / 158");
        for (lag, measured) in
            [(1, ".62 .61"), (2, ".44 .45"), (5, ".22 .24"), (10, ".08 .11"), (20, ".05 .09")]
        {
            row(&format!("sign autocorrelation, lag {lag}"), autocorrelation(&self.signs, lag), measured);
        }
        let counts: Vec<f64> = self.counts[..390].iter().map(|c| *c as f64).collect();
        let mean = counts.iter().sum::<f64>() / 390.0;
        let variance = counts.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / 390.0;
        row("Fano factor of prints, 60 s", variance / mean, "421 / 375");
        row("range of the day, %", 100.0 * (self.high / self.low - 1.0), "");
        row("seconds beyond the extreme of 5 minutes", self.breaks as f64, "");
        row("  of them flow and touch agree", self.agreeing as f64, "");
        println!("\nshare of prints by half hour (measured beside)");
        let prints = self.halves.iter().sum::<u64>() as f64;
        for (half, (count, measured)) in self.halves.iter().zip(PRINT_SHARES).enumerate() {
            let minutes = 570 + 30 * half;
            println!(
                "  {:02}:{:02}  {:.3}  {measured:.2}",
                minutes / 60,
                minutes % 60,
                *count as f64 / prints
            );
        }
    }
}

fn row(name: &str, value: f64, measured: &str) {
    println!("{name:<44}{value:>12.2}   {measured}");
}

fn autocorrelation(signs: &[f64], lag: usize) -> f64 {
    let mean = signs.iter().sum::<f64>() / signs.len() as f64;
    let variance: f64 = signs.iter().map(|s| (s - mean) * (s - mean)).sum();
    let products: f64 = signs.windows(lag + 1).map(|w| (w[0] - mean) * (w[lag] - mean)).sum();
    products / variance
}
