//! The commonest cards in full.

use super::*;

/// A detail, or words of the server, on top of what is known of any run.
fn with(code: ErrorCode, server: &str, detail: Option<Detail>, said: Option<&str>) -> String {
    let mut some = facts(detail);
    some.server = Some(server.into());
    some.provider = provider(server);
    some.said = said.map(str::to_owned);
    read(code, &some)
}

/// The card as it is read, and as it should be.
pub(super) fn all() -> Vec<(String, &'static str)> {
    use ErrorCode::*;
    let club = |code, detail| with(code, "pop.club.example", detail, None);
    let mut worked = facts(None);
    worked.last_good = Some(Timestamp::from_millis(1_773_133_920_000));
    let certificate = |fact| club(Certificate, Some(Detail::Certificate(fact)));
    let on = Some(Timestamp::from_millis(1_772_445_600_000));
    let cut = Detail::Cut {
        stored: 6,
        wanted: 12,
        half: Some(7),
    };
    let shown = || "sha256//cd34ef+/=".to_owned();
    let unknown = CertificateFact::UnknownIssuer {
        shown: Some(shown()),
    };
    let changed = CertificateFact::KeyChanged {
        pinned: "sha256//ab12+/=".into(),
        shown: shown(),
    };
    let smtp = Some(Detail::Speaks(Spoken::Smtp));
    vec![
        (read(AuthRefused, &worked), "\
pop.club.example refuses the password
It worked until Tue 10 Mar 09:12 UTC. Since then the server says the name or password is wrong.
- Sign in on the provider's website to check the password.
- If it works there, pop.club.example may want an app password, or POP may be switched off: look in the mail settings on the provider's website.
- Enter the password here again: `inhaul retrieval set Club --password`.
inhaul tries again after 15 minutes, 1 hour and 6 hours, then once a day, so that pop.club.example does not lock the mailbox; and at once when the password is changed. Mail waits safely on pop.club.example.
"),
        (with(AuthAppPassword, "pop.gmail.com", None, None), "\
Gmail wants an app password
Your normal password works on their website, but not in programs such as inhaul.
- Create an app password at https://myaccount.google.com/apppasswords.
- Enter it here instead of your normal one: `inhaul retrieval set Club --password`.
- If it is one already, see that POP is switched on there: Settings > Forwarding and POP/IMAP > Enable POP for all mail.
inhaul tries again after 15 minutes, 1 hour and 6 hours, then once a day, so that pop.gmail.com does not lock the mailbox; and at once when the password is changed. Mail waits safely on pop.gmail.com.
"),
        (
            with(AuthNotPossible, "outlook.office365.com", None, None),
            "\
Microsoft does not allow passwords any more
Since 2024 Outlook.com, Hotmail, Live and MSN mailboxes only accept sign-in through Microsoft's own page.
- If a program of yours can fetch an OAuth token for Microsoft, inhaul signs in with that: `inhaul retrieval set Club --token-command COMMAND`.
- If not, forward mail from Microsoft to a mailbox that inhaul can read.
inhaul does not try this mailbox by itself until its settings are changed. Mail stays safely on outlook.office365.com.
",
        ),
        (with(PopSwitchedOff, "pop.gmail.com", None, None), "\
POP is switched off for this mailbox
Gmail lets programs in only after you allow it.
- On Gmail's website: Settings > Forwarding and POP/IMAP > Enable POP for all mail.
- Then try again: `inhaul pull Club`.
inhaul tries again after 15 minutes, 1 hour and 6 hours, then once a day, so that pop.gmail.com does not lock the mailbox; and at once when the password is changed. Mail waits safely on pop.gmail.com.
"),
        (club(NameNotFound, None), "\
There is no server called pop.club.example
The name is not in the internet's address book (DNS).
- Check the spelling. A typical name is mail.club.example.
- Correct it: `inhaul retrieval set Club --server HOST`.
inhaul tries again by itself, because the name may come back, and waits longer after each failure, at most 60 minutes.
"),
        (club(NoAnswer, Some(Detail::NoReply { seconds: 15 })), "\
pop.club.example does not answer
No reply on port 995 within 15 seconds.
- If other mailboxes work, the server is down or the port is wrong: wait, or check the port (usually 995).
- If none work, a firewall may block port 995.
inhaul tries again by itself and waits longer after each failure, at most 60 minutes. Mail waits safely on pop.club.example.
"),
        (certificate(CertificateFact::Expired { on }), "\
pop.club.example could not prove who it is
Its certificate expired on 2 March 2026.
- Wait for the provider to renew it, or tell them.
- If this happens with every server, set the clock of this computer.
inhaul sends no password. It tries again after 15 minutes, 1 hour, then every 6 hours. Mail waits safely on pop.club.example.
"),
        (
            certificate(CertificateFact::WrongName {
                names: vec!["other.example".into()],
                shown: None,
            }),
            "\
pop.club.example could not prove who it is
Its certificate is for other.example.
- If that is the provider's name too, use it as the server: `inhaul retrieval set Club --server other.example:995`.
- If it is a stranger's, ask the provider.
inhaul sends no password. It tries again after 15 minutes, 1 hour, then every 6 hours. Mail waits safely on pop.club.example.
",
        ),
        (certificate(unknown), "\
pop.club.example could not prove who it is
Its certificate is signed by nobody this server knows.
- If it is your own or your company's server, trust the authority that signed the certificate: `inhaul retrieval set Club --ca-file FILE`.
- If it is your own server, trust exactly its key: `inhaul retrieval set Club --pin sha256//cd34ef+/=`.
- If it is a provider's, tell them, and try from another network: somebody may be in between.
inhaul sends no password. It tries again after 15 minutes, 1 hour, then every 6 hours. Mail waits safely on pop.club.example.
"),
        (certificate(changed), "\
The key of pop.club.example has changed, and no password was sent
You trusted sha256//ab12+/=; it now shows sha256//cd34ef+/=. Either its key was renewed, or somebody is in between.
- Ask whoever runs the server whether the key was renewed, and compare it with the one above.
- Only if it is theirs, trust the new key: `inhaul retrieval set Club --pin sha256//cd34ef+/=`.
inhaul sends no password. It tries again after 15 minutes, 1 hour, then every 6 hours. Mail waits safely on pop.club.example.
"),
        (club(AuthRefused, Some(Detail::TokenRefused)), "\
pop.club.example refuses the token
The server says the token does not open this mailbox.
- Run the program that gives the token: a token that has expired, or was made for something else than POP, is refused.
- If the program needs your consent again, give it.
- If the name is wrong: `inhaul retrieval set Club --user NAME`.
inhaul tries again after 15 minutes, 1 hour and 6 hours, then once a day, so that pop.club.example does not lock the mailbox. Mail waits safely on pop.club.example.
"),
        (club(NoEncryption, None), "\
pop.club.example offers no encryption on port 995
Your password would cross the internet readable by others.
- Try port 110 with STARTTLS: `inhaul retrieval set Club --server pop.club.example:110 --security starttls`.
- If the provider really has none, ask an administrator.
inhaul sends no password. It tries again after 15 minutes, 1 hour, then every 6 hours. Mail waits safely on pop.club.example.
"),
        (club(MailboxInUse, None), "\
Someone else is reading this mailbox
POP3 lets in one program at a time.
- Wait. It is usually a phone or another program checking at the same moment.
- If it happens every time, make that program check less often.
This does not count as a failure. inhaul tries again after 2 minutes, then after 5, then at the normal interval. Mail waits safely on pop.club.example.
"),
        (
            club(TooOften, Some(Detail::LoginDelay { seconds: 900 })),
            "\
pop.club.example asks us to check less often
It allows one check every 15 minutes.
- Nothing. Only if a script or cron runs `inhaul pull`, let it run less often.
This does not count as a failure. inhaul makes this retrieval's interval as long as the server asks. Mail waits safely on pop.club.example.
",
        ),
        (club(CutOff, Some(cut)), "\
The line was cut in the middle of message 7 of 12
6 messages are stored.
- Nothing. The rest comes with the next check.
- If it happens every time, look at what lies in between: a firewall, a virus scanner or a weak connection.
Half messages are never kept, and nothing is deleted on pop.club.example that is not stored here. inhaul goes on where it stopped with the next check.
"),
        (
            with(
                NotPop3,
                "mail.club.example",
                smtp,
                Some("220 mail.example ESMTP"),
            ),
            "\
The program at mail.club.example:995 does not speak POP3
It said: '220 mail.example ESMTP'.
- That looks like SMTP, which sends mail. The port is right, so the name may be wrong. A typical name is pop.club.example.
- If that fails too, ask the provider for the name of their POP3 server.
inhaul sends no password. It tries again after 15 minutes, 1 hour, then every 6 hours. Mail waits safely on mail.club.example.
",
        ),
    ]
}
