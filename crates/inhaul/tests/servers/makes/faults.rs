//! What servers say when something is wrong on their side, and what we make of it.

use inhaul_testkit::Make;

use super::{letters, pulled, retrieval, start};
use crate::installation::{Installation, assert_each_once, wait_until};

/// Courier says `-ERR chdir Maildir failed` to PASS: the password was right, the folder is gone.
#[test]
fn a_maildir_that_is_gone_is_no_wrong_password() {
    let mut server = start(Make::Courier);
    server.fill("u1", letters(0..4)).unwrap();
    let there = server.retr_all("u1").unwrap();
    let home = Installation::new().account("anna");
    retrieval(&home, &server, "isp", &[]);
    assert_eq!(home.pull("isp"), pulled(4, 4, 0));

    server.run("rm -rf /home/u1/Maildir").unwrap();
    let (exit, failed) = home.pull_with(&["isp"]);
    assert_eq!((exit, failed.code.as_str()), (Some(77), "server-refuses"));
    assert_each_once(&there, &home.messages("anna"));

    server.make_maildrop("u1").unwrap();
    server.fill("u1", letters(4..6)).unwrap();
    assert_eq!(home.pull("isp"), pulled(2, 2, 0));
    assert_each_once(&letters(0..6), &home.messages("anna"));
}

/// Courier says `-ERR Temporary problem, please try again later` to PASS where the daemon that
/// knows the passwords is down.
#[test]
fn a_trouble_with_passwords_that_passes_is_no_wrong_password() {
    let mut server = start(Make::Courier);
    server.fill("u1", letters(0..4)).unwrap();
    let home = Installation::new().account("anna");
    retrieval(&home, &server, "isp", &[]);
    server.run("/usr/sbin/authdaemond stop").unwrap();
    let (exit, failed) = home.pull_with(&["isp"]);
    assert_eq!((exit, failed.code.as_str()), (Some(75), "server-busy"));
    server.run("/usr/sbin/authdaemond start").unwrap();
    wait_until("passwords are known again", || server.sign_in("u1").is_ok());
    assert_eq!(home.pull("isp"), pulled(4, 4, 0));
    assert_each_once(&letters(0..4), &home.messages("anna"));
}
