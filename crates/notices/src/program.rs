//! The program that gets JSON on standard input.
//!
//! Started without a shell, in a process group of its own, with `PATH` as its whole environment:
//! nothing of ours that may be secret reaches it. What it writes is not read, but for the first line
//! of its standard error.

use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio::time::timeout;

use crate::courier::Outcome;

/// A program to be started for each document.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program and its arguments.
    words: Vec<String>,
    limit: Duration,
}

impl Program {
    /// `words`: the program and its arguments. It is killed after `limit`.
    pub fn new(words: Vec<String>, limit: Duration) -> Self {
        Self { words, limit }
    }

    /// Gives it one document. Ended with 0 is delivered, with 75 (`EX_TEMPFAIL`) is tried again, and
    /// anything else is not: a program that did half its work would do that half again.
    pub async fn deliver(&self, json: Vec<u8>) -> Outcome {
        let Some((program, arguments)) = self.words.split_first() else {
            return never("there is no program".into());
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env(
                "PATH",
                std::env::var_os("PATH").unwrap_or_else(|| PATH.into()),
            )
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        match command.spawn() {
            Ok(child) => self.attend(child, json).await,
            // It may be there when it is installed again.
            Err(error) => Outcome::Later {
                why: format!("{program} could not be started: {error}"),
                after: None,
            },
        }
    }

    async fn attend(&self, mut child: Child, mut json: Vec<u8>) -> Outcome {
        let group = Group::of(&child);
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        json.push(b'\n');
        let name = &self.words[0];
        let mut said = Vec::new();
        let ended = {
            let talk = async { tokio::join!(feed(stdin, &json), keep(stderr, &mut said)) };
            let mut talk = pin!(talk);
            timeout(self.limit, async {
                let mut is_said = false;
                let ended = loop {
                    tokio::select! {
                        ended = child.wait() => break ended,
                        _ = &mut talk, if !is_said => is_said = true,
                    }
                };
                // What it left running may hold its pipes.
                if !is_said {
                    timeout(LAST_WORDS, &mut talk).await.ok();
                }
                ended
            })
            .await
        };
        let ended = match ended {
            Ok(Ok(ended)) => ended,
            Ok(Err(error)) => return never(format!("{name} was lost: {error}")),
            Err(_) => {
                // The group's guard kills what it started.
                let seconds = self.limit.as_secs();
                return never(format!(
                    "{name} was killed: it took longer than {seconds} seconds"
                ));
            }
        };
        group.leave();
        judge(name, ended, &first_line(&said))
    }
}

fn judge(name: &str, ended: ExitStatus, said: &str) -> Outcome {
    let mut why = format!("{name} ended with {ended}");
    if !said.is_empty() {
        why.push_str(&format!(": {said}"));
    }
    match ended.code() {
        Some(0) => Outcome::Delivered,
        Some(TEMPORARY) => Outcome::Later { why, after: None },
        _ => never(why),
    }
}

fn never(why: String) -> Outcome {
    Outcome::Never { why }
}

/// A program need not read what it gets.
async fn feed(stdin: Option<ChildStdin>, json: &[u8]) {
    if let Some(mut stdin) = stdin {
        stdin.write_all(json).await.ok();
    }
}

/// Reads to the end, so that a program that writes much does not stand still; keeps the start.
async fn keep(stderr: Option<ChildStderr>, kept: &mut Vec<u8>) {
    let Some(mut stderr) = stderr else { return };
    let mut piece = [0; 1024];
    while let Ok(read @ 1..) = stderr.read(&mut piece).await {
        let room = MOST_SAID - kept.len();
        kept.extend_from_slice(&piece[..read.min(room)]);
    }
}

fn first_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let line = said.trim().lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).collect()
}

/// `EX_TEMPFAIL` of sysexits.h.
const TEMPORARY: i32 = 75;
const MOST_SAID: usize = 200;
/// How long the pipes of a program that ended are read on.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Where our own environment has none.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Kills a process group when dropped, the program with whatever it started.
struct Group(Option<Pid>);

impl Group {
    /// The group has its leader's number.
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// Its leader ended by itself: what it left running, it meant to.
    fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Nobody is left: nothing to kill.
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}
