//! `Received` (RFC 5321 section 4.4): which host wrote it, and for whom the mail was.
//!
//! The clauses are words (`from`, `by`, `via`, `with`, `id`, `for`) with white space around them,
//! outside comments and brackets, in any order. `for` ends at the next of them, at `;`, and behind
//! an address that no comma follows: some servers write more words there, and addresses of others
//! (`for <anna@example.org> sender: <bob@example.org>`). A comment that itself begins with `for`
//! counts as the clause. Names in other comments and clauses (`envelope-from`, `orcpt`) do not.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use super::part::domain;
use super::tokens::{Token, Tokens};
use super::{AddrSpec, addresses};

/// How many recipients one `Received` field can name: as many as RFC 5321 section 4.5.3.1.8 lets
/// every server take. Real servers write one, or none if there are several.
pub const RECIPIENTS_MOST: usize = 100;

/// What one `Received` field tells about its hop.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Received<'a> {
    /// The host that wrote the field, in lower case as a domain of [`AddrSpec`]; an address literal
    /// keeps its brackets, and an IPv6 address without them gets them (`[ipv6:2001:db8::1]`).
    pub by: Option<Cow<'a, str>>,
    /// Whom the mail was for, at most [`RECIPIENTS_MOST`]. What is no address (`for
    /// <multiple recipients>`, `for anna`) is left out.
    pub recipients: Vec<AddrSpec<'a>>,
}

/// Reads the value of a `Received` field, any octets at all, in linear time.
///
/// ```
/// use inhaul_message::received;
///
/// let hop = received(b" from a.example by MX.example.org (Postfix) with ESMTP id 7\r\n\
///     \tfor <anna@example.org>; Fri, 13 Mar 2026 09:00:00 +0100 (CET)");
/// assert_eq!(hop.by.as_deref(), Some("mx.example.org"));
/// assert_eq!(hop.recipients[0].to_string(), "anna@example.org");
/// ```
pub fn received(value: &[u8]) -> Received<'_> {
    let mut tokens = Tokens::new(value);
    let mut clauses = Clauses {
        value: tokens.value(),
        received: Received::default(),
        inside: Inside::Other,
        gap: true,
        bracket: false,
    };
    let mut start = 0;
    while let Some(token) = tokens.next() {
        clauses.handle(token, start, tokens.position());
        start = tokens.position();
    }
    clauses.end_for(start);
    clauses.received
}

struct Clauses<'a> {
    value: &'a [u8],
    received: Received<'a>,
    inside: Inside,
    /// White space or a comment came right before.
    gap: bool,
    bracket: bool,
}

/// Which clause the next token belongs to.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Inside {
    By,
    For {
        start: usize,
        at: bool,
        complete: bool,
    },
    Other,
}

impl<'a> Clauses<'a> {
    fn handle(&mut self, token: Token<'a>, start: usize, end: usize) {
        let gap = self.gap;
        self.gap = matches!(token, Token::Gap | Token::Comment(_));
        match token {
            Token::Gap => return,
            Token::Comment(inside) => {
                if let Some(named) = named_in_comment(inside) {
                    self.add(named);
                }
                return;
            }
            Token::Semicolon => {
                self.end_for(start);
                self.bracket = false;
                return;
            }
            Token::Word(word) if gap && !self.bracket && self.keyword(word, start, end) => return,
            _ => {}
        }
        match &mut self.inside {
            Inside::By => {
                self.by(token, start);
                self.inside = Inside::Other;
            }
            Inside::For { at, complete, .. } => match token {
                Token::At => *at = true,
                Token::Word(_) | Token::Literal(_) | Token::Open if *complete && gap => {
                    self.end_for(start);
                }
                Token::Word(_) | Token::Literal(_) if *at && !self.bracket => *complete = true,
                Token::Close => *complete = true,
                Token::Comma => (*at, *complete) = (false, false),
                _ => {}
            },
            Inside::Other => {}
        }
        match token {
            Token::Open => self.bracket = true,
            Token::Close => self.bracket = false,
            _ => {}
        }
    }

