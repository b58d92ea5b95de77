//! When a mailbox of the demo is checked next (UX 2.2, "How the schedule reacts").

use std::time::Duration;

use inhaul_types::ErrorCode;

/// The time to the next check after a run that ended so: `in_a_row` runs have ended this way, this
/// one included. Without an error it is the normal interval.
pub(super) fn next_wait(every: Duration, code: Option<ErrorCode>, in_a_row: u32) -> Duration {
    let steps = |steps: &[Duration], behind: Duration| {
        let step = in_a_row.saturating_sub(1) as usize;
        steps.get(step).copied().unwrap_or(behind)
    };
    match code {
        None => every,
        Some(ErrorCode::MailboxInUse | ErrorCode::TooOften) => {
            steps(&[2 * MINUTE, 5 * MINUTE], every)
        }
        Some(
            ErrorCode::AuthRefused
            | ErrorCode::AuthAppPassword
            | ErrorCode::AuthNotPossible
            | ErrorCode::PopSwitchedOff,
        ) => steps(&[15 * MINUTE, HOUR, 6 * HOUR], 24 * HOUR),
        Some(
            ErrorCode::Certificate
            | ErrorCode::NoEncryption
            | ErrorCode::StlsRefused
            | ErrorCode::NotPop3,
        ) => steps(&[15 * MINUTE, HOUR], 6 * HOUR),
        Some(_) => every
            .saturating_mul(1_u32.checked_shl(in_a_row).unwrap_or(u32::MAX))
            .min(HOUR),
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_slows_checks_down_and_nothing_ends_them() {
        use ErrorCode::*;
        let every = Duration::from_secs(30);
        for (code, minutes) in [
            (None, [0.5, 0.5, 0.5, 0.5, 0.5]),
            (Some(MailboxInUse), [2.0, 5.0, 0.5, 0.5, 0.5]),
            (Some(CutOff), [1.0, 2.0, 4.0, 8.0, 16.0]),
            (Some(AuthRefused), [15.0, 60.0, 360.0, 1440.0, 1440.0]),
            (Some(Certificate), [15.0, 60.0, 360.0, 360.0, 360.0]),
        ] {
            for (in_a_row, minutes) in (1..).zip(minutes) {
                let wait = next_wait(every, code, in_a_row);
                assert_eq!(wait.as_secs_f64() / 60.0, minutes, "{code:?}, {in_a_row}");
            }
        }
        assert_eq!(next_wait(every, Some(NoAnswer), 40), HOUR);
    }
}
