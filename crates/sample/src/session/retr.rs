//! `RETR` (RFC 1939), and all that can go wrong with it.

use inhaul_types::MessageNumber;

use super::Conversation;
use crate::body::Body;
use crate::switches::{Fault, Retr};
use crate::watch::SessionEvent;
use crate::wire::End;

/// Where a message on its way ends.
enum Until {
    /// Behind its last octet.
    Whole,
    /// Behind so many octets.
    Octets(u64),
}

impl Conversation {
    pub(super) async fn answer_retr(&mut self, number: MessageNumber) -> Result<(), End> {
        if !self.expect_message(number) {
            return Ok(());
        }
        let Some(maildrop) = &self.maildrop else {
            return Ok(());
        };
        let (Some(id), Some(body)) = (maildrop.id(number.number()), maildrop.body(number.number()))
        else {
            return Ok(());
        };
        let mailbox = maildrop.mailbox().clone();
        mailbox.note_retrieval(id);
        self.retrs = self.retrs.saturating_add(1);
        let fault = match mailbox.switches().retr {
            Retr::CutAtNth(nth) if nth.get() == self.retrs => {
                Some(Fault::CutAfter(body.size() / 2))
            }
            Retr::Works | Retr::CutAtNth(_) => mailbox.take_fault(id),
        };
        match &fault {
            Some(Fault::Refused(text)) => {
                self.grammar.err(None, text);
                return Ok(());
            }
            Some(Fault::Vanished) => {
                mailbox.remove(id);
                self.tell(&SessionEvent::Vanished(id));
                self.grammar.err(None, "the message is gone");
                return Ok(());
            }
            _ => self.grammar.ok(format_args!("{} octets", body.size())),
        }
        match fault {
            Some(Fault::CutAfter(octets)) => {
                self.send_body(&body, &Until::Octets(octets)).await?;
                return self.break_line().await;
            }
            Some(Fault::NeverEnds) => {
                self.send_body(&body, &Until::Whole).await?;
                return self.hang().await;
            }
            Some(Fault::Empty) => self.grammar.body_end(),
            _ => {
                self.send_body(&body, &Until::Whole).await?;
                self.grammar.body_end();
            }
        }
        if let Some(maildrop) = &mut self.maildrop {
            maildrop.note_retrieved(number.number());
        }
        if fault == Some(Fault::HangUpBehind) {
            self.break_line().await
        } else {
            Ok(())
        }
    }

    async fn send_body(&mut self, body: &Body, until: &Until) -> Result<(), End> {
        let end = match until {
            Until::Whole => u64::MAX,
            Until::Octets(octets) => *octets,
        };
        let mut offset = 0;
        loop {
            let piece = body.piece(offset);
            let left = usize::try_from(end - offset).unwrap_or(usize::MAX);
            let piece = &piece[..piece.len().min(left)];
            if piece.is_empty() {
                return Ok(());
            }
            self.grammar.body_chunk(piece);
            offset += piece.len() as u64;
            self.flush_if_long().await?;
        }
    }
}
