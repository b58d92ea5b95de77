//! The client's end: hands a command to the running server and is its streams.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use inhaul_types::Secret;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::files::Files;
use super::frame::{Frame, OCTETS_MOST};
use super::greeting::{self, Heard, State};
use super::messages::{ToClient, ToServer};
use crate::caller::{Caller, Stops};
use crate::cli::progress::{Bar, Bars};
use crate::exit::{Exit, Failure};

/// A server that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server that waits for a command.
#[derive(Debug)]
pub(crate) struct Server {
    line: UnixStream,
    path: PathBuf,
}

/// A command as it was typed, and what it may reach.
#[derive(Debug)]
pub(crate) struct Typed {
    /// The words, the program's name in front.
    pub(crate) words: Vec<OsString>,
    /// The data directory that it means.
    pub(crate) data: PathBuf,
    /// The one file that the server may ask to be read.
    pub(crate) reads: Option<PathBuf>,
    /// The one folder that it may have files written in.
    pub(crate) writes_below: Option<PathBuf>,
}

/// Finds the server that listens at `path`; `None` where there is none, or none any more.
pub(crate) async fn connect(path: &Path) -> Result<Option<Server>, Failure> {
    let mut line = match UnixStream::connect(path).await {
        Ok(line) => line,
        // A socket that can be seen and not used is another's; what cannot be seen is nobody's.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && path.exists() => {
            return Err(denied(path));
        }
        Err(_) => return Ok(None),
    };
    let heard = timeout(PATIENCE, greeting::hear(&mut line)).await;
    match heard.map_err(|_| silent(path))? {
        Ok(Heard::Understood(State::Ready)) => Ok(Some(Server {
            line,
            path: path.to_owned(),
        })),
        Ok(Heard::Understood(State::Denied)) => Err(denied(path)),
        Ok(Heard::Understood(State::Full)) => Err(full()),
        Ok(Heard::Other { version }) => Err(other_version(&version)),
        Ok(Heard::Stranger) => Err(stranger(path)),
        Ok(Heard::Nothing) | Err(_) => Ok(None),
    }
}

impl Server {
    /// Has the command carried out; `None` where this server holds another data directory.
    pub(crate) async fn carry_out(self, typed: Typed) -> Result<Option<Exit>, Failure> {
        let (mut read, write) = self.line.into_split();
        let mut client = Client {
            line: Arc::new(Mutex::new(write)),
            files: Files::new(typed.reads, typed.writes_below),
            bars: None,
        };
        let whole = whole_line(&typed.words, &typed.data)?;
        let terminal = Caller::Local.terminal();
        let command = Frame {
            message: ToServer::Command { terminal },
            octets: whole.into(),
        };
        let gone = || {
            let what = "the server went away before the command ended";
            Failure::new(Exit::TEMP_FAIL, what)
                .hint("Look whether it was done, then run it again if it was not.")
        };
        client.send(&command).await.map_err(|_| gone())?;
        loop {
            let frame = match Frame::<ToClient>::read(&mut read).await {
                Ok(Some(frame)) => frame,
                Ok(None) => return Err(gone()),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    return Err(stranger(&self.path));
                }
                Err(_) => return Err(gone()),
            };
            match frame.message {
                ToClient::Exit { code } => return Ok(Some(Exit::of_number(code))),
                ToClient::OtherData => return Ok(None),
                message => client.obey(message, &frame.octets).await?,
            }
        }
    }
}

/// What a client has while its command is carried out.
struct Client {
    line: Arc<Mutex<OwnedWriteHalf>>,
    files: Files,
    bars: Option<(Bars, HashMap<u32, Bar>)>,
}

