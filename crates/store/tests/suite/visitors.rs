//! Who comes in over the web and the API: sessions, links, keys, and how they want the pages to be.

use std::net::IpAddr;
use std::time::Duration;

use inhaul_store::{
    AccountChange, Chore, EVERYONE, GroupChange, LinkPurpose, NewAccount, NewApiKey, NewLink,
    NewSession, Preferences, Session, SetUp, SignIn, Store, StoreError, Theme, TokenHash,
    TrustedSender,
};
use inhaul_types::{AccountId, Secret, Timestamp};

use super::{Bed, new_account};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn token(number: u8) -> TokenHash {
    TokenHash([number; 32])
}

fn session(number: u8, account: AccountId, millis: i64) -> NewSession {
    NewSession {
        token: token(number),
        account,
        at: at(millis),
        kept: false,
        address: None,
        agent: "Browser/1".into(),
    }
}

async fn begin(store: &impl Store, number: u8, account: AccountId, millis: i64) {
    let session = session(number, account, millis);
    store.visitors().session_begin(session).await.unwrap();
}

async fn find(store: &impl Store, number: u8) -> Option<Session> {
    store.visitors().session_find(&token(number)).await.unwrap()
}

/// Which of these sessions there are.
async fn there(store: &impl Store, numbers: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let mut there = Vec::new();
    for number in numbers {
        if find(store, number).await.is_some() {
            there.push(number);
        }
    }
    there
}

async fn last_signed_in(store: &impl Store, name: &str) -> Option<Timestamp> {
    let rows = store.views().accounts_page(name, None, 10).await.unwrap();
    rows.into_iter()
        .find(|row| row.account.name == name)
        .unwrap()
        .last_signed_in
}

fn link(number: u8, purpose: LinkPurpose, until: Timestamp) -> NewLink {
    NewLink {
        token: token(number),
        purpose,
        until,
    }
}

fn first_administrator(name: &str) -> NewAccount {
    NewAccount {
        addresses: Vec::new(),
        password: Some(Secret::new("correct horse".into())),
        ..new_account(name)
    }
}

async fn switch(store: &impl Store, account: AccountId, enabled: bool) {
    let change = AccountChange {
        enabled: Some(enabled),
        ..AccountChange::default()
    };
    store.account_change(account, change).await.unwrap();
}

async fn switch_everyone(store: &impl Store, enabled: bool) {
    let everyone = store.group_by_name(EVERYONE).await.unwrap().id;
    let change = GroupChange {
        enabled: Some(enabled),
        ..GroupChange::default()
    };
    store.group_change(everyone, change).await.unwrap();
}

fn is_missing(error: &StoreError, wanted: &str) -> bool {
    matches!(error, StoreError::Missing { what, .. } if *what == wanted)
}

pub(crate) async fn a_session_comes_back_as_it_began(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    assert_eq!(last_signed_in(&store, "alice").await, None);
    let address: IpAddr = "2001:db8::7".parse().unwrap();
    let begun = NewSession {
        kept: true,
        address: Some(address),
        // 199 octets, and one of two.
        agent: format!("{}é and more", "x".repeat(199)),
        ..session(1, alice, 1_000)
    };
    store.visitors().session_begin(begun).await.unwrap();
    begin(&store, 2, alice, 2_000).await;
    store.close().await.unwrap();
    let store = bed.open().await;
    let found = find(&store, 1).await.unwrap();
    assert_eq!(
        found,
        Session {
            token: token(1),
            account: store.account_by_name("alice").await.unwrap(),
            began: at(1_000),
            last_seen: at(1_000),
            kept: true,
            address: Some(address),
            agent: "x".repeat(199),
        }
    );
    let other = find(&store, 2).await.unwrap();
    assert_eq!((other.kept, other.address), (false, None));
    assert_eq!(find(&store, 3).await, None);
    let visitors = store.visitors();
    assert_eq!(visitors.session_list(alice).await.unwrap(), [other, found]);
    // A token is a session's once.
    let again = visitors.session_begin(session(1, alice, 3_000)).await;
    assert!(again.is_err());
}

