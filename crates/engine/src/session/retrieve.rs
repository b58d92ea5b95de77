//! Brings bodies, commits them, asks for deletions (DESIGN "A run", steps 5 and 6).
//!
//! Order of effects, for each message: its octets, its place in the folder and its ledger row are
//! committed and synced; then, and only then, its DELE is sent. Commits go on while the next
//! messages arrive. When the line is cut, what arrived whole is committed, nothing more is asked
//! of the server, and the next run goes on from the ledger.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use inhaul_domain::{
    BodyJudge, BodyVerdict, Ledger, LedgerState, LeftOutReason, Listing, ListingIndex, RunPolicy,
    deletes_fetched, judge_cut,
};
use inhaul_pop3_proto::ResponseCode;
use inhaul_pop3_proto::client::{Command, CommandKind, Event};
use inhaul_store::{LedgerChange, Retrieval, Store, StoreError};
use inhaul_types::{LedgerId, MessageNumber, Octets, RunId, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::budget::Budget;
use crate::failure::RunError;
use crate::observe::{Observer, Progress};
use crate::run::OWN_TRACE;
use crate::sabotage::{Sabotage, breaks};
use crate::session::Wire;
use crate::session::batch::{AccountRoom, Destination, Durable, Gathered};
use crate::session::delivery::{Afterwards, unique_id};
use crate::session::peer::Peer;
use crate::session::tally::Tally;
use crate::sharing::Sharing;
use crate::spool::{BehindHeader, Incoming, Received};

/// RETR outstanding in octets as listed. At 80 ms a shorter window leaves the line empty; a longer
/// one gains nothing (docs/performance.md).
const WINDOW_OCTETS: u64 = 4 << 20;
/// Commands outstanding.
const WINDOW_COMMANDS: usize = 2_000;
/// At least so many, however large they are listed: the next must be under way when one ends.
const WINDOW_LEAST: usize = 2;
/// What a message counts for whose size the server did not list.
const UNLISTED_OCTETS: u64 = 64 << 10;
/// A batch is committed when it holds so many messages,
const BATCH_MESSAGES: usize = 256;
/// or so many octets,
const BATCH_OCTETS: u64 = 8 << 20;
/// or when its first message has waited so long: somebody may be looking at the folder.
const BATCH_AGE: Duration = Duration::from_millis(200);
/// Told of a large message while it comes: often enough for a bar to move.
const TELL_OCTETS: u64 = 64 << 10;
/// Commits under way at once. The second is gathered by the store while the first syncs.
const COMMITS_AT_ONCE: usize = 2;

/// What is to be done, and for whom.
pub(crate) struct Errand<'a> {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) spool: PathBuf,
    pub(crate) now: &'a (dyn Fn() -> Timestamp + Send + Sync),
    pub(crate) observer: &'a dyn Observer,
    pub(crate) run: RunId,
    pub(crate) retrieval: &'a Retrieval,
    pub(crate) listing: &'a Listing,
    pub(crate) ledger: &'a Ledger,
    pub(crate) others: &'a [Ledger],
    /// What shares the messages out; `None` where all of them go into one folder.
    pub(crate) sharing: Option<Arc<Sharing>>,
    pub(crate) peer: Peer,
    /// The last row of the ledger, where messages may come that went round.
    pub(crate) newest_row: Option<LedgerId>,
    pub(crate) policy: RunPolicy,
    pub(crate) judge: &'a mut BodyJudge,
    /// To be retrieved, in this order.
    pub(crate) retrieve: Vec<ListingIndex>,
    /// To be retrieved instead of what the server refuses, in this order.
    pub(crate) spare: Vec<ListingIndex>,
    /// How many messages are left to the next session: the first of `spare`.
    pub(crate) postponed_messages: u64,
    /// How many deletions are.
    pub(crate) postponed_deletions: u64,
    /// Octets after which nothing more is asked for: what servers list and what they send may differ.
    pub(crate) octets: Option<Octets>,
    /// The room of the account, where it is bounded.
    pub(crate) room: Option<AccountRoom>,
    /// Messages that earlier sessions of the run have stored.
    pub(crate) stored_before: u64,
    /// RETR was sent for these already, in this order.
    pub(crate) ahead: Vec<MessageNumber>,
    /// Stored before, proven, due: to be deleted once the rest is stored.
    pub(crate) delete: Vec<(MessageNumber, LedgerId)>,
    pub(crate) pipelining: bool,
    /// When to stop asking for more.
    pub(crate) deadline: Instant,
    /// When to leave a server in the middle of a message: one that drips an octet a minute is left
    /// in the end.
    pub(crate) hard_deadline: Instant,
    pub(crate) stop: watch::Receiver<bool>,
}

