#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! `server` listens; `session` talks to one client, one file for each command; `mailbox` keeps the
//! messages and `maildrop` is one session's snapshot of them; `wire` breaks, slows and cuts what is
//! sent; `switches` is plain data. Syntax is `inhaul_pop3_proto::server`'s business.

mod body;
mod certificates;
mod firm;
mod listing;
mod mailbox;
mod maildrop;
mod messages;
mod server;
mod session;
pub mod switches;
mod tally;
mod unique_ids;
mod watch;
mod wire;

pub use firm::{firm_letter, firm_messages};
pub use mailbox::{Mailbox, SampleId};
pub use messages::{
    catch_all_messages, club_messages, large_message, messages, sent_message, shop_message,
    work_messages,
};
pub use server::{SampleConfig, SampleServer, Tls};
pub use tally::SignIns;
pub use watch::{SessionEvent, Watcher};
pub use wire::Socket;
