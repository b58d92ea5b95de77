//! `STLS`: encryption by command (RFC 2595 section 4).

use super::session::{Conversation, HANDSHAKE_MOST};
use super::wire::End;

impl Conversation {
    pub(super) async fn answer_stls(&mut self) -> Result<(), End> {
        let Some(tls) = self.service.tls.clone() else {
            self.wire.grammar.err(None, "There is no certificate");
            return Ok(());
        };
        if self.wire.is_encrypted() {
            self.wire
                .grammar
                .err(None, "The connection is encrypted already");
            return Ok(());
        }
        self.wire.grammar.ok("Begin");
        self.wire.flush().await?;
        self.wire.encrypt(&tls, HANDSHAKE_MOST).await?;
        // What was said before could have come from anyone.
        self.user = None;
        self.exchange = None;
        self.wire.grammar.tls_established();
        Ok(())
    }
}
