//! What goes wrong, as pages, commands and programs are told it: every code provoked at a running
//! server, and what becomes of a mailbox that fails for long, is renumbered or is cut off (UX 7,
//! A4 to A8).

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod all;
mod browser;
mod cards;
mod cut;
mod elsewhere;
mod faces;
#[cfg(feature = "test-clock")]
mod failing;
#[path = "../pages/browser.rs"]
mod forms;
mod house;
#[path = "../installation/mod.rs"]
mod installation;
#[path = "../bad_ground/namespace.rs"]
#[allow(dead_code, reason = "disks are another test's")]
mod namespace;
mod notes;
#[cfg(feature = "test-clock")]
mod offline;
mod peers;
#[cfg(feature = "test-clock")]
mod renumbered;
mod text;
