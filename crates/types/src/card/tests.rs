//! What every card must be, and what the commonest say.

use super::*;
use crate::{Octets, Timestamp};

/// Facts as the engine gives them for a run.
fn facts(detail: Option<Detail>) -> Facts {
    Facts {
        server: Some("pop.club.example".into()),
        port: Some(995),
        user: Some("alice@club.example".into()),
        retrieval: Some("Club".into()),
        detail,
        ..Facts::default()
    }
}

/// What the table of providers says of these servers.
fn provider(server: &str) -> Option<Provider> {
    match server {
        "pop.gmail.com" => Some(Provider {
            app_password_at: Some("at https://myaccount.google.com/apppasswords"),
            pop_switch: Some("Settings > Forwarding and POP/IMAP > Enable POP for all mail"),
            ..Provider::named("Gmail")
        }),
        "outlook.office365.com" => Some(Provider::named("Microsoft")),
        "pop.gmx.net" => Some(Provider {
            pop_switch: Some("Settings > POP3 & IMAP"),
            ..Provider::named("GMX")
        }),
        _ => None,
    }
}

fn details() -> Vec<(ErrorCode, Detail)> {
    use ErrorCode::*;
    let why = || "it ended with exit status 1".to_owned();
    let moment = Some(Timestamp::from_millis(1_772_445_600_000));
    let certificate = |fact| (Certificate, Detail::Certificate(fact));
    let path = || Detail::Path("/var/lib/inhaul".into());
    let shown = || Some("sha256//cd34ef+/=".to_owned());
    vec![
        (AuthRefused, Detail::PasswordCommand { why: why() }),
        (AuthRefused, Detail::TokenCommand { why: why() }),
        (
            AuthRefused,
            Detail::PasswordFile {
                path: "/etc/inhaul/secrets/isp".into(),
                why: "Permission denied".into(),
            },
        ),
        (AuthRefused, Detail::TokenRefused),
        (AuthRefused, Detail::Unspeakable),
        (AuthNotPossible, Detail::NoStamp),
        (
            AuthNotPossible,
            Detail::NoMechanism {
                offered: vec!["GSSAPI".into(), "NTLM".into()],
            },
        ),
        (
            AuthNotPossible,
            Detail::NoMechanism {
                offered: Vec::new(),
            },
        ),
        (NoAnswer, Detail::ConnectionRefused),
        (NoAnswer, Detail::NoReply { seconds: 15 }),
        (NoAnswer, Detail::Silent { seconds: 60 }),
        (
            NoAnswer,
            Detail::Unreachable {
                why: "Network is unreachable".into(),
            },
        ),
        (NoAnswer, Detail::LookUpFailed),
        (NoAnswer, Detail::TooSlow),
        certificate(CertificateFact::Expired { on: moment }),
        certificate(CertificateFact::Expired { on: None }),
        certificate(CertificateFact::NotYetValid { from: moment }),
        certificate(CertificateFact::NotYetValid { from: None }),
        certificate(CertificateFact::WrongName {
            names: vec!["other.example".into()],
            shown: shown(),
        }),
        certificate(CertificateFact::WrongName {
            names: vec!["*.other.example".into()],
            shown: None,
        }),
        certificate(CertificateFact::WrongName {
            names: Vec::new(),
            shown: shown(),
        }),
        certificate(CertificateFact::UnknownIssuer { shown: None }),
        certificate(CertificateFact::UnknownIssuer { shown: shown() }),
        certificate(CertificateFact::OwnAuthority { shown: None }),
        certificate(CertificateFact::OwnAuthority { shown: shown() }),
        certificate(CertificateFact::Revoked),
        certificate(CertificateFact::KeyChanged {
            pinned: "sha256//ab12+/=".into(),
            shown: "sha256//cd34ef+/=".into(),
        }),
        certificate(CertificateFact::AuthorityFile {
            path: "/etc/ca.pem".into(),
            why: "there is no certificate in it".into(),
        }),
        certificate(CertificateFact::Other {
            why: "its signature is wrong".into(),
            shown: shown(),
        }),
        (NoEncryption, Detail::NotTls),
        (TooOften, Detail::LoginDelay { seconds: 900 }),
        (
            CutOff,
            Detail::Cut {
                stored: 6,
                wanted: 12,
                half: Some(7),
            },
        ),
        (
            CutOff,
            Detail::Cut {
                stored: 0,
                wanted: 12,
                half: Some(1),
            },
        ),
        (
            CutOff,
            Detail::Cut {
                stored: 6,
                wanted: 12,
                half: None,
            },
        ),
        (
            CutOff,
            Detail::Cut {
                stored: 12,
                wanted: 12,
                half: None,
            },
        ),
        (
            CutOff,
            Detail::Cut {
                stored: 0,
                wanted: 0,
                half: None,
            },
        ),
        (CutOff, Detail::Stopped),
        (
            IdsChanged,
            Detail::Renumbered {
                listed: 2310,
                known: 2296,
            },
        ),
        (
            TooLarge,
            Detail::TooLarge {
                count: 1,
                largest: Some(("Video".into(), "Tomas".into(), Octets::new(72_000_000))),
                limit: Octets::new(50_000_000),
            },
        ),
        (
            TooLarge,
            Detail::TooLarge {
                count: 3,
                largest: None,
                limit: Octets::new(50_000_000),
            },
        ),
        (
            MailboxFull,
            Detail::Full {
                used: Octets::new(5_000_000_000),
                limit: Octets::new(5_000_000_000),
            },
        ),
        (DiskFull, path()),
        (NotPop3, Detail::Speaks(Spoken::Smtp)),
        (NotPop3, Detail::Speaks(Spoken::Imap)),
        (NotPop3, Detail::Speaks(Spoken::Http)),
        (NotPop3, Detail::Speaks(Spoken::Ssh)),
        (NotPop3, Detail::Speaks(Spoken::Ftp)),
        (NotPop3, Detail::Speaks(Spoken::Tls)),
        (NotPop3, Detail::Speaks(Spoken::Unknown)),
        (DataInUse, path()),
        (
            DataDamaged,
            Detail::Damaged {
                why: "a body has another digest".into(),
            },
        ),
        (
            DataDamaged,
            Detail::Unusable {
                doing: "read a message".into(),
                why: "Input/output error".into(),
            },
        ),
        (
            DataTooNew,
            Detail::Schema {
                path: "/var/lib/inhaul".into(),
                found: 3,
                known: 1,
            },
        ),
        (WrongKey, path()),
        (
            BadAnswer,
            Detail::Nonsense {
                why: "the reply to STAT has no POP3 status".into(),
            },
        ),
        (
            BadAnswer,
            Detail::Unproven {
                mechanism: "SCRAM-SHA-256-PLUS".into(),
            },
        ),
        (BadAnswer, Detail::Downgraded),
    ]
}

