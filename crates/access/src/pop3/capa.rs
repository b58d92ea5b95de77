//! `CAPA`: what a client may ask for (RFC 2449), in this state and on this line.

use super::session::Conversation;
use inhaul_pop3_proto::SessionState;

impl Conversation {
    pub(super) fn answer_capa(&mut self) {
        let is_authorization = self.wire.grammar.state() == SessionState::Authorization;
        let may_encrypt =
            is_authorization && !self.wire.is_encrypted() && self.service.tls.is_some();
        let may_sign_in = is_authorization && self.takes_passwords();
        let implementation = format!("IMPLEMENTATION {}", self.settings.implementation);
        let lines = [
            Some("TOP"),
            Some("UIDL"),
            Some("RESP-CODES"),
            Some("AUTH-RESP-CODE"),
            Some("PIPELINING"),
            may_encrypt.then_some("STLS"),
            may_sign_in.then_some("USER"),
            may_sign_in.then_some("SASL PLAIN LOGIN"),
            // Mail stays until somebody removes it, and nobody signs in too often.
            Some("EXPIRE NEVER"),
            Some("LOGIN-DELAY 0"),
            // USER: names may be UTF-8 too (RFC 6856 section 2.2).
            Some("UTF8 USER"),
            Some(implementation.as_str()),
        ];
        self.wire.grammar.ok("This is offered");
        for line in lines.into_iter().flatten() {
            self.wire.grammar.line(line.as_bytes());
        }
        self.wire.grammar.end();
    }
}
