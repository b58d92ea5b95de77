//! `CAPA` (RFC 2449).

use super::Conversation;
use crate::switches::{
    AuthPlain, Capa, MailboxSwitches, Pipelining, ScramPlus, ServerSwitches, Stls, Top, UniqueIds,
    Utf8,
};
use crate::wire::End;

/// Where the client stands when it asks.
struct Standing {
    signed_in: bool,
    encrypted: bool,
    may_encrypt: bool,
}

impl Conversation {
    pub(super) async fn answer_capa(&mut self) -> Result<(), End> {
        let server = self.shared.switches();
        match server.capa {
            Capa::Works | Capa::MoreAfterSignIn => {}
            Capa::Refused => {
                self.grammar.err(None, "unknown command");
                return Ok(());
            }
            Capa::Hangs => return self.hang().await,
            Capa::HangsUp => return self.break_line().await,
            Capa::Nonsense => {
                self.grammar.ok("");
                for line in ["", "%$!", "UIDL-ish", "\u{1b}[2J", "PIPE LINING", "..."] {
                    self.grammar.line(line.as_bytes());
                }
                self.grammar.end();
                return Ok(());
            }
            Capa::NoAnswer => {
                self.grammar.raw(b"What do you want?\r\n");
                return Ok(());
            }
        }
        let standing = Standing {
            signed_in: self.maildrop.is_some(),
            encrypted: self.encrypted,
            may_encrypt: self.shared.certificates().is_some() && !self.encrypted,
        };
        self.grammar.ok("this is what I can do");
        for line in capabilities(&server, &self.mailbox_switches(), &standing) {
            self.grammar.line_text(line);
        }
        self.grammar.end();
        Ok(())
    }
}

fn capabilities(
    server: &ServerSwitches,
    mailbox: &MailboxSwitches,
    standing: &Standing,
) -> Vec<String> {
    let everything = standing.signed_in || server.capa != Capa::MoreAfterSignIn;
    let stls = standing.may_encrypt && !standing.signed_in && server.stls != Stls::Absent;
    let number = |name: &str, number: Option<u32>| number.map(|number| format!("{name} {number}"));
    [
        (!standing.signed_in).then(|| "USER".to_owned()),
        sasl(server, standing),
        stls.then(|| "STLS".to_owned()),
        (server.utf8 != Utf8::Absent).then(|| "UTF8".to_owned()),
        (everything && mailbox.top != Top::Absent).then(|| "TOP".to_owned()),
        (everything && mailbox.unique_ids != UniqueIds::Absent).then(|| "UIDL".to_owned()),
        (everything && server.pipelining != Pipelining::Unannounced)
            .then(|| "PIPELINING".to_owned()),
        everything.then(|| "RESP-CODES".to_owned()),
        everything.then(|| "AUTH-RESP-CODE".to_owned()),
        number("LOGIN-DELAY", mailbox.login_delay.or(server.login_delay)),
        number("EXPIRE", mailbox.expire),
        Some("IMPLEMENTATION Sample".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn sasl(server: &ServerSwitches, standing: &Standing) -> Option<String> {
    let plus = standing.encrypted && server.scram_plus == ScramPlus::Offered;
    let mut names: Vec<String> = Vec::new();
    for mechanism in &server.mechanisms {
        let Some(name) = mechanism.sasl_name() else {
            continue;
        };
        if plus && name.starts_with("SCRAM-") {
            names.push(format!("{name}-PLUS"));
        }
        names.push(name.to_owned());
    }
    if server.auth_plain != AuthPlain::Absent {
        names.push("PLAIN".to_owned());
    }
    (!names.is_empty()).then(|| format!("SASL {}", names.join(" ")))
}
