//! Parts by hand, and the same by another reader.

use proptest::prelude::*;

use super::*;

/// Each part as its depth, type and body.
fn told(message: &str) -> Vec<(usize, String, String)> {
    let structure = Structure::of(message.as_bytes());
    let depth = |mut number: usize| {
        let mut depth = 0;
        while let Some(parent) = structure.parts[number].parent {
            (number, depth) = (parent, depth + 1);
        }
        depth
    };
    let parts = structure.parts.iter().enumerate();
    parts
        .map(|(number, part)| {
            let body = &message.as_bytes()[octets(&part.body)];
            let body = match part.holds {
                Holds::Octets => String::from_utf8_lossy(body).into_owned(),
                Holds::Parts | Holds::Message => String::new(),
            };
            (depth(number), part.described.media_type(), body)
        })
        .collect()
}

fn octets(range: &Range<u64>) -> Range<usize> {
    usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()
}

fn part(depth: usize, media: &str, body: &str) -> (usize, String, String) {
    (depth, media.to_owned(), body.to_owned())
}

#[test]
fn a_message_without_parts_is_one() {
    assert_eq!(
        told("Subject: x\r\n\r\nline\r\nline\r\n"),
        [part(0, "text/plain", "line\r\nline\r\n")]
    );
    assert_eq!(told(""), [part(0, "text/plain", "")]);
    assert_eq!(told("Subject: x"), [part(0, "text/plain", "")]);
    assert_eq!(told("\nx"), [part(0, "text/plain", "x")]);
    assert_eq!(
        told("Content-Type: rubbish\n\n--x\n"),
        [part(0, "text/plain", "--x\n")]
    );
}

#[test]
fn delimiters_divide_and_what_is_around_them_is_nobodys() {
    let message = "Content-Type: multipart/mixed; boundary=\"b b\"\r\n\r\n\
        preamble\r\n\
        --b b\r\n\r\nfirst\r\n\
        --b b  \r\nContent-Type: TEXT/HTML\r\n\r\n<p>\r\n\r\n\
        --b bc\r\n\
        --b b\r\n\
        --b b--\r\n\
        epilogue\r\n--b b\r\n";
    assert_eq!(
        told(message),
        [
            part(0, "multipart/mixed", ""),
            part(1, "text/plain", "first"),
            part(1, "text/html", "<p>\r\n\r\n--b bc"),
            part(1, "text/plain", ""),
        ]
    );
    let structure = Structure::of(message.as_bytes());
    let lines: Vec<u64> = structure.parts.iter().map(|part| part.lines).collect();
    assert_eq!(lines, [14, 0, 2, 0]);
    assert_eq!(structure.inside(0).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn a_part_without_an_end_ends_where_the_one_around_it_goes_on() {
    let message = "Content-Type: multipart/mixed; boundary=out\n\n\
        --out\nContent-Type: multipart/alternative; boundary=in\n\n\
        --in\n\nplain\n\
        --in\nContent-Type: text/html\n\nhtml\n\
        --out\nContent-Type: image/png\n\npng";
    assert_eq!(
        told(message),
        [
            part(0, "multipart/mixed", ""),
            part(1, "multipart/alternative", ""),
            part(2, "text/plain", "plain"),
            part(2, "text/html", "html"),
            part(1, "image/png", "png"),
        ]
    );
}

#[test]
fn attached_messages_are_looked_into() {
    let message = "Content-Type: multipart/digest; boundary=d\r\n\r\n\
        --d\r\n\r\nSubject: one\r\n\r\nfirst\r\n\
        --d\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==\r\n\
        --d\r\n\r\nContent-Type: multipart/mixed; boundary=e\r\n\r\n--e\r\n\r\ninner\r\n\
        --d--\r\n";
    assert_eq!(
        told(message),
        [
            part(0, "multipart/digest", ""),
            part(1, "message/rfc822", ""),
            part(2, "text/plain", "first"),
            part(1, "message/rfc822", "QQ=="),
            part(1, "message/rfc822", ""),
            part(2, "multipart/mixed", ""),
            part(3, "text/plain", "inner"),
        ]
    );
}

#[test]
fn what_nests_or_divides_for_ever_is_bounded() {
    let mut deep = String::new();
    for depth in 0..1_000 {
        deep += &format!("Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n");
    }
    assert_eq!(Structure::of(deep.as_bytes()).parts.len(), DEPTH_MOST);
    let forwarded = "Content-Type: message/rfc822\n\n".repeat(1_000);
    assert_eq!(Structure::of(forwarded.as_bytes()).parts.len(), DEPTH_MOST);
    let many =
        "Content-Type: multipart/mixed; boundary=b\n\n".to_owned() + &"--b\n\nx\n".repeat(5_000);
    let structure = Structure::of(many.as_bytes());
    assert_eq!(structure.parts.len(), PARTS_MOST);
    let last = structure.parts.last().unwrap();
    assert_eq!(last.body.end, many.len() as u64);
}

#[test]
fn a_part_says_what_it_is() {
    let message = "Content-Type: application/pdf; name=other.pdf\r\n\
        Content-Disposition: attachment;\r\n\tfilename*0*=utf-8''%E2%82%AC%20; filename*1=\"a/b.pdf\"\r\n\
        Content-Transfer-Encoding: BASE64\r\n\
        Content-ID: <cid@example.org>\r\n\r\n";
    let structure = Structure::of(message.as_bytes());
    let described = &structure.parts[0].described;
    assert!(described.is("application", "pdf"));
    assert_eq!(described.name.as_deref(), Some("€ a/b.pdf"));
    assert_eq!(described.disposition, Some(Disposition::Attachment));
    assert_eq!(described.encoding, TransferEncoding::Base64);
    assert_eq!(described.content_id.as_deref(), Some("cid@example.org"));
    for (field, name) in [
        (
            "Content-Type: image/png; name=\"=?utf-8?q?caf=C3=A9=2Epng?=\"",
            "café.png",
        ),
        ("Content-Type: image/png; NAME=caf\u{e9}.png", "café.png"),
        (
            "Content-Disposition: inline; filename=\"a\u{202e}gnp.exe\"",
            "agnp.exe",
        ),
    ] {
        let structure = Structure::of(format!("{field}\r\n\r\n").as_bytes());
        assert_eq!(structure.parts[0].described.name.as_deref(), Some(name));
    }
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        lines in prop::collection::vec(
            prop::sample::select(vec![
                "--a", "--a--", "--b", "--b--", "", "text", "Content-Type: multipart/mixed; boundary=a",
                "Content-Type: multipart/digest; boundary=b", "Content-Type: message/rfc822", "--a ", "-",
            ]),
            0..60,
        ),
        ending in prop::sample::select(vec!["\n", "\r\n"]),
        size in 1..9_usize,
    ) {
        let message = lines.join(ending);
        let mut scanner = Scanner::new();
        for piece in message.as_bytes().chunks(size) {
            scanner.push(piece);
        }
        let structure = scanner.finish();
        prop_assert_eq!(&structure, &Structure::of(message.as_bytes()));
        for part in &structure.parts {
            prop_assert!(part.header.end == part.body.start);
            prop_assert!(part.body.end <= message.len() as u64);
            if let Some(parent) = part.parent {
                let around = &structure.parts[parent].body;
                prop_assert!(around.start <= part.header.start && part.body.end <= around.end);
            }
        }
    }
}
