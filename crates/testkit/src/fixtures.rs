//! Odd messages made for the tests: each breaks something that somebody once took for granted.

use crate::corpus::CorpusMessage;

/// All of them, in the same order and with the same octets each time. Two have equal octets on
/// purpose (`twin-a`, `twin-b`).
pub fn fixtures() -> Vec<CorpusMessage> {
    let texts = TEXTS.iter().map(|(name, text)| (*name, text.to_vec()));
    let built = [
        (
            "one-line-of-a-mebibyte",
            [HEADER, &[b'x'; 1 << 20], b"\r\n"].concat(),
        ),
        ("one-header-line-of-300-kib", long_header_line()),
        ("ten-thousand-header-fields", many_header_fields()),
        ("references-of-a-long-thread", long_references()),
        ("every-octet-but-line-ends", every_octet()),
        ("random-octets-of-64-kib", random_octets()),
        ("lines-around-the-998-limit", lines_around(998)),
        ("lines-around-the-8192-limit", lines_around(8192)),
        (
            "four-thousand-lone-dots",
            [HEADER, &b".\r\n".repeat(4000)].concat(),
        ),
        ("lines-of-one-to-ten-dots", dots()),
        (
            "ten-thousand-empty-lines",
            [HEADER, &b"\r\n".repeat(10_000)].concat(),
        ),
        (
            "ten-thousand-bare-line-feeds",
            [HEADER, &b"\n".repeat(10_000), b"\r\n"].concat(),
        ),
        (
            "ten-thousand-bare-returns",
            [HEADER, &b"\r".repeat(10_000), b"\r\n"].concat(),
        ),
        ("two-hundred-nested-parts", nested_parts(200)),
        ("five-hundred-recipients", many_recipients()),
        ("base64-of-200-kib", base64()),
        ("line-end-across-64-kib", line_end_at(64 * 1024)),
        ("line-end-across-256-kib", line_end_at(256 * 1024)),
    ];
    let all = texts.chain(built);
    all.map(|(name, octets)| CorpusMessage {
        name: name.to_string(),
        octets,
    })
    .collect()
}

/// A plain header block with the empty line behind it.
const HEADER: &[u8] = b"From: Ann <ann@example.org>\r\nTo: bob@example.org\r\n\
    Subject: built for a test\r\nDate: Sat, 14 Mar 2026 10:22:06 +0000\r\n\
    Message-ID: <built@example.org>\r\n\r\n";

