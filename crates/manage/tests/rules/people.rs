//! What people may decide about their own retrievals.

use inhaul_domain::{LedgerState, LeftOutReason, Retention};
use inhaul_manage::SWITCHED_OFF;
use inhaul_store::{
    CatchAllSettings, GroupChange, LedgerChange, Limits, NewRetrieval, Remote, RemoteSecret,
    RetrievalChange, Routing, Security, Store, UsersMay, ledger_number,
};
use inhaul_types::{KeyPin, Octets, RetrievalId};

use crate::house::{House, new_retrieval, password, remote, root, told};

/// A group that lets people do exactly this.
fn may(users_may: UsersMay) -> GroupChange {
    GroupChange {
        users_may: Some(users_may),
        ..GroupChange::default()
    }
}

const EVERYTHING: UsersMay = UsersMay {
    edit: true,
    delete_remote: true,
    plain: true,
    pin_certificate: true,
    private_networks: true,
};

fn retention(retention: Retention) -> RetrievalChange {
    RetrievalChange {
        retention: Some(retention),
        ..RetrievalChange::default()
    }
}

fn way(remote: Remote) -> RetrievalChange {
    RetrievalChange {
        remote: Some(remote),
        secret: Some(password("again")),
        ..RetrievalChange::default()
    }
}

#[tokio::test]
async fn what_a_person_adds_is_theirs_and_confined() {
    let house = House::new().await;
    let new = NewRetrieval {
        owner: Some(house.bob),
        confined: false,
        ..new_retrieval("Club", house.alice)
    };
    let id = house.manage.retrieval_add(&house.alice(), new).await;
    let club = house.store.retrieval_by_id(id.unwrap()).await.unwrap();
    assert_eq!(
        (club.owner, club.account, club.confined),
        (Some(house.alice), house.alice, true)
    );
    let work = house.store.retrieval_by_id(house.work().await).await;
    let work = work.unwrap();
    assert_eq!((work.owner, work.confined), (None, false));
}

#[tokio::test]
async fn without_the_right_to_edit_nothing_is_changed() {
    let house = House::new().await;
    let (manage, alice) = (&house.manage, house.alice());
    let club = house.club().await;
    house.let_everyone(may(UsersMay::NOTHING)).await;
    let words = format!("not allowed: {SWITCHED_OFF}");
    let new = new_retrieval("More", house.alice);
    assert_eq!(told(manage.retrieval_add(&alice, new).await), words);
    let change = manage.retrieval_change(&alice, club, retention(Retention::Keep));
    assert_eq!(told(change.await), words);
    assert_eq!(told(manage.pause(&alice, club).await), words);
    assert_eq!(told(manage.resume(&alice, club).await), words);
    assert_eq!(told(manage.retrieval_remove(&alice, club).await), words);
    assert!(manage.retrieval(&alice, club).await.is_ok());
    assert_eq!(told(manage.pause(&root(), club).await), "done: ()");
}

#[tokio::test]
async fn what_an_administrator_looks_after_is_seen_and_not_changed() {
    let house = House::new().await;
    let (manage, alice) = (&house.manage, house.alice());
    let work = house.work().await;
    let words = "not allowed: An administrator looks after this mailbox. Ask one to change it.";
    assert!(manage.retrieval(&alice, work).await.is_ok());
    let change = manage.retrieval_change(&alice, work, retention(Retention::Delete));
    assert_eq!(told(change.await), words);
    assert_eq!(told(manage.pause(&alice, work).await), words);
    assert_eq!(told(manage.resume(&alice, work).await), words);
    assert_eq!(told(manage.retrieval_remove(&alice, work).await), words);
}

#[tokio::test]
async fn remote_copies_are_deleted_where_the_group_lets_them_and_not_earlier() {
    let off = format!("not allowed in retention: {SWITCHED_OFF}");
    let early = "not allowed in retention: Your group lets messages be deleted there 3 days after \
                 they were stored here, not earlier."
        .to_owned();
    let done = "done: ()".to_owned();
    let after = |days| Retention::DeleteAfter { days };
    for (name, may_delete, min, asked, answer) in [
        ("off", false, None, Retention::Delete, &off),
        ("off, later", false, None, after(14), &off),
        ("off, staying", false, None, Retention::Keep, &done),
        ("at once", true, None, Retention::Delete, &done),
        ("too early", true, Some(3), Retention::Delete, &early),
        ("two days", true, Some(3), after(2), &early),
        ("three days", true, Some(3), after(3), &done),
        ("staying", true, Some(3), Retention::Keep, &done),
    ] {
        let house = House::new().await;
        let club = house.club().await;
        let limits = Limits {
            delete_after_min_days: min,
            ..Limits::default()
        };
        house
            .let_everyone(GroupChange {
                limits: Some(limits),
                ..may(UsersMay {
                    delete_remote: may_delete,
                    ..EVERYTHING
                })
            })
            .await;
        let changed = house
            .manage
            .retrieval_change(&house.alice(), club, retention(asked))
            .await;
        assert_eq!(&told(changed), answer, "{name}: changed");
        let new = NewRetrieval {
            retention: asked,
            ..new_retrieval("More", house.alice)
        };
        let added = house.manage.retrieval_add(&house.alice(), new).await;
        let added = told(added.map(|_| ()));
        assert_eq!(&added, answer, "{name}: added");
        let change = house
            .manage
            .retrieval_change(&root(), club, retention(Retention::Delete))
            .await;
        assert_eq!(told(change), done, "{name}: an administrator");
    }
}