pub(crate) async fn a_session_that_is_used_counts_as_a_sign_in(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let visitors = store.visitors();
    begin(&store, 1, alice, 1_000).await;
    assert_eq!(last_signed_in(&store, "alice").await, Some(at(1_000)));
    // Two requests may overtake each other.
    for millis in [5_000, 4_000] {
        visitors.session_seen(&token(1), at(millis)).await.unwrap();
        let seen = find(&store, 1).await.unwrap();
        assert_eq!((seen.began, seen.last_seen), (at(1_000), at(5_000)));
        assert_eq!(last_signed_in(&store, "alice").await, Some(at(5_000)));
    }
    visitors.session_seen(&token(9), at(9_000)).await.unwrap();
    assert_eq!(last_signed_in(&store, "alice").await, Some(at(5_000)));
}

pub(crate) async fn a_session_ends_once_and_for_good(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let bob = store.account_create(new_account("bob")).await.unwrap();
    for number in 1..=4 {
        begin(&store, number, alice, i64::from(number)).await;
    }
    begin(&store, 5, bob, 5).await;
    let visitors = store.visitors();
    for _ in ["it ends", "it has ended"] {
        visitors.session_end(&token(1)).await.unwrap();
        assert_eq!(there(&store, 1..=5).await, [2, 3, 4, 5]);
    }
    let ended = visitors.session_end_all(alice, Some(token(3))).await;
    assert_eq!(ended.unwrap(), 2);
    assert_eq!(there(&store, 1..=5).await, [3, 5]);
    assert_eq!(visitors.session_end_all(alice, None).await.unwrap(), 1);
    store.close().await.unwrap();
    let store = bed.open().await;
    assert_eq!(there(&store, 1..=5).await, [5]);
}

pub(crate) async fn too_many_sessions_end_the_one_idle_longest(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let most = u8::try_from(NewSession::MOST).unwrap();
    for number in 1..=most {
        begin(&store, number, alice, i64::from(number)).await;
    }
    let visitors = store.visitors();
    visitors.session_seen(&token(1), at(1_000)).await.unwrap();
    begin(&store, most + 1, alice, 2_000).await;
    assert_eq!(find(&store, 2).await, None);
    let there = there(&store, 1..=most + 1).await;
    assert_eq!(there.len(), usize::from(most));
}

pub(crate) async fn whoever_may_not_sign_in_has_no_session(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let bob = store.account_create(new_account("bob")).await.unwrap();
    let off = GroupChange {
        enabled: Some(false),
        ..GroupChange::default()
    };
    store.group_create("Away", off).await.unwrap();
    let visitors = store.visitors();
    let move_to = async |group: &str| {
        let change = AccountChange {
            group: Some(group.into()),
            ..AccountChange::default()
        };
        store.account_change(alice, change).await.unwrap();
    };
    let key = NewApiKey {
        token: token(100),
        account: alice,
        name: "script".into(),
        at: at(1),
    };
    visitors.api_key_make(key).await.unwrap();
    for (number, how) in (10..).zip(["the account", "its group", "another group"]) {
        begin(&store, 1, alice, 1).await;
        begin(&store, 2, bob, 2).await;
        let sign_in = link(number, LinkPurpose::SignIn(alice), at(1_000));
        visitors.link_make(sign_in).await.unwrap();
        match how {
            "the account" => switch(&store, alice, false).await,
            "its group" => switch_everyone(&store, false).await,
            _ => move_to("Away").await,
        }
        assert_eq!(find(&store, 1).await, None, "{how}");
        assert_eq!(find(&store, 2).await.is_some(), how != "its group");
        let key = visitors.api_key_find(&token(100)).await.unwrap();
        assert_eq!(key, None, "{how}");
        let late = visitors.session_begin(session(3, alice, 3)).await;
        assert!(is_missing(&late.unwrap_err(), "account"), "{how}");
        switch(&store, alice, true).await;
        switch_everyone(&store, true).await;
        move_to(EVERYONE).await;
        // What has ended does not come back; a key was only out of use.
        assert_eq!(there(&store, [1, 3]).await, [], "{how}");
        let used = visitors.link_use(&token(number), at(1)).await.unwrap();
        assert_eq!(used, None, "{how}");
        let key = visitors.api_key_find(&token(100)).await.unwrap();
        assert!(key.is_some(), "{how}");
        visitors.session_end_all(bob, None).await.unwrap();
    }
}

