//! `inhaul pull`: brings new mail now and waits for it.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use inhaul_engine::{Checks, Engine, Pop3Log, RunOptions, RunReport};
use inhaul_store::{Retrieval, SqliteStore, Store};
use inhaul_types::{Activation, ErrorCode, Octets};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Globals;
use super::output::{plain, print, print_json, size};
use super::progress::Bars;
use crate::config::Config;
use crate::exit::{Exit, Failure};

#[derive(Args, Debug)]
pub(crate) struct Pull {
    /// Retrievals to run
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    names: Vec<String>,
    /// Run all of them but the paused ones
    #[arg(long)]
    all: bool,
    /// Delete nothing this time
    #[arg(short, long)]
    keep: bool,
    /// Say what would come, bring nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// A run that ended, well or not.
struct Finished {
    retrieval: Retrieval,
    report: RunReport,
}

impl Pull {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        globals
            .with_store(async |store, config| {
                let retrievals = self.chosen(&store).await?;
                let engine = engine(&store, config)?;
                let bars = Bars::new(globals.draws_bars());
                let options = RunOptions {
                    keep: self.keep,
                    dry_run: self.dry_run,
                };
                let began = Instant::now();
                let (finished, signalled) =
                    run_all(&engine, retrievals, options, &bars, |finished| {
                        if globals.json || globals.draws_bars() {
                            return Ok(());
                        }
                        tell(finished, globals, self.dry_run)
                    })
                    .await?;
                bars.clear();
                if globals.verbose > 0 {
                    show_conversations(&*store, &finished).await?;
                }
                self.conclude(globals, &finished, began)?;
                if let Some(exit) = signalled {
                    return Ok(exit);
                }
                let codes = finished
                    .iter()
                    .filter_map(|finished| finished.report.failure.as_ref());
                Ok(Exit::of_codes(codes.map(|failure| failure.code)))
            })
            .await
    }

    async fn chosen(&self, store: &SqliteStore) -> Result<Vec<Retrieval>, Failure> {
        if self.all {
            let mut retrievals = store.retrieval_list().await?;
            retrievals.retain(|retrieval| !retrieval.paused);
            return Ok(retrievals);
        }
        let mut chosen: Vec<Retrieval> = Vec::new();
        for name in &self.names {
            let retrieval = store.retrieval_by_name(name).await?;
            if chosen.iter().all(|other| other.id != retrieval.id) {
                chosen.push(retrieval);
            }
        }
        Ok(chosen)
    }

    fn conclude(
        &self,
        globals: &Globals,
        finished: &[Finished],
        began: Instant,
    ) -> Result<(), Failure> {
        if globals.json {
            return print_json(&PullDocument::new(finished, began, self.dry_run));
        }
        if globals.draws_bars() {
            finished
                .iter()
                .try_for_each(|finished| tell(finished, globals, self.dry_run))?;
        }
        if globals.quiet || finished.len() < 2 {
            return Ok(());
        }
        let new: u64 = finished
            .iter()
            .map(|finished| finished.new_messages(self.dry_run))
            .sum();
        let failed = finished
            .iter()
            .filter(|finished| finished.report.failure.is_some())
            .count();
        let checked = finished.len() - failed;
        let failed = if failed > 0 {
            format!(", {failed} not")
        } else {
            String::new()
        };
        print(&format!(
            "\n{new} new messages. {checked} of {} mailboxes checked{failed}.\n",
            finished.len()
        ))
    }
}

impl Finished {
    fn new_messages(&self, dry_run: bool) -> u64 {
        if dry_run {
            self.report.would_retrieve
        } else {
            self.report.stored
        }
    }
}

/// An engine over this store, with the operator's limits.
pub(crate) fn engine(store: &Arc<SqliteStore>, config: &Config) -> Result<Arc<Engine>, Failure> {
    let spool = config.data.join("spool");
    std::fs::create_dir_all(&spool).map_err(|error| unusable(&spool, &error))?;
    let checks = Checks {
        at_once: config.checks.at_once,
        at_once_per_server: config.checks.at_once_per_server,
        memory: Octets::new(config.checks.memory),
        connect_timeout: config.checks.connect_timeout,
        read_timeout: config.checks.read_timeout,
        run_timeout: config.checks.run_timeout,
        spool,
        stop_free: Octets::new(config.storage.stop_free),
    };
    // No mail waits for a log.
    let log = Pop3Log::open(&config.data)
        .inspect_err(|error| {
            let path = config.data.join("pop3.log");
            eprintln!("inhaul: {} is not written: {error}", path.display());
        })
        .ok();
    Ok(Engine::new(
        Arc::clone(store) as Arc<dyn Store>,
        checks,
        log,
        crate::clock::clock(),
    ))
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new(Exit::IO, format!("{}: {error}", path.display()));
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            failure.code(ErrorCode::DiskFull)
        }
        _ => failure,
    }
}

