//! Inputs to start from, and the words of the protocols.

/// Good input for a target: decisions in front, then what a peer says or a message.
pub(crate) fn for_target(name: &str) -> Vec<Vec<u8>> {
    match name {
        "pop3_client" => [dialogues(), bodies(), sign_in_answers()].concat(),
        "pop3_service" => sessions(),
        "pop3_server" => [commands(), messages(&[1, 2, 7, 200])].concat(),
        "addresses" => address_fields(),
        _ => messages(&[0, 40]),
    }
}

/// Whole sessions from the server's side. In front: which way, how many commands, the commands,
/// how many lengths of pieces, the lengths.
fn dialogues() -> Vec<Vec<u8>> {
    let sessions: [(&[u8], &[u8]); 8] = [
        (&[0, 3, 4, 6, 7, 8, 10, 26, 11, 14], b"+OK hi <1.2@example.org>\r\n+OK\r\nUIDL\r\nSASL PLAIN LOGIN\r\nLOGIN-DELAY 60 USER\r\nEXPIRE NEVER\r\nPIPELINING\r\n.\r\n+OK\r\n+OK in\r\n+OK 2 320\r\n+OK\r\n1 aa\r\n2 bb cc\r\n.\r\n+OK\r\n1 120\r\n2 200\r\n.\r\n+OK 120 octets\r\nSubject: a\r\n\r\n..\r\nb\r\n.\r\n+OK\r\n.\r\n+OK deleted\r\n+OK bye\r\n"),
        (&[5, 6, 14], b"+OK\r\n+ \r\n+OK in\r\n+OK 0 0\r\n+OK\r\n"),
        (&[5, 5, 3, 4], b"+OK\r\n-ERR [AUTH] no\r\n-ERR [SYS/TEMP] later\r\n+OK\r\n-ERR [IN-USE] busy\r\n"),
        (&[1, 3, 4], b"+OK\r\n+OK begin\r\n+OK injected\r\n"),
        (&[3, 4, 9, 25, 7], b"+OK\r\n+OK\r\n+OK\r\n+OK\r\nFrom: a\r\n\r\n.\r\n-ERR no such message\r\n+OK\r\nnonsense\r\n0 x\r\n1\r\n.\r\n"),
        (&[3, 4, 6], b"+OK\r\n+OK\r\n-ERR no pqzjx-7719-xjzqp here\r\n"),
        (&[2, 3, 4, 6, 12, 13, 14], b"+OK\n+OK\n+OK\n+OK\n+OK 1 2 3 words\n+OK\n+OK\n+OK\n"),
        (&[3], b"220 mail.example.org ESMTP\r\n"),
    ];
    let with = |commands: &[u8], pattern: &[u8], said: &[u8]| {
        let count = |octets: &[u8]| u8::try_from(octets.len()).unwrap_or(0);
        [
            &[0, count(commands)],
            commands,
            &[count(pattern)],
            pattern,
            said,
        ]
        .concat()
    };
    sessions
        .iter()
        .flat_map(|(commands, said)| {
            [
                with(commands, &[0], said),
                with(commands, &[3, 9, 255], said),
            ]
        })
        .collect()
}

/// Whole sessions from a mail program's side. In front: whether it has signed in (not for multiples
/// of four), how many lengths of pieces, the lengths.
fn sessions() -> Vec<Vec<u8>> {
    let said: [&[u8]; 10] = [
        b"STAT\r\nUIDL\r\nLIST\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n",
        b"CAPA\r\nUIDL 2\r\nLIST 3\r\nTOP 2 1\r\nTOP 1 99999999999\r\nRETR 2\r\nRETR 3\r\nNOOP\r\nRSET\r\nQUIT\r\n",
        b"DELE 0\r\nTOP 1 -1\r\nRETR 99999999999\r\nDELE 2\r\nDELE 2\r\nRSET\r\nDELE 3\r\nQUIT\r\nQUIT\r\n",
        b"DELE 1\r\nDELE 2\r\nDELE 3\r\nSTAT\r\nLIST\r\n",
        b"USER anna\r\nPASS sesame\r\nRETR 1\r\nQUIT\r\n",
        b"AUTH PLAIN AGFubmEAc2VzYW1l\r\nDELE 2\r\nQUIT\r\n",
        b"AUTH LOGIN\r\nYW5uYQ==\r\nc2VzYW1l\r\nSTAT\r\nQUIT\r\n",
        b"AUTH PLAIN\r\n*\r\nUTF8\r\nSTLS\r\nAPOP anna c4c9334bac560ecc979e58001b3e22fb\r\nQUIT\r\n",
        b"USER anna\r\nPASS wrong\r\nUSER nobody\r\nPASS \r\n",
        b"RETR 1\nRETR 2\nLAST\nXTND\n\n\0\r\nLANG\r\nQUIT\n",
    ];
    said.iter()
        .flat_map(|said| [[&[0, 0], *said].concat(), [&[1, 2, 6, 1], *said].concat()])
        .collect()
}

