//! The POP3 service as mail programs see it: real clients, an `inhaul` that reads another one,
//! new mail in the session that asked for it, and who is let in.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod clients;
mod fetched;
mod from_another;
mod house;
#[path = "../installation/mod.rs"]
mod installation;
mod let_in;
mod mail;
mod new_mail;
mod refused;
mod rings;
mod sessions;
mod talk;
