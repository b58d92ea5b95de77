//! `inhaul message`: what was brought, and how it is found.

use std::time::{Duration, Instant};

use clap::Subcommand;
use inhaul_domain::search::{Query, WORDS};
use inhaul_store::{BodyReader, Folder, More, SearchFor, Store};
use inhaul_types::{AccountId, MessageId};
use serde::Serialize;

use super::Globals;
use super::output::{
    complain, counted, plain, print, print_json, print_octets, shorten, size, table,
};
use super::progress::Bars;
use crate::control::BarStep;
use crate::exit::{Exit, Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum Message {
    /// List the messages of a folder
    List {
        /// Whose
        account: String,
        /// Which folder
        #[arg(default_value = "INBOX")]
        folder: String,
    },
    /// Show one message
    Show {
        /// Its number, as the list shows it
        id: i64,
        /// The very octets that were received
        #[arg(long)]
        raw: bool,
    },
    /// Find messages
    #[command(after_help = search_words())]
    Search {
        /// Whose
        account: String,
        /// What to search for, in one argument or several
        #[arg(required = true)]
        query: Vec<String>,
    },
    /// Make the search index anew
    Reindex,
}

/// The words that a search understands.
fn search_words() -> String {
    let words = WORDS.iter();
    let lines = words.map(|word| format!("\n  {:<26} {}", word.example, word.finds));
    let lines: String = lines.collect();
    format!(
        "Words:{lines}\n\nQuote what a shell would take apart: inhaul message search anna \
         'from:\"Jana Novak\" -draft'"
    )
}

/// Messages read from the store at once.
const PAGE: u32 = 500;
/// A search is asked again after so long, so that others come in between.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct MessageDocument<'a> {
    id: i64,
    folder: &'a str,
    uid: u32,
    uidl: &'a str,
    bytes: u64,
    sha256: String,
    received: String,
    date: Option<String>,
    from: &'a str,
    subject: &'a str,
    message_id: Option<&'a str>,
    attachment: bool,
    why: &'a str,
}

impl<'a> From<&'a inhaul_store::Message> for MessageDocument<'a> {
    fn from(message: &'a inhaul_store::Message) -> Self {
        Self {
            id: message.id.row(),
            folder: &message.folder_name,
            uid: message.uid.number(),
            uidl: &message.uidl,
            bytes: message.size.count(),
            sha256: message.digest.to_string(),
            received: message.internal_date.to_string(),
            date: message.summary.date.map(|date| date.to_string()),
            from: &message.summary.from,
            subject: &message.summary.subject,
            message_id: message.summary.message_id.as_deref(),
            attachment: message.summary.has_attachment,
            why: &message.why,
        }
    }
}

impl Message {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::List { account, folder } => list(globals, &account, &folder).await,
            Self::Show { id, raw } => show(globals, MessageId::new(id), raw).await,
            Self::Search { account, query } => search(globals, &account, &query.join(" ")).await,
            Self::Reindex => reindex(globals).await,
        }
    }
}

/// The account's folder of this name, whatever the case of its letters.
pub(crate) async fn find_folder(
    store: &dyn Store,
    account: AccountId,
    name: &str,
) -> Result<Folder, Failure> {
    let folders = store.folder_list(account).await?;
    let exact = folders.iter().position(|folder| folder.name == name);
    let found = exact.or_else(|| {
        folders
            .iter()
            .position(|folder| folder.name.eq_ignore_ascii_case(name))
    });
    match found {
        Some(position) => Ok(folders
            .into_iter()
            .nth(position)
            .expect("it was just found")),
        None => {
            let names: Vec<_> = folders.iter().map(|folder| folder.name.as_str()).collect();
            Err(
                Failure::new(Exit::NO_USER, format!("there is no folder {name:?}"))
                    .hint(format!("There are: {}.", names.join(", "))),
            )
        }
    }
}

/// All messages of a folder, page by page.
pub(crate) async fn each_message(
    store: &dyn Store,
    folder: &Folder,
    mut take: impl AsyncFnMut(inhaul_store::Message) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let page = store.message_page(folder.id, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.uid);
        for message in page {
            take(message).await?;
        }
    }
}

async fn list(globals: &Globals, account: &str, folder: &str) -> Result<Exit, Failure> {
    let mut messages = Vec::new();
    globals
        .with_store(async |store, _| {
            let account = store.account_by_name(account).await?;
            let folder = find_folder(&*store, account.id, folder).await?;
            each_message(&*store, &folder, async |message| {
                messages.push(message);
                Ok(())
            })
            .await
        })
        .await?;
    print_list(globals, &messages)?;
    Ok(Exit::OK)
}

