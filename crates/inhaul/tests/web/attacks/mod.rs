//! Attacks on the pages of the real program: whatever is sent, it is refused, the log says so, the
//! others are served meanwhile and nothing is lost.

mod addresses;
mod crawl;
mod guessing;
mod headers;
mod letters;
mod saving;
mod sessions;
mod siege;
mod slow;
mod smuggling;
mod uploads;
mod wire;
