//! One run of one retrieval, in its order of effects (DESIGN "A run, step by step").
//!
//! Lease, record, connect, sign in, list, plan, bring, QUIT, record. What a crash leaves at each
//! point: before a commit, nothing; after it, a stored message that the next run finds in the
//! ledger and does not bring again; after DELE but before the answer to QUIT, a row `asked`, whose
//! deletion the next run repeats if the message is still listed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::{
    BodyJudge, Ledger, LedgerIndex, LedgerState, LeftOutReason, Listing, ProbeVerdict, Proof,
    Retention, RunPlan, RunPolicy, judge_probes, plan_run,
};
use inhaul_pop3_proto::client::{Capabilities, Command, Event};
use inhaul_store::{LedgerChange, Retrieval, RunEnd};
use inhaul_types::{LedgerId, MessageNumber, Octets, RunId, Timestamp, UniqueId};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::engine::{Engine, RunOptions};
use crate::failure::RunError;
use crate::leases::Lease;
use crate::observe::{FailureReport, Observer, Progress, RunReport};
use crate::pop3_log::RunLog;
use crate::session::Wire;
use crate::session::learned::{Ended, Learned};
use crate::session::listing::{Ahead, Listed, list};
use crate::session::open::{ask_again, dial, sign_in};
use crate::session::probe::probe;
use crate::session::retrieve::{Errand, Tally, retrieve};
use crate::session::secret::reveal;

/// How long a re-linked message's remote copy is safe from us after a renumbering.
const RELINK_HOLD: Duration = Duration::from_secs(24 * 3600);
/// How long a run that was stopped tries to say QUIT.
const STOPPED_FAREWELL: Duration = Duration::from_secs(1);
/// How long the answer to a QUIT that deletes nothing is waited for, behind the run's back.
const FAREWELL: Duration = Duration::from_secs(5);

/// A run under way.
pub(crate) struct Visit<'a> {
    pub(crate) engine: &'a Arc<Engine>,
    pub(crate) retrieval: &'a Retrieval,
    pub(crate) options: RunOptions,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) run: RunId,
    pub(crate) deadline: Instant,
    pub(crate) log: RunLog,
    pub(crate) outcome: Outcome,
    pub(crate) lease: Option<Lease>,
}

/// What is to be recorded at the end, however the run ends.
#[derive(Default)]
pub(crate) struct Outcome {
    listed: u64,
    would_retrieve: u64,
    left: u64,
    tally: Tally,
    conversation: String,
    learned: Learned,
    changes: Vec<LedgerChange>,
}

