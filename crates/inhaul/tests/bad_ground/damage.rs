//! Files of the data directory that do not say what was written.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use inhaul_testkit::{CutProxy, Dovecot, Finished};
use rusqlite::Connection;

use crate::installation::{Dice, Installation, assert_each_once};
use crate::mail::{counting_line, message, messages, server_with, subscribe_at};

/// Twelve small messages and two of 75 KiB are here and gone there; three wait there.
struct Scene {
    server: Dovecot,
    line: CutProxy,
    home: Installation,
    /// What is here.
    brought: Vec<Vec<u8>>,
    /// What is not.
    waiting: Vec<Vec<u8>>,
}

impl Scene {
    fn set() -> Self {
        let mut mail = messages(12, 4_000);
        mail.extend((12..14).map(|number| message(number, 75 << 10)));
        let (mut server, brought) = server_with(&mail);
        let line = counting_line(&server);
        let home = subscribe_at(Installation::new(), line.addr());
        home.pull("isp");
        // Into the database itself, so that damage to it is damage to mail.
        let database = Connection::open(home.data().join("inhaul.db")).unwrap();
        database
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
        drop(database);
        server
            .fill("u1", (20..23).map(|number| message(number, 4_000)))
            .unwrap();
        let waiting = server.retr_all("u1").unwrap();
        Self {
            server,
            line,
            home,
            brought,
            waiting,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.data().join(name)
    }

    /// A pull fails with this code and exit, and the server keeps what it has.
    #[track_caller]
    fn refuses(&self, code: &str, exit: i32) -> Finished {
        let finished = self.home.inhaul.run(&["pull", "isp"]).unwrap();
        assert_eq!(finished.code(), Some(exit), "{finished:?}");
        assert!(finished.stderr.contains(code), "{finished:?}");
        assert!(!finished.stderr.contains("panicked"), "{finished:?}");
        assert_eq!(self.server.count("u1").unwrap(), self.waiting.len());
        finished
    }

    /// With the right file back, all goes on.
    #[track_caller]
    fn is_whole_again(&self) {
        self.home.pull("isp");
        assert_eq!(self.server.count("u1").unwrap(), 0);
        let sent = [&self.brought[..], &self.waiting[..]].concat();
        assert_each_once(&sent, &self.home.messages("anna"));
    }
}

fn overwrite(path: &Path, at: u64, octets: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(octets).unwrap();
}

fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    (0..count)
        .map(|_| u8::try_from(dice.below(256)).unwrap())
        .collect()
}

#[test]
fn a_database_cut_or_overwritten_at_its_start_is_damage_and_stays_as_it_is() {
    type Harm = fn(&Path);
    let cut: Harm = |path| {
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(20_000)
            .unwrap()
    };
    let empty: Harm = |path| drop(File::create(path).unwrap());
    let gone: Harm = |path| fs::remove_file(path).unwrap();
    let header: Harm = |path| overwrite(path, 0, &noise(1, 100));
    let schema: Harm = |path| overwrite(path, 100, &noise(2, 8_000));
    let scene = Scene::set();
    let database = scene.file("inhaul.db");
    let whole = fs::read(&database).unwrap();
    for (name, harm) in [
        ("cut", cut),
        ("empty", empty),
        ("gone", gone),
        ("header", header),
        ("schema", schema),
    ] {
        harm(&database);
        let damaged = fs::read(&database).ok();
        scene.refuses("data-damaged", 74);
        let finished = scene.home.fails(&["account", "list"], 74);
        assert!(
            finished.stderr.contains("data-damaged"),
            "{name}: {finished:?}"
        );
        assert_eq!(
            fs::read(&database).ok(),
            damaged,
            "{name}: it was written to"
        );
        fs::write(&database, &whole).unwrap();
    }
    // The segments of a database that is gone are still there.
    scene.is_whole_again();
}

