//! The client's end against a server that says anything.

use std::iter::Peekable;
use std::mem::{self, Discriminant};

use inhaul_pop3_proto::client::{Client, ClientError, Command, Event, SendError};
use inhaul_pop3_proto::sasl_plain;
use inhaul_types::{MessageNumber, Secret};

use crate::choices::{Choices, pieces};

/// No panic; how what the server says is cut into pieces changes nothing; what comes out of a
/// body is what a naive decoder makes of it; a password that the server repeats shows nowhere.
pub fn pop3_client(data: &[u8]) {
    let mut choices = Choices::new(data);
    match choices.next() % 3 {
        0 => any_dialogue(choices),
        1 => one_body(choices),
        _ => answer_to_a_sign_in(choices),
    }
}

/// Some commands, any answers.
fn any_dialogue(mut choices: Choices<'_>) {
    let count = usize::from(choices.next() % 32);
    let commands: Vec<_> = choices
        .take(count)
        .iter()
        .map(|choice| command(*choice))
        .collect();
    let pattern_length = usize::from(choices.next() % 8);
    let pattern = choices.take(pattern_length);
    let said = choices.rest();
    let whole = hear(&commands, &[said]);
    let cut = hear(&commands, &pieces(said, pattern));
    assert_eq!(whole, cut, "the pieces made a difference");
}

/// What a session comes to: its events as text (chunks of a body put together), and what ended it.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    events: Vec<String>,
    body: Vec<u8>,
    fault: Option<Discriminant<ClientError>>,
}

/// Plays a session: commands are sent as soon as they may be, and left out where they may not.
/// Behind `STLS` comes a handshake, which never ends here: nothing more is said or heard.
fn hear(commands: &[Command], said: &[&[u8]]) -> Heard {
    let mut client = Client::new();
    let mut commands = commands.iter().cloned().peekable();
    let mut heard = Heard::default();
    for piece in said.iter().map(Some).chain([None]) {
        match piece {
            Some(piece) => client.handle_input(piece),
            None => client.handle_eof(),
        }
        loop {
            match client.poll_event() {
                Ok(None) => break,
                Ok(Some(Event::BodyChunk(chunk))) => {
                    assert!(!chunk.is_empty(), "an empty chunk");
                    heard.body.extend_from_slice(chunk);
                }
                Ok(Some(event)) => {
                    heard.events.push(format!("{event:?}"));
                    send_what_may_be_sent(&mut client, &mut commands);
                }
                Err(error) => {
                    heard.fault = Some(mem::discriminant(&error));
                    assert_eq!(
                        client.poll_event(),
                        Err(error),
                        "another error when asked again"
                    );
                    return heard;
                }
            }
        }
    }
    heard
}

fn send_what_may_be_sent(
    client: &mut Client,
    commands: &mut Peekable<impl Iterator<Item = Command>>,
) {
    while let Some(command) = commands.peek() {
        match client.send(command.clone()) {
            Err(SendError::Unanswered { .. }) => return,
            Ok(()) | Err(_) => drop(commands.next()),
        }
    }
    let written = client.poll_output().len();
    client.output_written(written);
}

fn command(choice: u8) -> Command {
    let number = MessageNumber::new(u32::from(choice / 16) + 1).expect("at least 1");
    match choice % 16 {
        0 => Command::Capa,
        1 => Command::Stls,
        2 => Command::Utf8,
        3 => Command::User("anna".into()),
        4 => Command::Pass(Secret::new(PASSWORD.into())),
        5 => Command::AuthPlain {
            user: "anna".into(),
            password: Secret::new(PASSWORD.into()),
        },
        6 => Command::Stat,
        7 => Command::Uidl,
        8 => Command::List,
        9 => Command::Top {
            number,
            lines: u32::from(choice),
        },
        15 => Command::Auth {
            mechanism: "SCRAM-SHA-256",
            initial: (choice > 127).then(|| Secret::new("n,,n=anna,r=abc".into())),
            secret: Secret::new(PASSWORD.into()),
        },
        10 => Command::Retr(number),
        11 => Command::Dele(number),
        12 => Command::Noop,
        13 => Command::Rset,
        _ => Command::Quit,
    }
}

