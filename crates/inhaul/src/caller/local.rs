//! The process's own streams and files.

#![expect(clippy::disallowed_methods, reason = "here the caller is this process")]

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use inhaul_types::Secret;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::Terminal;

pub(super) fn terminal() -> Terminal {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    Terminal {
        input: io::stdin().is_terminal(),
        errors: io::stderr().is_terminal(),
        dumb: std::env::var("TERM").is_ok_and(|term| term == "dumb"),
        no_color: is_set("NO_COLOR"),
    }
}

pub(super) fn print(octets: &[u8]) -> io::Result<()> {
    match io::stdout().lock().write_all(octets) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

pub(super) fn complain(octets: &[u8]) {
    io::stderr().lock().write_all(octets).ok();
}

pub(super) fn ask(question: &str) -> io::Result<String> {
    complain(question.as_bytes());
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer)
}

pub(super) fn ask_secret(question: &str) -> io::Result<Secret> {
    let stdin = io::stdin();
    let before = tcgetattr(&stdin)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Now, &silent)?;
    complain(question.as_bytes());
    let mut line = String::new();
    let read = stdin.read_line(&mut line);
    tcsetattr(&stdin, OptionalActions::Now, &before)?;
    complain(b"\n");
    let secret = Secret::new(line);
    read.map(|_| secret)
}

pub(super) fn read_input(most: u64) -> io::Result<Secret> {
    read(io::stdin(), most)
}

pub(super) fn read_file(path: &Path, most: u64) -> io::Result<Secret> {
    read(File::open(path)?, most)
}

fn read(source: impl Read, most: u64) -> io::Result<Secret> {
    let mut text = String::new();
    let read = source.take(most).read_to_string(&mut text);
    let secret = Secret::new(text);
    read.map(|_| secret)
}