/// Does the errand. If anything was to be deleted it ends with QUIT; otherwise QUIT is left to the
/// caller. The tally holds what was done, whether it ended well or not.
pub(crate) async fn retrieve(
    wire: &mut Wire,
    errand: Errand<'_>,
    tally: &mut Tally,
) -> Result<(), RunError> {
    let mut work = Work::new(errand, tally);
    let mut ended = work.converse(wire).await;
    if ended.is_err() {
        // Half a message is dropped here; whole ones are kept.
        work.tally.half = work.incoming.take().is_some();
        if let Err(error) = &ended {
            work.note_cut(error);
        }
        work.submit();
        // All of them count, whatever became of one.
        while let Some(commit) = work.commits.next().await {
            if let Err(error) = work.note_commit(commit) {
                // Graver than whatever ended the conversation.
                ended = Err(error);
            }
        }
    }
    ended
}

struct Work<'a> {
    errand: Errand<'a>,
    tally: &'a mut Tally,
    unsent: VecDeque<ListingIndex>,
    /// What takes the place of a message that was refused.
    spare: VecDeque<ListingIndex>,
    /// RETRs not answered, in order; `None` for one that was sent ahead in vain.
    outstanding: VecDeque<Option<ListingIndex>>,
    outstanding_octets: u64,
    /// Octets that are under way to the account: asked for (as listed), in the batch, being
    /// committed. Counted only where its room is bounded.
    under_way: u64,
    /// Octets that came in this session.
    received: u64,
    incoming: Option<Incoming>,
    /// Octets of it that the observer has not heard of.
    untold: u64,
    batch: Gathered,
    commits: FuturesUnordered<BoxFuture<'static, Result<Durable, StoreError>>>,
    /// DELEs that may be sent now.
    due: VecDeque<(MessageNumber, LedgerId)>,
    /// DELEs sent and not answered, in order.
    asked: VecDeque<LedgerId>,
    /// Deletions of earlier messages wait until everything new is stored.
    earlier: Vec<(MessageNumber, LedgerId)>,
    stopping: bool,
    told_of_deletions: bool,
    farewell: Farewell,
}

/// How far the session's end has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Farewell {
    NotSaid,
    Said,
    Answered,
}

impl<'a> Work<'a> {
    fn new(mut errand: Errand<'a>, tally: &'a mut Tally) -> Self {
        let mut unsent: VecDeque<_> = std::mem::take(&mut errand.retrieve).into();
        tally.postponed = errand.postponed_messages + errand.postponed_deletions;
        let ahead = std::mem::take(&mut errand.ahead);
        // It may have been told to before anybody waited for it.
        let stopping = *errand.stop.borrow();
        // Nearly always the first ones, in order: then each is found at once.
        let outstanding: VecDeque<_> = ahead
            .into_iter()
            .map(|number| {
                let is_it = |index: &ListingIndex| errand.listing.at(*index).number == number;
                unsent
                    .iter()
                    .position(is_it)
                    .and_then(|position| unsent.remove(position))
            })
            .collect();
        let mut work = Self {
            unsent,
            spare: std::mem::take(&mut errand.spare).into(),
            earlier: std::mem::take(&mut errand.delete),
            outstanding,
            outstanding_octets: 0,
            under_way: 0,
            received: 0,
            incoming: None,
            untold: 0,
            batch: Gathered::default(),
            commits: FuturesUnordered::new(),
            due: VecDeque::new(),
            asked: VecDeque::new(),
            stopping,
            told_of_deletions: false,
            farewell: Farewell::NotSaid,
            errand,
            tally,
        };
        work.outstanding_octets = work
            .outstanding
            .iter()
            .flatten()
            .map(|index| work.weight(*index))
            .sum();
        work
    }

