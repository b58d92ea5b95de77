//! What a server says it can do (RFC 2449, RFC 6856): the lines of CAPA, and questions to them.
//!
//! Owns the lines as they came, so that they can be remembered and read back. Trusts nothing:
//! `MAX_LINES` and `MAX_OCTETS` bound what a server can make us hold.

use std::fmt;
use std::time::Duration;

/// The answer to `CAPA`. Capabilities announced before the sign-in and after it may differ, and
/// before TLS they prove nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Capabilities {
    /// Each line with an LF behind it.
    lines: String,
    count: usize,
}

/// How long messages stay on the server (RFC 2449 section 6.7).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expire {
    /// For ever.
    Never,
    /// At least this many days. 0: they may be gone after the session that fetched them.
    Days(u32),
}

/// The list is longer than any server has reason to make it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the list of capabilities is too long")]
pub struct CapabilitiesTooLong;

impl Capabilities {
    /// Real servers announce about a dozen.
    pub const MAX_LINES: usize = 256;

    /// RFC 2449 allows 512 octets a line; nobody comes near it.
    pub const MAX_OCTETS: usize = 32 * 1024;

    /// A server that announces nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads back what [`lines`](Self::lines) or `to_string` gave: one capability a line. What is
    /// beyond the bounds is left out.
    pub fn parse_lines(text: &str) -> Self {
        let mut capabilities = Self::new();
        for line in text.lines() {
            if capabilities.push(line.as_bytes()).is_err() {
                break;
            }
        }
        capabilities
    }

    /// Takes one line of `CAPA`. Blank ones say nothing and are left out.
    pub(super) fn push(&mut self, line: &[u8]) -> Result<(), CapabilitiesTooLong> {
        let line = String::from_utf8_lossy(line.trim_ascii());
        if line.is_empty() {
            return Ok(());
        }
        if self.count == Self::MAX_LINES || self.lines.len() + line.len() >= Self::MAX_OCTETS {
            return Err(CapabilitiesTooLong);
        }
        self.lines
            .extend(line.chars().filter(|character| !character.is_control()));
        self.lines.push('\n');
        self.count += 1;
        Ok(())
    }

    /// This list as a later one of the same session corrects it: what the server says behind the
    /// sign-in counts, and what it leaves out there is still so. Ways to sign in, which are no
    /// longer its subject there, stay as they were.
    pub fn corrected_by(&self, later: &Self) -> Self {
        const FOR_SIGNING_IN: [&str; 3] = ["SASL", "STLS", "USER"];
        let name = |line: &str| {
            line.split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let is_for_signing_in = |line: &str| {
            let name = name(line);
            FOR_SIGNING_IN
                .iter()
                .any(|it| it.eq_ignore_ascii_case(&name))
        };
        let mut corrected = Self::new();
        let kept = self
            .lines()
            .filter(|line| is_for_signing_in(line) || !later.has(&name(line)));
        let new = later.lines().filter(|line| !is_for_signing_in(line));
        for line in kept.chain(new) {
            if corrected.push(line.as_bytes()).is_err() {
                break;
            }
        }
        corrected
    }

    /// The lines as they came, without their ends.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.lines()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether this is announced, with whatever arguments.
    pub fn has(&self, name: &str) -> bool {
        self.arguments(name).is_some()
    }

    /// The arguments of a capability; `None` where it is not announced.
    pub fn arguments(&self, name: &str) -> Option<impl Iterator<Item = &str>> {
        self.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            words.next()?.eq_ignore_ascii_case(name).then_some(words)
        })
    }

    /// Whether commands may be sent before earlier ones are answered.
    pub fn pipelining(&self) -> bool {
        self.has("PIPELINING")
    }

    /// The mechanisms AUTH takes.
    pub fn sasl(&self) -> impl Iterator<Item = &str> {
        self.arguments("SASL").into_iter().flatten()
    }

    /// Whether AUTH takes this mechanism.
    pub fn has_sasl(&self, mechanism: &str) -> bool {
        self.sasl()
            .any(|offered| offered.eq_ignore_ascii_case(mechanism))
    }

    /// How long the server wants to be left alone between two sign-ins. With `USER` behind the
    /// number it differs between users, and only what is announced after the sign-in counts.
    pub fn login_delay(&self) -> Option<Duration> {
        let seconds = self.arguments("LOGIN-DELAY")?.next()?.parse::<u32>().ok()?;
        Some(Duration::from_secs(seconds.into()))
    }

    /// How long messages stay on the server.
    pub fn expire(&self) -> Option<Expire> {
        // GNU mailutils writes it without the space.
        if self.has("EXPIRENEVER") {
            return Some(Expire::Never);
        }
        let term = self.arguments("EXPIRE")?.next()?;
        if term.eq_ignore_ascii_case("NEVER") {
            return Some(Expire::Never);
        }
        term.parse().ok().map(Expire::Days)
    }

    /// Whether TLS can be asked for.
    pub fn stls(&self) -> bool {
        self.has("STLS")
    }

    /// Whether `UTF8` can be asked for.
    pub fn utf8(&self) -> bool {
        self.has("UTF8")
    }

    /// Whether user names and passwords may be UTF-8 (RFC 6856 section 2.2).
    pub fn utf8_user(&self) -> bool {
        self.arguments("UTF8")
            .is_some_and(|mut words| words.any(|it| it.eq_ignore_ascii_case("USER")))
    }

    /// Whether there are unique-ids.
    pub fn uidl(&self) -> bool {
        self.has("UIDL")
    }

    /// Whether headers can be fetched alone.
    pub fn top(&self) -> bool {
        self.has("TOP")
    }

    /// Whether `USER` and `PASS` are taken.
    pub fn user(&self) -> bool {
        self.has("USER")
    }

    /// Whether refusals carry response codes.
    pub fn resp_codes(&self) -> bool {
        self.has("RESP-CODES")
    }

    /// Whether a refused sign-in says `[AUTH]` if and only if the credentials were wrong
    /// (RFC 3206 section 6).
    pub fn auth_resp_code(&self) -> bool {
        self.has("AUTH-RESP-CODE")
    }

    /// What the server calls itself.
    pub fn implementation(&self) -> Option<&str> {
        self.lines().find_map(|line| {
            let (name, rest) = line.split_once(' ')?;
            name.eq_ignore_ascii_case("IMPLEMENTATION")
                .then(|| rest.trim())
        })
    }
}

