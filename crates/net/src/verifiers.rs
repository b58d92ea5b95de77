//! Who says yes or no to a server's certificate.
//!
//! [`Witness`] asks the authorities and remembers which key was shown when they say no;
//! [`PinVerifier`] wants one key; [`NobodyVerifier`] never says yes. All of them have the server
//! prove that it has the key: a certificate alone can be copied.

use std::fmt;
use std::sync::Arc;

use inhaul_types::KeyPin;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};

use crate::certificate;

/// What is wrong with a certificate, and whose key it shows.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) cause: CertificateError,
    pub(crate) key: Option<KeyPin>,
}

/// The key is not the pinned one.
#[derive(Debug)]
pub(crate) struct OtherKey {
    pub(crate) pinned: KeyPin,
    pub(crate) shown: KeyPin,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause)
    }
}

impl fmt::Display for OtherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key is {} and not {}", self.shown, self.pinned)
    }
}

impl std::error::Error for Shown {}
impl std::error::Error for OtherKey {}

fn refusal(what: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(what))))
}

/// Asks another verifier, and says which key it refused.
#[derive(Debug)]
pub(crate) struct Witness {
    inner: Arc<dyn ServerCertVerifier>,
}

impl Witness {
    pub(crate) fn of(inner: Arc<dyn ServerCertVerifier>) -> Self {
        Self { inner }
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self
            .inner
            .verify_server_cert(certificate, intermediates, name, ocsp, now);
        verified.map_err(|error| match error {
            Error::InvalidCertificate(cause) => refusal(Shown {
                cause,
                key: certificate::pin(certificate),
            }),
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.inner.root_hint_subjects()
    }
}

/// Wants one key, and nothing else of the certificate.
#[derive(Debug)]
pub(crate) struct PinVerifier {
    pin: KeyPin,
    algorithms: WebPkiSupportedAlgorithms,
}

impl PinVerifier {
    pub(crate) fn new(pin: KeyPin, provider: &CryptoProvider) -> Self {
        Self {
            pin,
            algorithms: provider.signature_verification_algorithms,
        }
    }
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let malformed = Error::InvalidCertificate(CertificateError::BadEncoding);
        let shown = certificate::pin(certificate).ok_or(malformed)?;
        if shown == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        let pinned = self.pin;
        Err(refusal(OtherKey { pinned, shown }))
    }

    // By the key alone in both: the library reads no certificate of version 1.

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let malformed = || Error::InvalidCertificate(CertificateError::BadEncoding);
        let key = certificate::key(certificate).ok_or_else(malformed)?;
        let (algorithm, bits) = certificate::algorithm_and_bits(&key).ok_or_else(malformed)?;
        // In TLS 1.2 an ECDSA scheme names no curve: several algorithms stand for it.
        let schemes = self.algorithms.mapping.iter();
        let verified = schemes
            .filter(|(scheme, _)| *scheme == signed.scheme)
            .flat_map(|(_, algorithms)| algorithms.iter())
            .filter(|known| known.public_key_alg_id().as_ref() == algorithm)
            .any(|known| {
                known
                    .verify_signature(bits, message, signed.signature())
                    .is_ok()
            });
        if verified {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::BadSignature))
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let malformed = Error::InvalidCertificate(CertificateError::BadEncoding);
        let key = certificate::key(certificate).ok_or(malformed)?;
        verify_tls13_signature_with_raw_key(message, &key, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Looks at the key and ends the handshake.
#[derive(Debug)]
pub(crate) struct NobodyVerifier {
    schemes: Vec<SignatureScheme>,
}

impl NobodyVerifier {
    pub(crate) fn new(provider: &CryptoProvider) -> Self {
        Self {
            schemes: provider
                .signature_verification_algorithms
                .supported_schemes(),
        }
    }
}

impl ServerCertVerifier for NobodyVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Err(refusal(Shown {
            cause: CertificateError::ApplicationVerificationFailure,
            key: certificate::pin(certificate),
        }))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::InvalidCertificate(CertificateError::BadSignature))
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::InvalidCertificate(CertificateError::BadSignature))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::KeyPair;
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::server::ResolvesServerCert;
    use rustls::sign::CertifiedKey;
    use rustls::{ServerConfig, SupportedProtocolVersion};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::certificate::tests::{self_signed, version_1};
    use crate::tls::Trust;
    use crate::{CertificateFault, DialError, Dialler, Line, Target};

    /// Shows any certificate, whether or not it goes with the key.
    #[derive(Debug)]
    struct Shows(Arc<CertifiedKey>);

    impl ResolvesServerCert for Shows {
        fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }

    const BOTH: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

    /// A server that shows this certificate and signs with this key.
    async fn serve(
        certificate: &[u8],
        key: &KeyPair,
        version: &'static SupportedProtocolVersion,
    ) -> Target {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signer = provider.key_provider.load_private_key(der).unwrap();
        let chain = vec![CertificateDer::from(certificate.to_vec())];
        let shown = Arc::new(CertifiedKey::new(chain, signer));
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Shows(shown)));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // A client that does not trust it ends it.
                drop(acceptor.accept(stream).await);
            }
        });
        Target {
            host: "127.0.0.1".into(),
            port,
        }
    }

    const LIMIT: Duration = Duration::from_secs(20);

    async fn secure(target: &Target, trust: &Trust) -> Result<Line, DialError> {
        let dialler = Dialler::new();
        let line = dialler.connect(target, LIMIT).await.unwrap();
        dialler.secure(line, target, trust, LIMIT).await
    }

    fn fault(secured: Result<Line, DialError>) -> (CertificateFault, Option<KeyPin>) {
        match secured.unwrap_err() {
            DialError::Certificate { fault, shown, .. } => (fault, shown.map(|shown| *shown)),
            other => panic!("{other}"),
        }
    }

    #[tokio::test]
    async fn a_pinned_key_needs_nothing_else_in_a_certificate() {
        let (modern, key) = self_signed();
        let old = version_1(&modern, &key);
        let pin = certificate::pin(&modern).unwrap();
        for certificate in [&modern, &old] {
            for version in BOTH {
                let target = serve(certificate, &key, version).await;
                let line = secure(&target, &Trust::Pin(pin)).await.unwrap();
                assert!(line.is_encrypted());
                let dialler = Dialler::new();
                let line = dialler.connect(&target, LIMIT).await.unwrap();
                let shown = dialler.shown_key(line, &target, LIMIT).await;
                assert_eq!(shown.unwrap(), pin);
            }
        }
    }

    #[tokio::test]
    async fn another_key_is_refused_and_both_are_named() {
        let (certificate, key) = self_signed();
        let shown = certificate::pin(&certificate).unwrap();
        let pinned = KeyPin::new([7; KeyPin::LEN]);
        for version in BOTH {
            let target = serve(&certificate, &key, version).await;
            let refused = fault(secure(&target, &Trust::Pin(pinned)).await);
            assert_eq!(
                refused,
                (CertificateFault::KeyChanged { pinned, shown }, Some(shown))
            );
        }
    }

    #[tokio::test]
    async fn whoever_shows_the_certificate_must_have_its_key() {
        let (certificate, key) = self_signed();
        let pin = certificate::pin(&certificate).unwrap();
        let copied = version_1(&certificate, &key);
        let thief = KeyPair::generate().unwrap();
        for certificate in [&certificate, &copied] {
            for version in BOTH {
                let target = serve(certificate, &thief, version).await;
                let (fault, _) = fault(secure(&target, &Trust::Pin(pin)).await);
                let wrong = fault.to_string().contains("signature is wrong");
                assert!(wrong, "{fault}");
            }
        }
    }

    #[tokio::test]
    async fn authorities_that_say_no_say_whose_key_it_was() {
        let (certificate, key) = self_signed();
        let pin = certificate::pin(&certificate).unwrap();
        let target = serve(&certificate, &key, &rustls::version::TLS13).await;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        let mut other = rcgen::CertificateParams::default();
        let name = rcgen::DnType::CommonName;
        other.distinguished_name.push(name, "somebody else");
        let other = other.self_signed(&KeyPair::generate().unwrap()).unwrap();
        std::fs::write(&file, other.pem()).unwrap();
        let refused = fault(secure(&target, &Trust::CaFile(file)).await);
        assert_eq!(refused, (CertificateFault::UnknownIssuer, Some(pin)));
    }

    #[tokio::test]
    async fn a_self_signed_authority_is_told_from_others() {
        let key = KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let target = serve(certificate.der(), &key, &rustls::version::TLS13).await;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        std::fs::write(&file, certificate.pem()).unwrap();
        let (fault, shown) = fault(secure(&target, &Trust::CaFile(file)).await);
        assert_eq!(fault, CertificateFault::OwnAuthority);
        let pin = shown.unwrap();
        secure(&target, &Trust::Pin(pin)).await.unwrap();
    }

    #[tokio::test]
    async fn a_line_is_bound_to_as_its_version_allows() {
        use sha2::{Digest as _, Sha256};
        let (certificate, key) = self_signed();
        let pin = certificate::pin(&certificate).unwrap();
        let target = serve(&certificate, &key, &rustls::version::TLS12).await;
        let line = secure(&target, &Trust::Pin(pin)).await.unwrap();
        let binding = line.binding().unwrap();
        assert_eq!(binding.kind, "tls-server-end-point");
        assert_eq!(binding.octets, Sha256::digest(&certificate).to_vec());
        let target = serve(&certificate, &key, &rustls::version::TLS13).await;
        let line = secure(&target, &Trust::Pin(pin)).await.unwrap();
        let binding = line.binding().unwrap();
        assert_eq!((binding.kind, binding.octets.len()), ("tls-exporter", 32));
        let plain = Dialler::new().connect(&target, LIMIT).await.unwrap();
        assert_eq!(plain.binding(), None);
    }
}
