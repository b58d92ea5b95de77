//! How a remote server is typed: `HOST`, `HOST:PORT`, `[ADDRESS]:PORT`, `HOST PORT`, `HOST PORTs`.

/// How the line to the remote server is protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// TLS from the first octet.
    Tls,
    /// STLS before the sign-in, or no sign-in.
    StartTls,
    /// Nothing. Passwords cross the line readable.
    None,
}

impl Security {
    /// The port where POP3 servers usually wait for such lines.
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Tls => POP3S,
            Self::StartTls | Self::None => POP3,
        }
    }
}

/// A server as typed, with what was left out filled in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerSpec {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Protection of the line.
    pub security: Security,
}

const POP3: u16 = 110;
const POP3S: u16 = 995;

impl ServerSpec {
    /// Reads what was typed. A port with an `s` behind it means TLS, as in `pop.example.org 995s`.
    /// Where no protection is named, port 110 means STLS and any other TLS. Fails with what is wrong,
    /// in words without a capital and a full stop.
    pub fn parse(text: &str, security: Option<Security>) -> Result<Self, String> {
        let (host, port) = split(text.trim())?;
        if host.is_empty() {
            return Err("the server's name is missing".into());
        }
        let (port, tls_meant) = match port {
            None => (None, false),
            Some(port) => {
                let (digits, tls_meant) = match port.strip_suffix(['s', 'S']) {
                    Some(digits) => (digits, true),
                    None => (port, false),
                };
                let number = digits.parse::<u16>().ok().filter(|number| *number != 0);
                (
                    Some(number.ok_or_else(|| format!("{port:?} is no port"))?),
                    tls_meant,
                )
            }
        };
        let security = match security {
            Some(security) if tls_meant && security != Security::Tls => {
                return Err("the s behind the port means TLS; the security says otherwise".into());
            }
            Some(security) => security,
            None if !tls_meant && port == Some(POP3) => Security::StartTls,
            None => Security::Tls,
        };
        Ok(Self {
            host: host.to_owned(),
            port: port.unwrap_or_else(|| security.usual_port()),
            security,
        })
    }
}

fn split(text: &str) -> Result<(&str, Option<&str>), String> {
    if let Some((host, port)) = text.split_once(char::is_whitespace) {
        return Ok((host, Some(port.trim())));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest
            .split_once(']')
            .ok_or("a ] is missing behind the address")?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((address, Some(port))),
            None if rest.is_empty() => Ok((address, None)),
            None => Err(format!("{rest:?} behind the address is no port")),
        };
    }
    match text.split_once(':') {
        // More than one colon: an address of IP version 6, without a port.
        Some((_, rest)) if rest.contains(':') => Ok((text, None)),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::Security::{StartTls, Tls};
    use super::*;

    #[test]
    fn a_server_is_understood_however_it_is_typed() {
        for (text, security, host, port, expected) in [
            ("pop.example.org", None, "pop.example.org", 995, Tls),
            (
                "pop.example.org:110",
                None,
                "pop.example.org",
                110,
                StartTls,
            ),
            ("pop.example.org 995s", None, "pop.example.org", 995, Tls),
            ("pop.example.org 1995S", None, "pop.example.org", 1995, Tls),
            (
                "pop.example.org 110",
                Some(Security::None),
                "pop.example.org",
                110,
                Security::None,
            ),
            (
                "pop.example.org",
                Some(StartTls),
                "pop.example.org",
                110,
                StartTls,
            ),
            ("pop.example.org:2110", None, "pop.example.org", 2110, Tls),
            (
                "[::1]:2110",
                Some(Security::None),
                "::1",
                2110,
                Security::None,
            ),
            ("::1", None, "::1", 995, Tls),
            (
                "127.0.0.1:1100",
                Some(Security::None),
                "127.0.0.1",
                1100,
                Security::None,
            ),
        ] {
            let spec = ServerSpec::parse(text, security).unwrap();
            assert_eq!(
                (spec.host.as_str(), spec.port, spec.security),
                (host, port, expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_server_says_why() {
        for (text, security) in [
            ("", None),
            ("pop.example.org:0", None),
            ("pop.example.org:99999", None),
            ("pop.example.org 995x", None),
            ("pop.example.org 995s", Some(StartTls)),
            ("[::1", None),
            ("[::1]x", None),
        ] {
            assert!(ServerSpec::parse(text, security).is_err(), "{text}");
        }
    }
}
