//! The header block: where it ends, and the fields in it.
//!
//! A line ends with LF; a CR before it belongs to the line end; a CR anywhere else is content.
//! So messages with CRLF, with bare LF and with both read alike, and a message that has only CRs
//! is one long line. Octets are looked at once, whatever they are. Start at `header_end`.

use std::iter;

use memchr::{memchr, memchr_iter};

/// How much of a message can be header. What stands behind is body, empty line or not: the store
/// keeps the header block in one row, and real headers stay far below it.
pub const HEADER_MOST: usize = 256 * 1024;

/// Finds where the header ends: behind the empty line, which is counted as header.
///
/// An empty line is CRLF or LF at the very beginning or right behind a line end. Works on a
/// prefix: `None` means that neither the empty line nor [`HEADER_MOST`] octets are there yet, and
/// more octets never change an answer that was given. A message that is complete and still has
/// `None` is all header.
///
/// ```
/// use inhaul_message::header_end;
///
/// assert_eq!(header_end(b"Subject: x\r\n\r\nbody"), Some(14));
/// assert_eq!(header_end(b"Subject: x\r\n"), None);
/// ```
pub fn header_end(octets: &[u8]) -> Option<usize> {
    let header = &octets[..octets.len().min(HEADER_MOST)];
    let starts = iter::once(0).chain(memchr_iter(b'\n', header).map(|lf| lf + 1));
    starts
        .filter_map(|start| empty_line(header, start))
        .next()
        .or_else(|| (octets.len() >= HEADER_MOST).then_some(HEADER_MOST))
}

/// Where the line that begins at `start` ends, if it is empty.
fn empty_line(octets: &[u8], start: usize) -> Option<usize> {
    match &octets[start..] {
        [b'\n', ..] => Some(start + 1),
        [b'\r', b'\n', ..] => Some(start + 2),
        _ => None,
    }
}

/// The header of one message.
#[derive(Clone, Copy, Debug)]
pub struct HeaderBlock<'a> {
    octets: &'a [u8],
}

/// One header field as it was received.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Field<'a> {
    /// What stands before the colon, without the white space some write there.
    pub name: &'a [u8],
    /// What stands behind the colon, folding and white space included, the last line end not.
    pub value: &'a [u8],
}

impl<'a> HeaderBlock<'a> {
    /// Takes a message, the beginning of one, or a header alone, and looks only at the header.
    pub fn new(octets: &'a [u8]) -> Self {
        let end = header_end(octets).unwrap_or(octets.len());
        Self {
            octets: &octets[..end],
        }
    }

    /// How many octets the header has, the empty line included.
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    /// Whether there is no octet at all; a lone empty line is one.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The octets of the header, the empty line included.
    pub fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The fields from the top down.
    ///
    /// What is no field is skipped together with its continuation lines: a line without a colon,
    /// one with a space or control octet in front of the colon (`From me Mon Jan 1 10:00`, as mbox
    /// files have it), one that continues nothing.
    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let mut rest = self.octets;
        iter::from_fn(move || {
            (!rest.is_empty()).then(|| {
                let (lines, behind) = rest.split_at(folded_end(rest));
                rest = behind;
                lines
            })
        })
        .filter_map(Field::parse)
    }

    /// The value of the first field of this name, in any case.
    pub fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.fields()
            .find(|field| field.is(name))
            .map(|field| field.value)
    }
}

/// Where the first line and the lines that continue it end.
fn folded_end(octets: &[u8]) -> usize {
    memchr_iter(b'\n', octets)
        .map(|lf| lf + 1)
        .find(|next| !matches!(octets.get(*next), Some(b' ' | b'\t')))
        .unwrap_or(octets.len())
}

impl<'a> Field<'a> {
    /// Whether the field has this name, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    fn parse(lines: &'a [u8]) -> Option<Self> {
        let colon = memchr(b':', lines)?;
        let name = trim_end(&lines[..colon], b" \t");
        let visible = |octet: &u8| *octet > b' ' && *octet != 0x7f;
        if name.is_empty() || !name.iter().all(visible) {
            return None;
        }
        let value = &lines[colon + 1..];
        let value = value.strip_suffix(b"\n").unwrap_or(value);
        Some(Self {
            name,
            value: value.strip_suffix(b"\r").unwrap_or(value),
        })
    }
}

fn trim_end<'a>(mut octets: &'a [u8], what: &[u8]) -> &'a [u8] {
    while let Some((last, before)) = octets.split_last()
        && what.contains(last)
    {
        octets = before;
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_ends_behind_the_first_empty_line() {
        for (octets, end) in [
            (&b""[..], None),
            (b"A: b", None),
            (b"A: b\r\n", None),
            (b"A: b\r\n\r", None),
            (b"A: b\r\n\r\n", Some(8)),
            (b"A: b\r\n\r\nbody\r\n\r\n", Some(8)),
            (b"A: b\n\nbody", Some(6)),
            (b"A: b\r\n\nbody", Some(7)),
            (b"A: b\n\r\nbody", Some(7)),
            (b"\r\nbody", Some(2)),
            (b"\nbody", Some(1)),
            (b"A: b\r\rbody", None),
            (b"A: b\r\n\r\r\nbody", None),
            (b"A: b\r\n \r\n\r\n", Some(11)),
        ] {
            assert_eq!(header_end(octets), end, "{}", octets.escape_ascii());
        }
    }

    #[test]
    fn a_header_without_an_end_is_cut() {
        let long = vec![b'x'; HEADER_MOST + 10];
        assert_eq!(header_end(&long[..HEADER_MOST - 1]), None);
        assert_eq!(header_end(&long[..HEADER_MOST]), Some(HEADER_MOST));
        assert_eq!(HeaderBlock::new(&long).len(), HEADER_MOST);
    }

    #[test]
    fn fields_are_what_has_a_name_and_a_colon() {
        let header = b" lost: continuation\r\n\
            From me Mon Jan  1 10:00:00 2024\r\n\
            A:1\r\n\
            b : two\r\n\tand more \r\n\
            no colon here\r\n nor: here\r\n\
            : nothing\r\n\
            C:\n\
            D: x:y\r\n\
            \r\n\
            E: body\r\n";
        let fields: Vec<_> = HeaderBlock::new(header).fields().collect();
        let field = |name, value| Field { name, value };
        assert_eq!(
            fields,
            [
                field(b"A", b"1"),
                field(b"b", b" two\r\n\tand more "),
                field(b"C", b""),
                field(b"D", b" x:y"),
            ]
        );
    }

    #[test]
    fn a_message_of_bare_crs_is_one_field() {
        let message = b"From: a\rTo: b\r\rbody\r".repeat(20_000);
        let header = HeaderBlock::new(&message);
        assert_eq!(header.len(), HEADER_MOST);
        assert_eq!(header.fields().count(), 1);
    }
}
