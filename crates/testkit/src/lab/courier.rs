//! Courier: a Maildir, sign-ins asked of a daemon beside it. A client that does not say `UTF8`
//! before it signs in is given messages with raw 8-bit content wrapped in another one.

use super::recipe::{Keeps, Listens, Recipe};

pub(super) const RECIPE: Recipe = Recipe {
    packages: &["courier-pop"],
    setup: "",
    start: "mkdir -p /run/courier/authdaemon
chown courier:courier /run/courier /run/courier/authdaemon
/usr/sbin/authdaemond start || /etc/init.d/courier-authdaemon start",
    listens: Listens::Inetd(&[
        "sh",
        "-c",
        "set -a; . /etc/courier/pop3d; lib=/usr/lib/courier/courier
exec $lib/courierpop3login $lib/courierpop3d Maildir",
    ]),
    keeps: Keeps::Maildir,
    before_sign_in: &["UTF8"],
    refusal: &["LOGIN FAILED"],
};
