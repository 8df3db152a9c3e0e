//! Events as CSV: `datetime_et,name,impact,country`, in any order of columns, others beside them ignored.

use alphatrader_model::Calendar;
use jiff::civil::{Date, DateTime};

use super::{BadLine, Certainty, EconomicEvent, Impact, MOST_EVENTS};

/// Reads the text.
///
/// # Errors
/// [`BadLine`].
pub fn parse(text: &str, source: &str, calendar: &Calendar) -> Result<Vec<EconomicEvent>, BadLine> {
    let mut lines = text.lines().enumerate().map(|(place, line)| (place + 1, line.trim_end_matches('\r')));
    let (_, head) = lines.next().unwrap_or_default();
    let names = cells(head);
    let column = |wanted: &str| names.iter().position(|name| name.trim().eq_ignore_ascii_case(wanted));
    let missing =
        |name: &str| (1, format!("no column {name}; the first line is datetime_et,name,impact,country"));
    let when = column("datetime_et").ok_or_else(|| missing("datetime_et"))?;
    let what = column("name").ok_or_else(|| missing("name"))?;
    let (impact, country) = (column("impact"), column("country"));
    let mut events = Vec::new();
    for (number, line) in lines {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if events.len() == MOST_EVENTS {
            return Err((number, format!("more than {MOST_EVENTS} events; is it the right file?")));
        }
        let cells = cells(line);
        let cell = |place: usize| cells.get(place).map_or("", |cell| cell.trim());
        let (at, date, whole_day) = instant(cell(when), calendar).ok_or_else(|| {
            (number, format!("`{}` is no time in New York such as 2026-12-10 08:30", cell(when)))
        })?;
        if cell(what).is_empty() {
            return Err((number, "an event needs a name".to_owned()));
        }
        let impact = match impact.map(cell).unwrap_or_default().to_ascii_lowercase().as_str() {
            "" => None,
            "low" | "1" => Some(Impact::Low),
            "medium" | "moderate" | "2" => Some(Impact::Medium),
            "high" | "3" => Some(Impact::High),
            other => return Err((number, format!("`{other}` is no impact: low, medium or high"))),
        };
        events.push(EconomicEvent {
            at,
            date,
            whole_day,
            name: cell(what).chars().take(200).collect(),
            impact,
            country: country.map(cell).unwrap_or_default().chars().take(40).collect(),
            source: source.to_owned(),
            certainty: Certainty::Confirmed,
        });
    }
    Ok(events)
}

/// An instant, its exchange date, and whether only the day is named.
fn instant(text: &str, calendar: &Calendar) -> Option<(alphatrader_model::Timestamp, Date, bool)> {
    let text = text.replacen(' ', "T", 1);
    if let Ok(date) = text.parse::<Date>()
        && !text.contains('T')
    {
        return Some((calendar.midnight(date), date, true));
    }
    let time: DateTime = text.parse().ok()?;
    Some((calendar.instant(time.date(), time.hour(), time.minute()), time.date(), false))
}

/// The cells of a line; what stands in quotes may hold commas.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().expect("there is always one").push(c),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_any_order_and_names_in_quotes() {
        let calendar = Calendar::xnys();
        let text = "country,datetime_et,forecast,name,impact\r\n# a remark\r\nUS,2026-12-10T08:30,0.2,\"CPI, all items\",High\r\n\r\n";
        let events = parse(text, "mine.csv", &calendar).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].name.as_str(), events[0].impact), ("CPI, all items", Some(Impact::High)));
        assert_eq!(events[0].at.to_string(), "2026-12-10T13:30:00Z");
        let wrong = |text: &str| parse(text, "mine.csv", &calendar).unwrap_err();
        assert_eq!(wrong("when,name\n").0, 1);
        assert!(wrong("datetime_et,name,impact\n2026-12-10 08:30,CPI,huge\n").1.contains("huge"));
        assert!(wrong("datetime_et,name\n2026-13-10 08:30,CPI\n").1.contains("2026-13-10"));
    }
}
