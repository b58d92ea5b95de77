//! One run of one retrieval, in its order of effects (DESIGN "A run, step by step").
//!
//! Lease, record, connect, sign in, list, plan, bring, QUIT, record. What a crash leaves at each
//! point: before a commit, nothing; after it, a stored message that the next run finds in the
//! ledger and does not bring again; after DELE but before the answer to QUIT, a row `asked`, whose
//! deletion the next run repeats if the message is still listed.
//!
//! Here are the sessions and the steps of one; `bounds` says how much they may bring, `planned` makes
//! ledger changes and the errand of the plan, `ending` records how it went.

mod bounds;
mod ending;
mod planned;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::{
    Amount, BodyJudge, Coming, Ledger, LedgerIndex, Listing, ProbeVerdict, Proof, RunPlan,
    SessionSize, StartPoint, judge_dates, judge_probes, plan_run,
};
use inhaul_pop3_proto::client::{Capabilities, Command, Event};
use inhaul_store::{Allowance, LedgerChange, Retrieval, RunNote};
use inhaul_types::card::Detail;
use inhaul_types::{AccountId, ErrorCode, LedgerId, MessageNumber, Octets, RunId, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::engine::{Engine, RunOptions};
use crate::failure::RunError;
use crate::leases::Lease;
use crate::observe::{Observer, OverLimit, Progress};
use crate::pop3_log::RunLog;
use crate::preview::{Look, Preview, preview};
use crate::session::Wire;
use crate::session::batch::Came;
use crate::session::learned::Learned;
use crate::session::listing::{Ahead, Listed, list};
use crate::session::open::{ask_again, dial, sign_in};
use crate::session::probe::{dates, probe};
use crate::session::retrieve::retrieve;
use crate::session::secret::reveal;
use crate::session::tally::Tally;

pub(crate) use planned::{LOOP, OWN_TRACE, left_out_text};

/// How long a re-linked message's remote copy is safe from us after a renumbering.
const RELINK_HOLD: Duration = Duration::from_secs(24 * 3600);
/// How long a run that was stopped tries to say QUIT.
const STOPPED_FAREWELL: Duration = Duration::from_secs(1);
/// How long the answer to a QUIT that deletes nothing is waited for, behind the run's back.
const FAREWELL: Duration = Duration::from_secs(5);
/// Sessions of one run, where each brings a part because of the server or the line. Where a limit
/// parts them, as many as it takes.
const SESSIONS: u32 = 20;

/// A run under way.
pub(crate) struct Visit<'a> {
    pub(crate) engine: &'a Arc<Engine>,
    pub(crate) retrieval: Retrieval,
    pub(crate) options: RunOptions,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) run: RunId,
    pub(crate) started: Timestamp,
    pub(crate) deadline: Instant,
    /// What bounds the account that is filled, as the session under way found it.
    pub(crate) allowance: Allowance,
    pub(crate) log: RunLog,
    pub(crate) outcome: Outcome,
    pub(crate) lease: Option<Lease>,
}

/// What is to be recorded at the end, however the run ends.
#[derive(Default)]
pub(crate) struct Outcome {
    listed: u64,
    would_retrieve: u64,
    preview: Option<Preview>,
    left: u64,
    /// Of the session under way.
    tally: Tally,
    /// Of the sessions before it.
    earlier: Earlier,
    notes: Vec<RunNote>,
    /// Accounts a catch-all filled beyond what they may hold.
    over_limit: Vec<OverLimit>,
    conversation: String,
    learned: Learned,
    changes: Vec<LedgerChange>,
}

/// What the sessions of a run did that have ended as they should.
#[derive(Default)]
struct Earlier {
    sessions: u32,
    stored: u64,
    octets: Octets,
    /// Copies of what their folders had already.
    copies: Came,
    /// How many messages of a catch-all each account got.
    reached: HashMap<AccountId, u64>,
    deleted: u64,
    left: u64,
    /// Of those: messages that went round.
    loops: u64,
    /// What the last of them left to the next one.
    postponed: u64,
    conversation: String,
}

/// Whether a run looks into the maildrop once more, at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Next {
    Done,
    OnceMore,
}