/// Wherever the noise is: what is deleted on the server is here, and reads back.
#[test]
fn noise_in_the_middle_of_a_database_deletes_nothing_that_is_not_here() {
    let mut scene = Scene::set();
    let database = scene.file("inhaul.db");
    let whole: Vec<(PathBuf, Vec<u8>)> = ["inhaul.db", "segments/00000001"]
        .map(|name| (scene.file(name), fs::read(scene.file(name)).unwrap()))
        .into();
    let pages = whole[0].1.len() / 16_384;
    let (mut refused, mut passed) = (0, 0);
    for page in (1..pages).step_by(3) {
        let (at, noise) = (page * 16_384, noise(page as u64, 16_384));
        overwrite(&database, at as u64, &noise);
        let finished = scene.home.inhaul.run(&["pull", "isp"]).unwrap();
        assert!(
            !finished.stderr.contains("panicked"),
            "page {page}: {finished:?}"
        );
        let left = scene.server.retr_all("u1").unwrap();
        if finished.code() == Some(0) {
            passed += 1;
        } else {
            refused += 1;
            assert_eq!(finished.code(), Some(74), "page {page}: {finished:?}");
            assert!(
                finished.stderr.contains("data-damaged"),
                "page {page}: {finished:?}"
            );
        }
        // A page that this run had no use for may be one that reading needs.
        if fs::read(&database).unwrap()[at..].starts_with(&noise) {
            overwrite(&database, at as u64, &whole[0].1[at..at + 16_384]);
        }
        let readable = readable(&scene.home);
        for message in &scene.waiting {
            assert!(
                left.contains(message) || readable.contains(message),
                "page {page}: {finished:?}"
            );
        }
        // As it was, on both sides.
        fs::remove_file(scene.file("inhaul.db-wal")).ok();
        for (path, octets) in &whole {
            fs::write(path, octets).unwrap();
        }
        refill(&mut scene, left.len());
    }
    println!("{refused} of {pages} pages refused, {passed} passed");
    assert!(refused > 0 && passed > 0, "{refused} {passed}");
}

/// Has the server hold what waits, whatever is left of it.
fn refill(scene: &mut Scene, left: usize) {
    if left < scene.waiting.len() {
        let mut session = scene.server.sign_in("u1").unwrap();
        (1..=left).for_each(|number| session.dele(number).unwrap());
        session.quit().unwrap();
        scene.server.fill("u1", &scene.waiting).unwrap();
    }
}

