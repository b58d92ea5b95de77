//! GNU mailutils' pop3d: one session a maildrop (`[IN-USE]`), and unique-ids that it writes into
//! the mail as `X-UIDL`, so that sizes change from one session to the next.

use super::recipe::{Keeps, Listens, Recipe};

pub(super) const RECIPE: Recipe = Recipe {
    packages: &["mailutils-pop3d"],
    setup: "",
    start: "",
    listens: Listens::Inetd(&["/usr/sbin/pop3d", "--inetd"]),
    keeps: Keeps::Mbox,
    before_sign_in: &[],
    refusal: &["pop3d", "authentication failed"],
};
