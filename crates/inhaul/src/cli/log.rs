//! `inhaul log`: the running server's newest lines, and what comes.
//!
//! Without a server the recorded runs are shown in the same form, so that the question "what
//! happened?" has one command.

use std::collections::HashMap;
use std::sync::Arc;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use inhaul_engine::RUN_EVENTS;
use inhaul_store::{Run, RunFilter, SqliteStore, Store, StoreError};
use inhaul_types::{ErrorCode, RetrievalId, RunId, Timestamp};

use super::Globals;
use super::names::retrieval_named;
use super::output::{complain, print};
use super::trigger::no_server;
use super::when::Since;
use crate::caller;
use crate::config::sections::log::LogLevel;
use crate::exit::{Exit, Failure};
use crate::ops::log::line::{Line, Stamp, Value};
use crate::ops::log::ring::{Filter, Followed, Ring};

#[derive(Args, Debug)]
pub(crate) struct Log {
    /// Go on until Ctrl-C; with --run until that run has ended
    #[arg(short, long)]
    follow: bool,
    /// Only about this run
    #[arg(long, value_name = "N")]
    run: Option<i64>,
    /// Only what is this important at least
    #[arg(long, value_name = "LEVEL", value_parser = level_words())]
    level: Option<LogLevel>,
    /// Only about this retrieval
    #[arg(long, value_name = "NAME")]
    retrieval: Option<String>,
    /// Only since then: 2h, 14d, 2026-03-14
    #[arg(long, value_name = "WHEN", value_parser = Since::parse)]
    since: Option<Since>,
    /// So many lines at most, the latest
    #[arg(long, value_name = "N", default_value_t = 200)]
    limit: u32,
}

const LEVELS: [(&str, LogLevel); 5] = [
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];

fn level_words() -> impl TypedValueParser<Value = LogLevel> {
    PossibleValuesParser::new(LEVELS.map(|(word, _)| word)).map(|word| {
        let mut levels = LEVELS.iter();
        let found = levels.find(|(name, _)| *name == word);
        found.expect("the parser lets no other word through").1
    })
}

/// Runs read from the store at once.
const PAGE: u32 = 500;

impl Log {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let ring = globals
            .server
            .as_ref()
            .map(|server| Arc::clone(&server.ring));
        globals
            .with_store(async |store, config| {
                let retrieval = match &self.retrieval {
                    Some(name) => Some(retrieval_named(&*store, name).await?),
                    None => None,
                };
                let wanted = Wanted {
                    filter: Filter {
                        level: self.level,
                        run: self.run,
                        retrieval: retrieval.as_ref().map(|one| one.name.clone()),
                        text: None,
                    },
                    retrieval: retrieval.map(|one| one.id),
                    since: self
                        .since
                        .map(|since| since.moment(crate::clock::clock()())),
                    most: usize::try_from(self.limit).unwrap_or(usize::MAX),
                };
                match ring {
                    Some(ring) => self.of_server(globals, &ring, &store, &wanted).await,
                    None => {
                        complain("No server runs. These are the runs on record.\n");
                        show(globals, &recorded(&store, &wanted).await?)?;
                        match self.follow {
                            true => Err(no_server(&config.data)),
                            false => Ok(Exit::OK),
                        }
                    }
                }
            })
            .await
    }

    async fn of_server(
        &self,
        globals: &Globals,
        ring: &Arc<Ring>,
        store: &SqliteStore,
        wanted: &Wanted,
    ) -> Result<Exit, Failure> {
        // Before the page, so that no line falls between the two.
        let mut follower = ring.follow(wanted.filter.clone(), None);
        let page = ring.page(&wanted.filter, None, wanted.most);
        let seen = page.lines.last().map_or(0, |line| line.seq);
        let mut lines: Vec<Arc<Line>> = page.lines;
        lines.retain(|line| wanted.since.is_none_or(|since| line.at >= since));
        let mut ended = lines.iter().any(|line| is_end(line));
        if let (Some(run), false) = (self.run, ended) {
            // The line may be gone, the record is not.
            let record = end_of(store, RunId::new(run)).await?;
            ended = record.is_some();
            lines.extend(record.map(Arc::new));
        }
        if !self.follow {
            show(globals, &lines)?;
            return Ok(Exit::OK);
        }
        lines.iter().try_for_each(|line| show_line(globals, line))?;
        if ended && self.run.is_some() {
            return Ok(Exit::OK);
        }
        let mut stops = caller::current().stops()?;
        loop {
            let followed = tokio::select! {
                followed = follower.next() => followed,
                how = stops.next() => return Ok(how.exit()),
            };
            match followed {
                Followed::Line(line) if line.seq <= seen => {}
                Followed::Line(line) => {
                    show_line(globals, &line)?;
                    if self.run.is_some() && is_end(&line) {
                        return Ok(Exit::OK);
                    }
                }
                Followed::Missed(missed) => complain(&format!("{missed} lines were missed.\n")),
            }
        }
    }
}

