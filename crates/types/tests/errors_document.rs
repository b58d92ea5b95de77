//! `docs/errors.md` says what the cards say.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use inhaul_types::{Card, ErrorCode};

const INTRODUCTION: &str = "\
# Errors

Everything that can go wrong with a retrieval has a code that never changes. `inhaul explain CODE`
says the same as this page; with `--json` it says it to programs. Where inhaul meets an error it
names the server, the retrieval and the moment, and shows the server's own words.

The exit code is that of `inhaul pull` when this is the only failure ([all of them](exit-codes.md)).

<!-- Made from the cards in crates/types/src/card; INHAUL_UPDATE_DOCS=1 cargo test -p inhaul-types
     writes it anew. -->
";

fn document() -> String {
    let mut text = INTRODUCTION.to_owned();
    for code in ErrorCode::ALL {
        let card = Card::new(*code);
        let _infallible = write!(
            text,
            "\n## {code}\n\n**{}.** {}\n\nWhat to do:\n\n",
            card.title, card.what
        );
        for (number, step) in (1..).zip(&card.todo) {
            let _infallible = writeln!(text, "{number}. {step}");
        }
        let _infallible = write!(
            text,
            "\nThen: {}\n\nExit code: {}\n",
            card.next,
            code.exit_status()
        );
    }
    text
}

/// With `INHAUL_UPDATE_DOCS=1` writes the file instead of comparing it.
#[test]
fn the_document_says_what_the_cards_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let document = document();
    if std::env::var_os("INHAUL_UPDATE_DOCS").is_some() {
        fs::write(&file, &document).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap();
    for (line, (is, was)) in (1..).zip(document.lines().zip(written.lines())) {
        assert_eq!(
            is, was,
            "errors.md:{line} (INHAUL_UPDATE_DOCS=1 writes it anew)"
        );
    }
    assert_eq!(
        document.len(),
        written.len(),
        "INHAUL_UPDATE_DOCS=1 writes errors.md anew"
    );
}
