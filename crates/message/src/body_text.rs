//! The text of a part in characters: its charset undone, its lines as they were meant.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::html_to_text;
use memchr::memmem;

use crate::mime::Described;
use crate::text::to_utf8;

/// Decodes the unpacked octets of a text part.
///
/// Lines end with LF. Control characters are gone, but for tabs; what a charset has no character
/// for is U+FFFD. Flowed lines are joined (RFC 3676).
pub fn body_text(described: &Described, unpacked: &[u8]) -> String {
    let in_html = || meta_charset(unpacked);
    let declared = match described.parameter("charset") {
        None | Some("") if described.is("text", "html") => in_html(),
        declared => declared.map(str::to_owned),
    };
    let text = without_controls(&decoded(declared.as_deref(), unpacked));
    let is = |name: &str, value: &str| {
        let parameter = described.parameter(name);
        parameter.is_some_and(|parameter| parameter.eq_ignore_ascii_case(value))
    };
    match described.is("text", "plain") && is("format", "flowed") {
        true => joined(&text, is("delsp", "yes")),
        false => text,
    }
}

/// The words of formatted text, for whoever wants nothing else.
pub fn words_of_html(html: &str) -> String {
    without_controls(&html_to_text(html))
}

fn decoded<'a>(charset: Option<&str>, octets: &'a [u8]) -> Cow<'a, str> {
    let charset = charset.unwrap_or_default().trim().to_ascii_lowercase();
    // Such text is of 7 bits, so it looks like UTF-8 and is none.
    let is_of_7_bits = charset.starts_with("iso-2022")
        || charset.starts_with("hz-")
        || charset.starts_with("utf-7")
        || charset.starts_with("utf-16");
    if is_of_7_bits && let Some(decode) = charset_decoder(charset.as_bytes()) {
        return Cow::Owned(decode(octets));
    }
    if matches!(charset.as_str(), "utf-8" | "utf8") {
        // An octet that is wrong does not make all others so.
        return String::from_utf8_lossy(octets);
    }
    match to_utf8(octets, Some(&charset)) {
        Cow::Borrowed(octets) => String::from_utf8_lossy(octets),
        Cow::Owned(octets) => Cow::Owned(String::from_utf8_lossy(&octets).into_owned()),
    }
}

/// What a page says of its charset, near its top.
fn meta_charset(html: &[u8]) -> Option<String> {
    let top = html[..html.len().min(META_MOST)].to_ascii_lowercase();
    let at = memmem::find(&top, b"charset=")? + b"charset=".len();
    let value = top[at..].trim_ascii_start();
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_:.".contains(octet);
    let end = value.iter().position(|octet| !is_name(octet))?;
    Some(String::from_utf8_lossy(&value[..end]).into_owned())
}

fn without_controls(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' | '\u{c}' => kept.push('\n'),
            '\n' | '\t' => kept.push(character),
            '\u{feff}' => {}
            other if other.is_control() => {}
            other => kept.push(other),
        }
    }
    kept
}

/// Joins flowed lines of the same depth of quoting (RFC 3676 section 4.2). `deletes_space`: the
/// space that ends a line stands only for the joint.
fn joined(text: &str, deletes_space: bool) -> String {
    let mut joined = String::with_capacity(text.len());
    // The depth of the line that goes on.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let content = line.trim_start_matches('>');
        let depth = line.len() - content.len();
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_signature = content == "-- ";
        if open != Some(depth) || is_signature {
            if open.is_some() {
                joined.push('\n');
            }
            joined.extend(std::iter::repeat_n('>', depth));
            if depth > 0 {
                joined.push(' ');
            }
        }
        match content.strip_suffix(' ') {
            Some(before) if !is_signature => {
                joined.push_str(if deletes_space { before } else { content });
                open = Some(depth);
            }
            _ => {
                joined.push_str(content);
                joined.push('\n');
                open = None;
            }
        }
    }
    joined
}

/// Where a page names its charset (HTML Living Standard, section 4.2.5.4).
const META_MOST: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::Structure;

    fn text(content_type: &str, octets: &[u8]) -> String {
        let message = format!("Content-Type: {content_type}\n\n");
        let structure = Structure::of(message.as_bytes());
        body_text(&structure.parts()[0].described, octets)
    }

    #[test]
    fn a_charset_is_undone() {
        for (content_type, octets, shown) in [
            ("text/plain", &b"a\r\nb\rc\n"[..], "a\nb\nc\n"),
            ("text/plain", "café".as_bytes(), "café"),
            (
                "text/plain; charset=utf-8",
                b"caf\xc3\xa9 \xe9",
                "café \u{fffd}",
            ),
            ("text/plain; charset=iso-8859-2", b"\xb9", "š"),
            ("text/plain; charset=iso-8859-1", "né".as_bytes(), "né"),
            ("text/plain; charset=windows-1252", b"\x93x\x94", "“x”"),
            ("text/plain; charset=iso-2022-jp", b"\x1b$B$\"\x1b(B", "あ"),
            ("text/plain; charset=unknown-8bit", b"\xe9", "é"),
            ("text/plain; charset=koi8-r", b"\xd4\xc5\xd3\xd4", "тест"),
            (
                "text/html",
                b"<meta charset=\"koi8-r\">\xd4\xc5\xd3\xd4",
                "<meta charset=\"koi8-r\">тест",
            ),
            ("text/plain", b"a\0\x1b[31m\x07b", "a[31mb"),
        ] {
            assert_eq!(text(content_type, octets), shown, "{content_type}");
        }
    }

    /// Each would take minutes if anything looked at the rest again and again.
    #[test]
    fn words_of_odd_formats_take_one_pass() {
        for piece in [
            "<",
            "<a ",
            "&",
            "<!--",
            "<p",
            "</",
            "&#",
            "<a href=\"",
            "-->",
            "<style>",
            "\u{e9}<",
        ] {
            let html = piece.repeat((1 << 20) / piece.len());
            words_of_html(&html);
        }
    }

    #[test]
    fn flowed_lines_are_joined() {
        for (delsp, octets, shown) in [
            ("no", "one \ntwo\nthree\n", "one two\nthree\n"),
            ("yes", "one \ntwo\n", "onetwo\n"),
            ("no", "> a \n> b\nc \n", "> a b\nc "),
            ("no", "> a \n>> b\n", "> a \n>> b\n"),
            ("no", "x \n-- \nme\n", "x \n-- \nme\n"),
            ("no", " > no quote\n From\n", "> no quote\nFrom\n"),
        ] {
            let content_type = format!("text/plain; format=flowed; delsp={delsp}");
            assert_eq!(text(&content_type, octets.as_bytes()), shown, "{octets:?}");
        }
    }
}
