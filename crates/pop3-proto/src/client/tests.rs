//! The client's end alone: what it refuses to send, what ends it, what it holds.

use inhaul_types::{MessageNumber, Secret};
use proptest::prelude::*;

use super::*;

const ONE: MessageNumber = MessageNumber::FIRST;

fn authorized() -> Client {
    let mut client = Client::new();
    feed(&mut client, b"+OK\r\n");
    client
}

fn in_transaction() -> Client {
    let mut client = authorized();
    client
        .send(Command::Pass(Secret::new("geheim".into())))
        .unwrap();
    feed(&mut client, b"+OK\r\n");
    client
}

/// Feeds and drains; the failure, if it came to one.
fn feed(client: &mut Client, octets: &[u8]) -> Option<ClientError> {
    client.handle_input(octets);
    drain(client)
}

fn drain(client: &mut Client) -> Option<ClientError> {
    loop {
        match client.poll_event() {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(failure) => return Some(failure),
        }
    }
}

fn scram() -> Command {
    Command::Auth {
        mechanism: "SCRAM-SHA-1",
        initial: Some(Secret::new("n,,n=anna,r=abc".into())),
        secret: Secret::new("geheim".into()),
    }
}

fn apop() -> Command {
    Command::Apop {
        user: "anna".into(),
        digest: Secret::new("c4c9334bac560ecc979e58001b3e22fb".into()),
    }
}

#[test]
fn a_command_is_sent_only_in_its_state() {
    let pass = || Command::Pass(Secret::new("x".into()));
    let plain = || Command::AuthPlain {
        user: "x".into(),
        password: Secret::new("x".into()),
    };
    // In Greeting, Authorization, Transaction.
    for (command, allowed) in [
        (Command::Capa, [false, true, true]),
        (Command::Stls, [false, true, false]),
        (Command::Utf8, [false, true, false]),
        (Command::User("anna".into()), [false, true, false]),
        (pass(), [false, true, false]),
        (plain(), [false, true, false]),
        (scram(), [false, true, false]),
        (apop(), [false, true, false]),
        (Command::Lang("en".into()), [false, true, true]),
        (Command::Stat, [false, false, true]),
        (Command::Uidl, [false, false, true]),
        (Command::List, [false, false, true]),
        (
            Command::Top {
                number: ONE,
                lines: 0,
            },
            [false, false, true],
        ),
        (Command::Retr(ONE), [false, false, true]),
        (Command::Dele(ONE), [false, false, true]),
        (Command::Noop, [false, false, true]),
        (Command::Rset, [false, false, true]),
        (Command::Quit, [false, true, true]),
    ] {
        let kind = command.kind();
        for (mut client, allowed) in [Client::new(), authorized(), in_transaction()]
            .into_iter()
            .zip(allowed)
        {
            let state = client.state();
            let expected = if allowed {
                Ok(())
            } else {
                Err(SendError::WrongState {
                    command: kind,
                    state,
                })
            };
            assert_eq!(client.send(command.clone()), expected, "{kind} in {state}");
        }
    }
}

#[test]
fn a_challenge_is_answered_once_and_only_where_there_is_one() {
    let message = Secret::new("c=biws".into());
    let mut client = authorized();
    assert_eq!(client.respond(&message), Err(SendError::NoChallenge));
    client.send(scram()).unwrap();
    assert_eq!(client.cancel(), Err(SendError::NoChallenge));
    assert_eq!(feed(&mut client, b"+ cj1hYmNk\r\n"), None);
    assert_eq!(client.respond(&message), Ok(()));
    assert_eq!(client.respond(&message), Err(SendError::NoChallenge));
    assert!(client.poll_output().ends_with(b"\r\nYz1iaXdz\r\n"));
    // All of it is on record, and none of it can be read there.
    assert_eq!(
        client.transcript().render(),
        "S: +OK\nC: AUTH SCRAM-SHA-1 ********\nS: + ********\nC: ********\n"
    );
}

