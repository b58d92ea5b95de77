//! Which of a message's hops were the provider's: only what those say of a recipient counts.
//!
//! A `Received` field stands on top of those of the hops before it (RFC 5321 section 4.4). The
//! topmost with a real name was written by whoever filled the maildrop; from there down the hops
//! are the provider's until one calls itself something else. Below that anybody may have written
//! anything, and a mailing list's server names its subscriber there.

use hashbrown::HashSet;

/// Goes through the hops from the top down.
#[derive(Debug)]
pub(super) struct Hops<'r> {
    /// Where we know the provider's servers to be: the dialled host and the accepted domains.
    known: &'r HashSet<String>,
    /// Where the topmost hop with a name is.
    topmost: Option<String>,
}

/// What a hop is to the provider.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hop {
    /// Its own; what it says counts.
    Inside,
    /// It says nothing of itself: passed over.
    Nameless,
    /// Somebody else's, and so are all below it.
    Outside,
}

impl<'r> Hops<'r> {
    pub(super) fn new(known: &'r HashSet<String>) -> Self {
        Self {
            known,
            topmost: None,
        }
    }

    /// Judges the next hop by the host that it says it is, in lower case.
    pub(super) fn judge(&mut self, by: Option<&str>) -> Hop {
        let Some(by) = by
            .map(|by| by.trim_end_matches('.'))
            .filter(|by| !by.is_empty())
        else {
            return Hop::Nameless;
        };
        if is_internal(by) {
            return Hop::Inside;
        }
        let by = organization(by);
        let topmost = self.topmost.get_or_insert_with(|| by.to_owned());
        if *topmost == by || self.known.contains(by) {
            Hop::Inside
        } else {
            Hop::Outside
        }
    }
}

/// Whether a host is named as machines are inside one house: without a dot, or by address.
fn is_internal(host: &str) -> bool {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    !host.contains('.')
        || host.contains(':')
        || host.starts_with('[')
        || host.chars().all(is_number)
        || host.starts_with("localhost.")
        || host.ends_with(".localhost")
}

/// The part of a host name that one organisation has: the last two labels, three where the second
/// is one under which a country registers (`firm.co.uk`).
pub(super) fn organization(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else {
        return host;
    };
    let (country, register) = (&host[last + 1..], &host[second + 1..last]);
    let shared = country.len() == 2 && REGISTERS.contains(&register);
    match dots.next() {
        Some(third) if shared => &host[third + 1..],
        None if shared => host,
        _ => &host[second + 1..],
    }
}

/// Second labels under which countries register names for others.
const REGISTERS: [&str; 19] = [
    "ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ltd", "me", "mil", "ne", "net", "nom",
    "or", "org", "plc", "priv", "sch",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_one_organisation_share_its_name() {
        for (host, name) in [
            ("mx1.isp.example", "isp.example"),
            ("a.b.c.isp.example", "isp.example"),
            ("isp.example", "isp.example"),
            ("localhost", "localhost"),
            ("mx.firm.co.uk", "firm.co.uk"),
            ("firm.co.uk", "firm.co.uk"),
            ("mx.gmx.de", "gmx.de"),
            ("mail.co.example", "co.example"),
            ("", ""),
            ("..", "."),
        ] {
            assert_eq!(organization(host), name, "{host}");
        }
    }

    #[test]
    fn the_providers_hops_end_at_the_first_that_is_elsewhere() {
        use Hop::{Inside, Nameless, Outside};
        let known = ["isp.example", "firm.example"].map(str::to_owned).into();
        for (hops, judged) in [
            (
                &["pop.isp.example", "mx.isp.example"][..],
                &[Inside, Inside][..],
            ),
            (&["pop.isp.example", "mx.firm.example"], &[Inside, Inside]),
            (&["pop.isp.example", "mx.list.example"], &[Inside, Outside]),
            // Whoever filled the maildrop wrote the topmost, under whichever name we dialled.
            (
                &["mx.hoster.example", "in.hoster.example"],
                &[Inside, Inside],
            ),
            (
                &["mx.hoster.example", "out.sender.example"],
                &[Inside, Outside],
            ),
            (
                &["localhost", "mx.hoster.example", "x.sender.example"],
                &[Inside, Inside, Outside],
            ),
            (
                &["localhost.localdomain", "amavis", "[10.0.0.1]"],
                &[Inside, Inside, Inside],
            ),
            (
                &["10.0.0.1", "2002:a05::1", ""],
                &[Inside, Inside, Nameless],
            ),
        ] {
            let mut provider = Hops::new(&known);
            let of: Vec<_> = hops.iter().map(|by| provider.judge(Some(by))).collect();
            assert_eq!(of, judged, "{hops:?}");
        }
        assert_eq!(Hops::new(&known).judge(None), Nameless);
    }
}