    /// Whether `word` begins a clause.
    fn keyword(&mut self, word: &[u8], start: usize, end: usize) -> bool {
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        let next = match word.len() {
            2 if is(b"by") => Inside::By,
            3 if is(b"for") => Inside::For {
                start: end,
                at: false,
                complete: false,
            },
            2 if is(b"id") => Inside::Other,
            3 if is(b"via") => Inside::Other,
            4 if is(b"from") || is(b"with") => Inside::Other,
            _ => return false,
        };
        // `id@example.org` and `by.example.org` are no keywords; a comment or a bracket may follow.
        let ends = matches!(
            self.value.get(end),
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'(' | b'<' | b'[' | b'"')
        );
        if ends {
            self.end_for(start);
            self.inside = next;
        }
        ends
    }

    fn by(&mut self, token: Token<'a>, start: usize) {
        if self.received.by.is_none() {
            let literal = || bare_ipv6(&self.value[start..]).map(Cow::Owned);
            self.received.by = match token {
                Token::Word(host) => literal().or_else(|| domain(Cow::Borrowed(host))),
                Token::Colon => literal(),
                Token::Literal(host) => {
                    Some(String::from_utf8_lossy(host).to_ascii_lowercase().into())
                }
                _ => None,
            };
        }
    }

    fn end_for(&mut self, end: usize) {
        if let Inside::For { start, .. } = self.inside {
            self.add(&self.value[start..end]);
        }
        self.inside = Inside::Other;
    }

    fn add(&mut self, named: &'a [u8]) {
        let room = RECIPIENTS_MOST - self.received.recipients.len();
        self.received.recipients.extend(addresses(named).take(room));
    }
}

/// The literal for an IPv6 address without brackets, as some large providers write theirs.
fn bare_ipv6(rest: &[u8]) -> Option<String> {
    const LONGEST: usize = 45; // as RFC 4291 section 2.2 has it, with an IPv4 address at its end
    let rest = &rest[..rest.len().min(LONGEST + 1)];
    let octet = |octet: &u8| octet.is_ascii_hexdigit() || matches!(octet, b':' | b'.');
    let length = rest.iter().position(|other| !octet(other));
    let text = str::from_utf8(&rest[..length.unwrap_or(rest.len())]).ok()?;
    text.parse::<Ipv6Addr>().ok()?;
    Some(format!("[ipv6:{}]", text.to_ascii_lowercase()))
}

