//! Takes down who changed what by command: the one place where the command line writes the audit.
//!
//! What stood before and what stands after are compared field by field, in words; a secret is only
//! ever "changed". A change that was made stays made where it cannot be taken down: whoever made it
//! is told.

use inhaul_domain::Retention;
use inhaul_store::{Account, Every, Group, NewAudit, Retrieval, Store};
use inhaul_types::{Activation, Address};

use super::catch_all::words as catch_all;
use super::group::words::{every_words, limits_words, users_may_words};
use super::output::complain;
use super::retrieval::{self, every_word, security_word};
use crate::caller;
use crate::way_in::SignIn;

/// A field's name and what it says, in words.
type Fields = Vec<(&'static str, String)>;

/// Something that is changed by commands.
pub(crate) trait Audited {
    /// What it is and its name: `retrieval Club`.
    fn object(&self) -> String;
    /// What it says, field by field.
    fn fields(&self) -> Fields;
}

/// One change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Change {
    action: &'static str,
    object: String,
    old: Option<String>,
    new: Option<String>,
}

impl Change {
    /// Something else than a change of fields: `made` `backup` `/srv/b.tar`.
    pub(crate) fn of(action: &'static str, object: impl Into<String>) -> Self {
        Self {
            action,
            object: object.into(),
            old: None,
            new: None,
        }
    }

    /// With what came of it.
    pub(crate) fn now(self, new: impl Into<String>) -> Self {
        Self {
            new: Some(new.into()),
            ..self
        }
    }

    /// It is there now.
    pub(crate) fn added(what: &impl Audited) -> Self {
        Self::of("added", what.object()).now(summary(&what.fields()))
    }

    /// It is not there any more.
    pub(crate) fn removed(what: &impl Audited) -> Self {
        Self {
            old: Some(summary(&what.fields())),
            ..Self::of("removed", what.object())
        }
    }

    /// Each field that says something else.
    pub(crate) fn between<T: Audited>(before: &T, after: &T) -> Vec<Self> {
        let object = before.object();
        let mut changes = Vec::new();
        if after.object() != object {
            changes.push(Self {
                old: Some(object.clone()),
                ..Self::of("renamed", object.clone()).now(after.object())
            });
        }
        for ((field, old), (_, new)) in before.fields().into_iter().zip(after.fields()) {
            if old != new {
                changes.push(Self {
                    old: Some(old),
                    ..Self::of("changed", format!("{object}: {field}")).now(new)
                });
            }
        }
        changes
    }

    /// A secret of it has another value now, whichever.
    pub(crate) fn secret(of: &impl Audited, field: &str) -> Self {
        let object = format!("{}: {field}", of.object());
        Self::of("changed", object).now(NewAudit::CHANGED)
    }
}

/// Takes the changes down: made now, by whoever typed the command.
pub(crate) async fn take_down(store: &dyn Store, changes: impl IntoIterator<Item = Change>) {
    let actor = actor();
    for change in changes {
        let Change {
            action,
            object,
            old,
            new,
        } = change;
        let audit = NewAudit {
            at: crate::clock::clock()(),
            actor: actor.clone(),
            account: None,
            channel: CHANNEL.into(),
            action: action.into(),
            object,
            old,
            new,
        };
        if let Err(error) = store.records().audit_add(audit).await {
            complain(&format!(
                "! The change was made, but the audit could not take it down: {error}\n"
            ));
        }
    }
}

/// How a command comes in.
const CHANNEL: &str = "command line";

/// The system's name of whoever typed the command.
pub(crate) fn actor() -> String {
    name_of(caller::current().who())
}

/// The system's name of a user.
fn name_of(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_in(&users, uid).unwrap_or_else(|| format!("uid {uid}"))
}

