//! Messages as an mbox file has them: LF line ends, a `From ` line above, an empty line below.

/// The text to append to the file for one message.
///
/// A line within that begins with `From ` gets a `>` in front, or the server would begin a new
/// message there; what the server then sends has it too.
pub(super) fn entry(message: &[u8]) -> Vec<u8> {
    let mut entry = b"From ann@example.org Sat Mar 14 10:22:06 2026\n".to_vec();
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        let line = match line.strip_suffix(b"\r\n") {
            Some(text) => [text, b"\n"].concat(),
            None => line.to_vec(),
        };
        if line.starts_with(b"From ") {
            entry.push(b'>');
        }
        entry.extend_from_slice(&line);
    }
    if !entry.ends_with(b"\n") {
        entry.push(b'\n');
    }
    entry.push(b'\n');
    entry
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