pub(crate) async fn a_new_password_ends_all_sessions_and_links(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let bob = store.account_create(new_account("bob")).await.unwrap();
    let visitors = store.visitors();
    begin(&store, 1, alice, 1).await;
    begin(&store, 2, alice, 2).await;
    begin(&store, 3, bob, 3).await;
    for (number, account) in [(4, alice), (5, bob)] {
        let link = link(number, LinkPurpose::SignIn(account), at(1_000));
        visitors.link_make(link).await.unwrap();
    }
    // Another change ends nothing.
    let address = AccountChange {
        add_addresses: vec!["a@example.org".parse().unwrap()],
        ..AccountChange::default()
    };
    store.account_change(alice, address).await.unwrap();
    assert_eq!(there(&store, 1..=3).await, [1, 2, 3]);
    let password = AccountChange {
        password: Some(Secret::new("another one".into())),
        ..AccountChange::default()
    };
    store.account_change(alice, password).await.unwrap();
    assert_eq!(there(&store, 1..=3).await, [3]);
    assert_eq!(visitors.link_use(&token(4), at(1)).await.unwrap(), None);
    let bobs = visitors.link_use(&token(5), at(1)).await.unwrap();
    assert_eq!(bobs, Some(bob));
    // The one who has changed it goes on.
    begin(&store, 6, alice, 6).await;
    assert_eq!(there(&store, [6]).await, [6]);
}

pub(crate) async fn an_account_takes_with_it_what_it_came_in_with(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let bob = store.account_create(new_account("bob")).await.unwrap();
    let visitors = store.visitors();
    let chosen = Preferences {
        theme: Theme::Dark,
        ..Preferences::default()
    };
    for (number, account) in [(1, alice), (2, bob)] {
        begin(&store, number, account, 1).await;
        let link = link(number, LinkPurpose::SignIn(account), at(1_000));
        visitors.link_make(link).await.unwrap();
        let key = NewApiKey {
            token: token(number),
            account,
            name: "script".into(),
            at: at(1),
        };
        visitors.api_key_make(key).await.unwrap();
        let set = visitors.set_preferences(account, chosen.clone()).await;
        set.unwrap();
    }
    store.account_remove(alice).await.unwrap();
    assert_eq!(there(&store, [1, 2]).await, [2]);
    assert_eq!(visitors.session_list(alice).await.unwrap(), []);
    assert_eq!(visitors.link_use(&token(1), at(1)).await.unwrap(), None);
    assert_eq!(visitors.api_key_find(&token(1)).await.unwrap(), None);
    let keys = visitors.api_key_list(None).await.unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].account.id, bob);
    let nothing = visitors.preferences(alice).await.unwrap();
    assert_eq!(nothing, Preferences::default());
    assert_eq!(visitors.preferences(bob).await.unwrap(), chosen);
    let key = NewApiKey {
        token: token(7),
        account: alice,
        name: "script".into(),
        at: at(1),
    };
    let sign_in = link(8, LinkPurpose::SignIn(alice), at(1_000));
    for error in [
        visitors.session_begin(session(9, alice, 1)).await.err(),
        visitors.link_make(sign_in).await.err(),
        visitors.api_key_make(key).await.err(),
        visitors.set_preferences(alice, chosen).await.err(),
    ] {
        assert!(is_missing(&error.unwrap(), "account"));
    }
}

