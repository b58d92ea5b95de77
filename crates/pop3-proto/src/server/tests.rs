//! The server's end alone: what it bears, what it holds, what it says.

use proptest::prelude::*;

use super::*;

fn session() -> Session {
    Session::new(Limits::default())
}

fn said(session: &Session) -> &str {
    str::from_utf8(session.poll_output()).unwrap()
}

fn commands(session: &mut Session, octets: &[u8]) -> Vec<Result<Command, BadCommand>> {
    session.handle_input(octets);
    std::iter::from_fn(|| session.poll_command()).collect()
}

#[test]
fn an_endless_line_is_told_once_and_skipped() {
    let longest = Limits::COMMAND_LINE;
    let too_long = || Err(BadCommand::LineTooLong { longest });
    for packet in [1, 100, 254, 255, 256, 10_000] {
        let mut session = session();
        let line = format!("USER {}\r\nCAPA\r\n", "x".repeat(1000));
        let mut heard = Vec::new();
        for packet in line.as_bytes().chunks(packet) {
            heard.extend(commands(&mut session, packet));
            assert!(session.input.unread().len() < longest);
        }
        assert_eq!(
            heard,
            [too_long(), Ok(Command::Capa)],
            "in packets of {packet}"
        );
    }
}

#[test]
fn the_longest_line_is_the_limit() {
    let line = |len: usize| format!("USER {}\r\n", "x".repeat(len - "USER \r\n".len()));
    let longest = Limits::COMMAND_LINE;
    let mut session = session();
    assert!(commands(&mut session, line(longest).as_bytes())[0].is_ok());
    let heard = commands(&mut session, line(longest + 1).as_bytes());
    assert_eq!(heard, [Err(BadCommand::LineTooLong { longest })]);
}

#[test]
fn a_sasl_exchange_may_have_longer_lines() {
    let token = "x".repeat(5000);
    let mut session = session();
    let heard = commands(&mut session, format!("auth XOAUTH2 {token}\r\n").as_bytes());
    assert!(matches!(heard[..], [Ok(Command::Auth { .. })]));
    session.continuation("");
    let heard = commands(&mut session, format!("{token}\r\nCAPA\r\n").as_bytes());
    assert!(matches!(
        heard[..],
        [Ok(Command::AuthResponse(_)), Ok(Command::Capa)]
    ));
    session.continuation("");
    assert_eq!(
        commands(&mut session, b"*\r\n"),
        [Ok(Command::AuthCancelled)]
    );
}

#[test]
fn nothing_is_read_behind_stls_until_it_is_answered() {
    let mut session = session();
    assert_eq!(
        commands(&mut session, b"STLS\r\nCAPA\r\n"),
        [Ok(Command::Stls)]
    );
    session.err(None, "no certificate");
    assert_eq!(commands(&mut session, b""), [Ok(Command::Capa)]);
    assert_eq!(
        commands(&mut session, b"STLS\r\nUSER mallory\r\n"),
        [Ok(Command::Stls)]
    );
    session.ok("");
    assert_eq!(commands(&mut session, b"USER mallory\r\n"), []);
    session.tls_established();
    assert_eq!(commands(&mut session, b"CAPA\r\n"), [Ok(Command::Capa)]);
}

#[test]
fn nothing_is_read_behind_quit() {
    for (signed_in, state) in [(false, SessionState::Closed), (true, SessionState::Update)] {
        let mut session = session();
        if signed_in {
            session.signed_in();
        }
        assert_eq!(
            commands(&mut session, b"QUIT\r\nCAPA\r\n"),
            [Ok(Command::Quit)]
        );
        assert_eq!(commands(&mut session, b"CAPA\r\n"), []);
        assert_eq!(session.state(), state);
    }
}

#[test]
fn answers_are_lines() {
    let mut session = session();
    session.ok("");
    session.ok(format_args!("{} messages", 2));
    session.err(None, "");
    session.err(Some(ResponseCode::InUse), "");
    session.err(Some(ResponseCode::SysTemp), "no\r\n+OK yes");
    session.continuation("");
    session.line(b"1 a\r\n.");
    session.line(b".hidden");
    session.line(b"");
    session.line_text(format_args!("{} {}", 2, 120));
    session.end();
    session.raw(b"250 what\n");
    assert_eq!(
        said(&session),
        "+OK\r\n+OK 2 messages\r\n-ERR\r\n-ERR [IN-USE]\r\n-ERR [SYS/TEMP] no??+OK yes\r\n+ \r\n\
         1 a??.\r\n..hidden\r\n\r\n2 120\r\n.\r\n250 what\n"
    );
}

#[test]
fn one_message_behind_another_starts_at_a_line_start() {
    let mut session = session();
    for _ in 0..2 {
        session.body_chunk(b".a\r");
        session.body_chunk(b"\n.");
        session.body_end();
    }
    assert_eq!(said(&session), "..a\r\n..\r\n.\r\n..a\r\n..\r\n.\r\n");
}

#[test]
fn a_password_is_not_left_in_the_input() {
    let mut session = session();
    session.handle_input(b"PASS geheim\r\nCAPA\r\n");
    session.poll_command();
    let held = format!("{:?}", session.input);
    let geheim = format!("{:?}", b"geheim");
    assert!(!held.contains(geheim.trim_matches(['[', ']'])), "{held}");
}

proptest! {
    #[test]
    fn any_octets_are_borne(
        pieces in prop::collection::vec(
            prop_oneof![
                Just(b"STLS\r\n".to_vec()),
                Just(b"AUTH PLAIN ".to_vec()),
                Just(b"RETR ".to_vec()),
                Just(b"TOP 1 ".to_vec()),
                Just(b"APOP ".to_vec()),
                Just(b"LANG\n".to_vec()),
                Just(b"\r\n".to_vec()),
                prop::collection::vec(any::<u8>(), 0..40),
                (1_usize..20_000).prop_map(|len| vec![b'x'; len]),
            ],
            0..30,
        ),
        packet in 1_usize..2000,
        signed_in in any::<bool>(),
    ) {
        let limits = Limits::default();
        let play = |packet: usize| {
            let mut session = Session::new(limits);
            if signed_in {
                session.signed_in();
            }
            let mut heard = Vec::new();
            for packet in pieces.concat().chunks(packet) {
                session.handle_input(packet);
                while let Some(command) = session.poll_command() {
                    match command {
                        Ok(Command::Auth { .. }) => session.continuation(""),
                        Ok(_) => session.err(None, "no"),
                        Err(bad) => session.err(None, bad),
                    }
                    heard.push(command);
                }
                assert!(session.input.unread().len() < limits.auth_line);
                session.output_written(session.poll_output().len());
            }
            heard
        };
        prop_assert_eq!(play(packet), play(usize::MAX));
    }
}
