//! What a run met that a person should know of, as data.

use inhaul_store::RunNote;
use serde::Serialize;

/// One note as data.
#[derive(Serialize)]
pub(crate) struct NoteDocument {
    code: &'static str,
    messages: u64,
}

impl From<&RunNote> for NoteDocument {
    fn from(note: &RunNote) -> Self {
        Self {
            code: note.code.as_str(),
            messages: note.messages,
        }
    }
}
