//! What a run would do now: told by a dry run, message by message.

use std::ops::ControlFlow;

use inhaul_domain::{
    BodyVerdict, Ledger, Listing, ListingIndex, ProbeVerdict, RunPlan, RunPolicy, deletes_fetched,
};
use inhaul_message::summarize;
use inhaul_types::{MessageNumber, Octets, Timestamp, UniqueId};

use crate::failure::RunError;
use crate::run::left_out_text;
use crate::session::Wire;
use crate::session::headers::read_headers;

/// What a run would do now.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Preview {
    /// Messages that would come, in this order.
    pub retrieve: Vec<Previewed>,
    /// How many of those would be deleted on the server as soon as they are stored.
    pub delete_fetched: u64,
    /// Messages stored here already whose copies would be deleted on the server.
    pub delete: Vec<Previewed>,
    /// Messages that would be left there, and why. What was left out before is not told again.
    pub leave: Vec<(Previewed, String)>,
}

impl Preview {
    /// Octets of what would come, as listed.
    pub fn octets(&self) -> Octets {
        let sizes = self.retrieve.iter().filter_map(|message| message.size);
        sizes.sum()
    }
}

/// One message of a [`Preview`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Previewed {
    /// Its number in this session.
    pub number: MessageNumber,
    /// The server's name for it, if it has one.
    pub unique_id: Option<UniqueId>,
    /// What LIST said.
    pub size: Option<Octets>,
    /// Sender and subject, decoded for display, where headers were read.
    pub heading: Option<Heading>,
}

/// From and Subject of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Heading {
    /// From, as `Name <address>`.
    pub from: String,
    /// Subject.
    pub subject: String,
}

/// What the plan was made from, and the plan.
pub(crate) struct Look<'a> {
    pub(crate) listing: &'a Listing,
    pub(crate) ledger: &'a Ledger,
    pub(crate) others: &'a [Ledger],
    pub(crate) plan: &'a RunPlan,
    pub(crate) verdict: &'a ProbeVerdict,
    pub(crate) policy: &'a RunPolicy,
    pub(crate) now: Timestamp,
    /// Messages a run would retrieve, in this order.
    pub(crate) coming: &'a [ListingIndex],
}

/// Headers read at most: what a person looks through, and a few hundred KiB.
const HEADINGS_MOST: usize = 100;
/// TOPs outstanding at once where the server pipelines.
const WINDOW: usize = 32;

/// Tells what the plan would do. Reads headers if `headings` is set, several at a time if it says
/// that the server pipelines.
pub(crate) async fn preview(
    wire: &mut Wire,
    look: &Look<'_>,
    headings: Option<bool>,
) -> Result<Preview, RunError> {
    let one = |index: &ListingIndex| previewed(look.listing, *index);
    let wanted = look.coming;
    let leave = look.plan.leave.iter().chain(&look.verdict.leave);
    let mut preview = Preview {
        retrieve: wanted.iter().map(one).collect(),
        delete_fetched: wanted
            .iter()
            .filter(|index| is_deleted_at_once(look, **index))
            .count() as u64,
        delete: (look.verdict.delete.iter())
            .map(|(index, _)| one(index))
            .collect(),
        leave: leave
            .map(|(index, reason)| {
                let message = one(index);
                let why = left_out_text(*reason, message.size);
                (message, why)
            })
            .collect(),
    };
    if let Some(pipelining) = headings {
        let most = preview.retrieve.len().min(HEADINGS_MOST);
        read_headings(wire, &mut preview.retrieve[..most], pipelining).await?;
    }
    Ok(preview)
}

fn previewed(listing: &Listing, index: ListingIndex) -> Previewed {
    let listed = listing.at(index);
    Previewed {
        number: listed.number,
        unique_id: listed.unique_id.and_then(|id| UniqueId::parse(id).ok()),
        size: listed.size,
        heading: None,
    }
}

fn is_deleted_at_once(look: &Look<'_>, index: ListingIndex) -> bool {
    deletes_fetched(
        look.listing,
        index,
        BodyVerdict::Store,
        look.ledger,
        look.others,
        look.policy,
        look.now,
    )
}

/// Reads the headers of these messages. A server that refuses one is not asked for more.
async fn read_headings(
    wire: &mut Wire,
    messages: &mut [Previewed],
    pipelining: bool,
) -> Result<(), RunError> {
    let window = if pipelining { WINDOW } else { 1 };
    let numbers: Vec<_> = messages.iter().map(|message| message.number).collect();
    let mut unread = messages.iter_mut();
    read_headers(wire, window, &numbers, |header| {
        let (Some(message), Ok(header)) = (unread.next(), header) else {
            return ControlFlow::Break(());
        };
        let summary = summarize(header);
        message.heading = Some(Heading {
            from: summary.from,
            subject: summary.subject,
        });
        ControlFlow::Continue(())
    })
    .await
}
