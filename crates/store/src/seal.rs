//! Seals remote passwords before they reach the database.
//!
//! XChaCha20-Poly1305 under a key of 32 random octets in a file of its own, so that a copy of the
//! database alone opens nothing. The retrieval's row number is bound in: a sealed password moved
//! to another row does not open. Format: version 1, nonce of 24, ciphertext with its tag.
//! Start at `SealingKey::seal`.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use inhaul_types::{RetrievalId, Secret};
use zeroize::Zeroizing;

use crate::sqlite::random;
use crate::{RemoteSecret, StoreError};

/// The key of this installation, if its file is there.
pub(crate) struct SealingKey {
    path: PathBuf,
    cipher: Option<XChaCha20Poly1305>,
}

impl SealingKey {
    /// Reads the key. A file that is missing, unreadable or of a wrong length stops nobody from
    /// reading mail: it is an error when a password is needed.
    pub(crate) fn load(path: PathBuf) -> Self {
        let cipher = match read_key(&path) {
            Ok(cipher) => Some(cipher),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "no sealing key");
                None
            }
        };
        Self { path, cipher }
    }

    /// The same for whoever only looks: a key that is none is their finding, and no line of the log.
    pub(crate) fn of_file(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            cipher: read_key(path).ok(),
        }
    }

    /// For a database that holds no password yet: makes the key unless it is there. A file that
    /// is no key is refused.
    pub(crate) fn load_or_create(path: PathBuf) -> Result<Self, StoreError> {
        if !fs::exists(&path).map_err(unreadable)? {
            let mut key = Zeroizing::new([0; KEY_LEN]);
            random::fill(&mut *key)?;
            create(&path, &*key).map_err(unreadable)?;
        }
        let key = Self::load(path);
        match key.cipher {
            Some(_) => Ok(key),
            None => Err(StoreError::Seal(key.path)),
        }
    }

    /// Seals a password for one retrieval's row.
    pub(crate) fn seal(
        &self,
        retrieval: RetrievalId,
        secret: &RemoteSecret,
    ) -> Result<Vec<u8>, StoreError> {
        let plain = encode(secret);
        let nonce: [u8; NONCE_LEN] = random::octets()?;
        let binding = binding(retrieval);
        let payload = Payload {
            msg: &plain,
            aad: binding.as_bytes(),
        };
        let sealed = self
            .cipher()?
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Seal(self.path.clone()))?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// Opens what `seal` made for the same row.
    pub(crate) fn open(
        &self,
        retrieval: RetrievalId,
        sealed: &[u8],
    ) -> Result<RemoteSecret, StoreError> {
        self.try_open(retrieval, sealed)
            .ok_or_else(|| StoreError::Seal(self.path.clone()))
    }

    fn try_open(&self, retrieval: RetrievalId, sealed: &[u8]) -> Option<RemoteSecret> {
        let (&VERSION, rest) = sealed.split_first()? else {
            return None;
        };
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>()?;
        let binding = binding(retrieval);
        let payload = Payload {
            msg: ciphertext,
            aad: binding.as_bytes(),
        };
        let plain = self
            .cipher
            .as_ref()?
            .decrypt(&XNonce::from(*nonce), payload)
            .ok()?;
        decode(Zeroizing::new(plain))
    }

    fn cipher(&self) -> Result<&XChaCha20Poly1305, StoreError> {
        self.cipher
            .as_ref()
            .ok_or_else(|| StoreError::Seal(self.path.clone()))
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealingKey")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

const VERSION: u8 = 1;
const KEY_LEN: usize = 32;
const NONCE_LEN: usize = 24;
const PASSWORD: u8 = b'p';
const COMMAND: u8 = b'c';
const TOKEN: u8 = b't';
const FILE: u8 = b'f';

fn binding(retrieval: RetrievalId) -> String {
    format!("retrieval:{retrieval}")
}

/// A kind octet, then the password, or the command's words each ended by NUL (no argument of a
/// program can hold one), or the file's path, which can hold none either, NUL, and what was seen in
/// the file.
fn encode(secret: &RemoteSecret) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::new());
    match secret {
        RemoteSecret::Stored(password) => {
            plain.reserve_exact(1 + password.expose().len());
            plain.push(PASSWORD);
            plain.extend_from_slice(password.expose().as_bytes());
        }
        RemoteSecret::Command(words) => push_words(&mut plain, COMMAND, words),
        RemoteSecret::Token(words) => push_words(&mut plain, TOKEN, words),
        RemoteSecret::File { path, seen } => {
            plain.push(FILE);
            plain.extend_from_slice(path.as_os_str().as_bytes());
            plain.push(0);
            plain.extend_from_slice(seen.as_ref().map_or("", Secret::expose).as_bytes());
        }
    }
    plain
}

fn push_words(plain: &mut Vec<u8>, kind: u8, words: &[String]) {
    plain.push(kind);
    for word in words {
        plain.extend_from_slice(word.as_bytes());
        plain.push(0);
    }
}

