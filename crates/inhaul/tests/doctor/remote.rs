//! Problems with remote servers and with how retrievals reach them.

use std::net::TcpListener;

use inhaul_sample::switches::Certificate;
use inhaul_types::Activation;

use crate::House;

impl House {
    fn set(&self, words: &[&str]) {
        let words = [&["retrieval", "set", "isp"], words].concat();
        self.home.inhaul.ok(&words).unwrap();
    }
}

#[test]
fn a_server_whose_name_nobody_knows() {
    let house = House::new();
    // Longer than a label may be: no name server is asked.
    let name = format!("{}.example.org", "p".repeat(64));
    house.set(&["--server", &format!("{name}:995")]);
    let fix = "inhaul retrieval set isp --server NAME";
    house.finds("fail", "name", "there is no server called pppp", fix);
}

#[test]
fn a_port_that_refuses() {
    let house = House::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = free.local_addr().unwrap().to_string();
    drop(free);
    house.set(&["--server", &at]);
    let fix = "inhaul retrieval set isp --server HOST:PORT";
    house.finds("fail", "port", "refuses the connection", fix);
    // One that is paused reaches nobody.
    house
        .home
        .inhaul
        .ok(&["retrieval", "pause", "isp"])
        .unwrap();
    assert_eq!(house.findings(), []);
}

#[test]
fn a_certificate_that_proves_nothing() {
    let house = House::new();
    for (shown, says, fix) in [
        (Certificate::Expired, "has expired", "--pin first"),
        (
            Certificate::WrongName,
            "is for other.example.org",
            "--server NAME",
        ),
        (Certificate::UnknownCa, "signed by nobody", "--ca-file FILE"),
    ] {
        house.switch(|switches| switches.certificate = shown);
        house.finds("fail", "certificate", says, fix);
    }
}

#[test]
fn tls_by_command_is_tried_too() {
    let house = House::new();
    let at = house.remote.address().to_string();
    house.set(&["--server", &at, "--security=starttls"]);
    assert_eq!(house.findings(), []);
    house.switch(|switches| switches.certificate = Certificate::Expired);
    house.finds("fail", "certificate", "has expired", "--pin first");
    house.switch(|switches| *switches = inhaul_sample::switches::ServerSwitches::default());
    // TLS at once, where the server waits for the command.
    house.set(&["--server", &at, "--security=tls"]);
    house.finds(
        "fail",
        "tls",
        "does not speak TLS",
        "--security tls|starttls",
    );
}

#[test]
fn a_retrieval_that_fetches_from_this_server() {
    let house = House::new();
    let at = house.remote.tls_address().unwrap().to_string();
    let house = house.env("INHAUL_POP3__LISTEN", &at);
    let fix = "inhaul retrieval remove isp";
    house.finds("fail", "loop", "isp fetches from this server itself", fix);
}

#[test]
fn a_password_that_is_refused() {
    let house = House::new();
    house.mailbox.set_password("another");
    for _ in 0..2 {
        house.home.fails(&["pull", "isp"], 77);
    }
    let fix = "inhaul retrieval set isp --password";
    house.finds("fail", "standing", "(auth-refused, since ", fix);
    let told = house.home.fails(&["doctor"], 1).stdout;
    assert!(told.contains("ok    0 of 1 working"), "{told}");
    assert!(told.contains("FAIL  isp: "), "{told}");
    assert!(told.ends_with("\n1 problem.\n"), "{told}");
}

#[test]
fn two_retrievals_that_delete_from_one_maildrop() {
    let house = House::new();
    let delete = ["--after-storing=delete"];
    house.set(&[&delete[..], &["--yes"]].concat());
    house.retrieval("second", &[&delete[..], &["--folder=Second"]].concat());
    let fix = "inhaul retrieval set second --after-storing keep";
    house.finds(
        "warn",
        "shared-maildrop",
        "isp, second all delete from",
        fix,
    );
    house
        .home
        .inhaul
        .ok(&["retrieval", "pause", "second"])
        .unwrap();
    assert_eq!(house.findings(), []);
}

#[test]
fn a_group_in_which_nothing_starts_a_run() {
    let house = House::new();
    for activation in Activation::ALL {
        let off = format!("{activation}=off");
        let words = ["group", "set", "Everyone", "--trigger", &off];
        house.home.inhaul.ok(&words).unwrap();
    }
    let fix = "inhaul group set Everyone --trigger schedule=on";
    house.finds("warn", "triggers", "nothing may start a run", fix);
}
