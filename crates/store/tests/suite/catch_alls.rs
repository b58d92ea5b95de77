//! Catch-alls share out what they bring, each message once to each person.

use inhaul_domain::LedgerState;
use inhaul_domain::route::{AddressBook, BookEntry, BookName, Place, RecipientSource, Rule};
use inhaul_store::{
    AccountChange, Batch, Became, CatchAllSettings, Committed, Delivery, EVERYONE, GroupChange,
    IfHeld, LedgerStory, Limits, Message, NewRetrieval, News, Placement, RetrievalChange, Routing,
    RuleSetting, Store, StoreError, StoryPlacement,
};
use inhaul_types::{AccountId, Address, FolderId, Identity, MessageId, Octets, RetrievalId};

use super::{
    Bed, Scene, begin, delivery_to, new_account, new_retrieval, sha256, spooled, unique_id,
};

/// A catch-all for firm.example with a run that has begun: its fallback is unclaimed/INBOX, and
/// Alice and Petr have accounts.
pub(crate) struct Firm<S> {
    pub(crate) scene: Scene<S>,
    pub(crate) alice: FolderId,
    pub(crate) petr: FolderId,
    pub(crate) petrs: AccountId,
    pub(crate) fallback: FolderId,
}

impl<S: Store> Firm<S> {
    pub(crate) async fn set<B: Bed<Store = S>>(bed: &B) -> Self {
        let store = bed.open().await;
        let account = person(&store, "unclaimed").await;
        let alices = person(&store, "alice").await;
        let petrs = person(&store, "petr").await;
        let settings = CatchAllSettings {
            domains: vec!["firm.example".into()],
            domain_aliases: vec![("firm.test".into(), "firm.example".into())],
            ..CatchAllSettings::default()
        };
        let new = new_catch_all("firm", account, settings);
        store.retrieval_create(new).await.unwrap();
        let retrieval = store.retrieval_by_name("firm").await.unwrap();
        let run = begin(&store, &retrieval).await;
        let inbox = async |account| store.folder_list(account).await.unwrap()[0].id;
        let (alice, petr) = (inbox(alices).await, inbox(petrs).await);
        let fallback = retrieval.folder;
        Self {
            scene: Scene {
                store,
                account,
                inbox: fallback,
                retrieval,
                run,
            },
            alice,
            petr,
            petrs,
            fallback,
        }
    }

    pub(crate) async fn commit(&self, deliveries: Vec<Delivery>) -> Vec<Committed> {
        let batch = Batch {
            fallback: Some(self.fallback),
            ..self.scene.batch(deliveries)
        };
        self.scene.store.commit_batch(batch).await.unwrap()
    }

    pub(crate) async fn commit_one(&self, delivery: Delivery) -> Committed {
        self.commit(vec![delivery]).await.remove(0)
    }

    /// All messages of a folder.
    pub(crate) async fn messages(&self, folder: FolderId) -> Vec<Message> {
        let page = self.scene.store.message_page(folder, None, 1000).await;
        page.unwrap()
    }

    pub(crate) async fn count(&self, folder: FolderId) -> usize {
        self.messages(folder).await.len()
    }

    pub(crate) async fn why(&self, id: MessageId) -> String {
        self.scene.store.message_by_id(id).await.unwrap().why
    }

    pub(crate) async fn unclaimed(&self) -> Vec<(String, u64)> {
        let unclaimed = self.scene.store.unclaimed(self.scene.retrieval.id).await;
        let counts = unclaimed.unwrap().into_iter();
        counts.map(|one| (one.address, one.messages)).collect()
    }

    pub(crate) async fn claim(&self, address: &str, to: FolderId) -> u64 {
        let (store, id) = (&self.scene.store, self.scene.retrieval.id);
        let address: Address = address.parse().unwrap();
        store.claim(id, &address, to).await.unwrap()
    }

    pub(crate) async fn story(&self, id: &str) -> LedgerStory {
        let found = self.scene.store.ledger_search(&[id.into()]).await;
        let mut found = found.unwrap();
        found.retain(|story| story.unique_id == Some(unique_id(id)));
        assert_eq!(found.len(), 1, "{id}");
        found.remove(0)
    }

