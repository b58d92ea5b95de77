//! Writes lines where the operator wants them, on a thread of its own.
//!
//! A pipe nobody reads and a disk that hangs hold up this thread and nobody else: so many lines
//! wait, what comes beyond is dropped and counted, and the count is told as soon as writing works
//! again. Nothing here is ever an error for whoever logged.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use inhaul_types::Timestamp;

use super::Counts;
use super::line::{Line, Stamp, Value};
use super::syslog::{Syslog, severity};
use crate::config::sections::log::{Facility, LogFormat, LogLevel, LogOutput};

/// What the writing thread is asked to do, in order.
#[derive(Debug)]
pub(super) enum Job {
    /// Write this line.
    Write(Arc<Line>),
    /// From now on write so, and there.
    Use(LogFormat, LogOutput, Facility),
    /// Open the file anew: somebody has moved it away.
    Reopen,
    /// Say when everything before this is written.
    Flush(SyncSender<()>),
}

/// Works until the log is gone.
pub(super) fn work(jobs: &Receiver<Job>, counts: &Counts, journal: Journal) {
    let mut output = Output {
        format: LogFormat::Text,
        sink: Sink::Stderr,
        journal,
    };
    let mut told = 0;
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Write(line) => {
                counts.line_taken();
                if output.write(&line).is_err() {
                    counts.line_dropped();
                } else if told < counts.dropped() {
                    let dropped = counts.dropped();
                    if output.write(&gap(line.at, dropped - told)).is_ok() {
                        told = dropped;
                    }
                }
            }
            Job::Use(format, sink, facility) => {
                output.format = format;
                output.sink = Sink::open(sink, facility);
            }
            Job::Reopen => output.sink.reopen(),
            // Whoever asked may have given up waiting.
            Job::Flush(done) => drop(done.send(())),
        }
    }
}

/// Tells that lines are missing here.
fn gap(at: Timestamp, lines: u64) -> Line {
    Line {
        seq: 0,
        at,
        level: LogLevel::Warn,
        target: "inhaul",
        message: "log lines dropped".into(),
        retrieval: None,
        run: None,
        fields: vec![("lines", Value::Unsigned(lines))],
    }
}

/// What takes in our standard error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Journal {
    /// The journal, which stamps lines itself and reads levels (sd-daemon(3)).
    Listens,
    /// Anything else.
    Absent,
}

impl Journal {
    /// Whether `stream` is the one that `JOURNAL_STREAM` names by device and inode
    /// (systemd.exec(5)). A service's child that writes to a file inherits the variable and is not
    /// fooled by it.
    pub(super) fn behind(stream: impl AsFd, variable: Option<&str>) -> Self {
        let named = variable.and_then(|text| {
            let (device, inode) = text.split_once(':')?;
            Some((device.parse::<u64>().ok()?, inode.parse::<u64>().ok()?))
        });
        let is = rustix::fs::fstat(stream)
            .ok()
            .map(|file| (file.st_dev, file.st_ino));
        if named.is_some() && named == is {
            Self::Listens
        } else {
            Self::Absent
        }
    }
}

struct Output {
    format: LogFormat,
    sink: Sink,
    journal: Journal,
}

impl Output {
    fn write(&mut self, line: &Line) -> io::Result<()> {
        let journal = self.journal == Journal::Listens;
        let stamp = match self.sink {
            Sink::Syslog(_) => Stamp::Absent,
            Sink::Stderr if journal => Stamp::Absent,
            _ => Stamp::Time,
        };
        let text = match self.format {
            LogFormat::Text => line.text(stamp),
            LogFormat::Json => line.json(stamp),
        };
        match &mut self.sink {
            Sink::Stderr if journal => to_stderr(&format!("<{}>{text}\n", severity(line.level))),
            Sink::Stderr => to_stderr(&format!("{text}\n")),
            Sink::Syslog(syslog) => syslog.send(line.level, &text),
            Sink::File(file) => file.append(&text),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the log is this process's own")]
fn to_stderr(text: &str) -> io::Result<()> {
    io::stderr().lock().write_all(text.as_bytes())
}

/// Where lines go.
enum Sink {
    Stderr,
    Syslog(Syslog),
    File(LogFile),
}

impl Sink {
    fn open(output: LogOutput, facility: Facility) -> Self {
        match output {
            LogOutput::Stderr => Self::Stderr,
            LogOutput::Syslog => Self::Syslog(Syslog::new(Path::new("/dev/log"), facility)),
            LogOutput::File(path) => Self::File(LogFile::open(path)),
        }
    }

    fn reopen(&mut self) {
        if let Self::File(file) = self {
            file.reopen();
        }
    }
}

/// A file that lines are appended to.
struct LogFile {
    path: PathBuf,
    /// `None` while it cannot be opened; lines go to standard error meanwhile.
    file: Option<File>,
    /// The last line may have been written in part.
    is_torn: bool,
}

impl LogFile {
    fn open(path: PathBuf) -> Self {
        let mut file = Self {
            path,
            file: None,
            is_torn: false,
        };
        file.reopen();
        file
    }

    /// Opens the path anew. Where that fails the old file goes on, if there is one.
    fn reopen(&mut self) {
        let opened = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(MODE)
            .open(&self.path);
        match opened {
            Ok(file) => {
                self.file = Some(file);
                self.is_torn = false;
            }
            Err(error) => {
                let path = self.path.display();
                // If standard error is gone too, nobody can be told.
                to_stderr(&format!(
                    "inhaul: the log file {path} does not open: {error}\n"
                ))
                .ok();
            }
        }
    }

    fn append(&mut self, text: &str) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return to_stderr(&format!("{text}\n"));
        };
        let start = if self.is_torn { "\n" } else { "" };
        let written = file.write_all(format!("{start}{text}\n").as_bytes());
        self.is_torn = written.is_err();
        written
    }
}

/// For the service and the administrators' group; what runs did is nobody else's business.
const MODE: u32 = 0o640;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn the_journal_is_known_by_device_and_inode() {
        let stream = tempfile::tempfile().unwrap();
        let about = stream.metadata().unwrap();
        let (device, inode) = (about.dev(), about.ino());
        for (variable, journal) in [
            (Some(format!("{device}:{inode}")), Journal::Listens),
            (Some(format!("{device}:{}", inode + 1)), Journal::Absent),
            (Some("nonsense".to_owned()), Journal::Absent),
            (None, Journal::Absent),
        ] {
            assert_eq!(
                Journal::behind(&stream, variable.as_deref()),
                journal,
                "{variable:?}"
            );
        }
    }

    #[test]
    fn a_line_behind_a_torn_one_starts_afresh() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = LogFile::open(folder.path().join("log"));
        file.append("one").unwrap();
        // A disk that is full writes a part of a line, and fails.
        file.file.as_mut().unwrap().write_all(b"tw").unwrap();
        file.is_torn = true;
        file.append("three").unwrap();
        let text = std::fs::read_to_string(folder.path().join("log")).unwrap();
        assert_eq!(text, "one\ntw\nthree\n");
    }

    #[test]
    fn a_full_disk_is_an_error_and_no_more() {
        let mut file = LogFile::open("/dev/full".into());
        assert!(file.append("one").is_err());
        assert!(file.append("two").is_err());
    }
}
