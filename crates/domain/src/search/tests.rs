use inhaul_types::{Octets, Timestamp};
use proptest::prelude::*;

use super::*;

fn one(typed: &str) -> Term {
    let query = Query::parse(typed).unwrap();
    assert_eq!(query.terms.len(), 1, "{typed}: {query:?}");
    query.terms[0].clone()
}

fn text(place: Place, text: &str) -> What {
    What::Text(place, text.to_owned())
}

#[test]
fn each_word_means_what_it_says() {
    let first_of_march = Timestamp::from_millis(1_772_323_200_000);
    for (typed, negated, what) in [
        ("Invoice", false, text(Place::Anywhere, "invoice")),
        ("-draft", true, text(Place::Anywhere, "draft")),
        ("--x", true, text(Place::Anywhere, "-x")),
        ("-", false, text(Place::Anywhere, "-")),
        (
            "\"Annual  Report\"",
            false,
            text(Place::Anywhere, "annual report"),
        ),
        (
            "-\"annual report",
            true,
            text(Place::Anywhere, "annual report"),
        ),
        ("5\"disk", false, text(Place::Anywhere, "5\"disk")),
        ("from:Jana", false, text(Place::From, "jana")),
        (
            "FROM:\"Jana Novak\"",
            false,
            text(Place::From, "jana novak"),
        ),
        ("-to:x@example.org", true, text(Place::To, "x@example.org")),
        ("cc:TEAM", false, text(Place::Cc, "team")),
        ("subject:Straße", false, text(Place::Subject, "strasse")),
        ("subject:a:b", false, text(Place::Subject, "a:b")),
        ("foo:bar", false, text(Place::Anywhere, "foo:bar")),
        (
            "http://a.example/",
            false,
            text(Place::Anywhere, "http://a.example/"),
        ),
        (":x", false, text(Place::Anywhere, ":x")),
        ("in:Archive", false, What::In("Archive".into())),
        ("in:\"My mail\"", false, What::In("My mail".into())),
        ("-in:Junk", true, What::In("Junk".into())),
        ("via:work", false, What::Via("work".into())),
        ("has:attachment", false, What::Attachment),
        ("is:unread", false, What::Unread),
        ("is:read", true, What::Unread),
        ("-is:read", false, What::Unread),
        ("Is:Starred", false, What::Starred),
        ("before:2026-03-01", false, What::Before(first_of_march)),
        ("after:2026-03-01", false, What::Since(first_of_march)),
        (
            "after:1970-01-01",
            false,
            What::Since(Timestamp::from_millis(0)),
        ),
        ("larger:5M", false, What::Larger(Octets::new(5 << 20))),
        ("larger:300", false, What::Larger(Octets::new(300))),
        ("smaller:1.5k", false, What::Smaller(Octets::new(1536))),
        ("smaller:2GiB", false, What::Smaller(Octets::new(2 << 30))),
    ] {
        assert_eq!(one(typed), Term { negated, what }, "{typed}");
    }
}

#[test]
fn words_stand_side_by_side() {
    let query = Query::parse(" from:\"Jana N\"larger:1M \t \"two words\" -x \"\" ").unwrap();
    let negated: Vec<_> = query.terms.iter().map(|term| term.negated).collect();
    assert_eq!(negated, [false, false, false, true]);
    assert_eq!(query.terms[1].what, What::Larger(Octets::new(1 << 20)));
    assert_eq!(query.terms[2].what, text(Place::Anywhere, "two words"));
    assert!(!query.names_a_folder());
    assert!(Query::parse("x in:a").unwrap().names_a_folder());
    assert!(!Query::parse("x -in:a").unwrap().names_a_folder());
    assert_eq!(Query::parse("").unwrap(), Query::default());
}

