//! `inhaul demo` as somebody starts it who then opens its link.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs;
use std::io::{BufRead as _, BufReader, Lines, PipeReader, Write as _, pipe};
use std::process::{ChildStdin, Command, Output, Stdio};

use inhaul_testkit::{Guarded, TestDir};

/// A demo that runs until the test is over.
pub(crate) struct Running {
    /// What it tells, and what it complains of.
    pub(crate) lines: Lines<BufReader<PipeReader>>,
    /// Open, as a terminal's is.
    pub(crate) stdin: ChildStdin,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    pub(crate) code: String,
    pub(crate) data: String,
    _process: Guarded,
    _folder: TestDir,
}

impl Running {
    pub(crate) fn start() -> Self {
        let folder = TestDir::new("demo-pages").unwrap();
        let temporary = folder.join("tmp");
        fs::create_dir(&temporary).unwrap();
        let (told, telling) = pipe().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_inhaul"));
        command
            .args(["demo", "--listen", "127.0.0.1:0"])
            .env("TMPDIR", temporary)
            .stdin(Stdio::piped())
            .stdout(telling.try_clone().unwrap())
            .stderr(telling);
        let mut process = Guarded::spawn(&mut command).unwrap();
        let stdin = process.child().stdin.take().unwrap();
        // The pipe ends with the process.
        drop(command);
        let mut lines = BufReader::new(told).lines();
        let (address, code) = link(&next_line(&mut lines, "  Web  "));
        let elsewhere = next_line(&mut lines, "  In another window");
        let mut words = elsewhere.split_whitespace();
        let data = words.find(|word| word.contains("inhaul-demo.")).unwrap();
        Self {
            lines,
            stdin,
            address,
            code,
            data: data.to_owned(),
            _process: process,
            _folder: folder,
        }
    }

    /// Reads what it tells up to a line that begins so.
    pub(crate) fn wait_for(&mut self, start: &str) -> String {
        next_line(&mut self.lines, start)
    }

    /// Types a command.
    pub(crate) fn told(&mut self, command: &str) {
        writeln!(self.stdin, "{command}").unwrap();
    }

    /// As another terminal sees them.
    pub(crate) fn retrievals_that(&self, state: &str) -> String {
        let listed = self.command(&["retrieval", "list", "--state", state]);
        assert!(listed.status.success(), "{listed:?}");
        String::from_utf8(listed.stdout).unwrap()
    }

    /// A command in another terminal.
    pub(crate) fn command(&self, command: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_inhaul"))
            .args(["--data", &self.data])
            .args(command)
            .output()
            .unwrap()
    }
}

fn next_line(lines: &mut Lines<BufReader<PipeReader>>, start: &str) -> String {
    let line = lines
        .map(Result::unwrap)
        .find(|line| line.starts_with(start));
    line.unwrap_or_else(|| panic!("it ended before {start:?}"))
}

/// The address and the code of a line with a link.
pub(crate) fn link(line: &str) -> (String, String) {
    let (_, link) = line.split_once("http://").unwrap();
    let (address, code) = link.split_once("/welcome#").unwrap();
    assert!(code.starts_with("demo-"), "{line}");
    (address.to_owned(), code.to_owned())
}
