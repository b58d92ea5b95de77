//! The demo as a person has it: mail is checked by itself, and commands make things happen.
//!
//! One loop waits for whatever comes first: a signal, a run's end, a delivery, the next check, a
//! line. A command that checks is done when its runs are, so that lines from a pipe happen in
//! order. Start at [`Desk::hold`].

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use inhaul_engine::{Observer, Progress};
use inhaul_store::StoreError;
use inhaul_types::{Activation, ErrorCode, MessageId, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Interval, interval_at, sleep, timeout};

use super::command::{Command, HELP};
use super::installation::Installation;
use super::look;
use super::samples::Sample;
use super::schedule::next_wait;
use super::signals::Signals;
use crate::cli::Globals;
use crate::cli::card;
use crate::cli::message::print_message;
use crate::cli::output::{complain, print};
use crate::cli::progress::{Bar, Bars};
use crate::cli::pull::{Finished, tell};
use crate::cli::retrieval::retention_words;
use crate::exit::{Exit, Failure};

/// A new order comes to the shop so often.
const ORDERS_EVERY: Duration = Duration::from_secs(20);
/// At the end, what does not stop in this time is cut off. Nothing is kept anyway.
const GRACE: Duration = Duration::from_millis(500);

pub(super) struct Desk<'a> {
    demo: Installation,
    globals: &'a Globals,
    input: Input,
    bars: Bars,
    runs: JoinSet<Result<Ended, StoreError>>,
    under_way: HashSet<Sample>,
    standing: [Standing; Sample::ALL.len()],
    stop: watch::Sender<bool>,
    signals: Signals,
    orders: Interval,
    ordered: u64,
    sent: u64,
    /// What ended before the headline could be told.
    held: Option<Vec<Ended>>,
}

/// Where commands come from.
pub(super) struct Input {
    pub(super) lines: mpsc::Receiver<String>,
    pub(super) typed: Typed,
}

/// By whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Typed {
    /// A person, at a terminal.
    ByHand,
    /// A pipe or a file, which ends.
    ByScript,
}

/// A mailbox between two checks.
#[derive(Clone, Copy, Debug)]
struct Standing {
    due: Timestamp,
    code: Option<ErrorCode>,
    in_a_row: u32,
}

struct Ended {
    sample: Sample,
    activation: Activation,
    finished: Finished,
    begun: Instant,
    /// When the first of its messages was readable.
    first: Option<Instant>,
}

/// Something happened.
enum Step {
    Went,
    /// A line, or the end of them.
    Line(Option<String>),
    Signal(Exit),
}

/// Whether commands are taken now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Listening {
    Yes,
    No,
}

type Flow = ControlFlow<Exit>;

impl<'a> Desk<'a> {
    pub(super) fn new(
        demo: Installation,
        globals: &'a Globals,
        input: Input,
        signals: Signals,
    ) -> Self {
        let standing = Standing {
            due: demo.clock.now(),
            code: None,
            in_a_row: 0,
        };
        let first_order = tokio::time::Instant::now() + ORDERS_EVERY;
        let mut desk = Self {
            demo,
            globals,
            input,
            bars: Bars::new(globals.draws_bars()),
            runs: JoinSet::new(),
            under_way: HashSet::new(),
            standing: [standing; Sample::ALL.len()],
            stop: watch::channel(false).0,
            signals,
            orders: interval_at(first_order, ORDERS_EVERY),
            ordered: 0,
            sent: 0,
            held: Some(Vec::new()),
        };
        desk.order();
        desk
    }

    /// Brings what is there, then takes commands until it is told to end.
    pub(super) async fn hold(mut self) -> Result<Exit, Failure> {
        let ended = self.talk().await;
        let closed = self.close().await;
        let exit = ended?;
        closed?;
        Ok(exit)
    }

