//! Gates: what stands between a set-up and a signal, and the words for it.
//!
//! A strategy walks its gates in order and stops at the first that does not let it through, so the
//! screen can say both what stopped a signal and what was never looked at.

use alphatrader_model::view::{GateState, GateView};

/// How one gate stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The gate.
    pub name: &'static str,
    /// Whether it let through.
    pub passed: bool,
    /// What it saw, in words.
    pub text: String,
}

/// A gate did not let through; which one is the last in the [`Walk`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// The gates walked so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    outcomes: Vec<Outcome>,
}

impl Walk {
    /// Looks at a gate.
    ///
    /// # Errors
    /// [`Stopped`] when it does not let through.
    pub fn gate(&mut self, name: &'static str, passed: bool, text: String) -> Result<(), Stopped> {
        self.outcomes.push(Outcome { name, passed, text });
        if passed { Ok(()) } else { Err(Stopped) }
    }

    /// A gate that needs a value: passes with `some`, else stops and says that it is unknown.
    ///
    /// # Errors
    /// [`Stopped`] when the value is absent.
    pub fn known<T>(&mut self, name: &'static str, value: Option<T>, missing: &str) -> Result<T, Stopped> {
        value.ok_or_else(|| {
            self.outcomes.push(Outcome { name, passed: false, text: missing.to_string() });
            Stopped
        })
    }

    /// All gates looked at, in order.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// The gate that stopped it.
    pub fn stopped_at(&self) -> Option<&Outcome> {
        self.outcomes.last().filter(|o| !o.passed)
    }

    /// All gates of a strategy as the screen shows them: `names` in order, with the counts of the day.
    pub fn view(&self, names: &[&'static str], blocked: &[u64]) -> Vec<GateView> {
        names
            .iter()
            .enumerate()
            .map(|(place, name)| {
                let outcome = self.outcomes.iter().find(|o| o.name == *name);
                let (state, text) = match outcome {
                    Some(o) if o.passed => (GateState::Passed, o.text.clone()),
                    Some(o) => (GateState::Blocked, o.text.clone()),
                    None => (GateState::NotReached, String::new()),
                };
                let blocked_today = blocked.get(place).copied().unwrap_or(0);
                GateView { name: (*name).to_string(), state, text, blocked_today }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_says_what_stopped_it_and_what_was_not_reached() {
        let mut walk = Walk::default();
        assert_eq!(walk.gate("window", true, "09:45 to 15:00".into()), Ok(()));
        assert_eq!(walk.known::<u8>("trigger", None, "five minutes are not covered yet"), Err(Stopped));
        let view = walk.view(&["window", "trigger", "option"], &[0, 7, 0]);
        let states: Vec<_> = view.iter().map(|g| g.state).collect();
        assert_eq!(states, [GateState::Passed, GateState::Blocked, GateState::NotReached]);
        assert_eq!(view[1].blocked_today, 7);
        assert_eq!(walk.stopped_at().unwrap().name, "trigger");
    }
}
