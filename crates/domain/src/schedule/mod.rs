//! When a retrieval runs by itself.
//!
//! Owns the rules of the schedule: the normal interval and its jitter, what a failure does to it,
//! what a server asks for, what happens after sleep, a stop, a jump of the clock or a time without
//! a line. Time and noise are arguments. Start at [`after_run`]; nothing here ever switches a
//! retrieval off.

mod arrivals;
mod every;
mod offline;
mod overdue;
mod pace;
mod quiet;
mod setback;
mod state;
mod why;

pub use arrivals::Arrivals;
pub use every::{Every, Interval, IntervalWhy, interval};
pub use offline::OfflineWatch;
pub use overdue::{SPREAD_WINDOW, longest_wait, settle, spread_overdue};
pub use pace::Pace;
pub use quiet::{QuietHours, postpone_for_quiet_hours};
pub use setback::Setback;
pub(crate) use state::rested;
pub use state::{Ended, Saved, ScheduleState, after_run, sign_in_block, when_saved};
pub use why::why_this_time;