/// Runs them all, as many at once as the limits allow; `told` hears of each as it ends. The first
/// signal ends the runs after their present messages. The exit is set by a signal, or by a run that
/// broke down.
async fn run_all(
    engine: &Arc<Engine>,
    retrievals: Vec<Retrieval>,
    options: RunOptions,
    bars: &Bars,
    told: impl Fn(&Finished) -> Result<(), Failure>,
) -> Result<(Vec<Finished>, Option<Exit>), Failure> {
    // Before the first run begins: from then on a signal must not simply end the process.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (stop, stopping) = watch::channel(false);
    let mut runs = JoinSet::new();
    let mut names = HashMap::new();
    for retrieval in retrievals {
        let engine = Arc::clone(engine);
        let stopping = stopping.clone();
        let bar = bars.add(&retrieval.name);
        let name = retrieval.name.clone();
        let run = runs.spawn(async move {
            let report = engine
                .run(&retrieval, Activation::Cli, options, &bar, stopping)
                .await;
            bar.done();
            Finished { retrieval, report }
        });
        names.insert(run.id(), name);
    }
    let mut finished = Vec::new();
    let mut ended = None;
    loop {
        tokio::select! {
            run = runs.join_next() => match run {
                None => break,
                Some(Ok(run)) => {
                    told(&run)?;
                    finished.push(run);
                }
                // One mailbox's trouble is nobody else's: the others go on.
                Some(Err(error)) => {
                    let name = names.get(&error.id()).map_or("", String::as_str);
                    eprintln!("X {}   broke down, which is a mistake of inhaul's: {error}", plain(name));
                    ended = Some(Exit::SOFTWARE);
                }
            },
            _ = interrupt.recv() => {
                ended = Some(Exit::INTERRUPTED);
                // Asked twice, it does not even wait for the messages under way.
                if stop.send_replace(true) {
                    break;
                }
            }
            _ = terminate.recv() => {
                ended = Some(Exit::TERMINATED);
                // Asked twice, it does not even wait for the messages under way.
                if stop.send_replace(true) {
                    break;
                }
            }
        }
    }
    finished.sort_by(|a, b| a.retrieval.name.cmp(&b.retrieval.name));
    Ok((finished, ended))
}

/// What was said in each run, passwords masked.
async fn show_conversations(store: &dyn Store, finished: &[Finished]) -> Result<(), Failure> {
    for Finished { retrieval, report } in finished {
        let Some(run) = report.run else { continue };
        let said = store.run_conversation(run).await?.unwrap_or_default();
        eprintln!("{}, run {run}:", plain(&retrieval.name));
        said.lines().for_each(|line| eprintln!("  {}", plain(line)));
    }
    Ok(())
}

/// One line for a finished run: good ones on standard output, failures on standard error.
fn tell(finished: &Finished, globals: &Globals, dry_run: bool) -> Result<(), Failure> {
    let Finished { retrieval, report } = finished;
    let took = format!("{:.1} s", report.took.as_secs_f64());
    let name = plain(&retrieval.name);
    if let Some(failure) = &report.failure {
        let stored = if report.stored > 0 {
            format!(" {} messages are stored.", report.stored)
        } else {
            String::new()
        };
        eprintln!(
            "X {name}   {}   {took}   {}.{stored}",
            failure.code,
            plain(&failure.what)
        );
        if let Some(said) = &failure.said {
            eprintln!("    The server said: {}", plain(said));
        }
        return Ok(());
    }
    if globals.quiet {
        return Ok(());
    }
    let left = if report.left > 0 {
        format!("   {} left there", report.left)
    } else {
        String::new()
    };
    let deleted = if report.deleted > 0 {
        format!("   {} deleted there", report.deleted)
    } else {
        String::new()
    };
    let later = if report.remaining > 0 {
        format!("   {} come with the next check", report.remaining)
    } else {
        String::new()
    };
    match finished.new_messages(dry_run) {
        0 if report.remaining == 0 => {
            print(&format!("  {name}   nothing new   {took}{deleted}{left}\n"))
        }
        new if dry_run => print(&format!("  {name}   {new} would come   {took}\n")),
        new => print(&format!(
            "  {name}   {new} new   {}   {took}{deleted}{left}{later}\n",
            size(report.octets)
        )),
    }
}

#[derive(Serialize)]
struct PullDocument<'a> {
    new: u64,
    bytes: u64,
    took_ms: u128,
    retrievals: Vec<RunDocument<'a>>,
}

#[derive(Serialize)]
struct RunDocument<'a> {
    name: &'a str,
    account: &'a str,
    run: Option<i64>,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<&'a str>,
    listed: u64,
    new: u64,
    bytes: u64,
    deleted: u64,
    left: u64,
    #[serde(skip_serializing_if = "is_zero")]
    remaining: u64,
    took_ms: u128,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl<'a> PullDocument<'a> {
    fn new(finished: &'a [Finished], began: Instant, dry_run: bool) -> Self {
        let retrievals: Vec<_> = finished
            .iter()
            .map(|run| RunDocument::new(run, dry_run))
            .collect();
        Self {
            new: retrievals.iter().map(|run| run.new).sum(),
            bytes: retrievals.iter().map(|run| run.bytes).sum(),
            took_ms: began.elapsed().as_millis(),
            retrievals,
        }
    }
}

impl<'a> RunDocument<'a> {
    fn new(finished: &'a Finished, dry_run: bool) -> Self {
        let Finished { retrieval, report } = finished;
        let failure = report.failure.as_ref();
        Self {
            name: &retrieval.name,
            account: &retrieval.account_name,
            run: report.run.map(inhaul_types::RunId::row),
            result: failure.map_or("ok", |failure| result_word(failure.code)),
            code: failure.map(|failure| failure.code.as_str()),
            what: failure.map(|failure| failure.what.as_str()),
            said: failure.and_then(|failure| failure.said.as_deref()),
            listed: report.listed,
            new: finished.new_messages(dry_run),
            bytes: report.octets.count(),
            deleted: report.deleted,
            left: report.left,
            remaining: report.remaining,
            took_ms: report.took.as_millis(),
        }
    }
}

/// Whether the schedule cures it, somebody else has the mailbox, or a person is needed.
fn result_word(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::MailboxInUse | ErrorCode::TooOften => "busy",
        ErrorCode::AuthRefused
        | ErrorCode::AuthAppPassword
        | ErrorCode::AuthNotPossible
        | ErrorCode::PopSwitchedOff
        | ErrorCode::Certificate
        | ErrorCode::MailboxFull => "needs-you",
        _ => "failed",
    }
}
