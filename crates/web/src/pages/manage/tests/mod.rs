//! The manager's pages, asked for as a browser asks, over a real store.

mod accounts;
mod groups;
mod house;
mod overview;
mod ways;
