//! Plain text as a piece of a page: escaped, its addresses as links, what is quoted set apart.

use std::fmt::Write as _;

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
        let link = &link[..link_length(link)];
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

/// Where the next address begins: at the beginning of a word, and followed by something.
fn next_link(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let found = STARTS
            .iter()
            .filter_map(|start| Some((from + text[from..].find(start)?, start.len())))
            .min()?;
        let (at, length) = found;
        let before = text[..at].chars().next_back();
        let is_start = before.is_none_or(|before| !before.is_alphanumeric());
        if is_start && link_length(&text[at..]) > length {
            return Some(at);
        }
        from = at + length;
    }
}

/// How far an address goes: to a space or a sign that ends it, without the marks of a sentence.
fn link_length(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\u{201d}' | '`');
    let end = text.find(ends).unwrap_or(text.len());
    let mut link = &text[..end];
    loop {
        let Some(last) = link.chars().next_back() else {
            return 0;
        };
        let is_open = |open, close| link.matches(open).count() < link.matches(close).count();
        let drops = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' => true,
            ')' => is_open('(', ')'),
            ']' => is_open('[', ']'),
            _ => false,
        };
        if !drops {
            return link.len();
        }
        link = &link[..link.len() - last.len_utf8()];
    }
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
