//! `inhaul demo --selftest`: brings, cuts, renumbers, refuses, recovers, deletes, and counts.
//!
//! The scenario of the demo with nobody at the switches. Each step says what must hold, and ends
//! the test if it does not: the steps behind it stand on it. [`scenario`] has the steps of single
//! runs, [`firm`] those of mail that is shared out, [`service`] those of the running service,
//! [`pages`] those of the web pages.

mod firm;
mod pages;
mod scenario;
mod service;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use inhaul_domain::standing::Standing;
use inhaul_engine::{Observer, Progress, RunReport, Unobserved};
use inhaul_store::{Message, Store};
use inhaul_types::{Activation, ErrorCode};
use serde::Serialize;
use tokio::sync::watch;

use super::installation::{Installation, Polled};
use super::look::seconds;
use super::samples::{Manner, Pace, Sample};
use super::signals::Signals;
use crate::cli::Globals;
use crate::cli::output::{print, print_json};
use crate::exit::{Exit, Failure};

/// A step that did not hold, or could not be done at all.
pub(super) enum Broken {
    Expected(String),
    Failed(Failure),
}

type Held<T = ()> = Result<T, Broken>;

impl<E: Into<Failure>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

#[derive(Serialize)]
struct Step {
    step: &'static str,
    ok: bool,
    took_ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    took_ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_readable_ms: Option<u128>,
    /// From nothing to a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_page_ms: Option<u128>,
    /// From that page to a message on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_on_page_ms: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<&'static str>,
    steps: &'a [Step],
}

/// Runs the scenario; 0 if every step held, 70 if not. A signal ends it between two steps or in
/// one: nothing of it is kept.
pub(super) async fn run(globals: &Globals, mut signals: Signals) -> Result<Exit, Failure> {
    let began = Instant::now();
    let mut test = SelfTest {
        demo: Installation::start(Pace::Hurried, globals.data.as_deref()).await?,
        parent: globals.data.clone(),
        sent: BTreeMap::new(),
        numbered: 0,
        first_readable: None,
        first_page: None,
        first_on_page: None,
        steps: Vec::new(),
        live: !globals.json && !globals.quiet,
    };
    let played = tokio::select! {
        held = play(&mut test) => Ok(held),
        exit = signals.next() => Err(exit),
    };
    let concluded = match played {
        Ok(held) => test.conclude(globals, held, began.elapsed()),
        Err(exit) => Ok(exit),
    };
    test.demo.end().await?;
    concluded
}

/// Runs one after the other, past the service; then what the service makes of it, from the
/// beginning.
async fn play(test: &mut SelfTest) -> Held {
    test.demo.add(Sample::ALL, Polled::WhenAsked).await?;
    scenario::play(test).await?;
    let next = Installation::start(Pace::Hurried, test.parent.as_deref()).await?;
    std::mem::replace(&mut test.demo, next).end().await?;
    test.sent.clear();
    service::play(test).await?;
    pages::play(test).await
}

/// A self-test under way.
pub(super) struct SelfTest {
    demo: Installation,
    parent: Option<PathBuf>,
    /// Everything that was ever put into a mailbox.
    sent: BTreeMap<&'static str, Vec<Vec<u8>>>,
    numbered: u64,
    first_readable: Option<Duration>,
    first_page: Option<Duration>,
    first_on_page: Option<Duration>,
    steps: Vec<Step>,
    /// Steps are told as they end.
    live: bool,
}

impl SelfTest {
    /// Does one step and takes the time.
    async fn step(&mut self, step: &'static str, act: impl AsyncFnOnce(&mut Self) -> Held) -> Held {
        let began = Instant::now();
        let held = act(self).await;
        let why = match &held {
            Ok(()) => None,
            Err(Broken::Expected(why)) => Some(why.clone()),
            Err(Broken::Failed(failure)) => Some(failure.what.clone()),
        };
        let step = Step {
            step,
            ok: held.is_ok(),
            took_ms: began.elapsed().as_millis(),
            why,
        };
        if self.live {
            let mark = if step.ok { 'v' } else { 'X' };
            let why = step.why.as_deref().unwrap_or_default();
            let line = format!("{mark} {:<64} {:>6} ms   {why}", step.step, step.took_ms);
            print(&format!("{}\n", line.trim_end()))?;
        }
        self.steps.push(step);
        held
    }