    /// Messages and octets of a folder, as it counts them.
    pub(crate) async fn counters(&self, account: AccountId) -> (u64, Octets) {
        let folders = self.scene.store.folder_list(account).await.unwrap();
        (folders[0].messages, folders[0].octets)
    }
}

/// A message that goes to these folders, each with an address that led there. Its identity is that
/// of `words`; the octets differ from those of every other copy.
pub(crate) fn shared(id: &str, words: &str, places: &[(FolderId, &str)]) -> Delivery {
    let body = format!("Delivered-To: {id}\r\n\r\n{words}").into_bytes();
    let placement = |(folder, address): &(FolderId, &str)| Placement {
        folder: *folder,
        why: format!("To no. 1 = {address}"),
        recipients: vec![(*address).into()],
    };
    Delivery {
        identity: Some(Identity::new(*sha256(words.as_bytes()).as_bytes())),
        placements: places.iter().map(placement).collect(),
        ..delivery_to(&[], id, Octets::of_len(body.len()), body)
    }
}

/// The same where the addresses have no rule.
pub(crate) fn for_nobody(
    id: &str,
    words: &str,
    fallback: FolderId,
    addresses: &[&str],
) -> Delivery {
    let line = |address: &&str| format!("To no. 1 = {address}, no rule");
    let lines: Vec<String> = addresses.iter().map(line).collect();
    let recipients = addresses.iter().map(|one| (*one).to_owned());
    let recipients: Vec<String> = recipients.collect();
    Delivery {
        placements: vec![Placement {
            folder: fallback,
            why: lines.join("\n"),
            recipients: recipients.clone(),
        }],
        unclaimed: recipients,
        ..shared(id, words, &[])
    }
}

/// An account without an address.
pub(crate) async fn person(store: &impl Store, name: &str) -> AccountId {
    store.account_create(new_account(name)).await.unwrap()
}

fn rule(address: &str, account: AccountId, name: &str, folder: &str) -> RuleSetting {
    RuleSetting {
        address: address.parse().unwrap(),
        account,
        account_name: name.into(),
        folder: folder.into(),
    }
}

fn new_catch_all(name: &str, fallback: AccountId, settings: CatchAllSettings) -> NewRetrieval {
    NewRetrieval {
        routing: Routing::CatchAll(settings),
        ..new_retrieval(name, fallback)
    }
}

pub(crate) async fn every_setting_comes_back_as_it_was_made(bed: &impl Bed) {
    let mut store = bed.open().await;
    let fallback = person(&store, "unclaimed").await;
    let petr = person(&store, "petr").await;
    let sources = [
        RecipientSource::default(),
        RecipientSource::Auto {
            evidence: Vec::new(),
        },
        RecipientSource::Auto {
            evidence: vec!["X-B".into(), "X-A".into()],
        },
        // Its name alone would be a word of ours.
        RecipientSource::Header {
            name: "auto".into(),
            index: 2,
            strip: "mbox-".into(),
        },
        RecipientSource::Header {
            name: "Delivered-To".into(),
            index: 1,
            strip: String::new(),
        },
        RecipientSource::ToCc,
    ];
    let mut made = Vec::new();
    for (number, source) in sources.into_iter().enumerate() {
        let settings = CatchAllSettings {
            source,
            // In no order of their own.
            domains: vec!["z.example".into(), "A.example".into()],
            domain_aliases: vec![
                ("z.test".into(), "z.example".into()),
                ("a.test".into(), "A.example".into()),
            ],
            separators: "-+".into(),
            max_recipients: 7,
            rules: vec![
                rule("sales@z.example", petr, "petr", "Shop"),
                rule("*+news@A.example", fallback, "unclaimed", "INBOX"),
                rule("*@z.example", petr, "petr", "INBOX"),
            ],
        };
        let name = format!("firm{number}");
        let new = new_catch_all(&name, fallback, settings);
        store.retrieval_create(new.clone()).await.unwrap();
        made.push((name, new.routing));
    }
    for _ in ["as made", "after opening again"] {
        for (name, routing) in &made {
            let found = store.retrieval_by_name(name).await.unwrap();
            assert_eq!(&found.routing, routing, "{name}");
            assert_eq!(
                (found.account, found.folder_name.as_str()),
                (fallback, "INBOX")
            );
        }
        let list = store.retrieval_list().await.unwrap();
        let routings = list.into_iter().map(|one| (one.name, one.routing));
        assert_eq!(routings.collect::<Vec<_>>(), made);
        store.close().await.unwrap();
        drop(store);
        store = bed.open().await;
    }
}

