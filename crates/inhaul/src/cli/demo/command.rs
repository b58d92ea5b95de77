//! What can be typed while the demo runs: one command a line.

use std::time::Duration;

use inhaul_domain::Retention;
use inhaul_types::MessageId;

use super::samples::{MANNERS, Manner, Sample};
use super::scenes::{SCENES, Scene};
use crate::config::parse_duration;

/// A line that was understood.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Command {
    Help,
    Send(u64),
    /// To the firm.
    Firm(Scene),
    Make(Sample, Manner),
    Skip(Duration),
    /// All of them if none is named.
    Check(Option<Sample>),
    /// The same.
    Pull(Option<Sample>),
    Wait(Sample),
    Password(Sample),
    List(Option<Sample>),
    Show(MessageId),
    DeleteAfter(Sample, Retention),
    Conversation(Sample),
    Status,
    /// A new link to the web pages.
    Open,
    Quit,
}

/// Sent at once at most: enough to watch, and a slip of the finger does not fill the disk.
const SEND_MOST: u64 = 5_000;

pub(super) const HELP: &str = "\
send [N]                 Put a new message, or N of them, into you@old-isp.example
firm SCENE               Put a letter into the firm's mailbox, *@firm.example:
    two                  for two people, in one copy
    copies               for three people, a copy for each
    nobody               for an address that nobody has
make [NAME] MANNER       Make a mailbox's server (old-isp) do one of these, until another is named:
    behave               what it should
    refuse-password      say -ERR [AUTH] to the right password
    not-answer           take the connection and say nothing
    cut                  cut the line in the middle of a message
    renumber             give all its messages new unique-ids, once
    too-often            say -ERR [LOGIN-DELAY]
    bad-certificate      show a certificate that has expired
    forget-to-delete     say +OK to DELE and keep the message
password [NAME]          Enter the right password for a mailbox, as club needs it
skip 10m|1d|14d          Set the demo's clock ahead; what is due then is checked
check [NAME|all]         Press \"Check mail\": at most every 5 s, and not while a password is refused
wait [NAME]              Wait for a message: check again and again for 5 minutes
pull [NAME|all]          Check now whatever limits say, as an administrator does
list [NAME]              The messages that were brought
show N                   One of them
delete-after [NAME] now|DAYS|keep
                         What happens to copies at the server once they are stored here
conversation [NAME]      What was said in the last check
open                     A new link to the web pages; on a desktop the browser opens it
status                   The mailboxes, here and there, and how they stand
quit                     End; so does Ctrl-C. Nothing is kept

Mailboxes: old-isp, shop, big, club, work, firm. Firm holds the mail of a whole domain: it is shared
out among anna, ben, clara, david, emma and frank, and your folder Firm has what is for nobody.
";

impl Command {
    /// Reads a line; `None` if there is nothing on it. The error is a sentence.
    pub(super) fn parse(line: &str) -> Result<Option<Self>, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some((verb, words)) = words.split_first() else {
            return Ok(None);
        };
        let command = match (verb.to_lowercase().as_str(), words) {
            ("help" | "?", []) => Self::Help,
            ("send", []) => Self::Send(1),
            ("send", [count]) => Self::Send(number_to_send(count)?),
            ("firm", [scene]) => Self::Firm(read_scene(scene)?),
            ("make", [name @ .., manner]) => Self::Make(mailbox(name)?, read_manner(manner)?),
            ("skip", [time]) => Self::Skip(parse_duration(time)?),
            ("check", [] | ["all"]) => Self::Check(None),
            ("check", name) => Self::Check(Some(mailbox(name)?)),
            ("pull", [] | ["all"]) => Self::Pull(None),
            ("pull", name) => Self::Pull(Some(mailbox(name)?)),
            ("wait", name) => Self::Wait(mailbox(name)?),
            ("password", name) => Self::Password(mailbox(name)?),
            ("list", [] | ["all"]) => Self::List(None),
            ("list", name) => Self::List(Some(mailbox(name)?)),
            ("show", [id]) => Self::Show(message(id)?),
            ("delete-after", [name @ .., when]) => {
                Self::DeleteAfter(mailbox(name)?, read_retention(when)?)
            }
            ("conversation", name) => Self::Conversation(mailbox(name)?),
            ("status", []) => Self::Status,
            ("open", []) => Self::Open,
            ("quit" | "exit", []) => Self::Quit,
            _ => return Err(format!("{:?} is no command here.", line.trim())),
        };
        Ok(Some(command))
    }
}

