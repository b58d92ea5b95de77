//! Folders that are gone after the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// A folder of a test's own, removed with this value. With `INHAUL_KEEP_DIRS` set it stays, and
/// says where it is.
#[derive(Debug)]
pub struct TestDir(PathBuf);

impl TestDir {
    /// Makes a folder; `name` shows in its path, for the person who looks for it.
    pub fn new(name: &str) -> Result<Self> {
        let made = tempfile::Builder::new()
            .prefix(&format!("inhaul-{name}-"))
            .tempdir();
        // We remove it ourselves: a server's last child may still be writing into it.
        Ok(Self(made.context("no folder for the test")?.keep()))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path in the folder.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl AsRef<Path> for TestDir {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        if std::env::var_os("INHAUL_KEEP_DIRS").is_some() {
            eprintln!("kept {}", self.0.display());
            return;
        }
        for _ in 0..REMOVAL_TRIES {
            if fs::remove_dir_all(&self.0).is_ok() || !self.0.exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        eprintln!("could not remove {}", self.0.display());
    }
}

const REMOVAL_TRIES: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_value() {
        let dir = TestDir::new("own").unwrap();
        fs::write(dir.join("file"), "text").unwrap();
        let path = dir.path().to_path_buf();
        drop(dir);
        assert!(std::env::var_os("INHAUL_KEEP_DIRS").is_some() || !path.exists());
    }
}
