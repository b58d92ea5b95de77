//! What proxies send, what they must not send, and any octets at all.

use proptest::prelude::*;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::*;

fn of(address: &str) -> Origin {
    Origin::Client {
        address: address.parse().unwrap(),
        encrypted: false,
    }
}

fn v2(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let length = u16::try_from(block.len()).unwrap().to_be_bytes();
    [SIGNATURE_V2, &[command, family], &length, block].concat()
}

/// From 192.0.2.1 port 56324 to 192.0.2.2 port 995.
const TCP4: &[u8] = b"\xc0\0\x02\x01\xc0\0\x02\x02\xdc\x04\x03\xe3";

fn tcp6() -> Vec<u8> {
    let source: Ipv6Addr = "2001:db8::1".parse().unwrap();
    let destination: Ipv6Addr = "2001:db8::2".parse().unwrap();
    let addresses = [source.octets(), destination.octets()].concat();
    [&addresses[..], b"\xdc\x04\x03\xe3"].concat()
}

/// A fact behind the addresses.
fn fact(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    [&[kind], &length[..], value].concat()
}

/// Whole headers, and whom they name.
fn good() -> Vec<(Vec<u8>, Origin)> {
    let mut good: Vec<(Vec<u8>, Origin)> = [
        ("PROXY TCP4 192.0.2.1 192.0.2.2 56324 995\r\n", of("192.0.2.1:56324")),
        ("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", of("255.255.255.255:65535")),
        ("PROXY TCP4 192.0.2.1 192.0.2.2 0 0\r\n", of("192.0.2.1:0")),
        ("PROXY TCP6 2001:DB8::1 2001:db8::2 56324 995\r\n", of("[2001:db8::1]:56324")),
        (
            "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
            of("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
        ),
        ("PROXY TCP6 ::ffff:192.0.2.1 ::1 56324 995\r\n", of("192.0.2.1:56324")),
        ("PROXY UNKNOWN\r\n", Origin::Proxy),
        ("PROXY UNKNOWN whatever \u{fffd} it is\r\n", Origin::Proxy),
        (
            "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
            Origin::Proxy,
        ),
    ]
    .map(|(header, origin)| (header.as_bytes().to_vec(), origin))
    .to_vec();
    let encrypted = Origin::Client {
        address: "192.0.2.1:56324".parse().unwrap(),
        encrypted: true,
    };
    let ssl = |client| fact(TYPE_SSL, &[client, 0, 0, 0, 0, 0x21, 0, 1, b'x']);
    let host = fact(0x02, b"pop.example.org");
    good.extend([
        (v2(0x21, 0x11, TCP4), of("192.0.2.1:56324")),
        (v2(0x21, 0x21, &tcp6()), of("[2001:db8::1]:56324")),
        // Facts that say nothing of encryption, or that there is none.
        (
            v2(0x21, 0x11, &[TCP4, &host].concat()),
            of("192.0.2.1:56324"),
        ),
        (
            v2(0x21, 0x11, &[TCP4, &host, &ssl(0)].concat()),
            of("192.0.2.1:56324"),
        ),
        (
            v2(0x21, 0x11, &[TCP4, &fact(TYPE_SSL, b"")].concat()),
            of("192.0.2.1:56324"),
        ),
        (
            v2(0x21, 0x11, &[TCP4, &host, &ssl(CLIENT_SSL), &host].concat()),
            encrypted,
        ),
        // LOCAL: whatever else it says.
        (v2(0x20, 0x00, b""), Origin::Proxy),
        (v2(0x20, 0x11, TCP4), Origin::Proxy),
        (v2(0x20, 0xff, b"\xff"), Origin::Proxy),
        // Unspecified, UDP, socket files.
        (v2(0x21, 0x00, b""), Origin::Proxy),
        (v2(0x21, 0x00, b"what may be ignored"), Origin::Proxy),
        (v2(0x21, 0x12, TCP4), Origin::Proxy),
        (v2(0x21, 0x22, &tcp6()), Origin::Proxy),
        (v2(0x21, 0x31, &[b'/'; 216]), Origin::Proxy),
        (v2(0x21, 0x32, &[b'/'; 216]), Origin::Proxy),
        (v2(0x20, 0x00, &[0; LONGEST_V2 - FIXED_V2]), Origin::Proxy),
    ]);
    good
}

#[test]
fn a_header_names_whom_the_proxy_speaks_for() {
    for (header, origin) in good() {
        let octets = header.len();
        let parsed = parse(&header).unwrap();
        let shown = header.escape_ascii();
        assert_eq!(parsed, Some(ProxyHeader { octets, origin }), "{shown}");
    }
}

#[test]
fn a_header_counts_only_when_it_is_whole_and_what_is_behind_it_does_not() {
    for (header, origin) in good() {
        for end in 0..header.len() {
            let parsed = parse(&header[..end]).unwrap();
            assert_eq!(parsed, None, "{}", header[..end].escape_ascii());
        }
        let octets = header.len();
        for behind in [
            &b"\r\n"[..],
            b"USER anna\r\n",
            b"\x16\x03\x01\0",
            b"PROXY UNKNOWN\r\n",
        ] {
            let parsed = parse(&[&header, behind].concat()).unwrap();
            assert_eq!(parsed, Some(ProxyHeader { octets, origin }));
        }
    }
}

#[test]
fn what_does_not_match_the_protocol_is_refused() {
    let none = [
        "USER anna\r\n",
        "\r\n\r\nQUIT\r\n",
        "\x16\x03\x01",
        "proxy TCP4 ",
        "PROXYTCP4",
        "\n",
    ];
    for text in none {
        let error = parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, ProxyError::NotAHeader), "{text:?}: {error}");
    }
    for (line, why) in [
        ("TCP4 192.0.2.1 192.0.2.2 56324", "too few words"),
        ("TCP4", "too few words"),
        ("TCP4 192.0.2.1 192.0.2.2 56324 995 ", "too many words"),
        ("TCP4 192.0.2.1 192.0.2.2 56324 995 x", "too many words"),
        ("TCP4  192.0.2.1 192.0.2.2 56324 995", "too many words"),
        ("TCP4 192.0.2.01 192.0.2.2 56324 995", "no address"),
        ("TCP4 192.0.2.1 192.0.2.256 56324 995", "no address"),
        ("TCP4 2001:db8::1 2001:db8::2 56324 995", "no address"),
        ("TCP6 192.0.2.1 192.0.2.2 56324 995", "no address"),
        ("TCP6 fe80::1%1 2001:db8::2 56324 995", "no address"),
        ("TCP4 192.0.2.1 192.0.2.2 65536 995", "no port"),
        ("TCP4 192.0.2.1 192.0.2.2 056 995", "no port"),
        ("TCP4 192.0.2.1 192.0.2.2 +56 995", "no port"),
        ("TCP4 192.0.2.1 192.0.2.2 56324 -1", "no port"),
        ("TCP4 192.0.2.1 192.0.2.2  995", "no port"),
        ("TCP4\t192.0.2.1 192.0.2.2 56324 995 9", "unknown protocol"),
        ("UDP4 192.0.2.1 192.0.2.2 56324 995", "unknown protocol"),
        ("tcp4 192.0.2.1 192.0.2.2 56324 995", "unknown protocol"),
        ("UNKNOWNS a b c d", "unknown protocol"),
        ("TCP4 192.0.2.1 192.0.2.2 56324 995\r", "no port"),
        ("", "too few words"),
    ] {
        let header = format!("PROXY {line}\r\n");
        let error = parse(header.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(why), "{line:?}: {error}");
    }
    let error = parse(b"PROXY UNKNOWN\n").unwrap_err();
    assert!(error.to_string().contains("without CR"), "{error}");
}