pub(crate) async fn a_change_replaces_how_messages_are_shared_out(bed: &impl Bed) {
    let store = bed.open().await;
    let fallback = person(&store, "unclaimed").await;
    let petr = person(&store, "petr").await;
    let single = new_retrieval("firm", fallback);
    let id = store.retrieval_create(single).await.unwrap();
    let before = store.retrieval_by_id(id).await.unwrap();
    assert_eq!(before.routing, Routing::Single);
    let settings = CatchAllSettings {
        domains: vec!["firm.example".into()],
        rules: vec![rule("sales@firm.example", petr, "petr", "Shop")],
        ..CatchAllSettings::default()
    };
    let others = CatchAllSettings {
        source: RecipientSource::ToCc,
        rules: vec![rule("infos@firm.example", petr, "petr", "Shop")],
        ..CatchAllSettings::default()
    };
    for routing in [
        Routing::CatchAll(settings),
        Routing::CatchAll(others),
        Routing::Single,
    ] {
        let change = RetrievalChange {
            routing: Some(routing.clone()),
            ..RetrievalChange::default()
        };
        store.retrieval_change(id, change).await.unwrap();
        let after = store.retrieval_by_id(id).await.unwrap();
        assert_eq!(after.routing, routing);
        assert_eq!(after.schedule, before.schedule, "it is due when it was");
        assert_eq!(before.is_configured_as(&after), routing == Routing::Single);
    }
    let folders = store.folder_list(petr).await.unwrap();
    let folders: Vec<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
    assert_eq!(folders, ["INBOX", "Shop"], "made for a rule");
}

pub(crate) async fn a_catch_all_has_no_owner(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = person(&store, "alice").await;
    let owned = |new: NewRetrieval| NewRetrieval {
        owner: Some(alice),
        ..new
    };
    let catch_all = || new_catch_all("firm", alice, CatchAllSettings::default());
    let refused = store.retrieval_create(owned(catch_all())).await;
    assert!(
        matches!(refused, Err(StoreError::OwnedCatchAll { .. })),
        "{refused:?}"
    );
    assert!(store.retrieval_list().await.unwrap().is_empty());
    let id = store.retrieval_create(catch_all()).await.unwrap();
    let give = RetrievalChange {
        owner: Some(Some(alice)),
        ..RetrievalChange::default()
    };
    let own = store.retrieval_create(owned(new_retrieval("own", alice)));
    let own = own.await.unwrap();
    let share = RetrievalChange {
        routing: Some(Routing::CatchAll(CatchAllSettings::default())),
        ..RetrievalChange::default()
    };
    for (id, change) in [(id, give), (own, share.clone())] {
        let refused = store.retrieval_change(id, change).await;
        assert!(
            matches!(refused, Err(StoreError::OwnedCatchAll { .. })),
            "{refused:?}"
        );
    }
    let both = RetrievalChange {
        owner: Some(None),
        ..share
    };
    store.retrieval_change(own, both).await.unwrap();
}