/// The mailbox that is named; without a name the one that most is shown with.
fn mailbox(name: &[&str]) -> Result<Sample, String> {
    if name.is_empty() {
        return Ok(Sample::OldIsp);
    }
    let name = name.join(" ");
    Sample::find(&name).ok_or_else(|| format!("There is no mailbox {name:?} in the demo."))
}

fn read_manner(word: &str) -> Result<Manner, String> {
    let known = MANNERS.iter().find(|(name, _)| *name == word);
    known
        .map(|(_, manner)| *manner)
        .ok_or_else(|| format!("No server can be made to {word:?}."))
}

fn read_scene(word: &str) -> Result<Scene, String> {
    let known = SCENES.iter().find(|(name, _)| *name == word);
    known
        .map(|(_, scene)| *scene)
        .ok_or_else(|| format!("No letter to the firm is called {word:?}."))
}

fn read_retention(word: &str) -> Result<Retention, String> {
    match word {
        "keep" => Ok(Retention::Keep),
        "now" => Ok(Retention::Delete),
        days => match days.trim_end_matches('d').parse() {
            Ok(0) => Ok(Retention::Delete),
            Ok(days) => Ok(Retention::DeleteAfter { days }),
            Err(_) => Err(format!("{word:?} is not now, a number of days, or keep.")),
        },
    }
}

fn number_to_send(word: &str) -> Result<u64, String> {
    let count = word.parse().ok();
    count
        .filter(|count| (1..=SEND_MOST).contains(count))
        .ok_or_else(|| format!("{word:?} is not a number from 1 to {SEND_MOST}."))
}

fn message(word: &str) -> Result<MessageId, String> {
    let id = word.parse().map(MessageId::new);
    id.map_err(|_| format!("{word:?} is not the number of a message; list shows them."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_or_says_why_not() {
        let days = |days: u64| Duration::from_secs(days * 24 * 3600);
        for (line, command) in [
            ("", None),
            ("  ", None),
            ("help", Some(Command::Help)),
            ("send", Some(Command::Send(1))),
            ("SEND 50", Some(Command::Send(50))),
            ("firm nobody", Some(Command::Firm(Scene::Nobody))),
            ("make cut", Some(Command::Make(Sample::OldIsp, Manner::Cut))),
            (
                "make Old ISP behave",
                Some(Command::Make(Sample::OldIsp, Manner::Behave)),
            ),
            (
                "make shop too-often",
                Some(Command::Make(Sample::Shop, Manner::TooOften)),
            ),
            ("skip 14d", Some(Command::Skip(days(14)))),
            ("check", Some(Command::Check(None))),
            ("check all", Some(Command::Check(None))),
            ("check club", Some(Command::Check(Some(Sample::Club)))),
            ("pull", Some(Command::Pull(None))),
            ("pull old-isp", Some(Command::Pull(Some(Sample::OldIsp)))),
            ("wait shop", Some(Command::Wait(Sample::Shop))),
            ("password club", Some(Command::Password(Sample::Club))),
            ("list firm", Some(Command::List(Some(Sample::Firm)))),
            ("show 3", Some(Command::Show(MessageId::new(3)))),
            (
                "delete-after old-isp 14",
                Some(Command::DeleteAfter(
                    Sample::OldIsp,
                    Retention::DeleteAfter { days: 14 },
                )),
            ),
            (
                "delete-after now",
                Some(Command::DeleteAfter(Sample::OldIsp, Retention::Delete)),
            ),
            ("conversation", Some(Command::Conversation(Sample::OldIsp))),
            ("open", Some(Command::Open)),
            ("quit", Some(Command::Quit)),
        ] {
            assert_eq!(Command::parse(line), Ok(command), "{line}");
        }
        for line in [
            "fetch",
            "send many",
            "send 0",
            "send 1000000",
            "firm",
            "firm everybody",
            "make",
            "make old-isp explode",
            "make nobody behave",
            "skip",
            "skip 14",
            "check nobody",
            "show",
            "show first",
            "delete-after old-isp later",
            "quit now",
        ] {
            let refused = Command::parse(line).unwrap_err();
            assert!(refused.ends_with(['.', 't', 'e']), "{line}: {refused}");
        }
    }

    #[test]
    fn help_names_every_manner_scene_and_mailbox() {
        let words = MANNERS.map(|(word, _)| word).into_iter();
        for word in words.chain(SCENES.map(|(word, _)| word)) {
            assert!(HELP.contains(&format!("\n    {word} ")), "{word}");
        }
        for sample in Sample::ALL {
            let name = sample.name().to_lowercase().replace(' ', "-");
            assert!(HELP.contains(&name), "{name}");
        }
        assert!(HELP.lines().all(|line| line.len() <= 100));
    }
}
