//! What the tests of all makes share: the collection, letters, a server and its retrieval.

mod bringing;
mod faults;
mod identities;
mod sign_ins;

use inhaul_testkit::{LabServer, Make, corpus_or_fixtures};

use crate::installation::{Dice, Installation, Pulled};

/// A test for each make, with the make as its argument.
macro_rules! for_each_make {
    ($($rule:ident),* $(,)?) => {$(
        mod $rule {
            use inhaul_testkit::Make;

            #[test]
            fn courier() {
                super::$rule(Make::Courier);
            }

            #[test]
            fn cyrus() {
                super::$rule(Make::Cyrus);
            }

            #[test]
            fn mailutils() {
                super::$rule(Make::Mailutils);
            }

            #[test]
            fn popa3d() {
                super::$rule(Make::Popa3d);
            }

            #[test]
            fn solid() {
                super::$rule(Make::Solid);
            }
        }
    )*};
}
use for_each_make;

fn start(make: Make) -> LabServer {
    let server = LabServer::start(make).unwrap();
    println!("{}", server.versions().trim());
    server
}

/// Messages of the collection: a sample, and all of it with `INHAUL_FULL=1`.
fn collection() -> Vec<Vec<u8>> {
    let (messages, origin) = corpus_or_fixtures();
    let all: Vec<_> = messages.into_iter().map(|message| message.octets).collect();
    let whole = std::env::var("INHAUL_FULL").is_ok_and(|value| value == "1");
    let chosen = if whole {
        all
    } else {
        Dice::new(SAMPLE_SEED).some_of(all, SAMPLE)
    };
    println!("{} messages from {origin}", chosen.len());
    chosen
}

/// Letters with a number in them.
fn letters(numbers: std::ops::Range<u32>) -> Vec<Vec<u8>> {
    let letter = |n| {
        format!(
            "From: ann@example.org\r\nTo: bob@example.org\r\nSubject: letter {n}\r\n\
             Message-ID: <letter-{n}@example.org>\r\n\r\n.dot\r\nThis is letter {n}.\r\n"
        )
    };
    numbers.map(|n| letter(n).into_bytes()).collect()
}

/// Adds a retrieval of `u1` into `anna`.
fn retrieval(home: &Installation, server: &LabServer, name: &str, more: &[&str]) {
    let at = server.pop3_addr().to_string();
    let how = ["--server", &at, "--security", "none"];
    home.retrieval(name, "u1", "anna", &[&how[..], more].concat());
}

fn pulled(listed: usize, new: usize, deleted: usize) -> Pulled {
    Pulled {
        code: String::new(),
        listed: listed as u64,
        new: new as u64,
        deleted: deleted as u64,
    }
}

const SAMPLE: usize = 150;
const SAMPLE_SEED: u64 = 1939;
