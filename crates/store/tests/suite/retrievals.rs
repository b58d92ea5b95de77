//! Retrievals and the maildrops they read.

use inhaul_domain::Retention;
use inhaul_store::{
    AccountChange, EVERYONE, Every, GroupChange, Limits, NewRetrieval, Remote, RemoteSecret,
    RetrievalChange, RetrievalLimits, RunEnd, Security, SignInMemory, Store, StoreError, Written,
};
use inhaul_types::{
    AccountId, ErrorCode, KeyPin, Mechanism, Octets, RetrievalId, Secret, Timestamp,
};

use super::{Bed, Scene, begin, new_account, new_retrieval, remote, run_end};

pub(crate) async fn a_retrieval_comes_back_as_it_was_made(bed: &impl Bed) {
    let store = bed.open().await;
    let account = store.account_create(new_account("alice")).await.unwrap();
    let written = Written {
        at: "inhaul.toml:12".into(),
        paused: true,
    };
    let new = NewRetrieval {
        name: "club".into(),
        remote: Remote {
            port: 110,
            security: Security::StartTls,
            ca_file: Some("/etc/ca.pem".into()),
            pin: Some(KeyPin::new([7; KeyPin::LEN])),
            sign_in: Some(Mechanism::Apop),
            ..remote("Pop.Example.NET", "recent:alice")
        },
        owner: Some(account),
        folder: "inbox".into(),
        every: Every::Auto,
        retention: Retention::DeleteAfter { days: 14 },
        first_run_keeps: true,
        paused: true,
        sign_in_memory: Some(SignInMemory::Worked(Mechanism::Apop)),
        limits: RetrievalLimits {
            max_messages: Some(100),
            max_octets: Some(Octets::new(9_000_000_000)),
            largest: Some(Octets::new(50_000_000)),
            reconnect: true,
        },
        confined: true,
        written_at: Some(written.clone()),
        ..new_retrieval("", account)
    };
    let id = store.retrieval_create(new.clone()).await.unwrap();
    let made = store.retrieval_by_name("club").await.unwrap();
    assert_eq!(
        (made.id, &made.remote, made.owner),
        (id, &new.remote, new.owner)
    );
    assert_eq!(
        (made.account, made.account_name.as_str()),
        (account, "alice")
    );
    assert_eq!(made.sign_in_memory, new.sign_in_memory);
    assert_eq!(made.folder_name, "INBOX", "whatever the case");
    assert_eq!(
        (
            made.limits,
            made.confined,
            made.first_run_keeps,
            &made.written_at
        ),
        (new.limits, true, true, &new.written_at)
    );
    assert_eq!(
        (made.every, made.retention, made.paused),
        (new.every, new.retention, true)
    );
    assert_eq!(
        (made.failures, made.last_good, made.last_error),
        (0, None, None)
    );
    assert_eq!(store.retrieval_list().await.unwrap().len(), 1);
    let taken = store
        .retrieval_create(new_retrieval("Club", account))
        .await
        .unwrap_err();
    assert!(
        matches!(
            taken,
            StoreError::Exists {
                what: "retrieval",
                ..
            }
        ),
        "{taken:?}"
    );
    let nobody = store
        .retrieval_create(new_retrieval("x", AccountId::new(77)))
        .await
        .unwrap_err();
    assert!(
        matches!(
            nobody,
            StoreError::Missing {
                what: "account",
                ..
            }
        ),
        "{nobody:?}"
    );
}

pub(crate) async fn a_secret_comes_back_and_can_be_changed(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let id = scene.retrieval.id;
    let open = async |store: &dyn Store| match store.retrieval_secret(id).await.unwrap() {
        RemoteSecret::Stored(secret) => secret.expose().to_owned(),
        RemoteSecret::Command(words) => words.join("|"),
        RemoteSecret::Token(words) => format!("token {}", words.join("|")),
        RemoteSecret::File { path, seen } => {
            let seen = seen.as_ref().map_or("", Secret::expose);
            format!("{} {seen}", path.display())
        }
    };
    assert_eq!(open(&scene.store).await, "open sesame");
    for (new, seen) in [
        (RemoteSecret::Stored(Secret::new("other".into())), "other"),
        (
            RemoteSecret::Command(vec!["pass".into(), "show me".into()]),
            "pass|show me",
        ),
        (
            RemoteSecret::Token(vec!["oauth".into(), "alice".into()]),
            "token oauth|alice",
        ),
        (
            RemoteSecret::File {
                path: "/run/secrets/isp".into(),
                seen: Some(Secret::new("ab12".into())),
            },
            "/run/secrets/isp ab12",
        ),
    ] {
        let change = RetrievalChange {
            secret: Some(new),
            ..RetrievalChange::default()
        };
        scene.store.retrieval_change(id, change).await.unwrap();
        scene = scene.reopen(bed).await;
        assert_eq!(open(&scene.store).await, seen);
    }
    let missing = scene
        .store
        .retrieval_secret(RetrievalId::new(77))
        .await
        .unwrap_err();
    assert!(
        matches!(
            missing,
            StoreError::Missing {
                what: "retrieval",
                ..
            }
        ),
        "{missing:?}"
    );
}

