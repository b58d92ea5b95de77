//! What a person saves of a message: the whole of it, or one of its files.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use inhaul_message::Described;
use inhaul_store::{Message, Store, StoreError};

use super::{Letter, PartReader};

/// The very octets that were received.
pub(crate) async fn whole(store: &dyn Store, message: &Message) -> Result<Response, StoreError> {
    let reader = store.message_body(message.id).await?;
    // What does not read back cuts the answer short of its length, which every program notices.
    let pieces = stream::try_unfold(reader, |mut reader| async move {
        let piece = reader.next_chunk().await.inspect_err(note)?;
        Ok::<_, StoreError>((!piece.is_empty()).then_some((piece, reader)))
    });
    let mut headers = headers("message/rfc822", &format!("message-{}.eml", message.id));
    headers.insert(CONTENT_LENGTH, message.size.count().into());
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// One part, unpacked; `None` if there is none of this number.
pub(crate) async fn part(
    store: &dyn Store,
    letter: &Letter,
    number: usize,
) -> Result<Option<Response>, StoreError> {
    let reader = PartReader::open(store, letter, number).await?;
    let (Some(reader), Some(part)) = (reader, letter.structure.part(number)) else {
        return Ok(None);
    };
    let pieces = stream::try_unfold(reader, |mut reader| async move {
        let piece = reader.next().await.inspect_err(note)?;
        Ok::<_, StoreError>(piece.map(|piece| (piece, reader)))
    });
    let headers = headers(
        media_type(&part.described),
        &file_name(&part.described, number),
    );
    Ok(Some((headers, Body::from_stream(pieces)).into_response()))
}

fn note(error: &StoreError) {
    tracing::error!(%error, "a message does not read back");
}

/// It is saved, never shown, and by nobody kept.
fn headers(media_type: &'static str, name: &str) -> HeaderMap {
    let fixed = HeaderValue::from_static;
    let disposition = HeaderValue::try_from(attachment(name));
    [
        (CONTENT_TYPE, fixed(media_type)),
        (
            CONTENT_DISPOSITION,
            disposition.unwrap_or_else(|_| fixed("attachment")),
        ),
        (X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (
            CONTENT_SECURITY_POLICY,
            fixed("default-src 'none'; sandbox"),
        ),
        (CACHE_CONTROL, fixed("no-store")),
    ]
    .into_iter()
    .collect()
}

/// Content-Disposition (RFC 6266): the name in plain letters, and as it is (RFC 8187).
fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            ' '..='~' => c,
            _ => '_',
        })
        .collect();
    if plain == name {
        return format!("attachment; filename=\"{plain}\"");
    }
    let mut exact = String::new();
    for octet in name.bytes() {
        match octet {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' => {
                exact.push(octet.into())
            }
            _ => exact.push_str(&format!("%{octet:02X}")),
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

/// A name that is one file's, whatever the message says: no path, no hidden file, not too long.
pub(crate) fn file_name(described: &Described, number: usize) -> String {
    let name = described.name.as_deref().unwrap_or_default();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let allowed =
        |c: char| !c.is_control() && !matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let name: String = name
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .collect();
    let name = name.trim_matches(|c: char| c == '.' || c.is_whitespace());
    if !name.is_empty() {
        return shortened(name);
    }
    let ending = match (described.kind.as_str(), described.subtype.as_str()) {
        ("message", "rfc822") => "eml",
        ("text", "calendar") => "ics",
        ("text", "vcard" | "x-vcard" | "directory") => "vcf",
        ("text", "html") => "html",
        ("text", _) | ("message", _) => "txt",
        ("image", "jpeg" | "jpg" | "pjpeg") => "jpg",
        ("image", "png") => "png",
        ("image", "gif") => "gif",
        ("application", "pdf") => "pdf",
        ("application", "zip") => "zip",
        _ => "bin",
    };
    format!("part-{number}.{ending}")
}

/// At most so long, with what stands behind the last dot.
fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME_MOST {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let ending: String = ending.chars().take(10).collect();
    let start: String = name.chars().take(NAME_MOST - 11).collect();
    format!("{start}.{ending}")
}

/// What no browser runs keeps its type; the rest is octets.
fn media_type(described: &Described) -> &'static str {
    match (described.kind.as_str(), described.subtype.as_str()) {
        ("image", "png") => "image/png",
        ("image", "jpeg" | "jpg" | "pjpeg") => "image/jpeg",
        ("image", "gif") => "image/gif",
        ("image", "webp") => "image/webp",
        ("application", "pdf") => "application/pdf",
        ("application", "zip") => "application/zip",
        ("text", "calendar") => "text/calendar",
        ("message", "rfc822") => "message/rfc822",
        _ => "application/octet-stream",
    }
}

/// Characters of a name: every file system takes as many.
const NAME_MOST: usize = 120;

#[cfg(test)]
mod tests {
    use inhaul_message::Structure;

    use super::*;

    fn named(field: &str) -> String {
        let structure = Structure::of(format!("{field}\r\n\r\n").as_bytes());
        file_name(&structure.parts()[0].described, 3)
    }

    #[test]
    fn a_file_has_a_name_and_no_path() {
        let long = "a".repeat(300);
        for (field, name) in [
            (
                "Content-Disposition: attachment; filename=\"../../etc/passwd\"",
                "passwd",
            ),
            (
                "Content-Disposition: attachment; filename=\"C:\\\\x\\\\evil.exe\"",
                "evil.exe",
            ),
            (
                "Content-Disposition: attachment; filename=\".bashrc\"",
                "bashrc",
            ),
            (
                "Content-Disposition: attachment; filename=\"..\"",
                "part-3.txt",
            ),
            (
                "Content-Disposition: attachment; filename=\"a\tb?.txt\"",
                "a b_.txt",
            ),
            (
                "Content-Disposition: attachment; filename=\"x\\\"; y=\\\".pdf\"",
                "x_; y=_.pdf",
            ),
            ("Content-Type: message/rfc822", "part-3.eml"),
            ("Content-Type: application/pdf", "part-3.pdf"),
            (
                &format!("Content-Type: a/b; name=\"{long}.tar.gz\""),
                &format!("{}.gz", "a".repeat(109)),
            ),
        ] {
            assert_eq!(named(field), name, "{field}");
        }
    }

    #[test]
    fn a_name_does_not_leave_its_header() {
        let header = attachment("né\r\nSet-Cookie: x=\"1\"%.pdf");
        assert_eq!(
            header,
            "attachment; filename=\"n___Set-Cookie: x=_1__.pdf\"; \
             filename*=UTF-8''n%C3%A9%0D%0ASet-Cookie%3A%20x%3D%221%22%25.pdf"
        );
        assert!(HeaderValue::try_from(header).is_ok());
    }
}
