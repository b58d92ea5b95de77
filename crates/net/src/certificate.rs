//! Reads from a certificate until when it is valid: for people, never for a decision.
//!
//! Whether a certificate counts is the TLS library's judgement alone. This walks the few fields in
//! front of `notAfter` (RFC 5280 section 4.1, DER); whatever does not look as it should gives `None`.

use inhaul_types::Timestamp;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// The `notAfter` of a certificate in DER.
pub(crate) fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (mut fields, _) = element(certificate, SEQUENCE)?;
    if let Some((_, behind)) = element(fields, VERSION) {
        fields = behind;
    }
    // Serial number, signature algorithm, issuer.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        fields = element(fields, tag)?.1;
    }
    let (validity, _) = element(fields, SEQUENCE)?;
    let (_, behind) = time(validity)?;
    time(behind).map(|(time, _)| time)
}

/// The content of the first element, which must have this tag, and what follows it.
fn element(octets: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [first, length, rest @ ..] = octets else {
        return None;
    };
    if *first != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        // A certificate's lengths fit two octets more often than three, and never five.
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let length = digits
                .iter()
                .fold(0, |sum, octet| sum << 8 | usize::from(*octet));
            (length, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// A time as RFC 5280 section 4.1.2.5 writes it: `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time(octets: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (digits, behind, century) = match element(octets, UTC_TIME) {
        Some((digits, behind)) => (digits, behind, None),
        None => {
            let (digits, behind) = element(octets, GENERALIZED_TIME)?;
            (digits.get(2..)?, behind, digits.get(..2))
        }
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
    is_time.then_some((Timestamp::from_millis(seconds * 1000), behind))
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
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(year: i32, month: u8, day: u8) -> Vec<u8> {
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
            let end = not_after(&certificate(year, month, day));
            assert_eq!(end.map(|end| end.to_string()).as_deref(), Some(shown));
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let certificate = certificate(2026, 9, 4);
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
