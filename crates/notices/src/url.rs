//! A web address, taken apart for one request.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inhaul_net::Target;
use inhaul_types::Secret;

/// An `http` or `https` address. What stands before or behind the host is often the only key to it,
/// so it prints masked.
#[derive(Clone, Eq, PartialEq)]
pub struct WebUrl {
    is_encrypted: bool,
    target: Target,
    /// As in the `Host` field: with the port where it is not the usual one.
    authority: String,
    /// `name:password` in front of the host, not decoded.
    sign_in: Option<Secret>,
    /// Path and query; begins with a slash.
    path: Secret,
}

/// The text is no `http` or `https` address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("is not an http or https address")]
pub struct BadUrl;

impl WebUrl {
    /// Whether it begins with `https`.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Where to dial.
    pub fn target(&self) -> &Target {
        &self.target
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn path(&self) -> &str {
        self.path.expose()
    }

    /// The `Authorization` field of RFC 7617, where the address has a name and password.
    pub(crate) fn authorization(&self) -> Option<String> {
        let sign_in = self.sign_in.as_ref()?;
        let decoded = percent_decoded(sign_in.expose());
        Some(format!("Basic {}", BASE64_STANDARD.encode(decoded)))
    }
}

impl FromStr for WebUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(BadUrl)?;
        let (is_encrypted, usual_port) = match scheme.to_ascii_lowercase().as_str() {
            "https" => (true, 443),
            "http" => (false, 80),
            _ => return Err(BadUrl),
        };
        let is_plain = |c: char| c.is_ascii_graphic();
        if !rest.chars().all(is_plain) {
            return Err(BadUrl);
        }
        // The fragment is for browsers (RFC 3986 section 3.5).
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (sign_in, host) = match authority.rsplit_once('@') {
            Some((sign_in, host)) => (Some(sign_in), host),
            None => (None, authority),
        };
        let (name, port) = host_and_port(host, usual_port)?;
        Ok(Self {
            is_encrypted,
            authority: match port == usual_port {
                true => name.to_owned(),
                false => format!("{name}:{port}"),
            },
            target: Target {
                host: name.to_owned(),
                port,
            },
            sign_in: sign_in.map(|text| Secret::new(text.to_owned())),
            path: Secret::new(match path.starts_with('/') {
                true => path.to_owned(),
                false => format!("/{path}"),
            }),
        })
    }
}

/// An address of IPv6 stands in brackets, which stay.
fn host_and_port(host: &str, usual: u16) -> Result<(&str, u16), BadUrl> {
    let behind_brackets = host.find(']').map_or(0, |end| end + 1);
    let (name, port) = match host[behind_brackets..].find(':') {
        Some(colon) => host.split_at(behind_brackets + colon),
        None => (host, ""),
    };
    let port = match port.strip_prefix(':') {
        None | Some("") => usual,
        Some(digits) => digits.parse().map_err(|_| BadUrl)?,
    };
    if name.is_empty() || (behind_brackets > 0 && name.len() != behind_brackets) {
        return Err(BadUrl);
    }
    Ok((name, port))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [octet, behind @ ..] = rest {
        let value = match behind {
            [high, low, ..] if *octet == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match value {
            Some((high, low)) => {
                decoded.push(high << 4 | low);
                rest = &behind[2..];
            }
            None => {
                decoded.push(*octet);
                rest = behind;
            }
        }
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

impl fmt::Debug for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_encrypted { "https" } else { "http" };
        write!(f, "WebUrl({scheme}://{}/***)", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let rows = [
            ("https://h.example", "h.example", 443, "h.example", "/"),
            (
                "http://h.example/a?b=c#d",
                "h.example",
                80,
                "h.example",
                "/a?b=c",
            ),
            (
                "HTTPS://h.example:8443?x",
                "h.example",
                8443,
                "h.example:8443",
                "/?x",
            ),
            ("https://h.example:443/", "h.example", 443, "h.example", "/"),
            ("http://[::1]:81/x", "[::1]", 81, "[::1]:81", "/x"),
            ("http://[::1]", "[::1]", 80, "[::1]", "/"),
            (
                "http://u:p@127.0.0.1:5/x",
                "127.0.0.1",
                5,
                "127.0.0.1:5",
                "/x",
            ),
        ];
        for (text, host, port, authority, path) in rows {
            let url: WebUrl = text.parse().unwrap();
            let found = (
                url.target.host.as_str(),
                url.target.port,
                url.authority(),
                url.path(),
            );
            assert_eq!(found, (host, port, authority, path), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "h.example",
            "ftp://h.example",
            "https://",
            "https:///x",
            "https://:5",
            "https://h:x",
            "https://h:70000",
            "https://h/a b",
            "https://[::1",
            "https://h\r\n/x",
            "https://[::1]x",
        ] {
            assert_eq!(text.parse::<WebUrl>(), Err(BadUrl), "{text:?}");
        }
    }

    #[test]
    fn a_name_and_password_become_a_field_and_are_not_printed() {
        let url: WebUrl = "https://al%3Aice:hunt%er2@h.example/secret"
            .parse()
            .unwrap();
        let expected = BASE64_STANDARD.encode("al:ice:hunt%er2");
        assert_eq!(url.authorization(), Some(format!("Basic {expected}")));
        assert_eq!(format!("{url:?}"), "WebUrl(https://h.example/***)");
    }
}