const TEXTS: [(&str, &[u8]); 43] = [
    ("plain", b"From: ann@example.org\r\nTo: bob@example.org\r\nSubject: hello\r\nDate: Sat, 14 Mar 2026 10:22:06 +0000\r\nMessage-ID: <plain@example.org>\r\n\r\nHello Bob,\r\n\r\nsee you.\r\nAnn\r\n"),
    ("twin-a", b"From: ann@example.org\r\nSubject: twin\r\nMessage-ID: <twin@example.org>\r\n\r\nThe same octets twice.\r\n"),
    ("twin-b", b"From: ann@example.org\r\nSubject: twin\r\nMessage-ID: <twin@example.org>\r\n\r\nThe same octets twice.\r\n"),
    ("twin-with-another-body", b"From: ann@example.org\r\nSubject: twin\r\nMessage-ID: <twin@example.org>\r\n\r\nThe same header, but not the same text.\r\n"),
    ("twin-with-a-trace-line-more", b"Received: from a by b; Sat, 14 Mar 2026 10:22:07 +0000\r\nFrom: ann@example.org\r\nSubject: twin\r\nMessage-ID: <twin@example.org>\r\n\r\nThe same octets twice.\r\n"),
    ("dots-at-line-starts", b"Subject: dots\r\n\r\n.\r\n..\r\n...\r\n.a\r\n..a\r\na.\r\n .\r\n"),
    ("lone-dot-is-all-of-the-body", b"Subject: dot\r\n\r\n.\r\n"),
    ("ends-in-a-dot-without-line-end", b"Subject: dot\r\n\r\nthe end\r\n."),
    ("dot-line-feed-inside", b"Subject: false end\r\n\r\nbefore\r\n.\nafter\n.\r\nand more\r\n"),
    ("dot-return-inside", b"Subject: false end\r\n\r\nbefore\r\n.\rafter\r\n.\r\r\nand more\r\n"),
    ("a-dot-in-the-header", b"Subject: odd\r\n.hidden: field\r\n.\r\n\r\nbody\r\n"),
    ("looks-like-replies", b"Subject: replies\r\n\r\n+OK 3 messages\r\n-ERR no such message\r\n.\r\n+OK bye\r\n"),
    ("looks-like-commands", b"Subject: commands\r\n\r\nDELE 1\r\nQUIT\r\n"),
    ("no-final-line-end", b"Subject: open end\r\n\r\nthis line does not end"),
    ("ends-in-a-return", b"Subject: half an end\r\n\r\nthis line half ends\r"),
    ("ends-in-a-line-feed", b"Subject: half an end\r\n\r\nthis line half ends\n"),
    ("header-only-with-empty-line", b"Subject: nothing below\r\n\r\n"),
    ("header-only-without-empty-line", b"From: ann@example.org\r\nSubject: nothing below\r\n"),
    ("header-cut-off-in-a-name", b"From: ann@example.org\r\nSubj"),
    ("no-header", b"\r\nA body and nothing above it.\r\n"),
    ("no-header-and-no-empty-line", b"A body and nothing above it.\r\nIts second line.\r\n"),
    ("one-empty-line", b"\r\n"),
    ("one-octet", b"x"),
    ("line-feeds-only", b"From: ann@example.org\nSubject: lf\n\nfirst\nsecond\n"),
    ("returns-only", b"From: ann@example.org\rSubject: cr\r\rfirst\rsecond\r"),
    ("mixed-line-ends", b"From: ann@example.org\nSubject: mixed\r\nTo: bob@example.org\r\r\n\r\nfirst\nsecond\r\nthird\rfourth\r\n"),
    ("empty-line-of-line-feed", b"From: ann@example.org\r\nSubject: mixed\r\n\nbody\r\n"),
    ("nul-in-the-body", b"Subject: nul\r\n\r\nbefore\0after\r\n\0\r\n"),
    ("nul-in-the-header", b"Subject: be\0fore\r\nX-Nul\0: yes\r\n\r\nbody\r\n"),
    ("eight-bit-utf-8-header", "From: J\u{f6}rg <j\u{f6}rg@ex\u{e4}mple.org>\r\nTo: \u{7530}\u{4e2d}@example.org\r\nSubject: \u{1f4ec} gr\u{fc}\u{df}e\r\n\r\nsch\u{f6}n\r\n".as_bytes()),
    ("eight-bit-latin-1-header", b"From: J\xf6rg <joerg@example.org>\r\nSubject: gr\xfc\xdfe\r\n\r\nsch\xf6n\r\n"),
    ("broken-utf-8", b"Subject: \xc3\x28 \xf0\x9f \xff\r\n\r\n\xc3\x28\r\n"),
    ("byte-order-mark-first", b"\xef\xbb\xbfFrom: ann@example.org\r\nSubject: bom\r\n\r\nbody\r\n"),
    ("mbox-line-first", b"From ann@example.org Sat Mar 14 10:22:06 2026\r\nFrom: ann@example.org\r\nSubject: mbox\r\n\r\nFrom here on\r\n>From there\r\n"),
    ("no-message-id-no-date-no-from", b"Subject: who and when\r\n\r\nbody\r\n"),
    ("every-field-twice", b"From: ann@example.org\r\nFrom: eve@example.org\r\nMessage-ID: <a@example.org>\r\nMessage-ID: <b@example.org>\r\nSubject: one\r\nSubject: two\r\nDate: Sat, 14 Mar 2026 10:22:06 +0000\r\nDate: yesterday\r\n\r\nbody\r\n"),
    ("folded-and-empty-fields", b"From:\r\n ann@example.org\r\nSubject: a\r\n\t\r\n  b\r\nTo:\r\nCc: \r\nMessage-ID:\r\n\t<fold@example.org>\r\n\r\nbody\r\n"),
    ("folding-before-the-first-field", b" Subject: indented\r\nFrom: ann@example.org\r\n\r\nbody\r\n"),
    ("field-without-a-colon", b"From: ann@example.org\r\nthis is no field\r\nSubject: still here\r\n: no name\r\nX Y: space\r\n\r\nbody\r\n"),
    ("encoded-words-that-are-broken", b"Subject: =?utf-8?B?w6?= =?nocharset?Q?=zz?= =?utf-8?Q?open\r\nFrom: \"=?utf-8?Q?a?=\" <ann@example.org>\r\n\r\nbody\r\n"),
    ("catch-all-evidence", b"Delivered-To: mbox-sales@example.org\r\nX-Original-To: sales@example.org\r\nEnvelope-To: <office@example.org>\r\nReceived: from mx by pop (x) for <sales@example.org>; Sat, 14 Mar 2026 10:22:06 +0000\r\nTo: undisclosed-recipients:;\r\nSubject: for whom\r\n\r\nbody\r\n"),
    ("multipart-that-never-closes", b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAw"),
    ("boundary-that-is-a-dot", b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\".\"\r\n\r\n--.\r\n\r\n.\r\n--.--\r\n"),
];

fn long_header_line() -> Vec<u8> {
    let value = b"word ".repeat(300 * 1024 / 5);
    [
        b"From: ann@example.org\r\nX-Long: ",
        value.as_slice(),
        b"\r\nSubject: last\r\n\r\nbody\r\n",
    ]
    .concat()
}

fn many_header_fields() -> Vec<u8> {
    let fields: Vec<_> = (0..10_000)
        .map(|n| format!("X-Field-{n}: {n}\r\n"))
        .collect();
    format!(
        "From: ann@example.org\r\n{}Subject: last\r\n\r\nbody\r\n",
        fields.concat()
    )
    .into_bytes()
}

fn long_references() -> Vec<u8> {
    let ids: Vec<_> = (0..2_000)
        .map(|n| format!("\r\n <reply-{n}@example.org>"))
        .collect();
    format!(
        "From: ann@example.org\r\nReferences:{}\r\nSubject: Re: long\r\n\r\nbody\r\n",
        ids.concat()
    )
    .into_bytes()
}

fn every_octet() -> Vec<u8> {
    let octets: Vec<u8> = (0..=u8::MAX)
        .filter(|octet| !b"\r\n".contains(octet))
        .collect();
    [HEADER, &octets, b"\r\n", &octets, b"\r\n"].concat()
}

/// Octets without pattern, the same each time (xorshift).
fn random_octets() -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()
    };
    let random: Vec<u8> = std::iter::repeat_with(next)
        .take(8 * 1024)
        .flatten()
        .collect();
    [HEADER, &random, b"\r\n"].concat()
}