fn name_in(users: &str, uid: u32) -> Option<String> {
    let mut lines = users.lines().map(|line| line.split(':'));
    lines.find_map(|mut fields| {
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// What is worth a line of its own at the beginning and the end.
fn summary(fields: &Fields) -> String {
    let said = fields.iter().filter(|(_, value)| !value.is_empty());
    let said: Vec<String> = said
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    said.join(", ")
}

fn yes_no(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

impl Audited for Retrieval {
    fn object(&self) -> String {
        format!("retrieval {}", self.name)
    }

    fn fields(&self) -> Fields {
        let remote = &self.remote;
        let file = remote.ca_file.as_ref();
        let place = format!("{}/{}", self.account_name, self.folder_name);
        let nothing = String::new;
        let [to, source, domains, tags, most, rules, fallback] = match self.routing.catch_all() {
            None => [
                place,
                nothing(),
                nothing(),
                nothing(),
                nothing(),
                nothing(),
                nothing(),
            ],
            Some(settings) => [
                nothing(),
                catch_all::source_words(&settings.source),
                catch_all::domains_words(settings),
                settings.separators.clone(),
                settings.max_recipients.to_string(),
                catch_all::rules_words(&settings.rules),
                place,
            ],
        };
        vec![
            (
                "server",
                format!(
                    "{}:{} {}",
                    remote.host,
                    remote.port,
                    security_word(remote.security)
                ),
            ),
            ("user", remote.user.clone()),
            ("sign-in", SignIn(remote.sign_in).as_str().to_owned()),
            (
                "pin",
                remote.pin.map(|pin| pin.to_string()).unwrap_or_default(),
            ),
            (
                "authority",
                file.map(|file| file.display().to_string())
                    .unwrap_or_default(),
            ),
            ("to", to),
            ("shared out by", source),
            ("domains", domains),
            ("tags", tags),
            ("recipients at most", most),
            ("rules", rules),
            ("fallback", fallback),
            ("every", every(self.every)),
            ("after storing", after_storing(self.retention)),
            ("limits", retrieval::limits::limits_words(&self.limits)),
            ("paused", yes_no(self.paused)),
        ]
    }
}

fn every(every: Every) -> String {
    every_word(every)
}

fn after_storing(retention: Retention) -> String {
    match retention {
        Retention::Keep => "keep".to_owned(),
        Retention::Delete => "delete".to_owned(),
        Retention::DeleteAfter { days } => format!("delete after {days} days"),
    }
}

impl Audited for Account {
    fn object(&self) -> String {
        format!("account {}", self.name)
    }

    fn fields(&self) -> Fields {
        let addresses: Vec<_> = self.addresses.iter().map(Address::as_str).collect();
        vec![
            ("addresses", addresses.join(" ")),
            ("group", self.group.clone()),
            ("administrator", yes_no(self.admin)),
            ("enabled", yes_no(self.enabled)),
            ("limits", limits_words(&self.limits)),
        ]
    }
}

impl Audited for Group {
    fn object(&self) -> String {
        format!("group {}", self.name)
    }

    fn fields(&self) -> Fields {
        let switch = |activation: Activation| match self.triggers.get(&activation) {
            Some(0) => format!("{activation}=on"),
            Some(seconds) => format!("{activation}={}", every_words(*seconds)),
            None => format!("{activation}=off"),
        };
        let triggers: Vec<_> = Activation::ALL.into_iter().map(switch).collect();
        vec![
            ("enabled", yes_no(self.enabled)),
            ("triggers", triggers.join(" ")),
            ("people may", users_may_words(self.users_may)),
            ("limits", limits_words(&self.limits)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing(&'static str, &'static str);

    impl Audited for Thing {
        fn object(&self) -> String {
            format!("thing {}", self.0)
        }

        fn fields(&self) -> Fields {
            vec![("colour", self.1.to_owned()), ("size", String::new())]
        }
    }

    #[test]
    fn only_what_changed_is_taken_down_with_both_values() {
        let change = |action, object: &str, old: &str, new: &str| Change {
            action,
            object: object.into(),
            old: Some(old.into()),
            new: Some(new.into()),
        };
        assert_eq!(Change::between(&Thing("a", "red"), &Thing("a", "red")), []);
        assert_eq!(
            Change::between(&Thing("a", "red"), &Thing("b", "blue")),
            [
                change("renamed", "thing a", "thing a", "thing b"),
                change("changed", "thing a: colour", "red", "blue"),
            ]
        );
        let added = Change::added(&Thing("a", "red"));
        assert_eq!(added.new.as_deref(), Some("colour red"));
        let secret = Change::secret(&Thing("a", "red"), "password");
        assert_eq!((secret.old, secret.new.as_deref()), (None, Some("changed")));
    }

    #[test]
    fn a_user_has_the_systems_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\nmail:x:8:8::/var/mail:/bin/false\nbroken\n";
        assert_eq!(name_in(users, 0).as_deref(), Some("root"));
        assert_eq!(name_in(users, 8).as_deref(), Some("mail"));
        assert_eq!(name_in(users, 7), None);
    }
}
