//! Error cards (UX 2.11): what a template needs beside the card itself.
//!
//! A template that has `card: &Card` in scope says `{% include "card.html" %}`; one that puts
//! buttons on it calls the macro of `card_macro.html`.

use std::fmt;

use askama::filters::HtmlSafe;

/// Text of a card: what stands in backticks is a command and becomes `<code>`.
#[derive(Clone, Copy, Debug)]
pub struct Marked<'a>(&'a str);

/// The text with its commands marked, everything in it escaped.
pub fn marked(text: &str) -> Marked<'_> {
    Marked(text)
}

impl HtmlSafe for Marked<'_> {}

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        // A backtick without its fellow is one.
        while let Some((before, behind)) = rest.split_once('`')
            && let Some((command, after)) = behind.split_once('`')
        {
            write!(f, "{}<code>{}</code>", Escaped(before), Escaped(command))?;
            rest = after;
        }
        write!(f, "{}", Escaped(rest))
    }
}

/// Text in HTML, as content or in a quoted attribute.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            f.write_str(&rest[..at])?;
            f.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use askama::Template;
    use inhaul_types::{Card, ErrorCode, Facts};

    use super::*;

    #[derive(Template)]
    #[template(source = r#"{% include "card.html" %}"#, ext = "html")]
    struct Shown<'a> {
        card: &'a Card,
    }

    #[test]
    fn backticks_make_commands_and_nothing_escapes_the_escaping() {
        for (text, html) in [
            (
                "Run `inhaul status` now",
                "Run <code>inhaul status</code> now",
            ),
            ("a ` b", "a ` b"),
            ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
            ("``", "<code></code>"),
            ("'\"", "&#39;&quot;"),
        ] {
            assert_eq!(marked(text).to_string(), html);
        }
    }

    #[test]
    fn a_card_shows_headline_code_steps_and_the_servers_own_words_folded() {
        let facts = Facts {
            server: Some("pop.club.example".into()),
            said: Some("-ERR <script>alert(1)</script>".into()),
            ..Facts::default()
        };
        let card = Card::of(ErrorCode::AuthRefused, &facts);
        let html = Shown { card: &card }.render().unwrap();
        assert!(
            html.contains("pop.club.example refuses the password"),
            "{html}"
        );
        assert!(html.contains("auth-refused"));
        assert!(html.contains("<ol"), "{html}");
        assert!(html.contains("<details"), "{html}");
        assert!(!html.contains("<script"), "{html}");
    }

    #[test]
    fn every_code_has_a_card_that_shows() {
        for code in ErrorCode::ALL {
            let card = Card::new(*code);
            let html = Shown { card: &card }.render().unwrap();
            assert!(html.contains(code.as_str()), "{code:?}");
            assert!(!html.contains("<details"), "nothing said, nothing folded");
        }
    }
}
