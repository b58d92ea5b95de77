//! Mail programs that nobody here wrote, each with the settings that a person would give it to
//! bring everything from one maildrop and leave it there.

mod curl;
mod fetchmail;
mod getmail;
mod mpop;
mod mutt;
mod poplib;

use std::fs::{self, File, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use inhaul_testkit::{Guarded, TestDir};

pub(crate) use self::curl::{curl, try_curl};
pub(crate) use self::fetchmail::fetchmail;
pub(crate) use self::getmail::getmail;
pub(crate) use self::mpop::mpop;
pub(crate) use self::mutt::mutt;
pub(crate) use self::poplib::poplib;

/// How a session is encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Line {
    Plain,
    Stls,
    Tls,
}

impl Line {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Stls, Self::Tls];
}

/// One maildrop on one server.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Where plain text is spoken at first.
    pub(crate) plain: SocketAddr,
    /// Where it is encrypted from the first octet.
    pub(crate) encrypted: SocketAddr,
    /// What to trust.
    pub(crate) certificate: PathBuf,
    pub(crate) name: String,
    pub(crate) password: String,
}

impl Account {
    /// Where to connect to.
    fn at(&self, line: Line) -> SocketAddr {
        match line {
            Line::Plain | Line::Stls => self.plain,
            Line::Tls => self.encrypted,
        }
    }

    /// What it is signed in with, where nobody else can read it.
    fn secret_file(&self, dir: &Path, text: &str) -> PathBuf {
        let file = dir.join("settings");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        file
    }
}

/// What a client does with a maildrop, and what it makes of each message.
pub(crate) struct Client {
    /// Which ways it knows.
    pub(crate) lines: &'static [Line],
    /// Brings so many messages and leaves them there.
    pub(crate) fetch: fn(&Account, Line, usize) -> Vec<Vec<u8>>,
    /// Whether it takes little time for a message.
    pub(crate) is_quick: bool,
    /// What it keeps of these messages, by its own doing and whatever server sends them.
    pub(crate) keeps: fn(&[Vec<u8>]) -> Vec<Vec<u8>>,
    /// Whether it can read such a message at all, whatever server sends it. One that it cannot has
    /// it lose step, and the messages behind it with it.
    pub(crate) can_read: fn(&[u8]) -> bool,
}

/// Runs a program that must end well; what it says is for the person who looks for a failure.
#[track_caller]
fn run(dir: &Path, command: &mut Command) {
    let (ended, said) = try_run(dir, command);
    let last = said.char_indices().rev().nth(2_000).map_or(0, |(at, _)| at);
    assert_eq!(ended, Some(0), "{command:?}\n{}", &said[last..]);
}

/// Runs a program: its exit code and what it said.
fn try_run(dir: &Path, command: &mut Command) -> (Option<i32>, String) {
    let file = dir.join("said");
    let out = File::create(&file).unwrap();
    let also = out.try_clone().unwrap();
    command.stdin(Stdio::null()).stdout(out).stderr(also);
    command.env("HOME", dir).env("LC_ALL", "C");
    let mut child = Guarded::spawn(command).unwrap();
    let ended = child.wait(PATIENCE).unwrap();
    let said = fs::read(&file).unwrap();
    let code = ended.and_then(|ended| ended.code());
    (code, String::from_utf8_lossy(&said).into_owned())
}

/// A folder of a client's own, which an ordinary user may enter.
fn place(name: &str) -> TestDir {
    let dir = TestDir::new(name).unwrap();
    fs::create_dir(dir.join("mail")).unwrap();
    dir
}

fn maildir(dir: &Path) -> PathBuf {
    let maildir = dir.join("mail");
    for folder in ["cur", "new", "tmp"] {
        fs::create_dir(maildir.join(folder)).unwrap();
    }
    maildir
}

/// What is in the files of a folder, in the order of their names: numbers as numbers.
fn contents(dir: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.sort_by_key(|file| {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        (name.parse::<u64>().unwrap_or(u64::MAX), name)
    });
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Lines without their ends, as a client sees them that ends them at LF and drops one CR before it.
fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = octets.split_inclusive(|octet| *octet == b'\n');
    lines.map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    })
}

/// Whether a client that ends lines at a bare LF reads the same message as one that ends them at
/// CRLF only: no dot stands behind a bare LF, where the one sees a line start and the other does
/// not (RFC 1939 section 3 knows no bare LF).
fn is_one_to_all(octets: &[u8]) -> bool {
    let mut starts = octets
        .windows(2)
        .enumerate()
        .filter(|(_, two)| two == b"\n.");
    starts.all(|(at, _)| at > 0 && octets[at - 1] == b'\r')
}

/// Whether no line is longer than this and has a CR within it: what takes long lines in pieces
/// may lose one at a seam.
fn has_no_returns_in_lines_over(longest: usize, octets: &[u8]) -> bool {
    lines(octets).all(|line| line.len() <= longest || !line.contains(&b'\r'))
}

/// Whether we are root, whom some programs refuse.
fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

const PATIENCE: Duration = Duration::from_secs(300);
