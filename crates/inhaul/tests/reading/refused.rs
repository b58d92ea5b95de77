//! Passwords cross no line that others can read, and more connections than there is room for hear
//! that.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use crate::clients::{Account, Line, try_curl};
use crate::fetched::account;
use crate::house::{House, Served};
use crate::talk::Talk;

/// An address of this machine that is not the loopback's.
fn own_address() -> Option<IpAddr> {
    // Nothing is sent: the kernel only says from where it would be.
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("198.51.100.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// Nothing of a sign-in is taken at this line, and it says what to do.
#[track_caller]
fn assert_no_password_is_taken(mut session: Talk) {
    let offered = session.list("CAPA");
    assert!(offered.iter().any(|line| line == "STLS"), "{offered:?}");
    let passwords = |line: &&String| line.starts_with("USER") || line.starts_with("SASL");
    assert_eq!(offered.iter().find(passwords), None, "{offered:?}");
    for said in [
        session.try_sign_in("anna", crate::installation::LOCAL_PASSWORD),
        session.say("AUTH PLAIN AGFubmEAc2V2ZW4tcXVpZXQtb3R0ZXJzLTQ0MTc="),
        session.say("AUTH PLAIN"),
        session.say("AUTH LOGIN"),
        session.say("PASS seven-quiet-otters-4417"),
    ] {
        assert!(said.starts_with("-ERR"), "{said}");
    }
    let said = session.say("USER anna");
    assert!(said.contains("STLS") || said.contains("encrypt"), "{said}");
    session.quit();
}

#[test]
fn a_password_is_taken_from_afar_over_encrypted_lines_only() {
    let Some(own) = own_address() else {
        // A machine that has the loopback only. The test with a proxy stands for this one.
        return;
    };
    let house = House::with(&[
        ("INHAUL_POP3__LISTEN", "0.0.0.0:0"),
        ("INHAUL_POP3__LISTEN_TLS", "0.0.0.0:0"),
    ]);
    let served = house.serve();
    let at = |own: IpAddr| Account {
        plain: SocketAddr::new(own, served.plain.port()),
        encrypted: SocketAddr::new(own, served.encrypted.port()),
        ..account(&house, &served, "anna")
    };
    assert_no_password_is_taken(Talk::to(at(own).plain));
    // The certificate is for this machine's name and the loopback.
    for (line, code) in [
        (Line::Plain, Some(67)),
        (Line::Stls, Some(0)),
        (Line::Tls, Some(0)),
    ] {
        let (ended, said) = try_curl(&at(own), line, &["--insecure"]);
        assert_eq!(ended, code, "{line:?}: {said}");
    }
    let (ended, said) = try_curl(&at("127.0.0.1".parse().unwrap()), Line::Plain, &[]);
    assert_eq!(ended, Some(0), "{said}");
}

#[test]
fn whoever_comes_by_a_proxy_is_where_the_proxy_says() {
    let house = House::with(&[("INHAUL_POP3__PROXY_PROTOCOL", "127.0.0.1/32")]);
    let served = house.serve();
    let port = served.plain.port();
    let far = format!("PROXY TCP4 192.0.2.7 127.0.0.1 50000 {port}\r\n");
    assert_no_password_is_taken(Talk::behind(served.plain, &far));
    let near = format!("PROXY TCP4 127.0.0.1 127.0.0.1 50000 {port}\r\n");
    let mut session = Talk::behind(served.plain, &near);
    let said = session.try_sign_in("anna", crate::installation::LOCAL_PASSWORD);
    assert!(said.starts_with("+OK"), "{said}");
    session.quit();
}

#[test]
fn more_connections_than_there_is_room_for_hear_that_and_are_let_in_later() {
    let house = House::with(&[("INHAUL_POP3__CONNECTIONS_PER_ADDRESS", "3")]);
    let served = house.serve();
    let mut held: Vec<_> = (0..3).map(|_| Talk::to(served.plain)).collect();
    let said = greeting(&served);
    assert!(said.starts_with("-ERR [SYS/TEMP]"), "{said}");
    held.pop().unwrap().quit();
    crate::installation::wait_until("there is room again", || {
        greeting(&served).starts_with("+OK")
    });
}

/// The first line of a new connection; nothing if it is closed without one.
fn greeting(served: &Served) -> String {
    use std::io::{BufRead as _, BufReader};
    let stream = std::net::TcpStream::connect(served.plain).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok();
    line
}
