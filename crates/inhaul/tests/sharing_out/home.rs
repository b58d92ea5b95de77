//! The firm's installation: its accounts, its catch-all, what is in which folder in the end.

#![allow(dead_code, reason = "each file of tests uses its part of it")]

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use inhaul_testkit::{Dovecot, Firm, Provider, Source};

use crate::installation::Installation;

/// `place -> subject -> how often`.
pub(crate) type Folders = BTreeMap<String, BTreeMap<String, usize>>;

/// An installation with the firm's accounts.
pub(crate) struct Home {
    pub(crate) installation: Installation,
    accounts: Vec<String>,
}

impl Home {
    /// The accounts come from a spreadsheet.
    pub(crate) fn of(firm: &Firm) -> Self {
        Self::in_installation(Installation::new(), firm)
    }

    pub(crate) fn in_installation(installation: Installation, firm: &Firm) -> Self {
        let sheet = installation.beside("people.csv");
        fs::write(&sheet, firm.sheet()).unwrap();
        let sheet = sheet.to_str().unwrap();
        let inhaul = &installation.inhaul;
        inhaul.ok(&["account", "import", sheet]).unwrap();
        let names = firm.people.iter().map(|person| person.name.clone());
        let accounts = names.chain([Firm::FALLBACK.to_string()]).collect();
        Self {
            installation,
            accounts,
        }
    }

    /// Adds the catch-all, which deletes what it has stored.
    pub(crate) fn catch_all(&self, at: SocketAddr, user: &str, by: &str) {
        let mut words: Vec<String> = ["retrieval", "add", "--name", "firm", "--user", user]
            .map(String::from)
            .to_vec();
        words.push(format!("--server={at}"));
        words.push(format!("--catch-all={by}"));
        words.push(format!("--fallback={}", Firm::FALLBACK));
        words.push(format!(
            "--domain-alias={}={}",
            Firm::ALIAS,
            Firm::DOMAINS[0]
        ));
        words.extend(Firm::DOMAINS.map(|domain| format!("--domain={domain}")));
        words.extend(Firm::RULES.map(|(address, place)| format!("--rule={address}={place}")));
        words.extend(
            [
                "--security=none",
                "--after-storing=delete",
                "--password-stdin",
                "--no-test",
            ]
            .map(String::from),
        );
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let inhaul = &self.installation.inhaul;
        inhaul.ok_with_input(&words, Dovecot::PASSWORD).unwrap();
    }

    /// What every folder holds, with `export`. Each message has the octets of one of `there`.
    pub(crate) fn folders(&self, there: &HashSet<Vec<u8>>) -> Folders {
        let mut folders = Folders::new();
        for account in &self.accounts {
            let dir = self.installation.beside(&format!("export-{account}"));
            let words = ["export", "maildir", account, dir.to_str().unwrap()];
            self.installation.inhaul.ok(&words).unwrap();
            for (folder, message) in exported(&dir) {
                assert!(
                    there.contains(&message),
                    "{account}/{folder} has octets that never came:\n{}",
                    message.escape_ascii()
                );
                let folder = folders.entry(format!("{account}/{folder}")).or_default();
                *folder.entry(subject(&message)).or_default() += 1;
            }
            fs::remove_dir_all(&dir).unwrap();
        }
        folders
    }
}

/// Every message below an exported Maildir, with its folder's name.
fn exported(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut messages = Vec::new();
    let mut read = |folder: &str, dir: &Path| {
        for part in ["cur", "new"] {
            let files = fs::read_dir(dir.join(part)).into_iter().flatten();
            for file in files {
                let octets = fs::read(file.unwrap().path()).unwrap();
                messages.push((folder.to_string(), octets));
            }
        }
    };
    read("INBOX", dir);
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if let Some(folder) = name.strip_prefix('.') {
            read(folder, &entry.path());
        }
    }
    messages
}

/// The line of the message that only one letter has.
pub(crate) fn subject(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("Subject: "));
    line.expect("every letter has a subject").to_string()
}

/// Every folder holds what it must.
#[track_caller]
pub(crate) fn assert_same(found: &Folders, firm: &Firm, provider: Provider, source: Source) {
    let differences = differences(found, &firm.expected(provider, source));
    for line in differences.iter().take(SHOWN) {
        println!("{line}");
        let subject = line.rsplit(": ").next().unwrap();
        if let Some(letter) = firm.letters.iter().find(|letter| letter.subject == subject) {
            let head = letter.octets.split(|&octet| octet == b'\n').take(14);
            println!("{:?}", letter.envelopes);
            head.for_each(|line| println!("  {}", String::from_utf8_lossy(line)));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences with {provider:?} by {source:?}, the first: {:?}",
        differences.len(),
        &differences[..differences.len().min(SHOWN)]
    );
}

/// What is not as it must be: `place has 1, not 2, of: subject`.
pub(crate) fn differences(found: &Folders, expected: &Folders) -> Vec<String> {
    let entries = |folders: &Folders| -> BTreeMap<(String, String), usize> {
        let flat = folders.iter().flat_map(|(place, folder)| {
            let one = move |(subject, count): (&String, &usize)| {
                ((place.clone(), subject.clone()), *count)
            };
            folder.iter().map(one)
        });
        flat.collect()
    };
    let (found, expected) = (entries(found), entries(expected));
    let keys: std::collections::BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let count = |map: &BTreeMap<_, usize>, key| map.get(key).copied().unwrap_or(0);
    keys.into_iter()
        .filter_map(|key| {
            let (has, must) = (count(&found, key), count(&expected, key));
            let (place, subject) = key;
            (has != must).then(|| format!("{place} has {has}, not {must}, of: {subject}"))
        })
        .collect()
}

const SHOWN: usize = 5;