#[test]
fn what_does_not_match_version_2_is_refused() {
    let cut = [&fact(0x02, b"pop")[..], b"\x02\0"].concat();
    let beyond = [&[0x20, 0, 9][..], b"\x01"].concat();
    for (header, why) in [
        (v2(0x11, 0x11, TCP4), "unknown version"),
        (v2(0x31, 0x11, TCP4), "unknown version"),
        (v2(0x22, 0x11, TCP4), "unknown command"),
        (v2(0x21, 0x41, TCP4), "unknown family"),
        (v2(0x21, 0x13, TCP4), "unknown family"),
        (v2(0x21, 0x11, &TCP4[..11]), "too short"),
        (v2(0x21, 0x21, TCP4), "too short"),
        (v2(0x21, 0x21, &tcp6()[..35]), "too short"),
        (v2(0x21, 0x11, &[TCP4, &cut].concat()), "cut off"),
        (v2(0x21, 0x11, &[TCP4, &beyond].concat()), "cut off"),
    ] {
        let error = parse(&header).unwrap_err();
        assert!(error.to_string().contains(why), "{why}: {error}");
    }
}

#[test]
fn a_header_without_an_end_is_refused_where_it_has_to_end() {
    let long = [&b"PROXY UNKNOWN "[..], &[b'x'; 200]].concat();
    assert!(matches!(parse(&long[..LONGEST_V1 - 1]), Ok(None)));
    assert!(matches!(
        parse(&long[..LONGEST_V1]),
        Err(ProxyError::TooLong)
    ));
    let late = [&long[..LONGEST_V1 - 1], b"\r\n"].concat();
    assert!(matches!(parse(&late), Err(ProxyError::TooLong)));
    // Before a single octet of the block is taken.
    let longest = v2(0x21, 0x11, &[0; LONGEST_V2 - FIXED_V2 + 1]);
    assert!(matches!(
        parse(&longest[..FIXED_V2]),
        Err(ProxyError::TooLong)
    ));
}

