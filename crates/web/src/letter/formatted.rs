//! Formatted text as a document of its own.
//!
//! Sanitised although nothing in the frame can run or reach anything: two layers, because each has
//! failed elsewhere. The sanitiser takes quadratic time where tags nest, so what nests too deep is
//! read as plain text.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ammonia::{Builder, UrlRelative};

use super::links;

/// What becomes of pictures that lie elsewhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pictures {
    /// They are not asked for: their server would learn who reads when and where.
    Hidden,
    /// They are.
    Shown,
}

/// A piece of a document that is fit to be shown in its frame.
#[derive(Debug)]
pub(crate) struct Formatted {
    pub(crate) html: String,
    /// Pictures that were left out.
    pub(crate) hidden: usize,
}

impl Formatted {
    /// Sanitises; `None` where that would cost too much. `inline` are pictures of the message by
    /// their Content-ID, as `data:` addresses.
    pub(crate) fn of(
        html: &str,
        inline: &Arc<HashMap<String, String>>,
        pictures: Pictures,
    ) -> Option<Self> {
        if costs_too_much(html) {
            return None;
        }
        let hidden = Arc::new(AtomicUsize::new(0));
        let (inline, count) = (Arc::clone(inline), Arc::clone(&hidden));
        let mut builder = Builder::default();
        builder
            .add_tags(TAGS)
            .rm_clean_content_tags(["style"])
            .add_clean_content_tags(["title"])
            .generic_attributes(GENERIC.into_iter().collect())
            .tag_attributes(attributes())
            .url_schemes(SCHEMES.into_iter().collect())
            .url_relative(UrlRelative::Deny)
            .link_rel(Some("noopener noreferrer"))
            .attribute_filter(move |element, attribute, value| {
                match (element, attribute) {
                    ("img", "src") => picture(value, &inline, pictures, &count),
                    // Only a picture may be in its own address.
                    (_, "href" | "cite")
                        if is_scheme(value, "data:") || is_scheme(value, "cid:") =>
                    {
                        None
                    }
                    _ => Some(Cow::Borrowed(value)),
                }
            });
        let clean = builder.clean(html).to_string();
        Some(Self {
            html: links::with_notes(&clean),
            hidden: hidden.load(Ordering::Relaxed),
        })
    }
}

/// Where a picture is got from.
fn picture<'a>(
    value: &'a str,
    inline: &HashMap<String, String>,
    pictures: Pictures,
    hidden: &AtomicUsize,
) -> Option<Cow<'a, str>> {
    if is_scheme(value, "cid:") {
        let id = value.trim_start().get("cid:".len()..)?;
        let address = inline.get(id.trim())?;
        return Some(Cow::Owned(address.clone()));
    }
    if is_scheme(value, "data:image/") {
        return Some(Cow::Borrowed(value));
    }
    if pictures == Pictures::Hidden {
        hidden.fetch_add(1, Ordering::Relaxed);
        return None;
    }
    let rest = value.trim_start();
    match rest
        .get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("http://"))
    {
        // The frame takes pictures over encrypted lines only.
        true => Some(Cow::Owned(format!("https://{}", &rest[7..]))),
        false => is_scheme(value, "https:").then_some(Cow::Borrowed(value)),
    }
}

