//! What a provider leaves of a letter, for tests that have a Dovecot and no Postfix.

use super::{Letter, Mailbox};
use crate::postfix::{Copies, Provider};

impl Letter {
    /// The messages that this provider puts into the maildrop for it, as a Postfix and its delivery
    /// agent write them.
    pub fn as_left_by(&self, provider: Provider) -> Vec<Vec<u8>> {
        let copies = self.envelopes.iter().flat_map(|to| match provider {
            Provider::EnvelopeTo(Copies::One) | Provider::Silent(Copies::One) => {
                vec![self.copy(provider, to, to)]
            }
            _ => {
                let each = to.chunks(1).map(|one| self.copy(provider, to, one));
                each.collect()
            }
        });
        copies.collect()
    }

    /// The copy for some of those that it came for together.
    fn copy(&self, provider: Provider, together: &[Mailbox], some: &[Mailbox]) -> Vec<u8> {
        let names: Vec<_> = some
            .iter()
            .map(|mailbox| mailbox.written.as_str())
            .collect();
        let names = names.join(",\r\n\t");
        let evidence = match provider {
            Provider::DeliveredTo => format!("Delivered-To: {names}\r\n"),
            Provider::OriginalTo => {
                format!("X-Original-To: {names}\r\nDelivered-To: catchall@isp.example\r\n")
            }
            Provider::EnvelopeTo(_) => format!("Envelope-To: {names}\r\n"),
            Provider::Silent(_) => String::new(),
        };
        let told = match together {
            [one] => format!("\r\n\tfor <{}>", one.written),
            _ => String::new(),
        };
        let received = format!(
            "Received: from client.example (unknown [127.0.0.1])\r\n\
             \tby mx.isp.example (Postfix) with ESMTP id 4B7C858{told};\r\n\
             \tSat, 14 Mar 2026 10:22:06 +0000 (UTC)\r\n"
        );
        [evidence.as_bytes(), received.as_bytes(), &self.octets].concat()
    }
}
