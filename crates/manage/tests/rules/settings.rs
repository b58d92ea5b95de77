//! Texts and numbers that are no good, whoever writes them.

use inhaul_domain::Retention;
use inhaul_store::{Every, NewRetrieval, Remote, RetrievalChange, RetrievalLimits, Security};
use inhaul_types::{KeyPin, Mechanism};

use crate::house::{House, new_retrieval, password, remote, root, told};

#[tokio::test]
async fn what_is_no_good_is_told_at_its_field() {
    let house = House::new().await;
    let good = || new_retrieval("More", house.alice);
    let named = |name: &str| NewRetrieval {
        name: name.into(),
        ..good()
    };
    let at = |remote: Remote| NewRetrieval { remote, ..good() };
    let host = |host: &str| {
        at(Remote {
            host: host.into(),
            ..remote()
        })
    };
    let folder = |folder: &str| NewRetrieval {
        folder: folder.into(),
        ..good()
    };
    let secret = |text: &str| NewRetrieval {
        secret: password(text),
        ..good()
    };
    let long = |most: usize| "é".repeat(most + 1);
    for (new, start) in [
        (named(""), "invalid name: Write something here."),
        (named(" Club"), "invalid name: Take the blanks off"),
        (
            named("Cl\tub"),
            "invalid name: There is a character in it that cannot be shown",
        ),
        (
            named(&long(100)),
            "invalid name: This is too long. There may be 100 characters.",
        ),
        (folder("Club "), "invalid folder: Take the blanks off"),
        (folder(""), "invalid folder: Write something here."),
        (
            folder(&long(200)),
            "invalid folder: This is too long. There may be 200 characters.",
        ),
        (host(""), "invalid host: Write something here."),
        (
            host("pop example"),
            "invalid host: pop example is no server's name.",
        ),
        (
            host("pop.example.net:995"),
            "invalid host: pop.example.net:995 is",
        ),
        (host("https://pop.example.net"), "invalid host: https://"),
        (
            at(Remote {
                port: 0,
                ..remote()
            }),
            "invalid port: Write a port",
        ),
        (
            at(Remote {
                user: "me\r\nDELE 1".into(),
                ..remote()
            }),
            "invalid user: There is a character",
        ),
        (
            at(Remote {
                security: Security::None,
                pin: Some(KeyPin::new([7; KeyPin::LEN])),
                ..remote()
            }),
            "invalid pin: Without encryption",
        ),
        (
            at(Remote {
                sign_in: Some(Mechanism::XOauth2),
                ..remote()
            }),
            "invalid sign_in: ",
        ),
        (secret(""), "invalid password: Enter the password."),
        (
            secret("a\nb"),
            "invalid password: There is a line end in it.",
        ),
        (
            secret(&"x".repeat(1_001)),
            "invalid password: Use 1000 characters at most.",
        ),
        (
            NewRetrieval {
                every: Every::Seconds(0),
                ..good()
            },
            "invalid every: Write at least one minute.",
        ),
        (
            NewRetrieval {
                retention: Retention::DeleteAfter { days: 4_000 },
                ..good()
            },
            "invalid retention: Write 3660 days at most.",
        ),
        (
            NewRetrieval {
                limits: RetrievalLimits {
                    max_messages: Some(0),
                    ..RetrievalLimits::default()
                },
                ..good()
            },
            "invalid limits: 0 would bring nothing.",
        ),
        (
            NewRetrieval {
                owner: Some(house.bob),
                ..good()
            },
            "invalid owner: A mailbox that somebody owns",
        ),
    ] {
        let told = told(house.manage.retrieval_add(&root(), new).await);
        assert!(told.starts_with(start), "{told} / {start}");
    }
    for address in ["2001:db8::1", "192.0.2.1", "pop.bücher.example", "intranet"] {
        let new = NewRetrieval {
            name: address.into(),
            ..host(address)
        };
        let added = house.manage.retrieval_add(&root(), new).await;
        assert!(added.is_ok(), "{address}: {added:?}");
    }
}

#[tokio::test]
async fn a_taken_name_says_nothing_of_who_has_it() {
    let house = House::new().await;
    house.club().await;
    let again = new_retrieval("club", house.bob);
    let again = house.manage.retrieval_add(&house.bob(), again).await;
    assert_eq!(
        told(again),
        "invalid name: The name club is taken by another retrieval. Choose another one."
    );
}

#[tokio::test]
async fn a_change_is_checked_like_something_new() {
    let house = House::new().await;
    let club = house.club().await;
    let nothing = RetrievalChange::default;
    for (change, start) in [
        (
            RetrievalChange {
                name: Some(" ".into()),
                ..nothing()
            },
            "invalid name",
        ),
        (
            RetrievalChange {
                destination: Some((house.alice, "\u{7}".into())),
                ..nothing()
            },
            "invalid folder",
        ),
        (
            RetrievalChange {
                secret: Some(password("")),
                ..nothing()
            },
            "invalid password",
        ),
        (
            RetrievalChange {
                every: Some(Every::Seconds(0)),
                ..nothing()
            },
            "invalid every",
        ),
        (
            RetrievalChange {
                destination: Some((house.bob, "INBOX".into())),
                ..nothing()
            },
            "invalid owner",
        ),
    ] {
        let told = told(house.manage.retrieval_change(&root(), club, change).await);
        assert!(told.starts_with(start), "{told} / {start}");
    }
}
