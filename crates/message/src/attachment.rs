//! Whether a list shows a paper clip.
//!
//! Judged by the top of the message alone, so it can be wrong in both directions: it is a picture
//! in a list, and nothing else depends on it.

use mail_parser::ContentType;
use memchr::memchr_iter;

/// How much of the body is looked at. Parts begin near the top, and a long text before the first
/// attachment must not make a list slow.
const BODY_MOST: usize = 16 * 1024;

/// Judges by the top-level Content-Type and Content-Disposition and by the beginning of the body,
/// which may be empty.
pub(crate) fn has_attachment(
    content_type: Option<&ContentType<'_>>,
    disposition: Option<&[u8]>,
    body: &[u8],
) -> bool {
    if disposition.is_some_and(says_attachment) {
        return true;
    }
    let Some(content_type) = content_type else {
        return false;
    };
    let kind = |name: &str| content_type.ctype().eq_ignore_ascii_case(name);
    if !kind("multipart") {
        return !kind("text") && !kind("message") && content_type.subtype().is_some();
    }
    let seen = Parts::look(
        &body[..body.len().min(BODY_MOST)],
        content_type.attribute("boundary"),
    );
    let mixed = content_type
        .subtype()
        .is_some_and(|name| name.eq_ignore_ascii_case("mixed"));
    // Until the last delimiter is seen, mixed promises an attachment: that is what it is used for.
    seen.attachment || mixed && (seen.other_than_text || !seen.end)
}

/// What the beginning of a multipart body shows.
#[derive(Default)]
struct Parts {
    /// A part says `Content-Disposition: attachment`.
    attachment: bool,
    /// A part is neither text nor a multipart in its turn.
    other_than_text: bool,
    /// The last delimiter is there: the parts above are all there are.
    end: bool,
}

impl Parts {
    fn look(body: &[u8], boundary: Option<&str>) -> Self {
        let mut seen = Self::default();
        let starts = std::iter::once(0).chain(memchr_iter(b'\n', body).map(|lf| lf + 1));
        for line in starts.map(|start| &body[start..]) {
            match line {
                [b'-', b'-', rest @ ..] => seen.end |= closes(rest, boundary),
                [b'c' | b'C', ..] => seen.take_field(line),
                _ => {}
            }
        }
        seen
    }

    /// Takes a line for a part's header field. Body text that looks like one is rare enough.
    fn take_field(&mut self, line: &[u8]) {
        if let Some(value) = value_of(line, b"content-disposition:") {
            self.attachment |= says_attachment(value);
        } else if let Some(value) = value_of(line, b"content-type:") {
            self.other_than_text |=
                !starts_with(value, b"text/") && !starts_with(value, b"multipart/");
        }
    }
}

fn closes(behind_dashes: &[u8], boundary: Option<&str>) -> bool {
    boundary.is_some_and(|boundary| {
        let rest = behind_dashes.strip_prefix(boundary.as_bytes());
        rest.is_some_and(|rest| rest.starts_with(b"--"))
    })
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    starts_with(line, name).then(|| line[name.len()..].trim_ascii_start())
}

fn says_attachment(value: &[u8]) -> bool {
    starts_with(value.trim_ascii_start(), b"attachment")
}

fn starts_with(octets: &[u8], prefix: &[u8]) -> bool {
    octets
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
