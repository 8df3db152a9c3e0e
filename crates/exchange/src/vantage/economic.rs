//! Economic series, made from the seed: a value for each reference period that is over.
//!
//! Names, units and rhythms are the vendor's; the values are not. Dates are the period's first day, never
//! the day of release, and a day without a value is a dot.

use alphatrader_market::random::{Random, mix};
use alphatrader_model::Calendar;
use jiff::civil::{Date, Weekday};

use super::json::{Json, fixed};
use super::table::Table;

/// Values of one answer.
const MOST: usize = 600;

/// A series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Series {
    function: &'static str,
    name: &'static str,
    unit: &'static str,
    /// The intervals that may be asked for; the first where nothing is said.
    intervals: &'static [&'static str],
    /// Where it stands in the long run, and how far a month moves it, as parts of itself.
    level: f64,
    change: f64,
    /// Growth a year, a fraction.
    growth: f64,
    decimals: usize,
}

const SERIES: [Series; 10] = [
    Series {
        function: "CPI",
        name: "Consumer Price Index for all Urban Consumers",
        unit: "index 1982-1984=100",
        intervals: &["monthly", "semiannual"],
        level: 320.0,
        change: 0.001,
        growth: 0.027,
        decimals: 3,
    },
    Series {
        function: "FEDERAL_FUNDS_RATE",
        name: "Effective Federal Funds Rate",
        unit: "percent",
        intervals: &["monthly", "weekly", "daily"],
        level: 4.0,
        change: 0.03,
        growth: 0.0,
        decimals: 2,
    },
    Series {
        function: "TREASURY_YIELD",
        name: "Treasury Constant Maturity Rate",
        unit: "percent",
        intervals: &["monthly", "weekly", "daily"],
        level: 4.0,
        change: 0.03,
        growth: 0.0,
        decimals: 2,
    },
    Series {
        function: "NONFARM_PAYROLL",
        name: "Total Nonfarm Payroll",
        unit: "thousands of persons",
        intervals: &["monthly"],
        level: 159_000.0,
        change: 0.001,
        growth: 0.012,
        decimals: 0,
    },
    Series {
        function: "UNEMPLOYMENT",
        name: "Unemployment Rate",
        unit: "percent",
        intervals: &["monthly"],
        level: 4.2,
        change: 0.02,
        growth: 0.0,
        decimals: 1,
    },
    Series {
        function: "RETAIL_SALES",
        name: "Advance Retail Sales: Retail Trade",
        unit: "millions of dollars",
        intervals: &["monthly"],
        level: 620_000.0,
        change: 0.02,
        growth: 0.03,
        decimals: 0,
    },
    Series {
        function: "DURABLES",
        name: "Manufacturer New Orders: Durable Goods",
        unit: "millions of dollars",
        intervals: &["monthly"],
        level: 290_000.0,
        change: 0.03,
        growth: 0.02,
        decimals: 0,
    },
    Series {
        function: "INFLATION",
        name: "Inflation - US Consumer Prices",
        unit: "percent",
        intervals: &["annual"],
        level: 2.8,
        change: 0.2,
        growth: 0.0,
        decimals: 4,
    },
    Series {
        function: "REAL_GDP",
        name: "Real Gross Domestic Product",
        unit: "billions of dollars",
        intervals: &["annual", "quarterly"],
        level: 23_500.0,
        change: 0.002,
        growth: 0.022,
        decimals: 3,
    },
    Series {
        function: "REAL_GDP_PER_CAPITA",
        name: "Real Gross Domestic Product per Capita",
        unit: "chained 2012 dollars",
        intervals: &["quarterly"],
        level: 69_000.0,
        change: 0.002,
        growth: 0.017,
        decimals: 0,
    },
];

/// Maturities of the Treasury yield, and how far each lies above the shortest.
const MATURITIES: [(&str, f64); 6] =
    [("3month", 0.0), ("2year", -0.10), ("5year", 0.05), ("7year", 0.15), ("10year", 0.30), ("30year", 0.60)];

/// The series of a function.
pub fn find(function: &str) -> Option<&'static Series> {
    SERIES.iter().find(|series| series.function == function)
}

/// A series as it is asked for; nothing for an interval or a maturity that it does not have.
pub fn values(
    series: &Series,
    calendar: &Calendar,
    seed: u64,
    today: Date,
    asked: (Option<&str>, Option<&str>),
) -> Option<Answer> {
    let (interval, maturity) = asked;
    let interval = interval.unwrap_or(series.intervals[0]);
    let interval = series.intervals.iter().find(|known| **known == interval)?;
    let (maturity, above) = match (series.function, maturity) {
        ("TREASURY_YIELD", maturity) => {
            let maturity = maturity.unwrap_or("10year");
            let (name, above) = MATURITIES.iter().find(|(known, _)| *known == maturity)?;
            (Some(*name), *above)
        }
        _ => (None, 0.0),
    };
    let name = match maturity {
        Some(maturity) => {
            let split = maturity.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0);
            let (number, unit) = maturity.split_at(split);
            let unit = if unit == "month" { "Month" } else { "Year" };
            format!("{number}-{unit} {}", series.name)
        }
        None => series.name.to_owned(),
    };
    let data = periods(interval, today)
        .map(|date| {
            let holiday = *interval == "daily" && calendar.session(date).is_none();
            let value = if holiday {
                ".".to_owned()
            } else {
                fixed(value(series, seed, date) + above, series.decimals)
            };
            (date.to_string(), value)
        })
        .take(MOST)
        .collect();
    Some(Answer { name, interval, unit: series.unit, data })
}

