//! Requests whose end could be in two places: a proxy in front would see one request, and we two.

use super::siege::{house, is_served, kept, visitor};
use super::wire::Wire;

/// The request that is hidden in another one's body.
const HIDDEN: &str = "GET /sign-in HTTP/1.1\r\nHost: a\r\nX-Hidden: yes\r\n\r\n";

#[test]
fn a_request_with_two_lengths_is_the_last_on_its_line() {
    let house = house();
    let all = HIDDEN.len() + 5;
    for lengths in [
        format!("Content-Length: {all}\r\nTransfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {all}\r\n"),
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned(),
        "Transfer-Encoding: identity\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n".to_owned(),
        "Content-Length: 5\r\nContent-Length: 0\r\n".to_owned(),
        "Content-Length: 5, 5\r\n".to_owned(),
        "Content-Length: +5\r\n".to_owned(),
        "Content-Length: 0x5\r\n".to_owned(),
        "Content-Length: 5 \r\nContent-Length : 0\r\n".to_owned(),
        "Content-Length: \r\n".to_owned(),
    ] {
        let mut wire = Wire::to(&house);
        let head = format!(
            "POST /sign-in HTTP/1.1\r\nHost: a\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n{lengths}\r\n0\r\n\r\n{HIDDEN}"
        );
        wire.send(head.as_bytes());
        let text = wire.rest();
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{lengths:?}: {text}");
        assert!(text.starts_with("HTTP/1.1 4"), "{lengths:?}: {text}");
    }
    is_served(&house);
}

#[test]
fn a_head_that_two_readers_read_differently_is_refused() {
    let house = house();
    for head in [
        "GET /sign-in HTTP/1.1\r\nHost: a\r\nX-Folded: a\r\n b\r\n\r\n",
        "GET /sign-in HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET /sign-in HTTP/1.1\r\nHost: a\r\nNo-Colon\r\n\r\n",
        "GET /sign-in HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET  /sign-in HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /sign-in HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET /sign-in HTTP/1.1.1\r\nHost: a\r\n\r\n",
        "GET /sign-in\r\n\r\n",
        "GET /sign-in HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}nonsense\r\n\r\n",
    ] {
        let mut wire = Wire::to(&house);
        wire.send(format!("{head}{HIDDEN}").as_bytes());
        let text = wire.rest();
        assert!(text.matches("HTTP/1.1 ").count() <= 1, "{head:?}: {text}");
        let is_refused = text.is_empty() || text.starts_with("HTTP/1.1 4");
        assert!(is_refused, "{head:?}: {text}");
    }
    is_served(&house);
}

#[test]
fn a_body_whose_pieces_are_not_what_they_say_changes_nothing() {
    let house = house();
    let root = visitor(&house, "root");
    let before = kept(&house.home);
    let form = "name=evil&password=four-loud-magpies-3377";
    let length = form.len();
    for body in [
        format!(
            "{length:x};{}\r\n{form}\r\n0\r\n\r\n",
            "a".repeat(64 * 1024)
        ),
        format!("FFFFFFFFFFFFFFFFF\r\n{form}\r\n0\r\n\r\n"),
        format!("-1\r\n{form}\r\n0\r\n\r\n"),
        format!("+{length:x}\r\n{form}\r\n0\r\n\r\n"),
        format!("0x{length:x}\r\n{form}\r\n0\r\n\r\n"),
        format!("{length:x}\r\n{form}XX0\r\n\r\n"),
        format!("{:x}\r\n{form}\r\n0\r\n\r\n", length - 3),
        format!("{length:x}\n{form}\n0\n\n"),
    ] {
        let mut wire = Wire::to(&house);
        let head = root.head("POST", "/manage/accounts/add")
            + "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n";
        wire.send((head + &body + HIDDEN).as_bytes());
        let text = wire.rest();
        let shown: String = body.chars().take(80).collect();
        assert!(text.matches("HTTP/1.1 ").count() <= 1, "{shown:?}: {text}");
        let is_refused = text.is_empty() || text.starts_with("HTTP/1.1 4");
        assert!(is_refused, "{shown:?}: {text}");
    }
    // A line that breaks in the middle of a form is no form.
    for half in [1, form.len() / 2, form.len() - 1] {
        let mut wire = Wire::to(&house);
        let head = root.head("POST", "/manage/accounts/add")
            + "Content-Type: application/x-www-form-urlencoded\r\n";
        wire.send(format!("{head}Content-Length: {length}\r\n\r\n{}", &form[..half]).as_bytes());
        drop(wire);
    }
    is_served(&house);
    assert_eq!(kept(&house.home), before);
}
