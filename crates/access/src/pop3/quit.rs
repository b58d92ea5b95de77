//! `QUIT`: the end, and in the Transaction state the removal of what is marked (RFC 1939 section 6).
//!
//! One order to the store. If the process ends in the middle of a long one, the rest is still
//! there and marked by nobody, as after any session that ends without `QUIT`.

use inhaul_pop3_proto::ResponseCode;

use super::session::Conversation;
use super::wire::End;

impl Conversation {
    pub(super) async fn answer_quit(&mut self) -> Result<(), End> {
        let marked = self
            .maildrop
            .as_ref()
            .map(|maildrop| (maildrop.folder(), maildrop.marked()));
        match marked {
            Some((folder, marked)) if !marked.is_empty() => {
                match self.service.store.message_remove(folder, &marked).await {
                    Ok(removed) => {
                        self.tally.removed = removed;
                        self.wire.grammar.ok(format_args!("{removed} removed"));
                    }
                    Err(error) => {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "marked messages stay"
                        );
                        let text = "Some marked messages are not removed, try again later";
                        self.wire.grammar.err(Some(ResponseCode::SysTemp), text);
                    }
                }
            }
            _ => self.wire.grammar.ok("Good-bye"),
        }
        // Whoever is told may sign in again at once.
        self.maildrop = None;
        self.wire.flush().await?;
        Err(End::Said)
    }
}
