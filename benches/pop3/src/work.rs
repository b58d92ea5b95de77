//! What is measured, and how long it takes.

use std::time::Instant;

use anyhow::{Result, ensure};

use crate::client::Session;
use crate::figures::Measure;
use crate::ground::{Ground, LARGE, Pop3, SMALL};

/// One thing to do, in a session of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Work {
    SmallPipelined,
    SmallOneAtATime,
    LargePipelined,
    LargeOneAtATime,
    NothingNew,
}

impl Work {
    pub(crate) const ALL: [Self; 5] = [
        Self::SmallPipelined,
        Self::SmallOneAtATime,
        Self::LargePipelined,
        Self::LargeOneAtATime,
        Self::NothingNew,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SmallPipelined => "messages of 4 KiB, pipelined",
            Self::SmallOneAtATime => "messages of 4 KiB, one at a time",
            Self::LargePipelined => "messages of 75 KiB, pipelined",
            Self::LargeOneAtATime => "messages of 75 KiB, one at a time",
            Self::NothingNew => "nothing new: sign-in, STAT, UIDL, QUIT",
        }
    }

    pub(crate) fn measure(self) -> Measure {
        match self {
            Self::NothingNew => Measure::Time,
            _ => Measure::Throughput,
        }
    }

    /// Does it and returns the seconds it took, from before connecting to behind QUIT.
    pub(crate) fn carry_out(self, server: &Pop3, ground: &Ground) -> Result<f64> {
        let large = matches!(self, Self::LargePipelined | Self::LargeOneAtATime);
        let (user, count, size) = match large {
            true => (LARGE, ground.large, 75 << 10),
            false => (SMALL, ground.small, 4 << 10),
        };
        let began = Instant::now();
        let mut session = Session::sign_in(server.at, user, &server.password)?;
        let (listed, octets) = session.stat()?;
        ensure!(
            (listed, octets) == (count, size * count as u64),
            "{listed} {octets}"
        );
        let came = match self {
            Self::SmallPipelined | Self::LargePipelined => session.pipelined(count)?,
            Self::SmallOneAtATime | Self::LargeOneAtATime => session.one_at_a_time(count)?,
            Self::NothingNew => session.many("UIDL")?,
        };
        session.quit()?;
        let took = began.elapsed().as_secs_f64();
        ensure!(
            self == Self::NothingNew || came > octets,
            "only {came} octets came"
        );
        Ok(took)
    }
}