pub(crate) async fn a_link_signs_in_once_and_never_too_late(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let visitors = store.visitors();
    let made = at(1_000_000);
    let until = made.plus(60 * MINUTE);
    for number in 1..=4 {
        let sign_in = link(number, LinkPurpose::SignIn(alice), until);
        visitors.link_make(sign_in).await.unwrap();
    }
    let set_up = link(5, LinkPurpose::SetUp, until);
    visitors.link_make(set_up).await.unwrap();
    let use_up = async |number, now| visitors.link_use(&token(number), now).await.unwrap();
    assert_eq!(use_up(1, made).await, Some(alice));
    assert_eq!(use_up(1, made).await, None, "used twice");
    assert_eq!(use_up(2, made.plus(61 * MINUTE)).await, None, "late");
    assert_eq!(use_up(3, until).await, None, "late to the millisecond");
    assert_eq!(use_up(4, at(until.millis() - 1)).await, Some(alice));
    assert_eq!(use_up(5, made).await, None, "for another purpose");
    assert_eq!(use_up(6, made).await, None, "none");
    store.close().await.unwrap();
    let store = bed.open().await;
    for number in [1, 4] {
        let again = store.visitors().link_use(&token(number), made).await;
        assert_eq!(again.unwrap(), None);
    }
}

pub(crate) async fn of_two_who_use_a_link_at_once_one_comes_in(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let visitors = store.visitors();
    let sign_in = link(1, LinkPurpose::SignIn(alice), at(1_000));
    visitors.link_make(sign_in).await.unwrap();
    let one = token(1);
    let (first, second) = tokio::join!(
        visitors.link_use(&one, at(1)),
        visitors.link_use(&one, at(1))
    );
    let in_they_come = [first.unwrap(), second.unwrap()].into_iter().flatten();
    assert_eq!(in_they_come.collect::<Vec<_>>(), [alice]);
}

pub(crate) async fn the_first_administrator_is_made_once(bed: &impl Bed) {
    let store = bed.open().await;
    let visitors = store.visitors();
    let (made, until) = (at(1_000_000), at(1_000_000).plus(60 * MINUTE));
    let set_up = async |number, now, name: &str| {
        let (token, account) = (token(number), first_administrator(name));
        store.visitors().set_up(&token, now, account).await.unwrap()
    };
    assert!(!visitors.is_set_up().await.unwrap());
    assert_eq!(set_up(1, made, "ann").await, SetUp::BadLink, "none made");
    // A new link replaces the old one.
    for number in [1, 2] {
        let link = link(number, LinkPurpose::SetUp, until);
        visitors.link_make(link).await.unwrap();
    }
    assert_eq!(set_up(1, made, "ann").await, SetUp::BadLink, "replaced");
    let late = made.plus(61 * MINUTE);
    assert_eq!(set_up(2, late, "ann").await, SetUp::BadLink, "late");
    assert_eq!(set_up(2, until, "ann").await, SetUp::BadLink, "late");
    assert!(!visitors.is_set_up().await.unwrap());
    assert_eq!(store.account_list().await.unwrap(), []);
    let changes = *store.changes().borrow();
    let SetUp::Done(ann) = set_up(2, made, "ann").await else {
        panic!("the link is good");
    };
    assert_eq!(*store.changes().borrow(), changes + 1);
    assert!(visitors.is_set_up().await.unwrap());
    let password = Secret::new("correct horse".into());
    let welcome = store.account_sign_in("ann", &password).await.unwrap();
    assert!(matches!(welcome, SignIn::Welcome(account) if account.id == ann && account.admin));
    // Used, or new: there is an administrator.
    visitors
        .link_make(link(3, LinkPurpose::SetUp, until))
        .await
        .unwrap();
    for number in [2, 3] {
        let again = set_up(number, made, "eve").await;
        assert_eq!(again, SetUp::AlreadySetUp);
    }
    store.close().await.unwrap();
    let store = bed.open().await;
    assert!(store.visitors().is_set_up().await.unwrap());
    assert_eq!(store.account_list().await.unwrap().len(), 1);
}

