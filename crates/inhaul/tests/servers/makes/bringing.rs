//! The whole way: everything comes, once, as the server sends it, new mail comes alone, and what
//! is to go goes.

use inhaul_testkit::{LabServer, Make, RawPop3, Recorder};

use super::{collection, for_each_make, pulled, retrieval, start};
use crate::installation::{Installation, assert_each_once};

for_each_make!(everything_comes_once, everything_goes_once_it_is_stored);

/// Three pulls with new mail in between, and one more with none.
fn everything_comes_once(make: Make) {
    let messages = collection();
    let mut stage = Stage::new(make);
    let mut ever: Vec<Vec<u8>> = Vec::new();
    for (lot, number) in in_three(&messages).into_iter().zip(1..) {
        let new = stage.fill(lot, ever.len());
        let count = ever.len() + new.len();
        if number == 1 {
            stage.retrieval(&[]);
        }
        let report = stage.home.pull("isp");
        assert_eq!(report, pulled(count, new.len(), 0), "lot {number}");
        ever.extend(stage.as_sent(new));
        assert_each_once(&ever, &stage.home.messages("anna"));
    }
    let count = ever.len();
    assert!(count >= messages.len() * 9 / 10, "the server lists {count}");
    assert_eq!(stage.home.pull("isp"), pulled(count, 0, 0));

    // Told to delete now, it finds what it has and stores nothing again.
    let change = [
        "retrieval",
        "set",
        "isp",
        "--after-storing",
        "delete",
        "--yes",
    ];
    stage.home.inhaul.ok(&change).unwrap();
    assert_eq!(stage.home.pull("isp"), pulled(count, 0, count));
    assert_eq!(stage.server.count("u1").unwrap(), 0);
    assert_each_once(&ever, &stage.home.messages("anna"));
}

fn everything_goes_once_it_is_stored(make: Make) {
    let messages = collection();
    let mut stage = Stage::new(make);
    let mut ever = Vec::new();
    for (lot, number) in in_three(&messages).into_iter().zip(1..) {
        let new = stage.fill(lot, 0);
        let count = new.len();
        if number == 1 {
            stage.retrieval(&["--after-storing", "delete"]);
        }
        assert_eq!(stage.home.pull("isp"), pulled(count, count, count));
        ever.extend(stage.as_sent(new));
        assert_eq!(stage.server.count("u1").unwrap(), 0);
        // Whatever comes from now on is new, however much it looks like what went.
        assert_eq!(stage.home.pull("isp"), pulled(0, 0, 0));
    }
    assert_each_once(&ever, &stage.home.messages("anna"));
}

/// A server, an installation, and who listens in between.
struct Stage {
    make: Make,
    server: LabServer,
    recorder: Recorder,
    home: Installation,
}

impl Stage {
    fn new(make: Make) -> Self {
        let server = start(make);
        let recorder = Recorder::start(server.pop3_addr()).unwrap();
        let home = Installation::new().account("anna");
        Self {
            make,
            server,
            recorder,
            home,
        }
    }

    /// Puts messages in behind those that are known, and returns them as the server sends them to
    /// our plain client, each in an answer of its own.
    fn fill(&mut self, lot: &[Vec<u8>], known: usize) -> Vec<Vec<u8>> {
        self.server.fill("u1", lot).unwrap();
        let mut session = self.server.sign_in("u1").unwrap();
        let (count, _) = session.stat().unwrap();
        let new: Vec<_> = (known + 1..=count)
            .map(|number| session.retr(number).unwrap())
            .collect();
        session.quit().unwrap();
        println!("{} put in, {} there", lot.len(), new.len());
        if self.make == Make::Courier {
            let lot: Vec<_> = lot.iter().map(|message| with_cr_lf(message)).collect();
            assert_each_once(&lot, &new);
        }
        new
    }

    fn retrieval(&self, more: &[&str]) {
        let at = self.recorder.addr().to_string();
        let how = ["--server", &at, "--security", "none"];
        self.home
            .retrieval("isp", "u1", "anna", &[&how[..], more].concat());
    }

    /// What the pull was sent. GNU mailutils sends the fields it has added with other values each
    /// time; what it sent is known only to who listened.
    fn as_sent(&self, new: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        if self.make != Make::Mailutils {
            return new;
        }
        let sent = self.recorder.retrieved().unwrap();
        assert_eq!(sent.len(), new.len());
        sent
    }
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
fn with_cr_lf(message: &[u8]) -> Vec<u8> {
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