impl Outcome {
    /// Begins with what is known of the server.
    pub(crate) fn beginning(retrieval: &Retrieval, now: Timestamp) -> Self {
        Self {
            learned: Learned::of(retrieval, now),
            ..Self::default()
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
    pipelining: bool,
}

/// What the store knows before the server is asked.
struct Known {
    ledger: Ledger,
    others: Vec<Ledger>,
}

impl Visit<'_> {
    pub(crate) async fn carry_out(&mut self) -> Result<(), RunError> {
        let engine = Arc::clone(self.engine);
        // The store is read while the network is waited for.
        let (line, known) = tokio::join!(
            unless_stopped(
                self.stop.clone(),
                dial(&engine.dialler, &self.retrieval.remote, &engine.checks)
            ),
            self.load_known()
        );
        let mut wire = Wire::new(line?, engine.checks.read_timeout);
        let known = known?;
        self.observer.progress(&Progress::Connected);
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
        if !self.outcome.tally.has_deletions() {
            self.say_farewell(wire);
        }
        Ok(())
    }

    async fn load_known(&self) -> Result<Known, RunError> {
        let store = &self.engine.store;
        let maildrop = self.retrieval.maildrop;
        let (ledger, others) = tokio::join!(
            store.ledger_load(maildrop),
            store.ledger_load_others(maildrop)
        );
        Ok(Known {
            ledger: ledger?,
            others: others?,
        })
    }

    async fn converse(&mut self, wire: &mut Wire, known: &Known) -> Result<(), RunError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let Looked {
            listing,
            ahead,
            plan,
            verdict,
            proofs,
            pipelining,
        } = timeout(
            left,
            unless_stopped(self.stop.clone(), self.look(wire, known)),
        )
        .await
        .map_err(|_| RunError::TooLong)??;
        if self.options.dry_run {
            return leave(wire).await;
        }
        self.note_plan(&listing, &known.ledger, &plan, &verdict);
        let mut judge = BodyJudge::new(&listing, &known.ledger, &plan, &verdict, &proofs);
        drop(proofs);
        let wanted = plan.retrieve.len() + verdict.retrieve.len() + verdict.delete.len();
        if wanted == 0 {
            self.note_vanished(&known.ledger, &judge);
            return leave(wire).await;
        }
        self.log.tell();
        self.apply_before_deleting().await?;
        let mut errand = self.errand(known, &listing, &plan, &verdict, &mut judge, pipelining);
        errand.ahead = ahead;
        // The hard end: a server that drips one octet a minute is cut off in the end.
        let hard = self.deadline.saturating_duration_since(Instant::now())
            + self.engine.checks.read_timeout;
        let mut tally = Tally::default();
        let brought = timeout(hard, retrieve(wire, errand, &mut tally)).await;
        self.outcome.tally = tally;
        self.step(&format!("{} stored", self.outcome.tally.stored));
        brought.map_err(|_| RunError::TooLong)??;
        self.note_vanished(&known.ledger, &judge);
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
        let credential = reveal(secret, engine.checks.read_timeout).await?;
        let learned = &mut self.outcome.learned;
        sign_in(
            wire,
            &engine.dialler,
            &self.retrieval.remote,
            &credential,
            learned,
            &engine.checks,
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
        let only_looks = self.options.dry_run || *self.stop.borrow();
        let ahead = if only_looks {
            Ahead::Refused
        } else {
            Ahead::Allowed
        };
        let Listed { listing, ahead } =
            list(wire, pipelining, &known.ledger, &policy, now, ahead).await?;
        self.outcome.listed = listing.len() as u64;
        let plan = plan_run(&listing, &known.ledger, &known.others, &policy, now);
        let probes = probe(wire, pipelining, &listing, &plan.probe).await?;
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
        let wanted = || plan.retrieve.iter().chain(&verdict.retrieve);
        let octets = wanted().filter_map(|index| listing.at(*index).size).sum();
        self.outcome.would_retrieve = wanted().count() as u64;
        self.observer.progress(&Progress::Listed {
            listed: self.outcome.listed,
            wanted: self.outcome.would_retrieve,
            octets,
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
            pipelining,
        })
    }

    fn policy(&self) -> RunPolicy {
        let kept = self.options.keep;
        RunPolicy {
            retention: if kept {
                Retention::Keep
            } else {
                self.retrieval.retention
            },
            largest: None,
            relinked_deletion_held_until: self.retrieval.relinked_deletion_held_until,
        }
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

    /// Turns the plan's findings into ledger changes.
    fn note_plan(
        &mut self,
        listing: &Listing,
        ledger: &Ledger,
        plan: &RunPlan,
        verdict: &ProbeVerdict,
    ) {
        let rows = |indexes: &[LedgerIndex]| -> Vec<LedgerId> {
            indexes.iter().map(|index| ledger.at(*index).id).collect()
        };
        let unique_id = |octets: Option<&[u8]>| octets.and_then(|id| UniqueId::parse(id).ok());
        let changes = &mut self.outcome.changes;
        if plan.renumbered {
            let until = (self.engine.clock)().plus(RELINK_HOLD);
            changes.push(LedgerChange::HoldRelinkedDeletion(Some(until)));
        }
        if !plan.appeared.is_empty() {
            changes.push(LedgerChange::Appeared(rows(&plan.appeared)));
        }
        if plan.ids_broken || verdict.ids_broken {
            changes.push(LedgerChange::IdsBroken);
        }
        for (index, reason) in plan.leave.iter().chain(&verdict.leave) {
            let listed = listing.at(*index);
            changes.push(LedgerChange::Leave {
                unique_id: unique_id(listed.unique_id),
                listed_size: listed.size,
                reason: *reason,
                detail: left_out_text(*reason, listed.size),
            });
        }
        for (index, row) in &verdict.relink {
            let listed = listing.at(*index);
            changes.push(LedgerChange::Relink {
                row: ledger.at(*row).id,
                unique_id: unique_id(listed.unique_id),
                listed_size: listed.size,
            });
        }
        self.outcome.left = (plan.leave.len() + verdict.leave.len()) as u64;
    }

    /// What is no longer listed is recorded by a run that ended well only: a message that came
    /// under a new id may still be re-linked while bodies arrive.
    fn note_vanished(&mut self, ledger: &Ledger, judge: &BodyJudge) {
        let rows: Vec<_> = judge
            .vanished()
            .into_iter()
            .map(|row| ledger.at(row).id)
            .collect();
        if !rows.is_empty() {
            self.outcome.changes.push(LedgerChange::Vanished(rows));
        }
    }

    /// Re-links and the hold on deletion are durable before anything is deleted by them.
    async fn apply_before_deleting(&mut self) -> Result<(), RunError> {
        let changes = std::mem::take(&mut self.outcome.changes);
        if changes.is_empty() {
            return Ok(());
        }
        Ok(self
            .engine
            .store
            .ledger_apply(self.retrieval.maildrop, changes)
            .await?)
    }

    fn errand<'a>(
        &'a self,
        known: &'a Known,
        listing: &'a Listing,
        plan: &RunPlan,
        verdict: &ProbeVerdict,
        judge: &'a mut BodyJudge,
        pipelining: bool,
    ) -> Errand<'a> {
        let delete: Vec<(MessageNumber, LedgerId)> = verdict
            .delete
            .iter()
            .map(|(index, row)| (listing.at(*index).number, known.ledger.at(*row).id))
            .collect();
        let mut policy = self.policy();
        if plan.renumbered {
            policy.relinked_deletion_held_until = Some((self.engine.clock)().plus(RELINK_HOLD));
        }
        Errand {
            store: Arc::clone(&self.engine.store),
            budget: Arc::clone(&self.engine.budget),
            spool: self.engine.checks.spool.clone(),
            now: &*self.engine.clock,
            observer: self.observer,
            run: self.run,
            retrieval: self.retrieval,
            listing,
            ledger: &known.ledger,
            others: &known.others,
            policy,
            judge,
            ahead: Vec::new(),
            retrieve: plan
                .retrieve
                .iter()
                .chain(&verdict.retrieve)
                .copied()
                .collect(),
            delete,
            pipelining,
            deadline: self.deadline,
            stop: self.stop.clone(),
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

    /// Records the end.
    pub(crate) async fn finish(mut self, error: Option<RunError>, begun: Instant) -> RunReport {
        let (host, port) = (&self.retrieval.remote.host, self.retrieval.remote.port);
        let mut failure = error.as_ref().map(|error| error.report(host, port));
        let outcome = std::mem::take(&mut self.outcome);
        let Tally {
            stored,
            octets,
            left,
            accepted,
            refused,
            remaining,
            confirmed,
        } = outcome.tally;
        let deleted = if confirmed { accepted.len() as u64 } else { 0 };
        let mut changes = outcome.changes;
        if confirmed && !accepted.is_empty() {
            changes.push(LedgerChange::State {
                rows: accepted,
                state: LedgerState::Deleted,
            });
        }
        if !refused.is_empty() {
            changes.push(LedgerChange::State {
                rows: refused,
                state: LedgerState::Stored,
            });
        }
        let left = left + outcome.left;
        let now = (self.engine.clock)();
        let ended = match error {
            None => Ended::Well,
            Some(RunError::Stopped) => Ended::Stopped,
            Some(_) => Ended::Badly,
        };
        let end = RunEnd {
            run: self.run,
            ended: now,
            code: failure.as_ref().map(|failure| failure.code),
            listed: outcome.listed,
            stored,
            octets,
            deleted,
            left,
            said: failure.as_ref().and_then(|failure| failure.said.clone()),
            conversation: outcome.conversation,
            // Forgotten at the first surprise.
            capabilities: outcome.learned.to_remember(ended, now),
            sign_in_memory: outcome.learned.sign_in,
        };
        let recorded = self
            .engine
            .store
            .run_finish(self.retrieval.maildrop, end, changes)
            .await;
        if let Err(error) = recorded {
            failure.get_or_insert_with(|| RunError::from(error).report(host, port));
        }
        self.log_end(stored, deleted, left, failure.as_ref(), begun);
        RunReport {
            run: Some(self.run),
            failure,
            listed: outcome.listed,
            stored,
            octets,
            deleted,
            left,
            remaining,
            would_retrieve: outcome.would_retrieve,
            took: begun.elapsed(),
        }
    }

    fn log_end(
        &mut self,
        stored: u64,
        deleted: u64,
        left: u64,
        failure: Option<&FailureReport>,
        begun: Instant,
    ) {
        let now = (self.engine.clock)();
        let took = begun.elapsed().as_secs_f64();
        let host = &self.retrieval.remote.host;
        match failure {
            Some(failure) => {
                self.log.tell();
                let said = failure
                    .said
                    .as_deref()
                    .map(|said| format!(" (server: {said})"));
                let said = said.unwrap_or_default();
                self.log.end(
                    now,
                    &format!("error {}: {}{said}", failure.code, failure.what),
                );
            }
            None if stored + deleted + left == 0 => {
                self.log
                    .end(now, &format!("{host}: nothing new, {took:.1} s"));
            }
            None => {
                let left = if left > 0 {
                    format!(", {left} left there")
                } else {
                    String::new()
                };
                let copies = match deleted {
                    0 => format!("copies stay on {host}"),
                    deleted => format!("{deleted} deleted on {host}"),
                };
                self.log.end(now, &format!("{copies}{left}, {took:.1} s"));
            }
        }
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

fn left_out_text(reason: LeftOutReason, size: Option<Octets>) -> String {
    let size = size
        .map(|size| format!(" ({size} octets)"))
        .unwrap_or_default();
    match reason {
        LeftOutReason::TooLarge => format!("larger than the limit{size}"),
        LeftOutReason::Refused => "the server would not hand it over".to_owned(),
        LeftOutReason::Poisoned => "the line was cut at it again and again".to_owned(),
    }
}
