//! The pages and the API: what people see of inhaul, and what they do with it.
//!
//! A shell: sockets, sessions and the clock are here; what may be done and by whom is the
//! management room's, what runs and when is asked of [`runs::Runs`], who may come in of
//! [`door::Door`]. Pages are made on the server by templates that are checked at compile time. Every
//! action is a form that works without script; the one script adds what is live.
//!
//! A request goes through `router` (headers, limits, where it comes from), says who it is by an
//! extractor of `request`, does one thing, and answers with a `response::Page`, a redirection or a
//! `response::Problem`. Pages and API call the same functions. Start at [`Web::new`].

mod api;
mod app;
mod assets;
pub mod demo;
pub mod door;
pub mod install;
mod letter;
mod live;
pub mod look;
mod pages;
mod request;
mod response;
mod router;
pub mod runs;
pub mod sample;
mod serve;
mod settings;
mod sharing;
#[cfg(test)]
mod testing;

pub use app::App;
pub use request::Token;
pub use serve::Web;
pub use settings::Settings;
