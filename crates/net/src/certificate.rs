//! What we read out of a certificate ourselves: its key, how it was signed, until when it is valid.
//!
//! Reads X.509 versions 1 and 3 alike: the certificate libraries refuse what old boxes show, and a
//! pinned key needs nothing but the key. Whether a certificate counts without a pin is the TLS
//! library's judgement alone; its end is read for people, never for a decision. What does not look
//! as it should gives `None`.

use inhaul_types::{KeyPin, Timestamp};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::der::{take, take_sequence};

const BIT_STRING: u8 = 0x03;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The certificate's version, which version 1 leaves out.
const VERSION: u8 = 0xa0;
/// Between the version and the validity: serial number, signature, issuer.
const BEFORE_VALIDITY: usize = 3;
/// Between the version and the key: these, the validity and the subject.
const BEFORE_KEY: usize = 5;

/// What is signed, from this field behind the version on (RFC 5280 section 4.1).
fn signed_from(certificate: &[u8], field: usize) -> Option<&[u8]> {
    let mut outer = certificate;
    let mut signed = take_sequence(&mut take_sequence(&mut outer)?.content)?.content;
    if signed.first() == Some(&VERSION) {
        take(&mut signed)?;
    }
    for _ in 0..field {
        take(&mut signed)?;
    }
    Some(signed)
}

/// The SubjectPublicKeyInfo of a certificate.
pub(crate) fn key(certificate: &[u8]) -> Option<SubjectPublicKeyInfoDer<'_>> {
    let mut fields = signed_from(certificate, BEFORE_KEY)?;
    let key = take_sequence(&mut fields)?.whole;
    Some(SubjectPublicKeyInfoDer::from(key))
}

/// The pin of a certificate's key.
pub(crate) fn pin(certificate: &[u8]) -> Option<KeyPin> {
    let key = key(certificate)?;
    Some(KeyPin::new(Sha256::digest(&*key).into()))
}

/// What a key is for and its bits: the parts of a SubjectPublicKeyInfo, each without its header.
pub(crate) fn algorithm_and_bits<'a>(
    key: &'a SubjectPublicKeyInfoDer<'_>,
) -> Option<(&'a [u8], &'a [u8])> {
    let mut parts = take_sequence(&mut &**key)?.content;
    let algorithm = take_sequence(&mut parts)?.content;
    let bits = take(&mut parts).filter(|element| element.tag == BIT_STRING)?;
    // The first octet counts the bits that are left over: none in a key.
    let (&0, bits) = bits.content.split_first()? else {
        return None;
    };
    Some((algorithm, bits))
}

/// `tls-server-end-point` (RFC 5929 section 4.1): the certificate under the hash it was signed
/// with, SHA-256 in place of older ones; `None` where the signature has no single hash.
pub(crate) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let mut outer = certificate;
    let mut parts = take_sequence(&mut outer)?.content;
    take_sequence(&mut parts)?;
    let mut signature = take_sequence(&mut parts)?.content;
    let algorithm = take(&mut signature).filter(|element| element.tag == OID)?;
    let (_, hash) = SIGNED_WITH
        .iter()
        .find(|(oid, _)| *oid == algorithm.content)?;
    Some(match hash {
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

#[derive(Clone, Copy)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// RSA with PKCS #1 (RFC 8017 appendix C) and ECDSA (RFC 5758 section 3.2).
const SIGNED_WITH: [(&[u8], Hash); 9] = [
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", Hash::Sha256),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x02", Hash::Sha256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", Hash::Sha384),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x03", Hash::Sha384),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", Hash::Sha512),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x04", Hash::Sha512),
    // MD5 and SHA-1.
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", Hash::Sha256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", Hash::Sha256),
    (b"\x2a\x86\x48\xce\x3d\x04\x01", Hash::Sha256),
];

/// The `notAfter` of a certificate.
pub(crate) fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    validity(certificate).map(|(_, until)| until)
}

/// The `notBefore` and the `notAfter` of a certificate.
pub(crate) fn validity(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let mut fields = signed_from(certificate, BEFORE_VALIDITY)?;
    let mut validity = take_sequence(&mut fields)?.content;
    Some((time(&mut validity)?, time(&mut validity)?))
}

/// Takes a time off as RFC 5280 section 4.1.2.5 writes it: `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time(octets: &mut &[u8]) -> Option<Timestamp> {
    let element = take(octets)?;
    let (digits, century) = match element.tag {
        UTC_TIME => (element.content, None),
        GENERALIZED_TIME => (element.content.get(2..)?, element.content.get(..2)),
        _ => return None,
    };
    let digits = digits
        .strip_suffix(b"Z")
        .filter(|digits| digits.len() == 12)?;
    let two = |digits: &[u8]| -> Option<i64> {
        let text = std::str::from_utf8(digits).ok()?;
        text.bytes().all(|c| c.is_ascii_digit()).then_some(())?;
        text.parse().ok()
    };
    let mut fields = [0; 6];
    for (field, digits) in fields.iter_mut().zip(digits.chunks(2)) {
        *field = two(digits)?;
    }
    let [year, month, day, hour, minute, second] = fields;
    let year = match century {
        Some(century) => two(century)? * 100 + year,
        None if year < 50 => 2000 + year,
        None => 1900 + year,
    };
    let is_time = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    is_time.then_some(Timestamp::from_millis(seconds * 1000))
}

