//! A server's certificate and its key: two PEM files, and what can be wrong with them.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inhaul_types::{KeyPin, Timestamp};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{InconsistentKeys, ServerConfig};
use sha2::{Digest as _, Sha256};

use crate::certificate::{not_after, pin};

/// Where a server's certificate comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CertificateSource {
    /// Two PEM files that somebody else looks after.
    Files {
        /// The chain, the server's own certificate first.
        chain: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// Made by this program, in the folder `tls` of this one. Whatever else is put there is
    /// replaced when it nears its end.
    SelfMade {
        /// The data directory.
        dir: PathBuf,
    },
}

impl CertificateSource {
    /// The file of the chain and the file of the key.
    pub fn files(&self) -> (PathBuf, PathBuf) {
        match self {
            Self::Files { chain, key } => (chain.clone(), key.clone()),
            Self::SelfMade { dir } => {
                let dir = dir.join("tls");
                (dir.join("cert.pem"), dir.join("key.pem"))
            }
        }
    }
}

/// The oldest TLS that is spoken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MinimumTls {
    /// TLS 1.2, and 1.3 with whoever can.
    #[default]
    Tls12,
    /// TLS 1.3 alone.
    Tls13,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateProblem {
    /// The file cannot be read.
    #[error("{} cannot be read", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file holds something, but no certificate.
    #[error("there is no certificate in {}", .0.display())]
    NoCertificate(PathBuf),
    /// The file holds something, but no private key.
    #[error("there is no private key in {}", .0.display())]
    NoKey(PathBuf),
    /// The key can be read with a passphrase only.
    #[error("the private key in {} is locked with a passphrase", .0.display())]
    LockedKey(PathBuf),
    /// The file is not as it should be.
    #[error("{} cannot be used: {why}", .file.display())]
    Broken {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// Each is good, but they do not belong together.
    #[error(
        "the private key in {} does not belong to the first certificate in {}",
        .key.display(),
        .chain.display()
    )]
    Mismatch {
        /// The file of the chain.
        chain: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The folder of the self-made certificate takes no files.
    #[error("no certificate could be made: {} cannot be written", .file.display())]
    Unwritable {
        /// The file or folder.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The library made none.
    #[error("no certificate could be made: {0}")]
    NotMade(String),
}

impl CertificateProblem {
    /// What an operator can do.
    pub fn advice(&self) -> String {
        match self {
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "Put the file there, or name another one in the configuration.".into()
            }
            Self::Unreadable { .. } => {
                "Let the user that inhaul runs as read it, and enter the folders above it.".into()
            }
            Self::NoCertificate(_) => {
                "Write the chain in PEM, the server's own certificate first: it begins with \
                 -----BEGIN CERTIFICATE-----."
                    .into()
            }
            Self::NoKey(_) => {
                "Write the key in PEM: it begins with -----BEGIN PRIVATE KEY-----.".into()
            }
            Self::LockedKey(file) => format!(
                "Write it without one: openssl pkey -in {} -out NEW-FILE",
                file.display()
            ),
            Self::Broken { .. } => {
                "Write the file anew from what the certificate authority gave you.".into()
            }
            Self::Mismatch { .. } => {
                "Name a chain and a key that were made together, the server's own certificate \
                 first in the chain."
                    .into()
            }
            Self::Unwritable { .. } => {
                "Let the user that inhaul runs as write there, or name a certificate of your own \
                 in the configuration."
                    .into()
            }
            Self::NotMade(_) => "Name a certificate of your own in the configuration.".into(),
        }
    }
}

/// A key file that everyone on the machine can read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenKey {
    /// The file.
    pub file: PathBuf,
    /// Its permissions.
    pub mode: u32,
}

impl OpenKey {
    /// What an operator can do.
    pub fn advice(&self) -> String {
        format!("Close it: chmod o= {}", self.file.display())
    }
}

impl fmt::Display for OpenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, mode) = (self.file.display(), self.mode);
        write!(
            f,
            "everyone can read the private key in {file} ({mode:04o})"
        )
    }
}

/// A certificate in use, with what people are told of it.
#[derive(Debug)]
pub(crate) struct InForce {
    pub(crate) configuration: Arc<ServerConfig>,
    pub(crate) not_after: Option<Timestamp>,
    /// SHA-256 over the server's own certificate.
    pub(crate) fingerprint: [u8; 32],
    pub(crate) pin: Option<KeyPin>,
    pub(crate) open_key: Option<OpenKey>,
}

