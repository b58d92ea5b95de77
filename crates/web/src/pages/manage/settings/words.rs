//! The sections of the configuration for people: their headings, and a line of help.

/// Word in the file, heading, help; in the order of the page.
pub(super) const SECTIONS: [(&str, &str, &str); 11] = [
    (
        "server",
        "Address",
        "Where this server is found, and how people's browsers reach it.",
    ),
    (
        "checks",
        "Checks",
        "How often mailboxes are checked, how many at the same time, and when not.",
    ),
    (
        "detect",
        "Finding settings",
        "Where the server of a mail address is looked for.",
    ),
    (
        "storage",
        "Storage",
        "Where mail is kept, how long the history of runs, and how much room must stay free.",
    ),
    (
        "notify",
        "Notices",
        "Who is told when a retrieval starts failing, needs someone, or works again.",
    ),
    ("pop3", "POP3", "For people's own mail programs."),
    ("imap", "IMAP", "For people's own mail programs."),
    ("tls", "Encryption", "Whose certificates are believed."),
    ("log", "Log", "What is written down, and where."),
    (
        "ops",
        "Monitoring",
        "Where health and metrics are asked for.",
    ),
    ("metrics", "Metrics", "What they tell."),
];

/// Section, key, and what the key is called for people.
const LABELS: [(&str, &str, &str); 54] = [
    ("server", "listen", "Pages are served at"),
    ("server", "public_url", "Address that people type"),
    ("server", "tls_cert", "HTTPS certificate"),
    ("server", "tls_key", "HTTPS key"),
    ("server", "trusted_proxies", "Proxies that are believed"),
    ("server", "control", "Control socket"),
    ("checks", "every", "A mailbox is checked every"),
    ("checks", "every_min", "Automatic: at the shortest every"),
    ("checks", "every_max", "Automatic: at the longest every"),
    ("checks", "floor", "Never more often than every"),
    ("checks", "jitter", "At random more or less"),
    ("checks", "backoff_max", "After failures at least every"),
    ("checks", "at_once", "Checks at the same time"),
    ("checks", "at_once_per_server", "Of them at one server"),
    ("checks", "queue", "Checks that may wait"),
    ("checks", "memory", "Memory for mail on its way"),
    ("checks", "connect_timeout", "Wait for a connection"),
    ("checks", "read_timeout", "Wait for an answer"),
    ("checks", "run_timeout", "Longest run"),
    ("checks", "batch", "Messages in one session"),
    ("checks", "user_ports", "Ports that people may name"),
    ("checks", "quiet_hours", "Quiet hours"),
    ("detect", "srv", "Ask DNS (SRV records)"),
    ("detect", "autoconfig", "Ask the domain (autoconfig)"),
    ("detect", "mozilla", "Ask Mozilla's list"),
    ("storage", "data", "Data directory"),
    ("storage", "secret_key", "Key that seals passwords"),
    ("storage", "database", "Database"),
    ("storage", "keep_history", "Keep run history for"),
    ("storage", "warn_free", "Warn when less is free than"),
    (
        "storage",
        "stop_free",
        "Bring no mail when less is free than",
    ),
    ("notify", "owner_inbox", "Message in the owner's inbox"),
    ("notify", "admin", "Message in the inbox of"),
    ("notify", "webhook", "Web address (JSON)"),
    ("notify", "program", "Program"),
    ("notify", "heartbeat", "Address to ping while all is well"),
    ("pop3", "listen", "Listens at"),
    ("pop3", "listen_tls", "Listens with TLS at"),
    ("pop3", "login_wait", "A sign-in waits for new mail"),
    ("pop3", "connections", "Connections at the same time"),
    (
        "pop3",
        "connections_per_address",
        "Of them from one address",
    ),
    ("pop3", "idle", "A silent connection ends after"),
    ("pop3", "proxy_protocol", "Proxies that name the client"),
    ("imap", "listen", "Listens at"),
    ("imap", "listen_tls", "Listens with TLS at"),
    ("tls", "minimum", "Oldest TLS version"),
    ("tls", "ca_file", "Certificates that are trusted"),
    ("log", "level", "Level"),
    ("log", "format", "Format"),
    ("log", "output", "Written to"),
    ("log", "facility", "Syslog facility"),
    ("ops", "listen", "Listens at"),
    ("metrics", "enabled", "Metrics are served"),
    ("metrics", "allow", "Who may ask for them"),
];

/// What a key is called; its own word where we have none.
pub(super) fn label(section: &str, key: &str) -> Option<&'static str> {
    let found = LABELS
        .iter()
        .find(|(of, word, _)| (*of, *word) == (section, key));
    found.map(|(_, _, label)| *label)
}

/// A value of a TOML file without the file's marks: `"10m"` is 10m, `true` is yes. What is more
/// than a word or a list of words stays as it is written.
pub(super) fn plain(value: &str) -> String {
    match value {
        "true" => return "yes".to_owned(),
        "false" => return "no".to_owned(),
        "[]" => return "none".to_owned(),
        _ => {}
    }
    let inside = |open, close| value.strip_prefix(open)?.strip_suffix(close);
    match inside('[', ']') {
        Some(list) => {
            let words: Option<Vec<_>> = list.split(", ").map(unquoted).collect();
            words.map_or_else(|| value.to_owned(), |words| words.join(", "))
        }
        None => unquoted(value).unwrap_or(value).to_owned(),
    }
}

/// A TOML string that needs no escapes.
fn unquoted(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('"')?.strip_suffix('"')?;
    (!inside.is_empty() && !inside.contains(['"', '\\'])).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_without_the_marks_of_the_file() {
        for (written, shown) in [
            ("\"10m\"", "10m"),
            ("200", "200"),
            ("true", "yes"),
            ("[]", "none"),
            (
                "[\"23:00-06:00\", \"12:00-13:00\"]",
                "23:00-06:00, 12:00-13:00",
            ),
            ("[110, 995]", "[110, 995]"),
            ("\"\"", "\"\""),
            ("\"a\\\\b\"", "\"a\\\\b\""),
            ("{ file = \"/etc/key\" }", "{ file = \"/etc/key\" }"),
        ] {
            assert_eq!(plain(written), shown);
        }
    }
}
