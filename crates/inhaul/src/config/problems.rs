//! What is wrong with a configuration: every fault, each with its place, its line and what to do.

use std::fmt;

use super::tree::{Place, SourceFile};

/// Everything that is wrong, in the order of the files.
#[derive(Debug, thiserror::Error)]
#[error("{}", blocks(self.problems()))]
pub(crate) struct ConfigProblems(Vec<Problem>);

/// One fault.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(super) place: Place,
    /// The key, as `section.key`; empty where no key is to blame.
    pub(super) key: String,
    pub(super) what: String,
    pub(super) help: String,
}

impl ConfigProblems {
    /// `None` if there are none.
    pub(super) fn collect(mut problems: Vec<Problem>) -> Option<Self> {
        // Stable: two faults at one place stay in the order they were found.
        problems.sort_by_key(|problem| problem.order());
        (!problems.is_empty()).then_some(Self(problems))
    }

    /// Each fault for itself.
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl Problem {
    /// Where it is and what is wrong, in one line.
    pub(crate) fn line(&self) -> String {
        let text = self.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    }

    /// What to do.
    pub(crate) fn help(&self) -> &str {
        &self.help
    }

    fn order(&self) -> (usize, usize, usize) {
        match &self.place {
            Place::Whole(_) => (0, 0, 0),
            Place::File { file, span } => (1, file.order, span.start),
            Place::Environment(_) => (2, 0, 0),
            Place::CommandLine | Place::Default => (3, 0, 0),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Place::File { file, span } = &self.place {
            let (line, column) = file.position(span.start);
            write!(f, "{}:{line}:{column}: ", file.path.display())?;
        } else {
            write!(f, "{}: ", self.place)?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.what)?;
        if let Place::File { file, span } = &self.place {
            excerpt(f, file, span.start, span.end)?;
        }
        if !self.help.is_empty() {
            write!(f, "\n  {}", self.help)?;
        }
        Ok(())
    }
}

fn blocks(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// The line, and carets below the part that is wrong.
fn excerpt(f: &mut fmt::Formatter<'_>, file: &SourceFile, start: usize, end: usize) -> fmt::Result {
    let (number, column) = file.position(start);
    let Some(line) = file.text.lines().nth(number - 1) else {
        return Ok(());
    };
    let width = file
        .text
        .get(start..end)
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default();
    let width = width.chars().count().max(1);
    // One column for a tab, or the carets below would stand elsewhere.
    let shown = mask(line).replace('\t', " ");
    let carets = "^".repeat(width);
    write!(
        f,
        "\n  {number} | {shown}\n  {:digits$} | {:before$}{carets}",
        "",
        "",
        digits = number.to_string().len(),
        before = column - 1
    )
}

/// Hides what stands on a line that may hold a secret, letter for letter.
///
/// The text lands in terminals and logs, and a password written where only `{ file = … }` may
/// stand is a mistake an operator makes once. Keys and punctuation stay, so the carets still help.
fn mask(line: &str) -> String {
    const SENSITIVE: [&str; 7] = [
        "password",
        "secret",
        "token",
        "url",
        "heartbeat",
        "database",
        "webhook",
    ];
    let lower = line.to_lowercase();
    let Some(equals) = line
        .find('=')
        .filter(|_| SENSITIVE.iter().any(|word| lower.contains(word)))
    else {
        return line.to_owned();
    };
    let (key, value) = line.split_at(equals + 1);
    let mut masked = key.to_owned();
    let mut quote = None;
    let mut before = '=';
    let mut key_ends = 0;
    for (offset, letter) in value.char_indices() {
        let shown = match quote {
            Some(open) if letter != open => '*',
            Some(_) => {
                quote = None;
                letter
            }
            None if matches!(letter, '"' | '\'') => {
                quote = Some(letter);
                letter
            }
            None if " \t{}[],=".contains(letter) => letter,
            None => {
                // Only a table's keys stand behind these: a bare password with `=` in it does not.
                if matches!(before, '{' | ',') {
                    key_ends = offset + key_length(&value[offset..]);
                }
                if offset < key_ends { letter } else { '*' }
            }
        };
        masked.push(shown);
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    masked
}

/// How long the key is that stands here, or 0 if no `=` follows.
fn key_length(rest: &str) -> usize {
    let after = rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    if after.trim_start().starts_with('=') {
        rest.len() - after.len()
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_line_that_may_hold_a_secret_shows_none() {
        let rows = [
            ("every = \"5m\"", "every = \"5m\""),
            ("password = \"hunter2\"", "password = \"*******\""),
            ("password = hunter2", "password = *******"),
            ("password = \"hunter2", "password = \"*******"),
            (
                "password = { fiel = \"/x\" }",
                "password = { fiel = \"**\" }",
            ),
            ("password = 'a\"b', # c", "password = '***', * *"),
            ("secret_key = 5", "secret_key = *"),
            (
                "heartbeat = \"https://x/uuid\"",
                "heartbeat = \"**************\"",
            ),
            ("password = c2VjcmV0=", "password = ********="),
            (
                "x = { a = 1, password = pw=w }",
                "x = { a = *, password = **=* }",
            ),
        ];
        for (line, shown) in rows {
            assert_eq!(mask(line), shown, "{line}");
        }
    }

    #[test]
    fn a_block_names_place_key_fault_line_and_remedy() {
        let file = Arc::new(SourceFile {
            order: 0,
            path: PathBuf::from("inhaul.toml"),
            text: "[checks]\n\tevery = \"5 minutes\"\n".to_owned(),
        });
        let start = file.text.find("\"5").unwrap();
        let problem = Problem {
            place: Place::File {
                span: start..start + 11,
                file,
            },
            key: "checks.every".to_owned(),
            what: "`5 minutes` is not a length of time".to_owned(),
            help: "Write \"5m\".".to_owned(),
        };
        let block = "inhaul.toml:2:10: checks.every: `5 minutes` is not a length of time\n  \
                     2 |  every = \"5 minutes\"\n    |          ^^^^^^^^^^^\n  Write \"5m\".";
        assert_eq!(problem.to_string(), block);
    }

    #[test]
    fn problems_stand_in_the_order_of_the_files_and_the_environment_last() {
        let file = |order: usize| {
            let path = PathBuf::from(format!("{order}.toml"));
            Arc::new(SourceFile {
                order,
                path,
                text: "a = 1\nb = 2\n".to_owned(),
            })
        };
        let problem = |place: Place, what: &str| Problem {
            place,
            key: String::new(),
            what: what.to_owned(),
            help: String::new(),
        };
        let problems = ConfigProblems::collect(vec![
            problem(Place::Environment("INHAUL_A__B".into()), "fourth"),
            problem(
                Place::File {
                    file: file(1),
                    span: 0..1,
                },
                "third",
            ),
            problem(
                Place::File {
                    file: file(0),
                    span: 6..7,
                },
                "second",
            ),
            problem(
                Place::File {
                    file: file(0),
                    span: 0..1,
                },
                "first",
            ),
        ])
        .unwrap();
        let order: Vec<&str> = problems
            .problems()
            .iter()
            .map(|p| p.what.as_str())
            .collect();
        assert_eq!(order, ["first", "second", "third", "fourth"]);
    }
}