/// Every card that can come up, with a name for messages.
fn all_cards() -> Vec<(String, Card)> {
    let mut cards = Vec::new();
    let mut add = |code: ErrorCode, facts: &Facts| {
        cards.push((format!("{code}: {facts:?}"), Card::of(code, facts)));
    };
    for code in ErrorCode::ALL {
        add(*code, &Facts::default());
        for server in [
            "pop.club.example",
            "pop.gmail.com",
            "outlook.office365.com",
            "pop.gmx.net",
        ] {
            for occasion in [Occasion::Run, Occasion::Trial] {
                let mut some = facts(None);
                some.server = Some(server.into());
                some.provider = provider(server);
                some.occasion = occasion;
                add(*code, &some);
                some.port = Some(110);
                some.user = Some("alice".into());
                some.last_good = Some(Timestamp::from_millis(0));
                some.failing_since = Some(Timestamp::from_millis(0));
                add(*code, &some);
            }
        }
    }
    for (code, detail) in details() {
        for occasion in [Occasion::Run, Occasion::Trial] {
            let mut some = facts(Some(detail.clone()));
            some.occasion = occasion;
            add(code, &some);
            some.said = Some("220 mail.example ESMTP".into());
            add(code, &some);
        }
        let bare = Facts {
            detail: Some(detail),
            ..Facts::default()
        };
        add(code, &bare);
    }
    cards
}