impl Client {
    async fn obey(&mut self, message: ToClient, octets: &[u8]) -> Result<(), Failure> {
        let here = Caller::Local;
        let text = || String::from_utf8_lossy(octets);
        match message {
            ToClient::Out => return self.aside(|| here.print(octets)),
            // Without a terminal's bars the pieces go out as they came.
            ToClient::Err => self.aside(|| here.complain_octets(octets)),
            ToClient::Ask => self.answer(here.ask(&text()).map(Secret::new)).await,
            ToClient::AskSecret => self.answer(here.ask_secret(&text())).await,
            ToClient::ReadInput { most } => self.answer(here.read_input(most)).await,
            ToClient::ReadFile { most } => self.answer(self.files.read(octets, most)).await,
            ToClient::MakeFolder
            | ToClient::CreateFile
            | ToClient::WriteFile
            | ToClient::CutFile { .. }
            | ToClient::RenameFile
            | ToClient::RemoveFile => {
                let done = self.files.write(&message, octets);
                self.answer(done.map(|()| Secret::new(String::new()))).await;
            }
            ToClient::ForwardSignals => {
                let stops = here.stops()?;
                tokio::spawn(forward(stops, Arc::clone(&self.line)));
                self.answer(Ok(Secret::new(String::new()))).await;
            }
            ToClient::NewBar { bar } => {
                let (bars, drawn) = self
                    .bars
                    .get_or_insert_with(|| (Bars::new(true), HashMap::new()));
                drawn.insert(bar, bars.add(&text()));
            }
            ToClient::Bar { bar, step } => {
                let bars = self.bars.as_ref();
                if let Some(bar) = bars.and_then(|(_, drawn)| drawn.get(&bar)) {
                    bar.show(&step);
                }
            }
            ToClient::ClearBars => {
                if let Some((bars, _)) = self.bars.take() {
                    bars.clear();
                }
            }
            ToClient::Exit { .. } | ToClient::OtherData => {}
        }
        Ok(())
    }

    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bars {
            Some((bars, _)) => bars.aside(write),
            None => write(),
        }
    }

    /// Says what came of it. If the server is gone, the next frame that does not come tells.
    async fn answer(&self, came: io::Result<Secret>) {
        let frame = match &came {
            Ok(octets) => Frame::with(ToServer::Answer, octets.expose().as_bytes()),
            Err(error) => {
                let number = error.raw_os_error();
                Frame::with(ToServer::Failed { number }, error.to_string().as_bytes())
            }
        };
        self.send(&frame).await.ok();
    }

    async fn send(&self, frame: &Frame<ToServer>) -> io::Result<()> {
        frame.write(&mut *self.line.lock().await).await
    }
}

/// Hands signals on. Who asks a third time does not want to wait for the server either.
async fn forward(mut stops: Stops, line: Arc<Mutex<OwnedWriteHalf>>) {
    for _ in 0..2 {
        let how = stops.next().await;
        let frame = Frame::of(ToServer::Stop { how });
        frame.write(&mut *line.lock().await).await.ok();
    }
    let how = stops.next().await;
    std::process::exit(how.exit().code().into());
}

/// Current directory, data directory and words, a zero octet behind each.
fn whole_line(words: &[OsString], data: &Path) -> Result<Vec<u8>, Failure> {
    let directory = std::env::current_dir()?;
    let parts = [directory.as_os_str(), data.as_os_str()]
        .into_iter()
        .chain(words.iter().map(OsString::as_os_str));
    let mut whole = Vec::new();
    for part in parts {
        whole.extend_from_slice(part.as_bytes());
        whole.push(0);
    }
    if whole.len() > OCTETS_MOST {
        let what = format!(
            "the command line has {} octets, more than the running server takes",
            whole.len()
        );
        return Err(Failure::usage(what).hint("Name less at once."));
    }
    Ok(whole)
}

fn denied(path: &Path) -> Failure {
    let what = format!(
        "the running server takes no commands from you at {}",
        path.display()
    );
    Failure::new(Exit::NO_PERM, what).hint(
        "Run this as the server's user, as root, or as a member of the group that the socket belongs to.",
    )
}

fn full() -> Failure {
    Failure::new(
        Exit::TEMP_FAIL,
        "the running server has too many commands to carry out",
    )
    .hint("Try again when some of them are done.")
}

fn silent(path: &Path) -> Failure {
    let what = format!("the server at {} does not answer", path.display());
    Failure::new(Exit::UNAVAILABLE, what).hint("If it hangs, stop it and start it again.")
}

fn other_version(version: &str) -> Failure {
    let own = env!("CARGO_PKG_VERSION");
    let what = format!(
        "the running server is inhaul {version}, this command is inhaul {own}, and they do not understand each other"
    );
    Failure::new(Exit::UNAVAILABLE, what)
        .hint("Use the server's own program, or start the server again with this one.")
}

fn stranger(path: &Path) -> Failure {
    let what = format!("what listens at {} is no inhaul", path.display());
    Failure::new(Exit::UNAVAILABLE, what).hint("Stop it, or set another path for [server] control.")
}
