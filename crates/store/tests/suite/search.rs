//! Searches find what a plain look at every message finds, however far the index has come.

use std::path::{Path, PathBuf};
use std::time::Duration;

use inhaul_domain::search::{Place, Query, What};
use inhaul_message::{
    HeaderBlock, Prefer, Structure, Unpacker, body_text, summarize, whole_field, words_of_html,
};
use inhaul_store::{
    Delivery, FlagChange, Flags, Message, More, SearchFor, SearchPage, Store, StoreError,
};
use inhaul_types::{AccountId, FolderId, MessageId, Octets, Timestamp};

use super::catch_alls::{Firm, for_nobody};
use super::{Bed, Scene, delivery_to, new_account, read_body};

const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) fn wanted(typed: &str) -> SearchFor {
    SearchFor {
        query: Query::parse(typed).unwrap(),
        folder: None,
        before: None,
        most: 1_000,
        patience: PATIENCE,
    }
}

/// Indexes until there is nothing to do; says how much was done.
pub(crate) async fn index_all(store: &impl Store) -> u64 {
    let mut messages = 0;
    loop {
        let step = store.search().index_some().await.unwrap();
        messages += step.messages;
        if !step.more {
            return messages;
        }
    }
}

/// What is found, whole.
pub(crate) async fn found(store: &impl Store, account: AccountId, typed: &str) -> Vec<MessageId> {
    let page = store.search().find(account, wanted(typed)).await.unwrap();
    assert_eq!(page.more, More::End, "{typed}");
    page.messages.iter().map(|message| message.id).collect()
}

/// Numbers that look like chance, from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % most
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// A message as whoever looks at it plainly reads it.
struct Plain {
    message: Message,
    columns: [Vec<String>; 5],
}

/// The test's own folding.
fn folded(text: &str) -> String {
    let seen = text.split_whitespace().map(|word| {
        let seen = word.chars().filter(|c| !c.is_control() && !"\u{ad}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{feff}\u{2060}\u{202a}\u{202c}\u{202d}\u{202e}".contains(*c));
        seen.collect::<String>()
    });
    let seen: Vec<String> = seen.filter(|word| !word.is_empty()).collect();
    seen.join(" ")
        .chars()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

impl Plain {
    fn new(message: Message, octets: &[u8]) -> Self {
        let structure = Structure::of(octets);
        let header = HeaderBlock::new(octets);
        let charset = structure.parts()[0].described.parameter("charset");
        let field = |name| folded(&whole_field(&header, name, charset));
        let texts = structure.reading(Prefer::Formatted).texts;
        let texts = texts.iter().map(|part| {
            let part = structure.part(*part).unwrap();
            let place = |at: u64| usize::try_from(at).unwrap();
            let packed = &octets[place(part.body.start)..place(part.body.end)];
            let unpacked = Unpacker::all(part.described.encoding, packed);
            let text = body_text(&part.described, &unpacked);
            folded(&match part.described.is("text", "html") {
                true => words_of_html(&text),
                false => text,
            })
        });
        let columns = [
            vec![folded(&message.summary.from), field("from")],
            vec![field("to")],
            vec![field("cc")],
            vec![folded(&message.summary.subject), field("subject")],
            texts.collect(),
        ];
        Self { message, columns }
    }

    fn is_found(&self, query: &Query) -> bool {
        query.terms.iter().all(|term| {
            let message = &self.message;
            let is_so = match &term.what {
                What::Text(place, text) => {
                    let columns = match place {
                        Place::Anywhere => &self.columns[..],
                        Place::From => &self.columns[..1],
                        Place::To => &self.columns[1..2],
                        Place::Cc => &self.columns[2..3],
                        Place::Subject => &self.columns[3..4],
                    };
                    columns.iter().flatten().any(|one| one.contains(text))
                }
                What::In(name) => {
                    message.folder_name.eq_ignore_ascii_case(name) || name == "anywhere"
                }
                What::Via(name) => name == "work" && message.retrieval.is_some(),
                What::Attachment => message.summary.has_attachment,
                What::Unread => !message.flags.has(Flags::SEEN),
                What::Starred => message.flags.has(Flags::FLAGGED),
                What::Before(at) => message.internal_date < *at,
                What::Since(at) => message.internal_date >= *at,
                What::Larger(size) => message.size > *size,
                What::Smaller(size) => message.size < *size,
            };
            is_so != term.negated
        })
    }
}

/// All messages of an account, the newest first.
async fn plainly(store: &impl Store, account: AccountId) -> Vec<Plain> {
    let mut all = Vec::new();
    for folder in store.folder_list(account).await.unwrap() {
        for message in store.message_page(folder.id, None, 10_000).await.unwrap() {
            let octets = read_body(store, message.id).await.unwrap();
            all.push(Plain::new(message, &octets));
        }
    }
    all.sort_by_key(|plain| (plain.message.internal_date, plain.message.id));
    all.reverse();
    all
}

/// Looks for the same in both ways; page by page, too.
async fn compare(
    store: &impl Store,
    account: AccountId,
    all: &[Plain],
    typed: &str,
    folder: Option<FolderId>,
    most: u32,
) {
    let query = Query::parse(typed).unwrap();
    let only = folder.filter(|_| !query.names_a_folder());
    let expected: Vec<MessageId> = all
        .iter()
        .filter(|plain| only.is_none_or(|only| plain.message.folder == only))
        .filter(|plain| plain.is_found(&query))
        .map(|plain| plain.message.id)
        .collect();
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let wanted = SearchFor {
            folder,
            before,
            most,
            ..wanted(typed)
        };
        let SearchPage { messages, more } = store.search().find(account, wanted).await.unwrap();
        assert!(messages.len() <= most as usize);
        assert!(messages.iter().all(|message| message.account == account));
        seen.extend(messages.iter().map(|message| message.id));
        match (more, messages.last()) {
            (More::Page, Some(last)) => before = Some((last.internal_date, last.id)),
            (More::End, _) => break,
            other => panic!("{typed}: {:?}", other.0),
        }
    }
    assert_eq!(seen, expected, "{typed} in {folder:?}, {most} at a time");
}