impl Outcome {
    /// Begins with what is known of the server.
    pub(crate) fn beginning(retrieval: &Retrieval, now: Timestamp) -> Self {
        Self {
            learned: Learned::of(retrieval, now),
            ..Self::default()
        }
    }

    /// What the run itself knows of its failure: how far the messages had come, or how often the
    /// server wants to be asked.
    fn detail(&self, code: ErrorCode) -> Option<Detail> {
        let earlier = self.earlier.stored;
        match code {
            ErrorCode::CutOff => Some(Detail::Cut {
                stored: earlier + self.tally.stored,
                wanted: earlier + self.would_retrieve,
                half: self.tally.half.then_some(earlier + self.tally.answered + 1),
            }),
            ErrorCode::TooOften => {
                let seconds = self.learned.login_delay()?.as_secs();
                Some(Detail::LoginDelay { seconds })
            }
            _ => None,
        }
    }
}

/// What a look into the maildrop found, and what follows from it.
struct Looked {
    listing: Listing,
    ahead: Vec<MessageNumber>,
    plan: RunPlan,
    verdict: ProbeVerdict,
    proofs: HashMap<LedgerIndex, Proof>,
    /// What of it this run brings.
    coming: Coming,
    pipelining: bool,
}

/// What the store knows before the server is asked.
struct Known {
    ledger: Ledger,
    others: Vec<Ledger>,
    allowance: Allowance,
}

