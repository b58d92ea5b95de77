//! `inhaul pull`: brings new mail now and waits for it.

mod preview;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use inhaul_domain::Amount;
use inhaul_domain::limits::Limits;
use inhaul_engine::service::Service;
use inhaul_engine::{Checks, Engine, FailureReport, Pop3Log, RunOptions, RunReport};
use inhaul_manage::words::note_words;
use inhaul_store::{Retrieval, SqliteStore, Store};
use inhaul_types::{Activation, Card, ErrorCode, Octets};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Globals;
use super::card::{self, CardDocument};
use super::names::retrievals_named;
use super::notes::NoteDocument;
use super::output::{complain, plain, print, print_json, size};
use super::progress::Bars;
use super::standing::{self, Stand};
use crate::caller;
use crate::config::{Config, parse_duration};
use crate::exit::{Exit, Failure};
use preview::PreviewDocument;

#[derive(Args, Debug)]
pub(crate) struct Pull {
    /// Retrievals to run: names, account/name, numbers, or globs in quotes
    #[arg(required_unless_present_any = ["all", "account", "group", "due"], conflicts_with = "all")]
    names: Vec<String>,
    /// Run all of them but the paused ones
    #[arg(long)]
    all: bool,
    /// Only those that are due by their schedule: for cron, where no server runs
    #[arg(long)]
    due: bool,
    /// Only those that deliver to this account
    #[arg(long)]
    account: Option<String>,
    /// Only those that deliver to accounts of this group
    #[arg(long)]
    group: Option<String>,
    /// Delete nothing this time
    #[arg(short, long)]
    keep: bool,
    /// Say what would come, bring nothing and record nothing; with -v from whom and about what
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Bring at most so many messages from each; the rest comes with the next check
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// End each check after this time, such as 5m; the rest comes with the next
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// End with 1 where all is good and nothing was new, as fetchmail does
    #[arg(long)]
    fetchmail_codes: bool,
}

/// A run that ended, well or not.
pub(super) struct Finished {
    pub(super) retrieval: Retrieval,
    pub(super) report: RunReport,
    /// The failure's, if there was one.
    card: Option<Card>,
}

