//! Paths: in a file relative to that file, and `~/` is the home directory.

use std::path::PathBuf;

use super::reader::{KeyPath, Session, Setting};
use super::tree::{Place, Placed, quoted};

impl Setting for PathBuf {
    fn read(from: &Placed, path: &KeyPath, session: &mut Session) -> Option<Self> {
        let text = String::read(from, path, session)?;
        resolve(&text, from, path, session)
    }

    fn show(&self) -> String {
        quoted(&self.display().to_string())
    }
}

/// Makes a path of what was written. A variable's path is relative to the current directory, as
/// on a command line.
pub(super) fn resolve(
    text: &str,
    from: &Placed,
    path: &KeyPath,
    session: &mut Session,
) -> Option<PathBuf> {
    if let Some(rest) = text.strip_prefix("~/") {
        let Some(home) = &session.environment.home else {
            let what = "`~/` has no meaning here: HOME is not set".to_owned();
            session.refuse(&from.place, path, what, "Write the whole path.");
            return None;
        };
        return Some(home.join(rest));
    }
    match &from.place {
        Place::File { file, .. } => Some(file.path.with_file_name("").join(text)),
        _ => Some(PathBuf::from(text)),
    }
}
