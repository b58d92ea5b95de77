//! `DELE` and `RSET` (RFC 1939).

use inhaul_types::MessageNumber;

use super::Conversation;
use crate::switches::Dele;

impl Conversation {
    pub(super) fn answer_dele(&mut self, number: MessageNumber) {
        if !self.expect_message(number) {
            return;
        }
        match self.mailbox_switches().dele {
            Dele::Refused => {
                self.grammar.err(None, "you may not delete");
                return;
            }
            Dele::Ignored => {}
            Dele::Works => {
                if let Some(maildrop) = &mut self.maildrop {
                    maildrop.mark(number.number());
                }
            }
        }
        self.grammar.ok("marked");
    }

    pub(super) fn answer_rset(&mut self) {
        if let Some(maildrop) = &mut self.maildrop {
            maildrop.reset();
        }
        self.grammar.ok("");
    }
}