/// What is likely to lead somewhere: whole headers with octets changed, joined and cut.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let one = prop::sample::select(good()).prop_map(|(header, _)| header);
    (
        one,
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        any::<Vec<u8>>(),
    )
        .prop_map(|(mut header, changes, behind)| {
            for (place, octet) in changes {
                let place = place.index(header.len());
                header[place] = octet;
            }
            [header, behind].concat()
        })
}

/// The verdict on more octets of the same stream: once there is one, it stays.
fn judge(octets: &[u8]) {
    let verdict = |end| match parse(&octets[..end]) {
        Ok(None) => None,
        Ok(Some(header)) => Some(Ok(header)),
        Err(error) => Some(Err(error.to_string())),
    };
    let mut last = None;
    for end in 0..=octets.len() {
        let now = verdict(end);
        if let Some(Ok(header)) = &now {
            assert!(header.octets <= end);
        }
        if now.is_none() {
            assert!(end < LONGEST_V2, "{end} octets were held");
        }
        if last.is_some() {
            assert_eq!(now, last, "{end} octets");
        }
        last = now;
    }
}

proptest! {
    #[test]
    fn any_octets_are_borne(octets: Vec<u8>) {
        judge(&octets);
    }

    #[test]
    fn any_octets_behind_a_signature_are_borne(octets: Vec<u8>) {
        for signature in [SIGNATURE_V1, SIGNATURE_V2, b"PROXY TCP4 ", b"PROXY TCP6 "] {
            judge(&[signature, &octets].concat());
        }
    }

    #[test]
    fn any_spoilt_header_is_borne(octets in nearly()) {
        judge(&octets);
    }

    #[test]
    fn any_address_comes_through(v4: Ipv4Addr, v6: Ipv6Addr, port: u16) {
        for address in [IpAddr::V4(v4), IpAddr::V6(v6)] {
            let family = if address.is_ipv4() { "TCP4" } else { "TCP6" };
            let header = format!("PROXY {family} {address} {address} {port} 995\r\n");
            let address = SocketAddr::new(address.to_canonical(), port);
            let origin = Origin::Client { address, encrypted: false };
            let octets = header.len();
            let parsed = parse(header.as_bytes()).unwrap();
            prop_assert_eq!(parsed, Some(ProxyHeader { octets, origin }));
        }
    }
}

/// Both ends of a connection.
async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await;
    (client.unwrap(), listener.accept().await.unwrap().0)
}

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_header_is_taken_off_and_not_one_octet_more() {
    for (header, origin) in good() {
        let (mut client, mut server) = connection().await;
        client
            .write_all(&[&header, &b"\x16behind"[..]].concat())
            .await
            .unwrap();
        drop(client);
        assert_eq!(read_header(&mut server, PATIENCE).await.unwrap(), origin);
        let mut behind = Vec::new();
        server.read_to_end(&mut behind).await.unwrap();
        assert_eq!(behind, b"\x16behind");
    }
}

#[tokio::test]
async fn a_header_may_come_octet_by_octet() {
    for (header, origin) in good().into_iter().filter(|(header, _)| header.len() < 300) {
        let (mut client, mut server) = connection().await;
        client.set_nodelay(true).unwrap();
        let reading = tokio::spawn(async move { read_header(&mut server, PATIENCE).await });
        for octet in header {
            client.write_u8(octet).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(reading.await.unwrap().unwrap(), origin);
    }
}

#[tokio::test]
async fn a_header_that_ends_early_or_stalls_is_none() {
    let (mut client, mut server) = connection().await;
    client.write_all(b"PROXY TCP4 ").await.unwrap();
    let late = read_header(&mut server, Duration::from_millis(1)).await;
    assert!(matches!(late, Err(ProxyError::Late)), "{late:?}");

    let (mut client, mut server) = connection().await;
    client.write_all(b"PROXY TCP4 ").await.unwrap();
    drop(client);
    let cut = read_header(&mut server, PATIENCE).await;
    assert!(matches!(cut, Err(ProxyError::Cut(_))), "{cut:?}");
}
