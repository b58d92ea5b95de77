//! The latest runs of a retrieval as a strip of signs.

use inhaul_store::Run;
use inhaul_types::ErrorCode;

/// Runs in a strip.
pub(crate) const STRIP: u32 = 12;

/// One sign for each run, the oldest first: low for nothing new, higher for more mail, hollow for
/// a failure.
pub(crate) fn strip(newest_first: &[Run]) -> String {
    newest_first.iter().rev().map(sign).collect()
}

fn sign(run: &Run) -> char {
    match (run.ended, run.code) {
        (None, _) => '.',
        (_, Some(ErrorCode::MailboxInUse | ErrorCode::TooOften)) => 'o',
        (_, Some(_)) => '▯',
        (_, None) => match run.stored {
            0 => '▁',
            1..10 => '▃',
            10..100 => '▅',
            _ => '█',
        },
    }
}

#[cfg(test)]
mod tests {
    use inhaul_types::{Activation, Octets, RetrievalId, RunId, Timestamp};

    use super::*;

    #[test]
    fn a_strip_shows_the_oldest_run_first() {
        let run = |stored, code| Run {
            id: RunId::new(1),
            retrieval: RetrievalId::new(1),
            activation: Activation::Cli,
            started: Timestamp::from_millis(0),
            ended: Some(Timestamp::from_millis(1)),
            code,
            listed: 0,
            stored,
            octets: Octets::ZERO,
            deleted: 0,
            left: 0,
            notes: Vec::new(),
            stopped: false,
            folded: 0,
            said: None,
        };
        let newest_first = [
            run(0, Some(ErrorCode::NoAnswer)),
            run(0, Some(ErrorCode::MailboxInUse)),
            run(200, None),
            run(12, None),
            run(3, None),
            run(0, None),
        ];
        assert_eq!(strip(&newest_first), "▁▃▅█o▯");
    }
}