pub(crate) async fn the_book_has_every_account_by_address_and_name(bed: &impl Bed) {
    let store = bed.open().await;
    let alice = person(&store, "alice").await;
    let petr = person(&store, "petr").await;
    let wildcard = AccountChange {
        add_addresses: vec!["*@firm.example".parse().unwrap()],
        ..AccountChange::default()
    };
    store.account_change(petr, wildcard).await.unwrap();
    let inbox = async |account, shown: &str| Place {
        account,
        folder: store.folder_list(account).await.unwrap()[0].id,
        shown: shown.into(),
    };
    let (alices, petrs) = (
        inbox(alice, "alice/INBOX").await,
        inbox(petr, "petr/INBOX").await,
    );
    let entry = |address: &str, place: &Place, receives| BookEntry {
        address: address.parse().unwrap(),
        account: place.account,
        place: place.clone(),
        receives,
    };
    let name = |name: &str, place: &Place, receives| BookName {
        name: name.into(),
        account: place.account,
        place: place.clone(),
        receives,
    };
    let book = |alice_receives, petr_receives| AddressBook {
        entries: vec![
            entry("*@firm.example", &petrs, petr_receives),
            entry("alice@example.org", &alices, alice_receives),
            entry("petr@example.org", &petrs, petr_receives),
        ],
        names: vec![
            name("alice", &alices, alice_receives),
            name("petr", &petrs, petr_receives),
        ],
        local_domains: Vec::new(),
    };
    assert_eq!(store.address_book().await.unwrap(), book(true, true));
    let off = AccountChange {
        enabled: Some(false),
        ..AccountChange::default()
    };
    store.account_change(alice, off).await.unwrap();
    assert_eq!(store.address_book().await.unwrap(), book(false, true));
    let everyone = store.group_by_name(EVERYONE).await.unwrap().id;
    let off = GroupChange {
        enabled: Some(false),
        ..GroupChange::default()
    };
    store.group_change(everyone, off).await.unwrap();
    assert_eq!(store.address_book().await.unwrap(), book(false, false));
}

pub(crate) async fn rules_lead_to_folders_in_their_order(bed: &impl Bed) {
    let store = bed.open().await;
    let fallback = person(&store, "unclaimed").await;
    let petr = person(&store, "petr").await;
    let settings = CatchAllSettings {
        rules: vec![
            rule("sales@firm.example", petr, "petr", "Shop"),
            rule("alice@firm.example", petr, "petr", "inbox"),
        ],
        ..CatchAllSettings::default()
    };
    let id = store
        .retrieval_create(new_catch_all("firm", fallback, settings))
        .await
        .unwrap();
    let folders = store.folder_list(petr).await.unwrap();
    let place = |number: usize| Place {
        account: petr,
        folder: folders[number].id,
        shown: format!("petr/{}", folders[number].name),
    };
    let expected = [("sales@firm.example", 1), ("alice@firm.example", 0)];
    let expected = expected.map(|(address, folder)| Rule {
        address: address.parse().unwrap(),
        place: place(folder),
    });
    assert_eq!(store.router_rules(id).await.unwrap(), expected);
    let single = store.retrieval_create(new_retrieval("own", petr));
    let single = single.await.unwrap();
    assert!(store.router_rules(single).await.unwrap().is_empty());
    let gone = store.router_rules(RetrievalId::new(77)).await;
    assert!(matches!(gone, Err(StoreError::Missing { .. })), "{gone:?}");
}

