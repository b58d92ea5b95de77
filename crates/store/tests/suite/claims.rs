//! What nobody had claimed goes to whoever gets its address.

use inhaul_store::{Became, Delivery, LedgerStory, News, Placement, Store, StoreError};
use inhaul_types::{Address, FolderId, MessageId, Octets, RetrievalId};

use super::Bed;
use super::catch_alls::{Firm, for_nobody, shared};

pub(crate) async fn unclaimed_addresses_are_counted_most_frequent_first(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let nobody = |id: &str, addresses: &[&str]| for_nobody(id, id, firm.fallback, addresses);
    assert!(firm.unclaimed().await.is_empty());
    firm.commit(vec![
        nobody("a", &["zoe@firm.example", "infos@firm.example"]),
        nobody("b", &["Infos@firm.example"]),
        nobody("c", &["infos@firm.example", "amy@firm.example"]),
        shared("d", "d", &[(firm.alice, "alice@firm.example")]),
    ])
    .await;
    // A copy for another address is one message for both.
    firm.commit_one(for_nobody("e", "b", firm.fallback, &["zoe@firm.example"]))
        .await;
    let expected = [("infos", 3), ("zoe", 2), ("amy", 1)];
    let expected = expected.map(|(name, count)| (format!("{name}@firm.example"), count));
    assert_eq!(firm.unclaimed().await, expected);
    // What its reader removed is not there any more.
    let uids: Vec<_> = firm.messages(firm.fallback).await;
    let uids: Vec<_> = uids.iter().map(|message| message.uid).collect();
    let store = &firm.scene.store;
    store
        .message_remove(firm.fallback, &uids[1..])
        .await
        .unwrap();
    let expected = ["infos@firm.example", "zoe@firm.example"].map(|one| (one.to_owned(), 1));
    assert_eq!(firm.unclaimed().await, expected);
}

pub(crate) async fn a_claim_moves_what_belongs_and_nothing_else(bed: &impl Bed) {
    let mut firm = Firm::set(bed).await;
    let nobody = |id: &str, addresses: &[&str]| for_nobody(id, id, firm.fallback, addresses);
    let mut with_somebody = nobody("both", &["infos@firm.example"]);
    // Somebody's own address leads to the fallback, too.
    with_somebody.placements[0]
        .recipients
        .push("boss@firm.example".into());
    let mut named_too_many = nobody("many", &["infos@firm.example"]);
    named_too_many.placements[0].why.push_str("\nand 7 more");
    let committed = firm
        .commit(vec![
            nobody("alone", &["Infos@firm.example"]),
            nobody("tagged", &["infos+x@firm.test"]),
            nobody("other", &["infosx@firm.example"]),
            nobody("two", &["infos@firm.example", "zoe@firm.example"]),
            with_somebody,
            named_too_many,
        ])
        .await;
    let ids: Vec<MessageId> = committed.iter().map(|one| one.messages[0]).collect();
    let before = firm.scene.store.message_by_id(ids[0]).await.unwrap();
    assert_eq!(firm.claim("infos@firm.example", firm.petr).await, 5);
    for _ in ["as claimed", "after opening again"] {
        let here = firm.messages(firm.petr).await;
        let subjects: Vec<&str> = here.iter().map(|m| m.summary.subject.as_str()).collect();
        assert_eq!(
            subjects,
            [
                "about alone",
                "about tagged",
                "about two",
                "about both",
                "about many"
            ]
        );
        assert_eq!((here[0].id, here[1].id), (ids[0], ids[1]), "moved");
        assert!(
            here[2..].iter().all(|message| !ids.contains(&message.id)),
            "copied"
        );
        assert_ne!(here[0].uidl, before.uidl);
        assert_eq!(here[0].body, before.body);
        assert_eq!(
            here[0].why,
            "To no. 1 = Infos@firm.example, no rule\nunclaimed before, now infos@firm.example"
        );
        assert_eq!(here[2].why, "unclaimed before, now infos@firm.example");
        let there = firm.messages(firm.fallback).await;
        let there: Vec<MessageId> = there.iter().map(|message| message.id).collect();
        assert_eq!(there, ids[2..]);
        for (account, folder) in [(firm.petrs, firm.petr), (firm.scene.account, firm.fallback)] {
            let messages = firm.messages(folder).await;
            let octets = messages.iter().map(|message| message.size.count()).sum();
            let counted = (messages.len() as u64, Octets::new(octets));
            assert_eq!(firm.counters(account).await, counted);
        }
        for message in here {
            firm.scene.read(message.id).await;
        }
        firm.scene = firm.scene.reopen(bed).await;
    }
    let left = ["infosx@firm.example", "zoe@firm.example"].map(|one| (one.to_owned(), 1));
    assert_eq!(firm.unclaimed().await, left);
    assert_eq!(firm.claim("infos@firm.example", firm.petr).await, 0);
    assert_eq!(firm.claim("*@firm.example", firm.alice).await, 2);
    assert!(firm.unclaimed().await.is_empty());
}

