//! Header text for display: unfolded, in UTF-8, without anything that acts on a screen.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;

/// Characters of one column. Longer subjects exist; nobody reads them in a list.
pub(crate) const LONGEST_TEXT: usize = 1_000;

/// Octets of one field that are decoded: room for [`LONGEST_TEXT`] characters in encoded-words,
/// and a bound for the decoder, which looks ahead from every `=?`.
const LONGEST_VALUE: usize = 8 * 1024;

/// Takes a field's value off its lines and ends it with LF, as `MessageStream` wants it.
pub(crate) fn unfold(value: &[u8]) -> Vec<u8> {
    let value = cut(value);
    value
        .iter()
        .copied()
        .filter(|octet| !matches!(octet, b'\r' | b'\n'))
        .chain([b'\n'])
        .collect()
}

/// Cuts at [`LONGEST_VALUE`], not inside a UTF-8 character: the rest would not read as UTF-8.
fn cut(value: &[u8]) -> &[u8] {
    let continues = |at: &usize| value.get(*at).is_some_and(|octet| octet & 0xc0 == 0x80);
    let back = (LONGEST_VALUE - 3..=LONGEST_VALUE)
        .rev()
        .take_while(continues)
        .count();
    &value[..value.len().min(LONGEST_VALUE - back)]
}

/// Turns raw 8-bit octets into UTF-8: what is UTF-8 already stays; else the charset of the
/// message's text is the best guess there is, and windows-1252 the last, which accepts all octets.
pub(crate) fn to_utf8<'a>(octets: &'a [u8], charset: Option<&str>) -> Cow<'a, [u8]> {
    if str::from_utf8(octets).is_ok() {
        return Cow::Borrowed(octets);
    }
    let by_name = |name: &str| {
        (!name.eq_ignore_ascii_case("utf-8")).then(|| charset_decoder(name.as_bytes()))?
    };
    match charset
        .and_then(by_name)
        .or_else(|| charset_decoder(b"windows-1252"))
    {
        Some(decode) => Cow::Owned(decode(octets).into_bytes()),
        None => Cow::Borrowed(octets),
    }
}

/// Decodes the encoded-words of a text without structure (RFC 2047).
pub(crate) fn decode(utf8: &[u8]) -> String {
    clean(
        MessageStream::new(utf8)
            .parse_unstructured()
            .as_text()
            .unwrap_or_default(),
    )
}

/// Makes a text fit to be shown in one line of a list: white space in runs becomes one space,
/// control characters and those that turn the direction of what follows go, the rest is cut at
/// [`LONGEST_TEXT`]. Marks that only hint at a direction (U+200E, U+200F) stay.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len().min(LONGEST_TEXT));
    let mut space = false;
    let mut count = 0;
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() {
            space = true;
            continue;
        }
        if turns_direction(character) {
            continue;
        }
        if count + usize::from(space) >= LONGEST_TEXT {
            break;
        }
        if space && count > 0 {
            cleaned.push(' ');
            count += 1;
        }
        space = false;
        cleaned.push(character);
        count += 1;
    }
    cleaned
}

/// Embeddings, overrides and isolates reach beyond the text they stand in; a byte order mark is
/// nothing to see.
fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_text_is_one_line_without_controls() {
        for (text, shown) in [
            ("", ""),
            ("  a \t\r\n b\0c ", "a b c"),
            ("a\u{202e}b\u{2066}c", "abc"),
            ("a\u{200f}b", "a\u{200f}b"),
            ("a\u{2028}b\u{1b}[31m", "a b [31m"),
        ] {
            assert_eq!(clean(text), shown, "{text:?}");
        }
        let long = [&b"x"[..], "é".repeat(LONGEST_VALUE).as_bytes()].concat();
        assert_eq!(unfold(&long).len(), LONGEST_VALUE);
        assert_eq!(clean(&"é ".repeat(2_000)).chars().count(), LONGEST_TEXT - 1);
        assert_eq!(clean(&"é".repeat(2_000)).chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn raw_8_bit_text_takes_the_messages_charset() {
        for (octets, charset, text) in [
            (&b"caf\xc3\xa9"[..], Some("iso-8859-1"), "café"),
            (b"caf\xe9", None, "café"),
            (b"caf\xe9", Some("utf-8"), "café"),
            (b"caf\xe9", Some("no-such-charset"), "café"),
            (b"\xd0\xd2\xc9\xd7\xc5\xd4", Some("koi8-r"), "привет"),
        ] {
            assert_eq!(
                &*to_utf8(octets, charset),
                text.as_bytes(),
                "{}",
                octets.escape_ascii()
            );
        }
    }
}
