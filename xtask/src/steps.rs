//! A chore as a list of steps: each is announced, timed, and told how to repeat when it fails.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

/// One step: what it is called, and either a command of cargo or a function of ours.
pub(crate) struct Step {
    title: String,
    work: Work,
}

enum Work {
    Cargo {
        words: Vec<String>,
        env: Vec<(&'static str, String)>,
    },
    Call {
        repeat: &'static str,
        function: fn() -> Result<()>,
    },
    LeaveOut {
        why: String,
    },
}

impl Step {
    /// A step that runs cargo with these words.
    pub(crate) fn cargo(title: impl Into<String>, words: &str) -> Self {
        let words = words.split_whitespace().map(String::from).collect();
        Self {
            title: title.into(),
            work: Work::Cargo {
                words,
                env: Vec::new(),
            },
        }
    }

    /// A step that calls `function`; `repeat` is the command that does the same.
    pub(crate) fn call(
        title: impl Into<String>,
        repeat: &'static str,
        function: fn() -> Result<()>,
    ) -> Self {
        Self {
            title: title.into(),
            work: Work::Call { repeat, function },
        }
    }

    /// A step that cannot be done here. It is still announced: a gap nobody reads of is a gap
    /// nobody closes.
    pub(crate) fn left_out(title: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            work: Work::LeaveOut { why: why.into() },
        }
    }

    /// Adds an environment variable to a cargo step.
    #[must_use]
    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Work::Cargo { env, .. } = &mut self.work {
            env.push((name, value.into()));
        }
        self
    }

    fn run(&self) -> Result<()> {
        match &self.work {
            Work::Cargo { words, env } => {
                let status = cargo()
                    .args(words)
                    .envs(env.iter().map(|(name, value)| (name, value)))
                    .status()
                    .context("cargo cannot be started")?;
                if !status.success() {
                    bail!("{status}");
                }
                Ok(())
            }
            Work::Call { function, .. } => function(),
            Work::LeaveOut { .. } => Ok(()),
        }
    }
}

impl fmt::Display for Step {
    /// The command that repeats this step alone, from the root of the workspace.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.work {
            Work::Cargo { words, env } => {
                for (name, value) in env {
                    write!(f, "{name}='{value}' ")?;
                }
                write!(f, "cargo {}", words.join(" "))
            }
            Work::Call { repeat, .. } => f.write_str(repeat),
            Work::LeaveOut { .. } => Ok(()),
        }
    }
}

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run_all(steps: Vec<Step>) -> Result<()> {
    let count = steps.len();
    let began = Instant::now();
    for (step, number) in steps.iter().zip(1..) {
        let title = &step.title;
        if let Work::LeaveOut { why } = &step.work {
            eprintln!("== {number}/{count} {title}: LEFT OUT, {why}");
            continue;
        }
        eprintln!("== {number}/{count} {title}");
        let step_began = Instant::now();
        let outcome = step.run();
        let seconds = step_began.elapsed().as_secs_f64();
        if let Err(error) = outcome {
            eprintln!("== {number}/{count} {title}: FAILED after {seconds:.1} s");
            bail!("{title}: {error:#}; repeat it with\n\n  {step}\n");
        }
        eprintln!("== {number}/{count} {title}: good, {seconds:.1} s");
    }
    eprintln!("== all good, {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// The cargo that started us, in the root of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    command
}

/// Whether `cargo NAME` exists on this machine.
pub(crate) fn has_subcommand(name: &str) -> bool {
    cargo()
        .args([name, "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}

/// The root of the workspace.
pub(crate) fn workspace() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent()
        .map_or_else(|| PathBuf::from("."), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_prints_as_the_command_that_repeats_it() {
        let step = Step::cargo("docs", "doc --no-deps").env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(
            step.to_string(),
            "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps"
        );
    }

    #[test]
    fn the_first_failure_stops_and_says_how_to_repeat() {
        let steps = vec![
            Step::left_out("elsewhere", "not here"),
            Step::call("bad", "cargo xtask bad", || bail!("no")),
            Step::call("never", "cargo xtask never", || panic!("reached")),
        ];
        let error = format!("{:#}", run_all(steps).unwrap_err());
        assert!(error.contains("cargo xtask bad"), "{error}");
    }
}
