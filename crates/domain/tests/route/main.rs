//! Where a catch-all's messages go: each rule of the decision by name, and what holds for any
//! octets at all.

mod any_octets;
mod corpus;
mod evidence;
mod hindrances;
mod hops;
mod matching;
mod named_header;
mod people;
mod survey;
mod to_cc;
mod town;
