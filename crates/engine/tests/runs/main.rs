//! Whole runs of the engine: a real store in a folder of its own, a real POP3 server that
//! misbehaves as the test wants, and between them nothing but the loopback.
//!
//! One test program for all of it: linking it costs more than running it. Start at `harness`.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod bringing;
mod catch_alls;
mod crashes;
mod crowds;
mod cuts;
mod deletion;
mod encryption;
mod faults;
mod greetings;
mod harness;
mod identities;
mod limits;
mod loops;
mod notes;
mod octets;
mod oddities;
mod parts;
mod reach;
mod relay;
mod secrets;
mod service;
mod sign_ins;
mod starts;
mod stopping;
mod surveys;
mod talk;
mod together;
