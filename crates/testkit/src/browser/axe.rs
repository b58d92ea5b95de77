//! What axe-core finds wrong with a page: WCAG 2.2, levels A and AA, and Deque's best practice.
//!
//! It reads the page itself and not what is in its frames. It finds a part of all faults only: that
//! a page can be used with the keyboard alone is for [`Browser::tab_order`] to show.

use std::fmt;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Browser, axe_core};

/// A rule that a page breaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The rule, such as `image-alt`.
    pub id: String,
    /// `minor`, `moderate`, `serious` or `critical`.
    pub impact: String,
    /// What the rule asks for.
    pub help: String,
    /// Where the page breaks it.
    pub nodes: Vec<FaultyNode>,
}

/// A part of a page that breaks a rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FaultyNode {
    /// A CSS selector that leads to it.
    pub selector: String,
    /// Its HTML, cut.
    pub html: String,
    /// What would mend it.
    pub remedy: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.id, self.impact, self.help)?;
        for node in &self.nodes {
            let remedy = node.remedy.replace('\n', "\n      ");
            write!(
                f,
                "\n    {}\n      {}\n      {remedy}",
                node.selector, node.html
            )?;
        }
        Ok(())
    }
}

impl Browser {
    /// What is wrong with the page as it is now, in this window and with these preferences.
    pub fn axe(&self) -> Result<Vec<Violation>> {
        self.axe_finds("violations", "html")
    }

    /// What axe cannot decide by itself, such as a text whose ground it does not know: for the test
    /// to decide.
    pub fn axe_undecided(&self) -> Result<Vec<Violation>> {
        self.axe_finds("incomplete", "html")
    }

    /// Looks at what this selector finds, and what is in it.
    fn axe_finds(&self, kind: &str, selector: &str) -> Result<Vec<Violation>> {
        // It comes with each question, because each page is a new one.
        let axe = axe_core::script()?;
        let run = format!("{axe}\n;return axe.run(arguments[0], arguments[1]);");
        let options = json!({
            "runOnly": TAGS,
            "resultTypes": [kind],
            "iframes": false,
            "preload": false,
        });
        // It needs timers; the page's own scripts were left out when the page was read.
        let found = self.with_scripts(|browser| browser.script(&run, &[json!(selector), options]));
        let found = found.context("axe-core")?;
        let violations = found[kind].as_array();
        let violations = violations.with_context(|| format!("axe-core says {found}"))?;
        Ok(violations.iter().map(violation).collect())
    }

    /// Fails, and prints every fault with its place, unless axe finds none.
    #[track_caller]
    pub fn assert_accessible(&self) {
        self.assert_found_none(self.axe());
    }

    /// The same of what lies above a page and hides a part of it, such as a menu that is open: what
    /// is half under it is reached when it is closed.
    #[track_caller]
    pub fn assert_accessible_within(&self, selector: &str) {
        self.assert_found_none(self.axe_finds("violations", selector));
    }

    #[track_caller]
    fn assert_found_none(&self, found: Result<Vec<Violation>>) {
        let url = self.url().unwrap_or_default();
        let found = match found {
            Ok(found) => found,
            Err(error) => panic!("{url}: {error:#}"),
        };
        let told: Vec<_> = found.iter().map(|found| format!("  {found}")).collect();
        assert!(
            found.is_empty(),
            "{url} breaks {} rules of accessibility:\n{}",
            found.len(),
            told.join("\n")
        );
    }
}

fn violation(value: &Value) -> Violation {
    let nodes = value["nodes"].as_array().into_iter().flatten();
    Violation {
        id: words(&value["id"]),
        impact: words(&value["impact"]),
        help: words(&value["help"]),
        nodes: nodes.map(faulty_node).collect(),
    }
}

fn faulty_node(value: &Value) -> FaultyNode {
    let target = value["target"].as_array().into_iter().flatten();
    FaultyNode {
        selector: target.map(words).collect::<Vec<_>>().join(" "),
        html: words(&value["html"]).chars().take(MOST_HTML).collect(),
        remedy: words(&value["failureSummary"]),
    }
}

/// A string as it is, anything else as JSON.
fn words(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), String::from)
}

/// axe-core's names for what it looks for.
const TAGS: [&str; 6] = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "best-practice",
];
/// How much of a node's HTML is told, in characters.
const MOST_HTML: usize = 200;