#[test]
fn what_means_nothing_is_told_with_what_would() {
    for (typed, what, instead) in [
        (
            "a before:soon",
            "\"before:soon\" names no day.",
            "Write for example before:2026-03-01",
        ),
        (
            "after:2026-02-29",
            "\"after:2026-02-29\" names no day.",
            "Write for example after:2026-03-01",
        ),
        (
            "after:2026-1-1",
            "\"after:2026-1-1\" names no day.",
            "Write for example after:2026-03-01",
        ),
        (
            "larger:x",
            "\"larger:x\" names no size.",
            "Write for example larger:5M",
        ),
        (
            "smaller:M",
            "\"smaller:M\" names no size.",
            "Write for example smaller:20K",
        ),
        (
            "-from:",
            "Nothing stands behind \"-from:\".",
            "Write for example from:jana",
        ),
        (
            "is:blue",
            "\"is:blue\" means nothing here.",
            "There are: is:unread, is:read, is:starred.",
        ),
        (
            "has:\"a b\"",
            "\"has:\\\"a b\\\"\" means nothing here.",
            "There are: has:attachment.",
        ),
    ] {
        let bad = Query::parse(typed).unwrap_err();
        assert_eq!(
            (bad.what().as_str(), bad.instead().as_str()),
            (what, instead)
        );
    }
    let long = "x".repeat(QUERY_MOST);
    assert!(Query::parse(&long).is_ok());
    assert_eq!(
        Query::parse(&(long + "x")).unwrap_err().why,
        BadWord::TooLong
    );
    assert!(Query::parse(&"x ".repeat(TERMS_MOST)).is_ok());
    assert_eq!(
        Query::parse(&"x ".repeat(TERMS_MOST + 1)).unwrap_err().why,
        BadWord::TooMany
    );
}

#[test]
fn every_example_is_understood() {
    for word in WORDS {
        assert_eq!(
            Query::parse(word.example).unwrap().terms.len(),
            1,
            "{word:?}"
        );
    }
}

#[test]
fn text_is_folded_into_what_a_search_compares() {
    for (text, folded) in [
        ("Žluť\r\n\t KŮŇ ", "žluť kůň"),
        ("STRASSE straße Straẞe", "strasse strasse strasse"),
        ("ΣΊΣΥΦΟΣ σίσυφος", "σίσυφοσ σίσυφοσ"),
        ("Of\u{ad}fice \u{fb01}le", "office file"),
        ("a\u{a0}\u{2003}b\u{0}c\u{200b}d\u{1}", "a bcd"),
        ("", ""),
        ("  ", ""),
    ] {
        assert_eq!(fold(text), folded, "{text:?}");
    }
    for character in '\0'..=char::MAX {
        let folded = fold(&character.to_string());
        assert_eq!(fold(&folded), folded, "{character:?}");
    }
}

#[test]
fn nothing_is_found_across_a_separation() {
    let mut folding = Folding::default();
    folding.separate();
    for text in ["one ", " two", ""] {
        folding.push(text);
        folding.separate();
    }
    assert_eq!(folding.folded(), "one\u{1}two\u{1}");
    folding.keep_last(5);
    assert_eq!(folding.folded(), "\u{1}two\u{1}");
    assert_eq!(folding.push_up_to("éé", 7), "é");
    assert_eq!(folding.folded(), "\u{1}two\u{1}é");
}

proptest! {
    #[test]
    fn anything_can_be_typed(typed in "[-a:\"\\PC \u{0}\u{ad}]{0,60}|(-?(from|in|is|before|larger):\"?\\PC{0,8} ?){0,5}") {
        if let Ok(query) = Query::parse(&typed) {
            for term in query.terms {
                if let What::Text(_, text) = term.what {
                    prop_assert!(!text.is_empty() && fold(&text) == text);
                }
            }
        }
    }

    #[test]
    fn pieces_fold_to_what_the_whole_folds_to(pieces in prop::collection::vec("[aB\u{df} \n\u{ad}Σ]{0,6}", 0..6)) {
        let mut folding = Folding::default();
        for piece in &pieces {
            folding.push(piece);
        }
        prop_assert_eq!(folding.folded(), fold(&pieces.concat()));
    }
}