fn sentences(card: &Card) -> Vec<&str> {
    let mut texts = vec![card.what.as_str(), card.next.as_str()];
    texts.extend(card.todo.iter().map(String::as_str));
    texts
}

#[test]
fn every_card_is_made_of_whole_sentences() {
    for (which, card) in all_cards() {
        for text in sentences(&card) {
            assert!(text.len() > 5 && text.ends_with('.'), "{which}: {text:?}");
            let first = text.chars().next().unwrap();
            let is_name = ["inhaul ", "pop.", "outlook."]
                .iter()
                .any(|name| text.starts_with(name));
            assert!(
                first.is_uppercase() || first.is_ascii_digit() || "'/".contains(first) || is_name,
                "{which}: {text:?}"
            );
        }
        assert!(
            !card.title.is_empty() && !card.title.ends_with('.'),
            "{which}: {}",
            card.title
        );
        assert!(!card.todo.is_empty(), "{which}");
        for text in sentences(&card).into_iter().chain([card.title.as_str()]) {
            for slip in ["  ", " .", " ,", "..", ": .", "()", "` `", ":."] {
                assert!(!text.contains(slip), "{which}: {text:?} holds {slip:?}");
            }
            assert!(text.trim() == text, "{which}: {text:?}");
            assert!(text.matches('`').count() % 2 == 0, "{which}: {text:?}");
        }
    }
}

#[test]
fn no_card_shows_what_only_programmers_know() {
    for (which, card) in all_cards() {
        for text in sentences(&card).into_iter().chain([card.title.as_str()]) {
            for slip in [
                "{", "}", "::", "Error(", "Some(", "None", "Ok(", "Err(", "panicked", "please",
                "Please", "!", "Oops",
            ] {
                assert!(!text.contains(slip), "{which}: {text:?} holds {slip:?}");
            }
            // CamelCase of ours; names of the world outside are spelt their way.
            let camel = text.split(|c: char| !c.is_alphanumeric()).find(|word| {
                let inner = word.chars().skip(1).any(char::is_uppercase);
                inner
                    && word.chars().any(char::is_lowercase)
                    && !["NetEase", "OAuth"].contains(word)
            });
            assert_eq!(camel, None, "{which}: {text:?}");
        }
    }
}

#[test]
fn every_card_of_a_remote_server_names_it() {
    use ErrorCode::*;
    for code in ErrorCode::ALL {
        let card = Card::of(*code, &facts(None));
        let text = format!("{} {}", card.title, sentences(&card).join(" "));
        let is_ours = matches!(
            code,
            DiskFull | DataInUse | DataDamaged | DataTooNew | WrongKey
        );
        assert!(
            is_ours || text.contains("pop.club.example"),
            "{code}: {text}"
        );
        assert!(
            card.summary(&facts(None)).contains("pop.club.example"),
            "{code}"
        );
    }
}

#[test]
fn commands_name_the_retrieval_as_a_shell_takes_it() {
    let mut some = facts(None);
    some.retrieval = Some("Old ISP".into());
    let card = Card::of(ErrorCode::AuthRefused, &some);
    let command = "inhaul retrieval set \"Old ISP\" --password";
    assert_eq!(card.command.as_deref(), Some(command));
    assert!(
        card.todo.iter().any(|step| step.contains(command)),
        "{card:?}"
    );
    for (which, card) in all_cards() {
        let Some(command) = card.command else {
            continue;
        };
        assert!(command.starts_with("inhaul "), "{which}: {command}");
        assert!(!command.contains('`'), "{which}: {command}");
    }
}