pub(crate) async fn of_two_set_ups_at_once_one_wins(bed: &impl Bed) {
    let store = bed.open().await;
    let visitors = store.visitors();
    let set_up = link(1, LinkPurpose::SetUp, at(1_000));
    visitors.link_make(set_up).await.unwrap();
    let one = token(1);
    let (first, second) = tokio::join!(
        visitors.set_up(&one, at(1), first_administrator("ann")),
        visitors.set_up(&one, at(1), first_administrator("bea")),
    );
    let both = [first.unwrap(), second.unwrap()];
    let is_done = |one: &&SetUp| matches!(one, SetUp::Done(_));
    assert_eq!(both.iter().filter(is_done).count(), 1, "{both:?}");
    assert!(both.contains(&SetUp::AlreadySetUp), "{both:?}");
    assert_eq!(store.account_list().await.unwrap().len(), 1);
}

pub(crate) async fn a_set_up_that_fails_leaves_its_link_good(bed: &impl Bed) {
    let store = bed.open().await;
    store.account_create(new_account("alice")).await.unwrap();
    let visitors = store.visitors();
    let set_up = link(1, LinkPurpose::SetUp, at(1_000));
    visitors.link_make(set_up).await.unwrap();
    let off = GroupChange {
        enabled: Some(false),
        ..GroupChange::default()
    };
    store.group_create("Away", off).await.unwrap();
    let in_a_group_that_is_off = NewAccount {
        group: Some("Away".into()),
        ..first_administrator("ann")
    };
    let without_password = NewAccount {
        password: None,
        ..first_administrator("ann")
    };
    for account in [
        first_administrator("Alice"),
        in_a_group_that_is_off,
        without_password,
    ] {
        let failed = visitors.set_up(&token(1), at(1), account.clone()).await;
        assert!(failed.is_err(), "{account:?}");
        assert!(!visitors.is_set_up().await.unwrap());
        assert_eq!(store.account_list().await.unwrap().len(), 1);
    }
    let account = first_administrator("ann");
    let done = visitors.set_up(&token(1), at(1), account).await.unwrap();
    assert!(matches!(done, SetUp::Done(_)));
}

pub(crate) async fn set_up_is_an_administrator_who_can_sign_in(bed: &impl Bed) {
    let store = bed.open().await;
    let visitors = store.visitors();
    let is_set_up = async || store.visitors().is_set_up().await.unwrap();
    // Somebody who only receives mail.
    let person = first_administrator("petr");
    store.account_create(person).await.unwrap();
    assert!(!is_set_up().await);
    let without_password = NewAccount {
        admin: true,
        ..new_account("ann")
    };
    let ann = store.account_create(without_password).await.unwrap();
    assert!(!is_set_up().await);
    let password = AccountChange {
        password: Some(Secret::new("correct horse".into())),
        ..AccountChange::default()
    };
    store.account_change(ann, password).await.unwrap();
    assert!(is_set_up().await);
    let link = link(1, LinkPurpose::SetUp, at(1_000));
    visitors.link_make(link).await.unwrap();
    let account = first_administrator("eve");
    let refused = visitors.set_up(&token(1), at(1), account).await.unwrap();
    assert_eq!(refused, SetUp::AlreadySetUp);
}

