//! `inhaul retrieval`: the remote mailboxes.

mod add;
mod bring;
mod destination;
mod history;
mod limits;
mod pause;
mod remove;
mod set;
mod strip;
mod test;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Subcommand, ValueEnum};
use inhaul_domain::Retention;
use inhaul_domain::standing::Standing;
pub(crate) use inhaul_manage::words::retention_words;
use inhaul_manage::words::{every_word, retrieval_limits_words, security_word, sign_in_word};
use inhaul_store::{Every, Security, SignInMemory, Store};
use inhaul_types::Mechanism;
use serde::Serialize;

use super::card::CardDocument;
use super::catch_all::words as catch_all;
use super::names::retrieval_named;
use super::output::{print, print_json, table};
use super::standing::{self, Stand, label};
use super::{Globals, card};
use crate::config::parse_duration;
use crate::declared::{place_words, refuse_written};
use crate::exit::{Exit, Failure};
use crate::secrets::PasswordSource;
use strip::{STRIP, strip};

pub(crate) use add::{ca_file, check_secret, check_way_in, command, start_point};

#[derive(Debug, Subcommand)]
pub(crate) enum Retrieval {
    /// Add a remote mailbox
    Add(Box<add::Add>),
    /// List the retrievals
    List {
        /// Only those in these states, separated by commas
        #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = standing_words())]
        state: Vec<Standing>,
    },
    /// Show one retrieval
    Show {
        /// Its name
        name: String,
    },
    /// Sign in and say of each step how it went; bring nothing
    Test {
        /// Which retrieval
        name: String,
    },
    /// Change a retrieval
    Set(Box<set::Set>),
    /// Bring messages after all that were left on their server, once
    Bring(bring::Bring),
    /// Stop retrievals from running by themselves
    Pause(pause::Names),
    /// Let paused retrievals run again
    Resume(pause::Names),
    /// Show the latest runs of a retrieval, or what was said in one
    History(history::History),
    /// Remove retrievals; what they brought stays
    Remove(remove::Remove),
}

impl Retrieval {
    /// Where a password comes from, if the command takes one.
    pub(crate) fn password_source(&self) -> Option<&PasswordSource> {
        match self {
            Self::Add(add) => Some(add.password_source()),
            Self::Set(set) => Some(set.password_source()),
            _ => None,
        }
    }

    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::Add(add) => add.run(globals).await,
            Self::List { state } => list(globals, &state).await,
            Self::Show { name } => show(globals, &name).await,
            Self::Test { name } => test::run(globals, &name).await,
            Self::Set(set) => set.run(globals).await,
            Self::Bring(bring) => bring.run(globals).await,
            Self::Pause(names) => names.run(globals, pause::Change::Pause).await,
            Self::Resume(names) => names.run(globals, pause::Change::Resume).await,
            Self::History(history) => history.run(globals).await,
            Self::Remove(remove) => remove.run(globals).await,
        }
    }
}

/// The ten states, as typed.
fn standing_words() -> impl TypedValueParser<Value = Standing> {
    PossibleValuesParser::new(Standing::ALL.map(Standing::as_str))
        .map(|word| word.parse().expect("the parser lets no other word through"))
}

/// Protection of the line, as typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SecurityWord {
    /// TLS from the first octet
    Tls,
    /// STLS before the sign-in
    Starttls,
    /// Nothing: the password crosses the line readable
    None,
}

impl From<SecurityWord> for Security {
    fn from(word: SecurityWord) -> Self {
        match word {
            SecurityWord::Tls => Self::Tls,
            SecurityWord::Starttls => Self::StartTls,
            SecurityWord::None => Self::None,
        }
    }
}

/// Remote copies, as typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum AfterStoring {
    /// They stay
    Keep,
    /// They are deleted, with --days that many days after they were stored
    Delete,
}

/// The retention that `--after-storing` and `--days` make together.
pub(crate) fn retention(
    after_storing: Option<AfterStoring>,
    days: Option<u32>,
) -> Result<Option<Retention>, Failure> {
    match (after_storing, days) {
        (None, None) => Ok(None),
        (Some(AfterStoring::Keep), None) => Ok(Some(Retention::Keep)),
        (Some(AfterStoring::Delete), None | Some(0)) => Ok(Some(Retention::Delete)),
        (Some(AfterStoring::Delete), Some(days)) => Ok(Some(Retention::DeleteAfter { days })),
        (None | Some(AfterStoring::Keep), Some(_)) => Err(Failure::usage(
            "--days says when to delete, so it needs --after-storing delete",
        )),
    }
}

