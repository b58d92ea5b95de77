//! Address fields that are anything at all.

use inhaul_message::{ADDRESS_MOST, AddrSpec, RECIPIENTS_MOST, addresses, received};

/// No panic; an address has a local part and one domain that could be one, is short,
/// and is written so that it reads back as itself.
pub fn addresses_and_received(data: &[u8]) {
    let mut count = 0;
    for address in addresses(data) {
        check(&address);
        count += 1;
    }
    assert!(count <= data.len() / 3, "{count} addresses");

    let hop = received(data);
    assert!(hop.recipients.len() <= RECIPIENTS_MOST);
    hop.recipients.iter().for_each(check);
    if let Some(by) = hop.by {
        assert!(is_domain(&by), "{by:?}");
    }
    // What is behind the line in hand belongs to another field, or to nobody.
    let line = data.split(|octet| matches!(octet, b'\r' | b'\n')).next();
    let line = line.unwrap_or_default();
    let next = [line, b"\r\nx <nobody@example.org>"].concat();
    assert!(addresses(line).eq(addresses(&next)), "another line counted");
}

fn check(address: &AddrSpec<'_>) {
    let AddrSpec { local_part, domain } = address;
    assert!(!local_part.is_empty());
    assert!(!local_part.contains(char::is_control), "{local_part:?}");
    assert!(is_domain(domain), "{domain:?}");
    assert!(local_part.len() + 1 + domain.len() <= ADDRESS_MOST);
    let written = address.to_string();
    let again: Vec<_> = addresses(written.as_bytes()).collect();
    assert_eq!(
        again,
        std::slice::from_ref(address),
        "written as {written:?}"
    );
}

fn is_domain(domain: &str) -> bool {
    let octet = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    let label = |label: &str| !label.is_empty() && label.bytes().all(octet);
    let literal = domain.starts_with('[') && domain.ends_with(']') && !domain.contains('@');
    literal || domain.split('.').all(label)
}
