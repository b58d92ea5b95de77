//! The words in which a program writes a retrieval's settings: those that commands and files take.

use inhaul_domain::{Retention, ServerSpec, StartPoint};
use inhaul_manage::words::parse_duration;
use inhaul_store::{Every, RetrievalLimits, Security};
use inhaul_types::{KeyPin, Mechanism, Octets, Timestamp};
use serde::Deserialize;

use crate::api::problem::ApiProblem;
use crate::api::schema::{Kind, Schema, may};
use crate::api::typed::given;

/// Protection of the line.
pub(in crate::api) fn security_words() -> Vec<&'static str> {
    vec!["tls", "starttls", "none"]
}

/// The ways to sign in, and the best that the server offers.
pub(in crate::api) fn sign_in_words() -> Vec<&'static str> {
    std::iter::once("auto").chain(ways()).collect()
}

/// The ways to sign in.
pub(super) fn ways() -> Vec<&'static str> {
    Mechanism::ALL.map(Mechanism::as_str).into()
}

/// What happens to remote copies.
pub(super) fn after_storing_words() -> Vec<&'static str> {
    vec!["keep", "delete"]
}

pub(in crate::api) fn security(word: &str) -> Result<Security, ApiProblem> {
    match word {
        "tls" => Ok(Security::Tls),
        "starttls" => Ok(Security::StartTls),
        "none" => Ok(Security::None),
        _ => Err(ApiProblem::invalid("security", one_of(&security_words()))),
    }
}

pub(in crate::api) fn sign_in(word: &str) -> Result<Option<Mechanism>, ApiProblem> {
    match word {
        "auto" => Ok(None),
        word => match word.parse() {
            Ok(way) => Ok(Some(way)),
            Err(_) => Err(ApiProblem::invalid("sign_in", one_of(&sign_in_words()))),
        },
    }
}

pub(in crate::api) fn pin(text: &str) -> Result<KeyPin, ApiProblem> {
    text.parse().map_err(|_| {
        let what = "Write a key's fingerprint, such as sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=.";
        ApiProblem::invalid("pin", what)
    })
}

pub(super) fn every(text: &str) -> Result<Every, ApiProblem> {
    match text {
        "auto" => Ok(Every::Auto),
        "never" => Ok(Every::Never),
        text => {
            let seconds = parse_duration(text).ok().map(|every| every.as_secs());
            let seconds = seconds.and_then(|seconds| u32::try_from(seconds).ok());
            let what = "Write a time such as 10m, or auto, or never.";
            let seconds = seconds.ok_or_else(|| ApiProblem::invalid("every", what))?;
            Ok(Every::Seconds(seconds))
        }
    }
}

/// What `after_storing` and `days` make together.
pub(super) fn retention(word: &str, days: Option<u32>) -> Result<Retention, ApiProblem> {
    match (word, days) {
        ("keep", None) => Ok(Retention::Keep),
        ("delete", None | Some(0)) => Ok(Retention::Delete),
        ("delete", Some(days)) => Ok(Retention::DeleteAfter { days }),
        ("keep", Some(_)) => {
            let what = "This says when to delete, so it needs \"after_storing\":\"delete\".";
            Err(ApiProblem::invalid("days", what))
        }
        _ => Err(ApiProblem::invalid(
            "after_storing",
            one_of(&after_storing_words()),
        )),
    }
}

/// Which of the messages that are there already are wanted: `all`, `new`, `days=30`.
pub(super) fn start(text: &str, now: Timestamp) -> Result<StartPoint, ApiProblem> {
    let days = text.strip_prefix("days=").map(str::parse::<u32>);
    match (text, days) {
        ("all", _) => Ok(StartPoint::Everything),
        ("new", _) => Ok(StartPoint::Now),
        (_, Some(Ok(days))) => {
            let back = i64::from(days) * 24 * 60 * 60 * 1000;
            let since = now.millis().saturating_sub(back);
            Ok(StartPoint::Since(Timestamp::from_millis(since)))
        }
        _ => Err(ApiProblem::invalid("bring", "Write all, new or days=30.")),
    }
}

/// A server as typed: its name alone, or all that is understood where a server is typed.
pub(in crate::api) fn server(
    text: &str,
    port: Option<u16>,
    protection: Option<Security>,
) -> Result<(String, u16, Security), ApiProblem> {
    let text = match port {
        Some(port) => format!("{text} {port}"),
        None => text.to_owned(),
    };
    let spec = ServerSpec::parse(&text, protection).map_err(|_| {
        let what = "Write a server's name such as pop.example.org, with its port in \"port\" or behind a colon.";
        ApiProblem::invalid("server", what)
    })?;
    Ok((spec.host, spec.port, spec.security))
}

/// The same where a server is there already: what is not said of the line stays.
pub(super) fn other_server(
    text: &str,
    port: Option<u16>,
    protection: Option<Security>,
    before: (u16, Security),
) -> Result<(String, u16, Security), ApiProblem> {
    let port_with = |security| {
        let spec = ServerSpec::parse(text, Some(security));
        spec.ok().map(|spec| spec.port)
    };
    // Without a port in it the text has the usual one of whatever protects the line.
    match (port_with(Security::Tls), port_with(Security::StartTls)) {
        (Some(one), Some(other)) if one != other => {
            let port = port.unwrap_or(before.0);
            server(text, Some(port), Some(protection.unwrap_or(before.1)))
        }
        _ => server(text, port, protection),
    }
}