fn is_scheme(value: &str, scheme: &str) -> bool {
    let start = value.trim_start().get(..scheme.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// Whether this costs more than any mail is worth, which can be told without understanding it.
///
/// Tags that have to be closed must not nest deep, and not many tags may come while much formatting
/// is open: a parser opens all of it again in each paragraph, so a few hundred open fonts and some
/// thousand paragraphs are millions of elements. Counts roughly and never too little: a tag that
/// somebody forgot to close counts for ever.
fn costs_too_much(html: &str) -> bool {
    let (mut depth, mut formatting, mut cost) = (0_usize, 0_usize, 0_usize);
    // An end without a beginning ends nothing.
    let mut open: HashMap<String, usize> = HashMap::new();
    for piece in html.split('<').skip(1) {
        let is_end = piece.starts_with('/');
        let name = piece.trim_start_matches('/');
        let end = name
            .bytes()
            .take(NAME_MOST)
            .position(|octet| !octet.is_ascii_alphanumeric());
        let name = match end {
            Some(0) => continue,
            Some(end) => name[..end].to_ascii_lowercase(),
            None => String::new(),
        };
        if !is_end {
            cost += formatting + 1;
        }
        if cost > COST_MOST {
            return true;
        }
        if CLOSED_BY_OTHERS.contains(&name.as_str()) {
            continue;
        }
        let is_formatting = FORMATTING.contains(&name.as_str());
        let open = open.entry(name).or_default();
        match is_end {
            true if *open == 0 => {}
            true => {
                *open -= 1;
                depth = depth.saturating_sub(1);
                formatting = formatting.saturating_sub(usize::from(is_formatting));
            }
            false => {
                *open += 1;
                depth += 1;
                formatting += usize::from(is_formatting);
            }
        }
        if depth > DEPTH_MOST {
            return true;
        }
    }
    false
}

/// Presentation that mail uses beside what is allowed by default.
const TAGS: [&str; 9] = [
    "style", "font", "center", "tt", "big", "main", "section", "strike", "u",
];
const GENERIC: [&str; 15] = [
    "style", "class", "id", "align", "valign", "bgcolor", "width", "height", "dir", "lang",
    "title", "color", "face", "size", "border",
];
const SCHEMES: [&str; 6] = ["http", "https", "mailto", "tel", "cid", "data"];

fn attributes() -> HashMap<&'static str, HashSet<&'static str>> {
    [
        ("a", &["href", "name"][..]),
        ("img", &["src", "alt"]),
        ("table", &["cellpadding", "cellspacing", "summary"]),
        ("td", &["colspan", "rowspan", "nowrap"]),
        ("th", &["colspan", "rowspan", "nowrap", "scope"]),
        ("col", &["span"]),
        ("colgroup", &["span"]),
        ("ol", &["start", "type"]),
        ("ul", &["type"]),
        ("li", &["value", "type"]),
        ("blockquote", &["cite"]),
    ]
    .into_iter()
    .map(|(tag, attributes)| (tag, attributes.iter().copied().collect()))
    .collect()
}

/// Tags without an end, and those that the next of their kind ends.
const CLOSED_BY_OTHERS: [&str; 30] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr", "p", "li", "td", "th", "tr", "thead", "tbody", "tfoot", "dd", "dt", "option",
    "optgroup", "colgroup", "html", "head", "body",
];

/// What a parser opens again behind the end of a block (HTML Living Standard, section 13.2.4.3).
const FORMATTING: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];

