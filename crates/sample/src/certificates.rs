//! Certificates, good and bad ones: made at start, of an authority that exists in this process.
//!
//! The only module that knows rcgen and rustls.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::switches::Certificate;

/// What the server can show, by switch.
pub(crate) struct Certificates {
    ca_pem: String,
    acceptors: HashMap<Certificate, TlsAcceptor>,
}

impl Certificates {
    /// Makes two authorities and a certificate of every kind for these names.
    pub(crate) fn make(names: &[String]) -> io::Result<Self> {
        let made = Self::try_make(names);
        made.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    fn try_make(names: &[String]) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let known = Authority::make("inhaul sample authority")?;
        let unknown = Authority::make("An authority nobody knows")?;
        let other = ["other.example.org".to_owned()];
        let mut acceptors = HashMap::new();
        for (kind, authority, names, until) in [
            (Certificate::Good, &known, names, LASTING),
            (Certificate::NewKey, &known, names, LASTING),
            (Certificate::Expired, &known, names, 2002),
            (Certificate::WrongName, &known, &other[..], LASTING),
            (Certificate::UnknownCa, &unknown, names, LASTING),
        ] {
            acceptors.insert(kind, authority.acceptor(names, until)?);
        }
        Ok(Self {
            ca_pem: known.pem,
            acceptors,
        })
    }

    /// The authority behind the good certificates.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    pub(crate) fn acceptor(&self, kind: Certificate) -> TlsAcceptor {
        self.acceptors[&kind].clone()
    }
}

/// The year in which a good certificate ends.
const LASTING: i32 = 2096;

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn make(name: &str) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let pem = params.self_signed(&key)?.pem();
        Ok(Self {
            issuer: Issuer::new(params, key),
            pem,
        })
    }

    fn acceptor(
        &self,
        names: &[String],
        until: i32,
    ) -> Result<TlsAcceptor, Box<dyn std::error::Error + Send + Sync>> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names.to_vec())?;
        if let Some(name) = names.first() {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
