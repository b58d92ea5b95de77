//! What the collected answers say, answer by answer; the answers themselves are in files.

use crate::traces::Asked;

/// The events that matter, of the answers that are worth a look. The first five are our own.
pub(crate) const SENSIBLE: [(&str, Asked, &[&str]); 49] = [
    (
        "example-capa",
        Asked::Capa,
        &["Capabilities TOP, UIDL, SASL PLAIN XOAUTH2, EXPIRENEVER, LOGIN-DELAY 300"],
    ),
    (
        "example-list",
        Asked::List,
        &[
            "ListLine 1 1024",
            "BadListingLine LIST \"2 ten-twenty-four\"",
            "ListLine 3 3072",
            "ListEnd",
        ],
    ),
    (
        "example-uidl",
        Asked::Uidl,
        &[
            "UidlLine 1 \"UID1-1700000000\"",
            "UidlLine 2 \"\"",
            "UidlLine 3 \"UID1-1700000000\"",
            "UidlEnd",
        ],
    ),
    ("example-stat", Asked::Stat, &["Stat 3 4096"]),
    (
        "example-retr",
        Asked::Retr,
        &[
            "BodyStart 1 Whole",
            "BodyChunk \"Subject: a dot\\r\\n.\\r\\n\"",
            "BodyEnd 1",
        ],
    ),
    (
        "comcast-greeting",
        Asked::Nothing,
        &["Greeting \"POP3 ready\" stamp -"],
    ),
    (
        "lang-greeting",
        Asked::Nothing,
        &["Greeting \"POP3 server ready <apop-token@example.com>\" stamp <apop-token@example.com>"],
    ),
    (
        "common-err-greeting",
        Asked::Nothing,
        &["Refused the greeting - \"\""],
    ),
    (
        "exchange-capa",
        Asked::Capa,
        &["Capabilities TOP, UIDL, SASL NTLM GSSAPI PLAIN LOGIN, USER"],
    ),
    (
        "gmail-capa2",
        Asked::Capa,
        &[
            "Capabilities USER, RESP-CODES, PIPELINING, EXPIRE 0, LOGIN-DELAY 300, TOP, UIDL, \
            X-GOOGLE-RICO",
        ],
    ),
    ("gmail-auth", Asked::Pass, &["SignedIn"]),
    ("comcast-err", Asked::Pass, &["Refused PASS - \"\""]),
    ("comcast-stat", Asked::Stat, &["Stat 7 1800662"]),
    ("comcast-stat-error1", Asked::Stat, &["Stat 7 -"]),
    ("comcast-stat-error2", Asked::Stat, &["Stat - 1800662"]),
    ("comcast-stat-error3", Asked::Stat, &["Stat 7 -"]),
    (
        "gmail-list",
        Asked::List,
        &[
            "ListLine 1 1024",
            "ListLine 2 1025",
            "ListLine 3 1026",
            "ListEnd",
        ],
    ),
    (
        "gmail-uidl",
        Asked::Uidl,
        &[
            "UidlLine 1 \"101\"",
            "UidlLine 2 \"102\"",
            "UidlLine 3 \"103\"",
            "UidlEnd",
        ],
    ),
    (
        "gmail-uidl-error1",
        Asked::Uidl,
        &[
            "UidlLine 1 \"101\"",
            "UidlLine 2 \"102\"",
            "UidlLine 3 \"\"",
            "UidlEnd",
        ],
    ),
    (
        "gmail-uidl-error2",
        Asked::Uidl,
        &[
            "UidlLine 1 \"101\"",
            "UidlLine 2 \"102\"",
            "UidlLine 4 \"103\"",
            "UidlEnd",
        ],
    ),
    (
        "gmail-dele123",
        Asked::DeleThree,
        &["Deleted 1", "Deleted 2", "Deleted 3"],
    ),
    ("gmail-quit", Asked::Quit, &["Bye"]),
    (
        "comcast-capa1",
        Asked::Capa,
        &["Capabilities TOP, USER, UIDL, STLS, EXPIRE 31 USER"],
    ),
    (
        "comcast-capa2",
        Asked::Capa,
        &[
            "Capabilities TOP, USER, UIDL, STLS, SASL PLAIN X-ZIMBRA, EXPIRE NEVER, XOIP, IMPLEMENTATION ZimbraInc",
        ],
    ),
    (
        "gmail-capa1",
        Asked::Capa,
        &[
            "Capabilities USER, RESP-CODES, EXPIRE 0, LOGIN-DELAY 300, TOP, UIDL, X-GOOGLE-RICO, SASL PLAIN XOAUTH2",
        ],
    ),
    (
        "lang-capa1",
        Asked::Capa,
        &[
            "Capabilities USER, RESP-CODES, EXPIRE 0, LOGIN-DELAY 300, TOP, UIDL, UTF8 USER, LANG, SASL PLAIN XOAUTH2",
        ],
    ),
    (
        "lang-capa2",
        Asked::Capa,
        &["Capabilities USER, RESP-CODES, PIPELINING, EXPIRE 0, LOGIN-DELAY 300, TOP, UIDL, LANG"],
    ),
    (
        "common-ok-greeting",
        Asked::Nothing,
        &["Greeting \"\" stamp -"],
    ),
    (
        "exchange-greeting",
        Asked::Nothing,
        &["Greeting \"The *WGS* Microsoft Exchange POP3 service is ready.\" stamp -"],
    ),
    (
        "gmail-greeting",
        Asked::Nothing,
        &["Greeting \"Gpop ready for requests from 24.91.170.86 hv19mb95710270qab\" stamp -"],
    ),
    ("comcast-ok", Asked::Pass, &["SignedIn"]),
    ("exchange-auth", Asked::Pass, &["SignedIn"]),
    ("lang-auth", Asked::AuthPlain, &["SignedIn"]),
    ("exchange-plus", Asked::AuthPlain, &[]),
    ("gmail-plus", Asked::AuthPlain, &[]),
    ("lang-utf8", Asked::Utf8, &["Utf8On"]),
    ("gmail-rset", Asked::Rset, &["ResetOk"]),
    ("gmail-stat", Asked::Stat, &["Stat 3 221409"]),
    ("lang-stat", Asked::Stat, &["Stat 3 221409"]),
    ("exchange-stat", Asked::Stat, &["Stat 7 1800662"]),
    (
        "comcast-list",
        Asked::List,
        &[
            "ListLine 1 1024",
            "ListLine 2 2048",
            "ListLine 3 3072",
            "ListLine 4 4096",
            "ListLine 5 5120",
            "ListLine 6 6144",
            "ListLine 7 7168",
            "ListEnd",
        ],
    ),
    (
        "comcast-list-error1",
        Asked::List,
        &[
            "ListLine 1 1024",
            "ListLine 2 2048",
            "ListLine 3 3072",
            "ListLine 4 4096",
            "ListLine 5 5120",
            "ListLine 6 6144",
            "BadListingLine LIST \"7\"",
            "ListEnd",
        ],
    ),
    (
        "comcast-list-error2",
        Asked::List,
        &[
            "ListLine 1 1024",
            "ListLine 2 2048",
            "ListLine 3 3072",
            "ListLine 4 4096",
            "ListLine 5 5120",
            "ListLine 6 6144",
            "ListLine 8 8192",
            "ListEnd",
        ],
    ),
    (
        "comcast-list-error3",
        Asked::List,
        &[
            "ListLine 1 1024",
            "ListLine 2 2048",
            "ListLine 3 3072",
            "ListLine 4 4096",
            "ListLine 5 5120",
            "ListLine 6 6144",
            "BadListingLine LIST \"7 ten-twenty-four\"",
            "ListEnd",
        ],
    ),
    (
        "exchange-uidl",
        Asked::Uidl,
        &[
            "UidlLine 1 \"6499\"",
            "UidlLine 2 \"6500\"",
            "UidlLine 3 \"6501\"",
            "UidlLine 4 \"6502\"",
            "UidlLine 5 \"6503\"",
            "UidlLine 6 \"6504\"",
            "UidlLine 7 \"6505\"",
            "UidlEnd",
        ],
    ),
    ("gmail-dele", Asked::DeleThree, &["Deleted 1"]),
    ("comcast-quit", Asked::Quit, &["Bye"]),
    ("exchange-quit", Asked::Quit, &["Bye"]),
    ("lang-quit", Asked::Quit, &["Bye"]),
];

/// Answers of whole messages: how many octets each has after un-stuffing.
pub(crate) const MESSAGES: [(&str, Asked); 8] = [
    ("example-retr", Asked::Retr),
    ("comcast-retr1", Asked::Retr),
    ("exchange-retr1", Asked::Retr),
    ("gmail-retr1", Asked::Retr),
    ("gmail-retr1-parse-error", Asked::Retr),
    ("gmail-retr123", Asked::RetrThree),
    ("gmail-top", Asked::TopOne),
    ("gmail-top123", Asked::TopThree),
];

/// Answers to what inhaul never asks: `LIST` and `UIDL` of one message, `NOOP`, `LANG`. They are
/// heard as answers to everything else, and must not harm.
pub(crate) const NEVER_ASKED: [&str; 15] = [
    "comcast-list1",
    "comcast-list1-error1",
    "comcast-list1-error2",
    "comcast-list1-error3",
    "gmail-list1",
    "gmail-list2",
    "gmail-list3",
    "gmail-noop",
    "gmail-uidl1",
    "gmail-uidl1-error1",
    "gmail-uidl1-error2",
    "gmail-uidl2",
    "gmail-uidl3",
    "lang-getlang",
    "lang-setlang",
];
