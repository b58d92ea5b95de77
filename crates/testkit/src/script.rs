//! A server that says exactly what a test wants it to say.
//!
//! A dialogue is text, one step a line; blank lines and lines that begin with `#` do not count:
//!
//! ```text
//! S: +OK hello          the server sends the line and CR LF
//! R: +OK no line end    the server sends these octets and nothing else
//! C: CAPA               the client must send this line; one * stands for anything
//! X: reset              the server breaks the connection off (RST)
//! ---                   the next connection
//! ```
//!
//! Octets are written `\r \n \t \0 \\ \* \xNN`. Behind the last step the server ends its side and
//! waits for the client's end; whatever the client still sends then is a mismatch.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use rustix::net::sockopt::set_socket_linger;

/// Dialogues, one for each connection to come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Script {
    dialogues: Vec<Vec<(usize, Step)>>,
}

/// One step of a dialogue; its line in the text stands beside it.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Step {
    Send(Vec<u8>),
    Expect(Pattern),
    Reset,
}

/// What a line must be, or what it must begin and end with.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Pattern {
    start: Vec<u8>,
    rest: Option<Vec<u8>>,
}

impl Script {
    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self> {
        let mut dialogues = vec![Vec::new()];
        for (line, number) in text.lines().zip(1..) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line == "---" {
                dialogues.push(Vec::new());
                continue;
            }
            let step = Step::parse(line).with_context(|| format!("line {number}: {line}"))?;
            if let Some(dialogue) = dialogues.last_mut() {
                dialogue.push((number, step));
            }
        }
        ensure!(
            dialogues.iter().all(|steps| !steps.is_empty()),
            "a dialogue without steps"
        );
        Ok(Self { dialogues })
    }

    /// Waits for clients on a free port of the loopback.
    pub fn serve(self) -> Result<ScriptServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let addr = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let finishing = Arc::new(AtomicBool::new(false));
        let for_thread = Arc::clone(&finishing);
        let playing = thread::spawn(move || self.play(&listener, &for_thread));
        Ok(ScriptServer {
            addr,
            finishing,
            playing: Some(playing),
        })
    }

    fn play(&self, listener: &TcpListener, finishing: &AtomicBool) -> Result<()> {
        for (dialogue, number) in self.dialogues.iter().zip(1..) {
            let stream = accept(listener, finishing)?
                .with_context(|| format!("connection {number} never came"))?;
            play(stream, dialogue).with_context(|| format!("connection {number}"))?;
        }
        match accept(listener, finishing)? {
            Some(_) => bail!("there was a connection more than there are dialogues"),
            None => Ok(()),
        }
    }
}

/// A script being played.
#[derive(Debug)]
pub struct ScriptServer {
    addr: SocketAddr,
    finishing: Arc<AtomicBool>,
    playing: Option<JoinHandle<Result<()>>>,
}

impl ScriptServer {
    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Waits for the dialogue under way to end; says what did not go as written. To be called
    /// when no further connection will come.
    pub fn finish(mut self) -> Result<()> {
        self.join()
    }

    fn join(&mut self) -> Result<()> {
        self.finishing.store(true, Ordering::SeqCst);
        match self.playing.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(anyhow!("the script's thread panicked")),
        }
    }
}

impl Drop for ScriptServer {
    fn drop(&mut self) {
        if let Err(mismatch) = self.join() {
            // Not asked for by `finish`, so the test fails for a reason of its own, if it does.
            eprintln!("script: {mismatch:#}");
        }
    }
}

impl Step {
    fn parse(line: &str) -> Result<Self> {
        let (kind, text) = line.split_once(':').context("no kind of step")?;
        let text = text.strip_prefix(' ').unwrap_or(text);
        match (kind, text) {
            ("S", _) => Ok(Self::Send([octets(text)?, b"\r\n".to_vec()].concat())),
            ("R", _) => Ok(Self::Send(octets(text)?)),
            ("C", _) => Ok(Self::Expect(Pattern::parse(text)?)),
            ("X", "reset") => Ok(Self::Reset),
            _ => bail!("not a step"),
        }
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self> {
        let star = text
            .match_indices('*')
            .find(|(at, _)| !text[..*at].ends_with('\\'));
        let Some((at, _)) = star else {
            return Ok(Self {
                start: octets(text)?,
                rest: None,
            });
        };
        Ok(Self {
            start: octets(&text[..at])?,
            rest: Some(octets(&text[at + 1..])?),
        })
    }

    fn fits(&self, line: &[u8]) -> bool {
        match (line.strip_prefix(self.start.as_slice()), &self.rest) {
            (None, _) => false,
            (Some(behind), None) => behind.is_empty(),
            (Some(behind), Some(rest)) => behind.ends_with(rest),
        }
    }
}

/// Undoes the backslashes.
fn octets(text: &str) -> Result<Vec<u8>> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        let (&code, behind) = rest.split_first().context("a backslash at the end")?;
        rest = behind;
        octets.push(match code {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'0' => 0,
            b'\\' | b'*' => code,
            b'x' => {
                let digits = rest.get(..2).context("\\x takes two digits")?;
                rest = &rest[2..];
                u8::from_str_radix(str::from_utf8(digits)?, 16)?
            }
            _ => bail!("\\{} means nothing", char::from(code)),
        });
    }
    Ok(octets)
}

