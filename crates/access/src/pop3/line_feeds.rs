//! Bare line feeds before a dot, which most mail programs take for the start of a line.
//!
//! Only CRLF ends a line in POP3, and only behind one is a dot doubled. But fetchmail, mutt, mpop,
//! getmail and Python's poplib end lines at LF too: `\n.\r\n` in a message would end it for them, and
//! what its writer put behind would speak to them in our name. So in this one place, and on this way
//! out only, the LF goes out as CRLF; then everybody agrees where lines end.

use memchr::memmem;

/// Passes a message through, in whatever pieces it comes.
#[derive(Debug, Default)]
pub(super) struct LineFeeds {
    /// The last octet was a CR.
    behind_cr: bool,
    /// The last octet was a bare LF, and waits for what comes behind it.
    waits: bool,
}

impl LineFeeds {
    /// Gives the next piece to `send`, in one or more pieces.
    pub(super) fn pass(&mut self, piece: &[u8], mut send: impl FnMut(&[u8])) {
        let Some(first) = piece.first() else { return };
        if std::mem::take(&mut self.waits) {
            send(if *first == b'.' { b"\r\n" } else { b"\n" });
        }
        let is_bare = |at: usize| match at.checked_sub(1) {
            Some(before) => piece[before] != b'\r',
            None => !self.behind_cr,
        };
        let mut sent = 0;
        for at in memmem::find_iter(piece, b"\n.").filter(|at| is_bare(*at)) {
            send(&piece[sent..at]);
            send(b"\r\n");
            sent = at + 1;
        }
        let last = piece.len() - 1;
        self.waits = piece[last] == b'\n' && is_bare(last);
        self.behind_cr = piece[last] == b'\r';
        send(&piece[sent..piece.len() - usize::from(self.waits)]);
    }

    /// Gives `send` what still waits.
    pub(super) fn finish(self, mut send: impl FnMut(&[u8])) {
        if self.waits {
            send(b"\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(pieces: &[&[u8]]) -> Vec<u8> {
        let (mut line_feeds, mut out) = (LineFeeds::default(), Vec::new());
        for piece in pieces {
            line_feeds.pass(piece, |octets| out.extend_from_slice(octets));
        }
        line_feeds.finish(|octets| out.extend_from_slice(octets));
        out
    }

    #[test]
    fn a_bare_line_feed_before_a_dot_and_nothing_else_becomes_a_line_end() {
        for (message, expected) in [
            (&b""[..], &b""[..]),
            (b"a\r\n.b\r\n", b"a\r\n.b\r\n"),
            (b"a\n.\r\n+OK\r\n", b"a\r\n.\r\n+OK\r\n"),
            (b"a\n.\n.b\n", b"a\r\n.\r\n.b\n"),
            (b"\n.", b"\r\n."),
            (b"a\nb\n\n..\n", b"a\nb\n\r\n..\n"),
            (b"a\r.b\r\r\n.c", b"a\r.b\r\r\n.c"),
            (b"\r\n\n.\r", b"\r\n\r\n.\r"),
            (b"no end\n", b"no end\n"),
        ] {
            for cut in 0..=message.len() {
                let (one, two) = message.split_at(cut);
                assert_eq!(
                    passed(&[one, two]),
                    expected,
                    "{} at {cut}",
                    message.escape_ascii()
                );
                for second in 0..=two.len() {
                    let (two, three) = two.split_at(second);
                    assert_eq!(passed(&[one, two, three]), expected);
                }
            }
        }
    }
}
