//! `inhaul demo`: a sample mail server in the same process, its mail brought over real POP3.
//!
//! The normal code paths; only the data is made up. Nothing leaves this machine, and the data
//! directory is a temporary one that goes when the demo ends. `desk` is the demo for a person,
//! `selftest` the one that runs alone; both stand on `installation`, whose retrievals the engine's
//! service keeps running by a clock that can be set ahead.

mod clock;
mod command;
mod desk;
mod front;
mod installation;
mod look;
mod picture;
pub(crate) mod sample_hosts;
mod samples;
mod scenes;
mod selftest;
mod signals;

use std::io::{BufRead, BufReader, IsTerminal, Read};

use clap::Args;
use tokio::sync::mpsc;

use self::desk::{Desk, Input, Typed};
use self::front::Front;
use self::installation::Installation;
use self::samples::Pace;
use self::signals::Signals;
use super::Globals;
use crate::exit::{Exit, Failure};

#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Demo {
    /// Run the whole scenario without a person and say whether it held
    #[arg(long)]
    selftest: bool,
    #[command(flatten)]
    front: Front,
}

const AFTER_HELP: &str = "\
While it runs, type help for what can be made to happen. Commands may come by a pipe as well; the \
demo then ends behind the last one. Its data directory is a temporary one; with --data DIR it is \
made in DIR.";

impl Demo {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        refuse_real_data(globals)?;
        let signals = Signals::new()?;
        if self.selftest {
            return selftest::run(globals, signals).await;
        }
        if globals.json {
            let what = "the demo is for reading; only its --selftest has a JSON document";
            return Err(Failure::usage(what));
        }
        self.front.check()?;
        let demo = Installation::start(Pace::Shown, globals.data.as_deref()).await?;
        Desk::new(demo, globals, self.front, read_commands()?, signals)
            .hold()
            .await
    }
}

/// The demo would leave it alone; but whoever names it expects something else of it.
fn refuse_real_data(globals: &Globals) -> Result<(), Failure> {
    let Some(data) = &globals.data else {
        return Ok(());
    };
    if !data.join("inhaul.db").exists() {
        return Ok(());
    }
    let what = format!(
        "{} holds real mail, and a demo keeps nothing",
        data.display()
    );
    Err(Failure::usage(what)
        .hint("Leave --data out: the demo makes a temporary data directory of its own."))
}

/// Reads lines from standard input, on a thread that ends with them or with the process.
#[expect(clippy::disallowed_methods, reason = "a demo is always here")]
fn read_commands() -> Result<Input, Failure> {
    let typed = if std::io::stdin().is_terminal() {
        Typed::ByHand
    } else {
        Typed::ByScript
    };
    let (sender, lines) = mpsc::channel(16);
    let read = move || {
        let mut input = BufReader::new(std::io::stdin());
        loop {
            let mut line = Vec::new();
            let read = (&mut input).take(LINE_MOST).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) {
                return;
            }
            let line = String::from_utf8_lossy(&line).into_owned();
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("demo commands".into())
        .spawn(read)?;
    Ok(Input { lines, typed })
}

/// Octets of a line; what is longer is no command.
const LINE_MOST: u64 = 4096;
