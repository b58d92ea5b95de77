//! `inhaul where`: what happened to a message.

use clap::Args;
use inhaul_domain::{LedgerState, LeftOutReason};
use inhaul_manage::words::{StoryEvent, StoryEventKind, search_word, story_events};
use inhaul_store::{LedgerStory, Store, StoryPlacement, StoryRun, ledger_number};
use inhaul_types::Timestamp;
use serde::Serialize;

use super::Globals;
use super::output::{plain, print, print_json};
use crate::exit::{Exit, Failure};

#[derive(Args, Debug)]
pub(crate) struct Where {
    /// Words from its sender, subject, Message-ID or remote unique-id, or its message number
    #[arg(required = true)]
    words: Vec<String>,
}

#[derive(Serialize)]
struct StoryDocument<'a> {
    server: String,
    user: String,
    /// For `retrieval bring`.
    number: u32,
    unique_id: Option<String>,
    bytes: Option<u64>,
    state: &'static str,
    seen: String,
    stored: Option<String>,
    asked: Option<String>,
    deleted: Option<String>,
    reason: Option<String>,
    places: Vec<String>,
    /// The messages at those places.
    messages: Vec<i64>,
    /// Both once more, with the reason why each is there.
    placements: Vec<PlacementDocument<'a>>,
    retrieval: Option<String>,
    /// The run that stored it or left it there.
    run: Option<RunDocument>,
    from: Option<String>,
    subject: Option<String>,
    message_id: Option<String>,
}

#[derive(Serialize)]
struct PlacementDocument<'a> {
    message: i64,
    account: &'a str,
    folder: &'a str,
    /// Of a catch-all's message a line for each recipient.
    why: &'a str,
}

impl<'a> From<&'a StoryPlacement> for PlacementDocument<'a> {
    fn from(placement: &'a StoryPlacement) -> Self {
        Self {
            message: placement.message.row(),
            account: &placement.account,
            folder: &placement.folder,
            why: &placement.why,
        }
    }
}

#[derive(Serialize)]
struct RunDocument {
    run: i64,
    started: String,
    started_by: &'static str,
}

impl Where {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let words: Vec<String> = self.words.iter().map(|word| search_word(word)).collect();
        let stories = globals
            .with_store(async |store, _| Ok(store.ledger_search(&words).await?))
            .await?;
        if globals.json {
            let found: Vec<_> = stories.iter().map(document).collect();
            print_json(&serde_json::json!({ "found": found }))?;
        } else if stories.is_empty() {
            print(
                "No remote server listed a message like that. It may be in the Junk folder there: POP3 shows only the Inbox.\n",
            )?;
        } else {
            stories.iter().try_for_each(|story| print(&tell(story)))?;
        }
        Ok(Exit::OK)
    }
}

fn document(story: &LedgerStory) -> StoryDocument<'_> {
    let text = |time: &Option<Timestamp>| time.map(|time| time.to_string());
    StoryDocument {
        server: story.host.clone(),
        user: story.user.clone(),
        number: ledger_number(story.id),
        unique_id: story.unique_id.as_ref().map(ToString::to_string),
        bytes: story
            .size
            .or(story.listed_size)
            .map(inhaul_types::Octets::count),
        state: state(story.state),
        seen: story.first_seen.to_string(),
        stored: text(&story.stored_at),
        asked: text(&story.asked_at),
        deleted: text(&story.deleted_at),
        reason: story.reason.clone(),
        places: story.placements.iter().map(|at| at.place()).collect(),
        messages: story.placements.iter().map(|at| at.message.row()).collect(),
        placements: story.placements.iter().map(Into::into).collect(),
        retrieval: story.retrieval.clone(),
        run: story.run.map(|run| RunDocument {
            run: run.id.row(),
            started: run.started.to_string(),
            started_by: run.activation.as_str(),
        }),
        message_id: story
            .summary
            .as_ref()
            .and_then(|summary| summary.message_id.clone()),
        from: story.summary.as_ref().map(|summary| summary.from.clone()),
        subject: story
            .summary
            .as_ref()
            .map(|summary| summary.subject.clone()),
    }
}

fn state(state: LedgerState) -> &'static str {
    match state {
        LedgerState::Stored => "stored",
        LedgerState::LeftOut(_) => "left-out",
        LedgerState::Asked => "asked",
        LedgerState::Deleted => "deleted",
    }
}

fn tell(story: &LedgerStory) -> String {
    let (from, subject) = story.summary.as_ref().map_or(("", ""), |summary| {
        (summary.from.as_str(), summary.subject.as_str())
    });
    let mut text = format!(
        "{}  {}\n",
        plain(if subject.is_empty() {
            "(no subject known)"
        } else {
            subject
        }),
        plain(from),
    );
    for event in story_events(story) {
        let StoryEvent { at, kind, words } = event;
        let words = plain(&words);
        match kind {
            StoryEventKind::Stored => {
                let places = plain(&places(story));
                text.push_str(&format!("  {at}  {words}: {places}{}\n", who(story)));
                let placements = story.placements.iter();
                placements.for_each(|at| text.push_str(&why(at)));
            }
            StoryEventKind::LeftOut => {
                text.push_str(&format!("  {at}  {words}{}\n", who(story)));
                text.push_str(&how_to_bring(story));
            }
            StoryEventKind::Seen | StoryEventKind::Asked | StoryEventKind::Deleted => {
                text.push_str(&format!("  {at}  {words}\n"));
            }
        }
    }
    text
}

/// Where a stored message is.
fn places(story: &LedgerStory) -> String {
    let places: Vec<String> = story
        .placements
        .iter()
        .map(|at| format!("message {} in {}", at.message, at.place()))
        .collect();
    match &story.reason {
        _ if !places.is_empty() => places.join(", "),
        // The catch-all had it already; its reason says which message that is.
        Some(reason) => reason.clone(),
        None => "deleted here since".to_owned(),
    }
}

/// Why a message of a catch-all is where it is; of any other retrieval there is nothing to explain.
fn why(at: &StoryPlacement) -> String {
    let explains = |line: &&str| !line.starts_with("retrieval ");
    let lines = at.why.lines().filter(explains);
    lines
        .map(|line| format!("    {}: {}\n", at.message, plain(line)))
        .collect()
}

/// What a person can do about a message that was left there.
fn how_to_bring(story: &LedgerStory) -> String {
    match (story.state, &story.retrieval) {
        (LedgerState::LeftOut(LeftOutReason::Ordered), _) => {
            "  It is ordered and comes with the next check.\n".to_owned()
        }
        (LedgerState::LeftOut(_), Some(name)) => format!(
            "  To bring it once: inhaul retrieval bring \"{}\" {}\n",
            plain(name),
            ledger_number(story.id)
        ),
        _ => String::new(),
    }
}

/// By which retrieval, in which run, and when that began.
fn who(story: &LedgerStory) -> String {
    let retrieval = story
        .retrieval
        .as_ref()
        .map(|name| format!("by {}", plain(name)));
    let run = story.run.map(|run| {
        let StoryRun {
            id,
            started,
            activation,
        } = run;
        format!("run {id}, started by {activation} {started}")
    });
    let parts: Vec<String> = retrieval.into_iter().chain(run).collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!("   ({})", parts.join(", "))
    }
}