const VOCABULARY: &[&str] = &[
    "invoice",
    "Lunch",
    "žluť",
    "KŮŇ",
    "straße",
    "日本語",
    "re",
    "a",
    "x1",
    "annual report",
    "\"quoted\"",
    "100%",
    "O'Brien",
    "naïve",
    "Σίσυφος",
    "zebra",
    "no",
    "und",
    "AND",
    "NEAR(",
    "col:umn",
    "*",
    "e",
];

/// A message of chance: plain, formatted or both, packed or not, sometimes longer than the index takes.
fn letter(dice: &mut Dice, number: usize) -> Vec<u8> {
    let words = |dice: &mut Dice, most: usize| {
        let words: Vec<&str> = (0..=dice.below(most))
            .map(|_| *dice.of(VOCABULARY))
            .collect();
        words.join(*dice.of(&[" ", "\r\n", "  ", "", "-"]))
    };
    let mut text = words(dice, 12);
    if dice.below(40) == 0 {
        text.push_str(&"long tail of nothing \r\n".repeat(*dice.of(&[3_500, 5_000])));
        text.push_str(&words(dice, 4));
    }
    let to = (0..dice.below(4)).map(|_| {
        format!(
            "{} <{}@example.org>",
            words(dice, 1).replace("\r\n", " "),
            dice.of(&["jana", "petr", "info"])
        )
    });
    let to: Vec<String> = to.collect();
    let header = format!(
        "From: {} <{}@example.com>\r\nTo: {}\r\n{}Subject: {}\r\n",
        dice.of(&["Jana Novák", "Bob", "=?utf-8?q?Zu=C5=BEana?="]),
        dice.of(&["jana", "bob", "x1"]),
        to.join(",\r\n "),
        dice.of(&[
            "",
            "Cc: team@example.org\r\n",
            "Cc: =?utf-8?b?xb1sdcWl?= <zl@example.org>\r\n"
        ]),
        words(dice, 5).replace("\r\n", " "),
    );
    let html = format!(
        "<html><p>{}</p><script>hidden</script>",
        text.replace('<', "&lt;")
    );
    let body = match dice.below(4) {
        0 => format!("Content-Type: text/html; charset=utf-8\r\n\r\n{html}"),
        1 => format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{text}\r\n\
             --b\r\nContent-Type: application/pdf\r\n\r\ninvoice {number}\r\n--b--\r\n"
        ),
        2 => format!(
            "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nplain wording\r\n\
             --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b--\r\n"
        ),
        _ => format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"),
    };
    format!("{header}{body}").into_bytes()
}

