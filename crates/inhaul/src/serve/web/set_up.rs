//! The link by which the first person here becomes the administrator.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use inhaul_store::{LinkPurpose, NewLink, Store};
use inhaul_types::Timestamp;
use inhaul_web::Token;

use crate::exit::Failure;

/// How long a set-up link works.
pub(crate) const LIFE: Duration = Duration::from_secs(60 * 60);

/// Makes a set-up link for pages at `address`; the one before works no more. `None` where somebody
/// manages this installation already.
pub(crate) async fn make_link(
    store: &dyn Store,
    address: &str,
    now: Timestamp,
) -> Result<Option<String>, Failure> {
    if store.visitors().is_set_up().await? {
        return Ok(None);
    }
    let code = Token::code()?;
    let link = NewLink {
        token: code.hash(),
        purpose: LinkPurpose::SetUp,
        until: now.plus(LIFE),
    };
    store.visitors().link_make(link).await?;
    Ok(Some(format!("{address}/setup#{}", code.reveal())))
}

/// Where the link lies for whoever may read the data directory, while nobody has used it.
pub(crate) fn file(data: &Path) -> PathBuf {
    data.join("setup-link")
}

/// Leaves the link there, readable by the owner only.
pub(crate) fn leave(data: &Path, link: &str) -> io::Result<()> {
    let file = file(data);
    forget(data)?;
    let mut options = fs::OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    writeln!(options.open(file)?, "{link}")
}

/// Takes the link away once somebody manages this installation, or when the store closes.
pub(crate) async fn forget_when_set_up(store: Arc<dyn Store>, data: PathBuf) {
    let mut changes = store.changes();
    loop {
        match store.visitors().is_set_up().await {
            Ok(true) => break,
            Ok(false) => {}
            // It is said where it matters.
            Err(_) => return,
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
    if let Err(error) = forget(&data) {
        tracing::warn!(%error, "the set-up link that works no more stays in its file");
    }
}

/// Nobody needs it any more.
pub(crate) fn forget(data: &Path) -> io::Result<()> {
    match fs::remove_file(file(data)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
