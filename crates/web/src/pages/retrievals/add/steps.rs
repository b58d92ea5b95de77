//! The five steps, and the line that says which one it is.

/// A step.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Step {
    Address,
    Server,
    Test,
    Where,
    Copy,
}

/// The line of steps.
#[derive(Debug)]
pub(super) struct Steps(Vec<Line>);

/// One of them.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) is_current: bool,
    /// Where it is, if it can be gone to.
    pub(super) to: Option<String>,
}

impl Step {
    const ALL: [Self; 5] = [
        Self::Address,
        Self::Server,
        Self::Test,
        Self::Where,
        Self::Copy,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Address => "Address",
            Self::Server => "Server",
            Self::Test => "Test",
            Self::Where => "Where",
            Self::Copy => "Their copy",
        }
    }

    /// Where it is of a draft.
    pub(super) fn address(self, draft: &str) -> String {
        let step = match self {
            Self::Address => "",
            Self::Server => "/server",
            Self::Test => "/test",
            Self::Where => "/where",
            Self::Copy => "/copy",
        };
        format!("/retrievals/add/{draft}{step}")
    }
}

impl Steps {
    /// Of a draft that has come so far.
    pub(super) fn of(shown: Step, draft: &str, furthest: Step) -> Self {
        let line = |step: Step| Line {
            name: step.name(),
            is_current: step == shown,
            to: (step != shown && step <= furthest).then(|| step.address(draft)),
        };
        Self(Step::ALL.map(line).into())
    }

    /// Before there is a draft.
    pub(super) fn first() -> Self {
        Self::of(Step::Address, "", Step::Address)
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.0
    }
}
