//! `config show`: every key with its value and where the value comes from.

use std::fmt::Write as _;

use super::Config;
use super::tree::Place;

/// One key of the resolved configuration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// The section, such as `checks`, or the list entry, such as `retrieval "Old ISP"`.
    pub(crate) section: String,
    /// The key in it.
    pub(crate) key: &'static str,
    /// The value as TOML, secrets masked; `None` where nothing is set and nothing is built in.
    pub(crate) value: Option<String>,
    /// Where the value comes from.
    pub(crate) origin: Place,
}

impl Line {
    /// Whether somebody wrote the value, anywhere.
    pub(crate) fn is_written(&self) -> bool {
        self.value.is_some() && self.origin.is_written()
    }

    pub(super) fn set(section: &str, key: &'static str, value: String, origin: Place) -> Self {
        Self {
            section: section.to_owned(),
            key,
            value: Some(value),
            origin,
        }
    }

    pub(super) fn unset(section: &str, key: &'static str) -> Self {
        Self {
            section: section.to_owned(),
            key,
            value: None,
            origin: Place::Default,
        }
    }
}

impl Config {
    /// Every key with its value and origin, in the order of the documentation.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Takes over lines of another configuration, whose values it has taken over.
    pub(crate) fn keep_lines(&mut self, other: &Self, kept: impl Fn(&Line) -> bool) {
        let same = |one: &Line, line: &Line| one.section == line.section && one.key == line.key;
        for line in self.lines.iter_mut().filter(|line| kept(line)) {
            if let Some(theirs) = other.lines.iter().find(|theirs| same(theirs, line)) {
                line.clone_from(theirs);
            }
        }
    }

    /// The same as text: a configuration file with the origin behind each value.
    pub(crate) fn show(&self) -> String {
        let mut text = String::new();
        let mut section = "";
        for line in self.lines() {
            if line.section != section {
                let blank = if section.is_empty() { "" } else { "\n" };
                section = &line.section;
                push(&mut text, format_args!("{blank}{}\n", header(section)));
            }
            let shown = match &line.value {
                Some(value) => format!("{:<18} = {value}", line.key),
                None => format!("#{:<17} =", line.key),
            };
            let origin = match line.value {
                Some(_) => line.origin.to_string(),
                None => "not set".to_owned(),
            };
            push(&mut text, format_args!("{shown:<52} # {origin}\n"));
        }
        text
    }
}

/// `checks` is a section; `retrieval "Old ISP"` is one of a list.
fn header(section: &str) -> String {
    match section.split_once(' ') {
        Some((list, name)) => format!("[[{list}]] # {name}"),
        None => format!("[{section}]"),
    }
}

fn push(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part)
        .expect("writing to a String does not fail");
}
