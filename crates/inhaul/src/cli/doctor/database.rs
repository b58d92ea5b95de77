//! The database and what lies beside it: whole, of this program's schema, opened by the key.

use std::error::Error as _;
use std::fs;
use std::time::{Duration, SystemTime};

use inhaul_store::{
    Examination, Integrity, SealedSecret, StoreError, is_held, leftovers, log_length,
};
use inhaul_types::Octets;

use super::files::KeyFile;
use super::finding::{Finding, listed, quoted};
use super::site::{Contents, Site};
use crate::cli::output::{counted, size};

/// What is wrong, and what is in it where that can be read and believed.
pub(super) fn check(site: &Site) -> (Vec<Finding>, Option<Contents>) {
    if !site.data.is_dir() || !site.may_look() {
        return (Vec::new(), None);
    }
    let held = is_held(&site.data).unwrap_or(false);
    let mut findings = log(site, held);
    findings.extend(left(site, held));
    let contents = match Examination::open(&site.data) {
        Ok(Some(mut examination)) => match look(site, &mut examination) {
            Ok((found, contents)) => {
                findings.splice(0..0, found);
                contents
            }
            Err(error) => {
                findings.splice(0..0, unusable(site, &error));
                None
            }
        },
        Ok(None) => {
            let what = "nothing has been stored yet";
            findings.insert(0, Finding::ok("database", what));
            Some(Contents::default())
        }
        Err(error) => {
            findings.splice(0..0, unusable(site, &error));
            None
        }
    };
    (findings, contents)
}

fn look(
    site: &Site,
    examination: &mut Examination,
) -> Result<(Vec<Finding>, Option<Contents>), StoreError> {
    let mut findings = vec![match examination.integrity(LOOKS)? {
        Integrity::Sound => Finding::ok("database", "the database is whole"),
        Integrity::Unfinished => Finding::ok(
            "database",
            format!(
                "the database is whole as far as it was read in {} s",
                LOOKS.as_secs()
            ),
        ),
        Integrity::Damaged(why) => {
            let damaged = StoreError::Damaged(why.lines().next().unwrap_or_default().to_owned());
            return Ok((unusable(site, &damaged).into_iter().collect(), None));
        }
    }];
    for path in examination.short_segments()? {
        let path = path.display();
        findings.push(Finding::fail(
            "segments",
            format!("{path} does not hold all the mail that was written to it"),
            format!(
                "put it back from a backup; if there is none: touch {path}.lost, and everything \
                 but the messages in it goes on"
            ),
        ));
    }
    let mut contents = Contents {
        retrievals: examination.retrievals()?,
        groups: examination.groups()?,
        newest: examination.newest_moment()?,
        secrets: Vec::new(),
    };
    if KeyFile::look(&site.key) == KeyFile::There {
        contents.secrets = examination.secrets(&site.key)?;
        findings.push(opened(site, &contents));
    }
    Ok((findings, Some(contents)))
}

fn opened(site: &Site, contents: &Contents) -> Finding {
    let secrets = contents.secrets.iter();
    let unopened = secrets.filter(|(_, secret)| *secret == SealedSecret::Unopened);
    let unopened: Vec<&str> = unopened.map(|(name, _)| name.as_str()).collect();
    let Some(first) = unopened.first() else {
        let number = contents.secrets.len() as u64;
        return Finding::ok(
            "passwords",
            format!("the key opens {}", counted(number, "password")),
        );
    };
    Finding::fail(
        "passwords",
        format!(
            "{} does not open the passwords of {}: it is another key",
            site.key.display(),
            listed(unopened.iter().copied())
        ),
        format!(
            "put the right key back, or enter each password again: {}",
            site.of_retrieval("set", first, "--password")
        ),
    )
}

/// Why it cannot be looked into; a full disk is told where the room is.
fn unusable(site: &Site, error: &StoreError) -> Option<Finding> {
    let mut what = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        what.push_str(&format!(": {error}"));
        cause = error.source();
    }
    Some(match error {
        StoreError::DiskFull(_) => return None,
        StoreError::TooNew { .. } => Finding::fail(
            "schema",
            what,
            format!(
                "use the newer program again (this is {}), or restore a backup that this one made",
                env!("CARGO_PKG_VERSION")
            ),
        ),
        StoreError::Busy(_) => Finding::warn(
            "database",
            what,
            format!("see who has it: fuser {}", database(site)),
        ),
        _ => Finding::fail(
            "database",
            what,
            format!(
                "stop inhaul, put the directory aside (mv {0} {0}.damaged), then: {1}",
                quoted(&site.data.to_string_lossy()),
                site.command("restore BACKUP")
            ),
        ),
    })
}

/// Nobody cuts the log down while somebody reads on and on.
fn log(site: &Site, held: bool) -> Vec<Finding> {
    let length = log_length(&site.data);
    if length < LOG_MOST {
        return Vec::new();
    }
    let what = format!("the database's log has grown to {}", size(length));
    let fix = match held {
        true => format!(
            "see who reads the database beside inhaul and end it: fuser {}; then start inhaul again",
            database(site)
        ),
        false => format!("the next start cuts it down: {}", site.command("serve")),
    };
    vec![Finding::warn("log-length", what, fix)]
}

/// What a killed process left. Of a running server's directory nothing is left over.
fn left(site: &Site, held: bool) -> Vec<Finding> {
    if held {
        return Vec::new();
    }
    let mut left = leftovers(&site.data);
    let spooled = fs::read_dir(site.data.join("spool"));
    let old = |entry: &fs::DirEntry| {
        let modified = entry.metadata().and_then(|file| file.modified());
        let age = modified.map(|then| SystemTime::now().duration_since(then));
        matches!(age, Ok(Ok(age)) if age > SPOOLED)
    };
    let spooled = spooled.into_iter().flatten().flatten().filter(old);
    left.extend(spooled.map(|entry| entry.path()));
    let finding = |path: std::path::PathBuf| {
        Finding::warn(
            "leftovers",
            format!("{} is what a killed command left", path.display()),
            format!("rm -r {}", quoted(&path.to_string_lossy())),
        )
    };
    left.into_iter().map(finding).collect()
}

fn database(site: &Site) -> String {
    quoted(&site.data.join("inhaul.db").to_string_lossy())
}

/// How long the database is read: of a large one a part says much.
const LOOKS: Duration = Duration::from_secs(3);

/// The server is held to cut the log down at an eighth of it.
const LOG_MOST: Octets = Octets::new(256 << 20);

/// A run that has not ended is younger.
const SPOOLED: Duration = Duration::from_secs(24 * 60 * 60);
