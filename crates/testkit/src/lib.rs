#![doc = include_str!("../README.md")]

mod browser;
mod clock;
mod corpus;
mod cut_proxy;
mod dir;
mod dovecot;
mod firm;
mod fixtures;
mod guarded;
mod imap_append;
mod inhaul;
mod lab;
mod postfix;
mod raw_pop3;
mod recorder;
mod script;
mod server;

pub use browser::{
    Browser, By, FaultyNode, Firefox, Focused, Heard, Passed, Preference, Request, Scripts, Tab,
    View, Violation, browser_extra_missing, browser_install, browser_missing, browser_obstacle,
    firefox_missing,
};
pub use clock::{ClockFile, ManualClock};
pub use corpus::{CorpusMessage, corpus, corpus_dir, corpus_or_fixtures};
pub use cut_proxy::{CutMode, CutProxy};
pub use dir::TestDir;
pub use dovecot::{Dovecot, DovecotOptions, MailFormat};
pub use firm::{Firm, Letter, Mailbox, Person, Source};
pub use fixtures::fixtures;
pub use guarded::{Guarded, Signal};
pub use inhaul::{Finished, Inhaul, Running};
pub use lab::{Kit, LabServer, Make, lab_install, lab_missing, lab_obstacle};
pub use postfix::{Copies, Envelope, Postfix, Provider};
pub use raw_pop3::RawPop3;
pub use recorder::Recorder;
pub use script::{Script, ScriptServer};
pub use server::Server;
