//! Courier: a Maildir, sign-ins asked of a daemon beside it. A client that does not say `UTF8`
//! before it signs in is given messages with raw 8-bit content wrapped in another one.

use super::recipe::{Keeps, Listens, Recipe};

pub(super) const RECIPE: Recipe = Recipe {
    packages: &["courier-pop"],
    setup: "",
    start: "mkdir -p /run/courier/authdaemon
chown courier:courier /run/courier /run/courier/authdaemon
/usr/sbin/authdaemond start
tries=0
until authtest -s pop3 u1 pass > /tmp/authtest 2>&1; do
  tries=$((tries + 1))
  if [ $tries = 200 ]; then cat /tmp/authtest; exit 1; fi
  sleep 0.05
done",
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