fn decode(plain: Zeroizing<Vec<u8>>) -> Option<RemoteSecret> {
    let (kind, text) = plain.split_first()?;
    if *kind == FILE {
        return file(text);
    }
    let text = std::str::from_utf8(text).ok()?;
    match *kind {
        PASSWORD => Some(RemoteSecret::Stored(Secret::new(text.to_owned()))),
        COMMAND => Some(RemoteSecret::Command(words(text))),
        TOKEN => Some(RemoteSecret::Token(words(text))),
        _ => None,
    }
}

fn file(text: &[u8]) -> Option<RemoteSecret> {
    let end = text.iter().position(|octet| *octet == 0)?;
    let path = PathBuf::from(OsStr::from_bytes(&text[..end]));
    let seen = std::str::from_utf8(&text[end + 1..]).ok()?;
    let seen = (!seen.is_empty()).then(|| Secret::new(seen.to_owned()));
    Some(RemoteSecret::File { path, seen })
}

fn words(text: &str) -> Vec<String> {
    text.split_terminator('\0').map(Into::into).collect()
}

fn read_key(path: &Path) -> io::Result<XChaCha20Poly1305> {
    let mut key = Zeroizing::new(Vec::with_capacity(KEY_LEN + 1));
    // One octet more than a key, so that a longer file is noticed and never read whole.
    File::open(path)?
        .take(KEY_LEN as u64 + 1)
        .read_to_end(&mut key)?;
    XChaCha20Poly1305::new_from_slice(&key)
        .map_err(|_| io::Error::other("the sealing key is not 32 octets long"))
}

/// Makes the file under another name first: a crash leaves no key or a whole one.
pub(crate) fn create(path: &Path, key: &[u8]) -> io::Result<()> {
    let new = path.with_added_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => File::open(dir)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn unreadable(source: io::Error) -> StoreError {
    match source.kind() {
        io::ErrorKind::StorageFull => StoreError::DiskFull(source.into()),
        _ => StoreError::Io {
            doing: "make the sealing key",
            source: source.into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(dir: &Path) -> SealingKey {
        SealingKey::load_or_create(dir.join("secret.key")).unwrap()
    }

    #[test]
    fn a_password_opens_only_for_its_own_row_and_unchanged() {
        let dir = tempfile::tempdir().unwrap();
        let (key, row) = (key(dir.path()), RetrievalId::new(7));
        let sealed = key
            .seal(row, &RemoteSecret::Stored(Secret::new("hunter2".into())))
            .unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        match key.open(row, &sealed).unwrap() {
            RemoteSecret::Stored(password) => assert_eq!(password.expose(), "hunter2"),
            other => panic!("sealed a password, opened {other:?}"),
        }
        assert!(matches!(
            key.open(RetrievalId::new(8), &sealed),
            Err(StoreError::Seal(_))
        ));
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(key.open(row, &changed).is_err(), "octet {position}");
            assert!(
                key.open(row, &sealed[..position]).is_err(),
                "cut at {position}"
            );
        }
    }

    #[test]
    fn a_command_keeps_its_words() {
        let dir = tempfile::tempdir().unwrap();
        let (key, row) = (key(dir.path()), RetrievalId::new(1));
        for words in [vec![], vec!["pass"], vec!["pass", "", "a b"]] {
            let words: Vec<String> = words.into_iter().map(Into::into).collect();
            let sealed = key
                .seal(row, &RemoteSecret::Command(words.clone()))
                .unwrap();
            match key.open(row, &sealed).unwrap() {
                RemoteSecret::Command(opened) => assert_eq!(opened, words),
                other => panic!("sealed a command, opened {other:?}"),
            }
        }
    }

    #[test]
    fn a_file_keeps_its_path_and_what_was_seen_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let (key, row) = (key(dir.path()), RetrievalId::new(1));
        for (path, seen) in [
            (&b"/etc/inhaul/old isp"[..], None),
            (b"/etc/\xff", Some("ab12")),
        ] {
            let secret = RemoteSecret::File {
                path: PathBuf::from(OsStr::from_bytes(path)),
                seen: seen.map(|seen| Secret::new(seen.to_owned())),
            };
            let sealed = key.seal(row, &secret).unwrap();
            assert_eq!(key.open(row, &sealed).unwrap(), secret);
        }
    }

    #[test]
    fn a_file_of_another_length_is_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret.key");
        for length in [0, 31, 33, 4096] {
            fs::write(&path, vec![7; length]).unwrap();
            assert!(
                SealingKey::load_or_create(path.clone()).is_err(),
                "{length}"
            );
        }
    }

    #[test]
    fn the_key_is_private_and_kept() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let row = RetrievalId::new(1);
        let sealed = key(dir.path())
            .seal(row, &RemoteSecret::Command(vec!["x".into()]))
            .unwrap();
        assert!(key(dir.path()).open(row, &sealed).is_ok());
        let mode = fs::metadata(dir.path().join("secret.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