#[test]
fn nothing_is_sent_behind_what_changes_the_session() {
    let secret = || Secret::new("x".into());
    for command in [
        Command::Stls,
        Command::User("anna".into()),
        Command::Pass(secret()),
        Command::AuthPlain {
            user: "anna".into(),
            password: secret(),
        },
        scram(),
        apop(),
        Command::Quit,
    ] {
        let mut client = authorized();
        let behind = command.kind();
        client.send(command).unwrap();
        let expected = Err(SendError::Unanswered {
            command: CommandKind::Capa,
            behind,
        });
        assert_eq!(client.send(Command::Capa), expected);
    }
    let mut client = authorized();
    for command in [Command::Capa, Command::Utf8, Command::User("anna".into())] {
        assert_eq!(client.send(command), Ok(()));
    }
    let mut client = in_transaction();
    client.send(Command::Quit).unwrap();
    let behind = CommandKind::Quit;
    let expected = Err(SendError::Unanswered {
        command: CommandKind::Noop,
        behind,
    });
    assert_eq!(client.send(Command::Noop), expected);
}

#[test]
fn a_name_or_password_stays_on_its_line() {
    for text in ["anna\r\nDELE 1", "anna\nQUIT", "anna\rQUIT", "an\0na"] {
        let secret = Secret::new(text.into());
        for command in [
            Command::User(text.into()),
            Command::Pass(secret.clone()),
            Command::AuthPlain {
                user: text.into(),
                password: Secret::new("x".into()),
            },
            Command::AuthPlain {
                user: "anna".into(),
                password: secret.clone(),
            },
            Command::Auth {
                mechanism: "XOAUTH2",
                initial: None,
                secret: secret.clone(),
            },
            Command::Apop {
                user: text.into(),
                digest: Secret::new("x".into()),
            },
            Command::Lang(text.into()),
        ] {
            let mut client = authorized();
            let kind = command.kind();
            assert_eq!(
                client.send(command),
                Err(SendError::ForbiddenOctet { command: kind })
            );
            assert_eq!((client.poll_output(), client.outstanding()), (&b""[..], 0));
        }
    }
}

#[test]
fn a_greeting_cut_short_is_a_cut_and_anything_else_is_no_pop3() {
    for (said, is_cut) in [
        (&b""[..], true),
        (b"+", true),
        (b"+o", true),
        (b"+OK hel", true),
        (b"-ER", true),
        (b"+OKAY", false),
        (b"login: ", false),
    ] {
        let mut client = Client::new();
        assert_eq!(feed(&mut client, said), None);
        client.handle_eof();
        let failure = client.poll_event().unwrap_err();
        let closed = matches!(failure, ClientError::Closed { .. });
        let not_pop3 = matches!(failure, ClientError::NotPop3 { .. });
        assert_eq!((closed, not_pop3), (is_cut, !is_cut), "{failure:?}");
    }
}

#[test]
fn a_server_cannot_make_us_hold_more_than_a_line() {
    let endless = [b'x'; MAX_LINE];
    let mut client = Client::new();
    assert!(matches!(
        feed(&mut client, &endless),
        Some(ClientError::NotPop3 { .. })
    ));

    let mut client = in_transaction();
    client.send(Command::Stat).unwrap();
    let awaiting = Awaiting::Status(CommandKind::Stat);
    assert_eq!(
        feed(&mut client, &endless),
        Some(ClientError::LineTooLong { awaiting })
    );

    for (command, kind) in [
        (Command::Capa, CommandKind::Capa),
        (Command::Uidl, CommandKind::Uidl),
        (Command::List, CommandKind::List),
    ] {
        let mut client = in_transaction();
        client.send(command).unwrap();
        assert_eq!(feed(&mut client, b"+OK\r\n"), None);
        let awaiting = Awaiting::Rest(kind);
        assert_eq!(
            feed(&mut client, &endless),
            Some(ClientError::LineTooLong { awaiting })
        );
    }

    let mut client = authorized();
    client.send(Command::Capa).unwrap();
    let lines = "X\r\n".repeat(Capabilities::MAX_LINES + 1);
    let answer = format!("+OK\r\n{lines}.\r\n");
    assert_eq!(
        feed(&mut client, answer.as_bytes()),
        Some(ClientError::TooManyCapabilities)
    );
}

