//! What an error of the broker about an order means for the order.

/// What an error about an order means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The order is refused: it does not work and never did.
    Refused,
    /// The change of an order was refused; the order works on as it was, or is gone: the broker's
    /// picture tells.
    ChangeRefused,
    /// The broker does not know the order that was to be cancelled.
    Unknown,
    /// It repeats what an order status says.
    Repeats,
    /// A remark; the order goes on.
    Remark,
}

/// Judges an error. `changing` says that the last thing we sent about the order was a change of it,
/// and that the broker had accepted the order before.
pub(super) fn judge(code: i32, text: &str, changing: bool) -> Verdict {
    match code {
        202 => Verdict::Repeats,
        135 | 10_147 => Verdict::Unknown,
        // A change of an order that is filled or does not match it.
        104 | 105 => Verdict::ChangeRefused,
        // Cancel of an order that cannot be cancelled any more; held until the open or until shares
        // are found; adjusted to a preset; outside its hours; data advisories.
        161 | 399 | 404 | 434 | 492 | 10_148 | 10_349 | 2_100..=2_199 | 0 => Verdict::Remark,
        // "Order message" lines and connectivity reports are never about one order.
        1_100..=1_300 => Verdict::Remark,
        _ if text.trim_start().starts_with("Warning:") => Verdict::Remark,
        _ if code < 0 => Verdict::Remark,
        _ if changing => Verdict::ChangeRefused,
        _ => Verdict::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_from_remarks() {
        for (code, verdict) in [
            (201, Verdict::Refused),
            (110, Verdict::Refused),
            (103, Verdict::Refused),
            (200, Verdict::Refused),
            (10_268, Verdict::Refused),
            (202, Verdict::Repeats),
            (10_147, Verdict::Unknown),
            (10_148, Verdict::Remark),
            (399, Verdict::Remark),
            (2_109, Verdict::Remark),
            (104, Verdict::ChangeRefused),
        ] {
            assert_eq!(judge(code, "", false), verdict, "{code}");
        }
        assert_eq!(judge(388, "Warning: size was reduced", false), Verdict::Remark);
    }

    #[test]
    fn a_refused_change_does_not_kill_the_order() {
        assert_eq!(judge(110, "", true), Verdict::ChangeRefused);
        assert_eq!(judge(201, "", true), Verdict::ChangeRefused);
        assert_eq!(judge(10_147, "", true), Verdict::Unknown);
    }
}
