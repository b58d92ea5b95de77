//! The pages as people meet them: the real program, real mail servers, a real browser.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]
#![allow(clippy::print_stdout, reason = "the figures belong to the report")]

mod attacks;
mod browser;
#[path = "../demonstration/mod.rs"]
mod demonstration;
mod holding;
mod house;
#[path = "../installation/mod.rs"]
mod installation;
#[path = "../bad_ground/namespace.rs"]
#[allow(dead_code, reason = "the tests of bad ground use the rest of it")]
mod namespace;
