//! One client at the server's end: its command, and the frames both ways.
//!
//! Three parts: the command on a thread of its own, because it waits for its caller as it would for
//! its own streams; a task that writes what the command says; a task that reads what the client
//! answers. A client that goes away, or says what is no frame, stops its command as Ctrl-C would.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::frame::{Frame, Octets};
use super::greeting::{self, State};
use super::messages::{ToClient, ToServer};
use super::server::{Phase, stopping};
use crate::caller::{self, Answer, Asked, Caller, Remote, Stop, Terminal};
use crate::cli::{self, Context};
use crate::exit::Exit;

/// A client that says nothing for so long has nothing to say.
const PATIENCE: Duration = Duration::from_secs(30);

/// Frames that wait for a client to read; then its command waits.
const FRAMES: usize = 16;

/// What a client gets for reading what waits for it, when the server stops.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// One client.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: UnixStream,
    pub(super) state: State,
    /// Who it is, by the system's word.
    pub(super) uid: u32,
    /// Held while it is there.
    pub(super) _place: Option<OwnedSemaphorePermit>,
    pub(super) context: watch::Receiver<Context>,
    pub(super) phases: watch::Receiver<Phase>,
}

/// What was typed, and where.
#[derive(Debug, Eq, PartialEq)]
struct Typed {
    directory: PathBuf,
    data: PathBuf,
    words: Vec<OsString>,
}

impl Connection {
    /// Carries the client's command out and tells it how that ended.
    pub(super) async fn converse(self) {
        // What fails here is a client that went away; it has nothing to be told.
        self.try_converse().await.ok();
    }

    async fn try_converse(mut self) -> io::Result<()> {
        let greeting = greeting::line(self.state);
        self.stream.write_all(greeting.as_bytes()).await?;
        if self.state != State::Ready {
            return Ok(());
        }
        let first = tokio::select! {
            first = timeout(PATIENCE, Frame::<ToServer>::read(&mut self.stream)) => first??,
            () = stopping(&mut self.phases) => None,
        };
        let Some(Frame {
            message: ToServer::Command { terminal },
            octets,
        }) = first
        else {
            return Ok(());
        };
        let Some(typed) = Typed::parse(&octets) else {
            return Ok(());
        };
        if !is_same(&typed.data, &self.context.borrow().config.data) {
            return Frame::of(ToClient::OtherData).write(&mut self.stream).await;
        }
        self.carry_out(terminal, typed).await;
        Ok(())
    }

    async fn carry_out(mut self, terminal: Terminal, typed: Typed) {
        let (read, write) = self.stream.into_split();
        let (frames, outgoing) = mpsc::channel(FRAMES);
        let (answer, answers) = mpsc::channel(1);
        let (say, asked) = watch::channel(Asked::default());
        let say = Arc::new(say);
        let to_question = answer.downgrade();
        // They end with this connection, however it ends.
        let mut line = JoinSet::new();
        let writer = line.spawn(write_out(outgoing, write, self.phases.clone()));
        line.spawn(read_in(read, answer, Arc::clone(&say)));
        let remote = Arc::new(Remote {
            uid: self.uid,
            terminal,
            directory: typed.directory,
            frames: frames.clone(),
            answers: Mutex::new(answers),
            asked,
        });
        let (runtime, context) = (Handle::current(), self.context.borrow().clone());
        let mut command = tokio::task::spawn_blocking(move || {
            let command = to_the_end(typed.words, context, Arc::clone(&remote));
            runtime.block_on(caller::on_behalf_of(Caller::Remote(remote), command))
        });
        let ended = loop {
            tokio::select! {
                ended = &mut command => break ended,
                Ok(()) = self.phases.changed() => {
                    say.send_modify(|asked| asked.add(Stop::Server));
                    if let Some(answer) = to_question.upgrade() {
                        // If there is an answer already, the next question hears of it.
                        answer.try_send(Answer::Stopping).ok();
                    }
                }
            }
        };
        let exit = match ended {
            Ok(exit) => exit,
            Err(error) => {
                let what =
                    format!("inhaul: this broke down, which is a mistake of inhaul's: {error}\n");
                let told = Frame::with(ToClient::Err, what.as_bytes());
                frames.send(told).await.ok();
                Exit::SOFTWARE
            }
        };
        let code = exit.code();
        let last_words = async {
            frames.send(Frame::of(ToClient::Exit { code })).await.ok();
            // The writer ends behind it, the reader with this connection.
            while let Some(Ok((ended, ()))) = line.join_next_with_id().await {
                if ended == writer.id() {
                    break;
                }
            }
        };
        last_words.await;
    }
}

