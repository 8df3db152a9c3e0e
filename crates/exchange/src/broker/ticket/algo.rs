//! Algorithms: the broker's strategies by name, with the checks of their parameters, as plans that
//! the gateway carries out in a plain way.
//!
//! | strategy | plan |
//! | --- | --- |
//! | Adaptive | rests at the near side, steps toward the far one, then takes: patience by priority |
//! | Twap, `DarkIce` | even slices until its end, ten minutes without one |
//! | Vwap, `ClosePx` | slices by the day's usual volume until its end, the close without one |
//! | `ArrivalPx`, `BalanceImpactRisk` | even slices, the faster the less risk is to be borne |
//! | `PctVol`, `MinImpact` | a share of what others trade |
//! | AD | parts of one size at one interval |
//!
//! The broker's own algorithms are cleverer; what a client can tell apart (which parameters are
//! taken, one order with many fills, its states) is the same.

use alphatrader_model::{Span, Timestamp};

use super::Refused;
use super::time::read_time;
use crate::wire::message::order_terms::Order as Terms;
use crate::wire::notice;

/// An instant, or a time of the exchange's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// An instant.
    At(Timestamp),
    /// This long after midnight in New York.
    OfDay(Span),
}

/// How an algorithm works its order.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// Rest, then step toward the far side, then take it.
    Patient {
        /// How long until it takes.
        patience: Span,
    },
    /// Fill along a curve between two times.
    Schedule {
        /// When it begins; at once without.
        begin: Option<Moment>,
        /// When all is to be done.
        end: End,
        /// Along the day's usual volume; else evenly.
        by_volume: bool,
        /// Most of what others trade meanwhile, as a part of it.
        share: Option<f64>,
    },
    /// Fill as a part of what others trade.
    Share {
        /// The part.
        share: f64,
        /// When it begins; at once without.
        begin: Option<Moment>,
    },
    /// Parts of one size at one interval.
    Parts {
        /// Shares or contracts.
        size: u64,
        /// How far apart.
        every: Span,
    },
}

/// When a schedule ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Then.
    Moment(Moment),
    /// This long after its beginning.
    After(Span),
    /// With the session.
    Close,
}

const TIMES: &[&str] = &["startTime", "endTime", "allowPastEndTime", "monetaryValue"];

/// The strategies: name and parameters.
const STRATEGIES: &[(&str, &[&str])] = &[
    ("Adaptive", &["adaptivePriority"]),
    ("Twap", &["strategyType", "catchUp"]),
    ("Vwap", &["maxPctVol", "noTakeLiq", "speedUp"]),
    ("ArrivalPx", &["maxPctVol", "riskAversion", "forceCompletion"]),
    ("BalanceImpactRisk", &["maxPctVol", "riskAversion", "forceCompletion"]),
    ("DarkIce", &["displaySize"]),
    ("MinImpact", &["maxPctVol"]),
    ("PctVol", &["pctVol", "noTakeLiq"]),
    ("ClosePx", &["maxPctVol", "riskAversion", "forceCompletion"]),
    (
        "AD",
        &[
            "componentSize",
            "timeBetweenOrders",
            "randomizeTime20",
            "randomizeSize55",
            "giveUp",
            "catchUp",
            "waitOrFill",
            "waitForFill",
            "activeTimeStart",
            "activeTimeEnd",
        ],
    ),
];

