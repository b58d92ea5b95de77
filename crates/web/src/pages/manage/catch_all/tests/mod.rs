//! The wizard and the pages of a catch-all as a browser without script meets them.

mod house;
mod saved;
mod wizard;
