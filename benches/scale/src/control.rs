//! The control socket of a running server, as its command line speaks it, in one process that stays.
//!
//! Starting `inhaul` for every question would measure the start of a program. The server says one
//! line, `inhaul-control PROTOCOL VERSION STATE`; then both sides send frames: two lengths of four
//! octets, a head in JSON, octets. A connection carries one command.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// The protocol that is spoken here.
const PROTOCOL: &str = "1";

/// A head is a few words; more is a misunderstanding.
const HEAD_MOST: u32 = 4 << 10;
/// What a frame carries at most.
const OCTETS_MOST: u32 = 1 << 20;

/// A server, by its socket.
#[derive(Clone, Debug)]
pub(crate) struct ControlSocket {
    socket: PathBuf,
    data: PathBuf,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct CarriedOut {
    /// Its exit code.
    pub(crate) code: u64,
    /// What it wrote on standard output.
    pub(crate) out: String,
    /// What it wrote on standard error.
    pub(crate) err: String,
}

/// A connection the server has greeted: it waits for a command.
#[derive(Debug)]
pub(crate) struct Ready {
    line: BufReader<UnixStream>,
    data: PathBuf,
}

impl ControlSocket {
    /// Of the server that holds this data directory.
    pub(crate) fn of(data: &Path) -> Self {
        Self {
            socket: data.join("control.sock"),
            data: data.to_owned(),
        }
    }

    /// Connects and waits for the greeting.
    pub(crate) async fn connect(&self) -> Result<Ready> {
        let line = UnixStream::connect(&self.socket)
            .await
            .with_context(|| format!("no server listens at {}", self.socket.display()))?;
        let mut line = BufReader::new(line);
        let mut greeting = String::new();
        line.read_line(&mut greeting).await?;
        match greeting.split_whitespace().collect::<Vec<_>>()[..] {
            ["inhaul-control", PROTOCOL, _, "ready"] => Ok(Ready {
                line,
                data: self.data.clone(),
            }),
            _ => bail!("the server says {greeting:?}"),
        }
    }

    /// Carries out a command, the program's name left out.
    pub(crate) async fn carry_out(&self, words: &[&str]) -> Result<CarriedOut> {
        self.connect().await?.carry_out(words).await
    }
}

impl Ready {
    /// The same on this connection.
    pub(crate) async fn carry_out(mut self, words: &[&str]) -> Result<CarriedOut> {
        let head = json!({"Command": {"terminal": {
            "input": false, "errors": false, "dumb": true, "no_color": true
        }}});
        let mut typed = Vec::new();
        let data = self.data.to_string_lossy();
        for part in ["/", &data, "inhaul"]
            .into_iter()
            .chain(words.iter().copied())
        {
            typed.extend_from_slice(part.as_bytes());
            typed.push(0);
        }
        self.write(&head, &typed).await?;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        loop {
            let (head, octets) = self.read().await?;
            match head.as_str() {
                Some("Out") => out.extend(octets),
                Some("Err") => err.extend(octets),
                Some("OtherData") => bail!("the server holds another data directory"),
                // It waits for us to say that we pass signals on. We send none.
                Some("ForwardSignals") => self.write(&json!("Answer"), b"").await?,
                Some(_) => {}
                None => {
                    if let Some(code) = head.pointer("/Exit/code").and_then(Value::as_u64) {
                        let text = |octets| String::from_utf8_lossy(octets).into_owned();
                        let (out, err) = (text(&out), text(&err));
                        return Ok(CarriedOut { code, out, err });
                    }
                }
            }
        }
    }

    async fn write(&mut self, head: &Value, octets: &[u8]) -> Result<()> {
        let head = head.to_string();
        let mut frame = Vec::new();
        for length in [head.len(), octets.len()] {
            frame.extend(u32::try_from(length)?.to_be_bytes());
        }
        frame.extend_from_slice(head.as_bytes());
        frame.extend_from_slice(octets);
        Ok(self.line.write_all(&frame).await?)
    }

    async fn read(&mut self) -> Result<(Value, Vec<u8>)> {
        const GONE: &str = "the server hung up in the middle of a command";
        let head = self.line.read_u32().await.context(GONE)?;
        let octets = self.line.read_u32().await.context(GONE)?;
        if head > HEAD_MOST || octets > OCTETS_MOST {
            bail!("the server speaks another protocol");
        }
        let mut both = vec![0; (head + octets) as usize];
        self.line.read_exact(&mut both).await.context(GONE)?;
        let octets = both.split_off(head as usize);
        Ok((serde_json::from_slice(&both)?, octets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_command_writes_comes_back_with_its_exit() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut server = Ready {
            line: BufReader::new(theirs),
            data: "/d".into(),
        };
        let client = Ready {
            line: BufReader::new(ours),
            data: "/d".into(),
        };
        let serve = async {
            let (head, octets) = server.read().await.unwrap();
            assert!(head.pointer("/Command/terminal").is_some());
            assert_eq!(octets, b"/\0/d\0inhaul\0status\0--json\0");
            server.write(&json!("Out"), b"one ").await.unwrap();
            server
                .write(&json!({"NewBar": {"bar": 1}}), b"")
                .await
                .unwrap();
            server.write(&json!("Out"), b"two").await.unwrap();
            server.write(&json!("Err"), b"three").await.unwrap();
            let exit = json!({"Exit": {"code": 3}});
            server.write(&exit, b"").await.unwrap();
        };
        let (carried_out, ()) = tokio::join!(client.carry_out(&["status", "--json"]), serve);
        let CarriedOut { code, out, err } = carried_out.unwrap();
        assert_eq!((code, out.as_str(), err.as_str()), (3, "one two", "three"));
    }
}
