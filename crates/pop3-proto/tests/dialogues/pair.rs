//! Both of our ends in memory, with a maildrop behind the server's.

use std::collections::BTreeSet;

use inhaul_pop3_proto::client::{Client, Command, SessionState};
use inhaul_pop3_proto::server::{self, Limits, Session};
use inhaul_pop3_proto::{ResponseCode, sasl_plain};
use inhaul_types::{MessageNumber, Secret};

use crate::described::drain;

/// A client, a server, and a line between them that carries `packet` octets at once.
struct Pair {
    client: Client,
    server: Session,
    maildrop: Maildrop,
    packet: usize,
    heard: Vec<String>,
}

/// A maildrop of one user, `anna` with `geheim`.
#[derive(Default)]
struct Maildrop {
    messages: Vec<Vec<u8>>,
    marked: BTreeSet<MessageNumber>,
    user: Option<String>,
    tls: bool,
}

impl Pair {
    fn new(messages: &[&[u8]], packet: usize) -> Self {
        let messages = messages.iter().map(|message| message.to_vec()).collect();
        let mut server = Session::new(Limits::default());
        server.ok("ready");
        let maildrop = Maildrop {
            messages,
            ..Maildrop::default()
        };
        let mut pair = Self {
            client: Client::new(),
            server,
            maildrop,
            packet,
            heard: Vec::new(),
        };
        pair.run();
        pair
    }

    fn signed_in(messages: &[&[u8]], packet: usize) -> Self {
        let mut pair = Self::new(messages, packet);
        pair.ask(Command::User("anna".into()));
        pair.ask(Command::Pass(Secret::new("geheim".into())));
        assert_eq!(pair.client.state(), SessionState::Transaction);
        pair.heard.clear();
        pair
    }

    fn ask(&mut self, command: Command) {
        self.client.send(command).unwrap();
        self.run();
    }

    /// Carries octets until nobody has anything to say.
    fn run(&mut self) {
        loop {
            let to_server = first(self.client.poll_output(), self.packet);
            self.client.output_written(to_server.len());
            self.server.handle_input(&to_server);
            while let Some(command) = self.server.poll_command() {
                self.maildrop.answer(command, &mut self.server);
            }
            let to_client = first(self.server.poll_output(), self.packet);
            self.server.output_written(to_client.len());
            self.client.handle_input(&to_client);
            drain(&mut self.client, &mut self.heard);
            if to_server.is_empty() && to_client.is_empty() {
                return;
            }
        }
    }

    fn handshake(&mut self) {
        self.maildrop.tls = true;
        self.server.tls_established();
        self.client.tls_established();
    }
}

fn first(octets: &[u8], count: usize) -> Vec<u8> {
    octets[..octets.len().min(count)].to_vec()
}

impl Maildrop {
    fn answer(
        &mut self,
        command: Result<server::Command, server::BadCommand>,
        server: &mut Session,
    ) {
        match command {
            Ok(server::Command::Capa) => {
                server.ok("");
                server.line(if self.tls { b"SASL PLAIN" } else { b"STLS" });
                server.end();
            }
            Ok(server::Command::Stls) if !self.tls => server.ok("go ahead"),
            Ok(server::Command::User(user)) => {
                self.user = Some(user);
                server.ok("");
            }
            Ok(server::Command::Pass(password)) => {
                let user = self.user.take().unwrap_or_default();
                self.sign_in(&user, &password, server);
            }
            Ok(server::Command::Auth { initial: None, .. }) => server.continuation(""),
            Ok(server::Command::Auth {
                initial: Some(response),
                ..
            })
            | Ok(server::Command::AuthResponse(response)) => match sasl_plain::decode(&response) {
                Ok(credentials) => self.sign_in(&credentials.user, &credentials.password, server),
                Err(bad) => server.err(Some(ResponseCode::Auth), bad),
            },
            Ok(server::Command::Stat) => {
                let octets: usize = self.messages.iter().map(Vec::len).sum();
                server.ok(format_args!("{} {octets}", self.messages.len()));
            }
            Ok(server::Command::List(None)) => {
                server.ok("");
                for (index, message) in self.messages.iter().enumerate() {
                    server.line_text(format_args!("{} {}", index + 1, message.len()));
                }
                server.end();
            }
            Ok(server::Command::Retr(number)) => {
                match self.messages.get(number.number() as usize - 1) {
                    Some(message) => {
                        server.ok("here it is");
                        for piece in message.chunks(3) {
                            server.body_chunk(piece);
                        }
                        server.body_end();
                    }
                    None => server.err(None, "no such message"),
                }
            }
            Ok(server::Command::Dele(number)) => {
                self.marked.insert(number);
                server.ok("");
            }
            Ok(server::Command::Quit) => {
                for number in self.marked.iter().rev() {
                    self.messages.remove(number.number() as usize - 1);
                }
                server.ok("bye");
            }
            Ok(other) => server.err(None, format_args!("not here: {other:?}")),
            Err(bad) => server.err(None, bad),
        }
    }

