//! What people do with their messages: stars, marks, moves, the trash; and "Undo".

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{RawForm, State};
use axum::response::Response;
use inhaul_store::{ActedOn, FlagChange, Flags, FolderName, StoreError, TokenHash};
use inhaul_types::{FolderId, MessageId, Timestamp, Uid};

use super::folders::shown;
use crate::app::App;
use crate::look::many;
use crate::pages::sign_in::is_ours;
use crate::request::Person;
use crate::response::{Problem, see_other};

/// What was done last by each session, while it can be undone.
#[derive(Debug, Default)]
pub(crate) struct Undoing(Mutex<HashMap<TokenHash, Undoable>>);

#[derive(Clone, Debug)]
struct Undoable {
    at: Timestamp,
    words: String,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    /// These marks were there.
    Marks(Vec<ActedOn>),
    /// They were in these folders.
    Moves(Vec<ActedOn>),
}

/// A form about messages.
#[derive(Debug, Default)]
struct Pressed {
    act: String,
    messages: Vec<MessageId>,
    folder: Option<FolderId>,
    /// The folder that is open, and the uid up to which they saw it.
    within: Option<FolderId>,
    upto: u32,
    back: String,
}

impl How {
    fn acted_on(&self) -> &[ActedOn] {
        match self {
            Self::Marks(acted_on) | Self::Moves(acted_on) => acted_on,
        }
    }
}

impl Pressed {
    fn read(form: &[u8]) -> Self {
        let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(form).unwrap_or_default();
        let mut pressed = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "do" => pressed.act = value,
                "message" if pressed.messages.len() < MOST => {
                    pressed
                        .messages
                        .extend(value.parse().ok().map(MessageId::new));
                }
                "folder" => pressed.folder = value.parse().ok().map(FolderId::new),
                "in" => pressed.within = value.parse().ok().map(FolderId::new),
                "upto" => pressed.upto = value.parse().unwrap_or(0),
                "to" if is_ours(&value) => pressed.back = value,
                _ => {}
            }
        }
        if pressed.back.is_empty() {
            pressed.back = "/".to_owned();
        }
        pressed
    }
}

impl Pressed {
    /// What of which folder they saw.
    fn seen(&self, person: &Person) -> Result<(FolderId, Uid), Problem> {
        let folder = self
            .within
            .ok_or_else(|| Problem::not_found(&person.shell))?;
        Ok((folder, Uid::new(self.upto)))
    }
}

/// Does something with messages.
pub(crate) async fn act(
    State(app): State<App>,
    person: Person,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let pressed = Pressed::read(&form);
    let change = |set, clear| FlagChange { set, clear };
    let none = Flags::default();
    let mark = match pressed.act.as_str() {
        "read" => Some((change(Flags::SEEN, none), "Marked as read.")),
        "unread" => Some((change(none, Flags::SEEN), "Marked as unread.")),
        "star" => Some((change(Flags::FLAGGED, none), "Starred.")),
        "unstar" => Some((change(none, Flags::FLAGGED), "Star taken away.")),
        _ => None,
    };
    let mail = app.store().mail();
    let done = match (mark, pressed.act.as_str()) {
        (Some((change, words)), _) => {
            let marked = mail.mark(person.id(), &pressed.messages, change).await?;
            Some((words.to_owned(), How::Marks(marked)))
        }
        (None, "move") => {
            let folders = app.store().folder_list(person.id()).await?;
            let to = folders
                .iter()
                .find(|folder| Some(folder.id) == pressed.folder);
            let Some(to) = to else {
                return Err(Problem::not_found(&person.shell));
            };
            let moved = mail.move_to(person.id(), &pressed.messages, to.id).await?;
            Some((format!("Moved to {}.", shown(&to.name)), How::Moves(moved)))
        }
        (None, "delete") => delete(&app, &person, &pressed.messages).await?,
        (None, "read-all") => {
            let (folder, upto) = pressed.seen(&person)?;
            let read = change(Flags::SEEN, none);
            let marked = mail.mark_all(person.id(), folder, upto, read).await?;
            let words = format!("{} marked as read.", many(marked.messages, "message"));
            marked.acted_on.map(|marked| (words, How::Marks(marked)))
        }
        (None, "empty-trash") => {
            let (folder, upto) = pressed.seen(&person)?;
            // How far another folder was seen says nothing of this one.
            let folders = app.store().folder_list(person.id()).await?;
            let trash = folders.iter().find(|one| one.name == FolderName::TRASH);
            if trash.is_none_or(|trash| trash.id != folder) {
                return Err(Problem::not_found(&person.shell));
            }
            mail.empty_trash(person.id(), upto).await?;
            None
        }
        _ => return Err(Problem::not_found(&person.shell)),
    };
    if let Some((words, how)) = done
        && !how.acted_on().is_empty()
    {
        app.undoing()
            .remember(person.session, words, how, app.now());
    }
    Ok(see_other(&pressed.back))
}

