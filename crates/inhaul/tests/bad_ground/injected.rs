//! System calls that fail, or at which the process dies: `strace` steps in between.
//!
//! So a moment is not met by chance: the n-th write, sync, cut, hole or command to the server of a
//! thread is the one. Left out, with a word, where `strace` is not there or may not trace.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use inhaul_testkit::{Dovecot, Finished, TestDir};
use rusqlite::Connection;

use crate::installation::{Installation, assert_each_once, wait_until};
use crate::mail::{assert_nothing_lost, message, messages, server_with, subscribe};
use crate::power::Disk;

/// What has a lasting effect: on our disk, or on the server.
const EFFECTS: &str = "pwrite64,fsync,fdatasync,ftruncate,fallocate,rename,unlinkat,sendto";

/// An installation from which each round starts anew, and the server it reads.
struct Stage {
    server: Dovecot,
    mail: Vec<Vec<u8>>,
    sent: Vec<Vec<u8>>,
    template: Installation,
    rounds: TestDir,
    round: u32,
}

impl Stage {
    /// `None` where nothing can be traced.
    fn set(mail: Vec<Vec<u8>>) -> Option<Self> {
        if !may_trace() {
            println!("left out: strace is not there, or may not trace");
            return None;
        }
        let (server, sent) = server_with(&mail);
        let template = subscribe(Installation::new(), &server);
        let rounds = TestDir::new("rounds").unwrap();
        Some(Self {
            server,
            mail,
            sent,
            template,
            rounds,
            round: 0,
        })
    }

    /// A fresh installation, and a server that has everything.
    fn fresh(&mut self) -> Installation {
        self.round += 1;
        let data = self.rounds.join(self.round.to_string());
        let copied = Command::new("cp")
            .arg("-a")
            .args([self.template.data(), &data])
            .status()
            .unwrap();
        assert!(copied.success());
        assert_eq!(self.server.count("u1").unwrap() % self.mail.len(), 0);
        if self.server.count("u1").unwrap() == 0 {
            self.server.fill("u1", &self.mail).unwrap();
        }
        Installation::at(&data)
    }

    /// Runs a command of this installation under strace.
    fn with(&self, home: &Installation, injection: &str, words: &[&str]) -> Finished {
        let program = tracing(&home.beside("traced"), injection);
        let traced = Installation::through(program, home.data());
        traced.inhaul.run(words).unwrap()
    }

    /// What was done is right; an undisturbed pull brings the rest.
    #[track_caller]
    fn recovers(&self, home: &Installation) {
        assert_nothing_lost(&self.sent, &self.server, home);
        home.pull("isp");
        assert_eq!(self.server.count("u1").unwrap(), 0);
        assert_each_once(&self.sent, &home.messages("anna"));
    }
}

