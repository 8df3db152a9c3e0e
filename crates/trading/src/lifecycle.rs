//! The state machine of an order (signals-and-risk, section 8).
//!
//! Every message maps to exactly one transition. Brokers repeat statuses, skip states and cross
//! cancels with fills, so the machine accepts any forward step and treats a repeated or stale status
//! as no change. What cannot be (a finished order that comes back to life) is an error for the
//! caller to count, and a reason to ask the broker for its whole picture.

use alphatrader_model::OrderState;
use alphatrader_model::broker::BrokerOrderState;
use thiserror::Error;

/// What can happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The barrier handed it to the outside world.
    Released,
    /// The barrier did not, and never will.
    Withheld,
    /// We asked for its cancellation.
    CancelAsked,
    /// The broker lists it as if we never had: the cancel was lost on its way.
    CancelLost,
    /// The broker says where it is.
    Status(BrokerOrderState),
    /// The broker refused it.
    Refused,
    /// The broker does not know it, or no longer lists it and it did not fill.
    Unknown,
    /// Executions reached its quantity.
    FilledWhole,
    /// An execution came, and more is left.
    FilledInPart,
}

/// A transition that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an order that is {from:?} cannot take {step:?}")]
pub struct Impossible {
    /// Where the order was.
    pub from: OrderState,
    /// What came.
    pub step: Step,
}

/// Where an order is after `step`.
///
/// # Errors
/// [`Impossible`] when the step contradicts what is already certain.
pub fn advance(from: OrderState, step: Step) -> Result<OrderState, Impossible> {
    use OrderState as S;
    let impossible = Err(Impossible { from, step });
    match step {
        Step::Released => match from {
            S::Intent => Ok(S::PendingSubmit),
            // A release is recorded once; hearing from the broker first is a race it may win.
            S::PendingSubmit | S::PreSubmitted | S::Submitted | S::PartiallyFilled | S::PendingCancel => {
                Ok(from)
            }
            S::Filled | S::Cancelled | S::Rejected | S::Inactive => Ok(from),
            S::NotSent => impossible,
        },
        Step::Withheld => match from {
            S::Intent | S::NotSent => Ok(S::NotSent),
            _ => impossible,
        },
        Step::CancelAsked => match from {
            S::PendingSubmit
            | S::PreSubmitted
            | S::Submitted
            | S::PartiallyFilled
            | S::PendingCancel
            | S::Inactive => Ok(S::PendingCancel),
            S::Intent | S::NotSent | S::Filled | S::Cancelled | S::Rejected => Ok(from),
        },
        Step::CancelLost => match from {
            S::PendingCancel => Ok(S::Submitted),
            _ => Ok(from),
        },
        Step::Refused => match from {
            S::Filled | S::NotSent => impossible,
            S::Cancelled => Ok(S::Cancelled),
            _ => Ok(S::Rejected),
        },
        Step::Unknown => match from {
            S::Intent | S::NotSent => Ok(S::NotSent),
            S::Filled | S::Rejected => Ok(from),
            _ => Ok(S::Cancelled),
        },
        Step::FilledWhole => match from {
            S::NotSent => impossible,
            _ => Ok(S::Filled),
        },
        Step::FilledInPart => match from {
            S::NotSent => impossible,
            // A partial fill does not undo a cancel that is on its way, nor a final state that
            // overtook the execution.
            S::PendingCancel | S::Cancelled | S::Rejected | S::Filled => Ok(from),
            _ => Ok(S::PartiallyFilled),
        },
        Step::Status(status) => by_status(from, status),
    }
}

