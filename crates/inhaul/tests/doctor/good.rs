//! An installation with nothing wrong.

use std::fs;
use std::path::Path;

use inhaul_testkit::Server;

use crate::House;
use crate::installation::Installation;

/// Names and contents of all files below a directory.
fn contents(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        // An index of the log, which SQLite makes and reads as it likes.
        if name.ends_with("-shm") {
            continue;
        }
        match path.is_dir() {
            true => all.extend(contents(&path)),
            false => all.push((name, fs::read(&path).unwrap())),
        }
    }
    all.sort();
    all
}

#[test]
fn nothing_is_found_nothing_is_changed_and_nobody_signs_in() {
    let house = House::new();
    let (before, sign_ins) = (contents(house.data()), house.mailbox.sign_ins());
    assert_eq!(house.findings(), []);
    let told = house.home.inhaul.ok(&["doctor"]).unwrap();
    for line in [
        "Files      ok    no configuration file; the built-in settings are used\n",
        "           ok    write, sync and read back: ",
        "Database   ok    the database is whole\n",
        "           ok    the key opens 1 password\n",
        "Network    ok    1 of 1 servers reached (127.0.0.1), outgoing port ",
        "Server     ok    no server runs (inhaul serve)\n",
        "Retrievals ok    1 of 1 working (inhaul status)\n",
        "\nNo problems",
    ] {
        assert!(told.contains(line), "{line:?} in\n{told}");
    }
    assert!(told.starts_with("inhaul "), "{told}");
    assert_eq!(contents(house.data()), before);
    assert_eq!(house.mailbox.sign_ins(), sign_ins);
    assert_eq!(house.home.inhaul.ok(&["doctor", "-q"]).unwrap(), "");
}

#[test]
fn a_running_server_answers() {
    let house = House::new().env("INHAUL_OPS__LISTEN", "off");
    let server = Server::start(&house.home.inhaul).unwrap();
    assert_eq!(house.findings(), []);
    let told = house.home.inhaul.ok(&["doctor"]).unwrap();
    let socket = house.data().join("control.sock");
    let says = format!(" answers at {} in ", socket.display());
    assert!(told.contains(&says), "{told}");
    drop(server);
}

#[test]
fn a_new_installation_is_good() {
    let home = Installation::new();
    home.inhaul.ok(&["account", "list"]).unwrap();
    let found = crate::findings(&home);
    assert!(
        found.iter().all(|one| one.check == "file-system"),
        "{found:?}"
    );
}
