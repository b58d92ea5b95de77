//! `STLS` (RFC 2595), and the handshake at the start of a line to the TLS port.

use super::Conversation;
use crate::switches::Stls;
use crate::wire::End;

impl Conversation {
    pub(super) async fn answer_stls(&mut self) -> Result<(), End> {
        let how = self.shared.switches().stls;
        let possible = self.shared.certificates().is_some() && !self.encrypted;
        match how {
            _ if !possible => self.grammar.err(None, "no TLS here"),
            Stls::Absent => self.grammar.err(None, "unknown command"),
            Stls::Refused => self.grammar.err(None, "no TLS today"),
            Stls::Hangs => {
                self.grammar.ok("begin");
                return self.hang().await;
            }
            Stls::Works => return self.change_to_tls().await,
            Stls::ExtraPlaintext => {
                self.grammar
                    .raw(b"+OK begin\r\n+OK nobody signed this line\r\n");
                // The grammar did not see the answer that starts a handshake.
                return self.change_to_tls_silently().await;
            }
        }
        Ok(())
    }

    async fn change_to_tls(&mut self) -> Result<(), End> {
        self.grammar.ok("begin");
        self.change_to_tls_silently().await
    }

    async fn change_to_tls_silently(&mut self) -> Result<(), End> {
        self.flush().await?;
        // Anyone could have sent what came before the handshake.
        self.pending.clear();
        self.user = None;
        self.begin_tls().await?;
        self.grammar.tls_established();
        Ok(())
    }

    pub(super) async fn begin_tls(&mut self) -> Result<(), End> {
        let kind = self.shared.switches().certificate;
        let acceptor = self.shared.certificates().ok_or(End::Lost)?.acceptor(kind);
        self.wire.secure(&acceptor).await?;
        self.encrypted = true;
        Ok(())
    }
}
