//! `TOP` (RFC 1939): the header, its empty line, and so many lines of the body.

use inhaul_types::MessageNumber;

use super::Conversation;
use crate::switches::Top;
use crate::wire::End;

impl Conversation {
    pub(super) async fn answer_top(
        &mut self,
        number: MessageNumber,
        lines: u32,
    ) -> Result<(), End> {
        let how = self.mailbox_switches().top;
        if how == Top::Absent {
            self.grammar.err(None, "unknown command");
            return Ok(());
        }
        if !self.expect_message(number) {
            return Ok(());
        }
        let body = self
            .maildrop
            .as_ref()
            .and_then(|maildrop| maildrop.body(number.number()));
        let Some(body) = body else { return Ok(()) };
        self.grammar.ok("the top of it");
        let (mut counter, mut offset) = (LineCounter::new(lines), 0);
        loop {
            let piece = body.piece(offset);
            let wanted = counter.take(&piece);
            if wanted == 0 {
                break;
            }
            self.grammar.body_chunk(&piece[..wanted]);
            offset += wanted as u64;
            self.flush_if_long().await?;
        }
        if how == Top::ExtraBlankLine {
            self.grammar.body_chunk(b"\r\n");
        }
        self.grammar.body_end();
        if let (Top::MarksRetrieved, Some(maildrop)) = (how, &mut self.maildrop) {
            maildrop.note_retrieved(number.number());
        }
        Ok(())
    }
}

/// Counts lines, whatever pieces they come in.
struct LineCounter {
    in_header: bool,
    /// Octets of the current line, CR not counted.
    line: u64,
    left: u32,
}

impl LineCounter {
    fn new(lines: u32) -> Self {
        Self {
            in_header: true,
            line: 0,
            left: lines,
        }
    }

    /// How much of the next piece belongs to the top.
    fn take(&mut self, piece: &[u8]) -> usize {
        for (at, octet) in piece.iter().enumerate() {
            if !self.in_header && self.left == 0 {
                return at;
            }
            match octet {
                b'\n' if self.in_header => self.in_header = self.line > 0,
                b'\n' => self.left -= 1,
                b'\r' => continue,
                _ => {
                    self.line += 1;
                    continue;
                }
            }
            self.line = 0;
        }
        piece.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_header_empty_line_and_lines() {
        let message = b"A: b\r\nC: d\r\n\r\none\r\n\r\nthree\r\n";
        for (lines, len) in [(0, 14), (1, 19), (2, 21), (3, 28), (9, 28)] {
            assert_eq!(LineCounter::new(lines).take(message), len, "{lines}");
            let (mut counter, mut taken) = (LineCounter::new(lines), 0);
            for octet in message {
                taken += counter.take(&[*octet]);
            }
            assert_eq!(taken, len, "{lines}, octet by octet");
        }
        assert_eq!(LineCounter::new(0).take(b"\r\nbody"), 2);
        assert_eq!(LineCounter::new(0).take(b"A: b\r\n"), 6);
    }
}
