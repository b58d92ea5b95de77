//! Takes down who changed what by command. What is compared, and in which words, is
//! `inhaul_manage::audit`'s.
//!
//! A change that was made stays made where it cannot be taken down: whoever made it is told.

use inhaul_manage::{Actor, Authority, audit};
use inhaul_store::Store;

use super::output::complain;
use crate::caller;

pub(crate) use inhaul_manage::audit::Change;

/// Takes the changes down: made now, by whoever typed the command.
pub(crate) async fn take_down(store: &dyn Store, changes: impl IntoIterator<Item = Change>) {
    let actor = Actor {
        name: actor(),
        account: None,
        channel: CHANNEL.into(),
        authority: Authority::Administrator,
    };
    for change in changes {
        let at = crate::clock::clock()();
        if let Err(error) = audit::take_down(store, &actor, at, [change]).await {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_systems_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\nmail:x:8:8::/var/mail:/bin/false\nbroken\n";
        assert_eq!(name_in(users, 0).as_deref(), Some("root"));
        assert_eq!(name_in(users, 8).as_deref(), Some("mail"));
        assert_eq!(name_in(users, 7), None);
    }
}