    /// Tells how it went. What ended it early is the last step.
    fn conclude(&self, globals: &Globals, held: Held, took: Duration) -> Result<Exit, Failure> {
        let failed = self.steps.iter().find(|step| !step.ok);
        if globals.json {
            print_json(&Document {
                ok: held.is_ok(),
                took_ms: took.as_millis(),
                first_readable_ms: self.first_readable.map(|after| after.as_millis()),
                first_page_ms: self.first_page.map(|after| after.as_millis()),
                first_on_page_ms: self.first_on_page.map(|after| after.as_millis()),
                failed: failed.map(|step| step.step),
                steps: &self.steps,
            })?;
        }
        if let Some(failed) = failed {
            let why = failed.why.as_deref().unwrap_or_default();
            let what = format!("the self-test failed at {:?}: {why}", failed.step);
            return Err(Failure::new(Exit::SOFTWARE, what));
        }
        if let Err(Broken::Failed(failure)) = held {
            return Err(failure);
        }
        if self.live {
            print(&format!(
                "\nAll {} steps held in {}. First message readable after {}.\n\
                 First page after {}, first message on it {} later.\n",
                self.steps.len(),
                seconds(took),
                seconds(self.first_readable.unwrap_or_default()),
                seconds(self.first_page.unwrap_or_default()),
                seconds(self.first_on_page.unwrap_or_default()),
            ))?;
        }
        Ok(Exit::OK)
    }

    async fn pull(&self, sample: Sample) -> Held<RunReport> {
        self.pull_watched(sample, Unobserved).await
    }

    async fn pull_watched(&self, sample: Sample, observer: impl Observer) -> Held<RunReport> {
        // Each run has a server to itself: one that waits for the end of the last would be told
        // that the mailbox is in use.
        self.demo.host(sample).mailbox.idle().await;
        let (_stop, stopping) = watch::channel(false);
        let run = self.demo.run(sample, Activation::Cli, observer, stopping);
        let (_, report) = run.await?;
        Ok(report)
    }

    /// Pulls until everything that was sent is here: after a cut line it may take some runs.
    async fn pull_rest(&self, sample: Sample) -> Held<u64> {
        let mut stored = 0;
        for _ in 0..RUNS_FOR_REST {
            let report = self.pull(sample).await?;
            expect_good(&report)?;
            stored += report.stored;
            if report.remaining == 0 {
                break;
            }
        }
        Ok(stored)
    }

    fn make(&mut self, sample: Sample, manner: Manner) {
        self.demo.host_mut(sample).make(manner);
    }

    fn skip(&self, time: Duration) {
        self.demo.skip(time);
    }

    /// Sends so many messages that were never there before.
    fn send(&mut self, sample: Sample, count: u64) {
        self.demo
            .host(sample)
            .send(self.numbered + 1, count, self.demo.clock.now());
        self.numbered += count;
        self.note_sent(sample, usize::try_from(count).unwrap_or(usize::MAX));
    }

    /// Remembers the newest messages of a mailbox.
    fn note_sent(&mut self, sample: Sample, newest: usize) {
        let mut contents = self.demo.host(sample).mailbox.contents();
        let older = contents.len().saturating_sub(newest);
        let sent = self.sent.entry(sample.name()).or_default();
        for message in contents.drain(older..) {
            // Each of the people for whom a copy is gets it.
            for _ in 1..recipients(sample, &message) {
                sent.push(message.clone());
            }
            sent.push(message);
        }
    }

