//! Style sheet and script as they are sent: without what only their readers need.
//!
//! Comments that have lines of their own, indentation and empty lines go; nothing else changes, so a
//! browser's tools still show them as they are written.

/// The text without those. A string over several lines would lose its indentation: there is none.
pub(crate) fn lean(text: &str) -> String {
    let mut lean = String::with_capacity(text.len());
    let mut is_comment = false;
    for line in text.lines() {
        let line = line.trim();
        if is_comment || line.starts_with("/*") {
            is_comment = !line.ends_with("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            lean.push_str(line);
            lean.push('\n');
        }
    }
    lean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_their_own_lines_go_and_nothing_else() {
        let text = "/* One\n   and two. */\n\n  a { b: c; } /* stays */\n// gone\n  f(\"// stays\");\n\
                    /* gone */\n@media x {\n  i { }\n}\n";
        assert_eq!(
            lean(text),
            "a { b: c; } /* stays */\nf(\"// stays\");\n@media x {\ni { }\n}\n"
        );
    }

    #[test]
    fn no_string_of_ours_and_no_comment_begins_in_a_line_and_ends_in_another() {
        for text in [
            include_str!("../../assets/inhaul.css"),
            include_str!("../../assets/inhaul.js"),
        ] {
            for line in text.lines() {
                assert_eq!(line.matches('`').count() % 2, 0, "{line}");
                let begins = line.trim_start().starts_with("/*");
                let behind = line
                    .rsplit_once("*/")
                    .is_some_and(|(_, rest)| !rest.is_empty());
                assert!(!(begins && behind), "something behind a comment: {line}");
            }
            assert!(text.trim_end().len() > lean(text).trim_end().len());
        }
    }
}
