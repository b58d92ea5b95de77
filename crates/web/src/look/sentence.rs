//! A sentence with moments in it, which the script says in the reader's own zone.

use std::fmt;

use askama::filters::HtmlSafe;
use inhaul_types::Timestamp;

use super::marked;
use super::time;

/// A sentence as HTML.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sentence(String);

/// The sentence, in which each of these moments is a `<time>` where it is said as
/// [`Timestamp::in_words`] or [`Timestamp::date_in_words`] says it. Everything else is escaped.
pub fn sentence(
    words: &str,
    moments: impl IntoIterator<Item = Timestamp>,
    now: Timestamp,
) -> Sentence {
    let mut html = marked(words).to_string();
    for moment in moments {
        let element = time::at(moment, now).to_string();
        let day = time::day(moment, now).to_string();
        html = html.replacen(&moment.in_words(), &element, 1);
        html = html.replacen(&moment.date_in_words(), &day, 1);
    }
    Sentence(html)
}

impl HtmlSafe for Sentence {}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_become_times_and_the_rest_is_escaped() {
        // Sat 14 Mar 2026, 10:22:06 UTC, and four days before.
        let now = Timestamp::from_millis(1_773_483_726_000);
        let since = Timestamp::from_millis(1_773_138_126_000);
        let words = format!("<b> refuses the password since {}.", since.in_words());
        assert_eq!(
            sentence(&words, [since, now], now).to_string(),
            "&lt;b&gt; refuses the password since <time datetime=\"2026-03-10T10:22:06Z\" \
             title=\"Tue 10 Mar 2026, 10:22:06 UTC\" data-time=\"at\">Tue 10:22 UTC</time>."
        );
        assert_eq!(sentence("All well.", [now], now).to_string(), "All well.");
        let words = format!("Paused by you on {}.", since.date_in_words());
        let html = sentence(&words, [since], now).to_string();
        assert!(html.ends_with(">10 March</time>."), "{html}");
    }
}
