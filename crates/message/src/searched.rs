//! The text of a message as a search wants it: all of it, piece by piece, in bounded memory.
//!
//! What lists and pages show is cut where a person stops reading; a search has to find what stands
//! behind that, too. Start at [`TextPieces`].

use mail_parser::parsers::MessageStream;

use crate::body_text::{body_text, words_of_html};
use crate::header::HeaderBlock;
use crate::mime::Described;
use crate::text::to_utf8;
use crate::unpack::Unpacker;

/// Octets of a text part that are decoded at once. Nearly every text is shorter.
const STRETCH: usize = 1 << 20;
/// Octets of a field that are decoded at once: the decoder looks ahead from every `=?`.
const FIELD_STRETCH: usize = 8 << 10;

/// All fields of this name, decoded, however long they are: as long as the header at most. Raw 8-bit
/// text is UTF-8, or else in `charset`, or else in windows-1252.
pub fn whole_field(header: &HeaderBlock<'_>, name: &str, charset: Option<&str>) -> String {
    let mut whole = String::new();
    for field in header.fields().filter(|field| field.is(name)) {
        let unfolded: Vec<u8> = field
            .value
            .iter()
            .copied()
            .filter(|octet| !matches!(octet, b'\r' | b'\n'))
            .collect();
        let mut rest = &*to_utf8(&unfolded, charset);
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(field_stretch(rest));
            let line = [piece, b"\n"].concat();
            let decoded = MessageStream::new(&line).parse_unstructured();
            whole.push_str(decoded.as_text().unwrap_or_default());
            whole.push('\n');
            rest = behind;
        }
    }
    whole
}

/// How much of a value is decoded at once: to a space, not inside a character.
fn field_stretch(value: &[u8]) -> usize {
    if value.len() <= FIELD_STRETCH {
        return value.len();
    }
    let space = value[..FIELD_STRETCH]
        .iter()
        .rposition(|octet| *octet == b' ');
    match space {
        Some(space) if space > 0 => space,
        _ => behind_character(value, FIELD_STRETCH),
    }
}

/// The first place from `at` backwards where no UTF-8 character goes on.
fn behind_character(octets: &[u8], at: usize) -> usize {
    let goes_on = |at: &usize| octets.get(*at).is_some_and(|octet| octet & 0xc0 == 0x80);
    let back = (at - 3..=at).rev().take_while(goes_on).count();
    at - back % 4
}

/// Makes text of one part, whose octets come as they were sent. Of formatted text only its words.
///
/// A text of a MiB is decoded in one go. Of a longer one each stretch is decoded by itself; it ends
/// where a line does, or an element.
#[derive(Debug)]
pub struct TextPieces {
    described: Described,
    unpacker: Unpacker,
    held: Vec<u8>,
}

impl TextPieces {
    /// Nothing came yet.
    pub fn new(described: &Described) -> Self {
        Self {
            described: described.clone(),
            unpacker: Unpacker::new(described.encoding),
            held: Vec::new(),
        }
    }

    /// Takes the next octets; text, once there is a stretch of it.
    pub fn push(&mut self, octets: &[u8]) -> Option<String> {
        let unpacked = self.unpacker.push(octets);
        self.held.extend_from_slice(&unpacked);
        let mut text = None::<String>;
        while self.held.len() > STRETCH {
            let behind = self.held.split_off(self.stretch());
            let stretch = std::mem::replace(&mut self.held, behind);
            text.get_or_insert_default().push_str(&self.text(&stretch));
        }
        text
    }

    /// What is left behind the last octet.
    pub fn finish(self) -> String {
        let Self {
            described,
            unpacker,
            mut held,
        } = self;
        held.extend(unpacker.finish());
        text_of(&described, &held)
    }

    fn text(&self, octets: &[u8]) -> String {
        text_of(&self.described, octets)
    }

