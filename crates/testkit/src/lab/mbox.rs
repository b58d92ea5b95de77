//! Messages as they lie in files: LF line ends, and in an mbox a `From ` line above and an empty
//! line below.

/// The text to append to the file for one message.
///
/// A line within that begins with `From ` gets a `>` in front, or the server would begin a new
/// message there; what the server then sends has it too.
pub(super) fn entry(message: &[u8]) -> Vec<u8> {
    let mut entry = b"From ann@example.org Sat Mar 14 10:22:06 2026\n".to_vec();
    for line in with_lf(message).split_inclusive(|&octet| octet == b'\n') {
        if line.starts_with(b"From ") {
            entry.push(b'>');
        }
        entry.extend_from_slice(line);
    }
    if !entry.ends_with(b"\n") {
        entry.push(b'\n');
    }
    entry.push(b'\n');
    entry
}

/// LF for CR LF, as Unix keeps text.
pub(super) fn with_lf(message: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(message.len());
    for &octet in message {
        if octet == b'\n' && text.last() == Some(&b'\r') {
            text.pop();
        }
        text.push(octet);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_be_taken_for_two() {
        for (message, below) in [
            ("A: b\r\n\r\nFrom me\r\n", "A: b\n\n>From me\n\n"),
            ("A: b\r\n\r\n>From me\r\nFro", "A: b\n\n>From me\nFro\n\n"),
            ("a\nb\rc\r\n", "a\nb\rc\n\n"),
            ("", "\n"),
        ] {
            let entry = String::from_utf8(entry(message.as_bytes())).unwrap();
            let (first, rest) = entry.split_once('\n').unwrap();
            assert!(first.starts_with("From "), "{first}");
            assert_eq!(rest, below, "{message:?}");
        }
    }
}