    /// Everything that was ever sent there is here once, octet for octet, and nothing else is.
    async fn holds_each_once(&self, sample: Sample) -> Held {
        let mut here = self.stored(sample).await?;
        let sent = self.sent.get(sample.name()).map_or(&[][..], Vec::as_slice);
        for message in sent {
            let count = here.entry(message.clone()).or_default();
            *count -= 1;
        }
        let sum = |wanted: fn(&i64) -> bool| -> i64 {
            here.values().filter(|count| wanted(count)).sum::<i64>()
        };
        match (-sum(|count| *count < 0), sum(|count| *count > 0)) {
            (0, 0) => Ok(()),
            (lost, extra) => Err(Broken::Expected(format!(
                "of {} messages {lost} are not here as they were sent, and {extra} are here that were not",
                sent.len()
            ))),
        }
    }

    /// The messages that came of it, and how often each is there.
    async fn stored(&self, sample: Sample) -> Held<BTreeMap<Vec<u8>, i64>> {
        let store = &self.demo.store;
        let mut here: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
        let count = async |_: &str, message: Message| {
            let mut body = store.message_body(message.id).await?;
            let mut octets = Vec::new();
            loop {
                let chunk = body.next_chunk().await?;
                if chunk.is_empty() {
                    break;
                }
                octets.extend_from_slice(&chunk);
            }
            *here.entry(octets).or_default() += 1;
            Ok(())
        };
        self.demo.each_message(sample, count).await?;
        Ok(here)
    }

    /// What lies at the server now.
    fn there(&self, sample: Sample) -> usize {
        self.demo.host(sample).mailbox.len()
    }

    /// How often a command was given to the server.
    fn count(&self, sample: Sample, verb: &str) -> u64 {
        self.demo.host(sample).mailbox.count(verb)
    }

    fn refused_sign_ins(&self, sample: Sample) -> u64 {
        self.demo.host(sample).mailbox.sign_ins().refused
    }

    fn sign_ins(&self, sample: Sample) -> u64 {
        let sign_ins = self.demo.host(sample).mailbox.sign_ins();
        sign_ins.accepted + sign_ins.refused
    }
}

/// In how many folders a message comes to lie.
fn recipients(sample: Sample, message: &[u8]) -> usize {
    match sample {
        Sample::Firm => {
            let note = message.split(|octet| *octet == b'\r').next();
            let note = note.unwrap_or_default();
            note.iter().filter(|octet| **octet == b'@').count()
        }
        _ => 1,
    }
}

/// A server that takes more visits than this to hand over a few messages is stuck.
const RUNS_FOR_REST: u32 = 5;

/// Notes when the first message of a run was readable.
pub(super) struct FirstReadable {
    begun: Instant,
    after: watch::Sender<Option<Duration>>,
}

impl Observer for FirstReadable {
    fn progress(&self, progress: &Progress) {
        if matches!(progress, Progress::Stored(1..)) {
            let after = self.begun.elapsed();
            self.after
                .send_modify(|first| *first = first.or(Some(after)));
        }
    }
}

fn expect(what: &str, holds: bool) -> Held {
    if holds {
        Ok(())
    } else {
        Err(Broken::Expected(format!("expected: {what}")))
    }
}

fn expect_same<T: PartialEq + std::fmt::Display>(what: &str, is: T, should: T) -> Held {
    if is == should {
        Ok(())
    } else {
        Err(Broken::Expected(format!(
            "{what}: expected {should}, got {is}"
        )))
    }
}

fn expect_good(report: &RunReport) -> Held {
    match &report.failure {
        None => Ok(()),
        Some(failure) => Err(Broken::Expected(format!(
            "{}: {}",
            failure.code, failure.what
        ))),
    }
}

fn expect_code(report: &RunReport, code: ErrorCode) -> Held {
    let got = match &report.failure {
        Some(failure) if failure.code == code => return Ok(()),
        Some(failure) => format!("{}: {}", failure.code, failure.what),
        None => "a good run".to_owned(),
    };
    Err(Broken::Expected(format!("expected {code}, got {got}")))
}

fn expect_standing((standing, sentence): &(Standing, String), should: Standing) -> Held {
    if *standing == should {
        Ok(())
    } else {
        Err(Broken::Expected(format!(
            "expected the state {should}, got {standing}: {sentence}"
        )))
    }
}
