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
