//! The sample mailbox of a real installation.

use std::fs;

use inhaul_testkit::{Inhaul, Server, TestDir};

use super::visitor::Visitor;

/// The address of the pages: `127.0.0.1:8110`.
fn address(server: &Server) -> String {
    let ready = server.ready().unwrap();
    let mut lines = ready.lines();
    let line = lines.find_map(|line| line.strip_prefix("web http://"));
    line.unwrap().to_owned()
}

/// A server that nobody has set up, and whoever has done so.
fn set_up(inhaul: &Inhaul) -> (Server, Visitor) {
    let server = Server::start(inhaul).unwrap();
    let mut visitor = Visitor::new(&address(&server));
    let link = fs::read_to_string(inhaul.data().join("setup-link")).unwrap();
    let (_, code) = link.trim().split_once("/setup#").unwrap();
    let form = format!("code={code}&name=alice&password=a+long+enough+word");
    let next = visitor.send("/setup", &form);
    assert!(next.body.contains("Try the sample"), "{next:?}");
    (server, visitor)
}

#[test]
fn somebody_tries_the_sample_and_it_survives_a_restart() {
    let folder = TestDir::new("sample").unwrap();
    let inhaul = Inhaul::new(env!("CARGO_BIN_EXE_inhaul"), folder.join("data"));
    let (server, mut visitor) = set_up(&inhaul);
    let sample = visitor.send("/setup/sample", "");
    assert_eq!(sample.status, 200, "{sample:?}");
    assert!(sample.body.contains("via Sample"), "{sample:?}");
    // Once more adds no other.
    assert_eq!(visitor.send("/setup/sample", "").status, 200);
    let listed = inhaul.ok(&["retrieval", "list"]).unwrap();
    assert_eq!(listed.matches("alice/Sample").count(), 1, "{listed}");
    // There are no demo controls in a real installation.
    assert_eq!(visitor.send("/demo/send", "count=1").status, 404);
    drop(server);

    let _server = Server::start(&inhaul).unwrap();
    let pulled = inhaul.ok(&["pull", "Sample"]).unwrap();
    assert!(pulled.contains("nothing new"), "{pulled}");
    let list = ["message", "list", "alice", "Sample"];
    let messages = inhaul.ok(&list).unwrap();
    assert_eq!(messages.lines().count(), 1 + 24, "{messages}");
    inhaul
        .ok(&["retrieval", "remove", "Sample", "--yes"])
        .unwrap();
}

#[test]
fn a_server_can_be_started_with_the_sample() {
    let folder = TestDir::new("sample").unwrap();
    let inhaul = Inhaul::new(env!("CARGO_BIN_EXE_inhaul"), folder.join("data"));
    let add = ["account", "add", "alice", "--admin", "--password-stdin"];
    inhaul.ok_with_input(&add, "a long enough word\n").unwrap();
    let _server = Server::start_with(&inhaul, &["--demo-mailbox"]).unwrap();
    inhaul.ok(&["pull", "Sample"]).unwrap();
    let messages = inhaul.ok(&["message", "list", "alice", "Sample"]).unwrap();
    assert_eq!(messages.lines().count(), 1 + 24, "{messages}");
}