#[tokio::test]
async fn what_is_deleted_at_one_mailbox_is_not_deleted_at_another_without_the_right() {
    let house = House::new().await;
    let (manage, alice) = (&house.manage, house.alice());
    let club = house.club().await;
    let delete = retention(Retention::Delete);
    manage.retrieval_change(&alice, club, delete).await.unwrap();
    let nothing = UsersMay {
        delete_remote: false,
        ..EVERYTHING
    };
    house.let_everyone(may(nothing)).await;
    let renamed = RetrievalChange {
        name: Some("Rowing".into()),
        // What a form says again is no change.
        retention: Some(Retention::Delete),
        ..RetrievalChange::default()
    };
    manage
        .retrieval_change(&alice, club, renamed)
        .await
        .unwrap();
    let elsewhere = way(Remote {
        user: "somebody".into(),
        ..remote()
    });
    let elsewhere = manage.retrieval_change(&alice, club, elsewhere).await;
    let words = format!("not allowed in retention: {SWITCHED_OFF}");
    assert_eq!(told(elsewhere), words);
}

#[tokio::test]
async fn a_way_to_a_server_needs_the_groups_word() {
    let plain = Remote {
        security: Security::None,
        port: 110,
        ..remote()
    };
    let pinned = Remote {
        pin: Some(KeyPin::new([7; KeyPin::LEN])),
        ..remote()
    };
    let private = Remote {
        host: "10.0.0.1".into(),
        ..remote()
    };
    let file = Remote {
        ca_file: Some("/etc/ca.pem".into()),
        ..remote()
    };
    let own = |host: &str| Remote {
        host: host.into(),
        ..remote()
    };
    let off = |field: &str| format!("not allowed in {field}: {SWITCHED_OFF}");
    let here = "invalid host: That is this server itself. A retrieval from here to here would go \
                round in circles."
        .to_owned();
    let done = "done: ()".to_owned();
    let address = "not allowed in host: 10.0.0.1 is an address of a private network, not a public \
                   address. An administrator can save this retrieval."
        .to_owned();
    let files =
        "not allowed in ca_file: Only an administrator may name files and programs of this server."
            .to_owned();
    for (name, remote, without, with) in [
        ("plain", plain, off("security"), done.clone()),
        ("pin", pinned, off("pin"), done.clone()),
        ("private address", private, address, done.clone()),
        ("file", file, files.clone(), files),
        (
            "this server's name",
            own("Mail.Example.org"),
            here.clone(),
            here.clone(),
        ),
        (
            "this server's listener",
            own("203.0.113.5"),
            here.clone(),
            here,
        ),
        (
            "another server",
            own("pop.other.example"),
            done.clone(),
            done.clone(),
        ),
    ] {
        for (rights, answer) in [(UsersMay::default(), without), (EVERYTHING, with)] {
            let house = House::new().await;
            house.let_everyone(may(rights)).await;
            let new = NewRetrieval {
                remote: remote.clone(),
                ..new_retrieval("More", house.alice)
            };
            let added = house
                .manage
                .retrieval_add(&house.alice(), new.clone())
                .await;
            let added = told(added.map(|_| ()));
            assert_eq!(added, answer, "{name}: added");
            let club = NewRetrieval {
                name: "Club".into(),
                remote: crate::house::remote(),
                ..new.clone()
            };
            let club = house
                .manage
                .retrieval_add(&house.alice(), club)
                .await
                .unwrap();
            let changed = house
                .manage
                .retrieval_change(&house.alice(), club, way(remote.clone()))
                .await;
            assert_eq!(told(changed), answer, "{name}: changed");
            let by_root = NewRetrieval {
                name: "By root".into(),
                ..new
            };
            let added = house.manage.retrieval_add(&root(), by_root).await;
            assert!(added.is_ok(), "{name}: an administrator");
        }
    }
}

