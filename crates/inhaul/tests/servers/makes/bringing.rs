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
    let mut ever: Vec<Vec<u8>> = Vec::new();
    for (lot, number) in in_three(&messages).into_iter().zip(1..) {
        server.fill("u1", lot).unwrap();
        let new = settled(&server, "u1", ever.len());
        let count = ever.len() + new.len();
        println!("lot {number}: {} put in, {} there", lot.len(), new.len());
        if make == Make::Courier {
            assert_each_once(
                &lot.iter()
                    .map(|message| as_sent(message))
                    .collect::<Vec<_>>(),
                &new,
            );
        }
        if number == 1 {
            retrieval(&home, &server, "isp", &[]);
        }
        assert_eq!(
            home.pull("isp"),
            pulled(count, new.len(), 0),
            "lot {number}"
        );
        ever.extend(new);
        assert_each_once(&ever, &home.messages("anna"));
    }
    let count = ever.len();
    assert!(count >= messages.len() * 9 / 10, "the server lists {count}");
    assert_eq!(home.pull("isp"), pulled(count, 0, 0));

    // Told to delete now, it finds what it has and stores nothing again.
    let change = [
        "retrieval",
        "set",
        "isp",
        "--after-storing",
        "delete",
        "--yes",
    ];
    home.inhaul.ok(&change).unwrap();
    assert_eq!(home.pull("isp"), pulled(count, 0, count));
    assert_eq!(server.count("u1").unwrap(), 0);
    assert_each_once(&ever, &home.messages("anna"));
}

fn everything_goes_once_it_is_stored(make: Make) {
    let messages = collection();
    let mut server = start(make);
    let home = Installation::new().account("ben");
    let mut all = Vec::new();
    for lot in in_three(&messages) {
        server.fill("u2", lot).unwrap();
        let there = settled(&server, "u2", 0);
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
        // Whatever comes from now on is new, however much it looks like what went.
        assert_eq!(home.pull("isp"), pulled(0, 0, 0));
    }
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

/// A message as a server sends it that keeps it with LF line ends and changes nothing else.
fn as_sent(message: &[u8]) -> Vec<u8> {
    let mut sent = Vec::with_capacity(message.len());
    for &octet in message {
        if octet == b'\n' && sent.last() != Some(&b'\r') {
            sent.push(b'\r');
        }
        sent.push(octet);
    }
    if !sent.ends_with(b"\n") {
        sent.extend_from_slice(b"\r\n");
    }
    sent
}

/// Three lots of about the same size.
fn in_three(messages: &[Vec<u8>]) -> Vec<&[Vec<u8>]> {
    messages.chunks(messages.len().div_ceil(3)).collect()
}
