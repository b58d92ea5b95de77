//! The whole way: everything comes, once, as the server sends it, new mail comes alone, and what
//! is to go goes.

use inhaul_testkit::{LabServer, Make, RawPop3};

use super::{collection, for_each_make, pulled, retrieval, retrieval_of, settled, start};
use crate::installation::{Installation, assert_each_once};

for_each_make!(everything_comes_once, everything_goes_once_it_is_stored);

/// Three pulls with new mail in between, and one more with none.
fn everything_comes_once(make: Make) {
    let messages = collection();
    let mut server = start(make);
    let home = Installation::new().account("anna");
    let mut known = 0;
    for (lot, number) in in_three(&messages).into_iter().zip(1..) {
        server.fill("u1", lot).unwrap();
        let there = settled(&server, "u1");
        println!(
            "lot {number}: {} put in, {} there",
            lot.len(),
            there.len() - known
        );
        if number == 1 {
            retrieval(&home, &server, "isp", &[]);
        }
        let new = there.len() - known;
        assert_eq!(
            home.pull("isp"),
            pulled(there.len(), new, 0),
            "lot {number}"
        );
        assert_each_once(&there, &home.messages("anna"));
        known = there.len();
    }
    assert!(known >= messages.len() * 9 / 10, "the server lists {known}");
    assert_eq!(home.pull("isp"), pulled(known, 0, 0));

    // Told to delete now, it finds what it has and stores nothing again.
    let there = server.retr_all("u1").unwrap();
    let change = [
        "retrieval",
        "set",
        "isp",
        "--after-storing",
        "delete",
        "--yes",
    ];
    home.inhaul.ok(&change).unwrap();
    assert_eq!(home.pull("isp"), pulled(known, 0, known));
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&there, &home.messages("anna"));
}

fn everything_goes_once_it_is_stored(make: Make) {
    let messages = collection();
    let mut server = start(make);
    let home = Installation::new().account("ben");
    let mut all = Vec::new();
    for lot in in_three(&messages) {
        server.fill("u2", lot).unwrap();
        let there = settled(&server, "u2");
        let count = there.len();
        all.extend(there);
        if count == all.len() {
            retrieval_of(
                &home,
                &server,
                "isp",
                ["u2", "ben"],
                &["--after-storing", "delete"],
            );
        }
        assert_eq!(home.pull("isp"), pulled(count, count, count));
        assert_eq!(server.count("u2").unwrap(), 0);
    }
    assert_eq!(home.pull("isp"), pulled(0, 0, 0));
    assert_each_once(&all, &home.messages("ben"));
}

/// Courier's truth is what was put in, not what it shows to a client that does not say UTF8.
#[test]
fn courier_gives_us_the_message_and_not_a_wrapped_one() {
    let raw = [
        "From: J\u{f6}rg <joerg@example.org>\r\nTo: anna@example.org\r\nDelivered-To: anna@example.org\r\n\
         Subject: gr\u{fc}\u{df}e\r\n\r\nsch\u{f6}n\r\n"
            .as_bytes(),
        b"From: ann@example.org\r\nSubject: \xc3\x28 \xff\r\nDelivered-To: anna@example.org\r\n\r\nraw\r\n",
        b"From: ann@example.org\r\nSubject: plain\r\n\r\nplain\r\n",
    ];
    let mut server = start(Make::Courier);
    server.fill("u1", raw).unwrap();
    let mut unaware = RawPop3::sign_in(server.pop3_addr(), "u1", LabServer::PASSWORD).unwrap();
    let wrapped = unaware.retr(1).unwrap();
    assert!(
        String::from_utf8_lossy(&wrapped).contains("message/global"),
        "this Courier does not wrap: {}",
        wrapped.escape_ascii()
    );
    unaware.quit().unwrap();

    let home = Installation::new().account("anna");
    retrieval(&home, &server, "isp", &[]);
    assert_eq!(home.pull("isp"), pulled(3, 3, 0));
    assert_each_once(&raw.map(Vec::from), &home.messages("anna"));
}

/// Three lots of about the same size.
fn in_three(messages: &[Vec<u8>]) -> Vec<&[Vec<u8>]> {
    messages.chunks(messages.len().div_ceil(3)).collect()
}
