//! `DELE` and `RSET`: marks, which mean something at `QUIT` only.

use inhaul_types::MessageNumber;

use super::session::Conversation;

impl Conversation {
    pub(super) fn answer_dele(&mut self, number: MessageNumber) {
        match self.maildrop().find(number) {
            Ok(place) => {
                self.maildrop_mut().mark(place);
                self.wire
                    .grammar
                    .ok(format_args!("Message {number} goes with QUIT"));
            }
            Err(none) => self.wire.grammar.err(None, none),
        }
    }

    pub(super) fn answer_rset(&mut self) {
        self.maildrop_mut().unmark_all();
        let (count, octets) = self.maildrop().drop_listing();
        self.wire
            .grammar
            .ok(format_args!("{count} messages, {octets} octets"));
    }
}