/// As deep as browsers keep what they read, and some ten times what mail needs.
const DEPTH_MOST: usize = 512;
/// Elements that a parser makes at most, counted roughly.
const COST_MOST: usize = 400_000;
/// Longer names are nobody's.
const NAME_MOST: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn sanitised(html: &str, pictures: Pictures) -> Formatted {
        let inline = [("p@x".to_owned(), "data:image/png;base64,AA==".to_owned())];
        Formatted::of(html, &Arc::new(inline.into()), pictures).unwrap()
    }

    #[test]
    fn what_acts_is_gone_and_what_shows_stays() {
        for (html, shown) in [
            (
                "<p style=\"color:red\" onclick=\"x()\">a</p>",
                "<p style=\"color:red\">a</p>",
            ),
            ("a<script>alert(1)</script>b", "ab"),
            ("<head><title>Sale</title></head>c", "c"),
            ("<img src=x onerror=alert(1)>", "<img>"),
            (
                "<a href=\"javascript:alert(1)\">x</a>",
                "<a rel=\"noopener noreferrer\">x</a>",
            ),
            (
                "<a href=\"data:text/html,x\">x</a>",
                "<a rel=\"noopener noreferrer\">x</a>",
            ),
            ("<form action=/x><input name=a>t</form>", "t"),
            (
                "<iframe src=//x></iframe><object data=x></object><embed src=x>",
                "",
            ),
            (
                "<meta http-equiv=refresh content=0><link rel=stylesheet href=x><base href=x>y",
                "y",
            ),
            ("<svg onload=alert(1)><circle/></svg>z", "z"),
            (
                "<table bgcolor=\"#fff\"><tr><td width=\"1\">c</td></tr></table>",
                "<table bgcolor=\"#fff\"><tbody><tr><td width=\"1\">c</td></tr></tbody></table>",
            ),
            (
                "<style>p{color:red}</style>s",
                "<style>p{color:red}</style>s",
            ),
            (
                "<img src=\"cid:p@x\" alt=p>",
                "<img src=\"data:image/png;base64,AA==\" alt=\"p\">",
            ),
            ("<img src=\"cid:other\">", "<img>"),
            ("<img src=/assets/x>", "<img>"),
        ] {
            assert_eq!(sanitised(html, Pictures::Hidden).html, shown, "{html}");
        }
    }

    #[test]
    fn what_one_parser_takes_for_text_and_another_for_a_tag_is_neither() {
        for html in [
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<svg><style><!--</style><img src=x onerror=alert(1)>--></svg>",
            "<svg></p><style><g title=\"</style><img src=x onerror=alert(1)>\">",
            "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
            "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=alert(1)>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
            "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\">",
            "<style><!--</style><a title=\"--><img src=x onerror=alert(1)>\">x</a>",
            "<table><style><!--</table></style><script>alert(1)</script>",
            "<!--><img src=x onerror=alert(1)>--!><img src=x onerror=alert(1)>",
            "<a title=\"`\" style=\"x:`onmouseover=alert(1)\">x</a>",
        ] {
            let once = sanitised(html, Pictures::Hidden).html;
            for tag in once.split('<').skip(1) {
                // Of what is a tag: an attribute's value may have any text, and is in quotes.
                let outside: String = tag
                    .split('>')
                    .next()
                    .unwrap()
                    .split('"')
                    .step_by(2)
                    .collect();
                assert!(
                    !outside.contains("onerror") && !outside.contains("script"),
                    "{html}: {once}"
                );
            }
            let again = sanitised(&once, Pictures::Hidden).html;
            assert_eq!(again, once, "{html}");
        }
    }

    #[test]
    fn pictures_from_elsewhere_are_hidden_until_asked_for() {
        let html = "<img src=\"https://a.example/1\"><img src=\"HTTP://a.example/2\"><img src=\"ftp://a/3\">";
        let hidden = sanitised(html, Pictures::Hidden);
        assert_eq!(
            (hidden.html.as_str(), hidden.hidden),
            ("<img><img><img>", 2)
        );
        let shown = sanitised(html, Pictures::Shown);
        assert_eq!(
            shown.html,
            "<img src=\"https://a.example/1\"><img src=\"https://a.example/2\"><img>"
        );
        assert_eq!(shown.hidden, 0);
    }

    #[test]
    fn what_costs_too_much_is_not_sanitised() {
        let inline = Arc::default();
        let deep = "<div>".repeat(100_000);
        assert!(Formatted::of(&deep, &inline, Pictures::Hidden).is_none());
        // Half a thousand fonts are opened again in each of fifty thousand paragraphs.
        let fonts: String = (0..500).map(|n| format!("<font size={n}>")).collect();
        let reopened = format!("<p>{fonts}</p>{}", "<p>x</p>".repeat(50_000));
        assert!(Formatted::of(&reopened, &inline, Pictures::Hidden).is_none());
        // Ends of something else do not hide them.
        let hidden = format!(
            "<p>{fonts}</p>{}{}",
            "</b>".repeat(600),
            "<p>x</p>".repeat(50_000)
        );
        assert!(Formatted::of(&hidden, &inline, Pictures::Hidden).is_none());
        let hidden = "<div></x>".repeat(10_000);
        assert!(Formatted::of(&hidden, &inline, Pictures::Hidden).is_none());
        let links = "<a href=\"https://a.example/\">b.example</a> ".repeat(20_000);
        let noted = Formatted::of(&links, &inline, Pictures::Hidden).unwrap();
        assert_eq!(noted.html.matches("[This link shows").count(), 20_000);
        let table = "<table><tr><td>".repeat(100) + &"<p>text".repeat(10_000);
        assert!(Formatted::of(&table, &inline, Pictures::Hidden).is_some());
    }
}
