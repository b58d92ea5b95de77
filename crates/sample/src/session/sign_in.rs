//! `USER` and `PASS` (RFC 1939), `AUTH PLAIN` (RFC 5034).

use inhaul_pop3_proto::{ResponseCode, sasl_plain};
use inhaul_types::Secret;

use super::Conversation;
use crate::switches::{AuthPlain, Pipelining, Refusal};
use crate::wire::End;

impl Conversation {
    pub(super) fn answer_user(&mut self, user: String) {
        self.user = Some(user);
        // Whether there is such a user is nobody's business yet.
        self.grammar.ok("");
    }

    pub(super) async fn answer_pass(&mut self, password: &Secret) -> Result<(), End> {
        match self.user.take() {
            Some(user) => self.sign_in(&user, password).await,
            None => {
                self.grammar.err(None, "USER comes first");
                Ok(())
            }
        }
    }

    pub(super) async fn answer_auth(
        &mut self,
        mechanism: &str,
        initial: Option<Secret>,
    ) -> Result<(), End> {
        let how = self.shared.switches().auth_plain;
        if how == AuthPlain::Absent || !mechanism.eq_ignore_ascii_case("PLAIN") {
            self.grammar.err(None, "unknown mechanism");
            return Ok(());
        }
        match initial {
            Some(response) => self.answer_auth_response(&response).await,
            None => {
                self.grammar.continuation("");
                Ok(())
            }
        }
    }

    pub(super) async fn answer_auth_response(&mut self, response: &Secret) -> Result<(), End> {
        let refused = self.shared.switches().auth_plain == AuthPlain::Refused;
        match sasl_plain::decode(response) {
            Ok(_) if refused => {
                self.lose_early_commands().await;
                self.grammar.err(Some(ResponseCode::Auth), "not that way");
                Ok(())
            }
            Ok(credentials) => self.sign_in(&credentials.user, &credentials.password).await,
            Err(bad) => {
                self.grammar.err(None, bad);
                Ok(())
            }
        }
    }

    async fn sign_in(&mut self, user: &str, password: &Secret) -> Result<(), End> {
        let mailbox = self.shared.find(user);
        let opened = match &mailbox {
            Some(mailbox) => {
                self.journal.hand_over(mailbox);
                mailbox.sign_in(password.expose())
            }
            None => Err(Refusal::Auth),
        };
        self.lose_early_commands().await;
        match opened {
            Ok(maildrop) => {
                let count = maildrop.numbers().count();
                self.maildrop = Some(maildrop);
                self.grammar.signed_in();
                self.grammar.ok(format_args!("{count} messages"));
                Ok(())
            }
            Err(refusal) => self.refuse(refusal).await,
        }
    }

    /// Some servers forget what came in before they answered the sign-in.
    async fn lose_early_commands(&mut self) {
        if self.shared.switches().pipelining == Pipelining::LosesEarly {
            self.pending.clear();
            self.wire.discard().await;
        }
    }

    async fn refuse(&mut self, refusal: Refusal) -> Result<(), End> {
        let (code, text) = match refusal {
            Refusal::InUse => (
                Some(ResponseCode::InUse),
                "the maildrop is open elsewhere".into(),
            ),
            Refusal::LoginDelay => (Some(ResponseCode::LoginDelay), "too often".into()),
            Refusal::SysTemp => (Some(ResponseCode::SysTemp), "try again later".into()),
            Refusal::SysPerm => (
                Some(ResponseCode::SysPerm),
                "this will not get better".into(),
            ),
            Refusal::Auth => (Some(ResponseCode::Auth), "wrong name or password".into()),
            Refusal::Bare => (None, String::new()),
            Refusal::Text(text) => (None, text),
            Refusal::Silence => return self.hang().await,
            Refusal::HangUp => return self.break_line().await,
        };
        self.grammar.err(code, text);
        Ok(())
    }
}