pub(crate) async fn an_api_key_acts_for_its_account_until_it_is_removed(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let bob = store.account_create(new_account("bob")).await.unwrap();
    let visitors = store.visitors();
    let mut ids = Vec::new();
    for (number, account, name) in [(1, bob, "phone"), (2, alice, "Watch"), (3, alice, "backup")] {
        let key = NewApiKey {
            token: token(number),
            account,
            name: name.into(),
            at: at(i64::from(number)),
        };
        ids.push(visitors.api_key_make(key).await.unwrap());
    }
    let names = async |account| -> Vec<String> {
        let keys = store.visitors().api_key_list(account).await.unwrap();
        keys.into_iter().map(|key| key.name).collect()
    };
    assert_eq!(names(None).await, ["backup", "Watch", "phone"]);
    assert_eq!(names(Some(alice)).await, ["backup", "Watch"]);
    let found = visitors.api_key_find(&token(2)).await.unwrap().unwrap();
    assert_eq!((found.id, found.account.id), (ids[1], alice));
    assert_eq!((found.made, found.last_used), (at(2), None));
    for millis in [9_000, 8_000] {
        visitors.api_key_used(ids[1], at(millis)).await.unwrap();
        let found = visitors.api_key_find(&token(2)).await.unwrap().unwrap();
        assert_eq!(found.last_used, Some(at(9_000)));
    }
    for name in ["Watch", "wrist watch"] {
        let renamed = visitors.api_key_rename(ids[1], name.to_owned()).await;
        renamed.unwrap();
        assert_eq!(names(Some(alice)).await, ["backup", name]);
    }
    // Its account has one of this name, whoever asked first.
    let another = NewApiKey {
        token: token(4),
        account: alice,
        name: "backup".into(),
        at: at(4),
    };
    let taken = [
        visitors.api_key_make(another).await.err(),
        (visitors.api_key_rename(ids[1], "backup".into()).await).err(),
    ];
    for error in taken.map(Option::unwrap) {
        let is_it =
            matches!(&error, StoreError::Exists { what: "API key", name } if name == "backup");
        assert!(is_it, "{error:?}");
    }
    assert_eq!(names(None).await, ["backup", "wrist watch", "phone"]);
    visitors.api_key_remove(ids[1]).await.unwrap();
    let gone = visitors.api_key_rename(ids[1], "Watch".into()).await;
    let gone = gone.unwrap_err();
    assert!(is_missing(&gone, "API key"), "{gone:?}");
    assert_eq!(visitors.api_key_find(&token(2)).await.unwrap(), None);
    visitors.api_key_used(ids[1], at(10_000)).await.unwrap();
    let again = visitors.api_key_remove(ids[1]).await.unwrap_err();
    assert!(is_missing(&again, "API key"), "{again:?}");
    store.close().await.unwrap();
    let store = bed.open().await;
    let kept = store.visitors().api_key_list(Some(alice)).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].id, ids[2]);
}

pub(crate) async fn what_an_account_has_chosen_is_kept(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let bob = store.account_create(new_account("bob")).await.unwrap();
    let nothing = Preferences {
        theme: Theme::System,
        shortcuts: true,
        time_zone: None,
    };
    let visitors = store.visitors();
    assert_eq!(visitors.preferences(alice).await.unwrap(), nothing);
    let mut chosen = Preferences {
        theme: Theme::Light,
        shortcuts: false,
        time_zone: Some("Europe/Prague".into()),
    };
    for theme in [Theme::Light, Theme::Dark] {
        chosen.theme = theme;
        let set = visitors.set_preferences(alice, chosen.clone()).await;
        set.unwrap();
        assert_eq!(visitors.preferences(alice).await.unwrap(), chosen);
    }
    assert_eq!(visitors.preferences(bob).await.unwrap(), nothing);
    store.close().await.unwrap();
    let store = bed.open().await;
    assert_eq!(store.visitors().preferences(alice).await.unwrap(), chosen);
}

