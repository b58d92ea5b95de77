//! The words and signs of an address field (RFC 5322 section 3.2), and what to make of broken ones.
//!
//! The cursor only goes forward. A sign that opens something is looked after at most once: a quote
//! that is never closed says that no later one is, and after the first comment that is never closed
//! comments nest no more. So any octets at all are looked at a few times each, and nothing is kept.
//!
//! - A comment nests. If one is never closed, then from there on a comment ends at the first `)`;
//!   without one, `(` is white space. So a lost `)` costs nothing behind it.
//! - A quoted string begins where a word could. One that is never closed is white space, and so is
//!   one whose end stands like a beginning (`"Anna <a@example.org>, "Bob" <b@example.org>`).
//! - An encoded-word (RFC 2047) is one word, whatever stands in it.
//! - The field ends at a line end that no white space follows, a lone CR too: what stands there is
//!   another field to other readers, or the rest of a message that knows only CRs.
//! - A domain literal has neither white space nor a bracket nor an `@` in it; other square brackets
//!   are white space.

use memchr::{memchr, memchr2, memchr2_iter, memchr3};

/// The longest domain literal, brackets included (RFC 5321 section 4.1.3 needs 52).
const LITERAL_MOST: usize = 255;

/// One piece of an address field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Token<'a> {
    /// A run of anything that is no sign: an atom, a dot-atom, a domain; perhaps an encoded-word.
    Word(&'a [u8]),
    /// What stands between two quotes, escapes and folds included.
    Quoted(&'a [u8]),
    /// A domain literal, with its brackets.
    Literal(&'a [u8]),
    /// What stands between the parentheses.
    Comment(&'a [u8]),
    /// White space, and what is no more than that.
    Gap,
    At,
    Open,
    Close,
    Comma,
    Semicolon,
    Colon,
}

/// Cuts a field into tokens.
pub(super) struct Tokens<'a> {
    value: &'a [u8],
    at: usize,
    quotes_close: bool,
    comments_nest: bool,
    comments_close: bool,
    /// How many octets were looked at, doubles counted: the proof that the time is linear.
    #[cfg(test)]
    pub(super) looked: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(value: &'a [u8]) -> Self {
        Self {
            value: &value[..field_end(value)],
            at: 0,
            quotes_close: true,
            comments_nest: true,
            comments_close: true,
            #[cfg(test)]
            looked: value.len(),
        }
    }

    /// How many octets have been made into tokens.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// What is made into tokens.
    pub(super) fn value(&self) -> &'a [u8] {
        self.value
    }

    fn look(&mut self, octets: usize) {
        #[cfg(test)]
        {
            self.looked += octets;
        }
        let _ = octets;
    }

    fn quoted(&mut self, start: usize) -> Token<'a> {
        let Some(end) = self.closing_quote(start + 1) else {
            return Token::Gap;
        };
        self.at = end + 1;
        Token::Quoted(&self.value[start + 1..end])
    }

    fn closing_quote(&mut self, from: usize) -> Option<usize> {
        if !self.quotes_close {
            return None;
        }
        let mut end = from;
        loop {
            let Some(next) = memchr2(b'"', b'\\', &self.value[end.min(self.value.len())..]) else {
                self.look(self.value.len() - from);
                self.quotes_close = false;
                return None;
            };
            end += next;
            if self.value[end] == b'"' {
                break;
            }
            end += 2;
        }
        self.look(end - from);
        let like_a_beginning = end > from
            && class(self.value[end - 1]) == Class::Space
            && self
                .value
                .get(end + 1)
                .is_some_and(|next| class(*next) == Class::Word && *next != b'.');
        (!like_a_beginning).then_some(end)
    }

    fn comment(&mut self, start: usize) -> Token<'a> {
        let Some(end) = self.closing_parenthesis(start + 1) else {
            return Token::Gap;
        };
        self.at = end + 1;
        Token::Comment(&self.value[start + 1..end])
    }

    fn closing_parenthesis(&mut self, from: usize) -> Option<usize> {
        if self.comments_nest {
            let end = self.nested_end(from);
            self.look(end.unwrap_or(self.value.len()) - from);
            if end.is_some() {
                return end;
            }
            self.comments_nest = false;
        }
        if !self.comments_close {
            return None;
        }
        let end = memchr(b')', &self.value[from..]);
        self.look(end.unwrap_or(self.value.len() - from));
        self.comments_close = end.is_some();
        end.map(|end| from + end)
    }

    fn nested_end(&self, from: usize) -> Option<usize> {
        let mut depth = 1_usize;
        let mut at = from;
        loop {
            at += memchr3(b'(', b')', b'\\', self.value.get(at..)?)?;
            match self.value[at] {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => at += 1, // what is escaped is no sign
            }
            if depth == 0 {
                return Some(at);
            }
            at += 1;
        }
    }

    fn literal(&mut self, start: usize) -> Token<'a> {
        let most = self.value.len().min(start + LITERAL_MOST);
        let inside = &self.value[start + 1..most];
        let end = inside
            .iter()
            .position(|octet| matches!(octet, b'[' | b']' | b'\\' | b'@' | 0..=b' ' | 0x7f..));
        self.look(end.unwrap_or(inside.len()));
        match end {
            Some(end) if end > 0 && inside[end] == b']' => {
                self.at = start + end + 2;
                Token::Literal(&self.value[start..self.at])
            }
            _ => Token::Gap,
        }
    }

    fn word(&mut self, start: usize) -> Token<'a> {
        let rest = &self.value[start..];
        let encoded = encoded_word(rest);
        let length = match encoded {
            Ok(length) => length,
            Err(_) => plain_word(rest),
        };
        self.look(length + encoded.err().unwrap_or(0));
        self.at = start + length;
        Token::Word(&rest[..length])
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        let first = *self.value.get(start)?;
        self.at += 1;
        self.look(1);
        Some(match class(first) {
            Class::Word => self.word(start),
            Class::Space => {
                let rest = &self.value[self.at..];
                let length = rest.iter().position(|octet| class(*octet) != Class::Space);
                self.at += length.unwrap_or(rest.len());
                self.look(length.unwrap_or(rest.len()));
                Token::Gap
            }
            Class::Sign => match first {
                b'"' => self.quoted(start),
                b'(' => self.comment(start),
                b'[' => self.literal(start),
                b'@' => Token::At,
                b'<' => Token::Open,
                b'>' => Token::Close,
                b',' => Token::Comma,
                b';' => Token::Semicolon,
                b':' => Token::Colon,
                _ => Token::Gap, // ) and ] that close nothing
            },
        })
    }
}