#[test]
fn a_line_of_ten_megabytes_goes_through_without_being_held() {
    let mut client = in_transaction();
    client.send(Command::Retr(ONE)).unwrap();
    assert_eq!(feed(&mut client, b"+OK\r\n"), None);
    let mut octets = 0;
    for _ in 0..160 {
        client.handle_input(&[b'.'; 65_536]);
        while let Some(event) = client.poll_event().unwrap() {
            if let Event::BodyChunk(chunk) = event {
                octets += chunk.len();
            }
        }
        assert!(client.input.unread().is_empty());
    }
    assert_eq!(octets, 160 * 65_536 - 1);
    assert_eq!(feed(&mut client, b"\r\n.\r\n"), None);
    assert_eq!(client.outstanding(), 0);
}

#[test]
fn a_closed_line_says_what_was_awaited() {
    let mut greeted = Client::new();
    greeted.handle_eof();
    let awaiting = Awaiting::Status(CommandKind::Greeting);
    assert_eq!(drain(&mut greeted), Some(ClientError::Closed { awaiting }));

    let mut client = in_transaction();
    client.send(Command::Retr(ONE)).unwrap();
    client.send(Command::Quit).unwrap();
    client.handle_input(b"+OK\r\nSubject: x\r\n.\r\n+OK");
    client.handle_eof();
    assert!(matches!(
        client.poll_event(),
        Ok(Some(Event::BodyStart { .. }))
    ));
    assert_eq!(
        client.poll_event(),
        Ok(Some(Event::BodyChunk(b"Subject: x\r\n")))
    );
    assert_eq!(
        client.poll_event(),
        Ok(Some(Event::BodyEnd { number: ONE }))
    );
    // Half an answer to QUIT is none: what was marked may still be there.
    let awaiting = Awaiting::Status(CommandKind::Quit);
    assert_eq!(drain(&mut client), Some(ClientError::Closed { awaiting }));
    assert_eq!(drain(&mut client), Some(ClientError::Closed { awaiting }));
    assert_eq!(client.state(), SessionState::Closed);
}

#[test]
fn half_a_greeting_is_a_cut_line_unless_another_protocol_began_it() {
    let awaiting = Awaiting::Status(CommandKind::Greeting);
    for half in ["+", "+O", "+ok", "+OK POP3 serv", "-", "-ER"] {
        let mut client = Client::new();
        client.handle_input(half.as_bytes());
        client.handle_eof();
        assert_eq!(
            drain(&mut client),
            Some(ClientError::Closed { awaiting }),
            "{half}"
        );
    }
    for half in [
        "220 mail",
        "* OK IMAP",
        "HTTP/1.1",
        "SSH-2.0",
        "+OKAY",
        "OK",
    ] {
        let mut client = Client::new();
        client.handle_input(half.as_bytes());
        client.handle_eof();
        let said = half.to_owned();
        assert_eq!(drain(&mut client), Some(ClientError::NotPop3 { said }));
    }
    // A refusal counts without its line end.
    let mut client = Client::new();
    client.handle_input(b"-ERR too busy");
    client.handle_eof();
    assert!(matches!(
        client.poll_event(),
        Ok(Some(Event::Refused { .. }))
    ));
}

#[test]
fn what_comes_behind_the_good_bye_is_ignored() {
    let mut client = in_transaction();
    client.send(Command::Quit).unwrap();
    assert_eq!(feed(&mut client, b"+OK bye\r\nand hello\r\n"), None);
    assert_eq!(feed(&mut client, b"again\r\n"), None);
    client.handle_eof();
    let closed = ClientError::Closed {
        awaiting: Awaiting::Nothing,
    };
    assert_eq!(drain(&mut client), Some(closed));
}

#[test]
fn the_transcript_shows_an_answer_that_was_cut() {
    let mut client = in_transaction();
    client.send(Command::Retr(ONE)).unwrap();
    feed(&mut client, b"+OK 120 octets\r\nSubject: x\r\n");
    client.handle_eof();
    drain(&mut client);
    let transcript = client.transcript().render();
    assert!(
        transcript.ends_with("C: RETR 1\nS: +OK 120 octets (cut off)\n"),
        "{transcript}"
    );
}

