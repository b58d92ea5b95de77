//! A password that is refused is not tried again, and two at one maildrop are told apart from a
//! wrong password.

use inhaul_testkit::Make;

use super::{for_each_make, letters, pulled, retrieval, start};
use crate::installation::{Installation, wait_until};

for_each_make!(
    a_wrong_password_is_tried_once,
    a_second_session_harms_nothing
);

fn a_wrong_password_is_tried_once(make: Make) {
    let server = start(make);
    let home = Installation::new().account("anna");
    let at = server.pop3_addr().to_string();
    let how = ["--server", &at, "--security", "none"];
    let untested = [&how[..], &["--no-test"]].concat();
    let added = home.try_retrieval("isp", "u1", "anna", WRONG, &untested);
    assert!(added.status.success(), "{added:?}");

    let (exit, pulled) = home.pull_with(&["isp"]);
    assert_eq!((exit, pulled.code.as_str()), (Some(77), "auth-refused"));
    wait_until("the server has told of it", || {
        server.refused_sign_ins() > 0
    });
    assert_eq!(server.refused_sign_ins(), 1, "{}", server.log());

    // The test at `retrieval add` does it in a session and saves nothing. Its line comes behind all that
    // the first session may have logged late.
    let finished = home.try_retrieval("other", "u1", "anna", WRONG, &how);
    assert_eq!(finished.code(), Some(77), "{finished:?}");
    assert!(finished.stderr.contains("auth-refused"), "{finished:?}");
    // Where the first session proved the password without saying it (Cyrus has CRAM-MD5), a second
    // one says it: the server may keep it in a form that no proof fits. One refusal in each.
    let sessions = if make == Make::Cyrus { 2 } else { 1 };
    wait_until("the server has told of all", || {
        server.refused_sign_ins() > sessions
    });
    assert_eq!(server.refused_sign_ins(), 1 + sessions, "{}", server.log());
}

/// Some makes let two in at a time and some do not; nobody takes that for a wrong password.
fn a_second_session_harms_nothing(make: Make) {
    let mut server = start(make);
    server.fill("u1", letters(0..5)).unwrap();
    let home = Installation::new().account("anna");
    retrieval(&home, &server, "isp", &["--after-storing", "delete"]);

    let other = server.sign_in("u1").unwrap();
    let (exit, report) = home.pull_with(&["isp"]);
    println!("{} with another session open: {report:?}", make.name());
    // Where both are let in, the other one finds its messages gone, and may complain of it.
    let farewell = other.quit();
    assert_eq!(exit, Some(0), "somebody else at the maildrop is no failure");
    if report.code == "mailbox-in-use" {
        assert!(farewell.is_ok(), "{farewell:?}");
        assert_eq!((report.listed, report.new), (0, 0));
        assert_eq!(home.pull("isp"), pulled(5, 5, 5));
    } else {
        assert_eq!(report, pulled(5, 5, 5));
    }
    assert_eq!(server.count("u1").unwrap(), 0);
    // They are compared octet for octet elsewhere; here it is which of them there are.
    let here = home.messages("anna");
    assert_eq!(here.len(), 5);
    for letter in letters(0..5) {
        let body = &letter[letter.len() - BODY..];
        assert!(
            here.iter()
                .any(|message| message.windows(BODY).any(|part| part == body))
        );
    }
}

/// The last line of a letter, `This is letter N.`
const BODY: usize = 19;
const WRONG: &str = "not-the-password";
