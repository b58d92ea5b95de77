//! `DELE` and `RSET` (RFC 1939).

use inhaul_types::MessageNumber;

use super::Conversation;
use crate::switches::Dele;
use crate::watch::SessionEvent;

impl Conversation {
    pub(super) fn answer_dele(&mut self, number: MessageNumber) {
        if !self.expect_message(number) {
            return;
        }
        let asked = self
            .maildrop
            .as_ref()
            .and_then(|drop| drop.id(number.number()));
        if let Some(id) = asked {
            self.tell(&SessionEvent::DeletionAsked(id));
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
