//! What client and server say to each other. A change here is a new `PROTOCOL` in `greeting`.

use inhaul_engine::Progress;
use serde::{Deserialize, Serialize};

use crate::caller::{Stop, Terminal};

/// From the server.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum ToClient {
    /// Octets for standard output.
    Out,
    /// Octets for standard error.
    Err,
    /// The octets are a question: answer with a line of standard input.
    Ask,
    /// The octets are a question: answer with a line that the terminal does not show.
    AskSecret,
    /// Answer with what stands on standard input.
    ReadInput {
        /// So many octets of it at most.
        most: u64,
    },
    /// Answer with what stands in the file that the octets name.
    ReadFile {
        /// So many octets of it at most.
        most: u64,
    },
    /// Make a folder of this name.
    MakeFolder,
    /// Begin a file of this name; the next frames are about it.
    CreateFile,
    /// Write the octets to that file.
    WriteFile,
    /// Keep the first octets of that file only.
    CutFile {
        /// So many.
        len: u64,
    },
    /// Rename a file: two names, a zero octet between them.
    RenameFile,
    /// Remove the file of this name.
    RemoveFile,
    /// From now on forward signals instead of ending by them.
    ForwardSignals,
    /// Draw a new bar; the octets are its name.
    NewBar {
        /// Its number.
        bar: u32,
    },
    /// Something happened that a bar shows.
    Bar {
        /// Its number.
        bar: u32,
        /// What happened.
        step: BarStep,
    },
    /// Wipe all bars.
    ClearBars,
    /// The server holds another data directory than the client means.
    OtherData,
    /// The command ended.
    Exit {
        /// With this code.
        code: u8,
    },
}

/// From the client.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum ToServer {
    /// The octets are what was typed: current directory, data directory, words, each with a zero
    /// octet behind it.
    Command {
        /// The client's terminal.
        terminal: Terminal,
    },
    /// The octets are the answer; none where it is only done.
    Answer,
    /// What was asked for did not work; the octets say why where there is no number.
    Failed {
        /// The system's number.
        number: Option<i32>,
    },
    /// A signal came.
    Stop {
        /// Which.
        how: Stop,
    },
}

/// What a bar shows of a run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum BarStep {
    /// It began.
    Started,
    /// The line is there.
    Connected,
    /// The server accepted the sign-in.
    SignedIn,
    /// So many messages with so many octets are to come.
    Listed {
        /// Messages.
        wanted: u64,
        /// Octets of them.
        octets: u64,
    },
    /// Octets arrived since the last word.
    Received {
        /// So many.
        octets: u64,
    },
    /// So many messages are durable now, in all.
    Stored {
        /// So many.
        messages: u64,
    },
    /// A step of another kind is under way.
    Step {
        /// In words.
        label: String,
    },
    /// It ended.
    Done,
}

impl From<&Progress> for BarStep {
    fn from(progress: &Progress) -> Self {
        match progress {
            Progress::Started(_) => Self::Started,
            Progress::Connected => Self::Connected,
            Progress::SignedIn => Self::SignedIn,
            Progress::Listed { wanted, octets, .. } => Self::Listed {
                wanted: *wanted,
                octets: octets.count(),
            },
            Progress::Received(octets) => Self::Received {
                octets: octets.count(),
            },
            Progress::Stored(messages) => Self::Stored {
                messages: *messages,
            },
            // A bar stands as it is meanwhile.
            Progress::Found | Progress::Securing | Progress::Deleting(_) => {
                Self::Received { octets: 0 }
            }
        }
    }
}