pub(crate) async fn a_claimed_message_is_found_where_it_is_now(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let nobody = |id: &str, addresses: &[&str]| for_nobody(id, id, firm.fallback, addresses);
    firm.commit(vec![
        nobody("moved", &["infos@firm.example"]),
        nobody("copied", &["infos@firm.example", "zoe@firm.example"]),
    ])
    .await;
    firm.claim("infos@firm.example", firm.petr).await;
    let told = |story: &LedgerStory| -> Vec<(String, String)> {
        let placements = story.placements.iter();
        placements.map(|at| (at.place(), at.why.clone())).collect()
    };
    let claimed = "unclaimed before, now infos@firm.example";
    let no_rule = "To no. 1 = infos@firm.example, no rule";
    let moved = [("petr / INBOX".into(), format!("{no_rule}\n{claimed}"))];
    assert_eq!(told(&firm.story("moved").await), moved);
    let story = firm.story("copied").await;
    let both = [
        (
            "unclaimed / INBOX".into(),
            format!("{no_rule}\nTo no. 1 = zoe@firm.example, no rule"),
        ),
        ("petr / INBOX".into(), claimed.into()),
    ];
    assert_eq!(told(&story), both);
    // By the number of the copy alone, and where nothing else of it is left.
    let number = story.placements[1].message.to_string();
    let uids: Vec<_> = firm.messages(firm.fallback).await;
    let store = &firm.scene.store;
    for expected in [2, 1] {
        let found = store.ledger_search(std::slice::from_ref(&number)).await;
        let found = found.unwrap();
        assert_eq!((found.len(), found[0].id), (1, story.id));
        assert_eq!(found[0].placements.len(), expected);
        store
            .message_remove(firm.fallback, &[uids[0].uid])
            .await
            .unwrap();
    }
}

pub(crate) async fn copies_of_a_claimed_message_go_where_it_went(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let infos = for_nobody("a", "hello", firm.fallback, &["infos@firm.example"]);
    firm.commit_one(infos).await;
    assert_eq!(firm.claim("infos@firm.example", firm.petr).await, 1);
    let by_rule = shared("b", "hello", &[(firm.petr, "infos@firm.example")]);
    assert!(firm.commit_one(by_rule).await.is_copy());
    // One for somebody else is not withheld from the fallback.
    let zoe = for_nobody("c", "hello", firm.fallback, &["zoe@firm.example"]);
    assert_eq!(firm.commit_one(zoe).await.became, Became::Stored);
    // Who has it already does not get it again, and it does not stay behind.
    assert_eq!(firm.claim("zoe@firm.example", firm.petr).await, 1);
    assert_eq!(firm.count(firm.petr).await, 1);
    assert_eq!(firm.count(firm.fallback).await, 0);
    let why = &firm.messages(firm.petr).await[0].why;
    assert!(
        why.ends_with("unclaimed before, now zoe@firm.example"),
        "{why}"
    );
}