    /// Where the next stretch ends.
    fn stretch(&self) -> usize {
        let octets = &self.held[..STRETCH];
        let last = |wanted: u8| octets.iter().rposition(|octet| *octet == wanted);
        let charset = self.described.parameter("charset").unwrap_or_default();
        // A line end of two or four octets is not told from others by one.
        if charset.to_ascii_lowercase().starts_with("utf-") && !charset.ends_with('8') {
            return STRETCH;
        }
        let end = match self.described.is("text", "html") {
            true => last(b'>').or_else(|| last(b' ')),
            false => last(b'\n').or_else(|| last(b' ')),
        };
        match end {
            Some(end) => end + 1,
            None => behind_character(&self.held, STRETCH),
        }
    }
}

fn text_of(described: &Described, octets: &[u8]) -> String {
    let text = body_text(described, octets);
    match described.is("text", "html") {
        true => words_of_html(&text),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::Structure;

    fn described(content_type: &str) -> Described {
        let message = format!("Content-Type: {content_type}\n\n");
        let structure = Structure::of(message.as_bytes());
        structure.parts()[0].described.clone()
    }

    fn in_pieces(content_type: &str, octets: &[u8]) -> Vec<String> {
        let mut pieces = TextPieces::new(&described(content_type));
        let chunks = octets.chunks(100_000);
        let mut texts: Vec<_> = chunks.filter_map(|chunk| pieces.push(chunk)).collect();
        texts.push(pieces.finish());
        texts
    }

    #[test]
    fn all_of_a_field_is_decoded() {
        let many: Vec<String> = (0..2_000)
            .map(|n| format!("=?utf-8?q?J=C3=A1na_{n}?= <jana{n}@example.org>"))
            .collect();
        let header = format!(
            "To: {}\r\nTo: last@example.org\r\nCc: x\r\n\r\n",
            many.join(",\r\n ")
        );
        let header = HeaderBlock::new(header.as_bytes());
        let to = whole_field(&header, "to", None);
        for wanted in ["Jána 0 <jana0@", "Jána 1999 <jana1999@", "last@example.org"] {
            assert!(to.contains(wanted), "{wanted}");
        }
        assert_eq!(to.matches("Jána").count(), 2_000);
        assert_eq!(whole_field(&header, "subject", None), "");
        let long = format!("Subject: {}\r\n\r\n", "é".repeat(20_000));
        let subject = whole_field(&HeaderBlock::new(long.as_bytes()), "subject", None);
        assert_eq!(subject.matches('é').count(), 20_000);
    }

    #[test]
    fn a_short_text_is_decoded_as_it_is_shown() {
        for (content_type, octets) in [
            ("text/plain; charset=iso-8859-2", &b"\xb9 a\r\nb"[..]),
            ("text/plain; format=flowed", b"one \r\ntwo"),
            ("text/plain", b""),
        ] {
            let shown = body_text(&described(content_type), octets);
            assert_eq!(in_pieces(content_type, octets), [shown]);
        }
        let words = in_pieces(
            "text/html; charset=utf-8",
            b"<p>a<b>b</b></p><script>x</script>",
        );
        assert_eq!(words.concat().trim(), "ab");
    }

    #[test]
    fn no_line_of_a_long_text_is_lost_or_held() {
        for (content_type, line, of_text) in [
            (
                "text/plain; charset=utf-8",
                "žluťoučký kůň, line\r\n",
                "žluťoučký kůň, line",
            ),
            (
                "text/html; charset=utf-8",
                "<p>žluťoučký kůň</p>",
                "žluťoučký kůň",
            ),
            ("text/plain; charset=utf-8", "ž", "ž"),
        ] {
            let count = 3 * STRETCH / line.len();
            let mut pieces = TextPieces::new(&described(content_type));
            let (mut found, all) = (0, line.repeat(count));
            for chunk in all.as_bytes().chunks(70_001) {
                let text = pieces.push(chunk).unwrap_or_default();
                found += text.matches(of_text).count();
                assert!(pieces.held.len() <= STRETCH);
            }
            found += pieces.finish().matches(of_text).count();
            assert_eq!(found, count, "{content_type} {line}");
        }
    }
}
