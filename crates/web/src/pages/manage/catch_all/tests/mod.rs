//! The wizard and the pages of a catch-all as a browser without script meets them.

mod house;
mod saved;
mod saved_preview;
mod saved_sharing;
mod wizard;
