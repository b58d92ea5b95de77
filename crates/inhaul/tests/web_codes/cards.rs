//! Failures of runs: each is provoked at a running server, and told alike by every face (A4).

use std::num::NonZeroU32;

use inhaul_sample::Tls;
use inhaul_sample::switches::{Capa, Greeting, Refusal, Retr, Stls};
use inhaul_types::ErrorCode;
use inhaul_types::ErrorCode::*;

use crate::faces::{Expected, assert_alike};
use crate::house::House;
use crate::peers::{Peers, Remote, letter, nobody};

/// A code, how it is provoked, and what is said then.
struct Row {
    provoke: fn(&mut Peers) -> Remote,
    expected: Expected,
}

/// Codes that come up in the table.
pub(crate) fn covered() -> Vec<ErrorCode> {
    table().iter().map(|row| row.expected.code).collect()
}

const LOCAL: &str = "127.0.0.1";

fn table() -> Vec<Row> {
    let row = |code, exit, provoke, title, step| Row {
        provoke,
        expected: Expected {
            code,
            exit,
            title,
            step,
            server: LOCAL,
        },
    };
    vec![
        row(
            AuthRefused,
            77,
            |peers| peers.refusing(Refusal::Auth),
            "127.0.0.1 refuses the password",
            "Sign in on the provider's website to check the password.",
        ),
        row(
            AuthAppPassword,
            77,
            |peers| {
                let text = "Application-specific password required";
                peers.refusing(Refusal::Text(text.into()))
            },
            "127.0.0.1 wants an app password",
            "Create an app password in the security settings",
        ),
        row(
            AuthNotPossible,
            77,
            |peers| peers.plain(|_| ()).with("--sign-in=apop"),
            "127.0.0.1 has no APOP",
            "Choose another way to sign in",
        ),
        row(
            PopSwitchedOff,
            77,
            |peers| {
                let text = "Your account is not enabled for POP access";
                peers.refusing(Refusal::Text(text.into()))
            },
            "POP is switched off for this mailbox",
            "On the provider's website: look for POP or POP3",
        ),
        Row {
            provoke: |_| Remote::named("pop.nowhere.invalid:995", "tls"),
            expected: Expected {
                code: NameNotFound,
                exit: 68,
                title: "There is no server called pop.nowhere.invalid",
                step: "Check the spelling.",
                server: "pop.nowhere.invalid",
            },
        },
        row(
            NoAnswer,
            75,
            |_| Remote::at(nobody(), "none"),
            "127.0.0.1 refuses the connection",
            "If other mailboxes work, the server is down or the port is wrong",
        ),
        row(
            Certificate,
            76,
            |peers| {
                let server = peers.server(Tls::Offered);
                Remote::at(server.tls_address().unwrap(), "tls")
            },
            "127.0.0.1 could not prove who it is",
            "If it is your own or your company's server, trust the authority",
        ),
        row(
            NoEncryption,
            76,
            |peers| Remote::at(peers.server(Tls::Absent).address(), "starttls"),
            "127.0.0.1 offers no encryption on port ",
            "Try port 995 with TLS",
        ),
        row(
            StlsRefused,
            76,
            |peers| {
                let server = peers.server(Tls::Offered);
                server.set(|it| it.stls = Stls::Refused);
                Remote::at(server.address(), "starttls")
            },
            "127.0.0.1 offered encryption and then refused it",
            "Try port 995 with TLS",
        ),
        // These two are no failures, so a command ends well.
        row(
            MailboxInUse,
            0,
            |peers| peers.refusing(Refusal::InUse),
            "Someone else is reading this mailbox",
            "Wait. It is usually a phone",
        ),
        row(
            TooOften,
            0,
            |peers| peers.refusing(Refusal::LoginDelay),
            "127.0.0.1 asks us to check less often",
            "Nothing.",
        ),
        row(
            CutOff,
            75,
            |peers| {
                let (remote, mailbox) = peers.mailbox(|it| {
                    it.retr = Retr::CutAtNth(NonZeroU32::new(7).unwrap());
                });
                for number in 1..=12 {
                    mailbox.append(letter(number, 2_000));
                }
                remote
            },
            "The line was cut in the middle of message 7 of 12",
            "Nothing. The rest comes with the next check.",
        ),
        row(
            MailboxFull,
            75,
            |peers| {
                let (remote, mailbox) = peers.mailbox(|_| ());
                mailbox.append(letter(1, 700));
                mailbox.append(letter(2, 700));
                remote.to("full")
            },
            "Your mailbox here is full (",
            "Delete large messages here",
        ),
        row(
            NotPop3,
            76,
            |peers| {
                let greeting = Greeting::Other("220 mail.example ESMTP".into());
                peers.plain(|it| it.greeting = greeting)
            },
            "The program at 127.0.0.1:",
            "That looks like SMTP",
        ),
        row(
            ServerBusy,
            75,
            |peers| peers.refusing(Refusal::SysTemp),
            "127.0.0.1 has a trouble of its own",
            "Nothing. If it goes on for hours",
        ),
        row(
            ServerRefuses,
            77,
            |peers| peers.refusing(Refusal::SysPerm),
            "127.0.0.1 refuses to open this mailbox",
            "Sign in on the provider's website: the mailbox may be closed",
        ),
        row(
            BadAnswer,
            76,
            |peers| peers.plain(|it| it.capa = Capa::NoAnswer),
            "127.0.0.1 gives answers that make no sense",
            "Nothing, if it happened once.",
        ),
    ]
}

#[test]
fn page_command_and_api_tell_the_same_of_every_failure() {
    let mut peers = Peers::new();
    let house = House::new();
    for row in table() {
        let name = row.expected.code.as_str();
        house.add(name, &(row.provoke)(&mut peers));
        assert_alike(&house, name, &row.expected);
    }
}
