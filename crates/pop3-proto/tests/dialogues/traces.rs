//! Answers collected from servers: each to every command, whole and in small packets.

use std::fs;
use std::path::{Path, PathBuf};

use inhaul_pop3_proto::client::{Client, Command};
use inhaul_types::{MessageNumber, Secret};

use crate::answers::{MESSAGES, NEVER_ASKED, SENSIBLE};
use crate::described::drain;

/// What is asked so that the answer comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Asked {
    Nothing,
    Capa,
    Utf8,
    Pass,
    AuthPlain,
    Stat,
    Uidl,
    List,
    Retr,
    RetrThree,
    TopOne,
    TopThree,
    DeleThree,
    Rset,
    Quit,
}

const ALL: [Asked; 15] = [
    Asked::Nothing,
    Asked::Capa,
    Asked::Utf8,
    Asked::Pass,
    Asked::AuthPlain,
    Asked::Stat,
    Asked::Uidl,
    Asked::List,
    Asked::Retr,
    Asked::RetrThree,
    Asked::TopOne,
    Asked::TopThree,
    Asked::DeleThree,
    Asked::Rset,
    Asked::Quit,
];

fn folders() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("INHAUL_SHARED")
        .map_or_else(|| here.join("../../../shared"), PathBuf::from);
    vec![here.join("fixtures/answers"), shared.join("pop3-traces")]
}

/// All answers there are, by name, as they were on the wire: the files have bare LFs.
fn answers() -> Vec<(String, Vec<u8>)> {
    let mut answers = Vec::new();
    for entry in folders()
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
    {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            answers.push((name, on_the_wire(&fs::read(&path).unwrap())));
        }
    }
    assert!(answers.len() >= 5, "our own answers are missing");
    answers
}

fn on_the_wire(text: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        match line
            .strip_suffix(b"\n")
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        {
            Some(line) => wire.extend([line, b"\r\n"].concat()),
            None => wire.extend(line),
        }
    }
    wire
}

/// A client that has asked.
fn asking(asked: Asked) -> Client {
    let mut client = Client::new();
    let mut ignored = Vec::new();
    if asked == Asked::Nothing {
        return client;
    }
    client.handle_input(b"+OK\r\n");
    drain(&mut client, &mut ignored);
    let pass = || Command::Pass(Secret::new("geheim".into()));
    if !matches!(
        asked,
        Asked::Capa | Asked::Utf8 | Asked::Pass | Asked::AuthPlain
    ) {
        client.send(pass()).unwrap();
        client.handle_input(b"+OK\r\n");
        drain(&mut client, &mut ignored);
    }
    let three = || (1..=3).filter_map(MessageNumber::new);
    let commands: Vec<Command> = match asked {
        Asked::Nothing => Vec::new(),
        Asked::Capa => vec![Command::Capa],
        Asked::Utf8 => vec![Command::Utf8],
        Asked::Rset => vec![Command::Rset],
        Asked::Pass => vec![pass()],
        Asked::AuthPlain => {
            let password = Secret::new("geheim".into());
            vec![Command::AuthPlain {
                user: "anna".into(),
                password,
            }]
        }
        Asked::Stat => vec![Command::Stat],
        Asked::Uidl => vec![Command::Uidl],
        Asked::List => vec![Command::List],
        Asked::Retr => vec![Command::Retr(MessageNumber::FIRST)],
        Asked::RetrThree => three().map(Command::Retr).collect(),
        Asked::TopOne => vec![Command::Top {
            number: MessageNumber::FIRST,
            lines: 0,
        }],
        Asked::TopThree => three()
            .map(|number| Command::Top { number, lines: 0 })
            .collect(),
        Asked::DeleThree => three().map(Command::Dele).collect(),
        Asked::Quit => vec![Command::Quit],
    };
    for command in commands {
        client.send(command).unwrap();
    }
    client
}

fn heard(asked: Asked, answer: &[u8], packet: usize) -> Vec<String> {
    let mut client = asking(asked);
    let mut heard = Vec::new();
    for packet in answer.chunks(packet) {
        client.handle_input(packet);
        drain(&mut client, &mut heard);
        if heard
            .last()
            .is_some_and(|last| last.starts_with("failure: "))
        {
            break;
        }
    }
    heard
}

#[test]
fn packets_do_not_change_what_is_heard() {
    for (name, answer) in answers() {
        for asked in ALL {
            let whole = heard(asked, &answer, usize::MAX);
            let mut pieces = heard(asked, &answer, 3);
            // What was said unasked is quoted as far as it came.
            if let Some(last) = pieces
                .last_mut()
                .filter(|last| last.contains("said unasked"))
            {
                last.clone_from(whole.last().unwrap());
            }
            assert!(whole == pieces, "{name} as the answer to {asked:?}");
        }
    }
}

#[test]
fn answers_of_servers_make_sense() {
    let answers = answers();
    for (name, asked, expected) in SENSIBLE {
        if let Some((_, answer)) = answers.iter().find(|(known, _)| known == name) {
            assert_eq!(heard(asked, answer, usize::MAX), expected, "{name}");
        }
    }
}

#[test]
fn messages_of_servers_come_whole() {
    let answers = answers();
    for (name, asked) in MESSAGES {
        let Some((_, answer)) = answers.iter().find(|(known, _)| known == name) else {
            continue;
        };
        let heard = heard(asked, answer, 4096);
        let one = matches!(asked, Asked::Retr | Asked::TopOne);
        let messages = if one { 1 } else { 3 };
        assert_eq!(heard.len(), 3 * messages, "{name}");
        for lines in heard.chunks(3) {
            assert!(lines[0].starts_with("BodyStart ") && lines[2].starts_with("BodyEnd "));
            let octets = lines[1].strip_prefix("BodyChunk ").unwrap();
            assert!(octets.ends_with("\\r\\n\""), "{name} ends in mid-line");
        }
    }
}

/// Without the shared folder our own five answers are all there is, and they are all looked at.
#[test]
fn no_answer_goes_unlooked_at() {
    let answers = answers();
    for (name, _) in &answers {
        let looked_at = SENSIBLE.iter().any(|(known, ..)| known == name)
            || MESSAGES.iter().any(|(known, _)| known == name)
            || NEVER_ASKED.contains(&name.as_str());
        assert!(looked_at, "nobody says what {name} means");
    }
    let collected = answers.len() - OWN;
    assert!(matches!(collected, 0 | COLLECTED), "{collected}");
}

/// Answers of our own.
const OWN: usize = 5;

/// Answers in the shared folder.
const COLLECTED: usize = 66;
