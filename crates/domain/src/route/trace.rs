//! Our own trace in a header: a message that was shared out here already.

use inhaul_message::HeaderBlock;

/// The header field with which an installation marks what it hands on.
pub const TRACE: &str = "X-Inhaul-Instance";

/// Whether a message carries the trace of this installation: it came round, and sharing it out
/// again would be a loop.
pub fn carries_trace(header: &HeaderBlock<'_>, instance: &str) -> bool {
    !instance.is_empty()
        && header.fields().any(|field| {
            field.is(TRACE)
                && field
                    .value
                    .trim_ascii()
                    .eq_ignore_ascii_case(instance.as_bytes())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_trace_of_this_installation_is_a_loop() {
        for (header, carries) in [
            ("X-Inhaul-Instance: a1b2\r\n\r\n", true),
            ("Subject: x\r\nx-inhaul-instance:\r\n A1B2 \r\n\r\n", true),
            (
                "X-Inhaul-Instance: other\r\nX-Inhaul-Instance: a1b2\n\n",
                true,
            ),
            ("X-Inhaul-Instance: a1b2c3\r\n\r\n", false),
            ("X-Inhaul-Instance:\r\n\r\n", false),
            ("Subject: X-Inhaul-Instance: a1b2\r\n\r\n", false),
            ("\r\nX-Inhaul-Instance: a1b2\r\n", false),
        ] {
            let block = HeaderBlock::new(header.as_bytes());
            assert_eq!(carries_trace(&block, "a1b2"), carries, "{header:?}");
            assert!(!carries_trace(&block, ""), "{header:?}");
        }
    }
}
