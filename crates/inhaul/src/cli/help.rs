//! The program's own help: commands by what they are for, examples, where to read on.

use std::fmt::Write as _;

use clap::Command;

/// What somebody wants to do, and the commands for it, in the order in which they are met. A command
/// named nowhere here is listed last.
const GROUPS: &[(&str, &[&str])] = &[
    ("Start", &["demo", "serve", "setup-link", "doctor"]),
    ("Bring mail", &["pull", "check", "trigger"]),
    (
        "Manage",
        &[
            "account",
            "group",
            "retrieval",
            "catch-all",
            "import",
            "export",
        ],
    ),
    (
        "Look",
        &[
            "status", "log", "audit", "where", "message", "notice", "explain", "config", "backup",
            "restore",
        ],
    ),
];

const EXAMPLES: &str = "\
Examples:
  inhaul demo
  inhaul check alice@isp.example --server pop.isp.example
  inhaul retrieval add --name ISP --server 'pop.isp.example 995s' --user alice --to alice
  inhaul pull --all --json

Exit codes follow sysexits.h: 0 done, 64 typed wrong, 67 not there, 75 later may help, 77 refused.";

/// Lists the commands in groups.
pub(super) fn grouped(command: Command) -> Command {
    let mut lines = String::new();
    let commands: Vec<(String, String)> = command
        .get_subcommands()
        .filter(|one| !one.is_hide_set())
        .map(|one| {
            let about = one.get_about().map(ToString::to_string);
            (one.get_name().to_owned(), about.unwrap_or_default())
        })
        .collect();
    let mut list = |heading: &str, members: Vec<&(String, String)>| {
        if members.is_empty() {
            return;
        }
        // A text that is written to never refuses.
        writeln!(lines, "{heading}:").ok();
        for (name, about) in members {
            writeln!(lines, "  {name:<11} {about}").ok();
        }
        lines.push('\n');
    };
    for (heading, names) in GROUPS {
        let members = names.iter().filter_map(|name| {
            let mut commands = commands.iter();
            commands.find(|(command, _)| command == name)
        });
        list(heading, members.collect());
    }
    let is_named = |name: &String| {
        let mut groups = GROUPS.iter();
        groups.any(|(_, names)| names.contains(&name.as_str()))
    };
    let others = commands.iter().filter(|(name, _)| !is_named(name));
    list("More", others.collect());
    command
        .help_template(format!(
            "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{lines}Options:\n{{options}}{{after-help}}"
        ))
        .after_help(EXAMPLES)
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;

    #[test]
    fn every_command_is_listed_once() {
        let command = Command::new("x")
            .arg(Arg::new("file"))
            .subcommand(Command::new("pull").about("Bring mail"))
            .subcommand(Command::new("quite-new").about("Something else"))
            .subcommand(Command::new("demo").about("Try it"));
        let help = grouped(command).render_help().to_string();
        for (line, times) in [
            ("Start:\n  demo        Try it", 1),
            ("Bring mail:\n  pull        Bring mail", 1),
            ("More:\n  quite-new   Something else", 1),
            ("Manage:", 0),
        ] {
            assert_eq!(help.matches(line).count(), times, "{line} in\n{help}");
        }
    }
}