fn typed(dice: &mut Dice) -> String {
    let terms = (0..=dice.below(3)).map(|_| {
        let word = match dice.below(3) {
            0 => {
                let word: Vec<char> = dice.of(VOCABULARY).chars().collect();
                let from = dice.below(word.len());
                let length = 1 + dice.below(word.len() - from);
                word[from..from + length].iter().collect::<String>()
            }
            _ => (*dice.of(VOCABULARY)).to_owned(),
        };
        let quoted = format!("\"{}\"", word.replace('"', ""));
        let sign = *dice.of(&["", "", "", "-"]);
        let term = match dice.below(14) {
            0 => format!(
                "from:{}",
                dice.of(&["jana", "BOB", "\"jana nov\"", "zuž", "x1"])
            ),
            1 => format!("to:{}", dice.of(&["petr", "info@", "\"Lunch <\"", "a"])),
            2 => format!("cc:{}", dice.of(&["team", "žluť", "zl"])),
            3 => format!("subject:{quoted}"),
            4 => (*dice.of(&["in:INBOX", "in:shop", "in:anywhere"])).to_owned(),
            5 => (*dice.of(&[
                "is:unread",
                "is:read",
                "is:starred",
                "has:attachment",
                "via:work",
                "via:none",
            ]))
            .to_owned(),
            6 => (*dice.of(&[
                "before:1970-01-02",
                "after:1970-01-02",
                "larger:600",
                "smaller:1K",
                "larger:60K",
                "larger:98K",
                "smaller:98K",
            ]))
            .to_owned(),
            _ => quoted,
        };
        format!("{sign}{term}")
    });
    terms.collect::<Vec<_>>().join(" ")
}

/// Delivers letters to a folder: some of the same moment, in no order.
async fn deliver<S: Store>(
    scene: &Scene<S>,
    dice: &mut Dice,
    folder: FolderId,
    numbers: std::ops::Range<usize>,
) {
    let deliveries = numbers.map(|number| {
        let octets = letter(dice, number);
        let mut delivery = as_delivery(&[folder], &format!("m{number}"), octets);
        delivery.internal_date =
            Timestamp::from_millis(3_600_000 * i64::try_from(dice.below(60)).unwrap());
        delivery
    });
    scene.commit(deliveries.collect()).await;
}

fn as_delivery(folders: &[FolderId], id: &str, octets: Vec<u8>) -> Delivery {
    let read = summarize(&octets);
    let mut delivery = delivery_to(folders, id, Octets::of_len(octets.len()), octets);
    let summary = &mut delivery.summary;
    (summary.from, summary.subject) = (read.from, read.subject);
    summary.has_attachment = read.has_attachment;
    delivery
}