/// What `(for anna@example.org)` names.
fn named_in_comment(inside: &[u8]) -> Option<&[u8]> {
    let (first, rest) = inside.trim_ascii_start().split_at_checked(3)?;
    let begins = first.eq_ignore_ascii_case(b"for")
        && matches!(rest.first(), Some(b' ' | b'\t' | b'\r' | b'\n' | b'<'));
    begins.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: &str) -> Vec<String> {
        let hop = received(value.as_bytes());
        hop.recipients.iter().map(AddrSpec::to_string).collect()
    }

    const A: &[&str] = &["anna@example.org"];
    const AB: &[&str] = &["anna@example.org", "bob@example.org"];
    const NONE: &[&str] = &[];

    #[test]
    fn the_for_clause_names_recipients_in_every_servers_spelling() {
        for (value, expected) in [
            (
                "by mx.example (Postfix) with ESMTP id 7F\r\n\tfor <anna@example.org>; Fri, 13 Mar 2026 09:00:00 +0100 (CET)",
                A,
            ),
            (
                "by mx.example (8.12.10/8.12.11) with ESMTP id m8 for anna@example.org; Fri",
                A,
            ),
            (
                "by mx.example (8.9.3) for <anna@Example.Org> (envelope-from <bob@example.net>); Fri",
                A,
            ),
            (
                "by mx.example with SMTP id a7 for <anna@example.org> (version=TLSv1 cipher=RC4); Fri",
                A,
            ),
            (
                "by mx.example with esmtp (Exim 4.69)\n\t(envelope-from <bob@example.net>)\n\tid 1-2\n\tfor anna@example.org;\n\tFri",
                A,
            ),
            (
                "by mx.example with local-lmtp for anna@example.org;e0ff9c6a684b9cf1; Fri",
                A,
            ),
            (
                "by mx.example (Sun Java) for anna@example.org (ORCPT bob@example.net); Fri",
                A,
            ),
            (
                "by mx.example for <anna@example.org>, <bob@example.org>; Fri",
                AB,
            ),
            (
                "by mx.example for <anna@example.org>,\r\n\tbob@example.org id 7; Fri",
                AB,
            ),
            ("by mx.example for anna@example.org, bob@example.org", AB),
            (
                "by mx.example for <anna@example.org> sender: <bob@example.net> id <m/7@x.example>",
                A,
            ),
            (
                "by mx.example for <anna@example.org> from <bob@example.net> id 7; Fri",
                A,
            ),
            ("by mx.example for anna@example.org id 7@x.example; Fri", A),
            (
                "by mx.example with SMTP id <7@x.example> for <anna@example.org>; Fri",
                A,
            ),
            ("by mx.example for\r\n <anna@example.org>", A),
            ("by mx.example for<anna@example.org>; Fri", A),
            (
                "by mx.example FOR <\"anna nova\"@example.org>; Fri",
                &["\"anna nova\"@example.org"],
            ),
            (
                "by mx.example for <@a.example,@b.example:anna@example.org>; Fri",
                A,
            ),
            (
                "by mx.example for <id@for.example>; Fri",
                &["id@for.example"],
            ),
            (
                "by mx.example for <anna@[192.0.2.1]>; Fri",
                &["anna@[192.0.2.1]"],
            ),
            ("by mx.example (for anna@example.org); Fri", A),
            ("by mx.example (for <anna@example.org>) (qmail 7); Fri", A),
            (
                "(by mx.example\r\n  (8.12.10) with ESMTP id m8\r\n  for <anna@example.org>; Fri",
                A,
            ),
            ("by mx.example for <anna@example.org", A),
            ("by mx.example id 7; for <anna@example.org>; Fri", A),
        ] {
            assert_eq!(found(value), expected, "{value:?}");
        }
    }

    #[test]
    fn other_clauses_and_words_name_nobody() {
        for value in [
            "",
            "by mx.example for <multiple recipients>; Fri",
            "by mx.example for multiple recipients; Fri",
            "by mx.example for anna; Fri",
            "by mx.example for list-name id <7@x.example>; Fri",
            "by mx.example for <>; Fri",
            "from <anna@example.org> by mx.example; Fri (added by postmaster@mx.example)",
            "by mx.example (envelope-from <anna@example.org>) id 7@x.example; Fri",
            "by mx.example (Mercury for Windows) with ESMTP id 7@x.example; Fri",
            "by mx.example (former <anna@example.org>); Fri",
            "(qmail 7 invoked for bounce); 13 Mar 2026 09:00:00 -0000",
            "(qmail 7 invoked by uid 89); 13 Mar 2026 09:00:00 -0000",
            "from a.example (HELO anna@example.org) (192.0.2.1) by mx.example with SMTP; Fri",
        ] {
            assert_eq!(found(value), NONE, "{value:?}");
        }
    }

    #[test]
    fn by_is_a_host_in_lower_case() {
        for (value, expected) in [
            (
                "from a.example by MX.Example.ORG (Postfix) with SMTP; Fri",
                Some("mx.example.org"),
            ),
            (
                "from by.example (by x.example) by mx.example; Fri",
                Some("mx.example"),
            ),
            ("by 10.0.0.1 with SMTP id 7; Fri", Some("10.0.0.1")),
            ("by [192.0.2.1] with SMTP; Fri", Some("[192.0.2.1]")),
            (
                "by 2002:A05:6a10::7 with SMTP id 7; Fri",
                Some("[ipv6:2002:a05:6a10::7]"),
            ),
            ("by ::1; Fri", Some("[ipv6:::1]")),
            ("by bad:25 with SMTP", Some("bad")),
            ("by localhost (Postfix); Fri", Some("localhost")),
            ("by mx.example. id 7; Fri", Some("mx.example")),
            ("by\r\n\tmx.example;Fri", Some("mx.example")),
            ("by mx.example by my.example; Fri", Some("mx.example")),
            ("by d\u{f8}mi.example; Fri", Some("xn--dmi-0na.example")),
            ("by (mx.example) my.example; Fri", Some("my.example")),
            ("from a.example with SMTP; Fri", None),
            ("by ; Fri", None),
            ("by mx/example with SMTP; Fri", None),
            ("(qmail 7 invoked by uid 89); Fri", None),
            ("by", None),
        ] {
            assert_eq!(
                received(value.as_bytes()).by.as_deref(),
                expected,
                "{value:?}"
            );
        }
    }

    #[test]
    fn recipients_are_bounded() {
        let many = format!(
            "by mx.example for {}; Fri",
            "anna@example.org, ".repeat(1_000)
        );
        assert_eq!(received(many.as_bytes()).recipients.len(), RECIPIENTS_MOST);
        let clauses = "for anna@example.org (for anna@example.org) ".repeat(1_000);
        assert_eq!(
            received(clauses.as_bytes()).recipients.len(),
            RECIPIENTS_MOST
        );
    }
}
