//! Rules broken on purpose, one at a time: a simulation that does not notice proves nothing.
//!
//! Only the feature `simulation` can break one, for the runs of one thread. Without it every
//! question here is answered at compile time.

/// A rule that is not kept.
#[cfg_attr(
    not(feature = "simulation"),
    expect(unreachable_pub, reason = "there is nobody to name it")
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sabotage {
    /// `DELE` is sent when a message has arrived, not when it is durable.
    DeletesFirst,
    /// One message that is refused ends the run.
    RefusalEndsRun,
    /// Nobody keeps a second visit out of a maildrop.
    NoLease,
    /// A message for several people is kept from the last of them.
    ForgetsSomebody,
    /// The end of a run wakes nobody for the next.
    SleepsOn,
}

#[cfg(feature = "simulation")]
thread_local! {
    static BROKEN: std::cell::Cell<Option<Sabotage>> = const { std::cell::Cell::new(None) };
}

/// Breaks a rule for all runs of this thread, or none any more.
#[cfg(feature = "simulation")]
pub fn sabotage(rule: Option<Sabotage>) {
    BROKEN.set(rule);
}

/// Whether the rule is broken.
#[cfg(feature = "simulation")]
pub(crate) fn breaks(rule: Sabotage) -> bool {
    BROKEN.get() == Some(rule)
}

/// No rule is.
#[cfg(not(feature = "simulation"))]
pub(crate) const fn breaks(_: Sabotage) -> bool {
    false
}