    async fn talk(&mut self) -> Result<Exit, Failure> {
        if let Flow::Break(exit) = self.open().await? {
            return Ok(exit);
        }
        let mut exit = Exit::OK;
        let mut commands = 0_u64;
        loop {
            let line = match self.step(Listening::Yes).await? {
                Step::Went => continue,
                Step::Signal(exit) => return Ok(exit),
                Step::Line(Some(line)) => line,
                Step::Line(None) => break,
            };
            commands += 1;
            match self.carry_out(&line).await {
                Ok(Flow::Continue(())) => {}
                Ok(Flow::Break(exit)) => return Ok(exit),
                // A slip is told, and the demo goes on; a script's exit shows that there was one.
                Err(failure) if is_slip(&failure) => {
                    self.bars.aside(|| complain(&format!("{}\n", failure.what)));
                    if self.input.typed == Typed::ByScript {
                        exit = failure.exit;
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        if commands == 0 && self.input.typed == Typed::ByScript {
            // Nobody is there to ask for it.
            let list = look::list(&self.demo, Some(Sample::OldIsp)).await?;
            self.say(&format!("\n{list}\n"))?;
        }
        Ok(exit)
    }

    /// The first minute: all six at once, the large one on its own time.
    async fn open(&mut self) -> Result<Flow, Failure> {
        self.say(&format!(
            "Demo. Nothing here is real, nothing is kept. Stop with Ctrl-C.\n\n  \
             Sample remote server   {} (POP3), {} mailboxes\n\n",
            self.demo.host(Sample::OldIsp).server.address(),
            Sample::ALL.len(),
        ))?;
        for sample in Sample::ALL {
            self.start(sample, Activation::Schedule);
        }
        let quick = Sample::ALL
            .into_iter()
            .filter(|sample| *sample != Sample::Big);
        let flow = self.until_done(quick.collect()).await?;
        if flow.is_continue() && self.input.typed == Typed::ByHand && !self.globals.quiet {
            self.say(
                "\nMail is checked by itself from here on. Type help for what else can happen.\n",
            )?;
        }
        Ok(flow)
    }

    async fn step(&mut self, listening: Listening) -> Result<Step, Failure> {
        let wait = self.until_next_check();
        tokio::select! {
            biased;
            exit = self.signals.next() => return Ok(Step::Signal(exit)),
            Some(ended) = self.runs.join_next() => {
                let ended = ended.map_err(|error| {
                    let what = format!("a check broke down, which is a mistake of inhaul's: {error}");
                    Failure::new(Exit::SOFTWARE, what)
                })?;
                self.note_ended(ended?)?;
            }
            _ = self.orders.tick() => self.order(),
            () = sleep(wait) => drop(self.start_due()),
            line = self.input.lines.recv(), if listening == Listening::Yes => {
                return Ok(Step::Line(line));
            }
        }
        Ok(Step::Went)
    }

    /// Goes on without taking commands until none of these is under way.
    async fn until_done(&mut self, mut samples: HashSet<Sample>) -> Result<Flow, Failure> {
        loop {
            samples.retain(|sample| self.under_way.contains(sample));
            if samples.is_empty() {
                return Ok(Flow::Continue(()));
            }
            if let Step::Signal(exit) = self.step(Listening::No).await? {
                return Ok(Flow::Break(exit));
            }
        }
    }

    fn until_next_check(&self) -> Duration {
        let waiting = Sample::ALL
            .into_iter()
            .filter(|sample| !self.under_way.contains(sample));
        let due = waiting
            .map(|sample| self.standing[sample as usize].due)
            .min();
        due.map_or(ORDERS_EVERY, |due| due.since(self.demo.clock.now()))
    }

    /// Starts what is due and says what that was.
    fn start_due(&mut self) -> HashSet<Sample> {
        let now = self.demo.clock.now();
        let due = Sample::ALL.into_iter().filter(|sample| {
            self.standing[*sample as usize].due <= now && !self.under_way.contains(sample)
        });
        let due: HashSet<_> = due.collect();
        for sample in &due {
            self.start(*sample, Activation::Schedule);
        }
        due
    }

    fn start(&mut self, sample: Sample, activation: Activation) {
        // A bar for every look of the schedule would flicker under the hand that types.
        let watched = self.held.is_some() || activation != Activation::Schedule;
        let bar = if watched {
            self.bars.add(sample.name())
        } else {
            Bars::new(false).add(sample.name())
        };
        let first = Arc::new(OnceLock::new());
        let watch = Watch {
            bar,
            first: Arc::clone(&first),
        };
        let run = self
            .demo
            .run(sample, activation, watch, self.stop.subscribe());
        self.under_way.insert(sample);
        self.runs.spawn(async move {
            let begun = Instant::now();
            let (retrieval, report) = run.await?;
            Ok(Ended {
                sample,
                activation,
                finished: Finished::new(retrieval, report),
                begun,
                first: first.get().copied(),
            })
        });
    }

    fn note_ended(&mut self, ended: Ended) -> Result<(), Failure> {
        let sample = ended.sample;
        self.under_way.remove(&sample);
        let report = &ended.finished.report;
        let code = report.failure.as_ref().map(|failure| failure.code);
        let standing = &mut self.standing[sample as usize];
        standing.in_a_row = if standing.code == code {
            standing.in_a_row.saturating_add(1)
        } else {
            1
        };
        standing.code = code;
        let wait = next_wait(sample.every(), code, standing.in_a_row);
        standing.due = self.demo.clock.now().plus(wait);
        match self.held.take() {
            None => self.tell(&ended),
            Some(held) if sample == Sample::OldIsp => {
                self.tell_headline(&ended)?;
                self.tell(&ended)?;
                held.iter().try_for_each(|ended| self.tell(ended))
            }
            Some(mut held) => {
                held.push(ended);
                self.held = Some(held);
                Ok(())
            }
        }
    }

    fn tell_headline(&self, ended: &Ended) -> Result<(), Failure> {
        let report = &ended.finished.report;
        if let Some(failure) = &report.failure {
            let what = format!("{}: {}", failure.code, failure.what);
            return Err(Failure::new(Exit::SOFTWARE, what));
        }
        let first = ended.first.map(|first| {
            let after = first.duration_since(ended.begun);
            format!(" First one readable after {}.", look::seconds(after))
        });
        self.say(&format!(
            "{} messages brought in {}.{}\n\n",
            report.stored,
            look::seconds(report.took),
            first.unwrap_or_default(),
        ))
    }

    /// A result as `pull` tells it; of the schedule's looks only those that found something.
    fn tell(&self, ended: &Ended) -> Result<(), Failure> {
        let report = &ended.finished.report;
        let news = report.failure.is_some()
            || report.stored + report.deleted + report.left + report.remaining > 0;
        let first_look = ended.activation == Activation::Schedule
            && self.standing[ended.sample as usize].in_a_row == 1;
        if news || first_look || ended.activation != Activation::Schedule {
            self.bars
                .aside(|| tell(&ended.finished, self.globals, false))?;
        }
        // Once: whoever provokes the same failure again has read it.
        let is_first = self.standing[ended.sample as usize].in_a_row == 1;
        if let Some(card) = ended.finished.card().filter(|_| is_first) {
            let text = card::text(card, self.globals.paints());
            self.bars.aside(|| complain(&format!("\n{text}\n")));
        }
        Ok(())
    }

    async fn carry_out(&mut self, line: &str) -> Result<Flow, Failure> {
        let command = Command::parse(line)
            .map_err(|why| Failure::usage(format!("{why} Type help for what there is.")))?;
        let Some(command) = command else {
            return Ok(Flow::Continue(()));
        };
        match command {
            Command::Help => self.say(HELP)?,
            Command::Send(count) => self.send(count)?,
            Command::Make(sample, manner) => {
                let did = self.demo.host_mut(sample).make(manner);
                self.say(&format!("{did}\n"))?;
            }
            Command::Skip(time) => return self.skip(time).await,
            Command::Check(None) => return self.check_all().await,
            Command::Check(Some(sample)) => return self.check(sample).await,
            Command::List(sample) => self.say(&look::list(&self.demo, sample).await?)?,
            Command::Show(id) => self.show(id).await?,
            Command::DeleteAfter(sample, retention) => {
                self.demo.set_retention(sample, retention).await?;
                let did = retention_words(retention, sample.domain());
                self.say(&format!("{did}\n"))?;
            }
            Command::Conversation(sample) => {
                self.say(&look::conversation(&self.demo, sample).await?)?;
            }
            Command::Status => {
                let next = |sample| self.next_check(sample);
                self.say(&look::status(&self.demo, next).await?)?;
            }
            Command::Quit => return Ok(Flow::Break(Exit::OK)),
        }
        Ok(Flow::Continue(()))
    }

    fn send(&mut self, count: u64) -> Result<(), Failure> {
        let host = self.demo.host(Sample::OldIsp);
        host.send(self.sent + 1, count, self.demo.clock.now());
        self.sent += count;
        let messages = if count == 1 {
            "message lies"
        } else {
            "messages lie"
        };
        self.say(&format!(
            "{count} new {messages} in {}.\n",
            Sample::OldIsp.user()
        ))
    }

    async fn skip(&mut self, time: Duration) -> Result<Flow, Failure> {
        self.demo.clock.skip(time);
        let due = self.start_due();
        let checked = match due.len() {
            0 => "No check is due".to_owned(),
            1 => "1 check is due and begins".to_owned(),
            many => format!("{many} checks are due and begin"),
        };
        self.say(&format!(
            "It is {} for the demo now. {checked}.\n",
            self.demo.clock.now()
        ))?;
        self.until_done(due).await
    }

    async fn check(&mut self, sample: Sample) -> Result<Flow, Failure> {
        // One that is under way may have looked before the command was given.
        let flow = self.until_done(HashSet::from([sample])).await?;
        if flow.is_break() {
            return Ok(flow);
        }
        self.start(sample, Activation::Cli);
        self.until_done(HashSet::from([sample])).await
    }

    async fn check_all(&mut self) -> Result<Flow, Failure> {
        let mut started = HashSet::new();
        for sample in Sample::ALL {
            if self.under_way.contains(&sample) {
                self.say(&format!("  {}   is being checked already\n", sample.name()))?;
            } else {
                self.start(sample, Activation::Cli);
                started.insert(sample);
            }
        }
        self.until_done(started).await
    }

    async fn show(&self, id: MessageId) -> Result<(), Failure> {
        // It is printed in pieces; bars of runs under way come back below it.
        self.bars.clear();
        print_message(&*self.demo.store, id, false).await
    }

    fn next_check(&self, sample: Sample) -> Option<Duration> {
        let waits = !self.under_way.contains(&sample);
        let due = self.standing[sample as usize].due;
        waits.then(|| due.since(self.demo.clock.now()))
    }

    /// Somebody orders something in the shop.
    fn order(&mut self) {
        self.ordered += 1;
        let message = inhaul_sample::shop_message(self.ordered, self.demo.clock.now());
        self.demo.host(Sample::Shop).mailbox.append(message);
    }

    fn say(&self, text: &str) -> Result<(), Failure> {
        self.bars.aside(|| print(text))
    }

    async fn close(mut self) -> Result<(), Failure> {
        self.stop.send_replace(true);
        let under_way = &mut self.under_way;
        let runs = &mut self.runs;
        let all_ended = async {
            while let Some(ended) = runs.join_next().await {
                if let Ok(Ok(ended)) = ended {
                    under_way.remove(&ended.sample);
                }
            }
        };
        // Whether they all ended shows in who is left.
        drop(timeout(GRACE, all_ended).await);
        self.runs.shutdown().await;
        self.bars.clear();
        let mut left: Vec<_> = self.under_way.iter().map(|sample| sample.name()).collect();
        left.sort_unstable();
        for name in left {
            print(&format!("  {name}   was still on its way\n"))?;
        }
        self.demo.end().await
    }
}

/// Whether a person made a mistake, and not the demo.
fn is_slip(failure: &Failure) -> bool {
    [Exit::USAGE, Exit::NO_USER].contains(&failure.exit)
}

/// Watches a run: its bar, and when its first message was stored.
struct Watch {
    bar: Bar,
    first: Arc<OnceLock<Instant>>,
}

impl Observer for Watch {
    fn progress(&self, progress: &Progress) {
        if matches!(progress, Progress::Stored(1..)) {
            self.first.get_or_init(Instant::now);
        }
        self.bar.progress(progress);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.bar.done();
    }
}
