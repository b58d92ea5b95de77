//! `STAT`, `LIST`, `UIDL`: numbers, sizes, unique-ids (RFC 1939 sections 5 and 7).

use std::fmt;

use inhaul_store::MaildropMessage;
use inhaul_types::MessageNumber;

use super::session::Conversation;
use super::wire::End;

/// Lines made before the client takes them.
const LINES_AT_ONCE: usize = 500;

/// What a listing says of each message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Column {
    Size,
    UniqueId,
}

impl Conversation {
    pub(super) fn answer_stat(&mut self) {
        let (count, octets) = self.maildrop().drop_listing();
        self.wire.grammar.ok(format_args!("{count} {octets}"));
    }

    pub(super) async fn answer_list(&mut self, which: Option<MessageNumber>) -> Result<(), End> {
        match which {
            Some(number) => {
                self.answer_one(number, Column::Size);
                Ok(())
            }
            None => self.answer_all(Column::Size).await,
        }
    }

    pub(super) async fn answer_uidl(&mut self, which: Option<MessageNumber>) -> Result<(), End> {
        match which {
            Some(number) => {
                self.answer_one(number, Column::UniqueId);
                Ok(())
            }
            None => self.answer_all(Column::UniqueId).await,
        }
    }

    fn answer_one(&mut self, number: MessageNumber, column: Column) {
        match self.maildrop().find(number) {
            Ok(place) => {
                let line = Line(place + 1, *self.maildrop().message(place), column);
                self.wire.grammar.ok(line);
            }
            Err(none) => self.wire.grammar.err(None, none),
        }
    }

    async fn answer_all(&mut self, column: Column) -> Result<(), End> {
        let (count, octets) = self.maildrop().drop_listing();
        self.wire
            .grammar
            .ok(format_args!("{count} messages, {octets} octets"));
        let mut place = 0;
        loop {
            let maildrop = self
                .maildrop
                .as_ref()
                .expect("Transaction begins when the maildrop is open");
            let mut last = None;
            for (number, message) in maildrop.unmarked_from(place).take(LINES_AT_ONCE) {
                self.wire.grammar.line_text(Line(number, *message, column));
                last = Some(number);
            }
            let Some(last) = last else { break };
            place = last;
            self.wire.flush_if_much().await?;
        }
        self.wire.grammar.end();
        Ok(())
    }
}

/// One line of a listing.
struct Line(usize, MaildropMessage, Column);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number, message, column) = self;
        write!(f, "{number} ")?;
        match column {
            Column::Size => write!(f, "{}", message.size.count()),
            Column::UniqueId => {
                let mut digits = [0; 24];
                for (pair, octet) in digits.chunks_exact_mut(2).zip(message.uidl) {
                    pair[0] = DIGITS[usize::from(octet >> 4)];
                    pair[1] = DIGITS[usize::from(octet & 15)];
                }
                f.write_str(str::from_utf8(&digits).expect("hex digits are ASCII"))
            }
        }
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use inhaul_types::{Octets, Uid};

    use super::*;

    #[test]
    fn a_unique_id_is_24_digits() {
        let message = MaildropMessage {
            size: Octets::new(1234),
            uid: Uid::new(9),
            uidl: [0, 1, 0x9a, 0xff, 4, 5, 6, 7, 8, 9, 10, 11],
        };
        let line = |column| Line(7, message, column).to_string();
        assert_eq!(line(Column::Size), "7 1234");
        assert_eq!(line(Column::UniqueId), "7 00019aff0405060708090a0b");
    }
}
