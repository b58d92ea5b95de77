//! The certificate that mail programs see: the two files are there for the server, belong together,
//! and are good for a while yet.
//!
//! A self-made one is only looked at: making it is the server's.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use inhaul_net::{CertificateProblem, CertificateSource, MinimumTls, ServerTls};
use inhaul_types::Timestamp;

use super::clock::span;
use super::finding::{ENDS_SOON, Finding, quoted};
use super::site::{Site, user_name};

pub(super) fn check(site: &Site) -> Vec<Finding> {
    let source = source(site);
    let (chain, key) = source.files();
    let is_self_made = matches!(source, CertificateSource::SelfMade { .. });
    if is_self_made && !serves_mail(site) || !site.may_look() {
        return Vec::new();
    }
    if is_self_made && !(chain.exists() && key.exists()) {
        let what = "no certificate for mail programs yet; the server makes one when it starts";
        return vec![Finding::ok(CHECK, what)];
    }
    if let Some(owner) = site.owner() {
        let closed = [&chain, &key].map(|file| closed_to(owner, file));
        let mut closed: Vec<Finding> = closed.into_iter().flatten().collect();
        // One folder over both is one fault.
        closed.dedup_by(|one, other| one.what == other.what);
        if !closed.is_empty() {
            return closed;
        }
    }
    let now = site.now;
    // By their names, so that nothing is made.
    let files = CertificateSource::Files {
        chain: chain.clone(),
        key,
    };
    match ServerTls::open(files, MinimumTls::default(), Arc::new(move || now)) {
        Ok(tls) => vec![whole(site, &chain, &tls, is_self_made)],
        Err(problem) => vec![unusable(site, &problem, is_self_made)],
    }
}

fn source(site: &Site) -> CertificateSource {
    match &site.config.server.certificate {
        Some(certificate) => CertificateSource::Files {
            chain: certificate.chain.clone(),
            key: certificate.key.clone(),
        },
        None => CertificateSource::SelfMade {
            dir: site.data.clone(),
        },
    }
}

fn serves_mail(site: &Site) -> bool {
    let pop3 = &site.config.pop3;
    !(pop3.listen.is_empty() && pop3.listen_tls.is_empty())
}

/// What the server's user cannot read although whoever asks can: mostly, root asks.
fn closed_to(owner: u32, file: &Path) -> Option<Finding> {
    let folders = file.ancestors().skip(1);
    let folders = folders.filter(|folder| !folder.as_os_str().is_empty());
    let closed = [(file, READ)]
        .into_iter()
        .chain(folders.map(|folder| (folder, ENTER)))
        .find(|(path, bit)| fs::metadata(path).is_ok_and(|there| !may(owner, &there, *bit)));
    let (path, bit) = closed?;
    let verb = if bit == READ { "read" } else { "entered" };
    let (path, name) = (path.display(), user_name(owner));
    Some(Finding::fail(
        CHECK,
        format!("{path} cannot be {verb} by {name}, who runs the server"),
        format!(
            "let the user read {} and enter the folders above it, or name a copy of the user's own",
            quoted(&file.to_string_lossy())
        ),
    ))
}

/// Whether the user may do it as far as the mode says. Which groups a user is in is not looked up:
/// what a group may is taken to be possible.
fn may(user: u32, there: &Metadata, bit: u32) -> bool {
    let mode = there.permissions().mode();
    let bits = match there.uid() == user {
        true => bit << 6,
        false => bit << 3 | bit,
    };
    user == 0 || mode & bits != 0
}

/// A certificate that can be shown; perhaps not for long.
fn whole(site: &Site, chain: &Path, tls: &ServerTls, is_self_made: bool) -> Finding {
    let which = match is_self_made {
        true => format!("the self-made certificate {}", chain.display()),
        false => format!("the certificate {}", chain.display()),
    };
    let fix = match is_self_made {
        true => format!(
            "the server renews it when it runs: {}",
            site.command("serve")
        ),
        false => "renew it; a running server takes the new files by itself".to_owned(),
    };
    judge(tls.not_after(), site.now, &which, fix).unwrap_or_else(|| {
        let until = tls
            .not_after()
            .map(|until| format!(", good until {}", until.date_in_words()));
        let until = until.unwrap_or_default();
        let fingerprint = tls.fingerprint();
        Finding::ok(CHECK, format!("{which}{until}, SHA-256 {fingerprint}"))
    })
}

/// Ended, or ending soon.
fn judge(until: Option<Timestamp>, now: Timestamp, which: &str, fix: String) -> Option<Finding> {
    let until = until?;
    let left = until.since(now);
    let day = until.date_in_words();
    if until <= now {
        let what = format!("{which} ended on {day}: mail programs refuse it");
        return Some(Finding::fail("own-certificate-ends", what, fix));
    }
    (left < ENDS_SOON).then(|| {
        let what = format!("{which} ends in {} ({day})", span(left));
        Finding::warn("own-certificate-ends", what, fix)
    })
}

fn unusable(site: &Site, problem: &CertificateProblem, is_self_made: bool) -> Finding {
    let mut what = problem.to_string();
    let mut cause = std::error::Error::source(problem);
    while let Some(error) = cause {
        what.push_str(&format!(": {error}"));
        cause = error.source();
    }
    let fix = match is_self_made {
        true => format!(
            "move {} away; the server makes another when it starts: {}",
            quoted(&site.data.join("tls").to_string_lossy()),
            site.command("serve")
        ),
        false => problem.advice(),
    };
    Finding::fail(CHECK, what, fix)
}

const CHECK: &str = "own-certificate";

/// Of a mode's three bits.
const READ: u32 = 0o4;
const ENTER: u32 = 0o1;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::finding::Level;
    use super::*;

    #[test]
    fn a_certificate_is_told_of_two_weeks_before_its_end() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let day = Duration::from_secs(86_400);
        for (until, level, says) in [
            (Some(now.minus(day)), Some(Level::Fail), "it ended on "),
            (Some(now), Some(Level::Fail), "it ended on "),
            (
                Some(now.plus(day * 3)),
                Some(Level::Warn),
                "it ends in 3 days",
            ),
            (Some(now.plus(day * 15)), None, ""),
            (None, None, ""),
        ] {
            let found = judge(until, now, "it", "renew it".to_owned());
            assert_eq!(found.as_ref().map(|found| found.level), level, "{until:?}");
            assert!(found.is_none_or(|found| found.what.contains(says)));
        }
    }

    #[test]
    fn a_file_of_another_user_must_be_open_to_the_server() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key.pem");
        fs::write(&file, "x").unwrap();
        let own = fs::metadata(&file).unwrap().uid();
        let other = own + 12_345;
        for (file_mode, dir_mode, user, says) in [
            (0o600, 0o700, own, ""),
            (0o644, 0o755, other, ""),
            (0o640, 0o750, other, ""),
            (0o600, 0o755, other, "key.pem cannot be read by"),
            (0o644, 0o700, other, " cannot be entered by"),
            (0o600, 0o700, 0, ""),
        ] {
            let mode = fs::Permissions::from_mode;
            fs::set_permissions(&file, mode(file_mode)).unwrap();
            fs::set_permissions(dir.path(), mode(dir_mode)).unwrap();
            let found = closed_to(user, &file).map_or_else(String::new, |found| found.what);
            assert!(found.contains(says), "{found}");
            assert_eq!(found.is_empty(), says.is_empty(), "{found}");
        }
    }
}