/// An interval as typed: `10m`, `auto` or `never`.
pub(crate) fn parse_every(text: &str) -> Result<Every, String> {
    match text {
        "auto" => Ok(Every::Auto),
        "never" => Ok(Every::Never),
        _ => {
            let seconds = parse_duration(text)?.as_secs();
            u32::try_from(seconds)
                .map(Every::Seconds)
                .map_err(|_| "that is too long".into())
        }
    }
}

#[derive(Serialize)]
struct RetrievalDocument<'a> {
    id: i64,
    name: &'a str,
    state: &'static str,
    account: &'a str,
    folder: &'a str,
    /// `null`: all of it goes to that account and folder; else they are the fallback.
    catch_all: Option<serde_json::Value>,
    server: &'a str,
    port: u16,
    security: &'static str,
    ca_file: Option<String>,
    pin: Option<String>,
    user: &'a str,
    sign_in: &'static str,
    signed_in_by: Option<&'static str>,
    every: String,
    after_storing: &'static str,
    days: Option<u32>,
    limits: serde_json::Value,
    paused: bool,
    last_good: Option<String>,
    failing_since: Option<String>,
    failures: u32,
    code: Option<&'static str>,
    /// `FILE:LINE`; `null` is in no file.
    written_at: Option<&'a str>,
    next: Option<String>,
    sentence: String,
}

/// Whose mail it is: of a catch-all everybody's.
pub(crate) fn account_words(retrieval: &inhaul_store::Retrieval) -> String {
    match retrieval.routing.catch_all() {
        None => retrieval.account_name.clone(),
        Some(_) => EVERYBODY.to_owned(),
    }
}

/// Where its mail goes.
fn place_words_of(retrieval: &inhaul_store::Retrieval) -> String {
    match retrieval.routing.catch_all() {
        None => format!("{}/{}", retrieval.account_name, retrieval.folder_name),
        Some(_) => EVERYBODY.to_owned(),
    }
}

const EVERYBODY: &str = "(all)";

/// Refuses to change a retrieval that is written in a file.
pub(crate) fn refuse_if_written(retrieval: &inhaul_store::Retrieval) -> Result<(), Failure> {
    let at = retrieval.written_at.as_ref().map(|there| there.at.as_str());
    refuse_written("retrieval", &retrieval.name, at)
}

/// One retrieval, and why its last run failed.
#[derive(Serialize)]
struct ShowDocument<'a> {
    #[serde(flatten)]
    retrieval: RetrievalDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardDocument<'a>>,
}

fn document(stand: &Stand) -> RetrievalDocument<'_> {
    let retrieval = &stand.row;
    let (after_storing, days) = match retrieval.retention {
        Retention::Keep => ("keep", None),
        Retention::Delete => ("delete", None),
        Retention::DeleteAfter { days } => ("delete", Some(days)),
    };
    RetrievalDocument {
        id: retrieval.id.row(),
        name: &retrieval.name,
        state: stand.standing().as_str(),
        account: &retrieval.account_name,
        folder: &retrieval.folder_name,
        catch_all: retrieval
            .routing
            .catch_all()
            .map(|settings| catch_all::document(retrieval, settings)),
        server: &retrieval.remote.host,
        port: retrieval.remote.port,
        security: security_word(retrieval.remote.security),
        ca_file: retrieval
            .remote
            .ca_file
            .as_ref()
            .map(|path| path.display().to_string()),
        pin: retrieval.remote.pin.map(|pin| pin.to_string()),
        user: &retrieval.remote.user,
        sign_in: sign_in_word(retrieval.remote.sign_in),
        signed_in_by: worked(retrieval).map(Mechanism::as_str),
        every: every_word(retrieval.every),
        after_storing,
        days,
        limits: limits::limits_document(&retrieval.limits),
        paused: retrieval.paused,
        last_good: retrieval.last_good.map(|time| time.to_string()),
        failing_since: retrieval.failing_since.map(|time| time.to_string()),
        failures: retrieval.failures,
        code: retrieval.last_error.map(inhaul_types::ErrorCode::as_str),
        written_at: retrieval.written_at.as_ref().map(|there| there.at.as_str()),
        next: stand.next().map(|time| time.to_string()),
        sentence: stand.sentence(),
    }
}

/// What the last sign-in that worked was done by.
fn worked(retrieval: &inhaul_store::Retrieval) -> Option<Mechanism> {
    match retrieval.sign_in_memory {
        Some(SignInMemory::Worked(mechanism)) => Some(mechanism),
        Some(SignInMemory::Refused(_)) | None => None,
    }
}

