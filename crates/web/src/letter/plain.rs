//! Plain text as a piece of a page: escaped, its addresses as links, what is quoted set apart.

use std::fmt::Write as _;

use memchr::memchr2_iter;

/// Makes text a piece of HTML: lines stay lines.
pub(crate) fn plain(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    let mut depth = 0;
    for line in text.lines() {
        let quoted = depth_of(line);
        while depth < quoted {
            html.push_str("<blockquote>");
            depth += 1;
        }
        while depth > quoted {
            html.push_str("</blockquote>");
            depth -= 1;
        }
        add_line(unquoted(line, quoted), &mut html);
        html.push('\n');
    }
    while depth > 0 {
        html.push_str("</blockquote>");
        depth -= 1;
    }
    html
}

/// How deep a line is quoted: `> > text` is two deep.
fn depth_of(line: &str) -> usize {
    let marks = line.chars().take_while(|c| matches!(c, '>' | ' '));
    let depth = marks.filter(|c| *c == '>').count();
    match line.starts_with('>') {
        true => depth.min(DEPTH_MOST),
        false => 0,
    }
}

/// Takes so many marks off.
fn unquoted(line: &str, depth: usize) -> &str {
    let mut rest = line;
    for _ in 0..depth {
        let trimmed = rest.trim_start_matches(' ');
        rest = trimmed.strip_prefix('>').unwrap_or(trimmed);
    }
    match depth {
        0 => rest,
        _ => rest.strip_prefix(' ').unwrap_or(rest),
    }
}

fn add_line(line: &str, html: &mut String) {
    let mut rest = line;
    while let Some(start) = next_link(rest) {
        let (before, link) = rest.split_at(start);
        let link = &link[..link_length(link).unwrap_or(0)];
        escape(before, html);
        let mut shown = String::new();
        escape(link, &mut shown);
        let scheme = if link.starts_with("www.") {
            "https://"
        } else {
            ""
        };
        write!(
            html,
            "<a href=\"{scheme}{shown}\" target=\"_blank\" rel=\"noopener noreferrer\">{shown}</a>"
        )
        .ok();
        rest = &rest[start + link.len()..];
    }
    escape(rest, html);
}

/// Where the next address begins: at the beginning of a word, and followed by something. Looks at
/// each octet a few times at most.
fn next_link(text: &str) -> Option<usize> {
    let octets = text.as_bytes();
    // In a word that is too long for an address nothing else is one.
    let mut from = 0;
    memchr2_iter(b'h', b'w', octets).find(|at| {
        let at = *at;
        let start = STARTS
            .iter()
            .find(|start| octets[at..].starts_with(start.as_bytes()));
        let Some(start) = start.filter(|_| at >= from) else {
            return false;
        };
        // Both letters are ASCII, so characters begin and end here.
        let before = text[..at].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            return false;
        }
        let length = link_length(&text[at..]);
        if length.is_none() {
            from = text[at..]
                .find(ends_link)
                .map_or(text.len(), |end| at + end);
        }
        length.is_some_and(|length| length > start.len())
    })
}

fn ends_link(c: char) -> bool {
    c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\u{201d}' | '`')
}

/// How far an address goes: to a space or a sign that ends it, without the marks of a sentence;
/// `None` where that is too far.
fn link_length(text: &str) -> Option<usize> {
    let end = text
        .char_indices()
        .take(LINK_MOST)
        .find(|(_, c)| ends_link(*c));
    let end = match end {
        Some((end, _)) => end,
        None if text.chars().take(LINK_MOST).count() == LINK_MOST => return None,
        None => text.len(),
    };
    let mut link = &text[..end];
    let surplus = |open, close| {
        let (opened, closed) = (link.matches(open).count(), link.matches(close).count());
        closed.saturating_sub(opened)
    };
    let (mut round, mut square) = (surplus('(', ')'), surplus('[', ']'));
    while let Some(last) = link.chars().next_back() {
        match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' => {}
            ')' if round > 0 => round -= 1,
            ']' if square > 0 => square -= 1,
            _ => break,
        }
        link = &link[..link.len() - last.len_utf8()];
    }
    Some(link.len())
}

/// For a text or an attribute in double quotes.
pub(super) fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            other => html.push(other),
        }
    }
}

const STARTS: [&str; 3] = ["https://", "http://", "www."];
/// Characters of an address that is made a link.
const LINK_MOST: usize = 2_000;
/// How deep quotes are shown; real ones end at five or six.
const DEPTH_MOST: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_its_addresses_are_links() {
        let link = |address: &str, shown: &str| {
            format!(
                "<a href=\"{address}\" target=\"_blank\" rel=\"noopener noreferrer\">{shown}</a>"
            )
        };
        for (text, html) in [
            ("a < b & \"c\"", "a &lt; b &amp; &quot;c&quot;\n".to_owned()),
            (
                "<script>alert(1)</script>",
                "&lt;script&gt;alert(1)&lt;/script&gt;\n".to_owned(),
            ),
            (
                "see https://a.example/?x=1&y=2.",
                format!(
                    "see {}.\n",
                    link(
                        "https://a.example/?x=1&amp;y=2",
                        "https://a.example/?x=1&amp;y=2"
                    )
                ),
            ),
            (
                "(www.a.example)",
                format!("({})\n", link("https://www.a.example", "www.a.example")),
            ),
            (
                "http://a/(b) c",
                format!("{} c\n", link("http://a/(b)", "http://a/(b)")),
            ),
            (
                "https:// and xhttp://y",
                "https:// and xhttp://y\n".to_owned(),
            ),
            (
                "https://a\"onclick=x",
                format!("{}&quot;onclick=x\n", link("https://a", "https://a")),
            ),
            ("javascript:alert(1)", "javascript:alert(1)\n".to_owned()),
        ] {
            assert_eq!(plain(text), html);
        }
    }

    /// Each would take minutes if anything looked at the rest of the line again and again.
    #[test]
    fn a_long_line_takes_one_pass() {
        for piece in [
            "www. ",
            "https:// ",
            "https://a ",
            ")",
            "(www.a",
            "h",
            "w",
            "https://",
            "> ",
        ] {
            let text = piece.repeat((1 << 20) / piece.len());
            assert!(plain(&text).len() >= text.len() / 2, "{piece:?}");
        }
        assert!(!plain(&format!("https://{}", "a".repeat(LINK_MOST))).contains("<a "));
    }

    #[test]
    fn what_is_quoted_is_set_apart() {
        assert_eq!(
            plain("> one\n>> two\n> > three\nme\n>"),
            "<blockquote>one\n<blockquote>two\nthree\n</blockquote></blockquote>me\n<blockquote>\n</blockquote>"
        );
        let deep = plain(&">".repeat(10_000));
        assert_eq!(deep.matches("<blockquote>").count(), DEPTH_MOST);
    }
}