impl Visit<'_> {
    /// One session, or several where each brings a part: a server that lists a part of its messages
    /// at a time, or a line that does not last.
    pub(crate) async fn carry_out(&mut self) -> Result<(), RunError> {
        loop {
            let next = match self.visit_or_look_again().await {
                // Whoever comes again at once may be told to wait. What came, came.
                Err(error)
                    if self.outcome.earlier.sessions > 0
                        && error.is_a_refusal_for_now(&self.retrieval.remote.host) =>
                {
                    // What was left to this session is left to the next run.
                    self.outcome.tally.remaining = self.outcome.earlier.postponed;
                    return Ok(());
                }
                next => next?,
            };
            if next == Next::Done {
                return self.unless_full().await;
            }
            self.settle().await?;
        }
    }

    /// One session; two of a look, which remembers nothing: what a run leaves to the next run, a
    /// look does at once.
    async fn visit_or_look_again(&mut self) -> Result<Next, RunError> {
        let ended = self.visit().await;
        let may = self.options.dry_run && !matches!(ended, Err(RunError::Stopped));
        match (&ended, self.outcome.learned.another_session()) {
            (Err(_), Some(learned)) if may => {
                self.outcome.learned = learned;
                self.visit().await
            }
            _ => ended,
        }
    }

    /// One session.
    async fn visit(&mut self) -> Result<Next, RunError> {
        let engine = Arc::clone(self.engine);
        let checks = engine.checks();
        if let (Some((free, least)), false) = (checks.room_missing(), self.options.dry_run) {
            return Err(RunError::NoRoom {
                place: checks.spool.clone(),
                free,
                least,
            });
        }
        let reach = engine.reach_of(&self.retrieval).await?;
        // The store is read while the network is waited for.
        let (line, known) = tokio::join!(
            unless_stopped(
                self.stop.clone(),
                dial(
                    &engine.dialler,
                    &self.retrieval.remote,
                    &reach,
                    &checks,
                    self.observer
                )
            ),
            self.load_known()
        );
        let overheard = self.observer.overheard();
        let mut wire = Wire::new(line?, checks.read_timeout).overheard_by(overheard);
        let known = known?;
        self.allowance = known.allowance;
        self.step("connected");
        let ended = self.converse(&mut wire, &known).await;
        if matches!(ended, Err(RunError::Stopped)) {
            // A session that waits for an answer may take no QUIT; it is dropped without.
            if wire.client.send(Command::Quit).is_ok() {
                drop(timeout(STOPPED_FAREWELL, wire.flush()).await);
            }
        }
        self.outcome.conversation = wire.client.transcript().render();
        ended?;
        let next = self.next();
        match (self.outcome.tally.has_deletions(), next) {
            (true, _) => {}
            (false, Next::Done) => self.say_farewell(wire),
            (false, Next::OnceMore) => {
                let bye = wire.until(|event| matches!(event, Event::Bye).then_some(()));
                // Whether it comes, is refused or is late makes no difference.
                drop(timeout(FAREWELL, bye).await);
            }
        }
        Ok(next)
    }

    /// Whether the session that has ended is to be followed by another one.
    fn next(&self) -> Next {
        let Outcome { tally, earlier, .. } = &self.outcome;
        let brought = tally.brought();
        let more = tally.postponed > 0 || self.retrieval.lists_in_parts && brought.messages > 0;
        // What is asked for again and again and never comes would be asked for without end.
        let by_limit = self.bounds().session != Amount::UNBOUND && brought.messages > 0;
        let may = !self.options.dry_run
            && !self
                .left_in_run()
                .less(brought.messages, brought.octets)
                .is_used_up()
            && (by_limit || earlier.sessions + 1 < SESSIONS)
            && !*self.stop.borrow()
            && Instant::now() < self.deadline
            && !self.must_wait_between_sessions();
        if more && may {
            Next::OnceMore
        } else {
            Next::Done
        }
    }

    fn must_wait_between_sessions(&self) -> bool {
        let delay = self.outcome.learned.login_delay();
        delay.is_some_and(|delay| !delay.is_zero())
    }

    /// Makes durable what a session that is followed by another one did, and begins anew.
    async fn settle(&mut self) -> Result<(), RunError> {
        self.note_session_size(SessionSize::after_good);
        self.note_what_was_left();
        let outcome = &mut self.outcome;
        let mut tally = std::mem::take(&mut outcome.tally);
        let earlier = &mut outcome.earlier;
        for (account, messages) in tally.reached.drain() {
            *earlier.reached.entry(account).or_default() += messages;
        }
        earlier.sessions += 1;
        earlier.stored += tally.stored;
        earlier.octets += tally.octets;
        earlier.copies += tally.copies;
        // What the server would not hand over for now was asked for again.
        earlier.left += tally.left - tally.left_for_now + std::mem::take(&mut outcome.left);
        earlier.left += tally.loops;
        earlier.loops += tally.loops;
        earlier.deleted += tally.deleted();
        earlier.postponed = tally.postponed;
        // The first session's and the last one's words are kept.
        let said = std::mem::take(&mut outcome.conversation);
        if earlier.conversation.is_empty() {
            earlier.conversation = said;
        }
        let mut changes = std::mem::take(&mut outcome.changes);
        changes.extend(tally.into_changes());
        let store = &self.engine.store;
        if !changes.is_empty() {
            store.ledger_apply(self.retrieval.maildrop, changes).await?;
        }
        // Holds and sizes may be other ones now.
        let now = store.retrieval_by_name(&self.retrieval.name).await?;
        let is_same_server = now.remote == self.retrieval.remote;
        self.retrieval = now;
        let learned = &mut self.outcome.learned;
        if is_same_server {
            learned.begin_next_session();
        } else {
            *learned = Learned::of(&self.retrieval, (self.engine.clock)());
        }
        Ok(())
    }

    /// Has the next session bring more, or less.
    fn note_session_size(&mut self, change: impl FnOnce(SessionSize) -> SessionSize) {
        let size = change(self.retrieval.session_size);
        if size != self.retrieval.session_size {
            self.retrieval.session_size = size;
            self.outcome.changes.push(LedgerChange::SessionSize(size));
        }
    }

    async fn load_known(&self) -> Result<Known, RunError> {
        let store = &self.engine.store;
        let maildrop = self.retrieval.maildrop;
        let (ledger, others, allowance) = tokio::join!(
            store.ledger_load(maildrop),
            store.ledger_load_others(maildrop),
            store.account_allowance(self.retrieval.account)
        );
        Ok(Known {
            ledger: ledger?,
            others: others?,
            allowance: allowance?,
        })
    }

    async fn converse(&mut self, wire: &mut Wire, known: &Known) -> Result<(), RunError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let begins = self.retrieval.start != StartPoint::Everything;
        let Looked {
            listing,
            ahead,
            plan,
            verdict,
            proofs,
            coming,
            pipelining,
        } = timeout(
            left,
            unless_stopped(self.stop.clone(), self.look(wire, known)),
        )
        .await
        .map_err(|_| RunError::TooLong)??;
        if self.options.dry_run {
            let look = Look {
                listing: &listing,
                ledger: &known.ledger,
                others: &known.others,
                plan: &plan,
                verdict: &verdict,
                policy: &self.policy(),
                now: (self.engine.clock)(),
                coming: &coming.retrieve,
            };
            self.outcome.tally.held_back = coming.held_back;
            let window = self.options.headers.then_some(pipelining);
            self.outcome.preview = Some(
                timeout(left, preview(wire, &look, window))
                    .await
                    .map_err(|_| RunError::TooLong)??,
            );
            return leave(wire).await;
        }
        self.note_plan(&listing, &known.ledger, &plan, &verdict);
        let mut judge = BodyJudge::new(&listing, &known.ledger, &plan, &verdict, &proofs);
        drop(proofs);
        if begins {
            // Behind what is left out, and durable before anything is asked for.
            self.outcome.changes.push(LedgerChange::Begun);
            self.apply_before_deleting().await?;
        }
        let part = coming.in_session(&listing, &verdict, self.session_most());
        let mut tally = Tally {
            remaining: part.remaining,
            held_back: coming.held_back,
            ..Tally::default()
        };
        if part.retrieve.is_empty() && verdict.delete.is_empty() {
            if coming.is_all() {
                self.note_vanished(&known.ledger, &judge);
            }
            self.outcome.tally = tally;
            return leave(wire).await;
        }
        self.log.tell();
        self.apply_before_deleting().await?;
        let sharing = match part.retrieve.is_empty() {
            true => None,
            false => {
                let most = self.recipients_most();
                self.engine.sharing(&self.retrieval, most).await?
            }
        };
        let mut errand = self.errand(known, &listing, &plan, &verdict, part, &mut judge);
        errand.sharing = sharing;
        errand.pipelining = pipelining;
        errand.ahead = ahead;
        let brought = retrieve(wire, errand, &mut tally).await;
        let came = tally.brought().messages;
        let what = match tally.copies.messages {
            0 => format!("{} stored", tally.stored),
            copies => format!("{} stored, {copies} were copies", tally.stored),
        };
        self.outcome.tally = tally;
        self.step(&what);
        if let Err(error) = &brought
            && error.is_of_the_line()
        {
            self.note_session_size(|size| size.after_cut(came));
        }
        brought?;
        // What was not asked for may be one of those that vanished, under another id.
        if self.outcome.tally.is_all() {
            self.note_vanished(&known.ledger, &judge);
        }
        if self.outcome.tally.has_deletions() {
            // They were followed by QUIT, and it was answered.
            return Ok(());
        }
        leave(wire).await
    }

    /// Everything up to the plan.
    async fn look(&mut self, wire: &mut Wire, known: &Known) -> Result<Looked, RunError> {
        let engine = Arc::clone(self.engine);
        let secret = engine.store.retrieval_secret(self.retrieval.id).await?;
        let checks = engine.checks();
        let credential = reveal(secret, checks.read_timeout).await?;
        let learned = &mut self.outcome.learned;
        sign_in(
            wire,
            &engine.dialler,
            &self.retrieval.remote,
            &credential,
            learned,
            &checks,
            self.observer,
        )
        .await?;
        drop(credential);
        ask_again(wire, learned).await?;
        let offered = learned.capabilities.as_ref();
        let pipelining = offered.is_some_and(Capabilities::pipelining);
        self.observer.progress(&Progress::SignedIn);
        self.step(if wire.is_encrypted() {
            "signed in, encrypted"
        } else {
            "signed in"
        });
        let (policy, now) = (self.policy(), (engine.clock)());
        // What is wanted has to be known before anything is asked for.
        let looks_first = self.options.dry_run
            || self.is_bounded()
            || *self.stop.borrow()
            || policy.start != StartPoint::Everything
            || self.retrieval.session_size.messages().is_some();
        let ahead = if looks_first {
            Ahead::Refused
        } else {
            Ahead::Allowed
        };
        let Listed { listing, ahead } =
            list(wire, pipelining, &known.ledger, &policy, now, ahead).await?;
        // A later session of the run lists what an earlier one has left.
        self.outcome.listed = self.outcome.listed.max(listing.len() as u64);
        let mut plan = plan_run(&listing, &known.ledger, &known.others, &policy, now);
        if let StartPoint::Since(then) = policy.start {
            let arrived = dates(wire, pipelining, &listing, &plan.retrieve).await?;
            judge_dates(&mut plan, &listing, &arrived, then);
        }
        let probes = probe(wire, pipelining, &listing, &plan.probe).await;
        if let Err(error) = &probes
            && error.is_of_the_line()
        {
            let asked = plan.probe.len() as u64;
            self.note_session_size(|size| size.after_cut(asked));
        }
        let probes = probes?;
        let proofs = self.proofs(&known.ledger, &plan).await?;
        let verdict = judge_probes(
            &listing,
            &known.ledger,
            &known.others,
            &plan,
            &probes,
            &proofs,
            &policy,
            now,
        );
        let coming = self.coming(&listing, &plan, &verdict);
        let octets = coming.retrieve.iter();
        let octets = octets.filter_map(|index| listing.at(*index).size);
        let octets = octets.sum::<Octets>();
        self.outcome.would_retrieve = coming.retrieve.len() as u64;
        self.observer.progress(&Progress::Listed {
            listed: self.outcome.listed,
            wanted: self.outcome.earlier.stored + self.outcome.would_retrieve,
            octets: self.outcome.earlier.octets + octets,
        });
        self.step(&format!(
            "{} listed, {} new",
            listing.len(),
            self.outcome.would_retrieve
        ));
        Ok(Looked {
            listing,
            ahead,
            plan,
            verdict,
            proofs,
            coming,
            pipelining,
        })
    }

    async fn proofs(
        &self,
        ledger: &Ledger,
        plan: &RunPlan,
    ) -> Result<HashMap<LedgerIndex, Proof>, RunError> {
        let rows: Vec<LedgerId> = plan.proofs.iter().map(|row| ledger.at(*row).id).collect();
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let proofs = self.engine.store.ledger_proofs(&rows).await?;
        Ok(plan.proofs.iter().copied().zip(proofs).collect())
    }

    /// Tells of what the session did not bring although it asked for it.
    fn note_what_was_left(&mut self) {
        let Outcome { tally, earlier, .. } = &self.outcome;
        // What went round is recorded, so that each session meets others.
        let (refused, loops) = (tally.left, earlier.loops + tally.loops);
        self.note(ErrorCode::MessageRefused, refused);
        self.note(ErrorCode::Loop, loops);
    }

    /// Tells of something that a good run may have met too.
    fn note(&mut self, code: ErrorCode, messages: u64) {
        let notes = &mut self.outcome.notes;
        match notes.iter_mut().find(|note| note.code == code) {
            _ if messages == 0 => {}
            // What a later session of the run meets again is the same.
            Some(note) => note.messages = note.messages.max(messages),
            None => notes.push(RunNote { code, messages }),
        }
    }

    /// Waits for the answer to QUIT behind the run's back: nothing hangs on it, but the maildrop
    /// stays leased until the server has let go of it.
    fn say_farewell(&mut self, mut wire: Wire) {
        let lease = self.lease.take();
        tokio::spawn(async move {
            let bye = wire.until(|event| matches!(event, Event::Bye).then_some(()));
            // Whether it comes, is refused or is late makes no difference.
            drop(timeout(FAREWELL, bye).await);
            drop(lease);
        });
    }

    fn step(&mut self, what: &str) {
        self.log.step((self.engine.clock)(), what);
    }
}

/// Does this part of a run, unless the run is to stop meanwhile. For parts that change nothing: what
/// they were about to do is left undone.
pub(crate) async fn unless_stopped<T>(
    mut stop: watch::Receiver<bool>,
    part: impl Future<Output = Result<T, RunError>>,
) -> Result<T, RunError> {
    let stopped = async {
        if stop.wait_for(|stop| *stop).await.is_err() {
            // Nobody is left who could say so.
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        done = part => done,
        () = stopped => Err(RunError::Stopped),
    }
}

/// Ends a session that deletes nothing: QUIT is sent, its answer changes nothing.
async fn leave(wire: &mut Wire) -> Result<(), RunError> {
    wire.send(Command::Quit)?;
    wire.flush().await
}
