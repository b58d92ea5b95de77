//! A folder of the caller's, to write files in.
//!
//! The files belong to whoever typed the command, so in a running server the client writes them.
//! A client writes below the folder that its own command line names and nowhere else, so paths
//! here are relative to it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Caller, Remote};
use crate::control::{Frame, OUTPUT_MOST, ToClient};

/// A folder to write files in.
#[derive(Debug)]
pub(crate) struct Folder {
    caller: Caller,
    path: PathBuf,
}

/// A file that is being written. One at a time in each folder.
#[derive(Debug)]
pub(crate) struct NewFile {
    sink: Sink,
    written: u64,
}

#[derive(Debug)]
enum Sink {
    Local(BufWriter<File>),
    Remote(Arc<Remote>, Vec<u8>),
}

impl Folder {
    pub(super) fn open(caller: Caller, path: &Path) -> io::Result<Self> {
        let folder = Self {
            caller,
            path: path.to_owned(),
        };
        folder.make(Path::new(""))?;
        Ok(folder)
    }

    /// The path of something in it, for messages.
    pub(crate) fn path(&self, name: &Path) -> PathBuf {
        match name.as_os_str().is_empty() {
            true => self.path.clone(),
            false => self.path.join(name),
        }
    }

    /// Makes a folder in it, and those above, unless they are there.
    pub(crate) fn make(&self, name: &Path) -> io::Result<()> {
        match &self.caller {
            Caller::Local => fs::create_dir_all(self.path(name)),
            Caller::Remote(remote) => order(remote, ToClient::MakeFolder, name),
        }
    }

    /// Begins a file, or begins it anew.
    pub(crate) fn create(&self, name: &Path) -> io::Result<NewFile> {
        let sink = match &self.caller {
            Caller::Local => Sink::Local(BufWriter::new(File::create(self.path(name))?)),
            Caller::Remote(remote) => {
                order(remote, ToClient::CreateFile, name)?;
                Sink::Remote(Arc::clone(remote), Vec::new())
            }
        };
        Ok(NewFile { sink, written: 0 })
    }

    /// Gives a file another name.
    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match &self.caller {
            Caller::Local => fs::rename(self.path(from), self.path(to)),
            Caller::Remote(remote) => {
                let from = from.as_os_str().as_encoded_bytes();
                let octets = [from, b"\0", to.as_os_str().as_encoded_bytes()].concat();
                remote
                    .request(Frame::with(ToClient::RenameFile, &octets))
                    .map(drop)
            }
        }
    }

    /// Removes a file.
    pub(crate) fn remove(&self, name: &Path) -> io::Result<()> {
        match &self.caller {
            Caller::Local => fs::remove_file(self.path(name)),
            Caller::Remote(remote) => order(remote, ToClient::RemoveFile, name),
        }
    }
}

fn order(remote: &Remote, what: ToClient, name: &Path) -> io::Result<()> {
    let name = name.as_os_str().as_encoded_bytes();
    remote.request(Frame::with(what, name)).map(drop)
}

impl NewFile {
    /// Octets in it so far.
    pub(crate) fn len(&self) -> u64 {
        self.written
    }

    /// Takes away what was written behind the first `len` octets.
    pub(crate) fn cut_to(&mut self, len: u64) -> io::Result<()> {
        self.flush()?;
        match &mut self.sink {
            Sink::Local(file) => {
                file.seek(SeekFrom::Start(len))?;
                file.get_ref().set_len(len)?;
            }
            Sink::Remote(remote, _) => {
                remote.request(Frame::of(ToClient::CutFile { len }))?;
            }
        }
        self.written = len;
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let taken = match &mut self.sink {
            Sink::Local(file) => file.write(octets)?,
            Sink::Remote(_, held) => {
                let taken = octets.len().min(OUTPUT_MOST - held.len());
                held.extend_from_slice(&octets[..taken]);
                let is_full = held.len() == OUTPUT_MOST;
                if is_full {
                    self.flush()?;
                }
                taken
            }
        };
        self.written += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Local(file) => file.flush(),
            Sink::Remote(_, held) if held.is_empty() => Ok(()),
            Sink::Remote(remote, held) => {
                let written = remote.request(Frame::with(ToClient::WriteFile, held));
                held.clear();
                written.map(drop)
            }
        }
    }
}
