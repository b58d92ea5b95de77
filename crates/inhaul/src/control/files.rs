//! The files of a client: one to read, a folder to write in, and no others.
//!
//! A client may have more rights than the server, as root has. So it looks at its own command line
//! for what the server may ask, and at every name for where it leads.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use inhaul_types::Secret;

use super::messages::ToClient;
use crate::caller::Caller;

/// What the command line names, and the file that is being written.
#[derive(Debug)]
pub(super) struct Files {
    reads: Option<PathBuf>,
    writes_below: Option<PathBuf>,
    open: Option<File>,
}

impl Files {
    pub(super) fn new(reads: Option<PathBuf>, writes_below: Option<PathBuf>) -> Self {
        Self {
            reads,
            writes_below,
            open: None,
        }
    }

    /// Reads the file that the command line names.
    pub(super) fn read(&self, path: &[u8], most: u64) -> io::Result<Secret> {
        match &self.reads {
            Some(named) if named.as_os_str().as_bytes() == path => {
                Caller::Local.read_file(named, most)
            }
            _ => Err(not_named()),
        }
    }

    /// Does what the server asks with the files that are written.
    pub(super) fn write(&mut self, what: &ToClient, octets: &[u8]) -> io::Result<()> {
        match what {
            ToClient::MakeFolder => fs::create_dir_all(self.below(octets)?),
            ToClient::CreateFile => {
                self.open = None;
                self.open = Some(File::create(self.below(octets)?)?);
                Ok(())
            }
            ToClient::WriteFile => self.open()?.write_all(octets),
            ToClient::CutFile { len } => {
                let file = self.open()?;
                file.set_len(*len)?;
                file.seek(SeekFrom::Start(*len)).map(drop)
            }
            ToClient::RenameFile => {
                let mut names = octets.splitn(2, |octet| *octet == 0);
                let mut name = || self.below(names.next().ok_or_else(not_named)?);
                fs::rename(name()?, name()?)
            }
            ToClient::RemoveFile => fs::remove_file(self.below(octets)?),
            _ => Err(not_named()),
        }
    }

    fn open(&mut self) -> io::Result<&mut File> {
        self.open.as_mut().ok_or_else(not_named)
    }

    /// The path of what the server calls so.
    fn below(&self, name: &[u8]) -> io::Result<PathBuf> {
        let name = Path::new(OsStr::from_bytes(name));
        let is_below = |part| matches!(part, Component::Normal(_));
        let below = self.writes_below.as_ref().ok_or_else(not_named)?;
        match name.components().all(is_below) {
            true if name.as_os_str().is_empty() => Ok(below.clone()),
            true => Ok(below.join(name)),
            false => Err(not_named()),
        }
    }
}

fn not_named() -> io::Error {
    let what = "the server asks for a file that the command line does not name";
    io::Error::new(io::ErrorKind::PermissionDenied, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_reaches_no_file_that_the_command_line_does_not_name() {
        let folder = tempfile::tempdir().unwrap();
        let (out, beside) = (folder.path().join("out"), folder.path().join("beside"));
        fs::write(&beside, "secret").unwrap();
        let named = |path: &Path| path.as_os_str().as_bytes().to_vec();
        let mut files = Files::new(None, Some(out.clone()));
        files.write(&ToClient::MakeFolder, b"").unwrap();
        for name in [
            &b"../beside"[..],
            b"a/../../beside",
            b"/etc/passwd",
            &named(&beside),
        ] {
            for what in [
                ToClient::MakeFolder,
                ToClient::CreateFile,
                ToClient::RemoveFile,
            ] {
                assert!(files.write(&what, name).is_err(), "{what:?} {name:?}");
            }
            let renamed = [name, b"\0here"].concat();
            assert!(files.write(&ToClient::RenameFile, &renamed).is_err());
        }
        assert!(files.read(&named(&beside), 10).is_err());
        assert!(files.write(&ToClient::WriteFile, b"x").is_err());
        assert_eq!(fs::read(&beside).unwrap(), b"secret");

        let mut files = Files::new(Some(beside.clone()), None);
        assert_eq!(files.read(&named(&beside), 3).unwrap().expose(), "sec");
        assert!(files.write(&ToClient::CreateFile, b"here").is_err());
    }

    #[test]
    fn a_file_is_written_cut_and_renamed() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::new(None, Some(folder.path().join("out")));
        for (what, octets) in [
            (ToClient::MakeFolder, &b"new"[..]),
            (ToClient::CreateFile, b"new/a"),
            (ToClient::WriteFile, b"one two"),
            (ToClient::CutFile { len: 4 }, b""),
            (ToClient::WriteFile, b"three"),
            (ToClient::RenameFile, b"new/a\0b"),
        ] {
            files.write(&what, octets).unwrap();
        }
        assert_eq!(fs::read(folder.path().join("out/b")).unwrap(), b"one three");
    }
}
