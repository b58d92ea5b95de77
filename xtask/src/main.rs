//! `cargo xtask`: the project's own chores. `cargo xtask test` is what CI runs and all it runs.
//!
//! Touches only child processes: cargo, and the package manager where a test's peer is missing.

mod crash;
mod fuzz;
mod peers;
mod simulate;
mod steps;
mod test;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "\
usage: cargo xtask test [--full]                       everything a change must pass
       cargo xtask crash [--rounds N] [--kind KIND]    kill, cut, quit, power or share, N times each (20)
       cargo xtask fuzz [--seconds N] [TARGET]         random input for one target or all (60 s each)
       cargo xtask simulate [--seeds N] [--seed S] [--days N]
                                                       weeks of retrievals in virtual time (1,000 seeds)
       cargo xtask peers [--missing]                   installs the programs the tests talk to,
                                                       or only names the packages that are missing";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Carries out the command that `words` spell.
fn run(words: &[String]) -> Result<()> {
    let Some((command, rest)) = words.split_first() else {
        bail!("which chore?\n{USAGE}")
    };
    let mut options = Options::parse(rest)?;
    match command.as_str() {
        "test" => {
            let extent = if options.flag("--full") {
                test::Extent::Full
            } else {
                test::Extent::Usual
            };
            options.finish()?;
            test::run(extent)
        }
        "crash" => {
            let rounds = options.number("--rounds")?.unwrap_or(crash::USUAL_ROUNDS);
            let kind = options.value("--kind");
            options.finish()?;
            steps::run_all(vec![crash::step(rounds, kind.as_deref())?])
        }
        "fuzz" => {
            let seconds = options.number("--seconds")?.unwrap_or(60);
            let target = options.positional();
            options.finish()?;
            steps::run_all(fuzz::steps(
                Duration::from_secs(seconds),
                target.as_deref(),
            )?)
        }
        "simulate" => {
            let seeds = options.number("--seeds")?.unwrap_or(simulate::USUAL_SEEDS);
            let seed = options.number("--seed")?;
            let days = options.number("--days")?.unwrap_or(simulate::USUAL_DAYS);
            options.finish()?;
            steps::run_all(vec![simulate::step(seeds, seed, days)])
        }
        "peers" => {
            let only_name = options.flag("--missing");
            options.finish()?;
            if only_name {
                peers::print_missing()
            } else {
                peers::ensure()?;
                peers::ensure_browser()?;
                peers::ensure_firefox()?;
                peers::ensure_servers()
            }
        }
        "help" | "--help" | "-h" => {
            eprintln!("{USAGE}");
            Ok(())
        }
        other => bail!("no chore is called {other:?}\n{USAGE}"),
    }
}

/// The words behind the command, taken one by one; what is left over is refused.
struct Options {
    valued: Vec<(String, String)>,
    flags: Vec<String>,
    positional: Vec<String>,
}

impl Options {
    /// Sorts the words. An option that takes a value takes the next word.
    fn parse(words: &[String]) -> Result<Self> {
        let mut options = Self {
            valued: Vec::new(),
            flags: Vec::new(),
            positional: Vec::new(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if VALUED.contains(&word.as_str()) {
                let value = words
                    .next()
                    .with_context(|| format!("{word} needs a value"))?;
                options.valued.push((word.clone(), value.clone()));
            } else if word.starts_with('-') {
                options.flags.push(word.clone());
            } else {
                options.positional.push(word.clone());
            }
        }
        Ok(options)
    }

    fn flag(&mut self, name: &str) -> bool {
        let before = self.flags.len();
        self.flags.retain(|flag| flag != name);
        self.flags.len() != before
    }

    fn value(&mut self, name: &str) -> Option<String> {
        let at = self.valued.iter().position(|(option, _)| option == name)?;
        Some(self.valued.remove(at).1)
    }

    fn number(&mut self, name: &str) -> Result<Option<u64>> {
        self.value(name)
            .map(|text| {
                text.parse()
                    .with_context(|| format!("{name} takes a number, not {text:?}"))
            })
            .transpose()
    }

    fn positional(&mut self) -> Option<String> {
        (!self.positional.is_empty()).then(|| self.positional.remove(0))
    }

    /// Refuses whatever nobody asked for: a mistyped option must not pass as a shorter test.
    fn finish(self) -> Result<()> {
        let valued = self.valued.into_iter().map(|(option, _)| option);
        let mut left = valued.chain(self.flags).chain(self.positional);
        match left.next() {
            Some(word) => bail!("{word:?} means nothing here\n{USAGE}"),
            None => Ok(()),
        }
    }
}

const VALUED: [&str; 6] = [
    "--rounds",
    "--kind",
    "--seconds",
    "--seeds",
    "--seed",
    "--days",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(String::from).collect()
    }

    #[test]
    fn a_word_nobody_asked_for_is_refused() {
        for line in [
            "test --ful",
            "test now",
            "peers --rounds 3",
            "crash --rounds",
            "nap",
            "",
        ] {
            assert!(run(&words(line)).is_err(), "{line:?}");
        }
    }

    #[test]
    fn an_option_takes_the_word_behind_it() {
        let mut options = Options::parse(&words("--seconds 5 message")).unwrap();
        assert_eq!(options.number("--seconds").unwrap(), Some(5));
        assert_eq!(options.positional().as_deref(), Some("message"));
        options.finish().unwrap();
    }
}
