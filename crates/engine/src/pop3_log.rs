//! `pop3.log`: what runs did, as an administrator reads it.
//!
//! A run that found nothing new is one line; any other tells its steps as they happen. Five files
//! of 10 MB: `pop3.log` is the present one, `pop3.log.4` the oldest. No password, subject, address
//! of a message or text of one is ever written; the server's own words at a failure are.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use inhaul_types::Timestamp;

/// A file is full at so many octets.
const FILE_MOST: u64 = 10_000_000;
/// Files kept, the present one included.
const FILES: u32 = 5;

/// The log of one installation.
#[derive(Debug)]
pub struct Pop3Log {
    path: PathBuf,
    file: Mutex<Option<(File, u64)>>,
}

impl Pop3Log {
    /// Opens `pop3.log` in this folder.
    pub fn open(folder: &Path) -> io::Result<Arc<Self>> {
        let path = folder.join("pop3.log");
        let opened = open_append(&path)?;
        Ok(Arc::new(Self {
            path,
            file: Mutex::new(Some(opened)),
        }))
    }

    /// Appends one line. What cannot be written is lost: no mail waits for a log.
    fn append(&self, line: &str) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file
            .as_ref()
            .is_some_and(|(_, size)| *size + line.len() as u64 > FILE_MOST)
        {
            *file = None;
            self.roll();
        }
        if file.is_none() {
            *file = open_append(&self.path).ok();
        }
        if let Some((open, size)) = file.as_mut()
            && open.write_all(line.as_bytes()).is_ok()
        {
            *size += line.len() as u64;
        }
    }

    fn roll(&self) {
        for older in (1..FILES).rev() {
            // A file that is not there yet leaves a gap, and that is all.
            fs::rename(self.numbered(older - 1), self.numbered(older)).ok();
        }
    }

    fn numbered(&self, number: u32) -> PathBuf {
        match number {
            0 => self.path.clone(),
            _ => self.path.with_extension(format!("log.{number}")),
        }
    }
}

fn open_append(path: &Path) -> io::Result<(File, u64)> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

/// The lines of one run.
#[derive(Debug)]
pub(crate) struct RunLog {
    log: Option<Arc<Pop3Log>>,
    /// "run 12 Old ISP (pop.example.org): "
    subject: String,
    /// Steps told only if the run turns out to be more than a look.
    held: Option<Vec<String>>,
}

impl RunLog {
    pub(crate) fn new(log: Option<Arc<Pop3Log>>, subject: String) -> Self {
        Self {
            log,
            subject,
            held: Some(Vec::new()),
        }
    }

    /// A step of the run.
    pub(crate) fn step(&mut self, now: Timestamp, what: &str) {
        let line = format!("{now} {}: {}\n", self.subject, one_line(what));
        match &mut self.held {
            Some(held) => held.push(line),
            None => self.write(&line),
        }
    }

    /// The run is more than a look: its steps are told.
    pub(crate) fn tell(&mut self) {
        let held = self.held.take().unwrap_or_default();
        held.iter().for_each(|line| self.write(line));
    }

    /// The run ended: steps that nobody told are summed up in this line.
    pub(crate) fn end(&mut self, now: Timestamp, what: &str) {
        self.held = None;
        self.step(now, what);
    }

    fn write(&self, line: &str) {
        if let Some(log) = &self.log {
            log.append(line);
        }
    }
}

/// A server's words may hold anything; a line of the log is one line.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    #[test]
    fn a_run_that_only_looked_is_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let log = Pop3Log::open(folder.path()).unwrap();
        let mut run = RunLog::new(Some(log), "run 1 Old ISP".into());
        run.step(NOW, "connected");
        run.step(NOW, "signed in");
        run.end(NOW, "nothing new");
        let text = fs::read_to_string(folder.path().join("pop3.log")).unwrap();
        assert_eq!(text, "1970-01-01T00:00:00Z run 1 Old ISP: nothing new\n");
    }

    #[test]
    fn a_run_that_brought_something_tells_its_steps() {
        let folder = tempfile::tempdir().unwrap();
        let log = Pop3Log::open(folder.path()).unwrap();
        let mut run = RunLog::new(Some(log), "run 1 Old ISP".into());
        run.step(NOW, "connected");
        run.tell();
        run.step(NOW, "3 listed\r\nforged line");
        run.end(NOW, "3 stored");
        let text = fs::read_to_string(folder.path().join("pop3.log")).unwrap();
        let steps: Vec<_> = text
            .lines()
            .map(|line| line.rsplit(": ").next().unwrap())
            .collect();
        assert_eq!(steps, ["connected", "3 listed  forged line", "3 stored"]);
    }

    #[test]
    fn five_files_of_ten_megabytes_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let log = Pop3Log::open(folder.path()).unwrap();
        let line = "x".repeat(4_000_000);
        for _ in 0..15 {
            log.append(&line);
        }
        let mut names: Vec<_> = folder
            .path()
            .read_dir()
            .unwrap()
            .map(|file| file.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "pop3.log",
                "pop3.log.1",
                "pop3.log.2",
                "pop3.log.3",
                "pop3.log.4"
            ]
        );
        for name in names {
            assert!(folder.path().join(name).metadata().unwrap().len() <= FILE_MOST);
        }
    }
}
