//! Notes beside links whose text is another address than theirs.

use std::fmt::Write as _;

use super::plain::escape;

/// Adds a note behind each link that shows one host and opens another. The document was sanitised,
/// so every attribute is in double quotes and every `<` is a tag.
pub(super) fn with_notes(html: &str) -> String {
    let mut noted = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find("<a ") {
        let Some(length) = rest[start..].find("</a>") else {
            break;
        };
        let end = start + length + "</a>".len();
        noted.push_str(&rest[..end]);
        if let Some((shown, opens)) = mismatch(&rest[start..start + length]) {
            write!(noted, "<span style=\"{NOTE_STYLE}\"> [This link shows ").ok();
            escape(&shown, &mut noted);
            noted.push_str(" but opens ");
            escape(&opens, &mut noted);
            write!(noted, ".]</span>").ok();
        }
        rest = &rest[end..];
    }
    noted.push_str(rest);
    noted
}

/// Nothing that the message's own style says of it counts.
const NOTE_STYLE: &str = "all:initial!important;font:bold 1rem sans-serif!important;\
    color:#8a1f11!important;background:#fff!important";

/// What a link shows and what it opens, where these are hosts that have nothing to do with each
/// other.
fn mismatch(link: &str) -> Option<(String, String)> {
    let (tag, inside) = link.split_once('>')?;
    let (_, href) = tag.split_once(" href=\"")?;
    let (href, _) = href.split_once('"')?;
    let opens = host(href)?;
    let text = without_tags(inside);
    let text = text.trim();
    if text.is_empty() || text.contains(char::is_whitespace) {
        return None;
    }
    let shown = host(text).or_else(|| bare_host(text))?;
    let is_of = |one: &str, other: &str| {
        one == other
            || one
                .strip_suffix(other)
                .is_some_and(|rest| rest.ends_with('.'))
    };
    let (one, other) = (without_www(&shown), without_www(&opens));
    (!is_of(one, other) && !is_of(other, one)).then_some((shown, opens))
}

/// The host of an address with a scheme, in lower case.
fn host(address: &str) -> Option<String> {
    let address = address.trim().to_ascii_lowercase();
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    // What stands before an @ is a name, however much it looks like a host.
    let host = rest[..end].rsplit('@').next()?;
    let host = host.split(':').next()?;
    (!host.is_empty()).then(|| host.to_owned())
}

/// `bank.example/sign-in` is meant as an address, too.
fn bare_host(text: &str) -> Option<String> {
    let end = text.find(['/', '?', '#', ':']).unwrap_or(text.len());
    let host = text[..end].trim_end_matches('.').to_ascii_lowercase();
    let labels: Vec<&str> = host.split('.').collect();
    let is_label =
        |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let last = labels.last()?;
    let is_host = labels.len() > 1
        && labels.iter().all(is_label)
        && last.len() > 1
        && last.chars().all(char::is_alphabetic);
    is_host.then_some(host)
}

fn without_www(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

/// The text of a piece of a document, its few escapes undone.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, behind)| behind);
    }
    text.push_str(rest);
    text.replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_shows_another_host_gets_a_note() {
        for (href, text, noted) in [
            ("https://evil.example/x", "https://bank.example/", true),
            ("https://evil.example/x", "www.bank.example", true),
            ("https://evil.example", "<b>bank.example</b>", true),
            ("https://bank.example@evil.example/", "bank.example", true),
            ("https://bank.example.evil.example/", "bank.example", true),
            ("https://bank.example/x", "bank.example", false),
            ("https://www.bank.example/x", "https://bank.example", false),
            ("https://click.bank.example/x", "bank.example", false),
            ("https://evil.example", "Sign in", false),
            ("https://evil.example", "Version 2.0", false),
            ("https://evil.example", "file.2", false),
            ("mailto:a@b.example", "bank.example", false),
        ] {
            let html =
                format!("<p>x <a href=\"{href}\" rel=\"noopener noreferrer\">{text}</a> y</p>");
            let with = with_notes(&html);
            assert_eq!(
                with.contains("[This link shows "),
                noted,
                "{href} {text}: {with}"
            );
            assert!(
                with.starts_with("<p>x <a ") && with.ends_with(" y</p>"),
                "{with}"
            );
        }
    }
}