#[tokio::test]
async fn what_an_administrator_allowed_stays_when_something_else_is_changed() {
    let house = House::new().await;
    let (manage, alice) = (&house.manage, house.alice());
    let private = Remote {
        host: "10.0.0.1".into(),
        ca_file: Some("/etc/ca.pem".into()),
        pin: Some(KeyPin::new([7; KeyPin::LEN])),
        ..remote()
    };
    let new = NewRetrieval {
        remote: private.clone(),
        owner: Some(house.alice),
        ..new_retrieval("NAS", house.alice)
    };
    let nas = manage.retrieval_add(&root(), new).await.unwrap();
    let again = RetrievalChange {
        name: Some("Box".into()),
        remote: Some(private.clone()),
        ..RetrievalChange::default()
    };
    manage.retrieval_change(&alice, nas, again).await.unwrap();
    assert!(!house.store.retrieval_by_id(nas).await.unwrap().confined);
    // Another name there is another way, and hers.
    let user = way(Remote {
        user: "other".into(),
        ..private.clone()
    });
    manage.retrieval_change(&alice, nas, user).await.unwrap();
    assert!(house.store.retrieval_by_id(nas).await.unwrap().confined);
    // An administrator who saves it as it is frees it again.
    let saved = RetrievalChange {
        remote: Some(Remote {
            user: "other".into(),
            ..private
        }),
        ..RetrievalChange::default()
    };
    manage.retrieval_change(&root(), nas, saved).await.unwrap();
    assert!(!house.store.retrieval_by_id(nas).await.unwrap().confined);
}

#[tokio::test]
async fn programs_files_and_catch_alls_are_not_for_people() {
    let house = House::new().await;
    let (manage, alice) = (&house.manage, house.alice());
    let club = house.club().await;
    let words = "not allowed in password: Only an administrator may name files and programs of this server.";
    for secret in [
        RemoteSecret::Command(vec!["id".into()]),
        RemoteSecret::Token(vec!["id".into()]),
        RemoteSecret::File {
            path: "/etc/shadow".into(),
            seen: None,
        },
    ] {
        let new = NewRetrieval {
            secret: secret.clone(),
            ..new_retrieval("More", house.alice)
        };
        assert_eq!(told(manage.retrieval_add(&alice, new).await), words);
        let change = RetrievalChange {
            secret: Some(secret),
            ..RetrievalChange::default()
        };
        assert_eq!(
            told(manage.retrieval_change(&alice, club, change).await),
            words
        );
    }
    let words = "not allowed: Only an administrator may share mail out among accounts.";
    let routing = Routing::CatchAll(CatchAllSettings::default());
    let new = NewRetrieval {
        routing,
        ..new_retrieval("More", house.alice)
    };
    assert_eq!(told(manage.retrieval_add(&alice, new).await), words);
    let given = RetrievalChange {
        owner: Some(None),
        ..RetrievalChange::default()
    };
    assert_eq!(
        told(manage.retrieval_change(&alice, club, given).await),
        "not allowed: Only an administrator may give a mailbox to somebody else."
    );
}

#[tokio::test]
async fn a_person_has_as_many_retrievals_as_there_are_places() {
    let house = House::new().await;
    let (manage, alice) = (&house.manage, house.alice());
    let limits = Limits {
        retrievals: Some(2),
        ..Limits::default()
    };
    house
        .let_everyone(GroupChange {
            limits: Some(limits),
            ..GroupChange::default()
        })
        .await;
    house.club().await;
    let rights = manage.rights(&alice).await.unwrap();
    assert_eq!(rights.places_words().unwrap(), "1 of 2 mailboxes used.");
    house.work().await;
    let more = manage.retrieval_add(&alice, new_retrieval("More", house.alice));
    assert_eq!(
        told(more.await),
        "not allowed: 2 of 2 mailboxes used. Remove one that you do not need any more, or ask an \
         administrator for more."
    );
    let by_root = manage
        .retrieval_add(&root(), new_retrieval("More", house.alice))
        .await;
    assert!(by_root.is_ok());
    let of_root = manage.rights(&root()).await.unwrap();
    assert_eq!(of_root.places_words(), None);
}

