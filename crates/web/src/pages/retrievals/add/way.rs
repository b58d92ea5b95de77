//! The fields of a server: as a form has them, and as they are meant.

use inhaul_domain::ServerSpec;
use inhaul_store::{Remote, Security};
use serde::Deserialize;

use super::wrong::Wrong;

/// The fields as typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct TypedWay {
    /// The server's name; what else a server may be typed as (`HOST:PORT`, `HOST PORTs`) is understood.
    #[serde(default)]
    pub(crate) host: String,
    #[serde(default)]
    pub(crate) port: String,
    /// `tls`, `starttls` or `none`.
    #[serde(default)]
    pub(crate) security: String,
    #[serde(default)]
    pub(crate) user: String,
    /// That the password crosses the line readable is accepted.
    #[serde(default)]
    pub(crate) plain: bool,
}

impl TypedWay {
    /// The fields of a server that is known.
    pub(crate) fn of(remote: &Remote) -> Self {
        Self {
            host: remote.host.clone(),
            port: remote.port.to_string(),
            security: word(remote.security).to_owned(),
            user: remote.user.clone(),
            plain: remote.security == Security::None,
        }
    }

    /// What is meant: with no key and no authority of its own. `accepted`: readable lines were
    /// accepted before.
    pub(crate) fn read(&self, accepted: Option<&Remote>) -> Result<Remote, Wrong> {
        let typed = self.host.trim();
        let chosen = security_of(&self.security);
        // Only a name that says nothing of its port leaves that to the fields beside it.
        let plain = Some(Security::None).filter(|_| chosen == Security::None);
        let spec = ServerSpec::parse(typed, plain)
            .map_err(|why| Wrong::new("host", in_a_sentence(&why)))?;
        let (port, security) = match spec.host == typed {
            true => (self.port(chosen)?, chosen),
            false => (spec.port, spec.security),
        };
        let user = self.user.trim();
        if user.is_empty() {
            return Err(Wrong::new("user", "Write the name you sign in with there."));
        }
        let is_accepted = accepted.is_some_and(|remote| {
            remote.security == Security::None && remote.host.eq_ignore_ascii_case(&spec.host)
        });
        if security == Security::None && !self.plain && !is_accepted {
            let what = format!(
                "Tick the box to send your password to {} without encryption, or choose TLS.",
                spec.host
            );
            return Err(Wrong::new("security", what));
        }
        Ok(Remote {
            host: spec.host,
            port,
            security,
            ca_file: None,
            pin: None,
            user: user.to_owned(),
            sign_in: None,
        })
    }

    fn port(&self, security: Security) -> Result<u16, Wrong> {
        let typed = self.port.trim();
        if typed.is_empty() {
            return Ok(security.usual_port());
        }
        let port = typed.parse().ok().filter(|port| *port != 0);
        port.ok_or_else(|| {
            let what = "Write a port from 1 to 65535. POP3 with TLS is usually 995.";
            Wrong::new("port", what)
        })
    }
}

/// A fault in a server's name, for people.
pub(crate) fn in_a_sentence(why: &str) -> String {
    let mut letters = why.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    let first = first.unwrap_or_default();
    format!(
        "{first}{}. Write one such as pop.example.org.",
        letters.as_str()
    )
}

/// What a form calls it.
pub(crate) fn word(security: Security) -> &'static str {
    match security {
        Security::Tls => "tls",
        Security::StartTls => "starttls",
        Security::None => "none",
    }
}

/// What people call it.
pub(crate) fn words(security: Security) -> &'static str {
    match security {
        Security::Tls => "encrypted (TLS)",
        Security::StartTls => "encrypted (STLS)",
        Security::None => "not encrypted",
    }
}

fn security_of(word: &str) -> Security {
    match word {
        "starttls" => Security::StartTls,
        "none" => Security::None,
        _ => Security::Tls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(host: &str, port: &str, security: &str, plain: bool) -> TypedWay {
        TypedWay {
            host: host.into(),
            port: port.into(),
            security: security.into(),
            user: "alice".into(),
            plain,
        }
    }

    #[test]
    fn a_port_in_the_servers_name_counts_before_the_fields_beside_it() {
        use Security::{None, StartTls, Tls};
        for (host, port, security, plain, meant) in [
            (
                "pop.example.org",
                "995",
                "tls",
                false,
                ("pop.example.org", 995, Tls),
            ),
            (
                "pop.example.org",
                "",
                "starttls",
                false,
                ("pop.example.org", 110, StartTls),
            ),
            (
                "pop.example.org 995s",
                "110",
                "starttls",
                false,
                ("pop.example.org", 995, Tls),
            ),
            (
                "pop.example.org:110",
                "995",
                "tls",
                false,
                ("pop.example.org", 110, StartTls),
            ),
            (
                "pop.example.org:2110",
                "",
                "none",
                true,
                ("pop.example.org", 2110, None),
            ),
            (
                " 192.0.2.7 ",
                "1995",
                "tls",
                false,
                ("192.0.2.7", 1995, Tls),
            ),
        ] {
            let remote = typed(host, port, security, plain)
                .read(Option::None)
                .unwrap();
            let read = (remote.host.as_str(), remote.port, remote.security);
            assert_eq!(read, meant, "{host} {port} {security}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        for (way, field) in [
            (typed("", "", "tls", false), "host"),
            (typed("pop.example.org:x", "", "tls", false), "host"),
            (typed("pop.example.org", "0", "tls", false), "port"),
            (typed("pop.example.org", "", "none", false), "security"),
            (
                TypedWay {
                    user: " ".into(),
                    ..typed("pop.example.org", "", "tls", false)
                },
                "user",
            ),
        ] {
            assert_eq!(way.read(None).unwrap_err().field, field, "{way:?}");
        }
    }
}