pub(crate) async fn how_to_sign_in_is_remembered_for_this_way_in_only(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let id = scene.retrieval.id;
    let secret = || Some(RemoteSecret::Stored(Secret::new("other".into())));
    let elsewhere = |remote: Remote| RetrievalChange {
        remote: Some(remote),
        ..RetrievalChange::default()
    };
    for (memory, code) in [
        (SignInMemory::Worked(Mechanism::ScramSha256), None),
        (
            SignInMemory::Worked(Mechanism::User),
            Some(ErrorCode::MailboxInUse),
        ),
        (
            SignInMemory::Refused(Mechanism::CramMd5),
            Some(ErrorCode::AuthRefused),
        ),
    ] {
        for (change, remains) in [
            (
                RetrievalChange {
                    every: Some(Every::Never),
                    ..RetrievalChange::default()
                },
                true,
            ),
            (
                RetrievalChange {
                    secret: secret(),
                    ..RetrievalChange::default()
                },
                false,
            ),
            (elsewhere(remote("pop.example.net", "bob")), false),
            (
                elsewhere(Remote {
                    sign_in: Some(Mechanism::Plain),
                    ..remote("pop.example.net", "alice")
                }),
                false,
            ),
        ] {
            let end = RunEnd {
                code,
                sign_in_memory: Some(memory),
                ..run_end(begin(&scene.store, &scene.retrieval).await)
            };
            let maildrop = scene
                .store
                .retrieval_by_name("work")
                .await
                .unwrap()
                .maildrop;
            scene
                .store
                .run_finish(maildrop, end, Vec::new())
                .await
                .unwrap();
            scene = scene.reopen(bed).await;
            let remembered = async |store: &dyn Store| {
                store
                    .retrieval_by_name("work")
                    .await
                    .unwrap()
                    .sign_in_memory
            };
            assert_eq!(remembered(&scene.store).await, Some(memory));
            scene.store.retrieval_change(id, change).await.unwrap();
            let expected = remains.then_some(memory);
            assert_eq!(remembered(&scene.store).await, expected, "{memory:?}");
        }
    }
}

pub(crate) async fn a_change_changes_what_it_names(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let limits = RetrievalLimits {
        max_messages: Some(100),
        ..RetrievalLimits::default()
    };
    let written = Written {
        at: "inhaul.toml:12".into(),
        paused: false,
    };
    let change = RetrievalChange {
        name: Some("home".into()),
        every: Some(Every::Never),
        retention: Some(Retention::Delete),
        paused: Some(true),
        limits: Some(limits),
        confined: Some(true),
        owner: Some(Some(scene.retrieval.account)),
        written_at: Some(Some(written.clone())),
        ..RetrievalChange::default()
    };
    scene
        .store
        .retrieval_change(scene.retrieval.id, change)
        .await
        .unwrap();
    let home = scene.store.retrieval_by_name("home").await.unwrap();
    assert_eq!(
        (home.every, home.retention, home.paused),
        (Every::Never, Retention::Delete, true)
    );
    assert_eq!(home.remote, scene.retrieval.remote);
    assert_eq!((home.limits, home.confined), (limits, true));
    assert_eq!(home.written_at, Some(written));
    assert_eq!(home.owner, Some(scene.retrieval.account));
    let in_no_file = RetrievalChange {
        owner: Some(None),
        written_at: Some(None),
        ..RetrievalChange::default()
    };
    scene
        .store
        .retrieval_change(home.id, in_no_file)
        .await
        .unwrap();
    let home = scene.store.retrieval_by_name("home").await.unwrap();
    assert_eq!((home.written_at, home.limits), (None, limits));
    assert_eq!(home.owner, None);
    assert_eq!(
        (home.maildrop, home.folder),
        (scene.retrieval.maildrop, scene.inbox)
    );
    let unknown = scene
        .store
        .retrieval_change(RetrievalId::new(77), RetrievalChange::default());
    assert!(matches!(
        unknown.await,
        Err(StoreError::Missing {
            what: "retrieval",
            ..
        })
    ));
}