pub(super) const LIMITS: Schema = Schema {
    name: "RunLimitsChange",
    about: "Limits of the runs of one retrieval. What is absent stays as it is; null lifts it.",
    fields: &[
        may(
            "max-messages",
            WHOLE_OR_NULL,
            "Messages that one session brings at most.",
        ),
        may(
            "max-octets",
            WHOLE_OR_NULL,
            "Octets that one session brings at most.",
        ),
        may(
            "largest",
            WHOLE_OR_NULL,
            "Octets; larger messages stay on the server.",
        ),
        may(
            "reconnect",
            Kind::Flag,
            "A session that ended at a limit is followed by another one at once.",
        ),
    ],
};

const WHOLE_OR_NULL: Kind = Kind::Maybe(&Kind::Whole);

/// Limits as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LimitsSent {
    #[serde(default, deserialize_with = "given")]
    max_messages: Option<Option<u32>>,
    #[serde(default, deserialize_with = "given")]
    max_octets: Option<Option<u64>>,
    #[serde(default, deserialize_with = "given")]
    largest: Option<Option<u64>>,
    #[serde(default, deserialize_with = "given")]
    reconnect: Option<bool>,
}

impl LimitsSent {
    /// What these limits are then.
    pub(super) fn apply(&self, limits: RetrievalLimits) -> RetrievalLimits {
        let octets = |sent: Option<Option<u64>>, now| match sent {
            Some(octets) => octets.map(Octets::new),
            None => now,
        };
        RetrievalLimits {
            max_messages: self.max_messages.unwrap_or(limits.max_messages),
            max_octets: octets(self.max_octets, limits.max_octets),
            largest: octets(self.largest, limits.largest),
            reconnect: self.reconnect.unwrap_or(limits.reconnect),
        }
    }
}

fn one_of(words: &[&str]) -> String {
    format!("Write one of these: {}.", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_understood_with_its_port_in_either_field() {
        for (text, port, expected) in [
            (
                "pop.example.org",
                None,
                ("pop.example.org", 995, Security::Tls),
            ),
            (
                "pop.example.org",
                Some(110),
                ("pop.example.org", 110, Security::StartTls),
            ),
            (
                "pop.example.org:1100",
                None,
                ("pop.example.org", 1100, Security::Tls),
            ),
            (
                "pop.example.org 995s",
                None,
                ("pop.example.org", 995, Security::Tls),
            ),
        ] {
            let (host, port, security) = server(text, port, None).unwrap();
            assert_eq!((host.as_str(), port, security), expected, "{text}");
        }
        assert!(server("", None, None).is_err());
    }

    #[test]
    fn another_server_has_the_line_of_the_one_before_unless_it_says_another() {
        let before = (1995, Security::None);
        for (text, port, protection, expected) in [
            ("b.example", None, None, ("b.example", 1995, Security::None)),
            (
                "b.example",
                Some(995),
                None,
                ("b.example", 995, Security::None),
            ),
            (
                "b.example",
                None,
                Some(Security::Tls),
                ("b.example", 1995, Security::Tls),
            ),
            (
                "b.example:110",
                None,
                None,
                ("b.example", 110, Security::StartTls),
            ),
            (
                "b.example 995s",
                None,
                None,
                ("b.example", 995, Security::Tls),
            ),
            (
                "2001:db8::1",
                None,
                None,
                ("2001:db8::1", 1995, Security::None),
            ),
        ] {
            let (host, port, security) = other_server(text, port, protection, before).unwrap();
            assert_eq!((host.as_str(), port, security), expected, "{text}");
        }
    }

    #[test]
    fn days_go_with_a_deletion_only() {
        for (word, days, expected) in [
            ("keep", None, Some(Retention::Keep)),
            ("delete", None, Some(Retention::Delete)),
            ("delete", Some(0), Some(Retention::Delete)),
            (
                "delete",
                Some(14),
                Some(Retention::DeleteAfter { days: 14 }),
            ),
            ("keep", Some(14), None),
            ("burn", None, None),
        ] {
            assert_eq!(retention(word, days).ok(), expected, "{word} {days:?}");
        }
    }

    #[test]
    fn a_limit_that_is_not_named_stays_and_null_lifts_it() {
        let before = RetrievalLimits {
            max_messages: Some(10),
            largest: Some(Octets::new(1_000)),
            ..RetrievalLimits::default()
        };
        let sent: LimitsSent =
            serde_json::from_str(r#"{"largest":null,"reconnect":true}"#).unwrap();
        let after = RetrievalLimits {
            largest: None,
            reconnect: true,
            ..before
        };
        assert_eq!(sent.apply(before), after);
        assert!(serde_json::from_str::<LimitsSent>(r#"{"reconnect":null}"#).is_err());
    }
}