/// Reads the algorithm of an order; nothing when it has none.
///
/// # Errors
/// [`Refused`] with the broker's codes: 439 for a strategy it does not have, 441 for a value, 442 for
/// an order that the strategy does not take, 443 for a parameter that the strategy does not have.
pub fn read_plan(terms: &Terms) -> Result<Option<Plan>, Refused> {
    let Some(name) = terms.algo_strategy.as_deref().filter(|name| !name.is_empty()) else { return Ok(None) };
    let Some((name, parameters)) = STRATEGIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
    else {
        let text = format!("The algorithm definition was not found for the order: '{name}'");
        return Err(Refused::new(notice::UNKNOWN_ALGORITHM, text));
    };
    if !matches!(terms.order_type.as_deref(), Some("MKT" | "LMT")) {
        let text = "Specified algorithm is not allowed for this order: it takes MKT and LMT";
        return Err(Refused::new(notice::ALGORITHM_NOT_ALLOWED, text));
    }
    let known = |key: &String| parameters.contains(&key.as_str()) || TIMES.contains(&key.as_str());
    if let Some(unknown) = terms.algo_params.keys().find(|key| !known(key)) {
        let text = format!("Order is not processed. Unknown algo attribute: {unknown}");
        return Err(Refused::new(notice::UNKNOWN_ALGORITHM_PARAMETER, text));
    }
    Given(terms).plan(name).map(Some)
}

fn wrong(key: &str, why: &str) -> Refused {
    Refused::new(notice::ALGORITHM_PARAMETER, format!("Algo attributes validation failed: {key} {why}"))
}

struct Given<'a>(&'a Terms);