/// One message whose octets on the wire are anything at all.
fn one_body(mut choices: Choices<'_>) {
    let pattern_length = usize::from(choices.next() % 8);
    let pattern = choices.take(pattern_length);
    let wire = choices.rest();
    let mut client = signed_in();
    let one = MessageNumber::new(1).expect("1 is a number");
    client.send(Command::Retr(one)).expect("RETR belongs here");
    client.handle_input(b"+OK\r\n");
    assert!(matches!(
        client.poll_event(),
        Ok(Some(Event::BodyStart { .. }))
    ));

    let expected = decode_naively(wire);
    let (mut body, mut ended) = (Vec::new(), false);
    'session: for piece in pieces(wire, pattern) {
        client.handle_input(piece);
        loop {
            match client.poll_event() {
                Ok(None) => break,
                Ok(Some(Event::BodyChunk(chunk))) => body.extend_from_slice(chunk),
                Ok(Some(Event::BodyEnd { number })) => {
                    assert_eq!(number, one);
                    ended = true;
                }
                Ok(Some(event)) => panic!("{event:?} in a body"),
                Err(error) => {
                    assert!(ended, "a body has no wrong octets, but: {error}");
                    break 'session;
                }
            }
        }
    }
    assert_eq!(ended, expected.ended, "where the body ends");
    if ended {
        assert_eq!(body, expected.content, "what the body is");
    } else {
        // What may still become the end is held back, and nothing else.
        let held = expected.content.len() - body.len();
        assert!(
            expected.content.starts_with(&body) && held <= 2,
            "{held} octets held back"
        );
        client.handle_eof();
        assert!(matches!(
            client.poll_event(),
            Err(ClientError::Closed { .. })
        ));
    }
}

/// A server that answers a sign-in with anything, perhaps with the password.
fn answer_to_a_sign_in(mut choices: Choices<'_>) {
    let sign_in = command(4 + choices.next() % 2);
    // PASS says the password as it is; its base64 is then no more known to the server than to us.
    let said_in_base64 = match &sign_in {
        Command::AuthPlain { user, password } => sasl_plain::encode(user, password),
        _ => Secret::new(PASSWORD.into()),
    };
    let pattern_length = usize::from(choices.next() % 8);
    let pattern = choices.take(pattern_length);
    let mut client = Client::new();
    greet(&mut client);
    client.send(sign_in).expect("a sign-in belongs here");
    let mut shown = String::new();
    for piece in pieces(choices.rest(), pattern)
        .into_iter()
        .map(Some)
        .chain([None])
    {
        match piece {
            Some(piece) => client.handle_input(piece),
            None => client.handle_eof(),
        }
        match client.poll_event() {
            Ok(None) => continue,
            Ok(Some(event)) => shown = format!("{event:?}"),
            Err(error) => shown = format!("{error} {error:?}"),
        }
        break;
    }
    shown += &client.transcript().render();
    assert!(!shown.contains(PASSWORD), "the password is in: {shown}");
    assert!(
        !shown.contains(said_in_base64.expose()),
        "the response is in: {shown}"
    );
}

fn greet(client: &mut Client) {
    client.handle_input(b"+OK\r\n");
    assert!(matches!(
        client.poll_event(),
        Ok(Some(Event::Greeting { .. }))
    ));
}

fn signed_in() -> Client {
    let mut client = Client::new();
    greet(&mut client);
    client
        .send(Command::User("anna".into()))
        .expect("USER belongs here");
    client.handle_input(b"+OK\r\n");
    assert!(matches!(client.poll_event(), Ok(Some(Event::UserAccepted))));
    client
        .send(Command::Pass(Secret::new(PASSWORD.into())))
        .expect("PASS belongs here");
    client.handle_input(b"+OK\r\n");
    assert!(matches!(client.poll_event(), Ok(Some(Event::SignedIn))));
    client
}

/// A body as a naive decoder reads it.
#[derive(Debug, Default)]
struct Decoded {
    content: Vec<u8>,
    ended: bool,
}

/// One octet after the other, with no memory but the line so far.
fn decode_naively(wire: &[u8]) -> Decoded {
    let (mut decoded, mut line) = (Decoded::default(), Vec::new());
    for &octet in wire {
        line.push(octet);
        if !line.ends_with(b"\r\n") {
            continue;
        }
        if line == b".\r\n" {
            decoded.ended = true;
            return decoded;
        }
        decoded
            .content
            .extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        line.clear();
    }
    decoded
        .content
        .extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    decoded
}

/// Unlike anything that the driver puts into a server's mouth, so that finding it means something.
const PASSWORD: &str = "pqzjx-7719-xjzqp";
