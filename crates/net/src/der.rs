//! DER, element by element (X.690 section 8.1): what certificates are written in.
//!
//! Owns nothing, trusts nothing: lengths are checked against what is there.

/// One element.
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    /// With its header.
    pub(crate) whole: &'a [u8],
    pub(crate) content: &'a [u8],
}

pub(crate) const SEQUENCE: u8 = 0x30;

/// Takes the first element off; `None` if there is no whole one.
pub(crate) fn take<'a>(octets: &mut &'a [u8]) -> Option<Element<'a>> {
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

/// The same, where only a sequence will do.
pub(crate) fn take_sequence<'a>(octets: &mut &'a [u8]) -> Option<Element<'a>> {
    take(octets).filter(|element| element.tag == SEQUENCE)
}