impl Typed {
    /// Reads what a client sent; `None` where that is no command line.
    fn parse(octets: &[u8]) -> Option<Self> {
        let octets = octets.strip_suffix(b"\0")?;
        let mut parts = octets
            .split(|octet| *octet == 0)
            .map(|part| OsString::from_vec(part.to_vec()));
        Some(Self {
            directory: parts.next()?.into(),
            data: parts.next()?.into(),
            words: parts.collect(),
        })
    }
}

/// Whether two paths are the same directory, by whatever names.
fn is_same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole(one) == whole(other)
}

/// Writes what the command says until the client is gone or was told the end.
/// A server that stops does not wait for one that stands still: its command hears that it is gone.
async fn write_out(
    mut frames: mpsc::Receiver<Frame<ToClient>>,
    mut line: OwnedWriteHalf,
    mut phases: watch::Receiver<Phase>,
) {
    while let Some(frame) = frames.recv().await {
        let is_end = matches!(frame.message, ToClient::Exit { .. });
        let stands_still = async {
            stopping(&mut phases).await;
            tokio::time::sleep(LAST_WORDS).await;
        };
        tokio::select! {
            written = frame.write(&mut line) => {
                if written.is_err() || is_end {
                    return;
                }
            }
            () = stands_still => return,
        }
    }
}

/// Hands on what the client says, until it is gone.
async fn read_in(
    mut line: OwnedReadHalf,
    answers: mpsc::Sender<Answer>,
    say: Arc<watch::Sender<Asked>>,
) {
    while let Ok(Some(Frame { message, octets })) = Frame::read(&mut line).await {
        let answer = match message {
            ToServer::Answer => Answer::Octets(octets),
            ToServer::Failed { number } => Answer::Failed(failed(number, &octets)),
            ToServer::Stop { how } => {
                say.send_modify(|asked| asked.add(how));
                continue;
            }
            ToServer::Command { .. } => break,
        };
        if answers.send(answer).await.is_err() {
            break;
        }
    }
    say.send_modify(|asked| asked.add(Stop::Interrupt));
}

fn failed(number: Option<i32>, why: &Octets) -> io::Error {
    match number {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::other(String::from_utf8_lossy(why).into_owned()),
    }
}

/// What a mistake of ours would do in the middle of a command: while the file is there that
/// `INHAUL_TEST_BREAK` names. In test builds only.
fn break_down_if_a_test_wants_it() {
    #[cfg(feature = "test-clock")]
    if std::env::var_os("INHAUL_TEST_BREAK").is_some_and(|file| Path::new(&file).exists()) {
        panic!("a test wants it")
    }
}

/// Carries the command out and tells its caller of a failure.
async fn to_the_end(words: Vec<OsString>, context: Context, remote: Arc<Remote>) -> Exit {
    let cli = match cli::parse(words) {
        Ok(cli) if cli.command.needs_data() => cli,
        Ok(_) => {
            cli::output::complain("inhaul: the server does not carry this command out\n");
            return Exit::USAGE;
        }
        Err(error) => {
            cli::output::complain(&error.render().to_string());
            return Exit::USAGE;
        }
    };
    tracing::info!(uid = caller::current().who(), "carries a command out");
    break_down_if_a_test_wants_it();
    let globals = cli::Globals {
        server: Some(context),
        ..cli.globals
    };
    let command = cli::Cli {
        globals: globals.clone(),
        command: cli.command,
    };
    match Box::pin(cli::carry_out(command)).await {
        Ok(exit) => exit,
        Err(failure) => {
            let asked = *remote.asked.borrow();
            if asked.times > 0 {
                cli::output::complain("inhaul: it was stopped before it was done\n");
                return asked.how.exit();
            }
            cli::card::tell(&failure, &globals);
            failure.exit
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_two_directories_and_words() {
        let typed = Typed::parse(b"/home\0/data\0inhaul\0where\0\0a\xff\0").unwrap();
        assert_eq!(typed.directory, Path::new("/home"));
        assert_eq!(typed.data, Path::new("/data"));
        let words = ["inhaul", "where", ""].map(OsString::from);
        assert_eq!(typed.words[..3], words);
        assert_eq!(typed.words[3], OsString::from_vec(b"a\xff".to_vec()));
        for octets in [&b""[..], b"/home", b"/home\0"] {
            assert_eq!(Typed::parse(octets), None, "{octets:?}");
        }
    }
}
