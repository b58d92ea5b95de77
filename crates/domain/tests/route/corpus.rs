//! Messages as other people's software wrote them, where the corpus is there: each goes to an
//! address that three other parsers read in it (`TRUTH.tsv`).
//!
//! The corpus is looked for in `$INHAUL_CORPUS`, or beside the repository.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use inhaul_domain::route::FoundBy;
use inhaul_message::HeaderBlock;

use crate::town::Town;

fn corpus() -> PathBuf {
    std::env::var_os("INHAUL_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    )
}

/// The texts of a JSON array of texts.
fn texts(json: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut chars = json.chars();
    while let Some(c) = chars.next() {
        if c != '"' {
            continue;
        }
        let mut text = String::new();
        loop {
            match chars.next().expect("an open text") {
                '"' => break,
                '\\' => match chars.next().expect("an escape") {
                    'u' => {
                        let digits: String = chars.by_ref().take(4).collect();
                        let code = u32::from_str_radix(&digits, 16).expect("four digits");
                        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    c => text.push(c),
                },
                c => text.push(c),
            }
        }
        texts.push(text);
    }
    texts
}

/// The one international domain of the table, as it is written there.
fn spelled_out(domain: &str) -> String {
    domain.replace("xn--exmple-cua.net", "exämple.net")
}

#[test]
fn a_message_goes_to_an_address_that_is_in_it() {
    let dir = corpus();
    let Ok(truth) = fs::read_to_string(dir.join("TRUTH.tsv")) else {
        return;
    };
    let (mut routed, mut wrong) = (0, Vec::new());
    for row in truth.lines().skip(1) {
        let mut cells = row.split('\t');
        let name = cells.next().expect("a name");
        let columns: Vec<_> = cells.map(texts).collect();
        let Some((_, domain)) = columns[0].first().and_then(|to| to.rsplit_once('@')) else {
            continue;
        };
        let mut town = Town::new().with_rule("*@*", "petr/Shop");
        town.catch_all.domains = vec![domain.to_owned()];
        town.catch_all.domain_aliases.clear();
        let message = fs::read(dir.join(name)).expect("a file of the table");
        if !message.contains(&b'\n') {
            continue; // Bare CRs end no line here, and no server sends such a message.
        }
        let routed_to = town.router().route(&HeaderBlock::new(&message));
        let known: HashSet<_> = columns
            .iter()
            .flatten()
            .map(|one| one.to_lowercase())
            .collect();
        let is_known = |address: &String| {
            let (local_part, domain) = address.rsplit_once('@').expect("an address");
            let local_part = local_part.trim_matches('"');
            let both = [domain.to_owned(), spelled_out(domain)];
            both.iter()
                .any(|domain| known.contains(&format!("{local_part}@{domain}").to_lowercase()))
        };
        let placement = &routed_to.placements[0];
        let named = placement
            .recipients
            .iter()
            .filter(|of| placement.why.contains(of.as_str()));
        if routed_to.by == FoundBy::Nothing || !named.into_iter().any(is_known) {
            wrong.push(format!("{name}: {} not of {known:?}", placement.why));
        }
        routed += 1;
    }
    assert!(
        wrong.is_empty(),
        "{} of {routed}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(routed > 1000, "{routed}");
}
