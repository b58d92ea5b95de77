//! Walks through the pages in Chromium, and to strangers' mail in Firefox, too. One browser for many
//! pages: starting one takes seconds.

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
mod reading_in_firefox;
mod scene;
mod stepping;
mod strips;
mod together;
mod typed;
mod walked;
mod zoned;
