//! Dot transparency: stuffing and un-stuffing of bodies (RFC 1939 section 3).
//!
//! Owns nothing but a place in a line. Only CRLF ends a line here: a lone LF or CR is content, or
//! a message could end itself early (`"\n.\r\n"`) and speak to the client in the server's name.
//! Both directions copy or hand on runs of lines at once; only a dot at a line start breaks a run.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// A line end with a dot behind it: the one place where body and wire differ.
static DOT_AT_LINE_START: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\r\n."));

/// Undoes stuffing, whatever pieces the body comes in.
#[derive(Debug)]
pub(crate) struct Unstuffer {
    at_line_start: bool,
}

/// What the next octets of a stuffed body are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Piece {
    /// `dropped` octets that are no content (a stuffed dot, or nothing), then `len` that are.
    Content {
        /// 0 or 1.
        dropped: usize,
        /// At least 1.
        len: usize,
    },
    /// The lone dot with its line end: [`Piece::END_LEN`] octets.
    End,
}

impl Piece {
    /// A dot, CR and LF.
    pub(crate) const END_LEN: usize = 3;
}

impl Unstuffer {
    /// Stands at the first line's start: an empty body is just the lone dot.
    pub(crate) fn new() -> Self {
        Self {
            at_line_start: true,
        }
    }

    /// Looks at all octets not read yet; `None` if it takes more of them to tell, which leaves
    /// at most two unread.
    ///
    /// The RFC drops the first dot whatever follows it, so we do not ask for a second one: a
    /// server that forgets to stuff costs us the dot it costs every client.
    pub(crate) fn next(&mut self, unread: &[u8]) -> Option<Piece> {
        let dropped = match unread {
            [b'.', b'\r', b'\n', ..] if self.at_line_start => return Some(Piece::End),
            b"." | b".\r" if self.at_line_start => return None,
            [b'.', ..] if self.at_line_start => 1,
            _ => 0,
        };
        let content = &unread[dropped..];
        let len = match DOT_AT_LINE_START.find(content) {
            Some(at) => at + b"\r\n".len(),
            // Whether a CR ends a line is for the octet behind it to say.
            None => content.strip_suffix(b"\r").unwrap_or(content).len(),
        };
        if len == 0 {
            return None;
        }
        self.at_line_start = content[..len].ends_with(b"\r\n");
        Some(Piece::Content { dropped, len })
    }
}

/// Stuffs a body, whatever pieces it comes in.
#[derive(Debug)]
pub(crate) struct Stuffer {
    place: Place,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    LineStart,
    BehindCr,
    Inside,
}

impl Stuffer {
    /// Stands at the first line's start.
    pub(crate) fn new() -> Self {
        Self {
            place: Place::LineStart,
        }
    }