fn print_list(globals: &Globals, messages: &[inhaul_store::Message]) -> Result<(), Failure> {
    if globals.json {
        let messages: Vec<_> = messages.iter().map(MessageDocument::from).collect();
        return print_json(&serde_json::json!({ "messages": messages }));
    }
    let rows: Vec<_> = messages
        .iter()
        .map(|message| {
            vec![
                message.id.to_string(),
                message.internal_date.to_string(),
                shorten(&message.summary.from, 30),
                shorten(&message.summary.subject, 50),
                size(message.size),
            ]
        })
        .collect();
    print(&table(
        &["ID", "RECEIVED", "FROM", "SUBJECT", "SIZE"],
        &rows,
    ))
}

/// All that is found, however long that takes.
async fn search(globals: &Globals, account: &str, typed: &str) -> Result<Exit, Failure> {
    let query = Query::parse(typed)
        .map_err(|bad| Failure::new(Exit::USAGE, bad.what()).hint(bad.instead()))?;
    let mut messages = Vec::new();
    globals
        .with_store(async |store, _| {
            let account = store.account_by_name(account).await?;
            let mut before = None;
            loop {
                let wanted = SearchFor {
                    query: query.clone(),
                    folder: None,
                    before,
                    most: PAGE,
                    patience: PATIENCE,
                };
                let page = store.search().find(account.id, wanted).await?;
                let last = page.messages.last();
                before = match page.more {
                    More::End => None,
                    More::Page => last.map(|last| (last.internal_date, last.id)),
                    More::Unfinished(at, id) => Some((at, id)),
                };
                messages.extend(page.messages);
                if before.is_none() {
                    return Ok(());
                }
            }
        })
        .await?;
    print_list(globals, &messages)?;
    if messages.is_empty() && !globals.json && !globals.quiet {
        complain(&format!("Nothing found for {typed}. Try fewer words.\n"));
    }
    Ok(Exit::OK)
}

/// Throws the index away and waits until there is another one.
async fn reindex(globals: &Globals) -> Result<Exit, Failure> {
    let began = Instant::now();
    let state = globals
        .with_store(async |store, _| {
            let (bars, index) = (Bars::new(globals.draws_bars()), store.search());
            let bar = bars.add("index");
            index.forget_index().await?;
            while index.index_some().await?.more {
                let state = index.index_state().await?;
                let label = format!("{} of {} messages", state.indexed, state.messages);
                bar.show(&BarStep::Step { label });
            }
            bars.clear();
            Ok(index.index_state().await?)
        })
        .await?;
    if globals.json {
        print_json(&serde_json::json!({
            "messages": state.messages,
            "indexed": state.indexed,
            "bytes": state.octets,
        }))?;
    } else if !globals.quiet {
        print(&format!(
            "{} indexed in {} s, {}.\n",
            counted(state.indexed, "message"),
            began.elapsed().as_secs(),
            size(inhaul_types::Octets::new(state.octets)),
        ))?;
    }
    Ok(Exit::OK)
}

async fn show(globals: &Globals, id: MessageId, raw: bool) -> Result<Exit, Failure> {
    globals
        .with_store(async |store, _| {
            if globals.json && !raw {
                let message = store.message_by_id(id).await?;
                return print_json(&MessageDocument::from(&message));
            }
            print_message(&*store, id, raw).await
        })
        .await?;
    Ok(Exit::OK)
}

/// Shows one message: its octets, or head and text that cannot steer the terminal.
pub(crate) async fn print_message(
    store: &dyn Store,
    id: MessageId,
    raw: bool,
) -> Result<(), Failure> {
    let message = store.message_by_id(id).await?;
    if !raw {
        print(&head(&message))?;
    }
    let mut body = store.message_body(id).await?;
    print_body(&mut *body, raw).await
}

fn head(message: &inhaul_store::Message) -> String {
    format!(
        "From      {}\nSubject   {}\nDate      {}\nReceived  {}\nFolder    {}, by {}\nSize      {}\nSHA-256   {}\n\n",
        plain(&message.summary.from),
        plain(&message.summary.subject),
        message
            .summary
            .date
            .map_or_else(|| "-".to_owned(), |date| date.to_string()),
        message.internal_date,
        message.folder_name,
        message.why,
        size(message.size),
        message.digest,
    )
}

async fn print_body(body: &mut dyn BodyReader, raw: bool) -> Result<(), Failure> {
    loop {
        let chunk = body.next_chunk().await?;
        if chunk.is_empty() {
            return Ok(());
        }
        if raw {
            print_octets(&chunk)?;
        } else {
            print(&readable(&chunk))?;
        }
    }
}

/// The octets as text that cannot steer the terminal.
fn readable(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets)
        .chars()
        .filter(|c| *c != '\r')
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                ' '
            } else {
                c
            }
        })
        .collect()
}