pub(crate) async fn a_search_finds_what_a_plain_look_finds(bed: &impl Bed) {
    let mut scene = Scene::set(bed).await;
    let mut dice = Dice(0x5eed);
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let bobs = scene.store.folder_list(bob).await.unwrap()[0].id;
    let shop = scene
        .store
        .mail()
        .folder_create(scene.account, "Shop")
        .await
        .unwrap();
    deliver(&scene, &mut dice, scene.inbox, 0..250).await;
    deliver(&scene, &mut dice, bobs, 250..400).await;
    deliver(&scene, &mut dice, shop, 400..500).await;
    for stage in [
        "no index",
        "some",
        "all",
        "more came",
        "marked, moved, gone",
        "reopened",
        "followed",
    ] {
        let store = &scene.store;
        match stage {
            "some" => {
                // The first step only begins it with the newest.
                let step = store.search().index_some().await.unwrap();
                assert!(step.more && step.messages < 500);
            }
            "all" => {
                assert!(index_all(store).await > 0);
                let state = store.search().index_state().await.unwrap();
                assert_eq!((state.indexed, state.messages), (500, 500));
                assert!(state.octets > 0);
            }
            "more came" => deliver(&scene, &mut dice, scene.inbox, 500..550).await,
            "marked, moved, gone" => {
                let all = plainly(store, scene.account).await;
                let ids: Vec<_> = all.iter().map(|plain| plain.message.id).collect();
                let star = FlagChange {
                    set: Flags::FLAGGED,
                    clear: Flags::default(),
                };
                let read = FlagChange {
                    set: Flags::SEEN,
                    clear: Flags::default(),
                };
                let mail = store.mail();
                mail.mark(scene.account, &ids[..40], star).await.unwrap();
                mail.mark(scene.account, &ids[20..200], read).await.unwrap();
                mail.move_to(scene.account, &ids[30..90], shop)
                    .await
                    .unwrap();
                let there = store.message_page(scene.inbox, None, 1_000).await.unwrap();
                let uids: Vec<_> = there.iter().step_by(5).map(|message| message.uid).collect();
                store.message_remove(scene.inbox, &uids).await.unwrap();
            }
            "reopened" => scene = scene.reopen(bed).await,
            "followed" => {
                assert!(index_all(store).await > 0);
                let state = store.search().index_state().await.unwrap();
                assert_eq!(state.indexed, state.messages);
                assert_eq!(index_all(store).await, 0);
            }
            _ => {}
        }
        let store = &scene.store;
        for account in [scene.account, bob] {
            let all = plainly(store, account).await;
            let folders = store.folder_list(account).await.unwrap();
            // Reading messages takes its time.
            let queries = if stage == "no index" { 6 } else { 30 };
            for _ in 0..queries {
                let typed = typed(&mut dice);
                if account == bob && typed.contains("in:shop") {
                    continue;
                }
                let folder = dice.of(&folders).id;
                let folder = (dice.below(2) == 0).then_some(folder);
                let most = *dice.of(&[1_000, 7]);
                compare(store, account, &all, &typed, folder, most).await;
            }
            // Of the very many, too.
            for typed in ["", "e", "x1", "invoice", "-invoice", "in:anywhere"]
                .iter()
                .filter(|_| stage != "no index")
            {
                compare(store, account, &all, typed, None, 50).await;
            }
        }
    }
}

/// So many that looking at each in turn is not worth it any more.
pub(crate) async fn many_small_messages_are_found_all_the_same(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let bobs = scene.store.folder_list(bob).await.unwrap()[0].id;
    let mut dice = Dice(11);
    for chunk in 0..13 {
        let deliveries = (0..200).map(|number| {
            let number = 200 * chunk + number;
            let rare = if number % 400 == 7 {
                "zq zebra"
            } else {
                "tion ment"
            };
            let octets = format!(
                "To: b{}@c\r\nSubject: s\r\n\r\nabc bcd {rare}\r\n",
                number % 9
            );
            let folder = if number % 13 == 0 { bobs } else { scene.inbox };
            let mut delivery = as_delivery(&[folder], &format!("m{number}"), octets.into_bytes());
            let hour = i64::try_from(dice.below(900)).unwrap();
            delivery.internal_date = Timestamp::from_millis(3_600_000 * hour);
            delivery
        });
        scene.commit(deliveries.collect()).await;
        if chunk == 11 {
            index_all(&scene.store).await;
        }
    }
    for account in [scene.account, bob] {
        let all = plainly(&scene.store, account).await;
        for typed in [
            "zq",
            "q",
            "s",
            "c",
            "qj",
            "a zq",
            "zq rr",
            "b7 zq",
            "subject:s zq",
            "subject:zq",
            "to:b2 zq",
            "to:@",
            "cc:s",
            "zebra -zq",
            "ra",
            "-tion",
            "-a",
            "zebra",
            "abcd",
            "\"abc bcd ment\"",
            "to:b7 -ment",
            "zq to:b7",
            "a after:1970-01-30",
            "hippopotamus",
            "is:starred",
            "zq before:1970-01-03",
        ] {
            for most in [1_000, 40] {
                compare(&scene.store, account, &all, typed, None, most).await;
            }
        }
    }
}

