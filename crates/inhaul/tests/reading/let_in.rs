//! By which names people are let in, and who is not.

use std::time::{Duration, Instant};

use crate::clients::{Account, Line, try_curl};
use crate::fetched::account;
use crate::house::House;
use crate::installation::LOCAL_PASSWORD;
use crate::talk::Talk;

/// An account with an address.
fn house() -> House {
    let house = House::new();
    let set = ["account", "set", "anna", "--address=Anna.Berg@example.org"];
    house.home.inhaul.ok(&set).unwrap();
    house
}

/// curl's word for a refused sign-in.
const REFUSED: Option<i32> = Some(67);

#[test]
fn the_name_and_the_full_address_let_in_by_every_mechanism_and_line() {
    let house = house();
    let served = house.serve();
    for name in ["anna", "Anna.Berg@example.org", "anna.berg@EXAMPLE.org"] {
        let account = Account {
            name: name.to_owned(),
            ..account(&house, &served, "anna")
        };
        Talk::sign_in(served.plain, name).quit();
        for line in Line::ALL {
            for mechanism in ["AUTH=PLAIN", "AUTH=LOGIN"] {
                for initial in ["--sasl-ir", "--no-sasl-ir"] {
                    let options = ["--login-options", mechanism, initial];
                    let (code, said) = try_curl(&account, line, &options);
                    assert_eq!(code, Some(0), "{name} {line:?} {options:?}: {said}");
                }
            }
        }
    }
}

#[test]
fn what_is_no_full_address_of_the_account_lets_nobody_in() {
    let house = house();
    let wild = ["account", "set", "anna", "--address=*@wild.example.org"];
    let is_taken = house.home.inhaul.run(&wild).unwrap().status.success();
    let served = house.serve();
    let mut names = vec![
        "anna.berg",
        "anna@example.org",
        "@example.org",
        "example.org",
    ];
    if is_taken {
        names.extend(["*@wild.example.org", "anna@wild.example.org"]);
    }
    // Side by side: each of them is answered late.
    let sessions = names.into_iter().map(|name| {
        let at = served.plain;
        std::thread::spawn(move || {
            let said = Talk::to(at).try_sign_in(name, LOCAL_PASSWORD);
            assert!(said.starts_with("-ERR [AUTH]"), "{name}: {said}");
        })
    });
    for session in sessions.collect::<Vec<_>>() {
        session.join().unwrap();
    }
}

#[test]
fn a_wrong_password_is_answered_late_and_as_an_unknown_name_is() {
    let house = house();
    let served = house.serve();
    let mut session = Talk::to(served.plain);
    let began = Instant::now();
    let wrong = session.try_sign_in("anna", "wrong");
    let took = began.elapsed();
    assert!(wrong.starts_with("-ERR [AUTH]"), "{wrong}");
    assert!(took >= Duration::from_millis(900), "{took:?}");
    assert_eq!(session.try_sign_in("nobody", "wrong"), wrong);
    // Neither ends the session, and the right one is right.
    let said = session.try_sign_in("anna", LOCAL_PASSWORD);
    assert!(said.starts_with("+OK"), "{said}");
    session.quit();
}

#[test]
fn what_strangers_try_does_not_keep_the_owner_out() {
    let house = house();
    let served = house.serve();
    served.anna().quit();
    let stranger = Account {
        password: "wrong".to_owned(),
        ..account(&house, &served, "anna")
    };
    // More than one account is allowed to be guessed at by strangers.
    let tries = (1..=35).map(|number| {
        let stranger = stranger.clone();
        let from = format!("127.0.{number}.9");
        std::thread::spawn(move || {
            let (code, said) = try_curl(&stranger, Line::Plain, &["--interface", &from]);
            assert_eq!(code, REFUSED, "{said}");
        })
    });
    let tries: Vec<_> = tries.collect();
    for one in tries {
        one.join().unwrap();
    }
    served.anna().quit();
}

#[test]
fn an_account_that_is_switched_off_is_told_so() {
    let house = house();
    let wrong = told(&house, "wrong");
    house
        .home
        .inhaul
        .ok(&["account", "set", "anna", "--disable"])
        .unwrap();
    let said = told(&house, LOCAL_PASSWORD);
    assert!(
        said.starts_with("-ERR") && said.contains("account"),
        "{said}"
    );
    assert_ne!(said, wrong);
    // Only whoever knows the password hears of it.
    assert_eq!(told(&house, "wrong"), wrong);
    house
        .home
        .inhaul
        .ok(&["account", "set", "anna", "--enable"])
        .unwrap();
    assert!(told(&house, LOCAL_PASSWORD).starts_with("+OK"));
}

#[test]
fn a_group_that_is_switched_off_is_told_so() {
    let house = house();
    let set = |enabled| {
        let words = ["group", "set", "Everyone", "--enabled", enabled];
        house.home.inhaul.ok(&words).unwrap();
    };
    set("no");
    let said = told(&house, LOCAL_PASSWORD);
    assert!(said.starts_with("-ERR") && said.contains("group"), "{said}");
    set("yes");
    assert!(told(&house, LOCAL_PASSWORD).starts_with("+OK"));
}

/// What a server that has just started says to anna and this password.
fn told(house: &House, password: &str) -> String {
    let served = house.serve();
    Talk::to(served.plain).try_sign_in("anna", password)
}

/// A sign-in is remembered for a moment; what changes is not.
#[test]
fn a_change_counts_from_the_next_sign_in_on() {
    let house = house();
    let served = house.serve();
    served.anna().quit();
    let new = "another-quiet-otter-21";
    house
        .home
        .inhaul
        .ok_with_input(&["account", "password", "anna", "--password-stdin"], new)
        .unwrap();
    let mut session = Talk::to(served.plain);
    let old = session.try_sign_in("anna", LOCAL_PASSWORD);
    assert!(old.starts_with("-ERR [AUTH]"), "{old}");
    assert!(session.try_sign_in("anna", new).starts_with("+OK"));
    session.quit();
    house
        .home
        .inhaul
        .ok(&["account", "set", "anna", "--disable"])
        .unwrap();
    let said = Talk::to(served.plain).try_sign_in("anna", new);
    assert!(said.starts_with("-ERR"), "{said}");
}
