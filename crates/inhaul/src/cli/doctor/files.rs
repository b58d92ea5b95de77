//! The configuration, the sealing key, the data directory and every secret that is a file: there,
//! and nobody else's.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use inhaul_store::SealedSecret;

use super::finding::{Finding, listed, quoted};
use super::site::{Contents, Site, user_name};
use crate::config::entries::retrieval::CredentialSource;
use crate::config::secrets::SecretSource;

/// All but what only the database tells.
pub(super) fn check(site: &Site) -> Vec<Finding> {
    let mut findings = configuration(site);
    findings.extend(data_directory(site));
    findings.extend(key(site));
    findings.extend(secrets(site));
    findings
}

fn configuration(site: &Site) -> Vec<Finding> {
    let problems = site.problems.iter().flat_map(|found| found.problems());
    let mut findings: Vec<Finding> = problems
        .map(|problem| Finding::fail("configuration", problem.line(), problem.help()))
        .collect();
    for file in site.config.files() {
        if mode(file).is_some_and(|mode| mode & 0o002 != 0) {
            findings.push(Finding::fail(
                "configuration-mode",
                format!("{} can be changed by everyone", file.display()),
                format!("chmod o-w {}", path(file)),
            ));
        }
    }
    if findings.is_empty() {
        let files = site.config.files().iter();
        let files: Vec<_> = files.map(|file| file.display().to_string()).collect();
        findings.push(Finding::ok(
            "configuration",
            match files.is_empty() {
                true => "no configuration file; the built-in settings are used".to_owned(),
                false => format!("configuration {}", files.join(", ")),
            },
        ));
    }
    findings
}

fn data_directory(site: &Site) -> Vec<Finding> {
    let dir = &site.data;
    let shown = dir.display();
    let there = match fs::metadata(dir) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return vec![Finding::fail(
                "data-directory",
                format!("there is no data directory {shown}"),
                format!(
                    "name the right one with --data DIR, INHAUL_DATA or [storage] data; a new one \
                     is made by: {}",
                    site.command("serve")
                ),
            )];
        }
        Err(error) => {
            return vec![Finding::fail(
                "data-directory",
                format!("the data directory {shown} cannot be looked at: {error}"),
                format!("sudo {}", site.command("doctor")),
            )];
        }
    };
    if !there.is_dir() {
        return vec![Finding::fail(
            "data-directory",
            format!("the data directory {shown} is a file"),
            "name another one with --data DIR, INHAUL_DATA or [storage] data",
        )];
    }
    let owner = user_name(there.uid());
    if !site.may_look() {
        return vec![Finding::fail(
            "data-owner",
            format!(
                "the data directory {shown} belongs to {owner}: what is in it was not looked at"
            ),
            format!("sudo -u {} {}", quoted(&owner), site.command("doctor")),
        )];
    }
    let mut findings = owners(site, there.uid(), &owner);
    findings.extend(openness(
        "data-mode",
        dir,
        format!("chmod 700 {}", path(dir)),
    ));
    if findings.is_empty() {
        findings.push(Finding::ok(
            "data-directory",
            format!("data directory {shown}, of {owner} alone"),
        ));
    }
    findings
}

/// What was made by somebody else, mostly by a command that was once run as root, stops the server.
fn owners(site: &Site, owner: u32, name: &str) -> Vec<Finding> {
    let Ok(entries) = fs::read_dir(&site.data) else {
        return Vec::new();
    };
    let others: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.metadata().is_ok_and(|file| file.uid() != owner))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    if others.is_empty() {
        return Vec::new();
    }
    let what = format!(
        "the data directory belongs to {name}, and what is in it does not: {}",
        listed(others.iter().map(String::as_str))
    );
    let fix = format!("chown -R {} {}", quoted(name), path(&site.data));
    vec![Finding::fail("data-owner", what, fix)]
}

/// What there is of the sealing key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum KeyFile {
    /// Whole.
    There,
    /// Nothing of it.
    Missing,
    /// Not as long as a key is.
    WrongLength,
    /// Not to be read by whoever asks.
    Unreadable,
}

impl KeyFile {
    pub(super) fn look(at: &Path) -> Self {
        let mut start = Vec::new();
        // One octet more than a key, so that a longer file is noticed and never read whole.
        let read =
            File::open(at).and_then(|file| file.take(KEY_OCTETS + 1).read_to_end(&mut start));
        match read {
            Ok(octets) if octets as u64 == KEY_OCTETS => Self::There,
            Ok(_) => Self::WrongLength,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::Missing,
            Err(_) => Self::Unreadable,
        }
    }
}

/// Octets of a key.
const KEY_OCTETS: u64 = 32;

