//! Germany, Austria and Switzerland.

use super::{Note, Provider, UserName, at};

pub(super) static ROWS: &[Provider] = &[
    at(
        "GMX",
        "pop.gmx.net",
        &[
            "gmx.net",
            "gmx.de",
            "gmx.at",
            "gmx.ch",
            "gmx.eu",
            "gmx.biz",
            "gmx.org",
            "gmx.info",
            "mein.gmx",
            "mail.gmx",
            "email.gmx",
        ],
    )
    .also(&[".gmx.net", ".gmx.de"])
    .noting(GMX),
    at(
        "GMX.com",
        "pop.gmx.com",
        &[
            "gmx.com",
            "gmx.us",
            "gmx.co.uk",
            "gmx.ca",
            "gmx.es",
            "gmx.fr",
            "gmx.ie",
            "gmx.it",
            "gmx.li",
            "gmx.pt",
            "gmx.se",
            "gmx.sg",
            "gmx.com.br",
            "gmx.com.tr",
        ],
    )
    .also(&[".gmx.com"])
    .noting(GMX),
    at("WEB.DE", "pop3.web.de", &["web.de"])
        .named_by(UserName::LocalPart)
        .also(&[".web.de"])
        .noting(&[
            Note::SwitchOn {
                path: "Einstellungen > POP3/IMAP Abruf",
            },
            Note::PollFloor { seconds: 900 },
        ]),
    at(
        "T-Online",
        "securepop.t-online.de",
        &["t-online.de", "magenta.de"],
    )
    .also(&["popmail.t-online.de", "pop.t-online.de"])
    .noting(&[Note::AppPassword {
        at: "(they call it Passwort für E-Mail-Programme) in their Kundencenter",
    }]),
    at("freenet", "mx.freenet.de", &["freenet.de"])
        .also(&["pop.freenet.de", "pop3.freenet.de"])
        .noting(&[Note::SwitchOn {
            path: "Einstellungen > POP3/IMAP/SMTP > POP3, IMAP und SMTP aktivieren",
        }]),
    at(
        "1&1",
        "pop.1und1.de",
        &[
            "online.de",
            "onlinehome.de",
            "sofortstart.de",
            "sofort-start.de",
            "sofortsurf.de",
            "sofort-surf.de",
            "go4more.de",
        ],
    ),
    at("mailbox.org", "pop3.mailbox.org", &["mailbox.org"]),
    at(
        "Posteo",
        "posteo.de",
        &[
            "posteo.de",
            "posteo.at",
            "posteo.be",
            "posteo.ch",
            "posteo.co.uk",
            "posteo.com",
            "posteo.cz",
            "posteo.dk",
            "posteo.es",
            "posteo.eu",
            "posteo.fi",
            "posteo.gr",
            "posteo.hu",
            "posteo.ie",
            "posteo.it",
            "posteo.jp",
            "posteo.li",
            "posteo.lu",
            "posteo.me",
            "posteo.net",
            "posteo.nl",
            "posteo.no",
            "posteo.org",
            "posteo.pl",
            "posteo.pt",
            "posteo.ro",
            "posteo.se",
            "posteo.si",
            "posteo.uk",
            "posteo.us",
        ],
    ),
    at("Bluewin", "pop3s.bluewin.ch", &["bluewin.ch"])
        .named_by(UserName::Unsaid)
        .also(&["pop.bluewin.ch"]),
    at("Infomaniak", "mail.infomaniak.com", &["ik.me"]),
];

const GMX: &[Note] = &[Note::SwitchOn {
    path: "Settings > POP3 & IMAP",
}];
