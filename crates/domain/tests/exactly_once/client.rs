//! Carries out a plan as the engine does, with a ledger in memory, and may be killed at any step.

use std::collections::HashMap;

use inhaul_domain::{
    BodyJudge, BodyVerdict, IdTrust, Ledger, LedgerEvent, LedgerIndex, LedgerState, LeftOutReason,
    Listing, ListingIndex, NewLedgerRow, Probe, Proof, RowEpoch, RunPolicy, deletes_fetched,
    expects_nothing_known, judge_cut, judge_probes, needs_sizes, plan_run,
};
use inhaul_types::{LedgerId, Octets, Timestamp};

use crate::server::{Content, Line, Server};

/// What goes wrong in a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    /// The client is killed before its effect of this number.
    pub(crate) killed_before: Option<u8>,
    pub(crate) quit: Quit,
    /// The server confirms deletions and does not do them.
    pub(crate) ignores_dele: bool,
    pub(crate) shuffle: u64,
    /// How many messages are committed at once.
    pub(crate) batch: usize,
}

impl Faults {
    pub(crate) const NONE: Self = Self {
        killed_before: None,
        quit: Quit::Answered,
        ignores_dele: false,
        shuffle: 0,
        batch: 4,
    };
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Quit {
    Answered,
    /// The server deletes; its answer is lost.
    Unheard,
    /// The line is cut before the server reads QUIT.
    Unread,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ended {
    Well,
    Badly,
}

/// What survives a kill.
#[derive(Debug, Default)]
pub(crate) struct Client {
    rows: Vec<Row>,
    pub(crate) stored: Vec<Content>,
    broken: bool,
    pub(crate) held_until: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Row {
    unique_id: Option<Vec<u8>>,
    listed_size: Option<Octets>,
    state: LedgerState,
    stored_at: Timestamp,
    deleted_at: Timestamp,
    listed_last: bool,
    asks: u8,
    epoch: RowEpoch,
    content: Option<Content>,
}

/// The client was killed.
struct Killed;

/// One session: what is lost with it.
struct Session<'a> {
    server: &'a mut Server,
    lines: Vec<Line>,
    listing: Listing,
    ledger: Ledger,
    /// Messages with a DELE, and their rows.
    marked: Vec<(usize, usize)>,
    effects: u8,
    faults: Faults,
    policy: RunPolicy,
    now: Timestamp,
}

impl Client {
    /// Whether all messages with this header are recorded as deleted, and there are some.
    pub(crate) fn has_deleted(&self, print: u16) -> bool {
        let mut rows = self
            .rows
            .iter()
            .filter(|row| row.content.is_some_and(|content| content.print == print))
            .peekable();
        rows.peek().is_some() && rows.all(|row| row.state == LedgerState::Deleted)
    }

    /// The maildrop has another host now.
    pub(crate) fn change_host(&mut self) {
        for row in &mut self.rows {
            row.epoch = RowEpoch::Past;
        }
    }

    pub(crate) fn run(
        &mut self,
        server: &mut Server,
        policy: RunPolicy,
        faults: Faults,
        now: Timestamp,
    ) -> Ended {
        let policy = RunPolicy {
            relinked_deletion_held_until: self.held_until,
            ..policy
        };
        let lines = server.list(faults.shuffle);
        let mut session = Session {
            listing: listing_of(&lines),
            lines,
            server,
            ledger: self.ledger(),
            marked: Vec::new(),
            effects: 0,
            faults,
            policy,
            now,
        };
        self.visit(&mut session).unwrap_or(Ended::Badly)
    }

    fn visit(&mut self, session: &mut Session<'_>) -> Result<Ended, Killed> {
        session.ask_sizes();
        let (listing, ledger) = (session.listing.clone(), session.ledger.clone());
        let (policy, now) = (session.policy, session.now);
        let plan = plan_run(&listing, &ledger, &[], &policy, now);
        let proofs: HashMap<_, _> = plan
            .proofs
            .iter()
            .map(|row| (*row, proof_of(&self.rows[row.position()])))
            .collect();
        let probes = plan
            .probe
            .iter()
            .map(|index| (*index, session.top(*index)))
            .collect();
        let verdict = judge_probes(
            &listing,
            &ledger,
            &[],
            &plan,
            &probes,
            &proofs,
            &policy,
            now,
        );
        let mut bodies = BodyJudge::new(&listing, &ledger, &plan, &verdict, &proofs);

        session.effect()?;
        self.broken |= plan.ids_broken || verdict.ids_broken;
        if plan.holds_deletion {
            self.held_until = Some(now.plus(std::time::Duration::from_secs(24 * 60 * 60)));
        }
        for (index, reason) in plan.leave.iter().chain(&verdict.leave) {
            session.effect()?;
            self.leave(session, *index, *reason);
        }
        for (index, row) in &verdict.relink {
            session.effect()?;
            self.relink(session, *index, *row);
        }
        let first = plan.retrieve.iter().chain(&verdict.retrieve);
        let last = plan.retrieve_last.iter().chain(&verdict.retrieve_last);
        let retrieve: Vec<_> = first.chain(last).copied().collect();
        for batch in retrieve.chunks(session.faults.batch) {
            if let Err(cut) = session.effect() {
                // The line is cut at this message; the process lives to note it.
                let reason = judge_cut(&listing, batch[0], &ledger);
                self.leave(session, batch[0], reason);
                return Err(cut);
            }
            for index in batch {
                self.commit(session, *index, &mut bodies);
            }
        }
        session.effect()?;
        for (index, row) in &verdict.delete {
            self.rows[row.position()].change(LedgerEvent::DeletionAsked);
            session.marked.push((session.key(*index), row.position()));
        }
        session.effect()?;
        if session.quit() == Ended::Badly {
            return Ok(Ended::Badly);
        }
        session.effect()?;
        self.confirm(session);
        for row in &plan.appeared {
            self.rows[row.position()].listed_last = true;
        }
        for row in bodies.vanished() {
            self.rows[row.position()].listed_last = false;
        }
        Ok(Ended::Well)
    }

    fn commit(&mut self, session: &mut Session<'_>, index: ListingIndex, bodies: &mut BodyJudge) {
        let content = session.line(index).message.content;
        let Session {
            listing,
            ledger,
            policy,
            now,
            ..
        } = session;
        let verdict = bodies.judge(index, &content.digest());
        let deletes = deletes_fetched(listing, index, verdict, ledger, &[], policy, *now);
        let row = match verdict {
            BodyVerdict::Store => {
                self.stored.push(content);
                let row = Row::new(session, index, LedgerState::Stored, Some(content));
                self.put(row)
            }
            BodyVerdict::Relink(row) => {
                self.relink(session, index, row);
                row.position()
            }
        };
        if deletes {
            self.rows[row].change(LedgerEvent::DeletionAsked);
            session.marked.push((session.key(index), row));
        }
    }

    fn relink(&mut self, session: &Session<'_>, index: ListingIndex, row: LedgerIndex) {
        let line = session.listing.at(index);
        let row = &mut self.rows[row.position()];
        row.unique_id = line.unique_id.map(<[u8]>::to_vec);
        row.listed_size = line.size;
        row.epoch = RowEpoch::Present;
        row.listed_last = true;
        row.change(LedgerEvent::Relinked);
    }

    fn leave(&mut self, session: &Session<'_>, index: ListingIndex, reason: LeftOutReason) {
        let mut row = Row::new(session, index, LedgerState::LeftOut(reason), None);
        if reason == LeftOutReason::Interrupted {
            row.asks = 1 + self.left_out(&row).map_or(0, |row| self.rows[row].asks);
        }
        self.put(row);
    }

    /// The row takes the place of one that says why the same message was left out, as in the store.
    fn put(&mut self, row: Row) -> usize {
        let Some(place) = self.left_out(&row) else {
            self.rows.push(row);
            return self.rows.len() - 1;
        };
        self.rows[place] = row;
        place
    }

    fn left_out(&self, row: &Row) -> Option<usize> {
        self.rows.iter().position(|other| {
            !other.state.is_stored()
                && (&other.unique_id, other.listed_size) == (&row.unique_id, row.listed_size)
        })
    }

    fn confirm(&mut self, session: &Session<'_>) {
        for (_, row) in &session.marked {
            let row = &mut self.rows[*row];
            row.change(LedgerEvent::DeletionConfirmed);
            row.deleted_at = session.now;
            row.asks = row.asks.saturating_add(1);
        }
    }

    fn ledger(&self) -> Ledger {
        let trust = if self.broken {
            IdTrust::Broken
        } else {
            IdTrust::Unbroken
        };
        let mut ledger = Ledger::new(trust);
        for (id, row) in (1..).zip(&self.rows) {
            let is_deleted = row.state == LedgerState::Deleted;
            ledger.push(NewLedgerRow {
                id: LedgerId::new(id),
                unique_id: row.unique_id.as_deref(),
                listed_size: row.listed_size,
                state: row.state,
                since: if is_deleted {
                    row.deleted_at
                } else {
                    row.stored_at
                },
                listed_last: row.listed_last,
                asks: row.asks,
                epoch: row.epoch,
            });
        }
        ledger
    }
}

impl Row {
    fn new(
        session: &Session<'_>,
        index: ListingIndex,
        state: LedgerState,
        content: Option<Content>,
    ) -> Self {
        let line = session.listing.at(index);
        Self {
            unique_id: line.unique_id.map(<[u8]>::to_vec),
            listed_size: line.size,
            state,
            stored_at: session.now,
            deleted_at: session.now,
            listed_last: true,
            asks: 0,
            epoch: RowEpoch::Present,
            content,
        }
    }

    fn change(&mut self, event: LedgerEvent) {
        let after = self.state.after(event);
        self.state = after.unwrap_or_else(|| panic!("{event:?} in {:?}", self.state));
    }
}

impl Session<'_> {
    fn ask_sizes(&mut self) {
        let Self {
            listing,
            lines,
            ledger,
            policy,
            now,
            ..
        } = self;
        let octets = lines
            .iter()
            .map(|line| Octets::new(line.message.content.size))
            .sum();
        let stat = Some((lines.len() as u64, octets));
        if expects_nothing_known(ledger) || needs_sizes(listing, stat, ledger, policy, *now) {
            for line in lines {
                listing
                    .push_size(line.number, Octets::new(line.message.content.size))
                    .unwrap();
            }
        }
    }

    fn top(&self, index: ListingIndex) -> Probe {
        let content = self.line(index).message.content;
        if self.server.top {
            Probe::Read(content.fingerprint())
        } else {
            Probe::Refused
        }
    }

    /// Before each lasting effect.
    fn effect(&mut self) -> Result<(), Killed> {
        if self.faults.killed_before == Some(self.effects) {
            return Err(Killed);
        }
        self.effects = self.effects.saturating_add(1);
        Ok(())
    }

    fn quit(&mut self) -> Ended {
        let Self {
            faults,
            marked,
            server,
            ..
        } = self;
        if faults.quit != Quit::Unread && !faults.ignores_dele {
            server
                .messages
                .retain(|message| marked.iter().all(|(key, _)| *key != message.key));
        }
        if faults.quit == Quit::Answered {
            Ended::Well
        } else {
            Ended::Badly
        }
    }

    fn line(&self, index: ListingIndex) -> &Line {
        &self.lines[index.position()]
    }

    fn key(&self, index: ListingIndex) -> usize {
        self.line(index).message.key
    }
}

fn listing_of(lines: &[Line]) -> Listing {
    let mut listing = Listing::new();
    for line in lines {
        let id = line.id.as_deref().unwrap_or_default();
        listing.push_unique_id(line.number, id).unwrap();
    }
    listing
}

fn proof_of(row: &Row) -> Proof {
    Proof {
        fingerprint: row.content.map(Content::fingerprint),
        digest: row.content.map(Content::digest),
        size: Octets::new(row.content.map_or(0, |content| content.size)),
    }
}