    async fn converse(&mut self, wire: &mut Wire) -> Result<(), RunError> {
        let mut stop = self.errand.stop.clone();
        let deadline = self.errand.deadline;
        loop {
            while let Some(event) = wire.client.poll_event()? {
                self.take(event)?;
            }
            if self.batch_is_ready() {
                self.submit();
            }
            self.ask(wire).await?;
            if self.is_done() {
                return Ok(());
            }
            let batch_due = self.batch.since.map(|since| since + BATCH_AGE);
            let may_commit = self.commits.len() < COMMITS_AT_ONCE;
            let may_read = wire.client.outstanding() > 0 && (may_commit || !self.batch_is_full());
            tokio::select! {
                // Reading comes last: on a fast line there is always something to read.
                biased;
                Some(commit) = self.commits.next() => self.note_commit(commit)?,
                Ok(()) = stop.changed(), if !self.stopping => self.stopping = *stop.borrow(),
                () = sleep_until(deadline), if !self.stopping => self.stopping = true,
                () = sleep_until(self.errand.hard_deadline) => return Err(RunError::TooLong),
                () = sleep_until(batch_due.unwrap_or(deadline)), if batch_due.is_some() && may_commit => {
                    self.submit();
                }
                read = wire.pump(), if may_read => read?,
                else => return Err(RunError::Stuck),
            }
        }
    }

    /// Sends what may be sent now.
    async fn ask(&mut self, wire: &mut Wire) -> Result<(), RunError> {
        if self.stopping {
            self.tally.remaining += self.unsent.len() as u64;
            self.unsent.clear();
        }
        self.leave_what_is_too_much();
        if self.all_is_stored() && !self.earlier.is_empty() {
            self.record_asked().await?;
        }
        if self.window_has_room() {
            while self.fits_window(wire)
                && let Some(index) = self.next_to_ask()
            {
                wire.send(Command::Retr(self.errand.listing.at(index).number))?;
                self.outstanding_octets += self.weight(index);
                self.under_way += self.promised(index);
                self.outstanding.push_back(Some(index));
            }
        }
        while self.may_send(wire)
            && let Some((number, row)) = self.due.pop_front()
        {
            wire.send(Command::Dele(number))?;
            self.asked.push_back(row);
        }
        self.tell_of_deletions();
        self.say_farewell(wire)
    }

    /// Says once that nothing more is to come and the rest is deletions; before that, what comes is
    /// what a person waits for.
    fn tell_of_deletions(&mut self) {
        let last = !self.asked.is_empty() && self.all_is_stored() && self.earlier.is_empty();
        if last && !std::mem::replace(&mut self.told_of_deletions, true) {
            let deletions = (self.asked.len() + self.due.len()) as u64;
            let progress = Progress::Deleting(deletions);
            self.errand.observer.progress(&progress);
        }
    }

    /// Leaves to others what is more than this session may bring, and what the account has no room
    /// for now that everything of ours is in it.
    fn leave_what_is_too_much(&mut self) {
        let enough = |most: Octets| self.received >= most.count();
        if self.errand.octets.is_some_and(enough) {
            // The run looks whether it may bring more.
            self.tally.postponed += self.unsent.len() as u64;
            self.unsent.clear();
        }
        while self.under_way == 0
            && let Some(index) = self.unsent.front()
            && !self.fits_account(*index)
        {
            self.unsent.pop_front();
            self.tally.held_back += 1;
        }
    }

    /// The next message to be asked for, unless it is to wait until what is under way shows how much
    /// room it leaves.
    fn next_to_ask(&mut self) -> Option<ListingIndex> {
        let fits = self.fits_account(*self.unsent.front()?);
        if fits { self.unsent.pop_front() } else { None }
    }

    fn fits_account(&self, index: ListingIndex) -> bool {
        self.errand.room.is_none_or(|room| {
            let taken = room.used.count().saturating_add(self.under_way);
            let left = room.limit.count().saturating_sub(taken);
            left > 0 && self.promised(index) <= left
        })
    }

