//! The pages, one file for each place.

pub(crate) mod demo;
pub(crate) mod help;
pub(crate) mod live_progress;
pub(crate) mod mail;
pub(crate) mod manage;
pub(crate) mod not_now;
pub(crate) mod preferences;
pub(crate) mod retrievals;
pub(crate) mod set_up;
pub(crate) mod sign_in;
pub(crate) mod welcome;
pub(crate) mod whereabouts;