fn by_status(from: OrderState, status: BrokerOrderState) -> Result<OrderState, Impossible> {
    use BrokerOrderState as B;
    use OrderState as S;
    let impossible = Err(Impossible { from, step: Step::Status(status) });
    match (from, status) {
        // Never sent, yet the broker has it: only reconciliation can tell.
        (S::NotSent, _) => impossible,
        (S::Filled, B::Filled) | (S::Cancelled, B::Cancelled) => Ok(from),
        // Late words about an order that is over.
        (
            S::Filled | S::Cancelled | S::Rejected,
            B::PendingSubmit | B::PreSubmitted | B::Submitted | B::PendingCancel,
        ) => Ok(from),
        (S::Rejected, B::Cancelled | B::Inactive) | (S::Cancelled, B::Inactive) => Ok(from),
        (S::Filled, B::Cancelled | B::Inactive) | (S::Cancelled | S::Rejected, B::Filled) => impossible,
        (_, B::Filled) => Ok(S::Filled),
        (_, B::Cancelled) => Ok(S::Cancelled),
        (_, B::Inactive) => Ok(S::Inactive),
        (_, B::PendingCancel) => Ok(S::PendingCancel),
        // A status that was on its way before our cancel was.
        (S::PendingCancel, B::PendingSubmit | B::PreSubmitted | B::Submitted) => Ok(S::PendingCancel),
        (S::PartiallyFilled, B::PendingSubmit | B::PreSubmitted | B::Submitted) => Ok(S::PartiallyFilled),
        (_, B::Submitted) => Ok(S::Submitted),
        (S::Submitted, B::PendingSubmit | B::PreSubmitted) => Ok(S::Submitted),
        (_, B::PreSubmitted) => Ok(S::PreSubmitted),
        (S::PreSubmitted, B::PendingSubmit) => Ok(S::PreSubmitted),
        (S::Intent | S::PendingSubmit | S::Inactive, B::PendingSubmit) => Ok(S::PendingSubmit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_step() -> impl Strategy<Value = Step> {
        use BrokerOrderState as B;
        prop_oneof![
            Just(Step::Released),
            Just(Step::Withheld),
            Just(Step::CancelAsked),
            Just(Step::CancelLost),
            Just(Step::Refused),
            Just(Step::Unknown),
            Just(Step::FilledWhole),
            Just(Step::FilledInPart),
            prop_oneof![
                Just(B::PendingSubmit),
                Just(B::PreSubmitted),
                Just(B::Submitted),
                Just(B::PendingCancel),
                Just(B::Cancelled),
                Just(B::Filled),
                Just(B::Inactive)
            ]
            .prop_map(Step::Status),
        ]
    }

    #[test]
    fn the_ordinary_life_of_a_limit_order() {
        use BrokerOrderState as B;
        let steps = [
            (Step::Released, OrderState::PendingSubmit),
            (Step::Status(B::PreSubmitted), OrderState::PreSubmitted),
            (Step::Status(B::Submitted), OrderState::Submitted),
            (Step::Status(B::Submitted), OrderState::Submitted),
            (Step::FilledInPart, OrderState::PartiallyFilled),
            (Step::Status(B::Submitted), OrderState::PartiallyFilled),
            (Step::CancelAsked, OrderState::PendingCancel),
            (Step::FilledInPart, OrderState::PendingCancel),
            (Step::FilledWhole, OrderState::Filled),
            (Step::Status(B::Filled), OrderState::Filled),
        ];
        let mut state = OrderState::Intent;
        for (step, expected) in steps {
            state = advance(state, step).unwrap();
            assert_eq!(state, expected, "{step:?}");
        }
        assert!(advance(state, Step::Status(B::Cancelled)).is_err());
    }

    #[test]
    fn a_cancel_that_a_fill_overtakes_ends_filled() {
        let asked = advance(OrderState::Submitted, Step::CancelAsked).unwrap();
        assert_eq!(advance(asked, Step::FilledWhole), Ok(OrderState::Filled));
    }

    proptest! {
        /// Whatever arrives in whatever order, what is certain stays certain.
        #[test]
        fn certainty_is_never_lost(steps in prop::collection::vec(any_step(), 0..40)) {
            let mut state = OrderState::Intent;
            for step in steps {
                let Ok(next) = advance(state, step) else { continue };
                if state == OrderState::Filled || state == OrderState::NotSent {
                    prop_assert_eq!(next, state, "{:?}", step);
                }
                if state.is_final() {
                    prop_assert!(next.is_final(), "{:?} came back to life by {:?}", state, step);
                }
                if state != OrderState::Intent {
                    prop_assert!(next != OrderState::Intent, "{:?} became an intent by {:?}", state, step);
                }
                state = next;
            }
        }
    }
}
