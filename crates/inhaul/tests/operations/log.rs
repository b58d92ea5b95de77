//! `inhaul log`.

use crate::{By, House};

#[test]
fn without_a_server_the_runs_on_record_are_shown_in_the_same_form() {
    let house = House::new(By::Itself);
    house.home.pull("isp");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = free.local_addr().unwrap().to_string();
    drop(free);
    let set = [
        "retrieval",
        "set",
        "isp",
        "--server",
        &nobody,
        "--security=none",
    ];
    house.home.inhaul.ok(&set).unwrap();
    house.home.fails(&["pull", "isp"], 75);
    let log = house.home.inhaul.run(&["log"]).unwrap();
    assert_eq!(log.code(), Some(0), "{log:?}");
    assert!(log.stderr.starts_with("No server runs. "), "{log:?}");
    let lines: Vec<&str> = log.stdout.lines().collect();
    let [good, bad] = lines[..] else {
        panic!("{log:?}")
    };
    assert!(good.contains(" INFO  run finished   isp "), "{log:?}");
    assert!(good.contains(" new=1 "), "{log:?}");
    assert!(bad.contains(" WARN  run failed     isp "), "{log:?}");
    assert!(bad.contains(" code="), "{log:?}");
    let warnings = house
        .home
        .json(&["log", "--level", "warn", "--retrieval", "isp"]);
    let warnings = warnings["lines"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0]["message"], "run failed");
    house.home.fails(&["log", "--run", "77"], 67);
    house.home.fails(&["log", "--follow"], 69);
}

#[test]
fn a_server_shows_its_newest_lines_and_those_that_come() {
    let house = House::new(By::Server);
    let inhaul = &house.home.inhaul;
    house.home.pull("isp");
    let all = inhaul.ok(&["log", "--retrieval", "isp"]).unwrap();
    assert!(all.contains(" INFO  run finished   isp "), "{all}");
    let mut following = inhaul
        .spawn(&["log", "--follow", "--json", "--retrieval", "isp"])
        .unwrap();
    let patience = std::time::Duration::from_secs(60);
    following.wait_for_line("{\"time\":", patience).unwrap();
    house.mailbox.append_generated(100);
    house.home.pull("isp");
    crate::installation::wait_until("the second run is told", || {
        following.stdout().matches("run finished").count() == 2
    });
    following.signal(inhaul_testkit::Signal::INT).unwrap();
    let ended = following.wait(patience).unwrap().unwrap();
    assert_eq!(ended.code(), Some(130));
}
