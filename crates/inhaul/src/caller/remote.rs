//! A caller at the other end of the control socket.
//!
//! Every call becomes a frame, and where it wants an answer, waits for one. Output waits while the
//! client does not read; what only draws a picture never waits.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use inhaul_types::Secret;
use tokio::sync::{mpsc, watch};
use tokio::task::block_in_place;

use super::{Stop, Stops, Terminal};
use crate::control::{Frame, OUTPUT_MOST, Octets, ToClient};
use crate::exit::{Exit, Failure};

/// One client and the command that is carried out for it.
#[derive(Debug)]
pub(crate) struct Remote {
    /// Who it is, by the system's word.
    pub(crate) uid: u32,
    pub(crate) terminal: Terminal,
    /// Where the command was typed: the directory of relative paths.
    pub(crate) directory: PathBuf,
    /// What goes out to the client.
    pub(crate) frames: mpsc::Sender<Frame<ToClient>>,
    /// What it answers; one question is open at a time.
    pub(crate) answers: Mutex<mpsc::Receiver<Answer>>,
    /// How often it was asked to stop: by the client, because it went away, or by the server.
    pub(crate) asked: watch::Receiver<Asked>,
}

/// What a client says to a question.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Here it is; nothing where the question was only whether it is done.
    Octets(Octets),
    /// It did not work: the system's number, or words.
    Failed(io::Error),
    /// There will be none: the server stops.
    Stopping,
}

/// Wishes to stop so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// How many.
    pub(crate) times: u32,
    /// The last one.
    pub(crate) how: Stop,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            times: 0,
            how: Stop::Terminate,
        }
    }
}

impl Asked {
    /// One more.
    pub(crate) fn add(&mut self, how: Stop) {
        self.times += 1;
        self.how = how;
    }
}

impl Remote {
    pub(super) fn print(&self, octets: &[u8]) -> Result<(), Failure> {
        let mut pieces = octets.chunks(OUTPUT_MOST);
        let sent = pieces.try_for_each(|piece| self.send(Frame::with(ToClient::Out, piece)));
        sent.map_err(|error| Failure::new(Exit::INTERRUPTED, error.to_string()))
    }

    pub(super) fn complain(&self, octets: &[u8]) {
        for piece in octets.chunks(OUTPUT_MOST) {
            self.send(Frame::with(ToClient::Err, piece)).ok();
        }
    }

    pub(super) fn ask(&self, question: &str) -> io::Result<String> {
        let answer = self.request(Frame::with(ToClient::Ask, question.as_bytes()))?;
        Ok(text(answer)?.expose().to_owned())
    }

    pub(super) fn ask_secret(&self, question: &str) -> io::Result<Secret> {
        text(self.request(Frame::with(ToClient::AskSecret, question.as_bytes()))?)
    }

    pub(super) fn read_input(&self, most: u64) -> io::Result<Secret> {
        text(self.request(Frame::of(ToClient::ReadInput { most }))?)
    }

    pub(super) fn read_file(&self, path: &Path, most: u64) -> io::Result<Secret> {
        let path = path.as_os_str().as_encoded_bytes();
        text(self.request(Frame::with(ToClient::ReadFile { most }, path))?)
    }

    pub(super) fn stops(&self) -> io::Result<Stops> {
        let stops = Stops::of_caller(self.asked.clone());
        // Before the first effect: from then on a signal must not simply end the client.
        match self.request(Frame::of(ToClient::ForwardSignals)) {
            Ok(_) => Ok(stops),
            // It was asked already, and the command shall hear of it.
            Err(_) if self.asked.borrow().times > 0 => Ok(stops),
            Err(error) => Err(error),
        }
    }

    /// Asks for something and waits for the answer.
    pub(super) fn request(&self, frame: Frame<ToClient>) -> io::Result<Octets> {
        if self.asked.borrow().times > 0 {
            return Err(stopped());
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        self.send(frame)?;
        match block_in_place(|| answers.blocking_recv()) {
            Some(Answer::Octets(octets)) => Ok(octets),
            Some(Answer::Failed(error)) => Err(error),
            Some(Answer::Stopping) => Err(stopped()),
            None => Err(gone()),
        }
    }

    /// Sends what must arrive; waits while the client does not read.
    pub(crate) fn send(&self, frame: Frame<ToClient>) -> io::Result<()> {
        block_in_place(|| self.frames.blocking_send(frame)).map_err(|_| gone())
    }

    /// Sends what may be lost, and never waits; says whether it went out.
    pub(crate) fn show(&self, frame: Frame<ToClient>) -> bool {
        self.frames.try_send(frame).is_ok()
    }
}

/// An answer that must be text, as the streams of this process must.
fn text(octets: Octets) -> io::Result<Secret> {
    match std::str::from_utf8(&octets) {
        Ok(text) => Ok(Secret::new(text.to_owned())),
        Err(_) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "stream did not contain valid UTF-8",
        )),
    }
}

fn gone() -> io::Error {
    let what = "whoever typed the command went away";
    io::Error::new(io::ErrorKind::ConnectionAborted, what)
}

fn stopped() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, "it was asked to stop")
}