/// Bodies as they stand on the wire.
fn bodies() -> Vec<Vec<u8>> {
    let wires: [&[u8]; 6] = [
        b"Subject: a\r\n\r\n..\r\n.b\r\nc\r\n.\r\n",
        b".\r\n+OK more\r\n",
        b"a\n.\nb\r.\r\n.\r\r\n\r\n.\r\n",
        b"no end\r\n.",
        b"no end\r\n.\r",
        b"\0\xff\r\n...\r\n.\r\n",
    ];
    wires
        .iter()
        .map(|wire| [&[1, 2, 1, 4], *wire].concat())
        .collect()
}

/// Answers that repeat the password, as itself and as AUTH PLAIN has it.
fn sign_in_answers() -> Vec<Vec<u8>> {
    let answers: [&[u8]; 4] = [
        b"-ERR [AUTH] no pqzjx-7719-xjzqp for anna\r\n",
        b"-ERR pqzjx-7719-xjzqp",
        b"+ go on\r\nno AGFubmEAcHF6angtNzcxOS14anpxcA== pqzjx-7719-xjzqp\r\n",
        b"+OK hello anna, pqzjx-7719-xjzqp\r\n+OK\r\n",
    ];
    let with = |choice: u8| move |answer: &&[u8]| [&[2, choice, 1, 9], *answer].concat();
    [0, 1]
        .into_iter()
        .flat_map(|choice| answers.iter().map(with(choice)))
        .collect()
}

/// Commands from the client's side.
fn commands() -> Vec<Vec<u8>> {
    let said: [&[u8]; 5] = [
        b"CAPA\r\nUSER anna\r\nPASS ge heim\r\nSTAT\r\nUIDL\r\nLIST 1\r\nTOP 1 0\r\nRETR 1\r\nDELE 1\r\nRSET\r\nNOOP\r\nQUIT\r\n",
        b"AUTH PLAIN AGFubmEAZ2VoZWlt\r\nAUTH PLAIN\r\n*\r\nAUTH LOGIN\r\nYW5uYQ==\r\nLAST\r\nQUIT\r\n",
        b"STLS\r\nUTF8\r\nLANG de\r\nAPOP anna c4c9334bac560ecc979e58001b3e22fb\r\nretr 4294967296\r\nretr 0\r\nretr 1.5\r\n",
        b"HELP\r\n\r\n \r\nUSER\r\nUSER \r\nxy\rz\r\nXY\0Z\r\nUSER a\rb\r\nQUIT\n",
        b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
    ];
    said.iter()
        .map(|said| [&[0, 2, 3, 30], *said].concat())
        .collect()
}

/// Messages behind these decisions.
fn messages(decisions: &[u8]) -> Vec<Vec<u8>> {
    let texts: [&[u8]; 9] = [
        b"From: Ann <ann@example.org>\r\nTo: bob@example.org\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\tfolded\r\nDate: Sat, 14 Mar 2026 10:22:06 +0000\r\nMessage-ID: <a@example.org>\r\n\r\nbody\r\n",
        b"Content-Type: multipart/mixed; boundary=\"b\"; charset=iso-8859-1\r\nSubject: =?iso-2022-jp?B?GyRCJDMbKEI=?= =?x?B?!?=\r\nFrom: \"a\\\"b\" (c) <d@e>, f@g\r\n\r\n--b\r\nContent-Disposition: attachment; filename*=utf-8''a%20b\r\n\r\nx\r\n--b--\r\n",
        b"Subject: lf\nFrom: a@b\n\nbody\n",
        b"Subject: cr\rFrom: a@b\r\rbody\r",
        b"From a Mon Jan 1 10:00\r\n folded\r\nno colon\r\n: empty\r\nA B: c\r\nDate: 32 Foo 99999 25:61\r\nMessage-ID:\r\n <x>\r\n\r\n",
        b"Subject: \xff\xfe\xe2\x80\xae\x1b[31m\0\r\nFrom: j\xf6rg\r\n\r\n.\r\n..\r\n",
        b"\r\nbody",
        b"From: Group: a@b, c@d;, <@r1,@r2:e@f>\r\nSubject:\r\nSubject: second\r\nDate: Sat, 14 Mar 26 10:22 EST (comment (nested))\r\nX: y",
        b".\r\n..\r\n.a\r\n\r\n.\r\n",
    ];
    texts
        .iter()
        .map(|text| [decisions, *text].concat())
        .collect()
}