pub(crate) async fn the_same_remote_and_destination_adopts_the_ledger(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    scene.commit_one("a", b"one").await;
    let mut again = new_retrieval("again", scene.account);
    again.remote = Remote {
        port: 110,
        security: Security::None,
        ..remote("POP.Example.net", "alice")
    };
    scene.store.retrieval_create(again).await.unwrap();
    let again = scene.store.retrieval_by_name("again").await.unwrap();
    assert_eq!(again.maildrop, scene.retrieval.maildrop);
    assert_eq!(
        scene.store.ledger_load(again.maildrop).await.unwrap().len(),
        1
    );
    // Users are not host names: another case is another user.
    let mut other = new_retrieval("other", scene.account);
    other.remote.user = "Alice".into();
    scene.store.retrieval_create(other).await.unwrap();
    let other = scene.store.retrieval_by_name("other").await.unwrap();
    assert_ne!(other.maildrop, scene.retrieval.maildrop);
}

pub(crate) async fn a_change_back_to_a_known_maildrop_adopts_it(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    scene.commit_one("a", b"one").await;
    let mut second = new_retrieval("second", scene.account);
    second.remote.user = "bob".into();
    let second = scene.store.retrieval_create(second).await.unwrap();
    let to_alice = RetrievalChange {
        remote: Some(remote("pop.example.net", "alice")),
        ..RetrievalChange::default()
    };
    scene
        .store
        .retrieval_change(second, to_alice)
        .await
        .unwrap();
    let maildrop = scene
        .store
        .retrieval_by_name("second")
        .await
        .unwrap()
        .maildrop;
    assert_eq!(maildrop, scene.retrieval.maildrop);
    // Both read it now: one that goes elsewhere does not take the ledger along.
    let to_carol = RetrievalChange {
        remote: Some(remote("pop.example.net", "carol")),
        ..RetrievalChange::default()
    };
    scene
        .store
        .retrieval_change(second, to_carol)
        .await
        .unwrap();
    let carols = scene
        .store
        .retrieval_by_name("second")
        .await
        .unwrap()
        .maildrop;
    assert_ne!(carols, maildrop);
    assert_eq!(scene.store.ledger_load(maildrop).await.unwrap().len(), 1);
    assert!(scene.store.ledger_load(carols).await.unwrap().is_empty());
}

pub(crate) async fn another_destination_keeps_what_was_brought(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    scene.commit_one("a", b"one").await;
    let destination = Some((scene.account, "Archive".to_owned()));
    let change = RetrievalChange {
        destination,
        ..RetrievalChange::default()
    };
    scene
        .store
        .retrieval_change(scene.retrieval.id, change)
        .await
        .unwrap();
    let moved = scene.store.retrieval_by_name("work").await.unwrap();
    assert_eq!(moved.folder_name, "Archive");
    let ledger = scene.store.ledger_load(moved.maildrop).await.unwrap();
    let epochs: Vec<_> = ledger.iter().map(|row| row.epoch).collect();
    assert_eq!(epochs, [inhaul_domain::RowEpoch::Present]);
}

pub(crate) async fn a_removed_retrieval_is_adopted_by_the_next_of_its_kind(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    scene.commit_one("a", b"brought").await;
    let Scene {
        store, retrieval, ..
    } = &scene;
    store
        .run_finish(retrieval.maildrop, run_end(scene.run), vec![])
        .await
        .unwrap();
    store.retrieval_remove(retrieval.id).await.unwrap();
    for missing in [
        store.retrieval_by_name("work").await.map(drop).unwrap_err(),
        store.retrieval_remove(retrieval.id).await.unwrap_err(),
        store
            .retrieval_secret(retrieval.id)
            .await
            .map(drop)
            .unwrap_err(),
    ] {
        assert!(
            matches!(
                missing,
                StoreError::Missing {
                    what: "retrieval",
                    ..
                }
            ),
            "{missing:?}"
        );
    }
    assert_eq!(scene.inbox_messages().await.len(), 1);
    assert_eq!(scene.inbox_messages().await[0].retrieval, None);
    assert_eq!(
        store.run_by_id(scene.run).await.unwrap().retrieval,
        retrieval.id
    );
    store
        .retrieval_create(new_retrieval("again", scene.account))
        .await
        .unwrap();
    let again = store.retrieval_by_name("again").await.unwrap();
    assert_ne!(again.id, retrieval.id);
    assert_eq!(again.maildrop, retrieval.maildrop);
    assert_eq!(store.ledger_load(again.maildrop).await.unwrap().len(), 1);
}

