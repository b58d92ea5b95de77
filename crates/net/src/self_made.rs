//! The certificate this program makes for itself where nobody gave it one.
//!
//! A key is made once, a certificate for it now and again: whoever trusts the key need not look
//! again. The key is written first; a kill in between leaves a key without a certificate, and the
//! next start makes one for it. Each file is whole or not there.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use inhaul_types::Timestamp;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, PublicKeyData as _, SanType,
    SerialNumber, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};

use crate::CertificateProblem;
use crate::certificate::{key as key_of, validity};
use crate::server_certificate::read_bounded;

/// Sees to it that both files are there, belong together, and are good for [`AHEAD`] at least.
pub(crate) fn ensure(
    chain: &Path,
    key: &Path,
    host: Option<&str>,
    now: Timestamp,
) -> Result<(), CertificateProblem> {
    let pair = ensure_key(key)?;
    let has_certificate = match read_bounded(chain) {
        Ok(text) => serves(&text, &pair, now),
        Err(error) if is_missing(&error) => false,
        Err(error) => return Err(error),
    };
    if has_certificate {
        return Ok(());
    }
    let certificate = certificate(&pair, host, now).map_err(not_made)?;
    write(chain, certificate.as_bytes(), 0o644)
}

/// From when on a self-made certificate is made anew.
pub(crate) fn renewal_due(not_after: Option<Timestamp>, now: Timestamp) -> bool {
    not_after.is_none_or(|not_after| now >= not_after.minus(AHEAD))
}

/// The key in the file, or a new one where there is none or nothing that is one.
fn ensure_key(file: &Path) -> Result<KeyPair, CertificateProblem> {
    match read_bounded(file) {
        Ok(text) => {
            let pair = std::str::from_utf8(&text).map(KeyPair::from_pem);
            if let Ok(Ok(pair)) = pair {
                close(file).map_err(|source| unwritable(file, source))?;
                return Ok(pair);
            }
        }
        Err(error) if is_missing(&error) => {}
        Err(error) => return Err(error),
    }
    let pair = KeyPair::generate().map_err(not_made)?;
    write(file, pair.serialize_pem().as_bytes(), 0o600)?;
    Ok(pair)
}

/// Makes the file its owner's alone, if it is not.
fn close(file: &Path) -> io::Result<()> {
    match fs::metadata(file)?.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => fs::set_permissions(file, Permissions::from_mode(0o600)),
    }
}

/// Whether this is a certificate for the key, for some time to come.
fn serves(text: &[u8], pair: &KeyPair, now: Timestamp) -> bool {
    let Ok(certificate) = CertificateDer::from_pem_slice(text) else {
        return false;
    };
    let spki = pair.subject_public_key_info();
    let is_for_key = key_of(&certificate).is_some_and(|key| key[..] == spki[..]);
    // One that was made under a wrong clock is none either.
    is_for_key
        && validity(&certificate)
            .is_some_and(|(from, until)| from <= now && !renewal_due(Some(until), now))
}

/// A certificate in PEM: for the name and the loopback names, as a server, signed by itself, and no
/// authority over others.
fn certificate(pair: &KeyPair, host: Option<&str>, now: Timestamp) -> Result<String, rcgen::Error> {
    let host = host.filter(|host| is_dns_name(host) && *host != LOCALHOST);
    let mut params = CertificateParams::default();
    for name in host.into_iter().chain([LOCALHOST]) {
        let name = name.to_owned().try_into()?;
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    for address in [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ] {
        params.subject_alt_names.push(SanType::IpAddress(address));
    }
    // A common name has 64 characters at most (RFC 5280 appendix A.1).
    let common = host.filter(|host| host.len() <= 64).unwrap_or(LOCALHOST);
    params.distinguished_name.push(DnType::CommonName, common);
    params
        .distinguished_name
        .push(DnType::OrganizationName, "inhaul");
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.serial_number = Some(serial_number()?);
    let moment = |time: Timestamp| {
        let seconds = u64::try_from(time.seconds()).unwrap_or(0).min(LATEST);
        date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    let from = now.minus(BEFORE);
    params.not_before = moment(from);
    params.not_after = moment(from.plus(LASTING));
    Ok(params.self_signed(pair)?.pem())
}

/// Another one each time: mail programs refuse two certificates of one name and one number.
fn serial_number() -> Result<SerialNumber, rcgen::Error> {
    let mut octets = [0; 16];
    rustls::crypto::aws_lc_rs::default_provider()
        .secure_random
        .fill(&mut octets)
        .map_err(|_| rcgen::Error::RingUnspecified)?;
    // Positive, and as long as all others.
    octets[0] = octets[0] & 0x3f | 0x40;
    Ok(SerialNumber::from_slice(&octets))
}

fn is_dns_name(host: &str) -> bool {
    matches!(ServerName::try_from(host), Ok(ServerName::DnsName(_)))
}

/// Writes the file beside its place and moves it there, so that it is whole whenever it is seen.
fn write(file: &Path, content: &[u8], mode: u32) -> Result<(), CertificateProblem> {
    let dir = file.parent().unwrap_or_else(|| Path::new("."));
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    let write = || {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        // Left behind by a kill, and perhaps open to others.
        if let Err(error) = fs::remove_file(beside)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut new = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(beside)?;
        new.write_all(content)?;
        new.sync_all()?;
        fs::rename(beside, file)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(|source| unwritable(file, source))
}

fn unwritable(file: &Path, source: io::Error) -> CertificateProblem {
    CertificateProblem::Unwritable {
        file: file.to_owned(),
        source,
    }
}

fn not_made(error: rcgen::Error) -> CertificateProblem {
    CertificateProblem::NotMade(error.to_string())
}

fn is_missing(error: &CertificateProblem) -> bool {
    use io::ErrorKind::NotFound;
    matches!(error, CertificateProblem::Unreadable { source, .. } if source.kind() == NotFound)
}

/// The name that every machine gives itself.
const LOCALHOST: &str = "localhost";

const DAY: Duration = Duration::from_secs(86_400);

/// How long a certificate is good for: Apple's programs take none that is good for longer.
const LASTING: Duration = Duration::from_secs(825 * DAY.as_secs());

/// How long before its end a certificate is made anew.
const AHEAD: Duration = Duration::from_secs(30 * DAY.as_secs());

/// Since when a new certificate is good: clocks of clients are late now and then.
const BEFORE: Duration = DAY;

/// Seconds from 1970 to 2200: a clock beyond that is none.
const LATEST: u64 = 7_258_118_400;
