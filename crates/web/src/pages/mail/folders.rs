//! The folders beside the list, and new ones.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use inhaul_store::{Folder, FolderName, StoreError};
use inhaul_types::FolderId;
use serde::Deserialize;

use super::place::{Listing, Place};
use crate::app::App;
use crate::pages::sign_in::is_ours;
use crate::request::Person;
use crate::response::{Problem, see_other};

/// One of them, or what stands among them.
pub(crate) struct FolderRow {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) is_open: bool,
    /// `g t` leads there.
    pub(crate) is_trash: bool,
    /// Where messages can be dragged to.
    pub(crate) drop: Option<i64>,
    pub(crate) unseen: u64,
}

/// Inbox, what has a star, people's own folders by name, and at last where things end up.
pub(crate) fn rows(folders: &[Folder], place: &Place) -> Vec<FolderRow> {
    let mut sorted: Vec<&Folder> = folders.iter().collect();
    sorted.sort_by_cached_key(|folder| (rank(&folder.name), folder.name.to_lowercase()));
    let row = |folder: &Folder| FolderRow {
        name: shown(&folder.name).to_owned(),
        path: path(folder),
        is_open: matches!(place.listing, Listing::Folder { id, .. } if id == folder.id),
        is_trash: folder.name == FolderName::TRASH,
        drop: Some(folder.id.row()),
        unseen: folder.unseen,
    };
    let mut rows: Vec<FolderRow> = sorted.into_iter().map(row).collect();
    let starred = FolderRow {
        name: "Starred".to_owned(),
        path: Listing::Starred.address(),
        is_open: place.listing == Listing::Starred,
        is_trash: false,
        drop: None,
        unseen: 0,
    };
    rows.insert(rows.len().min(1), starred);
    rows
}

fn rank(name: &str) -> u8 {
    match name {
        "INBOX" => 0,
        "Archive" => 2,
        "Junk" => 3,
        FolderName::TRASH => 4,
        _ => 1,
    }
}

/// Where a folder is.
pub(crate) fn path(folder: &Folder) -> String {
    match folder.name.as_str() {
        "INBOX" => "/".to_owned(),
        _ => format!("/folder/{}", folder.id),
    }
}

/// The folders that a message can be moved to: all but its own.
pub(crate) fn others(folders: &[Folder], own: Option<FolderId>) -> Vec<(i64, String)> {
    let mut others: Vec<&Folder> = folders
        .iter()
        .filter(|folder| Some(folder.id) != own)
        .collect();
    others.sort_by_cached_key(|folder| (rank(&folder.name), folder.name.to_lowercase()));
    others
        .into_iter()
        .map(|folder| (folder.id.row(), shown(&folder.name).to_owned()))
        .collect()
}

/// The name a person reads.
pub(crate) fn shown(name: &str) -> &str {
    match name {
        "INBOX" => "Inbox",
        name => name,
    }
}

/// A folder that is wanted.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    name: String,
    #[serde(default)]
    to: String,
}

/// Makes a folder, and opens it.
pub(crate) async fn create(
    State(app): State<App>,
    person: Person,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    let name = wanted.name.trim();
    let back = match is_ours(&wanted.to) {
        true => wanted.to.as_str(),
        false => "/",
    };
    if name.is_empty() {
        return Ok(see_other(back));
    }
    let created = app.store().mail().folder_create(person.id(), name).await;
    match created {
        Ok(folder) => Ok(see_other(&format!("/folder/{folder}"))),
        // It is what they want to see.
        Err(StoreError::Exists { .. }) => {
            let folders = app.store().folder_list(person.id()).await?;
            let there = folders.iter().find(|folder| folder.name == name);
            Ok(see_other(&there.map_or_else(|| back.to_owned(), path)))
        }
        Err(error) => Err(refused(error, &person)),
    }
}

/// What is to become of a folder.
#[derive(Deserialize)]
pub(crate) struct Changed {
    r#do: String,
    #[serde(default)]
    name: String,
}

/// Renames a folder, or removes it.
pub(crate) async fn change(
    State(app): State<App>,
    person: Person,
    Path(id): Path<i64>,
    Form(changed): Form<Changed>,
) -> Result<Response, Problem> {
    let (mail, folder) = (app.store().mail(), FolderId::new(id));
    let (outcome, to) = match changed.r#do.as_str() {
        "rename" => {
            let name = changed.name.trim();
            let renamed = mail.folder_rename(person.id(), folder, name).await;
            (renamed, format!("/folder/{folder}"))
        }
        "remove" => {
            let removed = mail.folder_remove(person.id(), folder).await;
            (removed.map(drop), "/".to_owned())
        }
        _ => return Err(Problem::not_found(&person.shell)),
    };
    match outcome {
        Ok(()) => Ok(see_other(&to)),
        Err(error) => Err(refused(error, &person)),
    }
}

/// What stands against it, in words.
fn refused(error: StoreError, person: &Person) -> Problem {
    let (status, what) = match &error {
        StoreError::BadFolderName { why, .. } => {
            let mut what = format!("{why}.");
            what[..1].make_ascii_uppercase();
            (StatusCode::UNPROCESSABLE_ENTITY, what)
        }
        StoreError::Exists { name, .. } => {
            let what = format!("There is a folder {name} already.");
            (StatusCode::CONFLICT, what)
        }
        StoreError::Permanent { name, .. } => {
            let what = format!("{} is always there and keeps its name.", shown(name));
            (StatusCode::CONFLICT, what)
        }
        _ => return error.into(),
    };
    Problem::told(status, "Not done", &what, &person.shell)
}
