//! What pages are made of: words of time and size, strips, charts, cards.
//!
//! Values in, HTML out: everything here is a `Display` that templates print as it stands, with
//! whatever came from outside escaped in it. Colours and sizes are classes of `assets/inhaul.css`,
//! never `style` attributes, which the pages' policy forbids.

pub mod card;
pub mod chart;
pub(crate) mod lean;
pub mod number;
pub mod sentence;
pub mod size;
pub mod strip;
pub mod time;
pub(crate) mod zone;

pub use card::{marked, steps};
pub use number::{many, number};
pub use sentence::{Sentence, sentence};
pub use size::size;

#[cfg(test)]
mod browser;
#[cfg(test)]
mod contrast;
#[cfg(test)]
mod gallery;