/// Octets as a server might send them, and then not quite.
fn server_octets() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"+OK".to_vec()),
        Just(b"+OK\r\n".to_vec()),
        Just(b"-ERR [AUTH] no\r\n".to_vec()),
        Just(b"+ ".to_vec()),
        Just(b"1 120\r\n".to_vec()),
        Just(b".\r\n".to_vec()),
        Just(b".\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b".".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\n".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
        (1..3 * MAX_LINE).prop_map(|len| vec![b'x'; len]),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Capa),
        Just(Command::Stls),
        Just(Command::User("anna".into())),
        Just(Command::Pass(Secret::new("OK".into()))),
        Just(Command::AuthPlain {
            user: "anna".into(),
            password: Secret::new("x".into())
        }),
        Just(scram()),
        Just(apop()),
        Just(Command::Stat),
        Just(Command::Uidl),
        Just(Command::List),
        Just(Command::Top {
            number: ONE,
            lines: 0
        }),
        Just(Command::Retr(ONE)),
        Just(Command::Dele(ONE)),
        Just(Command::Quit),
    ]
}

/// All body octets, and all other events.
fn hear(client: &mut Client, body: &mut Vec<u8>, heard: &mut Vec<String>) {
    loop {
        match client.poll_event() {
            Ok(Some(Event::BodyChunk(chunk))) => body.extend_from_slice(chunk),
            Ok(Some(event)) => heard.push(format!("{event:?}")),
            // What was said unasked is quoted as far as it came.
            Err(ClientError::UnexpectedInput { .. }) => return heard.push("unasked".into()),
            Err(failure) => return heard.push(format!("{failure:?}")),
            Ok(None) => return,
        }
    }
}

proptest! {
    #[test]
    fn any_octets_are_borne(
        commands in prop::collection::vec(any_command(), 0..12),
        octets in server_octets(),
        packet in 1_usize..2000,
        greeted in any::<bool>(),
    ) {
        let mut client = if greeted { in_transaction() } else { Client::new() };
        let mut commands = commands.into_iter();
        for packet in octets.chunks(packet) {
            for command in commands.by_ref().take(3) {
                // Refused or not: what is refused is not sent.
                let _ = client.send(command);
            }
            let failed = feed(&mut client, packet).is_some();
            prop_assert!(failed || client.input.unread().len() < MAX_LINE);
            client.tls_established();
        }
        client.handle_eof();
        prop_assert!(drain(&mut client).is_some());
    }

    #[test]
    fn packets_change_nothing(
        commands in prop::collection::vec(any_command(), 1..12),
        octets in server_octets(),
        packet in 1_usize..300,
    ) {
        let play = |packet: usize| {
            let mut client = in_transaction();
            for command in &commands {
                let _ = client.send(command.clone());
            }
            let (mut body, mut heard) = (Vec::new(), Vec::new());
            for packet in octets.chunks(packet) {
                if client.failure.is_some() {
                    break;
                }
                client.handle_input(packet);
                hear(&mut client, &mut body, &mut heard);
            }
            let transcript = client.transcript().render();
            (body, heard, transcript)
        };
        prop_assert_eq!(play(packet), play(usize::MAX));
    }
}

#[test]
fn a_refusal_that_repeats_the_password_shows_it_nowhere() {
    for (said, code, shown) in [
        (
            "-ERR [AUTH] not geheim",
            Some(ResponseCode::Auth),
            "-ERR [AUTH] not ******",
        ),
        (
            "-ERR [xgeheimx] no",
            Some(ResponseCode::Other("X******X".into())),
            "-ERR [x******x] no",
        ),
        ("-ERR geheim", None, "-ERR ******"),
    ] {
        let mut client = authorized();
        let password = Secret::new("geheim".into());
        client.send(Command::Pass(password)).unwrap();
        client.handle_input(format!("{said}\r\n").as_bytes());
        let event = client.poll_event().unwrap();
        assert!(
            matches!(&event, Some(Event::Refused { code: found, .. }) if *found == code),
            "{event:?}"
        );
        let transcript = client.transcript().render();
        assert!(transcript.contains(shown), "{transcript}");
    }
    // A code that says what is wrong does so whatever the password is.
    let mut client = authorized();
    client
        .send(Command::Pass(Secret::new("AUTH".into())))
        .unwrap();
    client.handle_input(b"-ERR [AUTH] AUTH\r\n");
    let event = client.poll_event().unwrap();
    let Some(Event::Refused { code, text, .. }) = event else {
        panic!("{event:?}");
    };
    assert_eq!((code, &*text), (Some(ResponseCode::Auth), "****"));
}