impl InForce {
    /// Reads chain and key and sees whether they can be shown to clients. An end that has passed is
    /// no fault here: mail programs say so themselves, and some people must go on.
    pub(crate) fn read(
        chain_file: &Path,
        key_file: &Path,
        minimum: MinimumTls,
    ) -> Result<Self, CertificateProblem> {
        let chain = read_chain(chain_file)?;
        let key = read_key(key_file)?;
        let own = chain.first().expect("an empty chain is refused");
        let (not_after, pin) = (not_after(own), pin(own));
        let fingerprint = Sha256::digest(own).into();
        let configuration = configuration(chain, key, minimum).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                CertificateProblem::Mismatch {
                    chain: chain_file.to_owned(),
                    key: key_file.to_owned(),
                }
            }
            rustls::Error::InvalidCertificate(why) => CertificateProblem::Broken {
                file: chain_file.to_owned(),
                why: format!("its first certificate is of no use ({why:?})"),
            },
            rustls::Error::General(why) => CertificateProblem::Broken {
                file: key_file.to_owned(),
                why,
            },
            other => CertificateProblem::Broken {
                file: key_file.to_owned(),
                why: other.to_string(),
            },
        })?;
        Ok(Self {
            configuration: Arc::new(configuration),
            not_after,
            fingerprint,
            pin,
            open_key: open_key(key_file),
        })
    }
}

fn configuration(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    minimum: MinimumTls,
) -> Result<ServerConfig, rustls::Error> {
    let versions = match minimum {
        MinimumTls::Tls12 => &[&TLS13, &TLS12][..],
        MinimumTls::Tls13 => &[&TLS13],
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut configuration = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("the provider implements TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    // Sessions are resumed from what the client keeps; we keep nothing for each.
    configuration.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
    configuration.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    Ok(configuration)
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateProblem> {
    let text = read_bounded(file)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|error| broken(file, &error))?;
    match chain[..] {
        [] => Err(CertificateProblem::NoCertificate(file.to_owned())),
        _ => Ok(chain),
    }
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, CertificateProblem> {
    let text = read_bounded(file)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound if is_locked(&text) => {
            CertificateProblem::LockedKey(file.to_owned())
        }
        pem::Error::NoItemsFound => CertificateProblem::NoKey(file.to_owned()),
        // The old way to lock a key puts header lines where base64 should be.
        _ if is_locked(&text) => CertificateProblem::LockedKey(file.to_owned()),
        error => broken(file, &error),
    })
}

/// PKCS #8's way, and the one of OpenSSL before it (RFC 1421 section 4.6.1.1).
fn is_locked(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || text.contains("Proc-Type: 4,ENCRYPTED")
}

fn broken(file: &Path, error: &pem::Error) -> CertificateProblem {
    let why = match error {
        pem::Error::MissingSectionEnd { .. } => "it ends too early, or lacks an -----END line",
        pem::Error::IllegalSectionStart { .. } => "one of its -----BEGIN lines is damaged",
        pem::Error::Base64Decode(_) => "its base64 is damaged",
        _ => "it is no PEM",
    };
    CertificateProblem::Broken {
        file: file.to_owned(),
        why: why.into(),
    }
}

pub(crate) fn read_bounded(file: &Path) -> Result<Vec<u8>, CertificateProblem> {
    let mut text = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(LONGEST + 1).read_to_end(&mut text))
        .map_err(|source| CertificateProblem::Unreadable {
            file: file.to_owned(),
            source,
        })?;
    if text.len() as u64 > LONGEST {
        return Err(CertificateProblem::Broken {
            file: file.to_owned(),
            why: "it is too long for a certificate or a key".into(),
        });
    }
    Ok(text)
}

/// That a group may read it is how keys are shared with services. That everyone may is a fault on
/// most machines, and how containers get their secrets: we say so and go on.
fn open_key(file: &Path) -> Option<OpenKey> {
    let mode = fs::metadata(file).ok()?.permissions().mode() & 0o7777;
    (mode & 0o006 != 0).then(|| OpenKey {
        file: file.to_owned(),
        mode,
    })
}

/// Octets of a file. A long chain is a hundredth of it.
const LONGEST: u64 = 1 << 20;
