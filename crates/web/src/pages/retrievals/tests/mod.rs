//! The pages of retrievals as a browser meets them, over a real store.

mod listing;
mod one;
pub(crate) mod scene;
mod seeing;