fn key(site: &Site) -> Vec<Finding> {
    let (key, shown) = (&site.key, site.key.display());
    // The first start makes it, where nobody chose its place.
    let is_new = !site.data.join("inhaul.db").exists() && site.config.key_file.is_none();
    let new = format!(
        "put it back from where it was saved. If it is lost: (umask 077; head -c 32 /dev/urandom > \
         {}), then for each retrieval: {}",
        path(key),
        site.command("retrieval set NAME --password")
    );
    match KeyFile::look(key) {
        KeyFile::Missing if is_new || !site.may_look() => Vec::new(),
        KeyFile::Missing => vec![Finding::fail(
            "key",
            format!("{shown} is missing: no remote password can be opened"),
            new,
        )],
        KeyFile::WrongLength => vec![Finding::fail(
            "key",
            format!("{shown} is no key: it does not have {KEY_OCTETS} octets"),
            new,
        )],
        KeyFile::Unreadable if !site.may_look() => Vec::new(),
        KeyFile::Unreadable => vec![Finding::fail(
            "key",
            format!("{shown} cannot be read"),
            match site.owner() {
                Some(owner) => format!("chown {} {}", quoted(&user_name(owner)), path(key)),
                None => format!("sudo {}", site.command("doctor")),
            },
        )],
        KeyFile::There => {
            let fix = format!("chmod 600 {}", path(key));
            match openness("key-mode", key, fix) {
                Some(open) => vec![open],
                None => vec![Finding::ok(
                    "key",
                    format!("{shown}, read by its owner only"),
                )],
            }
        }
    }
}

/// The files that the configuration names as secrets.
fn secrets(site: &Site) -> Vec<Finding> {
    let config = &site.config;
    let passwords = config
        .retrievals
        .iter()
        .map(|entry| match &entry.credential {
            CredentialSource::Password(source) => Some(source),
            CredentialSource::Token(_) => None,
        });
    let signing = config
        .notify
        .webhook
        .iter()
        .map(|hook| hook.secret.as_ref());
    let named = passwords.chain(signing).flatten();
    // What systemd puts in place is as systemd makes it.
    let named = named.filter_map(|source| match source {
        SecretSource::File(file) => Some(file.as_path()),
        SecretSource::Credential { .. } | SecretSource::Command(_) => None,
    });
    // Whether the key is there and of use, the check of the certificate says.
    let certificate = config.server.certificate.iter();
    let keys = certificate.map(|certificate| certificate.key.as_path());
    let named = named.chain(keys.filter(|key| key.exists()));
    let named: Vec<&Path> = named.collect();
    let mut findings = Vec::new();
    for file in &named {
        match fs::metadata(file) {
            Ok(_) => {
                let fix = format!("chmod 600 {}", path(file));
                findings.extend(openness("secret-mode", file, fix));
            }
            Err(error) => findings.push(Finding::fail(
                "secret",
                format!("{} cannot be read: {error}", file.display()),
                "put the secret there, or name another file in the configuration",
            )),
        }
    }
    if findings.is_empty() && !named.is_empty() {
        let what = "the secrets that the configuration names, read by their owners only";
        findings.push(Finding::ok("secret", what));
    }
    findings
}

/// Files with passwords that retrievals have printed: `cat /home/anna/password`.
pub(super) fn printed(contents: &Contents) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, secret) in &contents.secrets {
        let SealedSecret::Command(words) = secret else {
            continue;
        };
        for word in words.iter().skip(1) {
            let file = Path::new(word);
            let is_open = |mode: u32| mode & 0o004 != 0 && mode & 0o111 == 0;
            if file.is_absolute() && file.is_file() && mode(file).is_some_and(is_open) {
                findings.push(Finding::warn(
                    "secret-mode",
                    format!("the password of {name} is in {word}, which everyone can read"),
                    format!("chmod 600 {}", quoted(word)),
                ));
            }
        }
    }
    findings
}

/// Who else gets at a file or directory that is its owner's alone.
fn openness(check: &'static str, file: &Path, fix: String) -> Option<Finding> {
    let there = fs::metadata(file).ok()?;
    let (mode, verb) = match (there.permissions().mode() & 0o777, there.is_dir()) {
        (mode, true) => (mode, "entered"),
        (mode, false) => (mode, "read"),
    };
    let what = |by: &str| format!("{} can be {verb} by {by} ({mode:04o})", file.display());
    match mode {
        mode if mode & 0o007 != 0 => Some(Finding::fail(check, what("everyone"), fix)),
        mode if mode & 0o070 != 0 => Some(Finding::warn(check, what("its group"), fix)),
        _ => None,
    }
}

fn mode(file: &Path) -> Option<u32> {
    Some(fs::metadata(file).ok()?.permissions().mode())
}

fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}
