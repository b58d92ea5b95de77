//! `inhaul backup` and `inhaul restore`.

use std::fs;

use crate::installation::{Installation, assert_each_once};
use crate::{By, House};

#[test]
fn a_backup_comes_back_as_another_installation_that_deletes_nothing_yet() {
    for by in [By::Itself, By::Server] {
        let house = House::new(by);
        house.home.pull("isp");
        let file = house.home.beside("all.tar");
        let file = file.to_str().unwrap();
        let made = house.home.inhaul.ok(&["backup", file]).unwrap();
        assert!(made.contains(": 1 message, "), "{made}");
        assert!(made.contains("The sealing key is in it"), "{made}");
        // Cron has nobody to ask whether a file may be replaced.
        house.home.fails(&["backup", file], 64);
        let again = house.home.json(&["backup", file, "--without-key", "--yes"]);
        assert_eq!(
            (&again["key"], &again["messages"]),
            (&false.into(), &1.into())
        );
        let again = house.home.json(&["backup", file, "--with-key", "--yes"]);
        assert_eq!(again["key"], true);
        let there = house.home.messages("anna");

        let back = Installation::alone();
        let said = back.inhaul.ok(&["restore", file]).unwrap();
        assert!(said.starts_with("Restored 1 message as of 2"), "{said}");
        assert!(said.contains("The sealing key came with it."), "{said}");
        assert!(said.contains("inhaul restore --confirm-deletion"), "{said}");
        assert_each_once(&there, &back.messages("anna"));
        let status = back.inhaul.run(&["status"]).unwrap();
        assert!(
            status
                .stdout
                .contains("Nothing is deleted on remote servers"),
            "{status:?}"
        );
        back.fails(&["restore", "--confirm-deletion"], 64);
        back.inhaul
            .ok(&["restore", "--confirm-deletion", "--yes"])
            .unwrap();
        let status = back.json(&["status"]);
        assert_eq!(status["deletion_paused"], false);
        let said = back.inhaul.ok(&["restore", "--confirm-deletion"]).unwrap();
        assert_eq!(said, "Remote deletion is not paused.\n");
        // The password came along: the mailbox is known, and nothing comes twice.
        assert_eq!(back.pull("isp").new, 0);
    }
}

#[test]
fn a_restore_that_cannot_be_says_why_and_leaves_what_is_there() {
    let house = House::new(By::Itself);
    let file = house.home.beside("all.tar");
    house
        .home
        .inhaul
        .ok(&["backup", file.to_str().unwrap(), "-q"])
        .unwrap();
    let full = house.home.fails(&["restore", file.to_str().unwrap()], 73);
    assert!(full.stderr.contains("empty directory"), "{full:?}");
    assert_eq!(house.home.pull("isp").new, 1);
    let back = Installation::alone();
    back.fails(&["restore", "nowhere.tar"], 66);
    back.fails(&["restore"], 64);
    let mut octets = fs::read(&file).unwrap();
    let middle = octets.len() / 2;
    octets[middle] ^= 1;
    fs::write(&file, octets).unwrap();
    let bad = back.fails(&["restore", file.to_str().unwrap()], 65);
    assert!(bad.stderr.contains("is no whole backup"), "{bad:?}");
    assert!(!back.data().join("inhaul.db").exists());
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    for by in [By::Itself, By::Server] {
        let house = House::new(by);
        let nowhere = house.home.beside("nowhere/all.tar");
        let failed = house.home.fails(&["backup", nowhere.to_str().unwrap()], 73);
        assert!(
            failed.stderr.contains("nowhere/all.tar is not written"),
            "{failed:?}"
        );
        let folder = house.home.beside("folder");
        fs::create_dir(&folder).unwrap();
        house.home.fails(&["backup", folder.to_str().unwrap()], 64);
    }
}