impl Given<'_> {
    fn plan(&self, name: &str) -> Result<Plan, Refused> {
        let begin = self.moment("startTime")?;
        let end = self.moment("endTime")?.map(End::Moment);
        let schedule = |end, by_volume, share| Plan::Schedule { begin, end, by_volume, share };
        Ok(match name {
            "Adaptive" => Plan::Patient { patience: self.priority()? },
            "Vwap" => schedule(end.unwrap_or(End::Close), true, self.share("maxPctVol")?),
            "ClosePx" => {
                self.risk()?;
                schedule(End::Close, true, self.share("maxPctVol")?)
            }
            "ArrivalPx" | "BalanceImpactRisk" => {
                schedule(end.unwrap_or(End::After(self.risk()?)), false, self.share("maxPctVol")?)
            }
            "MinImpact" => Plan::Share { share: self.share("maxPctVol")?.unwrap_or(0.1), begin },
            "PctVol" => {
                let share = self.share("pctVol")?.ok_or_else(|| wrong("pctVol", "is missing"))?;
                Plan::Share { share, begin }
            }
            "AD" => Plan::Parts {
                size: self.count("componentSize")?,
                every: Span::from_seconds(self.count("timeBetweenOrders")?.min(86_400) as i64),
            },
            _ => schedule(end.unwrap_or(End::After(Span::from_minutes(10))), false, None),
        })
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.algo_params.get(key).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    fn priority(&self) -> Result<Span, Refused> {
        match self.text("adaptivePriority") {
            Some("Urgent") => Ok(Span::from_seconds(2)),
            Some("Normal") | None => Ok(Span::from_seconds(10)),
            Some("Patient") => Ok(Span::from_seconds(30)),
            Some(other) => {
                Err(wrong("adaptivePriority", &format!("'{other}' is not Urgent, Normal or Patient")))
            }
        }
    }

    fn risk(&self) -> Result<Span, Refused> {
        match self.text("riskAversion") {
            Some("Get Done") => Ok(Span::from_seconds(10)),
            Some("Aggressive") => Ok(Span::from_minutes(1)),
            Some("Neutral") | None => Ok(Span::from_minutes(5)),
            Some("Passive") => Ok(Span::from_minutes(15)),
            Some(other) => Err(wrong(
                "riskAversion",
                &format!("'{other}' is not Get Done, Aggressive, Neutral or Passive"),
            )),
        }
    }

    fn share(&self, key: &str) -> Result<Option<f64>, Refused> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let share = text.parse().ok().filter(|share: &f64| (0.01..=0.5).contains(share));
        share.map(Some).ok_or_else(|| wrong(key, &format!("'{text}' is not between 0.01 and 0.5")))
    }

    fn count(&self, key: &str) -> Result<u64, Refused> {
        let text = self.text(key).ok_or_else(|| wrong(key, "is missing"))?;
        let count = text.parse().ok().filter(|count: &u64| *count > 0);
        count.ok_or_else(|| wrong(key, &format!("'{text}' is not a whole number above zero")))
    }

    /// A time with or without a date.
    fn moment(&self, key: &str) -> Result<Option<Moment>, Refused> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let clock = text.split_whitespace().next().unwrap_or(text);
        if let Ok(time) = jiff::civil::Time::strptime("%H:%M:%S", clock) {
            let seconds =
                i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
            return Ok(Some(Moment::OfDay(Span::from_seconds(seconds))));
        }
        // The broker takes a dash between date and time of day, also where a zone follows.
        let dashed = text.split_once('-').filter(|(_, rest)| rest.contains(' '));
        let text = dashed.map_or_else(|| text.to_owned(), |(date, rest)| format!("{date} {rest}"));
        let at = read_time(&text, key).map_err(|refused| wrong(key, &refused.text))?;
        Ok(Some(Moment::At(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(strategy: &str, parameters: &[(&str, &str)]) -> Terms {
        Terms {
            order_type: Some("LMT".to_owned()),
            algo_strategy: Some(strategy.to_owned()),
            algo_params: parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            ..Terms::default()
        }
    }

    fn code(terms: &Terms) -> i32 {
        read_plan(terms).unwrap_err().code
    }

    #[test]
    fn strategies_become_plans() {
        let plan = |strategy: &str, parameters: &[(&str, &str)]| {
            read_plan(&terms(strategy, parameters)).unwrap().unwrap()
        };
        let patience = Span::from_seconds(2);
        assert_eq!(plan("Adaptive", &[("adaptivePriority", "Urgent")]), Plan::Patient { patience });
        let vwap = [
            ("maxPctVol", "0.2"),
            ("startTime", "10:00:00 US/Eastern"),
            ("endTime", "20260316-11:00:00 US/Eastern"),
        ];
        assert_eq!(
            plan("Vwap", &vwap),
            Plan::Schedule {
                begin: Some(Moment::OfDay(Span::from_seconds(36_000))),
                end: End::Moment(Moment::At(Timestamp::from_seconds(1_773_673_200))),
                by_volume: true,
                share: Some(0.2),
            }
        );
        assert!(matches!(
            plan("Twap", &[("strategyType", "Marketable")]),
            Plan::Schedule { by_volume: false, .. }
        ));
        assert!(matches!(plan("pctvol", &[("pctVol", "0.1")]), Plan::Share { .. }));
        let parts = [("componentSize", "5"), ("timeBetweenOrders", "30"), ("giveUp", "1")];
        assert_eq!(plan("AD", &parts), Plan::Parts { size: 5, every: Span::from_seconds(30) });
        assert_eq!(read_plan(&Terms::default()).unwrap(), None);
    }

    #[test]
    fn parameters_are_checked_as_the_broker_does() {
        assert_eq!(code(&terms("Magic", &[])), notice::UNKNOWN_ALGORITHM);
        let stop = Terms { order_type: Some("STP".to_owned()), ..terms("Adaptive", &[]) };
        assert_eq!(code(&stop), notice::ALGORITHM_NOT_ALLOWED);
        assert_eq!(code(&terms("Adaptive", &[("maxPctVol", "0.1")])), notice::UNKNOWN_ALGORITHM_PARAMETER);
        for (strategy, key, value) in [
            ("Adaptive", "adaptivePriority", "Hasty"),
            ("Vwap", "maxPctVol", "0.9"),
            ("Vwap", "maxPctVol", "much"),
            ("Vwap", "startTime", "noon"),
            ("ArrivalPx", "riskAversion", "None"),
            ("AD", "componentSize", "0"),
        ] {
            assert_eq!(code(&terms(strategy, &[(key, value)])), notice::ALGORITHM_PARAMETER, "{key}={value}");
        }
        assert_eq!(code(&terms("PctVol", &[])), notice::ALGORITHM_PARAMETER);
    }
}
