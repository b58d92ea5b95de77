//! What every row must be, and whose an address or a server is.

use std::collections::HashSet;

use super::*;

#[test]
fn every_name_of_the_table_is_one_that_dns_can_hold() {
    for provider in all() {
        let names = provider.domains.iter().chain(provider.hosts);
        let server = provider.server.iter().map(|server| &server.host);
        for name in names.chain(server) {
            let bare = name.strip_prefix('.').unwrap_or(name);
            assert_eq!(ascii_domain(bare).as_deref(), Ok(bare), "{name}");
        }
    }
}

#[test]
fn no_domain_and_no_server_belongs_to_two() {
    let mut domains = HashSet::new();
    let mut hosts = HashSet::new();
    let mut names = HashSet::new();
    for provider in all() {
        assert!(names.insert(provider.name), "{}", provider.name);
        for domain in provider.domains {
            assert!(domains.insert(*domain), "{domain}");
            let bare = domain.strip_prefix('.').unwrap_or(domain);
            assert_eq!(of_domain(bare), Some(provider), "{domain}");
        }
        if let Some(server) = provider.server {
            assert!(hosts.insert(server.host), "{}", server.host);
            assert_eq!(of_host(server.host), Some(provider), "{}", server.host);
        }
        for host in provider.hosts {
            assert!(hosts.insert(*host), "{host}");
            let bare = host.strip_prefix('.').unwrap_or(host);
            assert_eq!(of_host(bare), Some(provider), "{host}");
        }
    }
    assert!(names.len() >= 60, "{}", names.len());
}

#[test]
fn every_row_can_be_found_and_has_a_server_or_says_that_there_is_none() {
    for provider in all() {
        let name = provider.name;
        assert!(!name.is_empty() && name.trim() == name);
        let has_none = provider.notes.contains(&Note::Pop3NotOffered);
        assert_eq!(has_none, provider.server.is_none(), "{name}");
        let by_domain = !provider.domains.is_empty();
        assert!(by_domain || provider.server.is_some(), "{name}");
        if let Some(server) = provider.server {
            let port = match server.encryption {
                Encryption::Tls => 995,
                Encryption::Stls => 110,
            };
            assert_eq!(server.port, port, "{name}");
        }
    }
}

#[test]
fn every_note_has_words_that_make_a_sentence() {
    for provider in all() {
        for note in provider.notes {
            let (name, sentence) = (provider.name, note.sentence(provider.name));
            assert!(sentence.ends_with('.'), "{name}: {sentence}");
            assert!(sentence.contains(name), "{name}: {sentence}");
            for slip in ["  ", "..", " .", "!", "please", "{"] {
                assert!(!sentence.contains(slip), "{name}: {sentence}");
            }
            match note {
                Note::SwitchOn { path } => assert!(path.len() > 5, "{name}"),
                Note::AppPassword { at } => {
                    let begins = ["at https://", "on their ", "in ", "("];
                    assert!(begins.iter().any(|word| at.starts_with(word)), "{at}");
                }
                Note::PollFloor { seconds } => assert!(*seconds >= 60, "{name}"),
                Note::NotPossible | Note::Pop3NotOffered => {}
            }
        }
    }
}

#[test]
fn a_provider_is_known_by_the_domain_of_an_address() {
    for (domain, name) in [
        ("gmail.com", Some("Gmail")),
        ("GoogleMail.com.", Some("Gmail")),
        ("gmx.at", Some("GMX")),
        ("gmx.com", Some("GMX.com")),
        ("hotmail.co.uk", Some("Microsoft")),
        ("tampabay.rr.com", Some("Spectrum (Roadrunner)")),
        ("rr.com", Some("Spectrum (Roadrunner)")),
        ("icloud.com", Some("iCloud Mail")),
        ("notgmail.com", None),
        ("mail.gmail.com", None),
        ("xrr.com", None),
        ("gmail.com.example.org", None),
        ("bücher.example", None),
        ("example.org", None),
        ("", None),
        ("@", None),
    ] {
        let provider = of_domain(domain);
        assert_eq!(provider.map(|provider| provider.name), name, "{domain}");
    }
}

#[test]
fn a_provider_is_known_by_its_server() {
    for (host, name) in [
        ("pop.gmail.com", Some("Gmail")),
        ("POP.Gmail.com.", Some("Gmail")),
        ("outlook.office365.com", Some("Microsoft")),
        ("pop-mail.outlook.com", Some("Microsoft")),
        ("pop.mail.yahoo.com", Some("Yahoo")),
        ("pop.ionos.fr", Some("IONOS")),
        ("pop.notgmail.com", None),
        ("gmail.com.example.org", None),
        ("mail.example.org", None),
        ("", None),
    ] {
        let provider = of_host(host);
        assert_eq!(provider.map(|provider| provider.name), name, "{host}");
    }
}

#[test]
fn the_name_to_sign_in_with_is_what_the_server_takes() {
    for (user, address, name) in [
        (UserName::Address, "alice@web.example", "alice@web.example"),
        (UserName::Unsaid, "alice@web.example", "alice@web.example"),
        (UserName::LocalPart, "alice@web.example", "alice"),
        (UserName::LocalPart, "\"a@b\"@web.example", "\"a@b\""),
        (UserName::LocalPart, "alice", "alice"),
    ] {
        assert_eq!(user.of(address), name, "{address}");
    }
}

#[test]
fn what_a_password_is_good_for_follows_from_the_notes() {
    for (domain, passwords) in [
        ("gmail.com", Passwords::AppOnly),
        ("outlook.com", Passwords::Never),
        ("gmx.net", Passwords::Work),
        ("posteo.de", Passwords::Work),
    ] {
        assert_eq!(
            of_domain(domain).map(Provider::passwords),
            Some(passwords),
            "{domain}"
        );
    }
}

#[test]
fn a_card_hears_where_things_are_on_the_providers_website() {
    let gmail = for_cards("pop.gmail.com").unwrap();
    assert_eq!(gmail.name, "Gmail");
    assert_eq!(
        gmail.app_password_at,
        Some("at https://myaccount.google.com/apppasswords")
    );
    assert_eq!(
        gmail.pop_switch,
        Some("Settings > Forwarding and POP/IMAP > Enable POP for all mail")
    );
    assert_eq!(for_cards("pop.example.org"), None);
}
