//! The installation itself, as its manager's pages show it: the binary implements it.
//!
//! How it is configured and from where, the newest lines of its log, what the doctor finds, whether
//! notices arrive. Values only.

mod log;
mod undisclosed;

use std::path::PathBuf;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use inhaul_types::Octets;

pub use log::{Level, LogFilter, LogLine, LogNews, LogPage};
pub(crate) use undisclosed::Undisclosed;

/// The installation.
#[async_trait]
pub trait Installation: Send + Sync + 'static {
    /// What it is and what it stands on. Looks at the disk.
    fn facts(&self) -> Facts;
    /// How it is configured, in the order of the documentation; secrets are masked.
    fn settings(&self) -> Vec<Section>;
    /// The newest `most` lines of the log that are wanted.
    fn log(&self, filter: &LogFilter, most: usize) -> LogPage;
    /// What is written from now on, or behind the line numbered `after`; ends with the service.
    fn follow_log(&self, filter: LogFilter, after: Option<u64>) -> BoxStream<'static, LogNews>;
    /// What `inhaul doctor` finds. Takes seconds.
    async fn examine(&self) -> Vec<Finding>;
    /// Sends a test by every way that administrators are told; says what became of each, or why
    /// there is none.
    async fn send_test_notice(&self) -> Result<Vec<TestNotice>, String>;
    /// Visits this path at the address that people type, by its name and port as they do; says what
    /// became of it, or what is wrong.
    async fn visit(&self, _path: &str) -> Result<String, String> {
        Err("This installation does not visit itself.".to_owned())
    }
    /// What the program is made of, by name; empty where its build could not tell.
    fn licences(&self) -> Vec<Licence> {
        Vec::new()
    }
}

/// A package of somebody else's that is in the program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Licence {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Under which licences it is given, in the words of SPDX.
    pub licence: String,
}

/// What an installation is and stands on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    /// The program's version.
    pub version: String,
    /// The data directory.
    pub data: PathBuf,
    /// The disk it is on, if it says.
    pub disk: Option<Disk>,
    /// Mail programs may connect by POP3.
    pub serves_pop3: bool,
    /// Mail programs may connect by IMAP.
    pub serves_imap: bool,
}

/// A disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Disk {
    /// Octets we may still write.
    pub free: Octets,
    /// Octets in all.
    pub size: Octets,
}

/// A section of the configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Section {
    /// Its word in the file: `checks`.
    pub name: String,
    /// Its keys.
    pub rows: Vec<Setting>,
}

/// A key of the configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Setting {
    /// The key.
    pub key: String,
    /// What it says, as it is written; `None` where nothing is set.
    pub value: Option<String>,
    /// Who says so.
    pub from: SettingFrom,
}

/// Who says what a key is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SettingFrom {
    /// Nobody: it is built in.
    BuiltIn,
    /// A file, its line, a variable or an option, in words: `/etc/inhaul/inhaul.toml, line 12`.
    Written(String),
}

/// What the doctor found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What was looked at: `Storage`.
    pub group: String,
    /// How bad it is.
    pub grade: Grade,
    /// One line.
    pub what: String,
    /// What to do, where something is wrong.
    pub fix: Option<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grade {
    /// As it should be.
    Ok,
    /// It works, and will not always.
    Warning,
    /// Something does not work, or is not safe.
    Problem,
}

impl Grade {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ok => "Good",
            Self::Warning => "Warning",
            Self::Problem => "Problem",
        }
    }
}

/// What became of a test notice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TestNotice {
    /// Whom it was for: `the inbox of alice`.
    pub to: String,
    /// Why it did not arrive; `None` where it did.
    pub why_not: Option<String>,
}