impl Pull {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        globals
            .with_store(async |store, config| {
                let mut retrievals = self.chosen(&store).await?;
                if self.due {
                    let stands = standing::of(globals, config, retrievals);
                    let due = stands.into_iter().filter(Stand::is_due);
                    retrievals = due.map(|stand| stand.row).collect();
                }
                let engine = globals.engine(&store, config)?;
                let bars = Bars::new(globals.draws_bars());
                let options = RunOptions {
                    keep: self.keep,
                    dry_run: self.dry_run,
                    headers: globals.verbose > 0,
                    most: self.limit,
                    timeout: self.timeout,
                };
                let began = Instant::now();
                let (finished, signalled) = run_all(
                    &engine,
                    globals.service(),
                    retrievals,
                    options,
                    &bars,
                    |finished| {
                        if globals.json || globals.draws_bars() {
                            return Ok(());
                        }
                        tell(finished, globals, self.dry_run)
                    },
                )
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
                let exit = Exit::of_codes(codes.map(|failure| failure.code));
                Ok(match exit {
                    Exit::OK if self.fetchmail_codes && self.new_messages(&finished) == 0 => {
                        Exit::PROBLEMS
                    }
                    exit => exit,
                })
            })
            .await
    }

    async fn chosen(&self, store: &SqliteStore) -> Result<Vec<Retrieval>, Failure> {
        let mut chosen = if self.names.is_empty() {
            let mut all = store.retrieval_list().await?;
            all.retain(|retrieval| !retrieval.paused);
            all
        } else {
            retrievals_named(store, &self.names).await?
        };
        if let Some(name) = &self.account {
            let account = store.account_by_name(name).await?.id;
            chosen.retain(|retrieval| retrieval.account == account);
        }
        if let Some(name) = &self.group {
            let group = store.group_by_name(name).await?.id;
            let accounts = store.account_list().await?;
            chosen.retain(|retrieval| {
                accounts
                    .iter()
                    .any(|account| account.id == retrieval.account && account.group_id == group)
            });
        }
        Ok(chosen)
    }

    fn new_messages(&self, finished: &[Finished]) -> u64 {
        finished
            .iter()
            .map(|finished| finished.new_messages(self.dry_run))
            .sum()
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
        if !globals.quiet && finished.len() >= 2 {
            self.sum_up(finished)?;
        }
        tell_cards(finished, globals);
        Ok(())
    }

    fn sum_up(&self, finished: &[Finished]) -> Result<(), Failure> {
        let new = self.new_messages(finished);
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

/// The command to type, and where more is said.
fn next_step(card: &Card) -> String {
    let explain = format!("inhaul explain {}", card.code);
    match &card.command {
        Some(command) => format!("{}     ({explain})", plain(command)),
        None => explain,
    }
}

/// Whole cards that are shown; a server that is down may fail hundreds of retrievals.
const CARDS: usize = 5;

/// What to do about the failures: their cards, and the next step for each.
fn tell_cards(finished: &[Finished], globals: &Globals) {
    let failed: Vec<(&str, &Card)> = finished
        .iter()
        .filter(|finished| finished.failure().is_some())
        .filter_map(|finished| Some((finished.retrieval.name.as_str(), finished.card.as_ref()?)))
        .collect();
    let shown = &failed[..failed.len().min(CARDS)];
    for (name, card) in shown {
        if globals.quiet {
            if let Some(said) = &card.said {
                complain(&format!("    The server said: {}\n", plain(said)));
            }
        } else {
            let whose = match failed.len() {
                1 => String::new(),
                _ => format!("{}:\n", plain(name)),
            };
            complain(&format!("\n{whose}{}", card::text(card, globals.paints())));
        }
    }
    if !globals.quiet && !shown.is_empty() {
        complain("\n");
    }
    for (_, card) in shown {
        complain(&format!("  Next step: {}\n", next_step(card)));
    }
    if failed.len() > shown.len() {
        let more = failed.len() - shown.len();
        complain(&format!(
            "  {more} more failed. Each one's card: inhaul pull NAME\n"
        ));
    }
}

impl Finished {
    pub(super) fn new(retrieval: Retrieval, report: RunReport) -> Self {
        Self {
            card: report.failure.as_ref().map(FailureReport::card),
            retrieval,
            report,
        }
    }

    /// What to do about its failure, if it has one.
    pub(super) fn any_card(&self) -> Option<&Card> {
        self.card.as_ref()
    }

    /// What to do about its failure, unless the mailbox was only busy.
    pub(super) fn card(&self) -> Option<&Card> {
        self.failure().and(self.card.as_ref())
    }

    /// The failure, unless the mailbox was only busy.
    fn failure(&self) -> Option<&FailureReport> {
        let failure = self.report.failure.as_ref()?;
        (result_word(failure.code) != "busy").then_some(failure)
    }

    fn new_messages(&self, dry_run: bool) -> u64 {
        if dry_run {
            self.report.would_retrieve
        } else {
            self.report.stored
        }
    }

    /// Octets that came, or would.
    pub(super) fn octets(&self) -> Octets {
        match &self.report.preview {
            Some(preview) => preview.octets(),
            None => self.report.octets,
        }
    }
}

/// An engine over this store, with the operator's limits.
pub(crate) fn engine(store: &Arc<SqliteStore>, config: &Config) -> Result<Arc<Engine>, Failure> {
    let checks = checks(config);
    std::fs::create_dir_all(&checks.spool).map_err(|error| unusable(&checks.spool, &error))?;
    // No mail waits for a log.
    let log = Pop3Log::open(&config.data)
        .inspect_err(|error| {
            let path = config.data.join("pop3.log");
            complain(&format!(
                "inhaul: {} is not written: {error}\n",
                path.display()
            ));
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
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Failure::of_code(ErrorCode::DiskFull, None)
        }
        _ => Failure::new(Exit::IO, format!("{}: {error}", path.display())),
    }
}

/// The operator's limits.
pub(crate) fn checks(config: &Config) -> Checks {
    Checks {
        at_once: config.checks.at_once,
        at_once_per_server: config.checks.at_once_per_server,
        memory: Octets::new(config.checks.memory),
        batch: Amount {
            messages: config.checks.batch.messages.map(|most| most.get().into()),
            octets: config.checks.batch.size.map(Octets::new),
        },
        limits: Limits::default(),
        user_ports: (config.checks.user_ports.iter())
            .map(|port| port.0.get())
            .collect(),
        ca_file: config.tls.ca_file.clone(),
        connect_timeout: config.checks.connect_timeout,
        read_timeout: config.checks.read_timeout,
        run_timeout: config.checks.run_timeout,
        spool: config.data.join("spool"),
        stop_free: Octets::new(config.storage.stop_free),
    }
}

/// Runs them all, as many at once as the limits allow; `told` hears of each as it ends. The first
/// signal ends the runs after their present messages. The exit is set by a signal, or by a run that
/// broke down.
pub(super) async fn run_all(
    engine: &Arc<Engine>,
    service: Option<&Arc<Service>>,
    retrievals: Vec<Retrieval>,
    options: RunOptions,
    bars: &Bars,
    told: impl Fn(&Finished) -> Result<(), Failure>,
) -> Result<(Vec<Finished>, Option<Exit>), Failure> {
    // Before the first run begins: from then on a signal must not simply end the process.
    let mut stops = caller::current().stops()?;
    let (stop, stopping) = watch::channel(false);
    let mut runs = JoinSet::new();
    let mut names = HashMap::new();
    for retrieval in retrievals {
        let engine = Arc::clone(engine);
        let stopping = stopping.clone();
        let bar = Arc::new(bars.add(&retrieval.name));
        // A look is no run of the service's: nobody waits for it.
        let service = service.filter(|_| !options.dry_run).cloned();
        let name = retrieval.name.clone();
        let run = runs.spawn(async move {
            let report = match service {
                Some(service) => {
                    let bar = Arc::clone(&bar);
                    let report = service.run_now(&retrieval, options, bar, stopping);
                    Arc::unwrap_or_clone(report.await)
                }
                None => {
                    engine
                        .run(&retrieval, Activation::Cli, options, &*bar, stopping)
                        .await
                }
            };
            bar.done();
            Finished::new(retrieval, report)
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
                    complain(&format!("X {}   broke down, which is a mistake of inhaul's: {error}\n", plain(name)));
                    ended = Some(Exit::SOFTWARE);
                }
            },
            how = stops.next() => {
                ended = Some(how.exit());
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
    for Finished {
        retrieval, report, ..
    } in finished
    {
        let Some(run) = report.run else { continue };
        let said = store.run_conversation(run).await?.unwrap_or_default();
        complain(&format!("{}, run {run}:\n", plain(&retrieval.name)));
        said.lines()
            .for_each(|line| complain(&format!("  {}\n", plain(line))));
    }
    Ok(())
}

/// One line for a finished run: good and busy ones on standard output, failures on standard error.
pub(super) fn tell(finished: &Finished, globals: &Globals, dry_run: bool) -> Result<(), Failure> {
    let Finished {
        retrieval, report, ..
    } = finished;
    let took = format!("{:.1} s", report.took.as_secs_f64());
    let name = plain(&retrieval.name);
    if let Some(failure) = finished.failure() {
        let stored = match report.stored {
            0 => String::new(),
            1 => " 1 message is stored.".to_owned(),
            stored => format!(" {stored} messages are stored."),
        };
        complain(&format!(
            "X {name}   {}   {took}   {}.{stored}\n",
            failure.code,
            plain(&failure.what)
        ));
        return Ok(());
    }
    if globals.quiet {
        return Ok(());
    }
    if let Some(busy) = &report.failure {
        let (code, what) = (busy.code, plain(&busy.what));
        return print(&format!("  {name}   busy   {took}   {what} ({code})\n"));
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
    let would: Vec<String> = report.preview.as_ref().map_or_else(Vec::new, |preview| {
        preview::lines(preview, globals.verbose > 0)
    });
    match finished.new_messages(dry_run) {
        0 if report.remaining == 0 => {
            print(&format!("  {name}   nothing new   {took}{deleted}{left}\n"))
        }
        new if dry_run => print(&format!(
            "  {name}   {new} would come   {}   {took}\n",
            size(finished.octets())
        )),
        new => print(&format!(
            "  {name}   {new} new   {}   {took}{deleted}{left}{later}\n",
            size(report.octets)
        )),
    }?;
    for note in &report.notes {
        let text = note_words(note, &retrieval.remote.host, &retrieval.routing);
        let what = plain(&text);
        print(&format!("      {what}\n"))?;
    }
    would
        .iter()
        .try_for_each(|line| print(&format!("      {line}\n")))
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
    #[serde(flatten)]
    card: Option<CardDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    listed: u64,
    new: u64,
    bytes: u64,
    deleted: u64,
    left: u64,
    #[serde(skip_serializing_if = "is_zero")]
    remaining: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<NoteDocument>,
    took_ms: u128,
    /// What a dry run found.
    #[serde(skip_serializing_if = "Option::is_none")]
    would: Option<PreviewDocument<'a>>,
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
        let Finished {
            retrieval,
            report,
            card,
        } = finished;
        let failure = report.failure.as_ref();
        Self {
            name: &retrieval.name,
            account: &retrieval.account_name,
            run: report.run.map(inhaul_types::RunId::row),
            result: failure.map_or("ok", |failure| result_word(failure.code)),
            card: card.as_ref().map(CardDocument::from),
            since: failure
                .and_then(|failure| failure.facts.failing_since)
                .map(|since| since.to_string()),
            listed: report.listed,
            new: finished.new_messages(dry_run),
            bytes: finished.octets().count(),
            deleted: report.deleted,
            left: report.left,
            remaining: report.remaining,
            notes: report.notes.iter().map(NoteDocument::from).collect(),
            took_ms: report.took.as_millis(),
            would: report.preview.as_ref().map(PreviewDocument::from),
        }
    }
}

/// Whether the schedule cures it, somebody else has the mailbox, or a person is needed.
pub(super) fn result_word(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::MailboxInUse | ErrorCode::TooOften => "busy",
        ErrorCode::AuthRefused
        | ErrorCode::AuthAppPassword
        | ErrorCode::AuthNotPossible
        | ErrorCode::PopSwitchedOff
        | ErrorCode::ServerRefuses
        | ErrorCode::Certificate
        | ErrorCode::WrongKey
        | ErrorCode::MailboxFull => "needs-you",
        _ => "failed",
    }
}
