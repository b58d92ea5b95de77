//! One side of an address while it is read: words and quoted strings, joined by dots.

use std::borrow::Cow;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::addr_spec::ADDRESS_MOST;

/// How much of one side is kept while it is read: quotes' escapes may double it.
const KEPT_MOST: usize = 2 * ADDRESS_MOST;

/// A word, a quoted string or a domain literal, or some of them joined by dots.
///
/// What could stand in no address is taken in and remembered as unusable: to drop it instead could
/// turn the rest into the address of somebody else.
#[derive(Clone, Debug, Default)]
pub(super) struct Part<'a> {
    text: Cow<'a, [u8]>,
    kind: Kind,
    unusable: bool,
    /// A dot that stood alone, or right behind which something stands, waits for the next word.
    dot: Dot,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Kind {
    #[default]
    Empty,
    Words,
    Quoted,
    Literal,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Dot {
    #[default]
    None,
    /// The last word ended with a dot.
    Ends,
    /// The last word was nothing but a dot.
    Alone,
}

impl<'a> Part<'a> {
    pub(super) fn word(word: &'a [u8]) -> Self {
        Self {
            text: Cow::Borrowed(&word[..word.len().min(KEPT_MOST)]),
            kind: Kind::Words,
            unusable: word.len() > KEPT_MOST || !word.iter().all(|octet| may_stand(*octet)),
            dot: match word {
                b"." => Dot::Alone,
                [.., b'.'] => Dot::Ends,
                _ => Dot::None,
            },
        }
    }

    /// `inside` is what stands between the quotes.
    pub(super) fn quoted(inside: &'a [u8]) -> Self {
        let too_long = inside.len() > KEPT_MOST;
        let inside = &inside[..inside.len().min(KEPT_MOST)];
        let text = if inside
            .iter()
            .any(|octet| matches!(octet, b'\\' | b'\r' | b'\n'))
        {
            Cow::Owned(unquoted(inside))
        } else {
            Cow::Borrowed(inside)
        };
        Self {
            unusable: too_long || text.is_empty(),
            text,
            kind: Kind::Quoted,
            dot: Dot::None,
        }
    }

    pub(super) fn literal(literal: &'a [u8]) -> Self {
        Self {
            text: Cow::Borrowed(literal),
            kind: Kind::Literal,
            unusable: false,
            dot: Dot::None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kind == Kind::Empty
    }

    pub(super) fn is_literal(&self) -> bool {
        self.kind == Kind::Literal
    }

    /// Remembers that this is no address, whatever follows.
    pub(super) fn spoil(&mut self) {
        self.unusable = true;
        if self.is_empty() {
            self.kind = Kind::Words;
        }
    }

    /// Takes `next` in if a dot joins the two, and gives it back otherwise.
    ///
    /// A dot in front of a word joins, whatever white space is around it. A dot that ends a word
    /// joins what follows at once; with white space between, it ended a sentence or an abbreviation.
    pub(super) fn join(&mut self, next: Self, gap: bool) -> Option<Self> {
        let leads = next.kind == Kind::Words && next.text.first() == Some(&b'.');
        let joins = match self.dot {
            _ if self.is_empty() || self.is_literal() || next.is_literal() => false,
            Dot::Alone => true,
            Dot::Ends => leads || !gap,
            Dot::None => leads,
        };
        if !joins {
            return Some(next);
        }
        self.unusable |= next.unusable || self.text.len() + next.text.len() > KEPT_MOST;
        if !self.unusable {
            self.text.to_mut().extend_from_slice(&next.text);
        }
        self.kind = if self.kind == next.kind {
            self.kind
        } else {
            Kind::Quoted
        };
        self.dot = next.dot;
        None
    }

    pub(super) fn starts_with_apostrophe(&self) -> bool {
        self.kind == Kind::Words && self.text.len() > 1 && self.text[0] == b'\''
    }

    pub(super) fn ends_with_apostrophe(&self) -> bool {
        self.kind == Kind::Words && self.text.last() == Some(&b'\'')
    }

    pub(super) fn drop_first(&mut self) {
        self.text = match &self.text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[1..]),
            Cow::Owned(text) => Cow::Owned(text[1..].to_vec()),
        };
    }

    pub(super) fn drop_last(&mut self) {
        self.text = match &self.text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..text.len() - 1]),
            Cow::Owned(text) => Cow::Owned(text[..text.len() - 1].to_vec()),
        };
    }

    pub(super) fn into_local_part(self) -> Option<Cow<'a, str>> {
        if self.unusable || self.is_empty() || self.is_literal() {
            return None;
        }
        let text = match self.text {
            Cow::Borrowed(text) => String::from_utf8_lossy(text),
            Cow::Owned(text) => Cow::Owned(String::from_utf8_lossy(&text).into_owned()),
        };
        (!text.contains(char::is_control)).then_some(text)
    }

    pub(super) fn into_domain(self) -> Option<Cow<'a, str>> {
        if self.unusable || self.kind == Kind::Quoted {
            return None;
        }
        if self.is_literal() {
            return lower(self.text);
        }
        domain(self.text)
    }
}

/// A domain as it compares, or none if it is no domain: labels of letters, digits, `-` and `_`, in
/// the lengths of RFC 1035 section 2.3.4.
pub(super) fn domain(text: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    const LONGEST: usize = 255;
    const LONGEST_LABEL: usize = 63;
    let text = match text {
        text if text.is_ascii() => text,
        text => Cow::Owned(a_labels(&text)?),
    };
    let text = match text {
        Cow::Borrowed([before @ .., b'.']) => Cow::Borrowed(before),
        Cow::Owned(mut text) if text.last() == Some(&b'.') => {
            text.pop();
            Cow::Owned(text)
        }
        text => text,
    };
    let mut label = 0_usize;
    for octet in text.iter() {
        match octet {
            _ if label > LONGEST_LABEL => return None,
            b'.' if label == 0 => return None,
            b'.' => label = 0,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => label += 1,
            _ => return None,
        }
    }
    ((1..=LONGEST_LABEL).contains(&label) && text.len() <= LONGEST).then_some(())?;
    lower(text)
}

/// The ASCII spelling of an international domain (UTS 46, non-transitional).
fn a_labels(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() > ADDRESS_MOST {
        return None;
    }
    let invisible =
        |c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}');
    let text = str::from_utf8(text).ok()?.trim_matches(invisible);
    let ascii = Uts46::new().to_ascii(
        text.as_bytes(),
        AsciiDenyList::EMPTY,
        Hyphens::Allow,
        DnsLength::Ignore,
    );
    Some(ascii.ok()?.into_owned().into_bytes())
}

fn lower(text: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match text {
        Cow::Borrowed(text) if !text.iter().any(u8::is_ascii_uppercase) => {
            str::from_utf8(text).ok().map(Cow::Borrowed)
        }
        text => {
            let mut text = text.into_owned();
            text.make_ascii_lowercase();
            String::from_utf8(text).ok().map(Cow::Owned)
        }
    }
}

/// Takes escapes and line ends out.
fn unquoted(inside: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(inside.len());
    let mut octets = inside.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'\\' => text.extend(octets.next()),
            b'\r' | b'\n' => {}
            octet => text.push(*octet),
        }
    }
    text
}

/// RFC 5322's atext, and every octet beyond ASCII (RFC 6532).
pub(super) fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet >= 0x80 || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}

fn may_stand(octet: u8) -> bool {
    octet == b'.' || is_atext(octet)
}
