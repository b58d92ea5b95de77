//! The API over a real store. Every answer is held against the table of routes, and none of them
//! ever contains a password.

mod callers;
mod catch_all;
mod documents;
mod house;
mod managing;
mod messages;
mod others;
mod retrievals;