pub(crate) async fn whoever_does_not_come_any_more_is_forgotten(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let visitors = store.visitors();
    let start = at(1_700_000_000_000);
    for number in [1, 2, 3] {
        begin(&store, number, alice, start.millis()).await;
    }
    let used = start.plus(DAY);
    visitors.session_seen(&token(2), used).await.unwrap();
    for (number, days) in [(4, 1), (5, 40)] {
        let until = start.plus(days * DAY);
        let sign_in = link(number, LinkPurpose::SignIn(alice), until);
        visitors.link_make(sign_in).await.unwrap();
    }
    let forget = async |now: Timestamp| {
        let mut forgotten = 0;
        loop {
            let kept = store.records().housekeep(now, 90 * DAY).await.unwrap();
            if let Some((Chore::ForgetVisitors, rows)) = kept.done {
                forgotten += rows;
            }
            if !kept.more {
                return forgotten;
            }
        }
    };
    // To the millisecond 30 days.
    assert_eq!(forget(start.plus(30 * DAY)).await, 1, "the late link");
    assert_eq!(there(&store, 1..=3).await, [1, 2, 3]);
    let now = start.plus(30 * DAY + Duration::from_millis(1));
    assert_eq!(forget(now).await, 2);
    assert_eq!(there(&store, 1..=3).await, [2]);
    let early = visitors.link_use(&token(4), start).await.unwrap();
    assert_eq!(early, None, "it is gone");
    assert_eq!(
        visitors.link_use(&token(5), now).await.unwrap(),
        Some(alice)
    );
    assert_eq!(forget(now).await, 0);
}

pub(crate) async fn who_is_trusted_is_remembered_for_each_account(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let bob = store.account_create(new_account("bob")).await.unwrap();
    let visitors = store.visitors();
    assert_eq!(visitors.trusted_senders(alice).await.unwrap(), []);
    for (address, added) in [
        ("News@Shop.example", true),
        ("Žaneta@example.org", true),
        (" news@shop.example ", true),
        ("nobody", false),
        ("a\n@b", false),
        (&format!("{}@example.org", "x".repeat(400)), false),
    ] {
        let now = Timestamp::from_millis(7);
        let there = visitors.trusted_sender_add(alice, address, now);
        assert_eq!(there.await.unwrap(), added, "{address}");
        assert_eq!(visitors.is_trusted(alice, address).await.unwrap(), added);
        assert!(!visitors.is_trusted(bob, address).await.unwrap());
    }
    store.close().await.unwrap();
    drop(store);
    let store = bed.open().await;
    let visitors = store.visitors();
    let all = visitors.trusted_senders(alice).await.unwrap();
    let addresses: Vec<_> = all.iter().map(|one| &*one.address).collect();
    assert_eq!(addresses, ["news@shop.example", "žaneta@example.org"]);
    assert_eq!(all[0].since, Timestamp::from_millis(7));
    let is_trusted = visitors.is_trusted(alice, "NEWS@SHOP.EXAMPLE");
    assert!(is_trusted.await.unwrap());
    assert!(
        !visitors
            .is_trusted(alice, "ews@shop.example")
            .await
            .unwrap()
    );
    for was in [true, false] {
        let removed = visitors.trusted_sender_remove(alice, "News@shop.example");
        assert_eq!(removed.await.unwrap(), was);
    }
    assert_eq!(visitors.trusted_senders(alice).await.unwrap().len(), 1);
    store.account_remove(alice).await.unwrap();
    let visitors = store.visitors();
    assert_eq!(visitors.trusted_senders(alice).await.unwrap(), []);
    let now = Timestamp::from_millis(8);
    let gone = visitors.trusted_sender_add(alice, "a@b", now).await;
    assert!(matches!(gone, Err(StoreError::Missing { .. })));
}

pub(crate) async fn too_many_trusted_senders_end_the_oldest(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = store.account_create(new_account("alice")).await.unwrap();
    let visitors = store.visitors();
    for n in 0..=TrustedSender::MOST {
        let (address, since) = (format!("{n}@example.org"), Timestamp::from_millis(n.into()));
        let added = visitors.trusted_sender_add(alice, &address, since);
        assert!(added.await.unwrap());
    }
    let all = visitors.trusted_senders(alice).await.unwrap();
    assert_eq!(all.len(), TrustedSender::MOST as usize);
    assert!(!visitors.is_trusted(alice, "0@example.org").await.unwrap());
    // By a clock that was set back it is the newest all the same.
    let added = visitors.trusted_sender_add(alice, "0@example.org", Timestamp::from_millis(-5));
    assert!(added.await.unwrap());
    assert!(visitors.is_trusted(alice, "0@example.org").await.unwrap());
}
