//! The state of a retrieval, and its latest runs as a strip.

use std::time::Duration;

use clap::ValueEnum;
use inhaul_store::{Retrieval, Run};
use inhaul_types::{ErrorCode, Timestamp};

/// What a person should know of a retrieval first.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum State {
    /// No check has ended yet
    New,
    /// The last check was good
    Working,
    /// Somebody else had the mailbox
    Busy,
    /// It failed, not often or not for long
    Trying,
    /// It has been failing for a while
    Failing,
    /// It fails until somebody does something
    NeedsYou,
    /// Somebody paused it
    Paused,
}

/// So many failures, over so long a time, are no passing trouble any more.
const FAILING_FROM: (u32, Duration) = (3, Duration::from_secs(30 * 60));
/// A refused password may be the server's own trouble once.
const REFUSED_FROM: u32 = 2;

impl State {
    pub(crate) fn of(retrieval: &Retrieval, now: Timestamp) -> Self {
        if retrieval.paused {
            return Self::Paused;
        }
        let Some(code) = retrieval.last_error else {
            return match retrieval.last_good {
                Some(_) => Self::Working,
                None => Self::New,
            };
        };
        let failing_for = retrieval
            .failing_since
            .map_or(Duration::ZERO, |since| now.since(since));
        match code {
            ErrorCode::MailboxInUse | ErrorCode::TooOften => Self::Busy,
            ErrorCode::AuthAppPassword
            | ErrorCode::AuthNotPossible
            | ErrorCode::PopSwitchedOff
            | ErrorCode::Certificate
            | ErrorCode::IdsChanged
            | ErrorCode::MailboxFull => Self::NeedsYou,
            ErrorCode::AuthRefused if retrieval.failures >= REFUSED_FROM => Self::NeedsYou,
            _ if retrieval.failures >= FAILING_FROM.0 && failing_for >= FAILING_FROM.1 => {
                Self::Failing
            }
            _ => Self::Trying,
        }
    }

    /// The fixed word for documents and options.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Working => "working",
            Self::Busy => "busy",
            Self::Trying => "trying",
            Self::Failing => "failing",
            Self::NeedsYou => "needs-you",
            Self::Paused => "paused",
        }
    }

    /// For people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::NeedsYou => "needs you",
            other => other.word(),
        }
    }
}

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
    use inhaul_domain::Retention;
    use inhaul_store::{Every, Remote, RetrievalLimits, Security};
    use inhaul_types::{AccountId, Activation, FolderId, MaildropId, Octets, RetrievalId, RunId};

    use super::*;

    fn retrieval() -> Retrieval {
        Retrieval {
            id: RetrievalId::new(1),
            name: "isp".into(),
            remote: Remote {
                host: "pop.example.org".into(),
                port: 995,
                security: Security::Tls,
                ca_file: None,
                pin: None,
                user: "anna".into(),
                sign_in: None,
            },
            account: AccountId::new(1),
            account_name: "anna".into(),
            owner: None,
            folder: FolderId::new(1),
            folder_name: "INBOX".into(),
            every: Every::Never,
            retention: Retention::Keep,
            paused: false,
            maildrop: MaildropId::new(1),
            relinked_deletion_held_until: None,
            start: inhaul_domain::StartPoint::Everything,
            session_size: inhaul_domain::SessionSize::UNBOUND,
            lists_in_parts: false,
            capabilities: None,
            sign_in_memory: None,
            limits: RetrievalLimits::default(),
            confined: false,
            written_at: None,
            schedule: inhaul_domain::schedule::ScheduleState::default(),
            last_good: None,
            failing_since: None,
            failures: 0,
            last_error: None,
        }
    }

    #[test]
    fn a_state_follows_from_code_count_and_time() {
        use ErrorCode::*;
        const MINUTE: i64 = 60_000;
        let now = Timestamp::from_millis(100 * MINUTE);
        for (code, failures, minutes, state) in [
            (NoAnswer, 1, 0, State::Trying),
            (NoAnswer, 2, 90, State::Trying),
            (NoAnswer, 3, 29, State::Trying),
            (NoAnswer, 3, 30, State::Failing),
            (AuthRefused, 1, 0, State::Trying),
            (AuthRefused, 2, 1, State::NeedsYou),
            (Certificate, 1, 0, State::NeedsYou),
            (MailboxInUse, 0, 0, State::Busy),
        ] {
            let retrieval = Retrieval {
                failures,
                failing_since: Some(Timestamp::from_millis((100 - minutes) * MINUTE)),
                last_error: Some(code),
                ..retrieval()
            };
            assert_eq!(
                State::of(&retrieval, now),
                state,
                "{code} {failures} {minutes}"
            );
        }
        assert_eq!(State::of(&retrieval(), now), State::New);
        let good = Retrieval {
            last_good: Some(now),
            ..retrieval()
        };
        assert_eq!(State::of(&good, now), State::Working);
        let paused = Retrieval {
            paused: true,
            last_error: Some(NoAnswer),
            ..retrieval()
        };
        assert_eq!(State::of(&paused, now), State::Paused);
    }

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
