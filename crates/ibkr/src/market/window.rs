//! Which strikes of a chain are followed.

use alphatrader_model::Price;

/// The strikes around the spot that are followed, and when they move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// All strikes, ascending, each once.
    strikes: Vec<Price>,
    /// Strikes below and above the centre.
    reach: usize,
    /// Place of the strike nearest to the spot when the window last moved.
    centre: Option<usize>,
}

impl Window {
    /// A window of `each_side` strikes below and above the centre, fewer when `lines` market data
    /// lines (a call and a put a strike) are not enough.
    pub(crate) fn new(mut strikes: Vec<Price>, each_side: usize, lines: usize) -> Self {
        strikes.sort_unstable();
        strikes.dedup();
        let reach = each_side.min((lines / 2).saturating_sub(1) / 2);
        Self { strikes, reach, centre: None }
    }

    /// Moves the window when the spot left the middle of it: a quarter of its reach, at least one
    /// strike and a half, so that a spot between two strikes does not move it to and fro. Says
    /// whether it moved.
    pub(crate) fn follow(&mut self, spot: Price) -> bool {
        let Some(nearest) = self.nearest(spot) else { return false };
        let slack = (self.reach / 4).max(1);
        let moves = self.centre.is_none_or(|centre| nearest.abs_diff(centre) > slack);
        if moves {
            self.centre = Some(nearest);
        }
        moves
    }

    fn nearest(&self, spot: Price) -> Option<usize> {
        let above = self.strikes.partition_point(|strike| *strike < spot);
        let distance = |place: &usize| self.strikes[*place].raw().abs_diff(spot.raw());
        [above.checked_sub(1), Some(above)]
            .into_iter()
            .flatten()
            .filter(|place| *place < self.strikes.len())
            .min_by_key(distance)
    }

    /// The strikes inside, ascending; none before the first spot.
    pub(crate) fn strikes(&self) -> &[Price] {
        let Some(centre) = self.centre else { return &[] };
        let from = centre.saturating_sub(self.reach);
        let to = (centre + self.reach + 1).min(self.strikes.len());
        &self.strikes[from..to]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dollars(range: std::ops::RangeInclusive<i64>) -> Vec<Price> {
        range.map(|dollar| Price::from_cents(dollar * 100)).collect()
    }

    #[test]
    fn ten_strikes_each_side_of_the_spot() {
        let mut window = Window::new(dollars(500..=700), 10, 60);
        assert!(window.strikes().is_empty());
        assert!(window.follow(Price::from_cents(58_940)));
        assert_eq!(window.strikes(), dollars(579..=599));
        // Two strikes are a quarter of the reach: it stays.
        assert!(!window.follow(Price::from_cents(59_140)));
        assert!(window.follow(Price::from_cents(59_160)));
        assert_eq!(window.strikes(), dollars(582..=602));
    }

    #[test]
    fn few_lines_make_a_small_window() {
        let mut window = Window::new(dollars(500..=700), 10, 20);
        window.follow(Price::from_cents(60_000));
        assert_eq!(window.strikes(), dollars(596..=604));
        let mut window = Window::new(dollars(500..=700), 10, 2);
        window.follow(Price::from_cents(60_000));
        assert_eq!(window.strikes(), dollars(600..=600));
    }

    #[test]
    fn the_edge_of_the_chain_cuts_it() {
        let mut window = Window::new(dollars(500..=503), 10, 60);
        window.follow(Price::from_cents(90_000));
        assert_eq!(window.strikes(), dollars(500..=503));
        assert!(!Window::new(Vec::new(), 10, 60).follow(Price::CENT));
    }

    proptest! {
        #[test]
        fn it_keeps_to_its_lines_and_holds_the_nearest_strike(
            strikes in proptest::collection::vec(1_i64..2_000, 1..200),
            spots in proptest::collection::vec(1_i64..200_000, 1..50),
            each_side in 0_usize..20,
            lines in 2_usize..100,
        ) {
            let strikes: Vec<Price> = strikes.into_iter().map(|d| Price::from_cents(d * 100)).collect();
            let mut window = Window::new(strikes.clone(), each_side, lines);
            for spot in spots {
                let spot = Price::from_cents(spot);
                if window.follow(spot) {
                    let least = strikes.iter().map(|s| s.raw().abs_diff(spot.raw())).min();
                    let held = window.strikes().iter().map(|s| s.raw().abs_diff(spot.raw())).min();
                    prop_assert_eq!(least, held);
                }
                prop_assert!(window.strikes().len() * 2 <= lines);
                prop_assert!(window.strikes().len() <= 2 * each_side + 1);
                prop_assert!(!window.follow(spot), "one spot moves it once");
            }
        }
    }
}
