//! One session at a time, what counts and what does not, and names that last.

use inhaul_testkit::Signal;

use crate::house::{House, inbox, octets_of};
use crate::installation::{LOCAL_PASSWORD, assert_each_once, wait_until};
use crate::talk::Talk;

fn letters(count: u32) -> Vec<Vec<u8>> {
    let letter = |number| format!("Subject: letter {number}\r\n\r\nThis is letter {number}.\r\n");
    (1..=count)
        .map(|number| letter(number).into_bytes())
        .collect()
}

#[test]
fn a_second_session_hears_that_the_maildrop_is_in_use() {
    let house = House::holding(&letters(2));
    let home = &house.home;
    home.inhaul
        .ok_with_input(
            &["account", "add", "bob", "--password-stdin"],
            LOCAL_PASSWORD,
        )
        .unwrap();
    let served = house.serve();
    let first = served.anna();
    let mut second = Talk::to(served.plain);
    let said = second.try_sign_in("anna", LOCAL_PASSWORD);
    assert!(said.starts_with("-ERR [IN-USE] "), "{said}");
    // Whoever has the lock is told by the right password only.
    let said = second.try_sign_in("anna", "wrong");
    assert!(said.starts_with("-ERR [AUTH]"), "{said}");
    // Others have their own.
    Talk::sign_in(served.plain, "bob").quit();
    first.quit();
    let said = second.try_sign_in("anna", LOCAL_PASSWORD);
    assert!(said.starts_with("+OK"), "{said}");
    second.quit();
}

#[test]
fn a_line_that_breaks_gives_the_maildrop_back() {
    let house = House::holding(&letters(2));
    let served = house.serve();
    let session = served.anna();
    drop(session);
    let mut next = Talk::to(served.plain);
    wait_until("the lock is free", || {
        next.try_sign_in("anna", LOCAL_PASSWORD).starts_with("+OK")
    });
    assert_eq!(next.count(), 2);
    next.quit();
}

#[test]
fn what_is_marked_stays_until_a_session_ends_as_it_should() {
    let house = House::holding(&letters(3));
    let served = house.serve();
    let before = octets_of(&inbox(&house.home, "anna"));
    let mut broken = served.anna();
    for number in 1..=3 {
        let said = broken.say(&format!("DELE {number}"));
        assert!(said.starts_with("+OK"), "{said}");
    }
    assert_eq!(broken.count(), 0);
    drop(broken);
    let mut next = Talk::to(served.plain);
    wait_until("the lock is free", || {
        next.try_sign_in("anna", LOCAL_PASSWORD).starts_with("+OK")
    });
    assert_eq!(next.messages(), before);
    // RSET takes a mark back.
    assert!(next.say("DELE 1").starts_with("+OK"));
    assert!(next.say("RSET").starts_with("+OK"));
    assert!(next.say("DELE 2").starts_with("+OK"));
    next.quit();
    let left = [before[0].clone(), before[2].clone()];
    assert_eq!(octets_of(&inbox(&house.home, "anna")), left);
    // What is deleted here was brought: it does not come again.
    assert_eq!(house.home.pull("isp").new, 0);
}

#[test]
fn unique_ids_are_those_of_the_store_and_outlast_a_restart_and_a_kill() {
    let house = House::holding(&letters(5));
    let names = |house: &House| -> Vec<_> {
        let held = inbox(&house.home, "anna").into_iter();
        held.map(|one| one.unique_id).collect()
    };
    let mut served = house.serve();
    let mut session = served.anna();
    let first = session.unique_ids();
    assert_eq!(first, names(&house));
    let longest = first.iter().map(String::len).max().unwrap();
    assert!(longest <= 70, "RFC 1939 section 7");
    session.quit();
    served.server.signal(Signal::TERM).unwrap();
    let ended = served
        .server
        .wait(std::time::Duration::from_secs(60))
        .unwrap();
    assert_eq!(ended.and_then(|ended| ended.code()), Some(0));
    let mut served = house.serve();
    let mut session = served.anna();
    assert_eq!(session.unique_ids(), first);
    assert!(session.say("DELE 2").starts_with("+OK"));
    session.quit();
    served.server.kill().unwrap();
    let served = house.serve();
    let mut session = served.anna();
    let left = [&first[..1], &first[2..]].concat();
    assert_eq!(session.unique_ids(), left);
    session.quit();
}

#[test]
fn a_session_is_what_it_was_when_it_began() {
    let house = House::holding(&letters(2));
    let served = house.serve();
    let mut session = served.anna();
    house.mailbox.append(&b"Subject: later\r\n\r\nnews\r\n"[..]);
    assert_eq!(house.home.pull("isp").new, 1);
    assert_eq!(session.count(), 2);
    let said = session.say("RETR 3");
    assert!(said.starts_with("-ERR"), "{said}");
    session.quit();
    let mut next = served.anna();
    assert_eq!(next.count(), 3);
    next.quit();
}

#[test]
fn a_server_that_stops_ends_its_sessions_and_removes_nothing() {
    let house = House::holding(&letters(2));
    let mut served = house.serve();
    let mut session = served.anna();
    assert!(session.say("DELE 1").starts_with("+OK"));
    served.server.signal(Signal::TERM).unwrap();
    let ended = served
        .server
        .wait(std::time::Duration::from_secs(60))
        .unwrap();
    assert_eq!(ended.and_then(|ended| ended.code()), Some(0));
    drop(session);
    assert_each_once(&letters(2), &octets_of(&inbox(&house.home, "anna")));
}
