//! A notice as JSON, for the web address and the program. The names are stable; `docs/notices.md`
//! lists them. New ones may be added, so readers skip what they do not know.

use inhaul_types::Card;
use serde::Serialize;

use crate::notice::{About, Kind, Notice, Overfull};
use crate::words;

/// Retrievals or mailboxes listed in one document; `count` has them all.
const LISTED: usize = 100;

/// Writes the document, on one line.
pub(crate) fn document(notice: &Notice, server: &str) -> String {
    let only = notice.only();
    let over = notice.mailboxes.as_ref();
    let over = over.map_or(&[][..], |mailboxes| &mailboxes.over);
    let account = match over {
        [only] => Some(only.account.as_str()),
        _ => only.map(|about| about.account.as_str()),
    };
    let document = Document {
        v: 1,
        event: notice.kind.as_str(),
        id: &notice.id,
        at: notice.at.to_string(),
        server,
        subject: words::subject(notice),
        text: words::text(notice).join("\n"),
        host: notice.host(),
        retrieval: only.map(|about| about.name.as_str()),
        account,
        card: notice.card().map(CardDocument::from),
        since: (notice.kind != Kind::Test).then(|| notice.since.to_string()),
        lasted_seconds: (notice.kind != Kind::Test).then_some(notice.lasted.as_secs()),
        messages: (notice.kind == Kind::WorksAgain).then(|| notice.came()),
        in_trouble: notice.in_trouble,
        count: notice.about.len(),
        retrievals: notice.about.iter().take(LISTED).map(Listed::from).collect(),
        mailboxes: over.iter().take(LISTED).map(Mailbox::from).collect(),
    };
    serde_json::to_string(&document).expect("a document of texts and numbers can be written")
}

#[derive(Serialize)]
struct Document<'a> {
    v: u8,
    event: &'static str,
    id: &'a str,
    at: String,
    server: &'a str,
    subject: String,
    text: String,
    host: Option<&'a str>,
    retrieval: Option<&'a str>,
    account: Option<&'a str>,
    card: Option<CardDocument<'a>>,
    since: Option<String>,
    lasted_seconds: Option<u64>,
    messages: Option<u64>,
    in_trouble: usize,
    count: usize,
    retrievals: Vec<Listed<'a>>,
    mailboxes: Vec<Mailbox<'a>>,
}

/// The names are those of the command line's `--json`.
#[derive(Serialize)]
struct CardDocument<'a> {
    code: &'static str,
    title: &'a str,
    what: &'a str,
    r#do: &'a [String],
    next: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<&'a str>,
}

impl<'a> From<&'a Card> for CardDocument<'a> {
    fn from(card: &'a Card) -> Self {
        Self {
            code: card.code.as_str(),
            title: &card.title,
            what: &card.what,
            r#do: &card.todo,
            next: &card.next,
            said: card.said.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Listed<'a> {
    retrieval: &'a str,
    account: &'a str,
    host: &'a str,
    code: Option<&'static str>,
    since: String,
    messages: u64,
}

impl<'a> From<&'a About> for Listed<'a> {
    fn from(about: &'a About) -> Self {
        Self {
            retrieval: &about.name,
            account: &about.account,
            host: &about.host,
            code: about.card.as_ref().map(|card| card.code.as_str()),
            since: about.since.to_string(),
            messages: about.came,
        }
    }
}

#[derive(Serialize)]
struct Mailbox<'a> {
    account: &'a str,
    used_octets: u64,
    limit_octets: u64,
    through: Option<&'a str>,
}

impl<'a> From<&'a Overfull> for Mailbox<'a> {
    fn from(over: &'a Overfull) -> Self {
        Self {
            account: &over.account,
            used_octets: over.used.count(),
            limit_octets: over.limit.count(),
            through: over.through.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use inhaul_types::{ErrorCode, Facts, RetrievalId, Timestamp};
    use serde_json::Value;

    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_773_483_726_000);

    fn about(row: i64) -> About {
        let facts = Facts {
            server: Some("pop.club.example".into()),
            ..Facts::default()
        };
        About {
            retrieval: RetrievalId::new(row),
            name: format!("Club {row}"),
            host: "pop.club.example".into(),
            account: "alice".into(),
            since: AT,
            card: Some(Card::of(ErrorCode::AuthRefused, &facts)),
            came: 41,
            quiet_until: None,
        }
    }

    fn read(kind: Kind, about: Vec<About>) -> Value {
        let notice = Notice {
            id: "7".into(),
            kind,
            at: AT,
            since: AT,
            lasted: Duration::from_secs(90),
            in_trouble: about.len(),
            about,
            is_here: false,
            mailboxes: None,
        };
        serde_json::from_str(&document(&notice, "mail.home.example")).unwrap()
    }

    #[test]
    fn the_names_of_a_document_are_stable() {
        let found = read(Kind::NeedsYou, vec![about(1)]);
        let names: Vec<_> = found
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut expected = [
            "v",
            "event",
            "id",
            "at",
            "server",
            "subject",
            "text",
            "host",
            "retrieval",
            "account",
            "card",
            "since",
            "lasted_seconds",
            "messages",
            "in_trouble",
            "count",
            "retrievals",
            "mailboxes",
        ];
        // Whoever reads them finds them in the documentation.
        let page = include_str!("../../../docs/notices.md");
        for name in expected {
            assert!(page.contains(&format!("\n| `{name}` |")), "{name}");
        }
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(found["v"], 1);
        assert_eq!(found["event"], "needs-you");
        assert_eq!(found["retrieval"], "Club 1");
        assert_eq!(found["account"], "alice");
        assert_eq!(found["card"]["code"], "auth-refused");
        assert_eq!(found["since"], "2026-03-14T10:22:06Z");
        assert_eq!(found["messages"], Value::Null);
        assert_eq!(found["retrievals"][0]["code"], "auth-refused");
    }

    #[test]
    fn what_is_about_many_names_a_host_and_no_retrieval() {
        let found = read(Kind::Failing, (0..150).map(about).collect());
        assert_eq!(found["retrieval"], Value::Null);
        assert_eq!(found["host"], "pop.club.example");
        assert_eq!(found["count"], 150);
        assert_eq!(found["retrievals"].as_array().unwrap().len(), LISTED);
    }

    #[test]
    fn a_test_is_about_nothing() {
        let found = read(Kind::Test, vec![]);
        assert_eq!(
            (&found["event"], &found["since"]),
            (&"test".into(), &Value::Null)
        );
    }
}