/// One capability a line, as [`parse_lines`](Capabilities::parse_lines) reads them back.
impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: &str = "TOP\nUSER\nUIDL\nSTLS\nSASL PLAIN Login X-ZIMBRA\nPipelining\nEXPIRE 31 USER\n\
        LOGIN-DELAY 300\nUTF8 USER\nRESP-CODES\nAUTH-RESP-CODE\nIMPLEMENTATION Example POP 3.1\n";

    #[test]
    fn a_later_list_corrects_an_earlier_one() {
        let early =
            Capabilities::parse_lines("SASL PLAIN\nUSER\nSTLS\nLOGIN-DELAY 60 USER\nX-EARLY");
        let late = Capabilities::parse_lines("UIDL\nTOP\nLOGIN-DELAY 10\nSASL\nPIPELINING");
        let corrected = early.corrected_by(&late);
        assert_eq!(
            corrected.to_string(),
            "SASL PLAIN\nUSER\nSTLS\nX-EARLY\nUIDL\nTOP\nLOGIN-DELAY 10\nPIPELINING\n"
        );
    }

    #[test]
    fn capabilities_answer_questions() {
        let capabilities = Capabilities::parse_lines(MANY);
        assert!(capabilities.top() && capabilities.user() && capabilities.uidl());
        assert!(capabilities.stls() && capabilities.pipelining() && capabilities.utf8());
        assert!(capabilities.utf8_user() && capabilities.resp_codes());
        assert!(capabilities.auth_resp_code() && !capabilities.has("LANG"));
        assert_eq!(
            capabilities.sasl().collect::<Vec<_>>(),
            ["PLAIN", "Login", "X-ZIMBRA"]
        );
        assert!(capabilities.has_sasl("LOGIN") && !capabilities.has_sasl("CRAM-MD5"));
        assert_eq!(capabilities.expire(), Some(Expire::Days(31)));
        assert_eq!(capabilities.login_delay(), Some(Duration::from_secs(300)));
        assert_eq!(capabilities.implementation(), Some("Example POP 3.1"));
    }

    #[test]
    fn terms_of_expiry_are_read_however_written() {
        for (line, expire) in [
            ("EXPIRE NEVER", Some(Expire::Never)),
            ("expire never", Some(Expire::Never)),
            ("EXPIRENEVER", Some(Expire::Never)),
            ("EXPIRE 0", Some(Expire::Days(0))),
            ("EXPIRE soon", None),
            ("EXPIRE", None),
            ("", None),
        ] {
            assert_eq!(Capabilities::parse_lines(line).expire(), expire, "{line:?}");
        }
    }

    #[test]
    fn what_was_remembered_reads_back_the_same() {
        let capabilities = Capabilities::parse_lines(MANY);
        assert_eq!(capabilities.to_string(), MANY);
        assert_eq!(
            Capabilities::parse_lines(&capabilities.to_string()),
            capabilities
        );
        assert_eq!(capabilities.lines().count(), 12);
        assert!(Capabilities::parse_lines("\n \n").is_empty());
    }

    #[test]
    fn the_list_is_bounded() {
        let mut capabilities = Capabilities::new();
        for _ in 0..Capabilities::MAX_LINES {
            assert_eq!(capabilities.push(b"X"), Ok(()));
        }
        assert_eq!(capabilities.push(b"X"), Err(CapabilitiesTooLong));
        let mut capabilities = Capabilities::new();
        assert_eq!(
            capabilities.push(&[b'x'; Capabilities::MAX_OCTETS]),
            Err(CapabilitiesTooLong)
        );
    }
}
