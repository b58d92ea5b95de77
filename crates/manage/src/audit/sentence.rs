//! A change in words, as pages and commands list it.

use inhaul_store::NewAudit;

/// A change as a line of the audit: `changed group Staff: limits message=25MB -> message=50MB`.
pub fn sentence(change: &NewAudit) -> String {
    let mut text = format!("{} {}", change.action, change.object);
    let value = |value: &Option<String>| match value.as_deref() {
        None | Some("") => "nothing".to_owned(),
        Some(value) => value.to_owned(),
    };
    match (&change.old, &change.new) {
        (None, None) => {}
        (None, Some(new)) if change.object.contains(": ") => text.push_str(&format!(" {new}")),
        (None, Some(new)) => text.push_str(&format!(": {new}")),
        (Some(old), None) => text.push_str(&format!(", which was: {old}")),
        (Some(_), Some(new)) if change.action == "renamed" => {
            text.push_str(&format!(" to {new}"));
        }
        (old, new) => text.push_str(&format!(" {} -> {}", value(old), value(new))),
    }
    text
}

#[cfg(test)]
mod tests {
    use inhaul_types::Timestamp;

    use super::*;

    #[test]
    fn a_change_reads_as_a_sentence() {
        let change = |action: &str, object: &str, old: Option<&str>, new: Option<&str>| NewAudit {
            at: Timestamp::from_millis(0),
            actor: "root".into(),
            account: None,
            channel: "command line".into(),
            action: action.into(),
            object: object.into(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        };
        for (change, text) in [
            (
                change(
                    "changed",
                    "group Staff: limits",
                    Some(""),
                    Some("message=50MB"),
                ),
                "changed group Staff: limits nothing -> message=50MB",
            ),
            (
                change("changed", "retrieval Club: password", None, Some("changed")),
                "changed retrieval Club: password changed",
            ),
            (
                change("added", "account anna", None, Some("group Everyone")),
                "added account anna: group Everyone",
            ),
            (
                change("removed", "account anna", Some("group Everyone"), None),
                "removed account anna, which was: group Everyone",
            ),
            (
                change(
                    "renamed",
                    "account anna",
                    Some("account anna"),
                    Some("account ana"),
                ),
                "renamed account anna to account ana",
            ),
            (change("made", "backup", None, None), "made backup"),
        ] {
            assert_eq!(sentence(&change), text);
        }
    }
}
