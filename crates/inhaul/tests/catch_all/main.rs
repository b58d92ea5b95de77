//! A mailbox for a whole domain: set up, looked into, sorted, with and without a running server.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

#[path = "../pages/browser.rs"]
mod browser;
mod copies;
mod files;
mod house;
#[path = "../installation/mod.rs"]
mod installation;
mod looking;
mod on_pages;
mod rules;
mod setting;
