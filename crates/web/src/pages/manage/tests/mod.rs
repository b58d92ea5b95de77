//! The manager's pages, asked for as a browser asks, over a real store.

mod accounts;
mod audit;
mod groups;
mod house;
mod overview;
mod retrievals;
mod ways;