fn lines_around(limit: usize) -> Vec<u8> {
    let lines = (limit - 3..limit + 4).flat_map(|length| [vec![b'.'; length], b"\r\n".to_vec()]);
    [HEADER.to_vec(), lines.collect::<Vec<_>>().concat()].concat()
}

fn dots() -> Vec<u8> {
    let lines = (1..=10).flat_map(|count| [vec![b'.'; count], b"\r\n".to_vec()]);
    [HEADER.to_vec(), lines.collect::<Vec<_>>().concat()].concat()
}

fn nested_parts(depth: usize) -> Vec<u8> {
    let open: Vec<_> = (0..depth)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"))
        .collect();
    let close: Vec<_> = (0..depth).rev().map(|n| format!("--b{n}--\r\n")).collect();
    format!(
        "MIME-Version: 1.0\r\n{}\r\ndeep\r\n{}",
        open.concat(),
        close.concat()
    )
    .into_bytes()
}

fn many_recipients() -> Vec<u8> {
    let list: Vec<_> = (0..500)
        .map(|n| format!("Person {n} <p{n}@example.org>"))
        .collect();
    let (to, cc) = list.split_at(250);
    format!(
        "From: ann@example.org\r\nTo: {}\r\nCc: {}\r\nSubject: all\r\n\r\nbody\r\n",
        to.join(",\r\n "),
        cc.join(",\r\n ")
    )
    .into_bytes()
}

fn base64() -> Vec<u8> {
    let head = b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=\"a.bin\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\n";
    let line = [[b'Q'; 76].as_slice(), b"\r\n"].concat();
    [head.as_slice(), &line.repeat(200 * 1024 / 78)].concat()
}

/// A message whose octets at `place` and behind it are CR and LF: buffers end there.
fn line_end_at(place: usize) -> Vec<u8> {
    let filler = vec![b'y'; place - HEADER.len()];
    [HEADER, &filler, b"\r\n.behind\r\n"].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_are_many_and_each_has_its_name() {
        let all = fixtures();
        let names: HashSet<_> = all.iter().map(|message| &message.name).collect();
        assert!(all.len() >= 40);
        assert_eq!(names.len(), all.len());
    }

    #[test]
    fn only_the_twins_have_the_same_octets() {
        let all = fixtures();
        let octets: HashSet<_> = all.iter().map(|message| &message.octets).collect();
        assert_eq!(octets.len(), all.len() - 1);
    }

    #[test]
    fn a_line_end_lies_where_its_name_says() {
        let all = fixtures();
        let message = all
            .iter()
            .find(|message| message.name == "line-end-across-64-kib")
            .unwrap();
        assert_eq!(message.octets[64 * 1024..][..2], *b"\r\n");
    }
}
