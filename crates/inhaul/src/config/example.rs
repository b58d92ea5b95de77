//! The example file and the documentation agree with the program.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Config, Sources};

const EXAMPLE: &str = include_str!("../../config/inhaul.toml");
const DOCUMENTATION: &str = include_str!("../../../../docs/configuration.md");

/// The configuration of these lines, in a directory without anything else.
fn load(text: &str) -> Config {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("inhaul.toml");
    std::fs::write(&file, text).unwrap();
    let sources = Sources {
        file: Some(file),
        data: Some(PathBuf::from("DATA")),
        ..Sources::default()
    };
    Config::load(&sources).unwrap_or_else(|problems| panic!("{problems}"))
}

fn values(config: &Config) -> BTreeMap<(String, &'static str), Option<String>> {
    let lines = config.lines().iter();
    lines
        .map(|line| ((line.section.clone(), line.key), line.value.clone()))
        .collect()
}

/// `#key = value`, or `# key = value` where `mark` is `"# "`: the line without the mark.
fn uncommented(mark: &str) -> (String, Vec<(String, String)>) {
    let mut section = String::new();
    let mut keys = Vec::new();
    let mut text = String::new();
    for line in EXAMPLE.lines() {
        let bare = line.strip_prefix(mark).unwrap_or(line);
        let is_key = bare.split_once(" = ").is_some_and(|(key, _)| {
            !key.is_empty()
                && key
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || "_34".contains(c))
        });
        let is_list = mark == "# " && bare.starts_with("[[");
        if line.starts_with('[') || (is_list && line.starts_with(mark)) {
            section = bare
                .split(['[', ']'])
                .find(|part| !part.is_empty())
                .unwrap()
                .to_owned();
        }
        let counts = line.starts_with('[') || (line.starts_with(mark) && (is_key || is_list));
        if counts {
            text.push_str(bare);
        }
        if counts && is_key {
            keys.push((
                section.clone(),
                bare.split_once(" = ").unwrap().0.to_owned(),
            ));
        }
        text.push('\n');
    }
    (text, keys)
}

#[test]
fn the_example_changes_nothing() {
    assert_eq!(values(&load(EXAMPLE)), values(&load("")));
}

#[test]
fn each_commented_default_is_the_real_default() {
    let (text, keys) = uncommented("#");
    assert!(keys.len() > 30, "the example lost its defaults: {keys:?}");
    assert_eq!(values(&load(&text)), values(&load("")));
}

#[test]
fn each_commented_example_is_accepted() {
    let (text, keys) = uncommented("# ");
    let config = load(&text);
    assert_eq!(config.groups.len(), 1);
    assert_eq!(config.accounts.len(), 1);
    assert_eq!(config.retrievals.len(), 2);
    for (section, key) in keys {
        let is_written = config.lines().iter().any(|line| {
            let list = line.section.split(' ').next();
            list == Some(&*section) && line.key == key && line.origin.is_written()
        });
        assert!(is_written, "{section}.{key} was not read");
    }
}

#[test]
fn the_example_has_each_key_once() {
    let mut keys = uncommented("#").1;
    keys.extend(
        uncommented("# ")
            .1
            .into_iter()
            .filter(|(section, _)| !["group", "account", "retrieval"].contains(&section.as_str())),
    );
    keys.sort();
    let config = load("");
    let mut known: Vec<(String, String)> = config
        .lines()
        .iter()
        .map(|line| (line.section.clone(), line.key.to_owned()))
        .collect();
    known.sort();
    assert_eq!(keys, known);
}

/// The rows of a section's table: key and built-in value as documented.
fn documented() -> Vec<(String, String, String)> {
    let mut section = String::new();
    let mut rows = Vec::new();
    for line in DOCUMENTATION.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            section = heading.trim_matches(['`', '[', ']']).to_owned();
        }
        let mut cells = line.split(" | ").map(|cell| cell.trim_matches(['|', ' ']));
        if let (Some(key), Some(value)) = (cells.next(), cells.next())
            && let Some(key) = key.strip_prefix('`').and_then(|key| key.strip_suffix('`'))
        {
            rows.push((
                section.clone(),
                key.to_owned(),
                value.trim_matches('`').to_owned(),
            ));
        }
    }
    rows
}

#[test]
fn the_documentation_has_each_key_once_with_its_default() {
    let config = load("");
    let expected = config.lines().iter().map(|line| {
        let value = match (&line.value, line.key) {
            (Some(_), "data") => "depends, see below".to_owned(),
            (Some(value), _) => value.clone(),
            (None, _) => "not set".to_owned(),
        };
        (line.section.clone(), line.key.to_owned(), value)
    });
    let lists = ["group", "account", "retrieval"];
    let (entries, sections): (Vec<_>, Vec<_>) = documented()
        .into_iter()
        .partition(|row| lists.contains(&&*row.0));
    assert_eq!(sections, expected.collect::<Vec<_>>());

    let mut in_example: Vec<(String, String)> = uncommented("# ").1;
    in_example.retain(|(section, _)| lists.contains(&section.as_str()));
    in_example.sort();
    in_example.dedup();
    let mut in_documentation: Vec<(String, String)> = entries
        .into_iter()
        .map(|(list, key, _)| (list, key))
        .collect();
    in_documentation.sort();
    assert_eq!(in_documentation, in_example);
}
