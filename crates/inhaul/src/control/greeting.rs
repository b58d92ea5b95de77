//! The first line on the control socket, by which both ends know whether they understand each
//! other. Its form never changes: `inhaul-control PROTOCOL PROGRAM-VERSION STATE`.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The protocol of this program.
const PROTOCOL: u32 = 1;

const NAME: &str = "inhaul-control";

/// A longer line is no greeting.
const LINE_MOST: usize = 128;

/// What a server says to a new client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    /// It waits for a command.
    Ready,
    /// It carries out as many as it can.
    Full,
    /// It does not take commands from this user.
    Denied,
}

impl State {
    const ALL: [Self; 3] = [Self::Ready, Self::Full, Self::Denied];

    fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Full => "full",
            Self::Denied => "denied",
        }
    }
}

/// What a client heard.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Heard {
    /// A server that speaks this program's protocol.
    Understood(State),
    /// One that speaks another.
    Other {
        /// The version of its program.
        version: String,
    },
    /// Nobody: it went away without a word, as a server does that stops.
    Nothing,
    /// Something that is no inhaul.
    Stranger,
}

/// The line of a server.
pub(super) fn line(state: State) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("{NAME} {PROTOCOL} {version} {}\n", state.word())
}

/// Reads the server's line, and not one octet behind it.
pub(super) async fn hear(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Heard> {
    Ok(hear_with_version(from).await?.0)
}

/// The same, with the version of the server's program where it says one.
pub(super) async fn hear_with_version(
    from: &mut (impl AsyncRead + Unpin),
) -> io::Result<(Heard, Option<String>)> {
    let mut line = Vec::new();
    loop {
        let mut octet = [0];
        if from.read(&mut octet).await? == 0 {
            let heard = match line.is_empty() {
                true => Heard::Nothing,
                false => Heard::Stranger,
            };
            return Ok((heard, None));
        }
        if octet == *b"\n" {
            return Ok((understand(&line), version(&line)));
        }
        line.extend(octet);
        if line.len() > LINE_MOST {
            return Ok((Heard::Stranger, None));
        }
    }
}

fn version(line: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(line);
    let version = text.strip_prefix(NAME)?.split(' ').nth(2)?;
    Some(version.chars().filter(|c| !c.is_control()).collect())
}

fn understand(line: &[u8]) -> Heard {
    let text = String::from_utf8_lossy(line);
    let words: Vec<&str> = text.split(' ').collect();
    let [NAME, protocol, version, ref rest @ ..] = words[..] else {
        return Heard::Stranger;
    };
    let is_ours = protocol.parse() == Ok(PROTOCOL);
    let state = State::ALL
        .into_iter()
        .find(|state| rest.first() == Some(&state.word()));
    match state.filter(|_| is_ours) {
        Some(state) => Heard::Understood(state),
        None => Heard::Other {
            version: version.chars().filter(|c| !c.is_control()).collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_greeting_tells_who_is_there() {
        let long = "x".repeat(LINE_MOST + 1);
        let other = |version: &str| Heard::Other {
            version: version.to_owned(),
        };
        for (said, heard) in [
            (line(State::Ready), Heard::Understood(State::Ready)),
            (line(State::Full), Heard::Understood(State::Full)),
            (line(State::Denied), Heard::Understood(State::Denied)),
            ("inhaul-control 2 7.1.0 ready\n".into(), other("7.1.0")),
            ("inhaul-control 2 7.1.0\n".into(), other("7.1.0")),
            ("inhaul-control 1 7.1.0 sleepy\n".into(), other("7.1.0")),
            (String::new(), Heard::Nothing),
            ("inhaul-contr".into(), Heard::Stranger),
            ("220 mail.example ESMTP\n".into(), Heard::Stranger),
            (long, Heard::Stranger),
        ] {
            assert_eq!(hear(&mut said.as_bytes()).await.unwrap(), heard, "{said:?}");
        }
    }

    #[tokio::test]
    async fn a_greeting_tells_its_version() {
        let own = env!("CARGO_PKG_VERSION").to_owned();
        for (said, version) in [
            (line(State::Ready), Some(own)),
            (
                "inhaul-control 2 7.1.0 ready\n".into(),
                Some("7.1.0".into()),
            ),
            ("220 mail.example ESMTP\n".into(), None),
            (String::new(), None),
        ] {
            let (_, told) = hear_with_version(&mut said.as_bytes()).await.unwrap();
            assert_eq!(told, version, "{said:?}");
        }
    }
}
