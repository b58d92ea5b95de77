//! Notices as their receivers see them: real lines on loopback, real programs, a memory in memory.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod desk;
mod mailboxes;
mod memory;
mod notifier;
mod program;
mod server;
mod webhook;
