//! Written conversations (`fixtures/README.md`), replayed against one end at a time.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use inhaul_pop3_proto::client::{Client, Command};
use inhaul_pop3_proto::server::{self, Limits, Session};
use inhaul_pop3_proto::{ResponseCode, SessionState, sasl_plain};
use inhaul_types::{MessageNumber, Secret};

use crate::described::drain;

enum Step {
    /// A line of the client's, without its end.
    Client(String),
    /// Octets of the server's.
    Server(Vec<u8>),
    HangUp,
    Heard(String),
    Handshake,
}

struct Script {
    name: String,
    steps: Vec<Step>,
}

fn scripts(folder: &str) -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(folder);
    let mut scripts: Vec<Script> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| Script {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            steps: fs::read_to_string(path)
                .unwrap()
                .lines()
                .filter_map(step)
                .collect(),
        })
        .collect();
    scripts.sort_by(|one, other| one.name.cmp(&other.name));
    scripts
}

fn step(line: &str) -> Option<Step> {
    let (kind, text) = line.split_once(' ').unwrap_or((line, ""));
    let server = |end: &[u8]| Some(Step::Server([&unescape(text), end].concat()));
    match kind {
        "C:" => Some(Step::Client(text.to_owned())),
        "S:" => server(b"\r\n"),
        "s:" => server(b"\n"),
        "S|" => server(b""),
        "S~" => Some(Step::HangUp),
        "=" => Some(Step::Heard(text.to_owned())),
        "TLS" => Some(Step::Handshake),
        "#" | "" => None,
        _ => panic!("no step: {line}"),
    }
}

fn unescape(text: &str) -> Vec<u8> {
    let mut pieces = text.split("\\x");
    let mut octets = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        octets.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        octets.extend_from_slice(&piece.as_bytes()[2..]);
    }
    octets
}

/// The command that a client's owner would give to have this line sent. `next` is the line after
/// it: what a bare `AUTH PLAIN` is going to say.
fn command(line: &str, next: Option<&str>) -> Command {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let number = |digits: &str| MessageNumber::parse(digits.as_bytes()).unwrap();
    match verb {
        "CAPA" => Command::Capa,
        "STLS" => Command::Stls,
        "UTF8" => Command::Utf8,
        "USER" => Command::User(rest.to_owned()),
        "PASS" => Command::Pass(Secret::new(rest.to_owned())),
        "AUTH" if rest.starts_with("PLAIN") => {
            let response = rest.strip_prefix("PLAIN ").or(next).unwrap().to_owned();
            let credentials = sasl_plain::decode(&Secret::new(response)).unwrap();
            Command::AuthPlain {
                user: credentials.user,
                password: credentials.password,
            }
        }
        "AUTH" => {
            let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
            Command::Auth {
                mechanism: MECHANISMS
                    .into_iter()
                    .find(|known| *known == mechanism)
                    .unwrap(),
                initial: (!initial.is_empty()).then(|| message(initial).unwrap()),
                secret: Secret::new("geheim".into()),
            }
        }
        "APOP" => {
            let (user, digest) = rest.split_once(' ').unwrap();
            Command::Apop {
                user: user.to_owned(),
                digest: Secret::new(digest.to_owned()),
            }
        }
        "LANG" => Command::Lang(rest.to_owned()),
        "STAT" => Command::Stat,
        "UIDL" => Command::Uidl,
        "LIST" => Command::List,
        "TOP" => {
            let (message, lines) = rest.split_once(' ').unwrap();
            Command::Top {
                number: number(message),
                lines: lines.parse().unwrap(),
            }
        }
        "RETR" => Command::Retr(number(rest)),
        "DELE" => Command::Dele(number(rest)),
        "NOOP" => Command::Noop,
        "RSET" => Command::Rset,
        "QUIT" => Command::Quit,
        _ => panic!("the client has no {verb}"),
    }
}

const MECHANISMS: [&str; 4] = ["CRAM-MD5", "SCRAM-SHA-1", "XOAUTH2", "LOGIN"];

/// A response as it is before base64; `=` is an empty one. `None` if it is none.
fn message(response: &str) -> Option<Secret> {
    let octets = BASE64.decode(response.trim_start_matches('=')).ok()?;
    String::from_utf8(octets).ok().map(Secret::new)
}

/// Says a line as an answer to an open challenge; `false` if none is open.
fn respond(client: &mut Client, line: &str) -> bool {
    match message(line) {
        _ if line == "*" => client.cancel().is_ok(),
        Some(message) => client.respond(&message).is_ok(),
        None => false,
    }
}

