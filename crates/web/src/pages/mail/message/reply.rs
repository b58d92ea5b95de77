//! Answers: the person's own mail program writes and sends them (`mailto:`, RFC 6068).

use inhaul_message::{HeaderBlock, Prefer, addresses};
use inhaul_store::{Message, Store, StoreError};

use crate::letter::Letter;

/// The addresses of "Reply" and "Forward".
#[derive(Debug)]
pub(super) struct Replies {
    /// `None` where nobody is known to answer to.
    pub(super) reply: Option<String>,
    pub(super) forward: String,
}

impl Replies {
    /// With the subject, and the text quoted.
    pub(super) async fn of(
        store: &dyn Store,
        letter: &Letter,
        message: &Message,
    ) -> Result<Self, StoreError> {
        let reading = letter.reading(Prefer::Plain);
        let first = reading.texts.get(..1).unwrap_or_default();
        let (texts, _) = letter.words(store, first).await?;
        let text = texts.first().map_or("", String::as_str);
        let header = HeaderBlock::new(&letter.header);
        let summary = &message.summary;
        let date = summary.date.unwrap_or(message.internal_date).in_words();
        let (from, subject) = (summary.from.as_str(), summary.subject.as_str());
        let said = format!("On {date}, {from} wrote:\n{}", quoted(text));
        let forwarded = format!(
            "Forwarded message\nFrom: {from}\nDate: {date}\nSubject: {subject}\n\n{}",
            cut(text.trim_end()).0
        );
        let answered = summary.message_id.as_deref();
        let to = |name: &str| {
            let field = header.fields().find(|field| field.is(name))?;
            let address = addresses(field.value).next()?;
            Some(address.to_string())
        };
        Ok(Self {
            reply: to("reply-to").or_else(|| to("from")).map(|to| {
                let subject = again("Re: ", &["re:", "aw:", "sv:"], subject);
                mailto(&to, &subject, answered, &said)
            }),
            forward: mailto(
                "",
                &again("Fwd: ", &["fwd:", "fw:"], subject),
                None,
                &forwarded,
            ),
        })
    }
}

/// The subject, marked once.
fn again(mark: &str, marks: &[&str], subject: &str) -> String {
    let start: String = subject.chars().take(4).collect();
    let start = start.to_lowercase();
    match marks.iter().any(|mark| start.starts_with(mark)) {
        true => subject.to_owned(),
        false => format!("{mark}{subject}"),
    }
}

/// Each line behind a `>`.
fn quoted(text: &str) -> String {
    let (text, is_cut) = cut(text.trim_end());
    let mut quoted: String = text
        .lines()
        .map(|line| match line.starts_with('>') {
            true => format!(">{line}\n"),
            false => format!("> {line}\n"),
        })
        .collect();
    if is_cut {
        quoted.push_str("> ...\n");
    }
    quoted
}

/// The beginning of a text; and whether there is more.
fn cut(text: &str) -> (&str, bool) {
    match text.char_indices().nth(QUOTED_MOST) {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    }
}

fn mailto(to: &str, subject: &str, answered: Option<&str>, body: &str) -> String {
    let mut address = String::from("mailto:");
    encode(to, b"@", &mut address);
    address.push_str("?subject=");
    encode(subject, b"", &mut address);
    if let Some(id) = answered {
        address.push_str("&In-Reply-To=");
        encode(&format!("<{id}>"), b"", &mut address);
    }
    address.push_str("&body=");
    encode(&body.replace('\n', "\r\n"), b"", &mut address);
    address
}

/// Percent-encodes all but what RFC 6068 section 2 lets stand wherever it is.
fn encode(text: &str, also: &[u8], address: &mut String) {
    use std::fmt::Write as _;
    for octet in text.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                address.push(char::from(octet));
            }
            octet if also.contains(&octet) => address.push(char::from(octet)),
            octet => write!(address, "%{octet:02X}").expect("a String takes everything"),
        }
    }
}

/// Characters of a text that an answer quotes: some systems hand a mail program no more than 2,000
/// octets of an address.
const QUOTED_MOST: usize = 800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_carries_subject_and_text_and_nothing_else() {
        let address = mailto("a&b@x.example", "Re: 50% ?", Some("1@x"), "> é\nbcc=x");
        assert_eq!(
            address,
            "mailto:a%26b@x.example?subject=Re%3A%2050%25%20%3F&In-Reply-To=%3C1%40x%3E\
             &body=%3E%20%C3%A9%0D%0Abcc%3Dx"
        );
    }

    #[test]
    fn a_subject_is_marked_once() {
        let re = |subject| again("Re: ", &["re:", "aw:"], subject);
        assert_eq!(re("boat"), "Re: boat");
        assert_eq!(re("RE: boat"), "RE: boat");
        assert_eq!(re("Aw: boat"), "Aw: boat");
        assert_eq!(re("éèàü"), "Re: éèàü");
    }

    #[test]
    fn what_is_quoted_is_bounded() {
        assert_eq!(quoted("a\n> b\n\n"), "> a\n>> b\n");
        let long = "é".repeat(QUOTED_MOST + 1);
        assert_eq!(
            quoted(&long),
            format!("> {}\n> ...\n", "é".repeat(QUOTED_MOST))
        );
    }
}
