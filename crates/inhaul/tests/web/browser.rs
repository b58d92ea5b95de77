//! Walks through the pages in Chromium. One browser for many pages: starting one takes seconds.

mod arriving;
mod colours;
mod demonstrated;
mod following;
mod hands;
mod hearing;
mod joining;
mod looking;
mod mailing;
mod proxied;
mod reading;
mod scene;
mod stepping;
mod strips;
mod together;
mod typed;
mod walked;
mod zoned;
