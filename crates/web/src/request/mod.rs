//! What a request says of whoever sent it, checked before anything is done.

mod bars;
pub(crate) mod cookie;
pub(crate) mod origin;
mod password;
pub(crate) mod peer;
mod person;
pub(crate) mod size;
pub(crate) mod token;

pub(crate) use bars::Bars;
pub(crate) use password::Password;
pub(crate) use peer::{Caller, Peer};
pub(crate) use person::{Administrator, ByItself, Person};
pub use token::Token;