/// What is to be shown.
struct Wanted {
    filter: Filter,
    retrieval: Option<RetrievalId>,
    since: Option<Timestamp>,
    most: usize,
}

/// Whether it is the last line of a run.
fn is_end(line: &Line) -> bool {
    line.target == RUN_EVENTS && ENDS.contains(&line.message.as_str())
}

const FINISHED: &str = "run finished";
const STOPPED: &str = "run stopped";
const FAILED: &str = "run failed";
const ENDS: [&str; 3] = [FINISHED, STOPPED, FAILED];

/// The line of a run's end, from its record; `None` while it goes on.
async fn end_of(store: &SqliteStore, run: RunId) -> Result<Option<Line>, Failure> {
    let run = match store.run_by_id(run).await {
        Ok(run) => run,
        Err(StoreError::Missing { .. }) => {
            let what = format!("there is no run {run}");
            return Err(Failure::new(Exit::NO_USER, what)
                .hint("Runs of a retrieval: inhaul retrieval history NAME"));
        }
        Err(error) => return Err(error.into()),
    };
    let name = match store.retrieval_by_id(run.retrieval).await {
        Ok(retrieval) => retrieval.name,
        Err(StoreError::Missing { .. }) => String::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(run.ended.map(|ended| line_of(&run, ended, &name)))
}

/// The recorded runs as lines, oldest first.
async fn recorded(store: &SqliteStore, wanted: &Wanted) -> Result<Vec<Arc<Line>>, Failure> {
    if let Some(run) = wanted.filter.run {
        let line = end_of(store, RunId::new(run)).await?;
        return Ok(line.into_iter().map(Arc::new).collect());
    }
    let rows = store.retrieval_list().await?;
    let names: HashMap<RetrievalId, String> =
        rows.into_iter().map(|row| (row.id, row.name)).collect();
    let filter = RunFilter {
        retrieval: wanted.retrieval,
        since: wanted.since,
        ..RunFilter::default()
    };
    let (mut lines, mut before) = (Vec::new(), None);
    loop {
        let page = store.records();
        let page = page.run_page(filter.clone(), before, PAGE).await?;
        for run in page.rows {
            let Some(ended) = run.ended else { continue };
            let name = names.get(&run.retrieval).map_or("", String::as_str);
            let line = line_of(&run, ended, name);
            let level = wanted.filter.level;
            if level.is_none_or(|level| line.level as u8 <= level as u8) {
                lines.push(Arc::new(line));
            }
        }
        before = page.next;
        if before.is_none() || lines.len() >= wanted.most {
            lines.truncate(wanted.most);
            lines.reverse();
            return Ok(lines);
        }
    }
}

/// As the engine's own line at the end of a run.
fn line_of(run: &Run, ended: Timestamp, retrieval: &str) -> Line {
    let millis = u64::try_from(ended.since(run.started).as_millis()).unwrap_or(u64::MAX);
    let mut fields = Vec::new();
    let (level, message) = match run.code {
        _ if run.stopped => (LogLevel::Info, STOPPED),
        None => (LogLevel::Info, FINISHED),
        Some(code) => {
            fields.push(("code", Value::Text(code.to_string())));
            match code {
                ErrorCode::DiskFull | ErrorCode::DataDamaged | ErrorCode::WrongKey => {
                    (LogLevel::Error, FAILED)
                }
                _ => (LogLevel::Warn, FAILED),
            }
        }
    };
    fields.extend([
        ("new", Value::Unsigned(run.stored)),
        ("bytes", Value::Unsigned(run.octets.count())),
        ("deleted", Value::Unsigned(run.deleted)),
        ("ms", Value::Unsigned(millis)),
    ]);
    if run.folded > 0 {
        // It stands for others of its hour that found nothing new either.
        fields.push(("folded", Value::Unsigned(run.folded)));
    }
    Line {
        seq: 0,
        at: ended,
        level,
        target: RUN_EVENTS,
        message: message.into(),
        retrieval: (!retrieval.is_empty()).then(|| retrieval.to_owned()),
        run: Some(run.id.row()),
        fields,
    }
}

/// Lines that are all there: one document, or text.
fn show(globals: &Globals, lines: &[Arc<Line>]) -> Result<(), Failure> {
    if !globals.json {
        return lines.iter().try_for_each(|line| show_line(globals, line));
    }
    // The lines are JSON already, in the order in which the log has their fields.
    let lines: Vec<String> = lines.iter().map(|line| line.json(Stamp::Time)).collect();
    print(&format!("{{\"v\":1,\"lines\":[{}]}}\n", lines.join(",")))
}

/// One line, as it comes.
fn show_line(globals: &Globals, line: &Line) -> Result<(), Failure> {
    let text = match globals.json {
        true => line.json(Stamp::Time),
        false => line.text(Stamp::Time),
    };
    print(&(text + "\n"))
}
