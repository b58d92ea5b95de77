//! What pages are made of: words of time and size, strips, charts, cards.
