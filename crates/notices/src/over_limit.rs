//! The words of a notice of mailboxes here that hold more than they may.

use inhaul_domain::notices::Listener;

use crate::notice::{Kind, Mailboxes, Notice, Overfull};
use crate::words::{NAMED, in_words};

/// The subject.
pub(crate) fn subject(notice: &Notice, mailboxes: &Mailboxes) -> String {
    let what = match (mailboxes.reader, &mailboxes.over[..]) {
        (Listener::Owner, _) => "Your mailbox here holds more than its limit".into(),
        (Listener::Admin, [only]) => {
            format!("The mailbox of {} holds more than its limit", only.account)
        }
        (Listener::Admin, all) => {
            format!("{} mailboxes here hold more than their limits", all.len())
        }
    };
    match notice.kind {
        Kind::Reminder => format!("{what}, for {} now", in_words(notice.lasted)),
        _ => what,
    }
}

/// The text, in lines; an empty one parts paragraphs.
pub(crate) fn text(mailboxes: &Mailboxes) -> Vec<String> {
    let mut lines = Vec::new();
    match (mailboxes.reader, &mailboxes.over[..]) {
        (Listener::Owner, [own, ..]) => {
            lines.push(what_happened("Your mailbox here", "you", own));
            lines.push(
                "Mail that comes to you in another way waits on its server until there is room."
                    .into(),
            );
        }
        (Listener::Admin, [only]) => {
            let whose = format!("The mailbox of {}", only.account);
            lines.push(what_happened(&whose, &only.account, only));
        }
        (_, all) => {
            lines.push(format!(
                "{} mailboxes here hold more than their limits. Mail that comes to them through a \
                 catch-all is stored all the same.",
                all.len()
            ));
            lines.push(String::new());
            let named = all.iter().take(NAMED);
            lines.extend(named.map(|one| {
                let (used, limit) = (one.used.in_words(), one.limit.in_words());
                format!("- {}: {used}, limit {limit}", one.account)
            }));
            if all.len() > NAMED {
                lines.push(format!("- and {} more", all.len() - NAMED));
            }
        }
    }
    lines.push(String::new());
    lines.push("What to do".into());
    lines.extend(what_to_do(mailboxes).map(str::to_owned));
    if let Some(until) = mailboxes
        .over
        .iter()
        .filter_map(|one| one.quiet_until)
        .max()
    {
        lines.push(String::new());
        lines.push(format!(
            "There was room and none again several times today. Before {} nothing more is said \
             of it.",
            until.in_words()
        ));
    }
    lines
}

fn what_happened(whose: &str, whom: &str, over: &Overfull) -> String {
    let (used, limit) = (over.used.in_words(), over.limit.in_words());
    let holds = match used == limit {
        true => format!("holds a little more than its limit of {limit}"),
        false => format!("holds {used}, more than its limit of {limit}"),
    };
    let through = match &over.through {
        Some(name) => format!("\"{name}\""),
        None => "a catch-all".into(),
    };
    format!("{whose} {holds}. Mail for {whom} that comes through {through} is stored all the same.")
}

fn what_to_do(mailboxes: &Mailboxes) -> impl Iterator<Item = &'static str> {
    match mailboxes.reader {
        Listener::Owner => [
            "1. Delete messages here that you do not need, or move them out of this mailbox.",
            "2. Or ask whoever keeps this server for a higher limit.",
        ],
        Listener::Admin => [
            "1. Ask whoever reads this mail to delete messages, or to move them elsewhere.",
            "2. Or set a higher limit: of the account, its group and this server the lowest counts.",
        ],
    }
    .into_iter()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use inhaul_types::{Octets, Timestamp};

    use super::*;

    const SINCE: Timestamp = Timestamp::from_millis(1_773_483_726_000);
    const DAY: Duration = Duration::from_secs(86_400);

    fn overfull(account: &str, used: u64) -> Overfull {
        Overfull {
            account: account.into(),
            used: Octets::new(used),
            limit: Octets::new(1_000_000_000),
            through: Some("Firm".into()),
            quiet_until: None,
        }
    }

    fn mailboxes(reader: Listener, over: Vec<Overfull>) -> Mailboxes {
        Mailboxes { reader, over }
    }

    #[test]
    fn an_owner_reads_what_happened_and_what_to_do() {
        let own = mailboxes(Listener::Owner, vec![overfull("ben", 1_240_000_000)]);
        let text = text(&own);
        assert_eq!(
            text[0],
            "Your mailbox here holds 1.2 GB, more than its limit of 1.0 GB. Mail for you that \
             comes through \"Firm\" is stored all the same."
        );
        let text = text.join("\n");
        assert!(text.contains("What to do\n1. Delete messages"), "{text}");
        assert!(text.contains("for a higher limit"), "{text}");
    }

    #[test]
    fn sizes_that_read_alike_are_said_once() {
        let unnamed = Overfull {
            through: None,
            ..overfull("ben", 1_000_000_001)
        };
        assert_eq!(
            text(&mailboxes(Listener::Admin, vec![unnamed]))[0],
            "The mailbox of ben holds a little more than its limit of 1.0 GB. Mail for ben that \
             comes through a catch-all is stored all the same."
        );
    }

    #[test]
    fn a_long_list_of_mailboxes_is_counted() {
        let many = vec![overfull("ben", 1_240_000_000); 62];
        let text = text(&mailboxes(Listener::Admin, many)).join("\n");
        assert!(text.starts_with("62 mailboxes here hold more"), "{text}");
        let last = "- ben: 1.2 GB, limit 1.0 GB\n- and 12 more\n";
        assert!(text.contains(last), "{text}");
    }

    #[test]
    fn what_comes_and_goes_says_that_it_falls_silent() {
        let last = Overfull {
            quiet_until: Some(SINCE.plus(DAY)),
            ..overfull("ben", 1_240_000_000)
        };
        let text = text(&mailboxes(Listener::Owner, vec![last])).join("\n");
        assert!(
            text.contains("Before Sun 15 Mar 10:22 UTC nothing more"),
            "{text}"
        );
    }

    #[test]
    fn a_subject_says_whose_mailbox_it_is() {
        let one = || overfull("ben", 1_240_000_000);
        let rows = [
            (
                Kind::OverLimit,
                mailboxes(Listener::Owner, vec![one()]),
                "Your mailbox here holds more than its limit",
            ),
            (
                Kind::Reminder,
                mailboxes(Listener::Owner, vec![one()]),
                "Your mailbox here holds more than its limit, for 3 days now",
            ),
            (
                Kind::OverLimit,
                mailboxes(Listener::Admin, vec![one()]),
                "The mailbox of ben holds more than its limit",
            ),
            (
                Kind::OverLimit,
                mailboxes(Listener::Admin, vec![one(); 3]),
                "3 mailboxes here hold more than their limits",
            ),
        ];
        for (kind, mailboxes, expected) in rows {
            let notice = Notice {
                id: "1".into(),
                kind,
                at: SINCE.plus(DAY * 3),
                since: SINCE,
                lasted: DAY * 3,
                about: Vec::new(),
                in_trouble: 0,
                is_here: true,
                mailboxes: None,
            };
            assert_eq!(subject(&notice, &mailboxes), expected);
        }
    }
}