/// Values of fields that name recipients.
fn address_fields() -> Vec<Vec<u8>> {
    let values: [&[u8]; 10] = [
        b" Anna <anna@example.org>,\r\n\t\"N, B\" <\"b b\"@Example.ORG> (at (home)), c@[192.0.2.1]\r\n",
        b"Friends: a@b.example, c@d.example; nobody:;, <@r1.example,@r2.example:e@f.example>",
        b"mailing list news@example.org",
        b"\"Anna <a@example.org>, \"Bob\" <b@example.org>, Carl (x <c@example.org; d@example.org",
        b"=?utf-8?q?N,_A?= <a@example.org>, =?utf-8?b?eA==?=@example.org",
        "j\u{f8}ran@d\u{f8}mi.example, b@xn--dmi-0na.example, \u{4f8b}@\u{4f8b}\u{3048}\u{3002}test".as_bytes(),
        b"a@b@c.example, 'd@e.example', x . y @ z .example <>, \xb4k@l.example",
        b" from a.example (HELO b) (192.0.2.1) by MX.example.org (8.12/8.12) with ESMTP id 7@x\r\n\tfor <anna@example.org>, <b@example.org> (envelope-from <c@d>); Fri, 13 Mar 2026 09:00:00 +0100 (CET)",
        b"by [192.0.2.1] (for a@example.org) id <7@x> for b@example.org;e0ff; Fri",
        b"by mx.example. for <a@example.org> sender: <b@example.org> id 7",
    ];
    values.iter().map(|value| value.to_vec()).collect()
}

/// What is put into inputs.
pub(crate) const DICTIONARY: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\r\n",
    b"\n\r",
    b".\r\n",
    b"\r\n.\r\n",
    b"\r\n..\r\n",
    b"\n.\n",
    b".",
    b"..",
    b"\0",
    b"\xff",
    b" ",
    b"\t",
    b"  ",
    b"\r\n ",
    b"\r\n\t",
    b"\r\n\r\n",
    b"\n\n",
    b"+OK",
    b"-ERR",
    b"+ ",
    b"+",
    b"+OK\r\n",
    b"-ERR\r\n",
    b"+OK \r\n",
    b"-ERR [IN-USE] ",
    b"[LOGIN-DELAY]",
    b"[SYS/TEMP]",
    b"[SYS/PERM]",
    b"[AUTH]",
    b"[",
    b"]",
    b"<1@a>",
    b"=",
    b"*",
    b"CAPA\r\n",
    b"STLS\r\n",
    b"UTF8\r\n",
    b"USER anna\r\n",
    b"PASS x\r\n",
    b"AUTH PLAIN ",
    b"APOP ",
    b"STAT\r\n",
    b"UIDL",
    b"LIST",
    b"TOP 1 0\r\n",
    b"RETR 1\r\n",
    b"DELE 1\r\n",
    b"NOOP\r\n",
    b"RSET\r\n",
    b"LAST\r\n",
    b"QUIT\r\n",
    b"LANG ",
    b"SASL ",
    b"PIPELINING\r\n",
    b"EXPIRE NEVER\r\n",
    b"LOGIN-DELAY 900\r\n",
    b"RESP-CODES\r\n",
    b"IMPLEMENTATION ",
    b"0",
    b"1",
    b"-1",
    b"00",
    b"4294967295",
    b"4294967296",
    b"18446744073709551616",
    b"From: ",
    b"To: ",
    b"Cc: ",
    b"Subject: ",
    b"Date: ",
    b"Message-ID: <",
    b"Received: ",
    b"Content-Type: ",
    b"multipart/mixed; boundary=",
    b"charset=",
    b"; name=",
    b"attachment",
    b"Content-Disposition: ",
    b"=?",
    b"?=",
    b"=?utf-8?q?",
    b"=?utf-8?b?",
    b"=?iso-2022-jp?B?",
    b":",
    b";",
    b",",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"[",
    b"for ",
    b" by ",
    b"a@b.example",
    b"[192.0.2.1]",
    b"xn--",
    b"<@a,@b:",
    b"<",
    b">",
    b"@",
    b"\xe2\x80\xae",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"\xf0\x9f\x93\xac",
];
