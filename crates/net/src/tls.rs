//! TLS for outgoing lines: whom we trust, and what a failed handshake means.
//!
//! TLS 1.2 and 1.3, verified always: by the system's certificate authorities, or for one
//! retrieval by one authority's file instead.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use inhaul_types::{KeyPin, Timestamp};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::verifiers::{NobodyVerifier, OtherKey, PinVerifier, Shown, Witness};
use crate::{CertificateFault, DialError};

/// Whose word counts for a server's name.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub enum Trust {
    /// The system's certificate authorities.
    #[default]
    System,
    /// The authorities in this PEM file and no others.
    CaFile(PathBuf),
    /// Nobody's: the server has this key, whatever its certificate says of names and times.
    Pin(KeyPin),
    /// Nobody's and no key's: every handshake ends when the certificate is seen.
    Nobody,
}

/// Makes one client configuration for each [`Trust`] and keeps it, with its session tickets.
#[derive(Debug, Default)]
pub(crate) struct Configurations {
    made: Mutex<HashMap<Trust, Arc<ClientConfig>>>,
}

impl Configurations {
    pub(crate) fn for_trust(&self, trust: &Trust) -> Result<Arc<ClientConfig>, DialError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(configuration) = made.get(trust) {
            return Ok(Arc::clone(configuration));
        }
        let configuration = Arc::new(configuration(trust)?);
        made.insert(trust.clone(), Arc::clone(&configuration));
        Ok(configuration)
    }
}

fn configuration(trust: &Trust) -> Result<ClientConfig, DialError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = verifier(trust, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider implements TLS 1.2 and 1.3");
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

fn verifier(
    trust: &Trust,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, DialError> {
    let provider = Arc::clone(provider);
    let unusable = |path: String, why: String| DialError::CaFile { path, why };
    Ok(match trust {
        Trust::System => {
            let system = Verifier::new(provider)
                .map_err(|error| unusable("of the system".into(), error.to_string()))?;
            Arc::new(Witness::of(Arc::new(system)))
        }
        Trust::CaFile(path) => {
            let authorities = Arc::new(read_authorities(path)?);
            let file = WebPkiServerVerifier::builder_with_provider(authorities, provider)
                .build()
                .map_err(|error| unusable(path.display().to_string(), error.to_string()))?;
            Arc::new(Witness::of(file))
        }
        Trust::Pin(pin) => Arc::new(PinVerifier::new(*pin, &provider)),
        Trust::Nobody => Arc::new(NobodyVerifier::new(&provider)),
    })
}

fn read_authorities(path: &Path) -> Result<RootCertStore, DialError> {
    let unusable = |why: String| DialError::CaFile {
        path: path.display().to_string(),
        why,
    };
    let mut authorities = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        authorities
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
    }
    if authorities.is_empty() {
        return Err(unusable("there is no certificate in it".into()));
    }
    Ok(authorities)
}

/// Reads a PEM file of certificate authorities and says what is wrong with it, if anything.
pub fn check_ca_file(path: &Path) -> Result<(), DialError> {
    read_authorities(path).map(drop)
}

pub(crate) fn server_name(host: &str) -> Result<ServerName<'static>, DialError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(bare.to_owned()).map_err(|_| DialError::NameNotFound(host.to_owned()))
}

/// What a failed handshake means for a person.
pub(crate) fn handshake_error(host: &str, port: u16, error: io::Error) -> DialError {
    let cause = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<rustls::Error>());
    if let Some(rustls::Error::InvalidCertificate(cause)) = cause {
        let (fault, shown) = what_is_wrong(cause);
        return DialError::Certificate {
            host: host.to_owned(),
            fault,
            shown: shown.map(Box::new),
        };
    }
    DialError::NotTls {
        host: host.to_owned(),
        port,
        source: error,
    }
}

/// Our verifiers put the key that was shown beside what is wrong with its certificate.
fn what_is_wrong(cause: &CertificateError) -> (CertificateFault, Option<KeyPin>) {
    let CertificateError::Other(other) = cause else {
        return (fault(cause), None);
    };
    if let Some(Shown { cause, key }) = other.0.downcast_ref() {
        return (fault(cause), *key);
    }
    if let Some(OtherKey { pinned, shown }) = other.0.downcast_ref() {
        let (pinned, shown) = (*pinned, *shown);
        return (CertificateFault::KeyChanged { pinned, shown }, Some(shown));
    }
    (fault(cause), None)
}

fn fault(cause: &CertificateError) -> CertificateFault {
    match cause {
        CertificateError::Expired => CertificateFault::Expired(None),
        CertificateError::ExpiredContext { not_after, .. } => {
            CertificateFault::Expired(moment(*not_after))
        }
        CertificateError::NotValidYet => CertificateFault::NotYetValid(None),
        CertificateError::NotValidYetContext { not_before, .. } => {
            CertificateFault::NotYetValid(moment(*not_before))
        }
        CertificateError::NotValidForName => CertificateFault::WrongName(Vec::new()),
        CertificateError::NotValidForNameContext { presented, .. } => {
            CertificateFault::WrongName(presented.iter().map(|name| plain_name(name)).collect())
        }
        CertificateError::UnknownIssuer => CertificateFault::UnknownIssuer,
        CertificateError::Revoked => CertificateFault::Revoked,
        // webpki's word for a self-signed certificate that may sign others, shown by a server.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            CertificateFault::OwnAuthority
        }
        other => CertificateFault::Other(in_words(other).to_owned()),
    }
}

fn moment(time: UnixTime) -> Option<Timestamp> {
    let millis = time.as_secs().checked_mul(1000)?;
    i64::try_from(millis).ok().map(Timestamp::from_millis)
}

/// The TLS library names its causes in its own language; people get ours.
fn in_words(cause: &CertificateError) -> &'static str {
    match cause {
        CertificateError::BadEncoding => "it is malformed",
        CertificateError::BadSignature => "its signature is wrong",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not meant for a server"
        }
        _ => "it does not follow the rules for certificates",
    }
}

/// The verifier lists names as `DnsName("pop.example.org")`.
fn plain_name(presented: &str) -> String {
    match presented.split('"').nth(1) {
        Some(name) => name.to_owned(),
        None => presented.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presented_name_is_shown_plain() {
        assert_eq!(
            plain_name("DnsName(\"pop.example.org\")"),
            "pop.example.org"
        );
        assert_eq!(plain_name("IpAddress(192.0.2.1)"), "IpAddress(192.0.2.1)");
    }

    #[test]
    fn an_expired_certificate_says_since_when() {
        let not_after = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_772_445_600));
        let cause = CertificateError::ExpiredContext {
            time: UnixTime::now(),
            not_after,
        };
        let on = Timestamp::from_millis(1_772_445_600_000);
        assert_eq!(fault(&cause), CertificateFault::Expired(Some(on)));
    }

    #[test]
    fn a_certificate_is_refused_in_words() {
        for cause in [
            CertificateError::BadEncoding,
            CertificateError::UnhandledCriticalExtension,
        ] {
            let text = fault(&cause).to_string();
            assert!(text.contains("cannot be used (it "), "{text}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_no_authority() {
        let error = check_ca_file(Path::new("/dev/null")).unwrap_err();
        assert!(error.to_string().contains("no certificate"), "{error}");
        let error = check_ca_file(Path::new("/nowhere/ca.pem")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/ca.pem"), "{error}");
    }
}