/// The messages that can be shown, one by one.
fn readable(home: &Installation) -> Vec<Vec<u8>> {
    let listed = home
        .inhaul
        .run(&["message", "list", "anna", "--json"])
        .unwrap();
    if listed.code() != Some(0) {
        return Vec::new();
    }
    let list = crate::installation::document(&listed.stdout);
    let ids = list["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["id"].to_string());
    ids.filter_map(|id| {
        home.inhaul
            .ok_octets(&["message", "show", "--raw", &id])
            .ok()
    })
    .collect()
}

#[test]
fn a_log_that_does_not_begin_as_one_is_damage() {
    let scene = Scene::set();
    // A line in the log.
    scene
        .home
        .inhaul
        .ok_with_input(
            &["account", "add", "bert", "--password-stdin"],
            "seven-loud-otters-1",
        )
        .unwrap();
    let log = scene.file("inhaul.db-wal");
    let whole = fs::read(&log).unwrap();
    assert!(!whole.is_empty());
    for at in [0, 8, 20] {
        overwrite(&log, at, &noise(at, 12));
        scene.refuses("data-damaged", 74);
        fs::write(&log, &whole).unwrap();
    }
    assert!(
        scene
            .home
            .inhaul
            .ok(&["account", "list"])
            .unwrap()
            .contains("bert")
    );
    scene.is_whole_again();
}

#[test]
fn a_lost_or_cut_segment_stops_runs_and_leaves_the_rest_readable() {
    type Harm = fn(&Path);
    let gone: Harm = |path| fs::remove_file(path).unwrap();
    let cut: Harm = |path| {
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(80_000)
            .unwrap()
    };
    let scene = Scene::set();
    let segment = scene.file("segments/00000001");
    let whole = fs::read(&segment).unwrap();
    for harm in [gone, cut] {
        harm(&segment);
        let before = scene.line.connections();
        let finished = scene.refuses("data-damaged", 74);
        assert!(
            finished.stderr.contains("segments/00000001"),
            "{finished:?}"
        );
        // A run that cannot store dials nobody.
        assert_eq!(scene.line.connections(), before);
        // Twelve small messages, and of the cut one what comes before the cut.
        assert!(readable(&scene.home).len() >= 12);
        let dir = scene.home.beside("damaged");
        let finished = scene
            .home
            .fails(&["export", "maildir", "anna", dir.to_str().unwrap()], 74);
        assert!(finished.stderr.contains("data-damaged"), "{finished:?}");
        let count = |part: &str| fs::read_dir(dir.join(part)).unwrap().count();
        assert!(count("new") >= 12 && count("tmp") == 0);
        fs::remove_dir_all(dir).unwrap();
        fs::write(&segment, &whole).unwrap();
    }
    scene.is_whole_again();
}

#[test]
fn a_loss_somebody_knows_of_stops_nothing_more() {
    let scene = Scene::set();
    fs::remove_file(scene.file("segments/00000001")).unwrap();
    scene.refuses("00000001.lost", 74);
    fs::write(scene.file("segments/00000001.lost"), "").unwrap();
    scene.home.pull("isp");
    assert_eq!(scene.server.count("u1").unwrap(), 0);
    let sent = [&scene.brought[..12], &scene.waiting[..]].concat();
    assert_each_once(&sent, &readable(&scene.home));
    // New mail goes to a new segment.
    let mut server = scene.server;
    let large = [message(40, 75 << 10)];
    server.fill("u1", &large).unwrap();
    scene.home.pull("isp");
    assert!(
        readable(&scene.home)
            .iter()
            .any(|message| message.len() > 70_000)
    );
}

#[test]
fn a_flipped_octet_is_never_handed_out_as_if_it_were_right() {
    let scene = Scene::set();
    let segment = scene.file("segments/00000001");
    let mut octets = fs::read(&segment).unwrap();
    octets[100_000] ^= 4;
    fs::write(&segment, &octets).unwrap();
    let list = scene.home.json(&["message", "list", "anna"]);
    let mut damaged = 0;
    for message in list["messages"].as_array().unwrap() {
        let id = message["id"].to_string();
        let finished = scene
            .home
            .inhaul
            .run(&["message", "show", "--raw", &id])
            .unwrap();
        if finished.code() != Some(0) {
            damaged += 1;
            assert_eq!(finished.code(), Some(74), "{finished:?}");
            assert!(finished.stderr.contains("data-damaged"), "{finished:?}");
            assert!((finished.stdout.len() as u64) < message["bytes"].as_u64().unwrap());
        }
    }
    assert_eq!(damaged, 1);
    for format in ["maildir", "mbox"] {
        let dir = scene.home.beside(format);
        let finished = scene
            .home
            .fails(&["export", format, "anna", dir.to_str().unwrap()], 74);
        assert!(
            finished.stdout.contains("13 messages written"),
            "{finished:?}"
        );
    }
    let mbox = fs::read_to_string(scene.home.beside("mbox/INBOX.mbox")).unwrap();
    let starts = mbox
        .lines()
        .filter(|line| line.starts_with("From MAILER-DAEMON"))
        .count();
    assert_eq!(starts, 13);
    // What comes is not concerned.
    scene.home.pull("isp");
    assert_eq!(scene.server.count("u1").unwrap(), 0);
}

#[test]
fn a_lost_or_changed_key_is_named_and_blocks_the_passwords_only() {
    let scene = Scene::set();
    let key = scene.file("secret.key");
    let right = fs::read(&key).unwrap();
    for harm in [Some(noise(3, 32)), Some(noise(4, 5)), None] {
        match &harm {
            Some(octets) => fs::write(&key, octets).unwrap(),
            None => fs::remove_file(&key).unwrap(),
        }
        let finished = scene.refuses("wrong-key", 78);
        assert!(
            finished.stderr.contains(key.to_str().unwrap()),
            "{finished:?}"
        );
        let shown = scene.home.json(&["message", "list", "anna"]);
        assert_eq!(shown["messages"].as_array().unwrap().len(), 14);
        assert_eq!(scene.home.messages("anna").len(), 14);
    }
    assert!(!key.exists(), "a lost key is not replaced in silence");
    fs::write(&key, right).unwrap();
    scene.is_whole_again();
}
