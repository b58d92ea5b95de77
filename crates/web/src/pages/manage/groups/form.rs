//! The form of a group: its fields from what is there or was typed, and back.

use inhaul_store::{Group, GroupChange, Triggers, UsersMay, built_in_triggers};
use inhaul_types::Activation;

use crate::pages::manage::limits::{self, LimitField};
use crate::pages::manage::typed::{Typed, Wrong, read_seconds, seconds_words};

/// What the form shows.
pub(super) struct Fields {
    pub(super) name: String,
    pub(super) enabled: bool,
    pub(super) triggers: Vec<TriggerField>,
    pub(super) limits: Vec<LimitField>,
    pub(super) rights: Vec<RightField>,
    pub(super) delete_after: String,
}

/// A switch, and how often it may start a check.
pub(super) struct TriggerField {
    /// The activation's word, the field's name.
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) on: bool,
    /// The name of the interval's field.
    pub(super) every_name: String,
    pub(super) every: String,
    /// Why it does nothing here.
    pub(super) unavailable: Option<&'static str>,
}

/// Something that people may decide.
pub(super) struct RightField {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) on: bool,
}

/// What mail programs may do at this server.
#[derive(Clone, Copy)]
pub(super) struct Served {
    pub(super) pop3: bool,
    pub(super) imap: bool,
}

/// The nine, in the order of the page.
const SWITCHES: [Activation; 9] = [
    Activation::Schedule,
    Activation::WebLogin,
    Activation::Folder,
    Activation::Button,
    Activation::Waiting,
    Activation::Pop3Login,
    Activation::ImapLogin,
    Activation::Api,
    Activation::Cli,
];

/// What starts a check, in the page's words.
pub(super) fn label(activation: Activation) -> &'static str {
    match activation {
        Activation::Schedule => "The schedule",
        Activation::Pop3Login => "A mail program connecting by POP3",
        Activation::ImapLogin => "A mail program connecting by IMAP",
        Activation::WebLogin => "Signing in to webmail",
        Activation::Folder => "Opening or refreshing the Inbox",
        Activation::Button => "The Check mail button",
        Activation::Waiting => "Saying \"I am waiting for a message\"",
        Activation::Api => "The API",
        Activation::Cli => "The command line",
    }
}

fn right_label(word: &str) -> &'static str {
    match word {
        "edit" => "Add and change their own retrievals",
        "delete-remote" => "Have mail deleted from remote servers",
        "plain" => "Use connections without encryption",
        "pin-certificate" => "Trust a certificate by its fingerprint",
        _ => "Name servers with private addresses",
    }
}

impl Fields {
    /// From the group, or with what was typed.
    pub(super) fn of(group: &Group, typed: Option<&Typed>, served: Served) -> Self {
        let text = |name: &str, there: &str| match typed {
            Some(typed) => typed.text(name).to_owned(),
            None => there.to_owned(),
        };
        let is_on = |name: &str, there: bool| typed.map_or(there, |typed| typed.is_ticked(name));
        let trigger = |activation: Activation| {
            let name = activation.as_str();
            let every_name = every_name(activation);
            let there = group.triggers.get(&activation).copied();
            let usual = built_in_triggers()[&activation];
            TriggerField {
                name,
                label: label(activation),
                on: is_on(name, there.is_some()),
                every: text(&every_name, &seconds_words(there.unwrap_or(usual))),
                every_name,
                unavailable: match activation {
                    Activation::Pop3Login if !served.pop3 => {
                        Some("Not available: this server does not serve POP3.")
                    }
                    Activation::ImapLogin if !served.imap => {
                        Some("Not available: this server does not serve IMAP.")
                    }
                    _ => None,
                },
            }
        };
        let allowed: Vec<_> = group.users_may.words().collect();
        let right = |name| RightField {
            name,
            label: right_label(name),
            on: is_on(name, allowed.contains(&name)),
        };
        Self {
            name: text("name", &group.name),
            enabled: is_on("enabled", group.enabled),
            triggers: SWITCHES.into_iter().map(trigger).collect(),
            limits: limits::fields(&group.limits, typed),
            rights: UsersMay::WORDS.into_iter().map(right).collect(),
            delete_after: limits::delete_after(&group.limits, typed),
        }
    }
}

/// What the form says. Of a group that a file sets only whether it is switched on.
pub(super) fn read(typed: &Typed, before: &Group) -> Result<GroupChange, Wrong> {
    let enabled = Some(typed.is_ticked("enabled"));
    if before.written_at.is_some() {
        return Ok(GroupChange {
            enabled,
            ..GroupChange::default()
        });
    }
    let mut triggers = Triggers::new();
    for activation in SWITCHES {
        let field = every_name(activation);
        if !typed.is_ticked(activation.as_str()) {
            continue;
        }
        let seconds = read_seconds(typed.text(&field))
            .map_err(|why| Wrong::at(field, format!("{why}. Write 5 min, 90 s or 2 h.")))?;
        triggers.insert(activation, seconds);
    }
    let words = UsersMay::WORDS;
    let allowed = words.into_iter().filter(|word| typed.is_ticked(word));
    Ok(GroupChange {
        name: Some(typed.text("name").to_owned()),
        enabled,
        triggers: Some(triggers),
        users_may: UsersMay::from_words(allowed).ok(),
        limits: Some(limits::read(typed, &before.limits)?),
        written_at: None,
    })
}

fn every_name(activation: Activation) -> String {
    format!("{activation}-every")
}