/// Where the first line end stands that does not fold.
fn field_end(value: &[u8]) -> usize {
    let unfolded = |end: &usize| {
        let next = value.get(end + 1);
        next.is_some_and(|next| class(*next) != Class::Space)
    };
    memchr2_iter(b'\r', b'\n', value)
        .find(unfolded)
        .unwrap_or(value.len())
}

/// A quote inside a word is part of it, and makes it one that no address has.
fn plain_word(rest: &[u8]) -> usize {
    let mut from = 0;
    loop {
        let next = rest[from..]
            .iter()
            .position(|octet| class(*octet) != Class::Word);
        let Some(next) = next else {
            return rest.len();
        };
        let end = from + next;
        if rest[end] != b'"' || end == 0 || rest[end - 1] == b'.' {
            return end;
        }
        from = end + 1;
    }
}

/// How long the encoded-word at the very beginning is; if there is none, how much was looked at.
fn encoded_word(rest: &[u8]) -> Result<usize, usize> {
    if !rest.starts_with(b"=?") {
        return Err(0);
    }
    let mut at = 2;
    for part in 0..3 {
        let length = rest[at..]
            .iter()
            .position(|octet| *octet == b'?' || class(*octet) == Class::Space);
        let Some(length) = length else {
            return Err(rest.len());
        };
        at += length;
        if rest[at] != b'?' || (part == 1 && length != 1) {
            return Err(at);
        }
        at += 1;
    }
    if rest.get(at) == Some(&b'=') {
        Ok(at + 1)
    } else {
        Err(at)
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Class {
    Word,
    Space,
    Sign,
}

fn class(octet: u8) -> Class {
    CLASSES[usize::from(octet)]
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Word; 256];
    let signs = b"()<>[]:;@,\"";
    let mut at = 0;
    while at < signs.len() {
        classes[signs[at] as usize] = Class::Sign;
        at += 1;
    }
    let spaces = b" \t\r\n";
    at = 0;
    while at < spaces.len() {
        classes[spaces[at] as usize] = Class::Space;
        at += 1;
    }
    classes
};