/// Replays the server's part in packets of `packet` octets.
fn replay_client(script: &Script, packet: usize) {
    let name = &script.name;
    let mut client = Client::new();
    let mut heard = Vec::new();
    let mut lines = script.steps.iter().filter_map(|step| match step {
        Step::Client(line) => Some(line.as_str()),
        _ => None,
    });
    lines.next();
    let mut expected = script.steps.iter().filter_map(|step| match step {
        Step::Heard(text) => Some(text.as_str()),
        _ => None,
    });
    for step in &script.steps {
        match step {
            Step::Client(line) => {
                // What answers a continuation is on its way already.
                if client.poll_output().is_empty() && !respond(&mut client, line) {
                    client.send(command(line, lines.clone().next())).unwrap();
                }
                let sent = String::from_utf8_lossy(client.poll_output()).into_owned();
                assert_eq!(sent, format!("{line}\r\n"), "{name}");
                client.output_written(sent.len());
                lines.next();
            }
            Step::Server(octets) => {
                for packet in octets.chunks(packet) {
                    client.handle_input(packet);
                    drain(&mut client, &mut heard);
                }
            }
            Step::HangUp => {
                client.handle_eof();
                drain(&mut client, &mut heard);
            }
            Step::Heard(_) => {}
            Step::Handshake => client.tls_established(),
        }
    }
    for line in heard {
        assert_eq!(
            Some(line.as_str()),
            expected.next(),
            "{name} in packets of {packet}"
        );
    }
    assert_eq!(expected.next(), None, "{name} in packets of {packet}");
    assert!(
        !client.transcript().render().contains("heim"),
        "{name}: a password was kept"
    );
}

#[test]
fn the_client_hears_what_the_dialogues_say() {
    for script in scripts("rfc").iter().chain(&scripts("quirks")) {
        for packet in [1, 2, 3, 5, usize::MAX] {
            // What was said unasked is quoted as far as it came.
            if script.name != "speaks-unasked.txt" || packet == usize::MAX {
                replay_client(script, packet);
            }
        }
    }
}

/// Lets the server say what the script has, through the calls meant for it.
fn say(server: &mut Session, line: &str) {
    let (word, text) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "+OK" => server.ok(text),
        "+" => server.continuation(text),
        "-ERR" => match text.split_once("] ") {
            Some((code, text)) => server.err(Some(response_code(&code[1..])), text),
            None => server.err(None, text),
        },
        "." => server.end(),
        _ => server.line(line.strip_prefix('.').unwrap_or(line).as_bytes()),
    }
}

fn response_code(word: &str) -> ResponseCode {
    match word {
        "IN-USE" => ResponseCode::InUse,
        "LOGIN-DELAY" => ResponseCode::LoginDelay,
        "SYS/TEMP" => ResponseCode::SysTemp,
        "AUTH" => ResponseCode::Auth,
        "UTF8" => ResponseCode::Utf8,
        other => ResponseCode::Other(other.to_owned()),
    }
}

#[test]
fn the_server_understands_and_says_what_the_dialogues_say() {
    for Script { name, steps } in &scripts("rfc") {
        let mut server = Session::new(Limits::default());
        let mut last = None;
        for step in steps {
            match step {
                Step::Client(line) => {
                    assert_eq!(server.poll_command(), None, "{name} before {line}");
                    server.handle_input(line.as_bytes());
                    assert_eq!(server.poll_command(), None, "{name}: half of {line}");
                    server.handle_input(b"\r\n");
                    let command = server.poll_command().unwrap();
                    // Whether TLS is on is not in the grammar: refusing it then is up to the owner.
                    last = Some(command.unwrap_or_else(|bad| panic!("{name}: {line}: {bad}")));
                }
                Step::Server(octets) => {
                    say(
                        &mut server,
                        str::from_utf8(octets).unwrap().trim_end_matches("\r\n"),
                    );
                    assert_eq!(server.poll_output(), octets, "{name}");
                    server.output_written(octets.len());
                }
                Step::Heard(text) if text == "SignedIn" => server.signed_in(),
                Step::Heard(_) => {}
                Step::Handshake => server.tls_established(),
                Step::HangUp => panic!("{name}: no server of ours"),
            }
        }
        assert_eq!(last, Some(server::Command::Quit), "{name}");
        assert!(
            matches!(server.state(), SessionState::Update | SessionState::Closed),
            "{name}"
        );
    }
}
