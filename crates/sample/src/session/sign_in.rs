//! `USER` and `PASS`, `APOP` (RFC 1939), and how every sign-in ends.

use inhaul_pop3_proto::ResponseCode;
use inhaul_sasl::apop;
use inhaul_types::Secret;

use super::Conversation;
use super::greeting::STAMP;
use crate::mailbox::Mailbox;
use crate::switches::{Apop, Greeting, Pipelining, Refusal};
use crate::watch::SessionEvent;
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

    pub(super) async fn answer_apop(&mut self, user: &str, digest: &Secret) -> Result<(), End> {
        let switches = self.shared.switches();
        if switches.apop == Apop::Refused || switches.greeting != Greeting::Stamped {
            self.grammar.err(None, "APOP is not possible for you");
            return Ok(());
        }
        let mailbox = self.shared.find(user);
        let right = mailbox.as_ref().is_some_and(|mailbox| {
            apop::digest(STAMP, &mailbox.password()).expose() == digest.expose()
        });
        self.admit(mailbox, right).await
    }

    pub(super) async fn sign_in(&mut self, user: &str, password: &Secret) -> Result<(), End> {
        let mailbox = self.shared.find(user);
        let right = mailbox
            .as_ref()
            .is_some_and(|mailbox| mailbox.password() == *password);
        self.admit(mailbox, right).await
    }

    /// Ends a sign-in to a mailbox by somebody who has said or proven its password, or has not.
    pub(super) async fn admit(&mut self, mailbox: Option<Mailbox>, right: bool) -> Result<(), End> {
        let opened = match &mailbox {
            Some(mailbox) => {
                self.journal.hand_over(mailbox);
                mailbox.sign_in(right)
            }
            None => Err(Refusal::Auth),
        };
        if let Some(mailbox) = &mailbox {
            let user = mailbox.user();
            self.tell(&match opened {
                Ok(_) => SessionEvent::SignedIn { user },
                Err(_) => SessionEvent::Refused { user },
            });
        }
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
    pub(super) async fn lose_early_commands(&mut self) {
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