fn may_trace() -> bool {
    let mut trial = Command::new("strace");
    trial.args(["-qq", "-e", "trace=none", "true"]);
    let status = trial.stdin(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A program that runs inhaul with this injection.
fn tracing(path: &std::path::Path, injection: &str) -> PathBuf {
    let inhaul = env!("CARGO_BIN_EXE_inhaul");
    let script = format!(
        "#!/bin/sh\nexec strace -f -qq -o {}.trace -e trace={EFFECTS} -e inject={injection} \
         {inhaul} \"$@\"\n",
        path.display()
    );
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_path_buf()
}

fn mixed() -> Vec<Vec<u8>> {
    let mut mail = messages(8, 3_000);
    mail.extend((8..11).map(|number| message(number, 75 << 10)));
    mail.push(message(11, 2_500_000));
    mail
}

#[test]
fn a_process_that_dies_at_any_effect_loses_and_doubles_nothing() {
    let Some(mut stage) = Stage::set(mixed()) else {
        return;
    };
    let mut died = 0;
    for (calls, moments) in [
        (EFFECTS, (1..44).step_by(3).collect::<Vec<_>>()),
        ("fsync", (1..5).collect()),
        ("fdatasync", vec![1, 2]),
        ("sendto", (2..9).collect()),
    ] {
        for moment in moments {
            let home = stage.fresh();
            let injection = format!("{calls}:signal=KILL:when={moment}");
            let finished = stage.with(&home, &injection, &["pull", "isp"]);
            died += usize::from(finished.code() != Some(0));
            stage.recovers(&home);
        }
    }
    println!("{died} died");
    assert!(died > 15, "{died}");
}

#[test]
fn a_disk_that_fails_is_told_and_nothing_is_deleted_on_its_word() {
    let Some(mut stage) = Stage::set(mixed()) else {
        return;
    };
    let soon = ["1", "1+", "2", "3+", "5"];
    // Behind the making of the log's index, of which SQLite does not say why it failed.
    let later = ["9", "9+", "12", "15+", "20"];
    let for_good = ["9+", "12+", "15+", "20+", "30+"];
    for (calls, error, code, moments) in [
        ("pwrite64", "ENOSPC", "disk-full", soon),
        ("pwrite64", "EDQUOT", "disk-full", for_good),
        ("pwrite64", "EIO", "data-damaged", later),
        ("fsync", "EIO", "data-damaged", soon),
        ("fdatasync", "EIO", "data-damaged", soon),
        ("fdatasync", "ENOSPC", "disk-full", soon),
    ] {
        let mut failed = 0;
        for moment in moments {
            let home = stage.fresh();
            let injection = format!("{calls}:error={error}:when={moment}");
            let finished = stage.with(&home, &injection, &["pull", "isp"]);
            assert!(
                !finished.stderr.contains("panicked"),
                "{injection}: {finished:?}"
            );
            if finished.code() != Some(0) {
                failed += 1;
                assert_eq!(finished.code(), Some(74), "{injection}: {finished:?}");
                assert!(finished.stderr.contains(code), "{injection}: {finished:?}");
            }
            stage.recovers(&home);
        }
        println!("{calls} {error}: {failed} of 5 failed");
        assert!(failed > 0, "{calls} {error}");
    }
}

/// The disk fails one write of a run; another run of the same process goes on on the same files.
#[test]
fn a_run_behind_one_that_met_a_full_disk_writes_over_nothing() {
    let Some(mut stage) = Stage::set(mixed()) else {
        return;
    };
    let at = stage.server.pop3_addr().to_string();
    let how = [
        "--server",
        &at,
        "--security=none",
        "--after-storing=delete",
        "--no-test",
    ];
    stage.template.retrieval("two", "u2", "anna", &how);
    let other: Vec<_> = (50..60).map(|number| message(number, 40_000)).collect();
    let mut outcomes = [0; 3];
    for moment in (4..60).step_by(3) {
        let home = stage.fresh().env("INHAUL_CHECKS__AT_ONCE", "1");
        stage.server.fill("u2", &other).unwrap();
        let others = stage.server.retr_all("u2").unwrap();
        let injection = format!("pwrite64:error=ENOSPC:when={moment}");
        let program = tracing(&home.beside("traced"), &injection);
        let traced = Installation::through(program, home.data());
        let traced = traced.env("INHAUL_CHECKS__AT_ONCE", "1");
        let finished = traced.inhaul.run(&["pull", "isp", "two"]).unwrap();
        assert!(
            matches!(finished.code(), Some(0 | 74)),
            "{moment}: {finished:?}"
        );
        outcomes[finished.stderr.matches("X ").count()] += 1;
        home.inhaul.ok(&["pull", "isp", "two"]).unwrap();
        for user in ["u1", "u2"] {
            assert_eq!(stage.server.count(user).unwrap(), 0, "{moment}");
        }
        let sent = [&stage.sent[..], &others].concat();
        assert_each_once(&sent, &home.messages("anna"));
        assert_eq!(damaged_neighbours(&home), 0, "{moment}");
    }
    println!("none, one and both runs failed: {outcomes:?}");
    assert!(outcomes[1] > 0, "{outcomes:?}");
}

/// Between the transaction that forgets places in a segment and the one that forgets that they
/// were to be given back, holes are made: the process dies at each of them.
#[test]
fn a_process_that_dies_while_it_makes_holes_harms_no_neighbour() {
    let mut mail = (0..4)
        .map(|number| message(number, 75 << 10))
        .collect::<Vec<_>>();
    mail.push(message(4, 20 << 20));
    let Some(mut stage) = Stage::set(mail) else {
        return;
    };
    for moment in 1..6 {
        let home = stage.fresh();
        // Some slices of the large one are there, and nobody refers to them.
        let at_a_sync = "fdatasync:signal=KILL:when=4";
        assert_ne!(
            stage.with(&home, at_a_sync, &["pull", "isp"]).code(),
            Some(0)
        );
        let unfinished = "SELECT count(*) FROM body WHERE refs = 0";
        assert_eq!(count(&home, unfinished), 1, "a body was begun");
        let at_a_hole = format!("fallocate:signal=KILL:when={moment}");
        let finished = stage.with(&home, &at_a_hole, &["message", "list", "anna"]);
        assert_ne!(finished.code(), Some(0), "{moment}: {finished:?}");
        let places = "SELECT count(*) FROM freed_extent";
        assert!(count(&home, places) > 0, "{moment}: not between the two");
        // The next start begins where it was.
        home.inhaul.ok(&["message", "list", "anna"]).unwrap();
        assert_eq!((count(&home, places), count(&home, unfinished)), (0, 0));
        stage.recovers(&home);
        assert_eq!(damaged_neighbours(&home), 0);
    }
}

/// The power goes when one hole is made and the next is not: what is known by its digest after that
/// is whole, and the same message, coming again, is.
#[test]
fn a_power_failure_while_holes_are_made_leaves_no_body_with_a_hole() {
    let mut disk = match Disk::new() {
        Ok(disk) if may_trace() => disk,
        why => return println!("left out: strace, or {why:?}"),
    };
    let mail: Vec<_> = (0..3).map(|number| message(number, 600 << 10)).collect();
    let (mut server, sent) = server_with(&mail);
    let home = Installation::at(&disk.data()).env("INHAUL_STORAGE__STOP_FREE", "0");
    let home = subscribe(home, &server);
    home.pull("isp");
    // No command takes a message away yet; this is what one will write.
    let freed = "UPDATE body SET refs = 0, freed_at = 1
                 WHERE id = (SELECT body_id FROM message WHERE subject = 'number 1')";
    database(&home).execute(freed, []).unwrap();
    let at_the_second = "fallocate:delay_enter=20000000:when=2";
    let program = tracing(&home.beside("traced"), at_the_second);
    let slow = Installation::through(program, home.data());
    let mut reader = slow.inhaul.spawn(&["message", "list", "anna"]).unwrap();
    let places = "SELECT count(*) FROM freed_extent";
    wait_until("places are freed", || count(&home, places) > 1);
    std::thread::sleep(Duration::from_millis(500));
    disk.cut_power().unwrap();
    reader.kill().unwrap();
    disk.restore().unwrap();
    server.fill("u1", &mail).unwrap();
    home.pull("isp");
    assert_eq!(server.count("u1").unwrap(), 0);
    let here = home.messages("anna");
    assert!(sent.iter().all(|message| here.contains(message)));
    assert_eq!((count(&home, places), damaged_neighbours(&home)), (0, 0));
}

fn database(home: &Installation) -> Connection {
    let database = Connection::open(home.data().join("inhaul.db")).unwrap();
    let keep_log = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    database.set_db_config(keep_log, true).unwrap();
    database
}

fn count(home: &Installation, sql: &str) -> i64 {
    database(home).query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Places that lie in each other.
fn damaged_neighbours(home: &Installation) -> i64 {
    count(
        home,
        "SELECT count(*) FROM body_chunk a JOIN body_chunk b
         ON a.segment_id = b.segment_id AND a.id < b.id
             AND a.start < b.start + b.length AND b.start < a.start + a.length",
    )
}