    /// Appends the next piece of the body to `out`.
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        if let (Place::BehindCr, Some(behind)) = (self.place, rest.strip_prefix(b"\n")) {
            out.push(b'\n');
            self.place = Place::LineStart;
            rest = behind;
        }
        if rest.is_empty() {
            return;
        }
        if self.place == Place::LineStart && rest[0] == b'.' {
            out.push(b'.');
        }
        let mut copied = 0;
        for at in DOT_AT_LINE_START.find_iter(rest) {
            let dot = at + b"\r\n".len();
            out.extend_from_slice(&rest[copied..dot]);
            out.push(b'.');
            copied = dot;
        }
        out.extend_from_slice(&rest[copied..]);
        self.place = match rest {
            [.., b'\r', b'\n'] => Place::LineStart,
            [.., b'\r'] => Place::BehindCr,
            _ => Place::Inside,
        };
    }

    /// Ends the body: completes its last line, then the lone dot. The next body may follow.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        if self.place != Place::LineStart {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
        self.place = Place::LineStart;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Un-stuffs what comes in pieces, as a client does it. `None` if the body did not end;
    /// else the content and what stood behind the lone dot.
    fn unstuff(pieces: &[&[u8]]) -> Option<(Vec<u8>, Vec<u8>)> {
        let (mut unstuffer, mut unread, mut content) = (Unstuffer::new(), Vec::new(), Vec::new());
        let mut pieces = pieces.iter();
        while let Some(piece) = pieces.next() {
            unread.extend_from_slice(piece);
            while let Some(next) = unstuffer.next(&unread) {
                match next {
                    Piece::Content { dropped, len } => {
                        assert!(len > 0, "an empty piece");
                        content.extend(unread.drain(..dropped + len).skip(dropped));
                    }
                    Piece::End => {
                        unread.drain(..Piece::END_LEN);
                        unread.extend(pieces.flat_map(|piece| piece.iter()));
                        return Some((content, unread));
                    }
                }
            }
            assert!(unread.len() <= 2, "{} kept", unread.escape_ascii());
        }
        None
    }

    fn stuff(pieces: &[&[u8]]) -> Vec<u8> {
        let (mut stuffer, mut out) = (Stuffer::new(), Vec::new());
        for piece in pieces {
            stuffer.push(piece, &mut out);
        }
        stuffer.finish(&mut out);
        out
    }

    /// Every way to cut `whole` into up to four pieces.
    fn cuts(whole: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
        let len = whole.len();
        (0..=len).flat_map(move |a| {
            (a..=len).flat_map(move |b| {
                (b..=len).map(move |c| vec![&whole[..a], &whole[a..b], &whole[b..c], &whole[c..]])
            })
        })
    }

    const BODIES: [(&[u8], &[u8]); 17] = [
        (b".\r\n", b""),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"\r\n.\r\n", b"\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"...\r\n.\r\n", b"..\r\n"),
        (b".a\r\n.\r\n", b"a\r\n"),
        (b". \r\n.\r\n", b" \r\n"),
        (b".\r\r\n.\r\n", b"\r\r\n"),
        (b".\rx\r\n.\r\n", b"\rx\r\n"),
        (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n"),
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
        (b"a\r.\r\n.\r\n", b"a\r.\r\n"),
        (b".\n\r\n.\r\n", b"\n\r\n"),
        (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n"),
        (b"a\r\r\n..b\r\n.\r\n", b"a\r\r\n.b\r\n"),
        (b"\0\xff\x80\r\n..\0\r\n.\r\n", b"\0\xff\x80\r\n.\0\r\n"),
        (b"a\r\n..\r\n...\r\n.\r\n", b"a\r\n.\r\n..\r\n"),
    ];

    #[test]
    fn only_a_lone_dot_between_crlfs_ends_the_body() {
        for (wire, body) in BODIES {
            for mut pieces in cuts(wire) {
                pieces.push(b"+OK\r\n");
                let expected = Some((body.to_vec(), b"+OK\r\n".to_vec()));
                assert_eq!(unstuff(&pieces), expected, "{}", wire.escape_ascii());
            }
        }
    }

    #[test]
    fn a_body_without_its_lone_dot_does_not_end() {
        for wire in [
            "", ".", ".\r", "a\r\n.", "a\r\n.\r", "a\n.\r\n", "a\r\n.\n", "a.\r\n", "..\r\n",
        ] {
            assert_eq!(unstuff(&[wire.as_bytes()]), None, "{wire:?}");
        }
    }

    #[test]
    fn a_run_of_lines_without_dots_is_one_piece() {
        let wire = b"one\r\ntwo\r\n\r\nthree\r\n.\r\n";
        let len = wire.len() - Piece::END_LEN;
        assert_eq!(
            Unstuffer::new().next(wire),
            Some(Piece::Content { dropped: 0, len })
        );
    }

    #[test]
    fn a_dot_is_doubled_at_line_starts_only() {
        for (body, wire) in [
            (&b""[..], &b".\r\n"[..]),
            (b".", b"..\r\n.\r\n"),
            (b".\r\n", b"..\r\n.\r\n"),
            (b"a\r\n.b\r\n..c\r\n", b"a\r\n..b\r\n...c\r\n.\r\n"),
            (b"a\r\n.\r\n.\r\n", b"a\r\n..\r\n..\r\n.\r\n"),
            (b"a\n.b\r.c", b"a\n.b\r.c\r\n.\r\n"),
            (b"a\r", b"a\r\r\n.\r\n"),
            (b"a\r\r\n.", b"a\r\r\n..\r\n.\r\n"),
            (b"\n.", b"\n.\r\n.\r\n"),
        ] {
            for pieces in cuts(body) {
                assert_eq!(stuff(&pieces), wire, "{}", body.escape_ascii());
            }
        }
    }

    #[test]
    fn every_short_text_survives_every_cut() {
        // All texts of up to 7 octets over the alphabet that matters, cut in two everywhere.
        let alphabet = b".\r\nx";
        for len in 0..=7_u32 {
            for choice in 0..4_usize.pow(len) {
                let text: Vec<u8> = (0..len)
                    .map(|place| alphabet[choice >> (2 * place) & 3])
                    .collect();
                let mut body = text.clone();
                if !body.is_empty() && !body.ends_with(b"\r\n") {
                    body.extend_from_slice(b"\r\n");
                }
                let wire = stuff(&[&text]);
                for cut in 0..=wire.len() {
                    let received = unstuff(&[&wire[..cut], &wire[cut..]]);
                    assert_eq!(
                        received,
                        Some((body.clone(), Vec::new())),
                        "{}",
                        text.escape_ascii()
                    );
                }
                for cut in 0..=text.len() {
                    assert_eq!(stuff(&[&text[..cut], &text[cut..]]), wire);
                }
                // The same texts as something a server sends: pieces must not matter either.
                let whole = unstuff(&[&text]);
                for cut in 0..=text.len() {
                    assert_eq!(unstuff(&[&text[..cut], &text[cut..]]), whole);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_stuffed_comes_back(
            pieces in prop::collection::vec(
                prop::collection::vec(
                    prop_oneof![Just(b'.'), Just(b'\r'), Just(b'\n'), any::<u8>()],
                    0..20,
                ),
                0..12,
            ),
            step in 1_usize..30,
        ) {
            let borrowed: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let wire = stuff(&borrowed);
            let mut body = pieces.concat();
            if !body.is_empty() && !body.ends_with(b"\r\n") {
                body.extend_from_slice(b"\r\n");
            }
            let received: Vec<&[u8]> = wire.chunks(step).collect();
            prop_assert_eq!(unstuff(&received), Some((body, Vec::new())));
        }
    }
}
