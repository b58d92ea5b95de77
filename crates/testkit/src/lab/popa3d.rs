//! popa3d (Solar Designer): as small as a POP3 server gets. No CAPA; unique-ids are made of a few
//! header fields, so that unlike messages can have the same.

use super::recipe::{Keeps, Listens, Recipe};

pub(super) const RECIPE: Recipe = Recipe {
    packages: &["popa3d"],
    setup: "",
    start: "",
    listens: Listens::Inetd(&["/usr/sbin/popa3d"]),
    keeps: Keeps::Mbox,
    before_sign_in: &[],
    refusal: &["popa3d", "Authentication failed"],
};
