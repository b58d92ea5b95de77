//! What packages bring: systemd's units as systemd reads them, and the configuration beside them.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use inhaul_testkit::TestDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_inhaul");

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging")
}

/// `systemd-analyze` with these words, or what to install.
#[track_caller]
fn analyze(words: &[&str], files: &[PathBuf]) -> Output {
    let output = Command::new("systemd-analyze")
        .args(words)
        .args(files)
        .output();
    output.unwrap_or_else(|error| {
        panic!(
            "systemd-analyze: {error}. The units cannot be tested without it; as root:\n\n  \
             apt-get install --no-install-recommends systemd\n"
        )
    })
}

/// The units, with the program where it is now and not where a package puts it.
fn units(dir: &TestDir) -> Vec<PathBuf> {
    let folder = packaging().join("systemd");
    let mut units = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some("service" | "socket")) {
            continue;
        }
        let text = fs::read_to_string(&path)
            .unwrap()
            .replace("/usr/bin/inhaul", PROGRAM);
        let unit = dir.join(path.file_name().unwrap());
        fs::write(&unit, text).unwrap();
        units.push(unit);
    }
    units.sort();
    units
}

#[test]
fn systemd_finds_no_fault_with_the_units() {
    let dir = TestDir::new("units").unwrap();
    let units = units(&dir);
    assert!(units.iter().any(|unit| unit.ends_with("inhaul.service")));
    let output = analyze(&["verify", "--man=no"], &units);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said, "", "a warning is a fault");
}

#[test]
fn the_service_is_exposed_to_two_of_ten_at_most() {
    let service = [packaging().join("systemd/inhaul.service")];
    let output = analyze(
        &["security", "--no-pager", "--offline=true", "--threshold=20"],
        &service,
    );
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Overall exposure level"), "{output:?}");
    assert!(output.status.success(), "{said}");
}

#[test]
fn each_socket_has_a_name_that_the_program_knows() {
    let dir = TestDir::new("sockets").unwrap();
    for unit in units(&dir) {
        let text = fs::read_to_string(&unit).unwrap();
        if unit
            .extension()
            .is_some_and(|extension| extension == "socket")
        {
            let names: Vec<_> = text
                .lines()
                .filter_map(|line| line.strip_prefix("FileDescriptorName="))
                .collect();
            let [name] = names[..] else {
                panic!("{}: {names:?}", unit.display());
            };
            let known = ["web", "pop3", "pop3s", "imap", "imaps", "ops"];
            assert!(known.contains(&name), "{}: {name}", unit.display());
            assert!(
                text.contains("\nService=inhaul.service\n"),
                "{}",
                unit.display()
            );
        }
    }
}

#[test]
fn the_packaged_configuration_is_right_and_means_the_units_directories() {
    let file = packaging().join("conf.d/00-package.toml");
    let shown = Command::new(PROGRAM)
        .env_clear()
        .arg("--config")
        .arg(&file)
        .args(["config", "show"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.status.success(), "{shown:?}");
    for value in ["\"/var/lib/inhaul\"", "\"/run/inhaul/control.sock\""] {
        assert!(text.contains(value), "{value} in {text}");
    }
    let unit = fs::read_to_string(packaging().join("systemd/inhaul.service")).unwrap();
    for line in ["StateDirectory=inhaul", "RuntimeDirectory=inhaul"] {
        assert!(unit.lines().any(|there| there == line), "{line}");
    }
}