/// Days of the Gregorian calendar, counted in years that begin with March, so that the leap day is
/// the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // From 1 March of the year 0 to 1 January 1970.
    const BEFORE_1970: i64 = 719_468;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - BEFORE_1970
}

#[cfg(test)]
pub(crate) mod tests {
    use rcgen::{CertificateParams, KeyPair, PublicKeyData as _, SigningKey as _, date_time_ymd};

    use super::*;
    use crate::der::SEQUENCE;

    pub(crate) fn self_signed() -> (Vec<u8>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.self_signed(&key).unwrap().der().to_vec(), key)
    }

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len().to_be_bytes();
        let length: Vec<u8> = length.into_iter().skip_while(|octet| *octet == 0).collect();
        let header = match content.len() {
            0..0x80 => vec![tag, u8::try_from(content.len()).unwrap()],
            _ => [
                &[tag, 0x80 | u8::try_from(length.len()).unwrap()],
                &length[..],
            ]
            .concat(),
        };
        [header, content.to_vec()].concat()
    }

    /// The same as a certificate of version 1: no version, no extensions, signed anew.
    pub(crate) fn version_1(certificate: &[u8], key: &KeyPair) -> Vec<u8> {
        let mut outer = take(&mut &*certificate).unwrap().content;
        let mut signed = take(&mut outer).unwrap().content;
        take(&mut signed).unwrap();
        let mut kept = Vec::new();
        for _ in 0..=BEFORE_KEY {
            kept.extend_from_slice(take(&mut signed).unwrap().whole);
        }
        let signed = element(SEQUENCE, &kept);
        let signature = key.sign(&signed).unwrap();
        let bits = element(BIT_STRING, &[&[0], &signature[..]].concat());
        let algorithm = take(&mut outer).unwrap().whole;
        element(SEQUENCE, &[&signed, algorithm, &bits].concat())
    }

    #[test]
    fn the_key_is_found_in_old_and_new_certificates() {
        let (certificate, pair) = self_signed();
        let pinned = KeyPin::new(Sha256::digest(pair.subject_public_key_info()).into());
        assert_eq!(pin(&certificate), Some(pinned));
        assert_eq!(pin(&version_1(&certificate, &pair)), Some(pinned));
        let spki = key(&certificate).unwrap();
        let (_, bits) = algorithm_and_bits(&spki).unwrap();
        assert_eq!(bits, pair.der_bytes());
    }

    #[test]
    fn an_end_point_is_the_certificate_under_its_hash() {
        let (certificate, _) = self_signed();
        let hash = Sha256::digest(&certificate).to_vec();
        assert_eq!(end_point(&certificate), Some(hash));
    }

    #[test]
    fn what_is_cut_off_or_spoilt_is_borne() {
        let (certificate, _) = self_signed();
        for end in 0..certificate.len() {
            assert!(pin(&certificate[..end]).is_none(), "{end}");
        }
        for place in 0..certificate.len() {
            for octet in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut spoilt = certificate.clone();
                spoilt[place] = octet;
                // Whatever comes of it, it comes.
                drop((pin(&spoilt), end_point(&spoilt)));
                if let Some(key) = key(&spoilt) {
                    let _parts = algorithm_and_bits(&key);
                }
            }
        }
    }

    fn valid_until(year: i32, month: u8, day: u8) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["pop.example.org".into()]).unwrap();
        params.not_after = date_time_ymd(year, month, day);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_is_read_in_both_ways_of_writing_it() {
        for (year, month, day, shown) in [
            (2026, 9, 4, "2026-09-04T00:00:00Z"),
            (2028, 2, 29, "2028-02-29T00:00:00Z"),
            (1999, 12, 31, "1999-12-31T00:00:00Z"),
            // From 2050 on the year has four digits.
            (2050, 1, 1, "2050-01-01T00:00:00Z"),
            (4096, 1, 1, "4096-01-01T00:00:00Z"),
        ] {
            let end = not_after(&valid_until(year, month, day));
            assert_eq!(end.map(|end| end.to_string()).as_deref(), Some(shown));
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let certificate = valid_until(2026, 9, 4);
        for length in 0..certificate.len().min(300) {
            not_after(&certificate[..length]);
            let mut broken = certificate.clone();
            broken[length] ^= 0xff;
            not_after(&broken);
        }
        assert_eq!(not_after(b""), None);
        assert_eq!(not_after(b"-----BEGIN CERTIFICATE-----"), None);
        assert_eq!(not_after(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
