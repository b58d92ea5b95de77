//! getmail6: into a Maildir. It has no STLS.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{
    Account, Client, Line, contents, is_one_to_all, is_root, lines, maildir, place, run, try_run,
};

/// It reads with poplib, takes every message apart and writes it anew with Python's email package,
/// and puts a `Return-Path` in front. What comes of that its own code tells, given the lines.
pub(crate) fn getmail() -> Client {
    Client {
        lines: &[Line::Plain, Line::Tls],
        fetch,
        is_quick: false,
        keeps,
        can_read: |octets| {
            is_one_to_all(octets) && lines(octets).all(|line| line.len() < LONGEST_LINE)
        },
    }
}

/// It leaves a session in the middle of a longer one.
const LONGEST_LINE: usize = 1 << 20;

/// It waits for a process of its own for each message, and where that ends before it begins to
/// wait, it waits for as long as for the server, in vain. Then it begins again.
fn fetch(account: &Account, line: Line, count: usize) -> Vec<Vec<u8>> {
    let mut tries = std::iter::repeat_with(|| try_fetch(account, line));
    let fetched = tries.by_ref().take(TRIES).flatten().next();
    let fetched = fetched.expect("it misses the end of its own processes all the time");
    assert_eq!(fetched.len(), count);
    fetched
}

const TRIES: usize = 10;

/// What it brought; `None` where it waited in vain.
fn try_fetch(account: &Account, line: Line) -> Option<Vec<Vec<u8>>> {
    let dir = place("getmail");
    let mail = maildir(dir.path());
    let at = account.at(line);
    let certificate = dir.join("trusted.pem");
    fs::copy(&account.certificate, &certificate).unwrap();
    let (kind, trust) = match line {
        Line::Tls => (
            "SimplePOP3SSLRetriever",
            format!("ca_certs = {}", certificate.display()),
        ),
        _ => ("SimplePOP3Retriever", String::new()),
    };
    let settings = format!(
        "[retriever]\ntype = {kind}\nserver = {ip}\nport = {port}\nusername = {name}\n\
         password = {password}\ntimeout = 20\n{trust}\n\
         [destination]\ntype = Maildir\npath = {mail}/\n\
         [options]\ndelete = false\nread_all = true\nverbose = 0\n\
         delivered_to = false\nreceived = false\n",
        ip = at.ip(),
        port = at.port(),
        name = account.name,
        password = account.password,
        mail = mail.display(),
    );
    let settings = account.secret_file(dir.path(), &settings);
    let (ended, said) = try_run(dir.path(), as_somebody(dir.path()).arg(settings));
    if said.contains(" timed out") {
        return None;
    }
    assert_eq!(ended, Some(0), "{said}");
    Some(contents(&mail.join("new")))
}

/// It delivers nothing for root.
fn as_somebody(dir: &Path) -> Command {
    let mut words = vec!["getmail"];
    if is_root() {
        run(
            dir,
            Command::new("chown")
                .args(["-R", "nobody:nogroup"])
                .arg(dir),
        );
        let nobody = [
            "setpriv",
            "--reuid=nobody",
            "--regid=nogroup",
            "--clear-groups",
        ];
        words = [&nobody[..], &words].concat();
    }
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .arg("--getmaildir")
        .arg(dir)
        .arg("--rcfile");
    command
}

/// Its own code, given the lines that poplib would.
fn keeps(messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let dir = place("getmail-keeps");
    let (mail, kept) = (dir.join("mail"), dir.join("kept"));
    fs::create_dir(&kept).unwrap();
    for (at, octets) in messages.iter().enumerate() {
        fs::write(mail.join(at.to_string()), octets).unwrap();
    }
    // That of the system, where the package puts its code.
    let mut command = Command::new("/usr/bin/python3");
    run(
        dir.path(),
        command.args(["-c", SCRIPT]).arg(mail).arg(&kept),
    );
    contents(&kept)
}

const SCRIPT: &str = r#"
import os, sys
from getmailcore.message import Message
mail, kept = sys.argv[1:]
def line(octets):
    if octets[-2:] == b"\r\n":
        return octets[:-2]
    return octets[1:-1] if octets[:1] == b"\r" else octets[:-1]
for name in os.listdir(mail):
    octets = open(f"{mail}/{name}", "rb").read()
    lines = [line(one + b"\n") for one in octets.split(b"\n")[:-1]]
    message = Message(fromlines=lines + [b""])
    with open(f"{kept}/{name}", "wb") as file:
        file.write(message.flatten(False, False))
"#;