/// Into the trash; what is there already goes for good, and that cannot be undone.
async fn delete(
    app: &App,
    person: &Person,
    messages: &[MessageId],
) -> Result<Option<(String, How)>, Problem> {
    let store = app.store();
    let trash = store
        .mail()
        .folder_named(person.id(), FolderName::TRASH)
        .await?;
    let mut gone: Vec<Uid> = Vec::new();
    for id in messages {
        match store.message_by_id(*id).await {
            Ok(message) if message.account == person.id() && message.folder == trash => {
                gone.push(message.uid);
            }
            Ok(_) | Err(StoreError::Missing { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let moved = store.mail().move_to(person.id(), messages, trash).await?;
    store.message_remove(trash, &gone).await?;
    let words = "Moved to Trash.".to_owned();
    Ok((!moved.is_empty()).then_some((words, How::Moves(moved))))
}

/// Takes back what was done last.
pub(crate) async fn undo(
    State(app): State<App>,
    person: Person,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let back = Pressed::read(&form).back;
    let Some(undoable) = app.undoing().take(person.session, app.now()) else {
        return Ok(see_other(&back));
    };
    let mail = app.store().mail();
    match undoable.how {
        How::Marks(marked) => {
            let mut by_flags: BTreeMap<u8, Vec<MessageId>> = BTreeMap::new();
            for one in marked {
                by_flags
                    .entry(one.flags.bits())
                    .or_default()
                    .push(one.message);
            }
            for (flags, messages) in by_flags {
                let change = FlagChange {
                    set: Flags::from_bits(flags),
                    clear: Flags::from_bits(!flags),
                };
                mail.mark(person.id(), &messages, change).await?;
            }
        }
        How::Moves(moved) => {
            let mut by_folder: BTreeMap<i64, Vec<MessageId>> = BTreeMap::new();
            for one in moved {
                by_folder
                    .entry(one.folder.row())
                    .or_default()
                    .push(one.message);
            }
            for (folder, messages) in by_folder {
                let folder = FolderId::new(folder);
                match mail.move_to(person.id(), &messages, folder).await {
                    // Somebody removed the folder meanwhile: they stay where they are.
                    Ok(_) | Err(StoreError::Missing { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
    Ok(see_other(&back))
}

impl Undoing {
    fn remember(&self, session: TokenHash, words: String, how: How, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, undoable| now.since(undoable.at) < KEPT && undoable.at <= now);
        all.insert(
            session,
            Undoable {
                at: now,
                words,
                how,
            },
        );
    }

    /// What was done a moment ago, in words.
    pub(crate) fn words(&self, session: TokenHash, now: Timestamp) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = all.get(&session)?;
        (now.since(last.at) < OFFERED).then(|| last.words.clone())
    }

    fn take(&self, session: TokenHash, now: Timestamp) -> Option<Undoable> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = all.remove(&session)?;
        (now.since(last.at) < KEPT).then_some(last)
    }
}

/// Messages that one form may name.
const MOST: usize = 1_000;
/// "Undo" is offered for so long (UX 2.6),
const OFFERED: Duration = Duration::from_secs(10);
/// and works for so long: whoever pressed it in time may be on a slow line.
const KEPT: Duration = Duration::from_secs(60);
