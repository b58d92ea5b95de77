//! The columns a list of messages shows.
//!
//! Decodes for display and for nothing else: identity and routing read the raw fields. Only the
//! five fields that are shown reach mail-parser, one by one, so the cost does not depend on how
//! large the message or the rest of its header is. Start at `summarize`.

use inhaul_types::Timestamp;
use mail_parser::ContentType;
use mail_parser::parsers::MessageStream;

use crate::attachment::has_attachment;
use crate::header::HeaderBlock;
use crate::text::{clean, decode, to_utf8, unfold};

/// What a list shows of one message.
///
/// Every text is one line of at most 1,000 characters, without control characters and without
/// those that turn the direction of the text around them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// The first author: `Name <address>`, or the address alone; empty if there is none.
    pub from: String,
    /// Empty if there is none.
    pub subject: String,
    /// What the Date field says, which may be far from the truth.
    pub date: Option<Timestamp>,
    /// The Message-ID without its angle brackets.
    pub message_id: Option<String>,
    /// Whether the top of the message makes an attachment likely.
    pub has_attachment: bool,
}

/// Reads the columns from a header, a message, or the beginning of one.
///
/// Of doubled fields the first counts. Raw 8-bit text is UTF-8, or else in the charset that the
/// Content-Type names, or else in windows-1252.
pub fn summarize(octets: &[u8]) -> Summary {
    let header = HeaderBlock::new(octets);
    let fields = Shown::find(&header);
    let content_type = fields.content_type.map(unfold);
    let content_type = content_type.as_deref().and_then(parse_content_type);
    let charset = content_type
        .as_ref()
        .and_then(|content_type| content_type.attribute("charset"));
    Summary {
        from: fields
            .from
            .map(|value| author(&to_utf8(&unfold(value), charset)))
            .unwrap_or_default(),
        subject: fields
            .subject
            .map(|value| decode(&to_utf8(&unfold(value), charset)))
            .unwrap_or_default(),
        date: fields.date.and_then(|value| date(&unfold(value))),
        message_id: fields
            .message_id
            .and_then(|value| message_id(&unfold(value))),
        has_attachment: has_attachment(
            content_type.as_ref(),
            fields.disposition,
            &octets[header.len()..],
        ),
    }
}

/// What people read of a field: all of its name, decoded, in one line of at most 1,000 characters
/// without control characters; empty where there is none.
pub fn shown(header: &HeaderBlock<'_>, name: &str) -> String {
    let fields = header.fields().filter(|field| field.is(name));
    let values: Vec<String> = fields
        .map(|field| decode(&to_utf8(&unfold(field.value), None)))
        .take(FIELDS_MOST)
        .collect();
    clean(&values.join(", "))
}

/// Fields of one name that are shown: more than one is wrong for all that matter.
const FIELDS_MOST: usize = 20;

/// When a message came to the server that holds it: the newest Received field (RFC 5322 section
/// 3.6.7) tells, or where there is none the Date field, which may be far from the truth.
pub fn arrived(header: &HeaderBlock<'_>) -> Option<Timestamp> {
    let received = header.fields().find(|field| field.is("received"));
    let stamp = received.and_then(|field| {
        let value = unfold(field.value);
        let semicolon = value.iter().rposition(|octet| *octet == b';')?;
        date(&value[semicolon + 1..])
    });
    stamp.or_else(|| {
        let field = header.fields().find(|field| field.is("date"))?;
        date(&unfold(field.value))
    })
}

/// The raw values of the fields that are shown.
#[derive(Default)]
struct Shown<'a> {
    from: Option<&'a [u8]>,
    subject: Option<&'a [u8]>,
    date: Option<&'a [u8]>,
    message_id: Option<&'a [u8]>,
    content_type: Option<&'a [u8]>,
    disposition: Option<&'a [u8]>,
}

impl<'a> Shown<'a> {
    fn find(header: &HeaderBlock<'a>) -> Self {
        let mut shown = Self::default();
        for field in header.fields() {
            // By length first: most fields of a header are none of these.
            let place = match field.name.len() {
                4 if field.is("from") => &mut shown.from,
                4 if field.is("date") => &mut shown.date,
                7 if field.is("subject") => &mut shown.subject,
                10 if field.is("message-id") => &mut shown.message_id,
                12 if field.is("content-type") => &mut shown.content_type,
                19 if field.is("content-disposition") => &mut shown.disposition,
                _ => continue,
            };
            place.get_or_insert(field.value);
        }
        shown
    }
}

fn parse_content_type(unfolded: &[u8]) -> Option<ContentType<'_>> {
    MessageStream::new(unfolded)
        .parse_content_type()
        .into_content_type()
}

/// The first author. What the address parser makes nothing of is shown as it stands.
fn author(utf8: &[u8]) -> String {
    let parsed = MessageStream::new(utf8).parse_address();
    let first = parsed.as_address().and_then(|address| address.first());
    let name = clean(first.and_then(|author| author.name()).unwrap_or_default());
    let address = clean(
        first
            .and_then(|author| author.address())
            .unwrap_or_default(),
    );
    // mail-parser 0.11.9 loses the local part of `"a b"@h.org` and of `u(comment)@h.org`.
    if address.starts_with('@') || name.is_empty() && address.is_empty() {
        return decode(utf8);
    }
    match (name.as_str(), address.as_str()) {
        ("", _) => address,
        (_, "") => name,
        (name, address) if name == address => name.into(),
        (name, address) => clean(&format!("{name} <{address}>")),
    }
}

