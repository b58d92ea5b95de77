//! The words of a notice: a subject, and a text whose body is the error card.
//!
//! Plain text, no layout that needs a fixed width. The text is a list of paragraphs and lines;
//! `message` folds it.

use std::time::Duration;

use inhaul_types::Card;

use crate::notice::{About, Kind, Notice};
use crate::over_limit;

/// Names of retrievals or mailboxes in one notice; the rest is counted.
pub(crate) const NAMED: usize = 50;

/// The subject, or the headline where there is none.
pub(crate) fn subject(notice: &Notice) -> String {
    if let Some(mailboxes) = &notice.mailboxes {
        return over_limit::subject(notice, mailboxes);
    }
    let lasted = in_words(notice.lasted);
    match (notice.kind, notice.only()) {
        (Kind::Failing | Kind::NeedsYou, Some(only)) => {
            format!("{}: mail has stopped{}", only.name, reason(only))
        }
        (Kind::Failing | Kind::NeedsYou, None) => {
            format!("{} ({})", headline(notice), retrievals(notice.count()))
        }
        (Kind::Reminder, Some(only)) => {
            format!("{}: no mail for {lasted}{}", only.name, reason(only))
        }
        (Kind::Reminder, None) => {
            format!(
                "No mail for {lasted}: {} ({})",
                headline(notice),
                retrievals(notice.count())
            )
        }
        (Kind::WorksAgain, Some(only)) => format!("{} works again after {lasted}", only.name),
        (Kind::WorksAgain, None) => {
            let who = notice.host().unwrap_or("Mail");
            format!(
                "{who} works again after {lasted} ({})",
                retrievals(notice.count())
            )
        }
        (Kind::Offline, _) => "This server has no internet connection".into(),
        (Kind::Online, _) => format!("This server is back on the internet after {lasted}"),
        (Kind::OverLimit, _) => "A mailbox here holds more than it may".into(),
        (Kind::Test, _) => "A test: notices arrive here".into(),
    }
}

/// The text, in lines; an empty one parts paragraphs.
pub(crate) fn text(notice: &Notice) -> Vec<String> {
    if let Some(mailboxes) = &notice.mailboxes {
        return over_limit::text(mailboxes);
    }
    let mut lines = Vec::new();
    match notice.kind {
        Kind::Failing | Kind::NeedsYou | Kind::Reminder => trouble(&mut lines, notice),
        Kind::WorksAgain => works_again(&mut lines, notice),
        Kind::Offline => lines.push(format!(
            "This server has had no internet connection since {}. No retrieval can be checked. \
             Checks continue when it is back, and nothing of this counts as a failure.",
            notice.since.in_words()
        )),
        Kind::Online => lines.push(format!(
            "This server is back on the internet after {}. Checks continue.",
            in_words(notice.lasted)
        )),
        Kind::OverLimit => {}
        Kind::Test => lines
            .push("Somebody asked this server for a test of its notices. Nothing is wrong.".into()),
    }
    let quiet = notice
        .about
        .iter()
        .filter_map(|about| about.quiet_until)
        .max();
    if let Some(until) = quiet {
        lines.push(String::new());
        lines.push(format!(
            "It has stopped and worked again several times today. Before {} nothing more is said \
             of it; the list of retrievals always shows how it is.",
            until.in_words()
        ));
    }
    lines
}

fn trouble(lines: &mut Vec<String>, notice: &Notice) {
    if let Some(card) = notice.card() {
        lines.push(format!("{}.", card.title));
        lines.push(card.what.clone());
    }
    lines.push(format!(
        "No mail has come in this way since {}.",
        notice.since.in_words()
    ));
    if notice.only().is_none() {
        named(lines, notice, "No mail comes to");
    }
    if let Some(card) = notice.card() {
        what_to_do(lines, card);
    }
}

fn what_to_do(lines: &mut Vec<String>, card: &Card) {
    lines.push(String::new());
    lines.push("What to do".into());
    for (number, step) in (1..).zip(&card.todo) {
        lines.push(format!("{number}. {step}"));
    }
    lines.push(String::new());
    lines.push(card.next.clone());
    if let Some(said) = &card.said {
        lines.push(String::new());
        lines.push(format!("The server said: {said}"));
    }
    lines.push(String::new());
    lines.push(format!("`inhaul explain {}` says more.", card.code));
}

fn works_again(lines: &mut Vec<String>, notice: &Notice) {
    lines.push(format!("{}. {}", subject(notice), came(notice.came())));
    if notice.only().is_none() {
        named(lines, notice, "Mail comes again to");
    }
    if notice.in_trouble > 0 {
        lines.push(String::new());
        lines.push(format!(
            "{} there still without mail.",
            are(notice.in_trouble)
        ));
    }
}

fn named(lines: &mut Vec<String>, notice: &Notice, what: &str) {
    lines.push(String::new());
    lines.push(format!("{what}:"));
    for about in notice.about.iter().take(NAMED) {
        lines.push(format!("- {} ({})", about.name, about.account));
    }
    let named = notice.about.len().min(NAMED);
    if notice.count() > named {
        lines.push(format!("- and {} more", notice.count() - named));
    }
}

fn headline(notice: &Notice) -> &str {
    match (notice.card(), notice.host()) {
        (Some(card), _) => &card.title,
        (None, Some(host)) => host,
        (None, None) => "Mail has stopped",
    }
}

/// ` (refuses the password)`: the card's headline without the server's name.
fn reason(about: &About) -> String {
    let Some(card) = &about.card else {
        return String::new();
    };
    let behind = card.title.strip_prefix(about.host.as_str());
    match behind.and_then(|behind| behind.strip_prefix(' ')) {
        Some(behind) => format!(" ({behind})"),
        None => format!(" ({})", lower_first(&card.title)),
    }
}

