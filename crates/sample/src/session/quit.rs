//! `QUIT` (RFC 1939): behind it, and nowhere else, what was marked is removed.

use inhaul_pop3_proto::ResponseCode;

use super::Conversation;
use crate::maildrop::Maildrop;
use crate::switches::{Quit, Removal};
use crate::watch::SessionEvent;
use crate::wire::End;

impl Conversation {
    /// Never returns `Ok`: the session is over.
    pub(super) async fn answer_quit(&mut self) -> Result<(), End> {
        let how = self.mailbox_switches().quit;
        if how == Quit::CutBefore {
            return self.break_line().await;
        }
        self.note("QUIT".to_owned());
        match how {
            Quit::Works => {
                self.update();
                self.grammar.ok("bye");
            }
            Quit::Refused => {
                let text = "some messages were not removed";
                self.grammar.err(Some(ResponseCode::SysTemp), text);
            }
            Quit::Unanswered(removal) => {
                self.update_if(removal);
                return self.hang().await;
            }
            Quit::HangsUp(removal) => {
                self.update_if(removal);
                return self.break_line().await;
            }
            Quit::CutBefore => {}
        }
        // Free before the client hears of it: it may sign in again at once.
        self.maildrop.iter_mut().for_each(Maildrop::release);
        self.flush().await?;
        Err(End::Said)
    }

    fn update_if(&mut self, removal: Removal) {
        if removal == Removal::Done {
            self.update();
        }
    }

    fn update(&mut self) {
        if let Some(maildrop) = &mut self.maildrop {
            let removed = maildrop.update();
            self.tell(&SessionEvent::Removed(&removed));
        }
    }
}
