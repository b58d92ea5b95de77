//! The pages and the API over a real store, for tests.
//!
//! [`House`] is an installation: `House::at(moment)` is empty, `House::new()` has the administrator
//! root and the people alice and bob. `house.browser(name)` is a browser in which somebody is signed
//! in; `house.visitor(name)` is one that follows redirections. Who runs retrievals is
//! [`Scripted`], in `house.runs`: it says what a test has written for it and takes down what it was
//! asked for. A module whose tests need more of one kind (a firm's catch-all, a manager's log) adds
//! that to a house in its own `tests`; nobody writes another `Runs`.

mod browser;
mod house;
mod runs;
mod visitor;

pub(crate) use browser::Browser;
pub(crate) use house::{EVERYTHING, House, new_retrieval};
pub(crate) use runs::{Scripted, card, detection, failure};
pub(crate) use visitor::{Shown, Visitor};
