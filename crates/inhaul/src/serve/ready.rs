//! `--ready-file`: a file that is there, whole, while the server is ready.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};

/// The file; goes when the server stops.
#[derive(Debug)]
pub(super) struct ReadyFile(PathBuf);

/// Removes the file of an earlier start: it tells nobody that this one is ready. A server that runs,
/// and keeps this one from starting, keeps its file too.
pub(super) fn clear(path: &Path, control: &Path) -> Result<(), Failure> {
    if UnixStream::connect(control).is_ok() {
        return Ok(());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unwritable(path, &error)),
        _ => Ok(()),
    }
}

impl ReadyFile {
    /// Writes the file. It gets its name when it is whole: who sees it can read it.
    pub(super) fn write(path: &Path, text: &str) -> Result<Self, Failure> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        let whole = path.with_file_name(name);
        fs::write(&whole, text)
            .and_then(|()| fs::rename(&whole, path))
            .map_err(|error| {
                fs::remove_file(&whole).ok();
                unwritable(path, &error)
            })?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::CANT_CREATE, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_there_while_the_server_is_ready() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ready");
        fs::write(&path, "of an earlier start").unwrap();
        let control = folder.path().join("control.sock");
        let running = std::os::unix::net::UnixListener::bind(&control).unwrap();
        clear(&path, &control).unwrap();
        assert!(path.exists());
        drop(running);
        clear(&path, &control).unwrap();
        assert!(!path.exists());
        let file = ReadyFile::write(&path, "control /d/control.sock\n").unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "control /d/control.sock\n"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        drop(file);
        assert!(!path.exists());
    }
}
