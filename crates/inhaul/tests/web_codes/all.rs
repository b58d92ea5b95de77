//! Every code is in a table here, or has a reason why it is not; and every code is explained alike.

use inhaul_types::ErrorCode;
use inhaul_types::ErrorCode::*;

use crate::house::House;
use crate::text::{assert_readable, seen, words};
use crate::{cards, elsewhere, notes};

/// Codes that nothing from outside provokes in a running server.
const EXCEPTIONS: &[(ErrorCode, &str)] = &[
    (
        LimitReached,
        "no run ends with it: what a limit forbids is not begun, and who asked is told which limit \
         (`domain/src/trigger`); the card stands for the word in `explain` and on the help page",
    ),
    (
        BrokeDown,
        "a mistake of inhaul's own: no peer can make one, and a fault for tests alone would be one",
    ),
];

#[test]
fn every_code_is_provoked_or_has_a_reason_why_not() {
    let mut covered = cards::covered();
    covered.extend(notes::covered());
    covered.extend(elsewhere::COVERED);
    for code in ErrorCode::ALL {
        let excepted = EXCEPTIONS.iter().any(|(one, _)| one == code);
        let times = covered.iter().filter(|one| *one == code).count();
        assert_eq!(times, usize::from(!excepted), "{code}");
    }
}

#[test]
fn every_code_is_explained_alike_by_command_and_page() {
    let house = House::new();
    for code in ErrorCode::ALL {
        let explained = house.home.json(&["explain", code.as_str()]);
        assert_eq!(explained["exit"], code.exit_status());
        let page = house.pages().get(&format!("/help/{code}"));
        assert_eq!(page.status, 200, "{code}");
        let page = seen(&page.body);
        for part in ["code", "title", "what", "next"] {
            let part = words(explained[part].as_str().unwrap()).replace('`', "");
            assert!(page.contains(&part), "{code}: {part}: {page}");
        }
        for command in ["inhaul retrieval set NAME --password", "inhaul pull NAME"] {
            assert!(!page.contains(command), "{code}: {page}");
        }
        assert_readable(page.split_once("What to do").unwrap().1);
    }
}
