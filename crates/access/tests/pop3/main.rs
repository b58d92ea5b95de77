//! Sessions with the POP3 service over lines in memory: every rule of the RFCs, and what a client
//! may do instead of following them.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod authorization;
mod garbage;
mod harness;
mod lines;
mod sharing;
mod transaction;
mod triggers;