/// "POP is ..." stays, "The program ..." does not.
fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

fn retrievals(count: usize) -> String {
    match count {
        1 => "1 retrieval".into(),
        _ => format!("{count} retrievals"),
    }
}

fn are(count: usize) -> String {
    match count {
        1 => "1 retrieval is".into(),
        _ => format!("{count} retrievals are"),
    }
}

fn came(count: u64) -> String {
    match count {
        0 => "No new message came in.".into(),
        1 => "1 message came in.".into(),
        _ => format!("{count} messages came in."),
    }
}

/// A span in its largest unit, rounded down: "3 days".
pub(crate) fn in_words(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    let (count, unit) = match minutes {
        0 => return "less than a minute".into(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    }
}

#[cfg(test)]
mod tests {
    use inhaul_types::{ErrorCode, Facts, RetrievalId, Timestamp};

    use super::*;

    const SINCE: Timestamp = Timestamp::from_millis(1_773_483_726_000);
    const DAY: Duration = Duration::from_secs(86_400);

    fn about(name: &str, host: &str, code: ErrorCode) -> About {
        let facts = Facts {
            server: Some(host.into()),
            retrieval: Some(name.into()),
            ..Facts::default()
        };
        About {
            retrieval: RetrievalId::new(1),
            name: name.into(),
            host: host.into(),
            account: "alice".into(),
            since: SINCE,
            card: Some(Card::of(code, &facts)),
            came: 41,
            quiet_until: None,
        }
    }

    fn notice(kind: Kind, about: Vec<About>) -> Notice {
        Notice {
            id: "1".into(),
            kind,
            at: SINCE.plus(DAY * 3),
            since: SINCE,
            lasted: DAY * 3,
            in_trouble: if kind == Kind::WorksAgain {
                0
            } else {
                about.len()
            },
            about,
            is_here: false,
            mailboxes: None,
        }
    }

    #[test]
    fn a_subject_says_what_stopped_and_why() {
        let club = || about("Club", "pop.club.example", ErrorCode::AuthRefused);
        let firm = || about("Firm", "pop.firm.example", ErrorCode::NoAnswer);
        let rows = [
            (
                notice(Kind::NeedsYou, vec![club()]),
                "Club: mail has stopped (refuses the password)",
            ),
            (
                notice(Kind::Reminder, vec![club()]),
                "Club: no mail for 3 days (refuses the password)",
            ),
            (
                notice(Kind::WorksAgain, vec![club()]),
                "Club works again after 3 days",
            ),
            (
                notice(Kind::Failing, vec![firm(); 7]),
                "pop.firm.example does not answer (7 retrievals)",
            ),
            (
                notice(Kind::Reminder, vec![firm(); 7]),
                "No mail for 3 days: pop.firm.example does not answer (7 retrievals)",
            ),
            (
                notice(Kind::WorksAgain, vec![firm(); 7]),
                "pop.firm.example works again after 3 days (7 retrievals)",
            ),
            (
                notice(Kind::Offline, vec![]),
                "This server has no internet connection",
            ),
            (
                notice(Kind::Online, vec![]),
                "This server is back on the internet after 3 days",
            ),
        ];
        for (notice, expected) in rows {
            assert_eq!(subject(&notice), expected);
        }
        let switched_off = about("Club", "pop.club.example", ErrorCode::PopSwitchedOff);
        assert_eq!(
            subject(&notice(Kind::NeedsYou, vec![switched_off])),
            "Club: mail has stopped (POP is switched off for this mailbox)"
        );
    }

    #[test]
    fn a_recovery_says_how_much_came_in() {
        let club = about("Club", "pop.club.example", ErrorCode::AuthRefused);
        for (count, said) in [
            (41, "41 messages came in."),
            (1, "1 message came in."),
            (0, "No new message came in."),
        ] {
            let about = About {
                came: count,
                ..club.clone()
            };
            let text = text(&notice(Kind::WorksAgain, vec![about]));
            assert_eq!(text, [format!("Club works again after 3 days. {said}")]);
        }
    }

    #[test]
    fn the_text_is_the_error_card() {
        let club = about("Club", "pop.club.example", ErrorCode::AuthRefused);
        let card = club.card.clone().unwrap();
        let text = text(&notice(Kind::NeedsYou, vec![club])).join("\n");
        assert!(
            text.starts_with("pop.club.example refuses the password.\n"),
            "{text}"
        );
        assert!(text.contains("since Sat 14 Mar 10:22 UTC"), "{text}");
        for part in card.todo.iter().chain([&card.what, &card.next]) {
            assert!(text.contains(part.as_str()), "{part}\n{text}");
        }
    }

    #[test]
    fn a_long_list_is_counted() {
        let firm = about("Firm", "pop.firm.example", ErrorCode::NoAnswer);
        let text = text(&notice(Kind::Failing, vec![firm; 62])).join("\n");
        assert!(text.contains("- Firm (alice)\n- and 12 more\n"), "{text}");
    }

    #[test]
    fn what_comes_and_goes_says_that_it_falls_silent() {
        let mut club = about("Club", "pop.club.example", ErrorCode::NoAnswer);
        club.quiet_until = Some(SINCE.plus(DAY));
        let text = text(&notice(Kind::Failing, vec![club])).join("\n");
        assert!(
            text.contains("Before Sun 15 Mar 10:22 UTC nothing more is said"),
            "{text}"
        );
    }
}
