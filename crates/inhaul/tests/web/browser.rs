//! Walks through the pages in Chromium. One browser for many pages: starting one takes seconds.

mod arriving;
mod joining;
mod looking;
