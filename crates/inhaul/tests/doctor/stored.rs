//! Problems in the data directory.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use inhaul_types::Octets;

use crate::House;

#[test]
fn a_database_that_is_damaged() {
    let house = House::new();
    drop(house.database());
    let path = house.data().join("inhaul.db");
    let whole = fs::read(&path).unwrap();
    let mut harmed = whole.clone();
    harmed[16384..].fill(0x55);
    fs::write(&path, &harmed).unwrap();
    let fix = "inhaul restore BACKUP";
    house.finds("fail", "database", "is damaged", fix);
    fs::write(&path, "nothing of it").unwrap();
    house.finds("fail", "database", "is damaged", fix);
    fs::remove_file(&path).unwrap();
    house.finds("fail", "database", "is gone", fix);
    fs::write(&path, &whole).unwrap();
    assert_eq!(house.findings(), []);
}

#[test]
fn a_segment_that_is_gone() {
    let house = House::new();
    house.mailbox.append_generated(100_000);
    house.home.pull("isp");
    for entry in fs::read_dir(house.data().join("segments")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    house.finds("fail", "segments", "does not hold all the mail", ".lost");
}

#[test]
fn a_directory_of_a_newer_program() {
    let house = House::new();
    house
        .database()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    house.finds(
        "fail",
        "schema",
        "is of a newer inhaul (schema 99",
        "newer program",
    );
}

#[test]
fn a_clock_behind_what_was_recorded() {
    let house = House::new();
    const TEN_DAYS: i64 = 864_000_000;
    house
        .database()
        .execute("UPDATE run SET started = started + ?1", [TEN_DAYS])
        .unwrap();
    house.finds("fail", "clock", "the clock is 9 days behind", "timedatectl");
}

#[test]
fn a_clock_behind_the_files() {
    let house = House::new();
    let then = SystemTime::now() + Duration::from_secs(3 * 3600);
    let key = File::open(house.data().join("secret.key")).unwrap();
    key.set_modified(then).unwrap();
    house.finds(
        "fail",
        "clock",
        "behind files in the data directory",
        "timedatectl",
    );
}

#[test]
fn a_log_that_nobody_cuts_down() {
    let house = House::new();
    let log = house.data().join("inhaul.db-wal");
    let log = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(log)
        .unwrap();
    log.set_len(Octets::new(300 << 20).count()).unwrap();
    house.finds(
        "warn",
        "log-length",
        "has grown to 314.6 MB",
        "inhaul serve",
    );
}

#[test]
fn what_a_killed_command_left() {
    let house = House::new();
    let left = house.data().join("restoring");
    fs::create_dir(&left).unwrap();
    let fix = format!("rm -r {}", left.display());
    house.finds("warn", "leftovers", "a killed command left", &fix);
}
