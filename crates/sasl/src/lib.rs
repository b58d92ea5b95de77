#![doc = include_str!("../README.md")]

pub mod apop;
pub mod cram_md5;
mod exchange;
mod hash;
pub mod scram;

pub use exchange::{BadExchange, Exchange};
