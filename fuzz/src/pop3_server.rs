//! The server's end against a client that says anything, and both ends against each other.

use inhaul_pop3_proto::client::{Client, Command as Ask, Event};
use inhaul_pop3_proto::server::{BadCommand, Command, Limits, Session};
use inhaul_types::{MessageNumber, Secret};

use crate::choices::{Choices, pieces};

/// No panic; how what the client says is cut into pieces changes nothing; an answer of one line is
/// one line; a message comes out of our client as our server took it in.
pub fn pop3_server(data: &[u8]) {
    let mut choices = Choices::new(data);
    let way = choices.next();
    let pattern_length = usize::from(choices.next() % 8);
    let pattern = choices.take(pattern_length);
    if way.is_multiple_of(2) {
        any_commands(pattern, choices.rest());
    } else {
        there_and_back(pattern, choices.rest());
    }
}

/// Any lines, answered in some way or other.
fn any_commands(pattern: &[u8], said: &[u8]) {
    let whole = answer(&[said]);
    let cut = answer(&pieces(said, pattern));
    assert_eq!(whole, cut, "the pieces made a difference");
}

/// Answers everything with one line; returns what was asked and what was answered.
fn answer(said: &[&[u8]]) -> (Vec<Result<Command, BadCommand>>, Vec<u8>) {
    let mut session = Session::new(Limits::default());
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    for piece in said {
        session.handle_input(piece);
        while let Some(command) = session.poll_command() {
            match &command {
                Ok(Command::Pass(_) | Command::AuthResponse(_) | Command::Apop { .. }) => {
                    session.signed_in();
                    session.ok("come in");
                }
                Ok(Command::Auth {
                    mechanism,
                    initial: None,
                }) => session.continuation(mechanism),
                // Repeated to the client: it must not be able to write our lines.
                Ok(Command::Unknown(word) | Command::User(word)) => session.ok(word),
                // Accepting it would begin a handshake, and what follows would be no concern of ours.
                Ok(Command::Stls) => session.err(None, "no TLS"),
                Ok(_) => session.ok(""),
                Err(bad) => session.err(None, bad),
            }
            answered.extend_from_slice(session.poll_output());
            session.output_written(session.poll_output().len());
            asked.push(command);
        }
    }
    let lines = answered.split(|octet| *octet == b'\n').count() - 1;
    assert_eq!(
        lines,
        asked.len(),
        "one line each: {}",
        answered.escape_ascii()
    );
    assert!(
        answered
            .split_inclusive(|octet| *octet == b'\n')
            .all(is_one_answer),
        "an answer that is none: {}",
        answered.escape_ascii()
    );
    (asked, answered)
}

fn is_one_answer(line: &[u8]) -> bool {
    let starts = [&b"+OK"[..], b"-ERR", b"+ "]
        .iter()
        .any(|start| line.starts_with(start));
    starts && line.ends_with(b"\r\n") && !line[..line.len() - 2].contains(&b'\r')
}

/// A message through both ends.
fn there_and_back(pattern: &[u8], message: &[u8]) {
    let (mut client, mut server) = (Client::new(), Session::new(Limits::default()));
    let one = MessageNumber::new(1).expect("1 is a number");
    server.ok("hello");
    hand_over(&mut server, &mut client);
    assert!(matches!(
        client.poll_event(),
        Ok(Some(Event::Greeting { .. }))
    ));
    client
        .send(Ask::User("anna".into()))
        .expect("USER belongs here");
    server.ok("");
    hand_over(&mut server, &mut client);
    assert_eq!(client.poll_event(), Ok(Some(Event::UserAccepted)));
    client
        .send(Ask::Pass(Secret::new("secret".into())))
        .expect("PASS belongs here");
    server.signed_in();
    server.ok("");
    hand_over(&mut server, &mut client);
    assert_eq!(client.poll_event(), Ok(Some(Event::SignedIn)));
    client.send(Ask::Retr(one)).expect("RETR belongs here");
    client.send(Ask::Noop).expect("NOOP belongs here");

    server.ok("");
    for piece in pieces(message, pattern) {
        server.body_chunk(piece);
    }
    server.body_end();
    server.ok("still there");
    let wire = server.poll_output().to_vec();

    let mut expected = message.to_vec();
    if !expected.is_empty() && !expected.ends_with(b"\r\n") {
        expected.extend_from_slice(b"\r\n");
    }
    let (mut received, mut events) = (Vec::new(), Vec::new());
    for piece in pieces(&wire, pattern) {
        client.handle_input(piece);
        while let Some(event) = client.poll_event().expect("our own server is well-behaved") {
            match event {
                Event::BodyChunk(chunk) => received.extend_from_slice(chunk),
                event => events.push(format!("{event:?}")),
            }
        }
    }
    assert_eq!(
        events.len(),
        3,
        "start, end and the answer to NOOP: {events:?}"
    );
    assert_eq!(events.last().map(String::as_str), Some("NoopOk"));
    assert!(
        received == expected,
        "{} became {}",
        message.escape_ascii(),
        received.escape_ascii()
    );
}

fn hand_over(server: &mut Session, client: &mut Client) {
    client.handle_input(server.poll_output());
    server.output_written(server.poll_output().len());
}