#[tokio::test]
async fn another_way_needs_the_password_again_whoever_asks() {
    let house = House::new().await;
    let club: RetrievalId = house.club().await;
    let words = "invalid password: Enter the password again: it would be sent to another server or \
                 for another name.";
    for (name, remote, again) in [
        ("the same", remote(), false),
        (
            "letter case",
            Remote {
                host: "POP.example.NET".into(),
                ..remote()
            },
            false,
        ),
        (
            "host",
            Remote {
                host: "pop.evil.example".into(),
                ..remote()
            },
            true,
        ),
        (
            "port",
            Remote {
                port: 1995,
                ..remote()
            },
            true,
        ),
        (
            "protection",
            Remote {
                security: Security::StartTls,
                ..remote()
            },
            true,
        ),
        (
            "user",
            Remote {
                user: "other".into(),
                ..remote()
            },
            true,
        ),
    ] {
        for actor in [house.alice(), root()] {
            let change = RetrievalChange {
                remote: Some(remote.clone()),
                ..RetrievalChange::default()
            };
            let told = told(house.manage.retrieval_change(&actor, club, change).await);
            let answer = if again { words } else { "done: ()" };
            assert_eq!(told, answer, "{name} {}", actor.name);
        }
    }
}

#[tokio::test]
async fn a_key_is_not_trusted_at_another_server() {
    let house = House::new().await;
    let pinned = Remote {
        pin: Some(KeyPin::new([7; KeyPin::LEN])),
        ..remote()
    };
    let new = NewRetrieval {
        remote: pinned.clone(),
        ..new_retrieval("Work", house.alice)
    };
    let work = house.manage.retrieval_add(&root(), new).await.unwrap();
    let moved = way(Remote {
        host: "pop.other.example".into(),
        ..pinned
    });
    house
        .manage
        .retrieval_change(&root(), work, moved)
        .await
        .unwrap();
    let work = house.store.retrieval_by_id(work).await.unwrap();
    assert_eq!(
        (work.remote.host.as_str(), work.remote.pin),
        ("pop.other.example", None)
    );
}

#[tokio::test]
async fn who_paused_it_is_known() {
    let house = House::new().await;
    let club = house.club().await;
    let paused_by = async || house.store.retrieval_by_id(club).await.unwrap().paused_by;
    house.manage.pause(&house.alice(), club).await.unwrap();
    house.manage.pause(&root(), club).await.unwrap();
    assert_eq!(paused_by().await.as_deref(), Some("alice"));
    house.manage.resume(&root(), club).await.unwrap();
    assert_eq!(paused_by().await, None);
    let paused = RetrievalChange {
        paused: Some(true),
        paused_by: Some("somebody else".into()),
        ..RetrievalChange::default()
    };
    let changed = house.manage.retrieval_change(&root(), club, paused).await;
    changed.unwrap();
    assert_eq!(paused_by().await.as_deref(), Some("root"));
}

#[tokio::test]
async fn a_line_that_an_administrator_left_open_stays_so_at_its_server() {
    let house = House::new().await;
    let (manage, alice) = (&house.manage, house.alice());
    let plain = Remote {
        security: Security::None,
        ..remote()
    };
    let new = NewRetrieval {
        remote: plain.clone(),
        owner: Some(house.alice),
        ..new_retrieval("Old", house.alice)
    };
    let old = manage.retrieval_add(&root(), new).await.unwrap();
    let user = way(Remote {
        user: "other".into(),
        ..plain.clone()
    });
    let user = manage.retrieval_change(&alice, old, user).await;
    assert_eq!(told(user), "done: ()");
    let elsewhere = way(Remote {
        host: "pop.other.example".into(),
        ..plain
    });
    let elsewhere = manage.retrieval_change(&alice, old, elsewhere).await;
    let words = format!("not allowed in security: {SWITCHED_OFF}");
    assert_eq!(told(elsewhere), words);
}

#[tokio::test]
async fn what_was_left_on_its_server_is_brought_for_whoever_may_change_the_retrieval() {
    let house = House::new().await;
    let club = house.club().await;
    let maildrop = house.store.retrieval_by_id(club).await.unwrap().maildrop;
    let leave = LedgerChange::Leave {
        unique_id: None,
        listed_size: Some(Octets::new(72_000_000)),
        reason: LeftOutReason::TooLarge,
        detail: "larger than 50 MB".into(),
    };
    house
        .store
        .ledger_apply(maildrop, vec![leave])
        .await
        .unwrap();
    let state = async || {
        let ledger = house.store.ledger_load(maildrop).await.unwrap();
        let row = ledger.iter().next().unwrap();
        (ledger_number(row.id), row.state)
    };
    let (number, _) = state().await;
    let (alice, bob) = (house.alice(), house.bob());
    let bring = |actor, number| house.manage.bring_once(actor, club, number);
    assert!(bring(&bob, number).await.is_err(), "bob sees none of it");
    assert!(bring(&alice, number + 1).await.is_err(), "no such message");
    for _ in 0..2 {
        bring(&alice, number).await.unwrap();
        let ordered = LedgerState::LeftOut(LeftOutReason::Ordered);
        assert_eq!(state().await, (number, ordered));
    }
}