pub(crate) async fn very_many_are_claimed(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let mut listener = firm.scene.store.records().subscribe();
    let nobody = |n: usize| {
        let id = n.to_string();
        for_nobody(&id, &id, firm.fallback, &["infos@firm.example"])
    };
    firm.commit((0..700).map(nobody).collect()).await;
    assert_eq!(firm.claim("infos@firm.example", firm.petr).await, 700);
    assert_eq!(firm.count(firm.petr).await, 700);
    assert_eq!(firm.counters(firm.scene.account).await, (0, Octets::ZERO));
    let mut heard = Vec::new();
    while let Some(news) = listener.try_next() {
        heard.push(match news {
            News::Came(came) => (came.folder, came.messages.len()),
            News::Went(went) => (went.folder, went.uids.len()),
            News::Missed(_) => panic!("all was to be heard"),
        });
    }
    let expected = [(firm.fallback, 700), (firm.fallback, 700), (firm.petr, 700)];
    assert_eq!(heard, expected);
}

pub(crate) async fn a_claim_for_the_fallback_itself_moves_nothing(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let nobody = |id: &str, addresses: &[&str]| for_nobody(id, id, firm.fallback, addresses);
    firm.commit(vec![
        nobody("a", &["infos@firm.example"]),
        nobody("b", &["infos@firm.example", "zoe@firm.example"]),
    ])
    .await;
    assert_eq!(firm.claim("infos@firm.example", firm.fallback).await, 0);
    assert_eq!(firm.count(firm.fallback).await, 2);
    assert_eq!(firm.unclaimed().await, [("zoe@firm.example".to_owned(), 1)]);
    // It is there for its own address now, so it stays when the other one gets a rule.
    assert_eq!(firm.claim("zoe@firm.example", firm.petr).await, 1);
    assert_eq!(firm.count(firm.fallback).await, 2);
    assert_eq!(firm.count(firm.petr).await, 1);
}

pub(crate) async fn a_message_that_came_for_others_as_well_is_copied(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    // No recipient was found in the first, and its copy names one without a rule.
    let nothing = Delivery {
        placements: vec![Placement {
            folder: firm.fallback,
            why: "no address was found".into(),
            recipients: Vec::new(),
        }],
        ..shared("a", "one", &[])
    };
    firm.commit_one(nothing).await;
    firm.commit_one(for_nobody(
        "b",
        "one",
        firm.fallback,
        &["infos@firm.example"],
    ))
    .await;
    // The other way round, in one batch.
    let boss = [(firm.fallback, "boss@firm.example")];
    firm.commit(vec![
        for_nobody("c", "two", firm.fallback, &["infos@firm.example"]),
        shared("d", "two", &boss),
    ])
    .await;
    assert_eq!(firm.count(firm.fallback).await, 2);
    assert_eq!(firm.claim("infos@firm.example", firm.petr).await, 2);
    assert_eq!(firm.count(firm.fallback).await, 2);
    assert_eq!(firm.count(firm.petr).await, 2);
}

pub(crate) async fn a_claim_into_a_folder_that_is_not_there_moves_nothing(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    firm.commit_one(for_nobody("a", "a", firm.fallback, &["infos@firm.example"]))
        .await;
    let (store, id) = (&firm.scene.store, firm.scene.retrieval.id);
    let address: Address = "infos@firm.example".parse().unwrap();
    let failed = store.claim(id, &address, FolderId::new(4711)).await;
    assert!(
        matches!(failed, Err(StoreError::Missing { what: "folder", .. })),
        "{failed:?}"
    );
    let failed = store.claim(RetrievalId::new(77), &address, firm.petr).await;
    assert!(
        matches!(failed, Err(StoreError::Missing { .. })),
        "{failed:?}"
    );
    assert_eq!(firm.unclaimed().await.len(), 1);
    assert_eq!(firm.count(firm.fallback).await, 1);
}