/// The next client; `None` if the test is over and nobody waits.
fn accept(listener: &TcpListener, finishing: &AtomicBool) -> Result<Option<TcpStream>> {
    loop {
        // Asked first: a client that connected before `finish` was called is then still seen.
        let over = finishing.load(Ordering::SeqCst);
        match listener.accept() {
            Ok((stream, _)) => return Ok(Some(stream)),
            Err(error) if error.kind() != ErrorKind::WouldBlock => {
                return Err(error).context("cannot accept");
            }
            Err(_) if over => return Ok(None),
            Err(_) => thread::sleep(POLL),
        }
    }
}

/// Plays one dialogue.
fn play(stream: TcpStream, dialogue: &[(usize, Step)]) -> Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut client = BufReader::new(stream);
    for (number, step) in dialogue {
        match step {
            Step::Send(octets) => client
                .get_mut()
                .write_all(octets)
                .with_context(|| format!("line {number}: the client takes nothing more"))?,
            Step::Expect(pattern) => {
                expect(&mut client, pattern).with_context(|| format!("line {number}"))?;
            }
            Step::Reset => {
                set_socket_linger(client.get_ref(), Some(Duration::ZERO))?;
                return Ok(());
            }
        }
    }
    client.get_ref().shutdown(Shutdown::Write).ok();
    let mut surplus = Vec::new();
    let began = Instant::now();
    match client.read_until(b'\n', &mut surplus) {
        Ok(0) => Ok(()),
        Ok(_) => bail!("behind the last line the client said {}", shown(&surplus)),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(()),
        Err(_) => bail!("the client does not close after {:?}", began.elapsed()),
    }
}

/// Reads one line and compares it.
fn expect(client: &mut BufReader<TcpStream>, pattern: &Pattern) -> Result<()> {
    let wanted = match &pattern.rest {
        None => shown(&pattern.start),
        Some(rest) => format!("{} * {}", shown(&pattern.start), shown(rest)),
    };
    let mut line = Vec::new();
    let count = client
        .read_until(b'\n', &mut line)
        .with_context(|| format!("the client is silent where {wanted} was due"))?;
    ensure!(count > 0, "the client closed where {wanted} was due");
    let Some(said) = line.strip_suffix(b"\r\n") else {
        bail!("the client ended a line without CR LF: {}", shown(&line));
    };
    ensure!(
        pattern.fits(said),
        "the client said {} where {wanted} was due",
        shown(said)
    );
    Ok(())
}

/// Octets as a person reads them.
fn shown(octets: &[u8]) -> String {
    let mut text = String::from("\"");
    for &octet in octets {
        // Writing to a string cannot fail.
        write!(text, "{}", octet.escape_ascii()).ok();
    }
    text + "\""
}

const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    const DIALOGUE: &str = r"
        # a session of two commands
        S: +OK hi
        C: USER *
        R: +O
        R: K\r\n
        C: QUIT
        S: +OK \xe9\\
    ";

    fn talk(addr: SocketAddr, said: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(said).unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).ok();
        got
    }

    #[test]
    fn a_dialogue_that_goes_as_written_is_no_mismatch() {
        let server = Script::parse(DIALOGUE).unwrap().serve().unwrap();
        let got = talk(server.addr(), b"USER u1\r\nQUIT\r\n");
        assert_eq!(got, b"+OK hi\r\n+OK\r\n+OK \xe9\\\r\n");
        server.finish().unwrap();
    }

    #[test]
    fn a_mismatch_names_its_line_and_what_was_said() {
        for (said, told) in [
            (
                &b"USER u1\r\nNOOP\r\n"[..],
                "line 7: the client said \"NOOP\" where \"QUIT\" was due",
            ),
            (
                b"USER u1\n",
                "line 4: the client ended a line without CR LF",
            ),
            (
                b"USER u1\r\nQUIT\r\nNOOP\r\n",
                "behind the last line the client said \"NOOP",
            ),
        ] {
            let server = Script::parse(DIALOGUE).unwrap().serve().unwrap();
            talk(server.addr(), said);
            let mismatch = format!("{:#}", server.finish().unwrap_err());
            assert!(mismatch.contains(told), "{mismatch}");
        }
    }

    #[test]
    fn each_connection_has_its_dialogue() {
        let script = Script::parse("S: one\nX: reset\n---\nS: two").unwrap();
        let server = script.clone().serve().unwrap();
        talk(server.addr(), b"");
        assert_eq!(talk(server.addr(), b""), b"two\r\n");
        server.finish().unwrap();

        let server = script.serve().unwrap();
        talk(server.addr(), b"");
        let mismatch = format!("{:#}", server.finish().unwrap_err());
        assert!(mismatch.contains("connection 2 never came"), "{mismatch}");
    }

    #[test]
    fn what_is_no_step_is_refused() {
        for text in [
            "",
            "Q: x",
            "S +OK",
            r"S: \q",
            r"S: \x1",
            "X: nothing",
            "S: a\n---\n",
        ] {
            assert!(Script::parse(text).is_err(), "{text:?}");
        }
    }
}