fn date(unfolded: &[u8]) -> Option<Timestamp> {
    let date = MessageStream::new(unfolded).parse_date().into_datetime()?;
    date.is_valid()
        .then(|| Timestamp::from_millis(date.to_timestamp() * 1000))
}

/// What stands between the first angle brackets, or the whole where there are none.
fn message_id(unfolded: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(unfolded);
    let bracketed = text
        .split_once('<')
        .map(|(_, rest)| rest.split('>').next().unwrap_or(rest));
    let id = clean(bracketed.unwrap_or(&text));
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(field: &str) -> Summary {
        summarize(format!("{field}\r\n\r\n").as_bytes())
    }

    #[test]
    fn an_author_is_name_and_address() {
        for (from, shown) in [
            ("a@example.org", "a@example.org"),
            ("<a@example.org>", "a@example.org"),
            ("Anna Novak <a@example.org>", "Anna Novak <a@example.org>"),
            (
                "\"Novak, Anna\" <a@example.org>",
                "Novak, Anna <a@example.org>",
            ),
            ("a@example.org (Anna)", "Anna <a@example.org>"),
            ("a@example.org <a@example.org>", "a@example.org"),
            (
                "=?utf-8?q?Ann=C3=A1?=\r\n =?utf-8?q?_N?= <a@example.org>",
                "Anná N <a@example.org>",
            ),
            ("Anna", "Anna"),
            ("a@example.org, b@example.org", "a@example.org"),
            ("Team: a@example.org, b@example.org;", "a@example.org"),
            ("\"a b\"@example.org", "\"a b\"@example.org"),
            ("", ""),
            ("<>", "<>"),
        ] {
            assert_eq!(with(&format!("From: {from}")).from, shown, "{from:?}");
        }
    }

    #[test]
    fn a_subject_is_decoded_into_one_line() {
        for (subject, shown) in [
            ("plain", "plain"),
            ("folded\r\n\ttwice\r\n over", "folded twice over"),
            ("=?utf-8?B?8J+agA==?= up", "🚀 up"),
            ("=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"),
            ("=?gb2312?B?1tDOxA==?=", "中文"),
            ("=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab"),
            ("=?utf-8?q?a=0D=0AX:_b?=", "a X: b"),
            ("=?broken", "=?broken"),
            ("žluť raw", "žluť raw"),
        ] {
            assert_eq!(
                with(&format!("Subject: {subject}")).subject,
                shown,
                "{subject:?}"
            );
        }
        let raw =
            b"Content-Type: text/plain; charset=koi8-r\r\nSubject: \xd0\xd2\xc9\xd7\xc5\xd4\r\n";
        assert_eq!(summarize(raw).subject, "привет");
    }

    #[test]
    fn a_date_is_a_moment_or_nothing() {
        for (date, seconds) in [
            ("Sat, 14 Mar 2026 11:22:06 +0100", Some(1_773_483_726)),
            ("14 Mar 2026 10:22:06 GMT", Some(1_773_483_726)),
            ("Thu, 1 Jan 70 00:00:00 +0000", Some(0)),
            ("yesterday", None),
            ("Sat, 99 Foo 2026 77:22:06", None),
            ("", None),
        ] {
            assert_eq!(
                with(&format!("Date: {date}")).date.map(Timestamp::seconds),
                seconds,
                "{date:?}"
            );
        }
    }

    #[test]
    fn a_message_id_loses_its_brackets() {
        for (field, id) in [
            ("<1@example.org>", Some("1@example.org")),
            ("1@example.org", Some("1@example.org")),
            ("<1@example.org", Some("1@example.org")),
            ("<1@example.org> (added)", Some("1@example.org")),
            ("<>", None),
            ("", None),
        ] {
            assert_eq!(
                with(&format!("Message-ID: {field}")).message_id.as_deref(),
                id,
                "{field:?}"
            );
        }
        assert_eq!(with("X: y").message_id, None);
    }

    #[test]
    fn the_first_of_doubled_fields_counts() {
        let summary = summarize(
            b"Subject: a\r\nSubject: b\r\nFrom: c@example.org\r\nFrom: d@example.org\r\n",
        );
        assert_eq!(
            (summary.subject.as_str(), summary.from.as_str()),
            ("a", "c@example.org")
        );
    }

    #[test]
    fn an_attachment_shows_at_the_top() {
        let parts = |second: &str| {
            format!(
                "multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n{second}\r\n\r\nx\r\n--b--"
            )
        };
        for (content_type, clip) in [
            ("text/plain; charset=utf-8".to_owned(), false),
            (
                "text/calendar\r\nContent-Disposition: attachment; filename=a.ics".to_owned(),
                true,
            ),
            ("application/pdf".to_owned(), true),
            ("multipart/alternative; boundary=b".to_owned(), false),
            ("multipart/mixed; boundary=b".to_owned(), true),
            (parts("Content-Type: text/plain"), false),
            (parts("content-type: application/pdf; name=a.pdf"), true),
            (
                parts("Content-Type: text/csv\r\nContent-Disposition:\tattachment"),
                true,
            ),
            (
                parts("Content-Type: text/html\r\nContent-Disposition: inline"),
                false,
            ),
            (parts("Content-Type: message/rfc822"), true),
            ("text".to_owned(), false),
            ("".to_owned(), false),
        ] {
            let summary = with(&format!("Content-Type: {content_type}"));
            assert_eq!(summary.has_attachment, clip, "{content_type:?}");
        }
        assert!(!with("Subject: x").has_attachment);
    }
}
