//! What is known of large providers: their names, and how they want programs to sign in.
//!
//! Only what a card or a guess needs, and only what the providers say themselves. A provider that
//! is not here is called by its server's name.

/// A provider that people know by a name.
#[derive(Debug, Eq, PartialEq)]
pub struct Provider {
    /// What people call it.
    pub name: &'static str,
    /// What passwords are good for.
    pub passwords: Passwords,
    /// Where an app password is made: completes "Create an app password".
    pub(super) app_password_at: Option<&'static str>,
    /// Where POP is switched on: completes "On Gmail:".
    pub(super) pop_switch: Option<&'static str>,
    /// Names of its POP3 servers; a leading dot stands for all names below.
    hosts: &'static [&'static str],
}

/// What a password is good for at a provider.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Passwords {
    /// The one that people have works in programs too.
    Work,
    /// Programs need one of their own.
    AppOnly,
    /// Programs may not use any.
    Never,
}

impl Provider {
    /// The provider whose server this is.
    pub fn of_host(host: &str) -> Option<&'static Self> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let is_here = |name: &str| match name.strip_prefix('.') {
            Some(domain) => host == domain || host.ends_with(name),
            None => host == name,
        };
        ALL.iter()
            .find(|provider| provider.hosts.iter().any(|name| is_here(name)))
    }
}

static ALL: &[Provider] = &[
    Provider {
        name: "Gmail",
        passwords: Passwords::AppOnly,
        app_password_at: Some("at https://myaccount.google.com/apppasswords"),
        pop_switch: Some("Settings > Forwarding and POP/IMAP > Enable POP for all mail"),
        hosts: &[".gmail.com", ".googlemail.com"],
    },
    Provider {
        name: "Microsoft",
        passwords: Passwords::Never,
        app_password_at: None,
        pop_switch: Some("Settings > Mail > Forwarding and IMAP > Let devices and apps use POP"),
        hosts: &[
            ".office365.com",
            ".outlook.com",
            ".hotmail.com",
            ".live.com",
        ],
    },
    Provider {
        name: "Yahoo",
        passwords: Passwords::AppOnly,
        app_password_at: Some("at https://login.yahoo.com/account/security"),
        pop_switch: None,
        hosts: &[".mail.yahoo.com", ".mail.yahoo.co.uk"],
    },
    Provider {
        name: "AOL",
        passwords: Passwords::AppOnly,
        app_password_at: Some("at https://login.aol.com/account/security"),
        pop_switch: None,
        hosts: &[".aol.com"],
    },
    Provider {
        name: "Fastmail",
        passwords: Passwords::AppOnly,
        app_password_at: Some("on their website under Settings > Privacy & Security"),
        pop_switch: None,
        hosts: &[".fastmail.com"],
    },
    Provider {
        name: "GMX",
        passwords: Passwords::Work,
        app_password_at: None,
        pop_switch: Some("Settings > POP3 & IMAP"),
        hosts: &[".gmx.net", ".gmx.com", ".gmx.de"],
    },
    Provider {
        name: "WEB.DE",
        passwords: Passwords::Work,
        app_password_at: None,
        pop_switch: Some("Einstellungen > POP3/IMAP Abruf"),
        hosts: &[".web.de"],
    },
    Provider {
        name: "Yandex",
        passwords: Passwords::AppOnly,
        app_password_at: Some("at https://id.yandex.com/security/app-passwords"),
        pop_switch: Some("Settings > Email clients > POP3"),
        hosts: &[".yandex.com", ".yandex.ru"],
    },
    Provider {
        name: "Mail.ru",
        passwords: Passwords::AppOnly,
        app_password_at: Some("on their website under Security > Passwords for external apps"),
        pop_switch: None,
        hosts: &[".mail.ru"],
    },
    Provider {
        name: "QQ Mail",
        passwords: Passwords::AppOnly,
        app_password_at: Some("(an authorization code) on their website under Settings > Account"),
        pop_switch: Some("Settings > Account > POP3/IMAP/SMTP"),
        hosts: &["pop.qq.com"],
    },
    Provider {
        name: "NetEase",
        passwords: Passwords::AppOnly,
        app_password_at: Some(
            "(an authorization code) on their website under Settings > POP3/SMTP/IMAP",
        ),
        pop_switch: Some("Settings > POP3/SMTP/IMAP"),
        hosts: &["pop.163.com", "pop.126.com", "pop.yeah.net"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_known_by_its_server() {
        for (host, name) in [
            ("pop.gmail.com", Some("Gmail")),
            ("POP.Gmail.com.", Some("Gmail")),
            ("outlook.office365.com", Some("Microsoft")),
            ("pop-mail.outlook.com", Some("Microsoft")),
            ("pop.mail.yahoo.com", Some("Yahoo")),
            ("pop.notgmail.com", None),
            ("gmail.com.example.org", None),
            ("mail.example.org", None),
            ("", None),
        ] {
            let provider = Provider::of_host(host);
            assert_eq!(provider.map(|provider| provider.name), name, "{host}");
        }
    }
}
