//! The two things we read out of a certificate ourselves: its key, and how it was signed.
//!
//! Reads X.509 versions 1 and 3 alike: the certificate libraries refuse what old boxes show, and a
//! pinned key needs nothing but the key. Owns nothing, trusts nothing: lengths are checked against
//! what is there.

use inhaul_types::KeyPin;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// One element of DER (X.690 section 8.1).
struct Element<'a> {
    tag: u8,
    /// With its header.
    whole: &'a [u8],
    content: &'a [u8],
}

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
/// The certificate's version, which version 1 leaves out.
const VERSION: u8 = 0xa0;
/// Between the version and the key: serial number, signature, issuer, validity, subject.
const BEFORE_KEY: usize = 5;

/// Takes the first element off; `None` if there is no whole one.
fn take<'a>(octets: &mut &'a [u8]) -> Option<Element<'a>> {
    let (&tag, rest) = octets.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        ..=0x7f => (usize::from(first), rest),
        // Certificates are far below 2^24 octets.
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = length
                .iter()
                .fold(0, |length, octet| length << 8 | usize::from(*octet));
            (length, rest)
        }
        _ => return None,
    };
    let (content, behind) = rest.split_at_checked(length)?;
    let whole = &octets[..octets.len() - behind.len()];
    *octets = behind;
    Some(Element {
        tag,
        whole,
        content,
    })
}

fn take_sequence<'a>(octets: &mut &'a [u8]) -> Option<Element<'a>> {
    take(octets).filter(|element| element.tag == SEQUENCE)
}

/// The SubjectPublicKeyInfo of a certificate.
pub(crate) fn key(certificate: &[u8]) -> Option<SubjectPublicKeyInfoDer<'_>> {
    let mut outer = certificate;
    let mut signed = take_sequence(&mut take_sequence(&mut outer)?.content)?.content;
    if signed.first() == Some(&VERSION) {
        take(&mut signed)?;
    }
    for _ in 0..BEFORE_KEY {
        take(&mut signed)?;
    }
    Some(SubjectPublicKeyInfoDer::from(
        take_sequence(&mut signed)?.whole,
    ))
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
    const BIT_STRING: u8 = 0x03;
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

#[cfg(test)]
pub(crate) mod tests {
    use rcgen::{CertificateParams, KeyPair, PublicKeyData as _, SigningKey as _};

    use super::*;

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
        let bits = element(0x03, &[&[0], &signature[..]].concat());
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
}
