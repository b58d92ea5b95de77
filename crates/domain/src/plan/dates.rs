//! Where a retrieval begins: with everything, with what comes from now on, or some days back.

use inhaul_types::Timestamp;

use crate::{LeftOutReason, Listing, ListingIndex};

use super::RunPlan;

/// Which of the messages a new retrieval finds are wanted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum StartPoint {
    /// All of them.
    #[default]
    Everything,
    /// None: what is there when the maildrop is first looked into stays unread.
    Now,
    /// Those that arrived then or later.
    Since(Timestamp),
}

/// Takes what arrived before `since` out of the plan. `dates` go with `plan.retrieve`; a message
/// without a date, or without an id by which it could be known again, is brought rather than lost.
///
/// # Panics
/// If there are not as many dates as messages to retrieve.
pub fn judge_dates(
    plan: &mut RunPlan,
    listing: &Listing,
    dates: &[Option<Timestamp>],
    since: Timestamp,
) {
    assert_eq!(dates.len(), plan.retrieve.len(), "one date a message");
    let is_old = |(index, date): (ListingIndex, Option<Timestamp>)| {
        date.is_some_and(|date| date < since) && listing.at(index).unique_id.is_some()
    };
    let dated = plan.retrieve.drain(..).zip(dates.iter().copied());
    let (old, wanted): (Vec<_>, Vec<_>) = dated.partition(|pair| is_old(*pair));
    plan.retrieve = wanted.into_iter().map(|(index, _)| index).collect();
    let left = old
        .into_iter()
        .map(|(index, _)| (index, LeftOutReason::Unwanted));
    plan.leave.extend(left);
}