/// The index keeps the first 64 KiB of a text: a word may stand anywhere around that.
pub(crate) async fn what_stands_behind_a_long_text_is_found(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let lengths = (65_515..65_545).chain([100_000, 1_000_000, 1_200_000]);
    let letters = lengths.map(|length| {
        let (word, tail) = match length % 3 {
            0 => ("zebra", "žlx."),
            1 => ("ostrich", "\r\nxq"),
            _ => ("z e b r a", ""),
        };
        let text = "ab cd ".repeat(length / 6) + &"y".repeat(length % 6);
        format!(
            "Subject: s{}\r\n\r\n{text} {word} {length}{tail}\r\n",
            length % 5
        )
    });
    // Fields are cut, too.
    let field = |length: usize| {
        let names = "n ".repeat(length / 2);
        format!(
            "To: {names} zebra{} <a@b>\r\nSubject: f\r\n\r\nx\r\n",
            length % 2
        )
    };
    let letters = letters.chain((16_370..16_390).map(field));
    let deliveries = letters.enumerate().map(|(number, letter)| {
        as_delivery(&[scene.inbox], &format!("l{number}"), letter.into_bytes())
    });
    for delivery in deliveries {
        scene.commit(vec![delivery]).await;
    }
    index_all(&scene.store).await;
    let all = plainly(&scene.store, scene.account).await;
    for typed in [
        "zebra",
        "-zebra",
        "zebr",
        "ostrich",
        "\"e b\"",
        "zb",
        "ž",
        "xq",
        "-xq",
        "655",
        "65530",
        "1000000",
        "ab -ostrich",
        "hippopotamus",
        "-hippopotamus",
        "s1",
        "subject:s1 zebra",
        "subject:zebra",
        "to:zebra",
        "to:zebra1",
        "-to:zebra",
        "zebra1",
        "yy zebra",
        "\"d zebra\"",
        "\"y zebra\"",
        "larger:98K zebra",
        "larger:98K -zebra",
        "larger:98K",
        "rich",
    ] {
        compare(&scene.store, scene.account, &all, typed, None, 1_000).await;
    }
}

/// The corpus, where it is there.
fn corpus() -> Vec<PathBuf> {
    let root = std::env::var_os("INHAUL_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    );
    let mut files: Vec<_> = ["ordinary", "odd"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(root.join(folder)).ok())
        .flat_map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())))
        .collect();
    files.sort();
    files
}

/// Any stretch of what a message says finds it, and whatever else says so.
pub(crate) async fn other_peoples_messages_are_found_by_any_stretch(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut dice = Dice(7);
    let mut letters: Vec<Vec<u8>> = corpus()
        .iter()
        .step_by(5)
        .filter_map(|path| std::fs::read(path).ok())
        .filter(|octets| octets.len() < 500_000)
        .collect();
    letters.extend((0..20).map(|number| letter(&mut dice, number)));
    for (chunk, some) in letters.chunks(50).enumerate() {
        let deliveries = some.iter().enumerate().map(|(number, octets)| {
            as_delivery(
                &[scene.inbox],
                &format!("c{chunk}.{number}"),
                octets.clone(),
            )
        });
        scene.commit(deliveries.collect()).await;
    }
    let all = plainly(&scene.store, scene.account).await;
    for is_indexed in [false, true] {
        if is_indexed {
            index_all(&scene.store).await;
        }
        let mut tried = 0_u64;
        while tried < if is_indexed { 150 } else { 15 } {
            let column = dice.of(&dice_column(&all, &mut Dice(tried + 1))).clone();
            let characters: Vec<char> = column.chars().collect();
            if characters.len() < 4 {
                tried += 1;
                continue;
            }
            let from = dice.below(characters.len() - 3);
            let length = 1 + dice.below(20.min(characters.len() - from));
            let stretch: String = characters[from..from + length].iter().collect();
            tried += 1;
            if stretch.contains('"') || stretch.trim() != stretch || stretch.is_empty() {
                continue;
            }
            compare(
                &scene.store,
                scene.account,
                &all,
                &format!("\"{stretch}\""),
                None,
                1_000,
            )
            .await;
        }
    }
}

