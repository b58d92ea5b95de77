//! Problems of this machine: files, disk, settings, the server.

use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use crate::installation::Installation;
use crate::namespace::SmallDisk;
use crate::{Found, House, findings};

fn allow(file: &Path, mode: u32) {
    fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_key_that_everyone_can_read() {
    let house = House::new();
    let key = house.data().join("secret.key");
    allow(&key, 0o644);
    let fix = format!("chmod 600 {}", key.display());
    house.finds("fail", "key-mode", "can be read by everyone (0644)", &fix);
    allow(&key, 0o640);
    house.finds("warn", "key-mode", "can be read by its group (0640)", &fix);
    allow(&key, 0o600);
    assert_eq!(house.findings(), []);
}

#[test]
fn a_key_that_is_missing_cut_or_another() {
    let house = House::new();
    let key = house.data().join("secret.key");
    fs::write(&key, [7; 32]).unwrap();
    let fix = "retrieval set isp --password";
    house.finds(
        "fail",
        "passwords",
        "does not open the passwords of isp",
        fix,
    );
    fs::write(&key, [7; 31]).unwrap();
    house.finds("fail", "key", "is no key", "head -c 32 /dev/urandom");
    fs::remove_file(&key).unwrap();
    house.finds("fail", "key", "is missing", "head -c 32 /dev/urandom");
}

#[test]
fn a_configuration_with_a_typo() {
    let house = House::new().configured("[checks]\nevry = \"5m\"\n");
    house.finds("fail", "configuration", "inhaul.toml:2:1: ", "every");
    let house = house.configured("[checks\n");
    house.finds("fail", "configuration", "inhaul.toml:1:", "Mend this first");
}

#[test]
fn a_configuration_that_everyone_can_change() {
    let house = House::new().configured("");
    allow(&house.home.beside("inhaul.toml"), 0o666);
    house.finds("fail", "configuration-mode", "by everyone", "chmod o-w ");
}

#[test]
fn a_secret_that_everyone_can_read_or_nobody() {
    let house = House::new();
    let secret = house.home.beside("hook.secret");
    let shown = secret.display();
    let text = format!(
        "[notify]\nwebhook = {{ url = \"https://hook.example.org/x\", secret = {{ file = \"{shown}\" }} }}\n"
    );
    let house = house.configured(&text);
    house.finds("fail", "secret", "cannot be read", "put the secret there");
    fs::write(&secret, "x").unwrap();
    allow(&secret, 0o644);
    let fix = format!("chmod 600 {}", secret.display());
    house.finds(
        "fail",
        "secret-mode",
        "can be read by everyone (0644)",
        &fix,
    );
    allow(&secret, 0o600);
    assert_eq!(house.findings(), []);
}

#[test]
fn a_password_that_a_command_prints_from_an_open_file() {
    let house = House::new();
    let file = house.home.beside("password");
    fs::write(&file, "secret\n").unwrap();
    allow(&file, 0o604);
    let command = format!("cat {}", file.display());
    let words = ["retrieval", "set", "isp", "--password-command", &command];
    house.home.inhaul.ok(&words).unwrap();
    let fix = format!("chmod 600 {}", file.display());
    house.finds("warn", "secret-mode", "the password of isp is in ", &fix);
}

#[test]
fn a_data_directory_that_everyone_can_enter() {
    let house = House::new();
    allow(house.data(), 0o755);
    let fix = format!("chmod 700 {}", house.data().display());
    house.finds(
        "fail",
        "data-mode",
        "can be entered by everyone (0755)",
        &fix,
    );
}

#[test]
fn a_data_directory_that_is_not_there() {
    let home = Installation::new();
    let found = findings(&home);
    let checks: Vec<&str> = found.iter().map(|one| one.check.as_str()).collect();
    assert_eq!(checks, ["data-directory"], "{found:?}");
    assert!(!home.data().exists());
}

const MB: u64 = 1 << 20;

/// Until a server is ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// A disk in memory, of which everybody but a test would be told.
struct Disk {
    disk: SmallDisk,
    house: House,
}

impl Disk {
    fn new() -> Self {
        let disk = SmallDisk::new(64 * MB);
        // A port that is free, and is taken by the server a moment later.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = free.local_addr().unwrap().to_string();
        drop(free);
        let home = disk.careful_installation().env("INHAUL_OPS__LISTEN", at);
        let house = House::at(home);
        Self { disk, house }
    }

    /// Fills it until so much is free.
    fn leave_free(&self, octets: u64) {
        let at = self.house.data().display();
        self.disk.sh(&format!(
            "rm -f {at}/../fill; free=$(stat -f -c %a {at}); block=$(stat -f -c %S {at}); \
             dd if=/dev/zero of={at}/../fill bs=64k count=$(((free * block - {octets}) / 65536)) 2>/dev/null"
        ));
    }

    /// These are found, in this order, beside the kind of the disk.
    #[track_caller]
    fn finds(&self, expected: &[(&str, &str)]) -> Vec<Found> {
        let mut found = findings(&self.house.home);
        let kind = found.remove(0);
        assert_eq!(
            (kind.level.as_str(), kind.check.as_str()),
            ("fail", "file-system")
        );
        assert!(kind.what.contains("is on tmpfs"), "{kind:?}");
        let checks = found
            .iter()
            .map(|one| (one.level.as_str(), one.check.as_str()));
        assert_eq!(checks.collect::<Vec<_>>(), expected, "{found:#?}");
        found
    }
}

#[test]
fn a_disk_nearly_full() {
    let disk = Disk::new();
    disk.finds(&[]);
    disk.leave_free(10 * MB);
    let found = disk.finds(&[("warn", "free-space")]);
    assert!(found[0].what.contains("below 6.7 MB no mail"), "{found:?}");
    assert!(found[0].fix.contains("make room"), "{found:?}");
    disk.leave_free(3 * MB);
    disk.finds(&[("fail", "free-space")]);
    disk.leave_free(0);
    disk.finds(&[("fail", "free-space"), ("fail", "write")]);
}

#[test]
fn a_server_that_is_not_ready_says_so() {
    let disk = Disk::new();
    // Its ready file would be seen on that disk only.
    let server = disk.house.home.inhaul.spawn(&["serve"]).unwrap();
    server.wait_for_line("ops ", PATIENCE).unwrap();
    disk.finds(&[]);
    let told = disk.house.home.fails(&["doctor"], 1).stdout;
    assert!(told.contains("/readyz: well, in "), "{told}");
    disk.leave_free(3 * MB);
    let found = disk.finds(&[("fail", "free-space"), ("fail", "health")]);
    assert!(found[1].what.contains("disk: "), "{found:?}");
    drop(server);
}

#[test]
fn a_socket_that_a_killed_server_left() {
    let house = House::new();
    drop(UnixListener::bind(house.data().join("control.sock")).unwrap());
    house.finds(
        "warn",
        "stale-socket",
        "a killed server left",
        "inhaul serve",
    );
}

#[test]
fn a_name_for_the_socket_that_is_taken() {
    let house = House::new();
    fs::write(house.data().join("control.sock"), "").unwrap();
    house.finds("fail", "control", "is no socket", "mv ");
}

#[test]
fn a_directory_that_somebody_has_who_does_not_answer() {
    let house = House::new();
    let lock = File::options()
        .write(true)
        .open(house.data().join("lock"))
        .unwrap();
    lock.lock().unwrap();
    house.finds("warn", "control", "no server answers", "fuser ");
}

#[test]
fn addresses_that_are_open_to_the_network() {
    let house = House::new()
        .env("INHAUL_OPS__LISTEN", "0.0.0.0:8119")
        .env("INHAUL_SERVER__LISTEN", "0.0.0.0:8110");
    let found = house.findings();
    let checks: Vec<&str> = found.iter().map(|one| one.check.as_str()).collect();
    assert_eq!(checks, ["listen", "listen"], "{found:#?}");
}

#[test]
fn pop3_on_the_network_is_no_fault() {
    let house = House::new()
        .env("INHAUL_POP3__LISTEN", "0.0.0.0:1110")
        .env("INHAUL_POP3__LISTEN_TLS", "[::]:1995");
    assert_eq!(house.findings(), []);
    let told = house.home.inhaul.ok(&["doctor"]).unwrap();
    let line =
        "POP3 is open to the network (0.0.0.0:1110, [::]:1995); it takes passwords over TLS only";
    assert!(told.contains(line), "{told}");
}

/// A certificate for so many days, and its key, beside the data directory.
fn make_certificate(house: &House, name: &str, days: u32) -> [String; 2] {
    let file = |end: &str| house.home.beside(&format!("{name}.{end}"));
    let [chain, key] = ["pem", "key"].map(|end| file(end).display().to_string());
    let words = format!(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
         -days {days} -out {chain} -keyout {key}"
    );
    let made = std::process::Command::new("openssl")
        .args(words.split(' '))
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    [chain, key]
}

#[test]
fn a_certificate_that_mail_programs_cannot_be_shown() {
    let house = House::new();
    let [chain, _] = make_certificate(&house, "own", 400);
    let [_, other] = make_certificate(&house, "other", 400);
    let settings =
        |chain: &str, key: &str| format!("[server]\ntls_cert = \"{chain}\"\ntls_key = \"{key}\"\n");
    let missing = house.home.beside("missing.pem").display().to_string();
    let house = house.configured(&settings(&missing, &other));
    let says = "missing.pem cannot be read: ";
    house.finds("fail", "own-certificate", says, "Put the file there");
    let house = house.configured(&settings(&chain, &other));
    let says = "does not belong to the first certificate";
    house.finds("fail", "own-certificate", says, "made together");
    let house = house.configured(&settings(&other, &other));
    let says = "there is no certificate in ";
    house.finds("fail", "own-certificate", says, "BEGIN CERTIFICATE");
}

#[test]
fn a_certificate_that_ends_soon() {
    let house = House::new();
    let [chain, key] = make_certificate(&house, "own", 5);
    let text = format!("[server]\ntls_cert = \"{chain}\"\ntls_key = \"{key}\"\n");
    let house = house.configured(&text);
    house.finds("warn", "own-certificate-ends", " ends in ", "renew it");
    make_certificate(&house, "own", 400);
    assert_eq!(house.findings(), []);
    let told = house.home.inhaul.ok(&["doctor"]).unwrap();
    assert!(told.contains(", good until "), "{told}");
}

#[test]
fn a_self_made_certificate_that_is_broken_and_none_yet() {
    let house = House::new();
    let told = house.home.inhaul.ok(&["doctor"]).unwrap();
    assert!(
        told.contains("no certificate for mail programs yet"),
        "{told}"
    );
    let dir = house.data().join("tls");
    fs::create_dir(&dir).unwrap();
    for name in ["cert.pem", "key.pem"] {
        fs::write(dir.join(name), "x").unwrap();
    }
    let fix = format!("move {} away", dir.display());
    house.finds(
        "fail",
        "own-certificate",
        "there is no certificate in ",
        &fix,
    );
    let house = house
        .env("INHAUL_POP3__LISTEN", "off")
        .env("INHAUL_POP3__LISTEN_TLS", "off");
    assert_eq!(house.findings(), []);
}

#[test]
fn more_runs_at_once_than_files() {
    let house = House::new().env("INHAUL_CHECKS__AT_ONCE", "1000000000");
    house.finds(
        "warn",
        "open-files",
        "1000000000 runs at once",
        "LimitNOFILE=",
    );
}
