//! solid-pop3d: no CAPA, unique-ids that are a digest of header fields, and whatever a client sends
//! behind PASS without waiting is lost.

use super::recipe::{Keeps, Listens, Recipe};

pub(super) const RECIPE: Recipe = Recipe {
    packages: &["solid-pop3d"],
    setup: "",
    start: "",
    listens: Listens::Inetd(&["/usr/sbin/solid-pop3d"]),
    keeps: Keeps::Mbox,
    before_sign_in: &[],
    refusal: &["solid-pop3d", "authentication failed"],
};