/// The periods that were over before `today`, newest first.
fn periods(interval: &str, today: Date) -> Box<dyn Iterator<Item = Date>> {
    let back = |from: Date, step: jiff::Span| {
        std::iter::successors(Some(from), move |date| date.checked_sub(step).ok())
    };
    let month = today.first_of_month();
    let floor = |months: i8| {
        let into = (today.month() - 1) % months;
        month.saturating_sub(jiff::Span::new().months(into + months))
    };
    match interval {
        "daily" => {
            let weekday = |date: &Date| !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
            Box::new(back(today, jiff::Span::new().days(1)).skip(1).filter(weekday))
        }
        "weekly" => {
            let days = i64::from(today.weekday().to_monday_zero_offset()) + 3;
            let friday = today.saturating_sub(jiff::Span::new().days(days));
            Box::new(back(friday, jiff::Span::new().weeks(1)))
        }
        "quarterly" => Box::new(back(floor(3), jiff::Span::new().months(3))),
        "semiannual" => Box::new(back(floor(6), jiff::Span::new().months(6))),
        "annual" => Box::new(back(floor(12), jiff::Span::new().months(12))),
        _ => Box::new(back(floor(1), jiff::Span::new().months(1))),
    }
}

/// The value of a period: growth from 2026 on and back, and what chance adds to its month.
fn value(series: &Series, seed: u64, date: Date) -> f64 {
    let years = f64::from(date.year()) - 2026.0 + f64::from(date.day_of_year()) / 365.0;
    let trend = series.level * (1.0 + series.growth).powf(years);
    let name = series.function.bytes().fold(7_u64, |sum, b| sum.wrapping_mul(131) + u64::from(b));
    let noise = |part: u64| Random::new(mix(&[seed, name, part])).normal();
    let (year, month) = (date.year().unsigned_abs(), date.month().unsigned_abs());
    let of_month = noise(u64::from(year) * 16 + u64::from(month));
    let of_day = 0.2 * noise(u64::from(year) * 512 + u64::from(date.day_of_year().unsigned_abs()));
    trend * (1.0 + series.change * (of_month + of_day))
}

/// A series as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    name: String,
    interval: &'static str,
    unit: &'static str,
    /// Dates and values, newest first.
    pub data: Vec<(String, String)>,
}

impl Answer {
    /// As JSON.
    pub fn json(&self) -> Json {
        let data = self.data.iter().map(|(date, value)| {
            Json::object([("date", Json::text(date.clone())), ("value", Json::text(value.clone()))])
        });
        Json::object([
            ("name", Json::text(self.name.clone())),
            ("interval", Json::text(self.interval)),
            ("unit", Json::text(self.unit)),
            ("data", Json::Array(data.collect())),
        ])
    }

    /// As text.
    pub fn text(&self) -> String {
        let mut table = Table::new(["timestamp", "value"]);
        for (date, value) in &self.data {
            table.row([date.as_str(), value.as_str()]);
        }
        table.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn periods_are_over_and_newest_first() {
        let calendar = Calendar::xnys();
        let today = date(2026, 3, 16);
        let dates = |function: &str, interval: &str| -> Vec<String> {
            let answer =
                values(find(function).unwrap(), &calendar, 1, today, (Some(interval), None)).unwrap();
            answer.data.into_iter().map(|(date, _)| date).collect()
        };
        assert_eq!(dates("CPI", "monthly")[..2], ["2026-02-01", "2026-01-01"]);
        assert_eq!(dates("REAL_GDP", "quarterly")[..2], ["2025-10-01", "2025-07-01"]);
        assert_eq!(dates("REAL_GDP", "annual")[0], "2025-01-01");
        assert_eq!(dates("TREASURY_YIELD", "daily")[..2], ["2026-03-13", "2026-03-12"]);
        assert_eq!(dates("FEDERAL_FUNDS_RATE", "weekly")[0], "2026-03-13");
        assert!(values(find("CPI").unwrap(), &calendar, 1, today, (Some("daily"), None)).is_none());
    }

    #[test]
    fn a_holiday_is_a_dot_and_a_yield_is_near_its_level() {
        let calendar = Calendar::xnys();
        let asked = (Some("daily"), Some("3month"));
        let answer = values(find("TREASURY_YIELD").unwrap(), &calendar, 1, date(2026, 1, 23), asked).unwrap();
        assert_eq!(answer.name, "3-Month Treasury Constant Maturity Rate");
        let of = |day: &str| answer.data.iter().find(|(date, _)| date == day).unwrap().1.clone();
        assert_eq!(of("2026-01-19"), ".");
        assert!((3.0..5.0).contains(&of("2026-01-20").parse::<f64>().unwrap()));
    }
}