#[test]
fn where_nothing_is_saved_no_retrieval_is_spoken_of() {
    for (which, card) in all_cards() {
        if which.contains("occasion: Trial") {
            let text = sentences(&card).join(" ");
            for word in [
                "retrieval set",
                "inhaul pull Club",
                "Club ",
                "next check",
                "tries again after",
            ] {
                assert!(!text.contains(word), "{which}: {text}");
            }
        }
    }
}

#[test]
fn every_code_has_the_exit_status_of_sysexits() {
    use ErrorCode::*;
    for (code, status) in [
        (AuthRefused, 77),
        (AuthAppPassword, 77),
        (AuthNotPossible, 77),
        (PopSwitchedOff, 77),
        (NameNotFound, 68),
        (NoAnswer, 75),
        (Certificate, 76),
        (NoEncryption, 76),
        (StlsRefused, 76),
        (MailboxInUse, 75),
        (TooOften, 75),
        (CutOff, 75),
        (IdsChanged, 75),
        (TooLarge, 0),
        (MailboxFull, 75),
        (DiskFull, 74),
        (NotPop3, 76),
        (DataInUse, 75),
        (DataDamaged, 74),
        (DataTooNew, 78),
        (MessageRefused, 0),
        (ServerBusy, 75),
        (ServerRefuses, 77),
        (BadAnswer, 76),
        (QueueFull, 75),
        (LimitReached, 75),
        (NotDeleted, 0),
        (Loop, 0),
        (WrongKey, 78),
    ] {
        assert_eq!(code.exit_status(), status, "{code}");
    }
}

#[test]
fn a_detail_reads_back_from_its_record() {
    for (_, detail) in details() {
        let record = detail.to_record();
        assert!(!record.contains('\n'), "{record}");
        assert_eq!(Detail::from_record(&record), Some(detail), "{record}");
    }
    let odd = Detail::Nonsense {
        why: "a\tb\\t\n\\".into(),
    };
    assert_eq!(Detail::from_record(&odd.to_record()), Some(odd));
    for unknown in ["", "weather", "cut\t1", "stopped\tmore", "cut\tx\ty\tz"] {
        assert_eq!(Detail::from_record(unknown), None, "{unknown:?}");
    }
}

#[test]
fn what_answers_is_guessed_by_its_first_line() {
    for (said, spoken) in [
        ("220 mail.example ESMTP Postfix", Spoken::Smtp),
        ("220-mail.example ESMTP", Spoken::Smtp),
        ("554 no SMTP service here", Spoken::Smtp),
        ("220 ProFTPD Server ready", Spoken::Ftp),
        ("* OK [CAPABILITY IMAP4rev1] ready", Spoken::Imap),
        ("* BYE too many", Spoken::Imap),
        ("HTTP/1.1 400 Bad Request", Spoken::Http),
        ("<!DOCTYPE html>", Spoken::Http),
        ("SSH-2.0-OpenSSH_9.6", Spoken::Ssh),
        ("\\u{15}\\u{3}\\u{1}\\u{0}\\u{2}\\u{2}P", Spoken::Tls),
        ("hello", Spoken::Unknown),
        ("", Spoken::Unknown),
    ] {
        assert_eq!(Spoken::of_greeting(said), spoken, "{said}");
    }
}

/// A card as it is read: one line for each part.
fn read(code: ErrorCode, facts: &Facts) -> String {
    let card = Card::of(code, facts);
    let mut text = format!("{}\n{}\n", card.title, card.what);
    for step in &card.todo {
        text += &format!("- {step}\n");
    }
    text + &card.next + "\n"
}

#[test]
fn the_commonest_cards_say_what_they_should() {
    for (said, expected) in common::all() {
        assert_eq!(said, expected);
    }
}

#[path = "tests/common.rs"]
mod common;