    /// QUIT goes out behind the last DELE: waiting for its answer first would cost a round trip.
    fn say_farewell(&mut self, wire: &mut Wire) -> Result<(), RunError> {
        let deletes = !self.asked.is_empty() || self.tally.has_deletions();
        let all_is_asked = self.all_is_stored() && self.earlier.is_empty() && self.due.is_empty();
        if deletes && all_is_asked && self.farewell == Farewell::NotSaid && self.may_send(wire) {
            wire.send(Command::Quit)?;
            self.farewell = Farewell::Said;
        }
        Ok(())
    }

    fn all_is_stored(&self) -> bool {
        self.unsent.is_empty()
            && self.outstanding.is_empty()
            && self.batch.is_empty()
            && self.commits.is_empty()
    }

    /// Messages stored before this run: the ledger says that their deletion was asked before the
    /// server hears of it.
    async fn record_asked(&mut self) -> Result<(), RunError> {
        let earlier = std::mem::take(&mut self.earlier);
        let rows = earlier.iter().map(|(_, row)| *row).collect();
        let asked = LedgerChange::State {
            rows,
            state: LedgerState::Asked,
        };
        self.errand
            .store
            .ledger_apply(self.errand.retrieval.maildrop, vec![asked])
            .await?;
        self.due.extend(earlier);
        Ok(())
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), RunError> {
        match event {
            Event::BodyStart { .. } => {
                let behind_header = match self.errand.sharing {
                    Some(_) => BehindHeader::Hashed,
                    None => BehindHeader::NotHashed,
                };
                let incoming = Incoming::new(&self.errand.budget, behind_header);
                (self.incoming, self.untold) = (Some(incoming), 0);
            }
            Event::BodyChunk(octets) => {
                if let Some(incoming) = &mut self.incoming {
                    incoming
                        .push(octets, &self.errand.spool)
                        .map_err(RunError::Spool)?;
                    self.untold += octets.len() as u64;
                    if self.untold >= TELL_OCTETS {
                        self.tell_received();
                    }
                }
            }
            Event::BodyEnd { .. } => self.take_body(),
            Event::Bye => {
                (self.tally.confirmed, self.farewell) = (true, Farewell::Answered);
            }
            Event::Refused {
                command: CommandKind::Quit,
                ..
            } => {
                self.farewell = Farewell::Answered;
            }
            Event::Deleted(_) => self.tally.accepted.extend(self.asked.pop_front()),
            Event::Refused {
                command: CommandKind::Dele(_),
                ..
            } => {
                self.tally.refused.extend(self.asked.pop_front());
            }
            Event::Refused {
                command: CommandKind::Retr(_),
                code,
                text,
            } => {
                if breaks(Sabotage::RefusalEndsRun) {
                    return Err(RunError::Stuck);
                }
                if let Some(index) = self.answered() {
                    let passing = matches!(code, Some(ResponseCode::SysTemp | ResponseCode::InUse));
                    self.leave(
                        index,
                        passing,
                        &format!("the server refused it: -ERR {text}"),
                    );
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The oldest outstanding RETR is answered.
    fn answered(&mut self) -> Option<ListingIndex> {
        let index = self.outstanding.pop_front()??;
        self.outstanding_octets -= self.weight(index);
        self.under_way -= self.promised(index);
        self.tally.answered += 1;
        Some(index)
    }

    fn tell_received(&mut self) {
        let octets = Octets::new(std::mem::take(&mut self.untold));
        self.errand.observer.progress(&Progress::Received(octets));
    }

    fn take_body(&mut self) {
        let (Some(index), Some(incoming)) = (self.answered(), self.incoming.take()) else {
            // It was asked for ahead, and the listing does not name it.
            return;
        };
        let listed = self.errand.listing.at(index);
        if incoming.size() == Octets::ZERO && listed.size.is_some_and(|size| size > Octets::ZERO) {
            self.leave(
                index,
                false,
                "the server handed over nothing where it listed a message",
            );
            return;
        }
        self.tell_received();
        self.received = self.received.saturating_add(incoming.size().count());
        let received = incoming.finish();
        let verdict = self.errand.judge.judge(index, &received.digest);
        let delete = deletes_fetched(
            self.errand.listing,
            index,
            verdict,
            self.errand.ledger,
            self.errand.others,
            &self.errand.policy,
            (self.errand.now)(),
        );
        self.batch.since.get_or_insert_with(Instant::now);
        match verdict {
            BodyVerdict::Store if self.errand.is_own(index, &received) => self.leave_own(index),
            BodyVerdict::Store => self.store(index, received, delete),
            BodyVerdict::Relink(row) => {
                let row = self.errand.ledger.at(row).id;
                self.batch.changes.push(LedgerChange::Relink {
                    row,
                    unique_id: unique_id(listed.unique_id),
                    listed_size: listed.size,
                });
                if delete {
                    self.batch.relinked.push((listed.number, row));
                }
            }
        }
    }

    fn store(&mut self, index: ListingIndex, received: Received, delete: bool) {
        let number = self.errand.listing.at(index).number;
        let afterwards = match delete {
            true => Afterwards::IsDeleted,
            false => Afterwards::Stays,
        };
        let ready = self.errand.delivery(index, received, afterwards);
        if delete
            && breaks(Sabotage::DeletesFirst)
            && let Some(other) = self.errand.ledger.iter().next()
        {
            self.due.push_back((number, other.id));
        }
        let octets = ready.delivery.body.size().count();
        self.batch.octets += octets;
        if self.errand.room.is_some() {
            self.under_way += octets;
        }
        self.batch.reservations.push(ready.reservation);
        self.batch.deletes.push(delete.then_some(number));
        self.batch.accounts.push(ready.accounts);
        self.batch.deliveries.push(ready.delivery);
    }

    /// A message that was shared out here already: sharing it out again would go on for ever.
    fn leave_own(&mut self, index: ListingIndex) {
        let listed = self.errand.listing.at(index);
        self.tally.loops += 1;
        self.batch.changes.push(LedgerChange::Leave {
            unique_id: unique_id(listed.unique_id),
            listed_size: listed.size,
            reason: LeftOutReason::Loop,
            detail: OWN_TRACE.to_owned(),
        });
    }

    /// This one message stays on the server; the run goes on.
    fn leave(&mut self, index: ListingIndex, passing: bool, detail: &str) {
        self.tally.left += 1;
        self.send_for_another(index);
        if passing {
            self.tally.left_for_now += 1;
            return;
        }
        let listed = self.errand.listing.at(index);
        self.batch.since.get_or_insert_with(Instant::now);
        self.batch.changes.push(LedgerChange::Leave {
            unique_id: unique_id(listed.unique_id),
            listed_size: listed.size,
            reason: LeftOutReason::Refused,
            detail: detail.to_owned(),
        });
    }

    /// A limit counts what comes: another message takes the place of one that the server will not hand
    /// over, as far as its octets allow.
    fn send_for_another(&mut self, refused: ListingIndex) {
        let Some(another) = self.spare.front().copied() else {
            return;
        };
        let is_alone = self.received == 0 && self.outstanding.is_empty() && self.unsent.is_empty();
        let size = |index| self.errand.listing.at(index).size;
        let fits = self.errand.octets.is_none() || size(another) <= size(refused) || is_alone;
        if self.stopping || !fits {
            return;
        }
        self.spare.pop_front();
        self.unsent.push_back(another);
        if self.errand.postponed_messages > 0 {
            self.errand.postponed_messages -= 1;
            self.tally.postponed -= 1;
        } else {
            self.tally.remaining = self.tally.remaining.saturating_sub(1);
        }
    }

    /// The message that was under way when the line was cut may be what cut it.
    fn note_cut(&mut self, error: &RunError) {
        let Some(Some(index)) = self.outstanding.front().copied() else {
            return;
        };
        if !error.is_of_the_line() {
            return;
        }
        let listed = self.errand.listing.at(index);
        let reason = judge_cut(self.errand.listing, index, self.errand.ledger);
        let detail = match reason {
            LeftOutReason::Poisoned => "the line was cut at it again and again",
            _ => "the line was cut while it came; it comes with a later check",
        };
        self.tally.left += u64::from(reason == LeftOutReason::Poisoned);
        self.batch.changes.push(LedgerChange::Leave {
            unique_id: unique_id(listed.unique_id),
            listed_size: listed.size,
            reason,
            detail: detail.to_owned(),
        });
    }

    /// Gives the batch to the store.
    fn submit(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let commit = std::mem::take(&mut self.batch).commit(Destination {
            store: Arc::clone(&self.errand.store),
            run: self.errand.run,
            retrieval: self.errand.retrieval.id,
            maildrop: self.errand.retrieval.maildrop,
            fallback: self
                .errand
                .sharing
                .as_ref()
                .map(|_| self.errand.retrieval.folder),
            room: self.errand.room,
        });
        // On a task of its own: the commit goes on while this run reads.
        let task = tokio::spawn(commit);
        self.commits.push(Box::pin(async move {
            task.await.unwrap_or(Err(StoreError::Closing))
        }));
    }

    fn note_commit(&mut self, commit: Result<Durable, StoreError>) -> Result<(), RunError> {
        let durable = commit?;
        let octets = durable.octets();
        self.tally.stored += durable.stored.messages;
        self.tally.octets += durable.stored.octets;
        self.tally.loops += durable.loops.messages;
        self.tally.copies += durable.copies;
        for (account, messages) in durable.reached {
            *self.tally.reached.entry(account).or_default() += messages;
        }
        self.due.extend(durable.deletes);
        if let Some(room) = &mut self.errand.room {
            self.under_way -= octets.count();
            room.used = durable.used.unwrap_or(room.used + durable.stored.octets);
        }
        self.errand.observer.progress(&Progress::Stored(
            self.errand.stored_before + self.tally.stored,
        ));
        Ok(())
    }

    fn batch_is_full(&self) -> bool {
        self.batch.entries() >= BATCH_MESSAGES
            || self.batch.octets >= BATCH_OCTETS
            || self.errand.budget.is_tight()
    }

    fn batch_is_ready(&self) -> bool {
        let last = self.unsent.is_empty() && self.outstanding.is_empty();
        !self.batch.is_empty()
            && (last || (self.batch_is_full() && self.commits.len() < COMMITS_AT_ONCE))
    }

    fn is_done(&self) -> bool {
        self.all_is_stored()
            && self.due.is_empty()
            && self.earlier.is_empty()
            && self.asked.is_empty()
            && self.farewell != Farewell::Said
    }

    /// Commands are sent in bunches: one at a time would cost a packet each.
    fn window_has_room(&self) -> bool {
        self.outstanding.len() <= WINDOW_LEAST
            || (self.outstanding_octets <= WINDOW_OCTETS / 8 * 7
                && self.outstanding.len() <= WINDOW_COMMANDS / 8 * 7)
    }

    fn fits_window(&self, wire: &Wire) -> bool {
        if !self.errand.pipelining {
            return self.may_send(wire);
        }
        self.outstanding.len() < WINDOW_LEAST
            || (self.outstanding_octets < WINDOW_OCTETS && self.outstanding.len() < WINDOW_COMMANDS)
    }

    fn may_send(&self, wire: &Wire) -> bool {
        let most = if self.errand.pipelining {
            2 * WINDOW_COMMANDS
        } else {
            1
        };
        wire.client.outstanding() < most
    }

    /// What a message will take of the account's room, as far as the listing can be believed.
    fn promised(&self, index: ListingIndex) -> u64 {
        const NO_MESSAGE_IS_LARGER: u64 = 1 << 48;
        match self.errand.room {
            Some(_) => {
                let size = self.errand.listing.at(index).size;
                size.map_or(0, Octets::count).min(NO_MESSAGE_IS_LARGER)
            }
            None => 0,
        }
    }

    fn weight(&self, index: ListingIndex) -> u64 {
        let size = self.errand.listing.at(index).size;
        // Far above the window is as good as the window; sums of lies stay small.
        size.map_or(UNLISTED_OCTETS, Octets::count)
            .min(WINDOW_OCTETS)
    }
}