pub(crate) async fn an_account_that_a_rule_leads_to_stays(bed: &impl Bed) {
    let store = bed.open().await;
    let fallback = person(&store, "unclaimed").await;
    let petr = person(&store, "petr").await;
    let settings = CatchAllSettings {
        rules: vec![
            rule("sales@firm.example", petr, "petr", "Shop"),
            rule("alice@firm.example", petr, "petr", "INBOX"),
        ],
        ..CatchAllSettings::default()
    };
    let id = store
        .retrieval_create(new_catch_all("firm", fallback, settings))
        .await
        .unwrap();
    for account in [petr, fallback] {
        let refused = store.account_remove(account).await;
        let Err(StoreError::Needed { what, by, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(
            (what, by.as_slice()),
            ("account", ["firm".to_owned()].as_slice())
        );
    }
    let without = RetrievalChange {
        routing: Some(Routing::CatchAll(CatchAllSettings::default())),
        ..RetrievalChange::default()
    };
    store.retrieval_change(id, without).await.unwrap();
    store.account_remove(petr).await.unwrap();
    store.retrieval_remove(id).await.unwrap();
    store.account_remove(fallback).await.unwrap();
}

pub(crate) async fn one_body_for_ten_people_is_stored_once(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let mut folders = vec![firm.alice, firm.petr];
    for number in 0..8 {
        let account = person(&firm.scene.store, &format!("p{number}")).await;
        let inbox = firm.scene.store.folder_list(account).await.unwrap();
        folders.push(inbox[0].id);
    }
    for words in ["small".to_owned(), "large ".repeat(500_000)] {
        let places: Vec<_> = folders.iter().map(|one| (*one, "p@firm.example")).collect();
        let id = words.len().to_string();
        let committed = firm.commit_one(spooled(shared(&id, &words, &places))).await;
        assert_eq!(
            (committed.messages.len(), committed.became),
            (10, Became::Stored)
        );
        let mut bodies = Vec::new();
        for message in &committed.messages {
            let message = firm.scene.store.message_by_id(*message).await.unwrap();
            assert_eq!(message.why, "To no. 1 = p@firm.example");
            bodies.push(message.body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
    }
}

pub(crate) async fn a_copy_is_not_put_into_a_folder_twice(bed: &impl Bed) {
    let mut firm = Firm::set(bed).await;
    let to_alice = [(firm.alice, "alice@firm.example")];
    let to_both = [to_alice[0], (firm.petr, "petr@firm.example")];
    let first = firm.commit_one(shared("a", "hello", &to_alice)).await;
    let more = firm.commit_one(shared("b", "hello", &to_both)).await;
    assert_eq!((more.messages.len(), more.became), (1, Became::Stored));
    assert!(!more.is_copy() && !more.is_left_out());
    firm.scene = firm.scene.reopen(bed).await;
    let copy = firm.commit_one(shared("c", "hello", &to_both)).await;
    assert!(copy.messages.is_empty() && copy.is_copy() && !copy.is_left_out());
    assert_eq!(firm.count(firm.alice).await, 1);
    assert_eq!(firm.count(firm.petr).await, 1);
    // It is stored, so it may be deleted remotely; where it is, is said.
    let ledger = firm.scene.store.ledger_load(firm.scene.retrieval.maildrop);
    let states: Vec<_> = ledger.await.unwrap().iter().map(|row| row.state).collect();
    assert_eq!(states, [LedgerState::Stored; 3]);
    let (one, other) = (first.messages[0], more.messages[0]);
    let reason = firm.story("c").await.reason;
    assert_eq!(reason, Some(format!("a copy of message {one}, {other}")));
    assert_eq!(firm.story("b").await.reason, None);
    // Other words are another message.
    let other = firm.commit_one(shared("d", "hello again", &to_both)).await;
    assert_eq!(other.messages.len(), 2);
}

pub(crate) async fn why_a_copy_came_is_added_to_the_message_that_is_there(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let as_alice = [(firm.alice, "alice@firm.example")];
    let as_sales = [(firm.alice, "sales@firm.example")];
    let first = firm.commit_one(shared("a", "hello", &as_alice)).await;
    for id in ["b", "c"] {
        let copy = firm.commit_one(shared(id, "hello", &as_sales)).await;
        assert!(copy.is_copy());
    }
    let lines = "To no. 1 = alice@firm.example\nTo no. 1 = sales@firm.example";
    assert_eq!(firm.why(first.messages[0]).await, lines);
}

pub(crate) async fn what_its_reader_removed_does_not_come_again(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let to_alice = [(firm.alice, "alice@firm.example")];
    firm.commit_one(shared("a", "hello", &to_alice)).await;
    let uid = firm.messages(firm.alice).await[0].uid;
    firm.scene
        .store
        .message_remove(firm.alice, &[uid])
        .await
        .unwrap();
    let copy = firm.commit_one(shared("b", "hello", &to_alice)).await;
    assert!(copy.is_copy());
    assert_eq!(firm.count(firm.alice).await, 0);
}

pub(crate) async fn copies_in_one_batch_are_one_message(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let mut listener = firm.scene.store.records().subscribe();
    let (alice, petr) = (
        (firm.alice, "alice@firm.example"),
        (firm.petr, "petr@firm.example"),
    );
    let committed = firm
        .commit(vec![
            shared("a", "hello", &[alice]),
            shared("b", "hello", &[petr, alice]),
            shared("c", "hello", &[(firm.alice, "sales@firm.example")]),
            shared("d", "other", &[alice]),
        ])
        .await;
    let messages: Vec<usize> = committed.iter().map(|one| one.messages.len()).collect();
    assert_eq!(messages, [1, 1, 0, 1]);
    let became: Vec<bool> = committed.iter().map(Committed::is_copy).collect();
    assert_eq!(became, [false, false, true, false]);
    assert_eq!(firm.count(firm.alice).await, 2);
    assert_eq!(firm.count(firm.petr).await, 1);
    let lines = "To no. 1 = alice@firm.example\nTo no. 1 = sales@firm.example";
    assert_eq!(firm.why(committed[0].messages[0]).await, lines);
    let reason = firm.story("c").await.reason;
    assert_eq!(
        reason,
        Some(format!("a copy of message {}", committed[0].messages[0]))
    );
    // Uids have no gap, and the counters are right.
    let uids = firm.messages(firm.alice).await;
    let uids: Vec<u32> = uids.iter().map(|message| message.uid.number()).collect();
    assert_eq!(uids, [1, 2]);
    assert_eq!(firm.counters(firm.petrs).await.0, 1);
    // Who listens hears of each folder what came there.
    let mut heard = Vec::new();
    while let Some(News::Came(came)) = listener.try_next() {
        heard.push((came.folder, came.messages.to_vec()));
    }
    let there = [committed[0].messages[0], committed[3].messages[0]];
    let expected = [
        (firm.alice, there.to_vec()),
        (firm.petr, committed[1].messages.clone()),
    ];
    assert_eq!(heard, expected);
}

pub(crate) async fn without_an_identity_every_copy_is_stored(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let to_alice = [(firm.alice, "alice@firm.example")];
    let nameless = |id: &str| Delivery {
        identity: None,
        ..shared(id, "hello", &to_alice)
    };
    firm.commit_one(shared("a", "hello", &to_alice)).await;
    let twice = firm.commit(vec![nameless("b"), nameless("c")]).await;
    assert!(twice.iter().all(|one| one.became == Became::Stored));
    // Nor is anything remembered of a single retrieval's: a catch-all shares out what it has.
    let single = Delivery {
        identity: None,
        ..shared("d", "single", &to_alice)
    };
    firm.scene.commit(vec![single]).await;
    let shared_out = firm.commit_one(shared("e", "single", &to_alice)).await;
    assert_eq!(shared_out.became, Became::Stored);
    assert_eq!(firm.count(firm.alice).await, 5);
}

pub(crate) async fn octets_of_a_copy_are_not_kept(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let to_alice = [(firm.alice, "alice@firm.example")];
    let words = "large ".repeat(500_000);
    let first = firm
        .commit_one(spooled(shared("a", &words, &to_alice)))
        .await;
    let copy = firm
        .commit_one(spooled(shared("b", &words, &to_alice)))
        .await;
    assert!(copy.is_copy());
    let next = firm.commit_one(shared("c", "next", &to_alice)).await;
    let body = async |id| firm.scene.store.message_by_id(id).await.unwrap().size;
    assert!(body(first.messages[0]).await > body(next.messages[0]).await);
    assert_eq!(firm.count(firm.alice).await, 2);
    let size = body(first.messages[0]).await.count() + body(next.messages[0]).await.count();
    let alice = firm.scene.store.account_by_name("alice").await.unwrap();
    assert_eq!(alice.octets, Octets::new(size));
}

pub(crate) async fn what_was_for_a_folder_that_is_gone_goes_to_the_fallback(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    firm.scene.store.account_remove(firm.petrs).await.unwrap();
    let places = [
        (firm.alice, "alice@firm.example"),
        (firm.petr, "petr@firm.example"),
        (firm.fallback, "infos@firm.example"),
    ];
    let committed = firm.commit_one(shared("a", "hello", &places)).await;
    assert_eq!(committed.messages.len(), 2);
    let there = firm.messages(firm.fallback).await;
    let why = "To no. 1 = petr@firm.example, which is gone, fallback\n\
               To no. 1 = infos@firm.example";
    assert_eq!((there.len(), there[0].why.as_str()), (1, why));
    // One that may be a loop, too.
    let looped = Delivery {
        if_held: IfHeld::Leave {
            seen: None,
            detail: "it went round",
        },
        ..shared("b", "again", &places[1..2])
    };
    let committed = firm.commit_one(looped).await;
    assert_eq!(committed.became, Became::Stored);
    assert_eq!(firm.count(firm.fallback).await, 2);
    // A single retrieval has no fallback.
    let batch = firm.scene.batch(vec![delivery_to(
        &[firm.petr],
        "c",
        Octets::new(1),
        b"x".to_vec(),
    )]);
    let failed = firm.scene.store.commit_batch(batch).await;
    assert!(
        matches!(failed, Err(StoreError::Missing { what: "folder", .. })),
        "{failed:?}"
    );
}

pub(crate) async fn a_batch_that_fails_is_remembered_nowhere(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let nowhere = FolderId::new(4711);
    let places = [
        (firm.alice, "alice@firm.example"),
        (nowhere, "x@firm.example"),
    ];
    for words in ["small".to_owned(), "large ".repeat(500_000)] {
        let id = words.len().to_string();
        let delivery = || spooled(shared(&id, &words, &places));
        let nobodys = for_nobody("n", "n", firm.fallback, &["infos@firm.example"]);
        // Without a fallback, a folder that is gone is an error behind the first placement.
        let batch = firm.scene.batch(vec![nobodys, delivery()]);
        let failed = firm.scene.store.commit_batch(batch).await;
        assert!(failed.is_err());
        assert_eq!(
            firm.count(firm.alice).await + firm.count(firm.fallback).await,
            0
        );
    }
    assert!(firm.unclaimed().await.is_empty());
    let stored = firm.commit_one(shared("a", "small", &places[..1])).await;
    assert_eq!(stored.became, Became::Stored);
    assert_eq!(firm.count(firm.alice).await, 1);
}

pub(crate) async fn a_full_mailbox_stops_nothing(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let full = GroupChange {
        limits: Some(Limits {
            mailbox: Some(Octets::new(1)),
            message: Some(Octets::new(1)),
            ..Limits::default()
        }),
        ..GroupChange::default()
    };
    let everyone = firm.scene.store.group_by_name(EVERYONE).await.unwrap().id;
    firm.scene.store.group_change(everyone, full).await.unwrap();
    let to_alice = [(firm.alice, "alice@firm.example")];
    for id in ["a", "b"] {
        let committed = firm.commit_one(shared(id, id, &to_alice)).await;
        assert_eq!(committed.became, Became::Stored);
    }
    assert_eq!(firm.count(firm.alice).await, 2);
}

pub(crate) async fn the_next_of_its_kind_adopts_ledger_and_unclaimed(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let nobody = for_nobody("a", "hello", firm.fallback, &["infos@firm.example"]);
    firm.commit_one(nobody).await;
    let Firm {
        scene, fallback, ..
    } = firm;
    scene
        .store
        .retrieval_remove(scene.retrieval.id)
        .await
        .unwrap();
    let new = new_catch_all("again", scene.account, CatchAllSettings::default());
    let id = scene.store.retrieval_create(new).await.unwrap();
    let again = scene.store.retrieval_by_id(id).await.unwrap();
    assert_eq!(again.maildrop, scene.retrieval.maildrop);
    assert_eq!(
        scene.store.ledger_load(again.maildrop).await.unwrap().len(),
        1
    );
    assert_eq!(scene.store.unclaimed(id).await.unwrap().len(), 1);
    // What was shared out before is known.
    let run = begin(&scene.store, &again).await;
    let nobody = for_nobody("b", "hello", fallback, &["infos@firm.example"]);
    let batch = Batch {
        run,
        retrieval: id,
        fallback: Some(fallback),
        ..scene.batch(vec![nobody])
    };
    assert!(scene.store.commit_batch(batch).await.unwrap()[0].is_copy());
}

pub(crate) async fn a_story_tells_every_placement_and_why(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let places = [
        (firm.petr, "petr@firm.example"),
        (firm.alice, "alice@firm.example"),
    ];
    let committed = firm.commit_one(shared("a", "hello", &places)).await;
    let story = firm.story("a").await;
    let placement = |number: usize, account: &str| StoryPlacement {
        message: committed.messages[number],
        account: account.into(),
        folder: "INBOX".into(),
        why: format!("To no. 1 = {account}@firm.example"),
    };
    assert_eq!(
        story.placements,
        [placement(0, "petr"), placement(1, "alice")]
    );
}