pub(crate) async fn people_make_no_more_retrievals_than_their_limit(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let own = |name: &str| NewRetrieval {
        owner: Some(alice),
        folder: name.into(),
        ..new_retrieval(name, alice)
    };
    let at_most = |retrievals| {
        Some(Limits {
            retrievals,
            ..Limits::default()
        })
    };
    let group = async |retrievals| {
        let everyone = store.group_by_name(EVERYONE).await.unwrap().id;
        let change = GroupChange {
            limits: at_most(retrievals),
            ..GroupChange::default()
        };
        store.group_change(everyone, change).await.unwrap();
    };
    let account = async |retrievals| {
        let change = AccountChange {
            limits: at_most(retrievals),
            ..AccountChange::default()
        };
        store.account_change(alice, change).await.unwrap();
    };
    let refused = async |name: &str, allowed: u64| {
        let error = store.retrieval_create(own(name)).await.unwrap_err();
        let StoreError::LimitReached {
            limit,
            most,
            account,
        } = &error
        else {
            panic!("{error:?}")
        };
        assert_eq!(
            (*limit, *most, account.as_str()),
            ("retrievals", allowed, "alice")
        );
        assert!(store.retrieval_by_name(name).await.is_err());
    };
    store.retrieval_create(own("free")).await.unwrap();
    group(Some(2)).await;
    store.retrieval_create(own("second")).await.unwrap();
    refused("third", 2).await;
    // The tightest limit counts.
    account(Some(9)).await;
    refused("third", 2).await;
    group(Some(9)).await;
    account(Some(1)).await;
    refused("third", 1).await;
    // An administrator's retrieval for the account is not refused, and counts.
    account(Some(3)).await;
    store
        .retrieval_create(new_retrieval("third", alice))
        .await
        .unwrap();
    refused("fourth", 3).await;
    account(None).await;
    store.retrieval_create(own("fourth")).await.unwrap();
}

pub(crate) async fn whoever_pauses_it_is_remembered_until_it_goes_on(bed: &impl Bed) {
    let at = Timestamp::from_millis;
    bed.set_now(at(1_000));
    let mut scene = Scene::set(bed).await;
    let id = scene.retrieval.id;
    let now = async |store: &_| {
        let row = Store::retrieval_by_id(store, id).await.unwrap();
        let by = row.pause().map(|pause| format!("{:?}", pause.by));
        (row.paused, row.paused_by, row.paused_at, by)
    };
    let by_name = |name: &str| Some(format!("Account({name:?})"));
    assert_eq!(now(&scene.store).await, (false, None, None, None));
    let ann = Some("ann".to_owned());
    for (time, paused, by, expected) in [
        (
            2_000,
            Some(true),
            Some("ann"),
            (true, ann.clone(), Some(at(2_000)), by_name("ann")),
        ),
        // It is paused already.
        (
            3_000,
            Some(true),
            Some("bea"),
            (true, ann.clone(), Some(at(2_000)), by_name("ann")),
        ),
        (
            4_000,
            None,
            Some("bea"),
            (true, ann, Some(at(2_000)), by_name("ann")),
        ),
        (5_000, Some(false), Some("bea"), (false, None, None, None)),
        (
            6_000,
            Some(true),
            None,
            (true, None, Some(at(6_000)), Some("Unknown".into())),
        ),
    ] {
        bed.set_now(at(time));
        let change = RetrievalChange {
            paused,
            paused_by: by.map(Into::into),
            ..RetrievalChange::default()
        };
        scene.store.retrieval_change(id, change).await.unwrap();
        assert_eq!(now(&scene.store).await, expected, "at {time}");
        scene = scene.reopen(bed).await;
        assert_eq!(now(&scene.store).await, expected, "at {time}, opened again");
    }
    let written = RetrievalChange {
        written_at: Some(Some(Written {
            at: "inhaul.toml:12".into(),
            paused: true,
        })),
        ..RetrievalChange::default()
    };
    scene.store.retrieval_change(id, written).await.unwrap();
    assert_eq!(now(&scene.store).await.3.as_deref(), Some("File"));
    // One that was made so.
    bed.set_now(at(7_000));
    let mut new = new_retrieval("other", scene.account);
    new.paused = true;
    let other = scene.store.retrieval_create(new).await.unwrap();
    let other = scene.store.retrieval_by_id(other).await.unwrap();
    assert_eq!((other.paused_by, other.paused_at), (None, Some(at(7_000))));
}
