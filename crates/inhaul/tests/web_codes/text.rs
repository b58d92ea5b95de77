//! Pages and terminals as text: what stands there, whatever the layout.

/// What only a programmer could read.
const SLIPS: &[&str] = &[
    "::", "Error(", "Some(", "None", "os error", "panicked", "{", "}",
];

/// The words with one space between them.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a reader sees of HTML.
pub(crate) fn seen(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, behind) = tag.split_once('>').unwrap_or((tag, ""));
        // A word does not end where it is marked.
        if !matches!(tag, "code" | "/code") {
            text.push(' ');
        }
        rest = behind;
    }
    text.push_str(rest);
    for (entity, character) in [
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    words(&text)
}

/// Nothing in it is for programmers.
#[track_caller]
pub(crate) fn assert_readable(text: &str) {
    for slip in SLIPS {
        assert!(!text.contains(slip), "{slip}: {text}");
    }
}