async fn list(globals: &Globals, states: &[Standing]) -> Result<Exit, Failure> {
    let stands = globals
        .with_store(async |store, config| {
            let mut stands = standing::all(globals, &store, config).await?;
            stands.retain(|stand| states.is_empty() || states.contains(&stand.standing()));
            let mut with_runs = Vec::with_capacity(stands.len());
            for stand in stands {
                let runs = match globals.json {
                    true => Vec::new(),
                    false => store.run_list(stand.row.id, STRIP).await?,
                };
                with_runs.push((stand, runs));
            }
            Ok(with_runs)
        })
        .await?;
    if globals.json {
        let retrievals: Vec<_> = stands.iter().map(|(stand, _)| document(stand)).collect();
        print_json(&serde_json::json!({ "retrievals": retrievals }))?;
        return Ok(Exit::OK);
    }
    let rows: Vec<_> = stands
        .iter()
        .map(|(stand, runs)| {
            let retrieval = &stand.row;
            vec![
                label(stand.standing()),
                retrieval.name.clone(),
                place_words_of(retrieval),
                strip(runs),
                retrieval
                    .last_good
                    .map_or_else(|| "never".into(), |time| time.to_string()),
                stand.next_words(),
                stand.trouble(),
            ]
        })
        .collect();
    print(&table(
        &["STATE", "NAME", "TO", "LAST 12", "LAST GOOD", "NEXT", "WHY"],
        &rows,
    ))?;
    Ok(Exit::OK)
}

async fn show(globals: &Globals, name: &str) -> Result<Exit, Failure> {
    let (stand, runs) = globals
        .with_store(async |store, config| {
            let retrieval = retrieval_named(&*store, name).await?;
            let runs = store.run_list(retrieval.id, 5).await?;
            let stands = standing::of(globals, config, vec![retrieval]);
            let stand = stands.into_iter().next();
            Ok((stand.expect("one in, one out"), runs))
        })
        .await?;
    let retrieval = &stand.row;
    let failure = retrieval.card(&runs);
    if globals.json {
        print_json(&ShowDocument {
            retrieval: document(&stand),
            card: failure.as_ref().map(CardDocument::from),
        })?;
        return Ok(Exit::OK);
    }
    let remote = &retrieval.remote;
    let trusted = match (remote.pin, &remote.ca_file) {
        (Some(pin), _) => format!("Pin         {pin}\n"),
        (None, Some(file)) => format!("Authority   {}\n", file.display()),
        (None, None) => String::new(),
    };
    let sign_in = match (remote.sign_in, worked(retrieval)) {
        (None, Some(worked)) => format!("auto (last by {worked})"),
        (chosen, _) => sign_in_word(chosen).to_owned(),
    };
    let goes_to = match retrieval.routing.catch_all() {
        None => format!("To          {}\n", place_words_of(retrieval)),
        Some(settings) => catch_all::show_lines(retrieval, settings),
    };
    let mut text = format!(
        "Name        {}\nState       {}\n            {}\nServer      {}:{} ({})\n{trusted}User        {}\nSign-in     {sign_in}\n{goes_to}Every       {}\nAfterwards  {}\nLimits      {}\nLast good   {}\n",
        retrieval.name,
        label(stand.standing()),
        stand.sentence(),
        remote.host,
        remote.port,
        security_word(remote.security),
        remote.user,
        every_word(retrieval.every),
        retention_words(retrieval.retention, &remote.host),
        retrieval_limits_words(&retrieval.limits),
        retrieval
            .last_good
            .map_or_else(|| "never".into(), |time| time.to_string()),
    );
    if let Some(there) = &retrieval.written_at {
        text.push_str(&format!("Set in      {}\n", place_words(&there.at)));
    }
    if let (Some(next), Some(why)) = (stand.next(), stand.why_this_time()) {
        let words = stand.next_words();
        text.push_str(&format!(
            "Next        {words} ({next})\nWhy then    {why}\n"
        ));
    }
    if let (Some(since), Some(code)) = (retrieval.failing_since, retrieval.last_error) {
        text.push_str(&format!(
            "Failing     since {since}, {} tries: {code}\n",
            retrieval.failures
        ));
    }
    let rows: Vec<_> = runs
        .iter()
        .map(|run| {
            vec![
                run.id.to_string(),
                run.started.to_string(),
                run.activation.to_string(),
                run_result(run),
                run.stored.to_string(),
                run.deleted.to_string(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&table(
            &["RUN", "WHEN", "STARTED BY", "RESULT", "NEW", "DELETED"],
            &rows,
        ));
    }
    if let Some(card) = failure {
        text.push('\n');
        text.push_str(&card::text(&card, card::Paint::Plain));
    }
    print(&text)?;
    Ok(Exit::OK)
}

fn run_result(run: &inhaul_store::Run) -> String {
    match (run.ended, run.code) {
        (None, _) => "not ended".into(),
        _ if run.stopped => "stopped".into(),
        (Some(_), Some(code)) => code.to_string(),
        (Some(_), None) if run.stored == 0 => "nothing new".into(),
        (Some(_), None) => "good".into(),
    }
}
