//! Octets as they came, however they were packed, and whatever they are.

use inhaul_domain::Retention;
use inhaul_sample::switches::{FinalDot, Line, Packets, Pipelining};
use inhaul_store::Security;
use inhaul_testkit::fixtures;

use crate::harness::{Setup, World, letters};

/// The odd messages that end in a line end and are no larger than this.
fn odd(most: usize) -> Vec<Vec<u8>> {
    let odd = fixtures().into_iter().map(|message| message.octets);
    odd.filter(|octets| octets.ends_with(b"\r\n") && octets.len() <= most)
        .collect()
}

/// Lines that begin with dots, end in odd ways, and hold what lines should not.
fn awkward() -> Vec<u8> {
    b"Subject: gr\xfc\xdfe \xf0\x9f\x93\xac\r\nX-Nul: a\0b\r\n.odd: field\r\n\r\n\
      .\n..\n.\r.\r\n..\r\n...\r\n\r\n\0\xff\r\r\n\n\r\n+OK bye\r\n.\r\n"
        .to_vec()
}

async fn comes_and_goes(world: &World, mail: Vec<Vec<u8>>, what: &str) {
    let count = mail.len() as u64;
    world.send(mail);
    let report = world.good().await;
    assert_eq!((report.stored, report.deleted), (count, count), "{what}");
    assert!(world.mailbox.is_empty(), "{what}");
    world.assert_each_once().await;
}

#[tokio::test]
async fn packets_of_any_size_bring_the_same_octets() {
    for (packets, final_dot, most) in [
        (Packets::Octet, FinalDot::Together, 400),
        (Packets::Line, FinalDot::Together, 4_000),
        (Packets::Line, FinalDot::Apart, 4_000),
        (Packets::Whole, FinalDot::Apart, usize::MAX),
    ] {
        for pipelining in [Pipelining::Announced, Pipelining::Unannounced] {
            let world = Setup::deleting().start().await;
            world.server.set(|switches| {
                switches.pipelining = pipelining;
                switches.line = Line {
                    packets,
                    final_dot,
                    ..Line::default()
                };
            });
            let mail = [odd(most), vec![awkward()]].concat();
            assert!(mail.len() > 25);
            let what = format!("{packets:?}, {final_dot:?}, {pipelining:?}");
            comes_and_goes(&world, mail, &what).await;
        }
    }
}

#[tokio::test]
async fn packets_of_one_octet_bring_the_same_through_tls() {
    for security in [Security::Tls, Security::StartTls] {
        let setup = Setup {
            security,
            ..Setup::deleting()
        };
        let world = setup.start().await;
        world
            .server
            .set(|switches| switches.line.packets = Packets::Octet);
        let mail = [letters(0..3), vec![awkward()]].concat();
        comes_and_goes(&world, mail, &format!("{security:?}")).await;
    }
}

#[tokio::test]
async fn lines_of_several_mebibytes_come_whole() {
    let line = |octets: usize| {
        let mut message = b"Subject: one line\r\n\r\n.".to_vec();
        message.extend((0..octets).map(|at| b"abc\0\xff."[at % 6]));
        message.extend(b"\r\n");
        message
    };
    let header = [b"X-Long: ".repeat(400_000), b"\r\n\r\nbody\r\n".to_vec()].concat();
    let world = Setup::deleting().start().await;
    let mail = vec![line(1 << 20), header, line(5 << 20), awkward()];
    comes_and_goes(&world, mail, "long lines").await;
}

#[tokio::test]
async fn a_message_without_a_last_line_end_gets_the_one_that_the_wire_gave_it() {
    let open_ends: Vec<Vec<u8>> = fixtures()
        .into_iter()
        .map(|message| message.octets)
        .filter(|octets| !octets.ends_with(b"\r\n") && !octets.ends_with(b"\r"))
        .collect();
    assert!(open_ends.len() >= 5);
    for retention in [Retention::Keep, Retention::Delete] {
        let setup = Setup {
            retention,
            ..Setup::default()
        };
        let world = setup.start().await;
        for message in &open_ends {
            world.mailbox.append(message.clone());
        }
        world.send(letters(0..2));
        world.good().await;
        // LIST told two octets less, and that is no reason to bring them again.
        assert_eq!(world.good().await.stored, 0, "{retention:?}");
        let mut here = world.stored().await;
        let mut expected: Vec<_> = open_ends
            .iter()
            .map(|message| [message.as_slice(), b"\r\n"].concat())
            .chain(letters(0..2))
            .collect();
        here.sort();
        expected.sort();
        assert!(here == expected, "{retention:?}");
        assert_eq!(
            world.mailbox.is_empty(),
            retention == Retention::Delete,
            "{retention:?}"
        );
    }
}
