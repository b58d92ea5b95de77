//! The addresses in a field, whoever wrote it and however (RFC 5322 section 3.4, RFC 6532).
//!
//! Mail goes to the people this names, so it reads broken fields as their writers meant them and
//! never makes an address up: its characters stand in the field, in their order. One pass, linear
//! time, and no memory beyond the address in hand and one that may turn out to be a name.
//!
//! # What counts
//!
//! 1. What stands in angle brackets is the address; all words in front of it are a name, an address
//!    among them too (`Anna@Work <anna@example.org>`).
//! 2. Without brackets the local part is the word or quoted string right before the `@`. So `mailing
//!    list news@example.org`, which list servers write into `Delivered-To`, names news@example.org.
//! 3. Addresses side by side without a comma all count: a comma was lost. `;` separates as `,` does.
//! 4. What stands before a colon is the name of a group, a route (`<@a,@b:anna@example.org>`) or a
//!    scheme (`mailto:`). Groups may be nested or left open.
//! 5. Comments, and quoted strings with nothing behind them that makes them a local part, count for
//!    nothing, whatever is in them.
//! 6. An address has one `@` outside quotes and a domain that could be one. `a@b@c` is none: readers
//!    differ on whose it is. Nor is one with a control octet, or with two words in one bracket.
//! 7. Nothing is decoded. An encoded-word in a name is a word (and keeps what is in it to itself);
//!    in a local part it is what the local part is; around a whole address it leaves none.
//! 8. A bracket, quote or comment that is never closed ends where the next address can begin.

mod addr_spec;
mod part;
mod received;
mod tokens;

pub use addr_spec::{ADDRESS_MOST, AddrSpec};
pub use received::{RECIPIENTS_MOST, Received, received};

use std::mem;

use part::Part;
use tokens::{Token, Tokens};

/// The addresses of an address-list field (To, Cc, Delivered-To ...), in their order, doubles kept.
///
/// Takes the field's value as it was received, folds included, and any octets at all.
///
/// ```
/// use inhaul_message::addresses;
///
/// let to = b"Friends: Anna <anna@Example.ORG>,\r\n bob@example.org (at home);, \"c d\"@example.org";
/// let found: Vec<_> = addresses(to).map(|address| address.to_string()).collect();
/// assert_eq!(found, ["anna@example.org", "bob@example.org", "\"c d\"@example.org"]);
/// ```
pub fn addresses(value: &[u8]) -> impl Iterator<Item = AddrSpec<'_>> {
    Addresses::new(value)
}

struct Addresses<'a> {
    tokens: Tokens<'a>,
    local_part: Part<'a>,
    domain: Part<'a>,
    /// Which side the next word belongs to.
    side: Side,
    bracket: Bracket,
    /// White space or a comment stands between the last word and what comes.
    gap: bool,
    /// An address outside brackets: no more than a name if brackets with one follow.
    held: Option<AddrSpec<'a>>,
    /// No brackets followed before the comma: what is held counts.
    flush: bool,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Side {
    LocalPart,
    Domain,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Bracket {
    Outside,
    Inside,
    /// Inside, behind an `@` that has no local part.
    Route,
    /// Inside a route, behind a comma.
    RouteComma,
}

impl<'a> Addresses<'a> {
    fn new(value: &'a [u8]) -> Self {
        Self {
            tokens: Tokens::new(value),
            local_part: Part::default(),
            domain: Part::default(),
            side: Side::LocalPart,
            bracket: Bracket::Outside,
            gap: false,
            held: None,
            flush: false,
        }
    }

    fn handle(&mut self, token: Token<'a>) -> Option<AddrSpec<'a>> {
        if matches!(token, Token::Gap | Token::Comment(_)) {
            self.gap = true;
            return None;
        }
        if self.bracket == Bracket::RouteComma && !matches!(token, Token::At | Token::Comma) {
            // The colon of the route is missing: this is the next mailbox.
            self.bracket = Bracket::Outside;
        }
        let found = match token {
            Token::Gap | Token::Comment(_) => None,
            Token::Word(word) => self.piece(Part::word(word)),
            Token::Quoted(inside) => self.piece(Part::quoted(inside)),
            Token::Literal(literal) => {
                if self.side == Side::Domain && self.domain.is_empty() {
                    self.domain = Part::literal(literal);
                }
                None
            }
            Token::At => {
                self.at();
                None
            }
            Token::Open => self.open(),
            Token::Close => self.close(),
            Token::Comma | Token::Semicolon => self.separator(token),
            Token::Colon => {
                self.colon();
                None
            }
        };
        self.gap = false;
        found
    }

    fn piece(&mut self, piece: Part<'a>) -> Option<AddrSpec<'a>> {
        let part = match self.side {
            Side::LocalPart => &mut self.local_part,
            Side::Domain => &mut self.domain,
        };
        let piece = part.join(piece, self.gap)?;
        if part.is_empty() {
            *part = piece;
            return None;
        }
        match self.side {
            Side::LocalPart if self.bracket == Bracket::Outside => {
                self.local_part = piece;
                None
            }
            Side::LocalPart => {
                self.local_part.spoil();
                None
            }
            Side::Domain => {
                let found = self.finish();
                self.local_part = piece;
                found
            }
        }
    }

    fn at(&mut self) {
        if self.side == Side::Domain {
            self.local_part.spoil();
            self.domain = Part::default();
        } else if self.local_part.is_empty() && self.bracket != Bracket::Outside {
            self.bracket = Bracket::Route;
        }
        self.side = Side::Domain;
    }

    fn open(&mut self) -> Option<AddrSpec<'a>> {
        let found = self.finish();
        self.bracket = Bracket::Inside;
        found
    }

    fn close(&mut self) -> Option<AddrSpec<'a>> {
        if self.bracket == Bracket::Outside {
            return None;
        }
        let found = self.finish();
        self.bracket = Bracket::Outside;
        found
    }

    fn separator(&mut self, token: Token<'a>) -> Option<AddrSpec<'a>> {
        let found = self.finish();
        if token == Token::Comma && matches!(self.bracket, Bracket::Route | Bracket::RouteComma) {
            self.bracket = Bracket::RouteComma;
        } else {
            self.bracket = Bracket::Outside;
            self.flush = true;
        }
        found
    }

    fn colon(&mut self) {
        self.forget();
        self.held = None;
        if self.bracket != Bracket::Outside {
            self.bracket = Bracket::Inside;
        }
    }

    /// Ends the address in hand: gives it out from inside brackets, holds it outside of them.
    fn finish(&mut self) -> Option<AddrSpec<'a>> {
        let ended = self.side == Side::Domain;
        let (local_part, domain) = self.forget();
        let address = ended.then(|| AddrSpec::new(local_part, domain)).flatten()?;
        if self.bracket == Bracket::Outside {
            self.held.replace(address)
        } else {
            self.held = None;
            Some(address)
        }
    }

    fn forget(&mut self) -> (Part<'a>, Part<'a>) {
        self.side = Side::LocalPart;
        (mem::take(&mut self.local_part), mem::take(&mut self.domain))
    }
}

impl<'a> Iterator for Addresses<'a> {
    type Item = AddrSpec<'a>;

    fn next(&mut self) -> Option<AddrSpec<'a>> {
        loop {
            if mem::take(&mut self.flush)
                && let Some(held) = self.held.take()
            {
                return Some(held);
            }
            let Some(token) = self.tokens.next() else {
                return self.finish().or_else(|| self.held.take());
            };
            if let Some(found) = self.handle(token) {
                return Some(found);
            }
        }
    }
}

#[cfg(test)]
mod tests;
