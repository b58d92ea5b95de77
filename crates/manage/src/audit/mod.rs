//! Who changed what: what stood before and what stands after are compared field by field, in words;
//! a secret is only ever "changed". Pages, API and commands write the same rows. Start at [`Change`].

mod fields;
mod sentence;

use inhaul_store::{NewAudit, Store, StoreError};
use inhaul_types::Timestamp;

use crate::Actor;

pub use sentence::sentence;

/// A field's name and what it says, in words.
pub type Fields = Vec<(&'static str, String)>;

/// Something that is changed by commands.
pub trait Audited {
    /// What it is and its name: `retrieval Club`.
    fn object(&self) -> String;
    /// What it says, field by field.
    fn fields(&self) -> Fields;
}

/// One change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    action: &'static str,
    object: String,
    old: Option<String>,
    new: Option<String>,
}

impl Change {
    /// Something else than a change of fields: `made` `backup` `/srv/b.tar`.
    pub fn of(action: &'static str, object: impl Into<String>) -> Self {
        Self {
            action,
            object: object.into(),
            old: None,
            new: None,
        }
    }

    /// With what came of it.
    pub fn now(self, new: impl Into<String>) -> Self {
        Self {
            new: Some(new.into()),
            ..self
        }
    }

    /// It is there now.
    pub fn added(what: &impl Audited) -> Self {
        Self::of("added", what.object()).now(summary(&what.fields()))
    }

    /// It is not there any more.
    pub fn removed(what: &impl Audited) -> Self {
        Self {
            old: Some(summary(&what.fields())),
            ..Self::of("removed", what.object())
        }
    }

    /// Each field that says something else.
    pub fn between<T: Audited>(before: &T, after: &T) -> Vec<Self> {
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

    /// A field of it that is not among its own has another value now.
    pub fn field(of: &impl Audited, field: &str, old: String, new: String) -> Self {
        let object = format!("{}: {field}", of.object());
        Self {
            old: Some(old),
            ..Self::of("changed", object).now(new)
        }
    }

    /// A secret of it has another value now, whichever.
    pub fn secret(of: &impl Audited, field: &str) -> Self {
        let object = format!("{}: {field}", of.object());
        Self::of("changed", object).now(NewAudit::CHANGED)
    }
}

/// Takes the changes down: made at this time by this actor.
pub async fn take_down(
    store: &dyn Store,
    actor: &Actor,
    at: Timestamp,
    changes: impl IntoIterator<Item = Change>,
) -> Result<(), StoreError> {
    for change in changes {
        let Change {
            action,
            object,
            old,
            new,
        } = change;
        let audit = NewAudit {
            at,
            actor: actor.name.clone(),
            account: actor.account,
            channel: actor.channel.clone(),
            action: action.into(),
            object,
            old,
            new,
        };
        store.records().audit_add(audit).await?;
    }
    Ok(())
}

/// What is worth a line of its own at the beginning and the end.
fn summary(fields: &Fields) -> String {
    let said = fields.iter().filter(|(_, value)| !value.is_empty());
    let said: Vec<String> = said
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    said.join(", ")
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
}
