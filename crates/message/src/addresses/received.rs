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
use super::{AddrSpec, Addresses};

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
    let mut clauses = Clauses::new(value);
    clauses.read();
    clauses.received
}

struct Clauses<'a> {
    tokens: Tokens<'a>,
    value: &'a [u8],
    received: Received<'a>,
    inside: Inside,
    /// White space or a comment came right before.
    gap: bool,
    bracket: bool,
    /// How many octets of clauses were looked at for addresses, as in [`Tokens`].
    #[cfg(test)]
    looked: usize,
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
    fn new(value: &'a [u8]) -> Self {
        let tokens = Tokens::new(value);
        Self {
            value: tokens.value(),
            tokens,
            received: Received::default(),
            inside: Inside::Other,
            gap: true,
            bracket: false,
            #[cfg(test)]
            looked: 0,
        }
    }

    fn read(&mut self) {
        let mut start = 0;
        while let Some(token) = self.tokens.next() {
            let end = self.tokens.position();
            self.handle(token, start, end);
            start = end;
        }
        self.end_for(start);
    }

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
        let mut addresses = Addresses::new(named);
        let found = addresses.by_ref().take(room);
        self.received.recipients.extend(found);
        #[cfg(test)]
        {
            self.looked += addresses.tokens.looked;
        }
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
mod tests;