fn dice_column(all: &[Plain], dice: &mut Dice) -> Vec<String> {
    let plain = dice.of(all);
    plain.columns.iter().flatten().cloned().collect()
}

pub(crate) async fn a_search_without_time_goes_on_where_it_ended(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let mut dice = Dice(3);
    deliver(&scene, &mut dice, scene.inbox, 0..30).await;
    for _ in ["not indexed", "indexed"] {
        for typed in ["zebra", "-zebra", "x", "is:unread"] {
            let whole = found(&scene.store, scene.account, typed).await;
            let (mut seen, mut before, mut calls) = (Vec::new(), None, 0);
            loop {
                let wanted = SearchFor {
                    before,
                    patience: Duration::ZERO,
                    ..wanted(typed)
                };
                let page = scene
                    .store
                    .search()
                    .find(scene.account, wanted)
                    .await
                    .unwrap();
                seen.extend(page.messages.iter().map(|message| message.id));
                calls += 1;
                match page.more {
                    More::Unfinished(at, id) => {
                        assert!(before.is_none_or(|before| (at, id) < before), "it comes on");
                        before = Some((at, id));
                    }
                    More::End => break,
                    More::Page => panic!("{typed}: a page is larger"),
                }
            }
            assert_eq!(seen, whole, "{typed}");
            assert!(calls > 1, "{typed}");
        }
        index_all(&scene.store).await;
    }
}

pub(crate) async fn what_went_to_another_is_theirs_at_once(bed: &impl Bed) {
    let firm = Firm::set(bed).await;
    let nobody = |id: &str| for_nobody(id, id, firm.fallback, &["infos@firm.example"]);
    firm.commit(vec![nobody("one"), nobody("two")]).await;
    let store = &firm.scene.store;
    index_all(store).await;
    let finds = async |account| found(store, account, "subject:about").await.len();
    assert_eq!(
        (finds(firm.scene.account).await, finds(firm.petrs).await),
        (2, 0)
    );
    assert_eq!(firm.claim("infos@firm.example", firm.petr).await, 2);
    for _ in ["at once", "when the index has followed"] {
        assert_eq!(
            (finds(firm.scene.account).await, finds(firm.petrs).await),
            (0, 2)
        );
        index_all(store).await;
    }
    let state = store.search().index_state().await.unwrap();
    assert_eq!((state.indexed, state.messages), (2, 2));
}

pub(crate) async fn a_removed_account_leaves_the_index(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let bobs = scene.store.folder_list(bob).await.unwrap()[0].id;
    let mut dice = Dice(5);
    deliver(&scene, &mut dice, bobs, 0..20).await;
    deliver(&scene, &mut dice, scene.inbox, 20..30).await;
    index_all(&scene.store).await;
    scene.store.account_remove(bob).await.unwrap();
    let gone = scene.store.search().find(bob, wanted("a")).await;
    assert!(matches!(
        gone,
        Err(StoreError::Missing {
            what: "account",
            ..
        })
    ));
    index_all(&scene.store).await;
    let state = scene.store.search().index_state().await.unwrap();
    assert_eq!((state.indexed, state.messages), (10, 10));
    let all = plainly(&scene.store, scene.account).await;
    compare(&scene.store, scene.account, &all, "a", None, 1_000).await;
}

pub(crate) async fn a_folder_that_is_not_there_is_told(bed: &impl Bed) {
    let scene = Scene::set(bed).await;
    let bob = scene
        .store
        .account_create(new_account("bob"))
        .await
        .unwrap();
    let bobs = scene.store.folder_list(bob).await.unwrap()[0].id;
    let search = async |wanted| scene.store.search().find(scene.account, wanted).await;
    for typed in ["in:nowhere", "-in:nowhere"] {
        let error = search(wanted(typed)).await.unwrap_err();
        assert!(matches!(error, StoreError::Missing { what: "folder", name } if name == "nowhere"));
    }
    let anothers = SearchFor {
        folder: Some(bobs),
        ..wanted("x")
    };
    let error = search(anothers.clone()).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { what: "folder", .. }));
    let named = SearchFor {
        query: Query::parse("x in:inbox").unwrap(),
        ..anothers
    };
    assert!(search(named).await.unwrap().messages.is_empty());
}