    fn sign_in(&mut self, user: &str, password: &Secret, server: &mut Session) {
        if user == "anna" && password.expose().starts_with("geheim") {
            server.signed_in();
            server.ok("");
        } else {
            server.err(Some(ResponseCode::Auth), "no");
        }
    }
}

fn number(number: u32) -> MessageNumber {
    MessageNumber::new(number).unwrap()
}

#[test]
fn messages_arrive_octet_for_octet_in_any_packets() {
    let messages: [&[u8]; 5] = [
        b"a\r\n.\r\n..\r\n",
        b"",
        b"\n.\r\n\r\r\n",
        b".\r\n",
        b"\0\xff\r\n.x\r\n",
    ];
    for packet in [1, 2, 3, 4, 7, 64, 4096] {
        let mut pair = Pair::signed_in(&messages, packet);
        for (message, octets) in (1..).map(number).zip(messages) {
            pair.ask(Command::Retr(message));
            let mut expected = vec![format!("BodyStart {message} Whole")];
            if !octets.is_empty() {
                expected.push(format!("BodyChunk \"{}\"", octets.escape_ascii()));
            }
            expected.push(format!("BodyEnd {message}"));
            assert_eq!(
                std::mem::take(&mut pair.heard),
                expected,
                "in packets of {packet}"
            );
        }
    }
}

#[test]
fn five_hundred_commands_may_be_under_way() {
    let message: &[u8] = b"Subject: one\r\n\r\n.\r\n";
    let mut pair = Pair::signed_in(&[message; 500], 1000);
    for message in (1..=500).map(number) {
        pair.client.send(Command::Retr(message)).unwrap();
    }
    for message in (1..=500).map(number) {
        pair.client.send(Command::Dele(message)).unwrap();
    }
    pair.client.send(Command::Quit).unwrap();
    assert_eq!(
        (pair.client.outstanding(), pair.client.state()),
        (1001, SessionState::Update)
    );
    pair.run();
    assert_eq!(pair.client.outstanding(), 0);
    assert_eq!(pair.client.state(), SessionState::Closed);
    assert_eq!(pair.heard.len(), 3 * 500 + 500 + 1);
    assert_eq!(pair.heard.last().map(String::as_str), Some("Bye"));
    assert!(pair.maildrop.messages.is_empty());
}

#[test]
fn tls_by_command_then_a_password_too_long_for_one_line() {
    let mut pair = Pair::new(&[], 10);
    pair.ask(Command::Capa);
    pair.ask(Command::Stls);
    pair.handshake();
    pair.ask(Command::Capa);
    let password = Secret::new("geheim".repeat(60));
    pair.ask(Command::AuthPlain {
        user: "anna".into(),
        password,
    });
    assert_eq!(pair.server.state(), SessionState::Transaction);
    assert_eq!(
        pair.heard[1..],
        [
            "Capabilities STLS",
            "StlsReady",
            "Capabilities SASL PLAIN",
            "SignedIn"
        ]
    );
    assert_eq!(
        pair.client.transcript().render(),
        "S: +OK ready\nC: CAPA\nS: +OK / STLS\nC: STLS\nS: +OK go ahead\nC: CAPA\n\
         S: +OK / SASL PLAIN\nC: AUTH PLAIN\nS: +\nC: ********\nS: +OK\n"
    );
}

#[test]
fn what_is_slipped_in_before_the_handshake_is_forgotten_by_both() {
    let mut pair = Pair::new(&[], 1000);
    pair.client.send(Command::Stls).unwrap();
    pair.server.handle_input(b"STLS\r\nUSER mallory\r\n");
    let stls = pair.server.poll_command().unwrap();
    pair.maildrop.answer(stls, &mut pair.server);
    assert_eq!(pair.server.poll_command(), None);
    pair.client.handle_input(b"+OK\r\n+OK SASL NONE\r\n.\r\n");
    pair.server.output_written(pair.server.poll_output().len());
    pair.client.output_written(pair.client.poll_output().len());
    drain(&mut pair.client, &mut pair.heard);
    pair.client.handle_input(b"+OK and more\r\n");
    pair.server.handle_input(b"PASS mallory\r\n");
    drain(&mut pair.client, &mut pair.heard);
    pair.handshake();
    pair.ask(Command::Capa);
    assert_eq!(pair.heard[1..], ["StlsReady", "Capabilities SASL PLAIN"]);
    assert_eq!(pair.maildrop.user, None);
}
