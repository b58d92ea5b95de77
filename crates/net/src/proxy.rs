//! PROXY protocol, versions 1 and 2: whom a proxy speaks for (HAProxy's `proxy-protocol.txt`).
//!
//! Takes octets, gives an origin; trusts nothing: [`LONGEST_V1`] and [`LONGEST_V2`] bound what a
//! peer can make us hold, and an address counts only when its whole header is there. Whom to
//! believe is the caller's judgement: never find out by looking whether there is a header.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What a connection from a proxy stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The proxy itself, or somebody it cannot name: its own address is the one to use.
    Proxy,
    /// Somebody else.
    Client {
        /// Whose connection it is.
        address: SocketAddr,
        /// Whether the proxy says that it speaks TLS with them (version 2, `PP2_TYPE_SSL`).
        encrypted: bool,
    },
}

/// A whole header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProxyHeader {
    /// How many octets it has; what is behind them is the client's.
    pub octets: usize,
    /// Whom it names.
    pub origin: Origin,
}

/// Why a proxy's connection is dropped.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// What came is of another protocol.
    #[error("there is no PROXY header")]
    NotAHeader,
    /// The end of the header did not come where it has to be at the latest.
    #[error("the PROXY header is too long")]
    TooLong,
    /// The header says something that cannot be.
    #[error("the PROXY header has {0}")]
    Malformed(&'static str),
    /// The connection ended before the header did.
    #[error("the connection ended inside the PROXY header")]
    Cut(#[source] io::Error),
    /// The header was not there in time.
    #[error("the PROXY header did not come in time")]
    Late,
}

/// Reads the header that `octets` begin with. `None` if they may be the beginning of one: then all
/// of them belong to it.
pub fn parse(octets: &[u8]) -> Result<Option<ProxyHeader>, ProxyError> {
    if begins(octets, SIGNATURE_V2) {
        version_2(octets)
    } else if begins(octets, SIGNATURE_V1) {
        version_1(octets)
    } else {
        Err(ProxyError::NotAHeader)
    }
}

/// Takes the header off the stream, and not one octet more.
pub(crate) async fn read_header(
    stream: &mut TcpStream,
    limit: Duration,
) -> Result<Origin, ProxyError> {
    timeout(limit, take_header(stream))
        .await
        .unwrap_or(Err(ProxyError::Late))
}

async fn take_header(stream: &mut TcpStream) -> Result<Origin, ProxyError> {
    let mut header = Vec::new();
    let mut chunk = [0; 128];
    loop {
        let there = stream.peek(&mut chunk).await.map_err(ProxyError::Cut)?;
        if there == 0 {
            return Err(ProxyError::Cut(io::ErrorKind::UnexpectedEof.into()));
        }
        let before = header.len();
        header.extend_from_slice(&chunk[..there]);
        let whole = parse(&header)?;
        let belong = whole.map_or(there, |whole| whole.octets - before);
        let taken = stream.read_exact(&mut chunk[..belong]).await;
        taken.map_err(ProxyError::Cut)?;
        if let Some(whole) = whole {
            return Ok(whole.origin);
        }
    }
}

/// Whether `octets` begin with `signature` or are the beginning of it.
fn begins(octets: &[u8], signature: &[u8]) -> bool {
    octets
        .iter()
        .zip(signature)
        .all(|(octet, expected)| octet == expected)
}

/// `PROXY TCP4 192.0.2.1 192.0.2.2 56324 995`, CR, LF.
fn version_1(octets: &[u8]) -> Result<Option<ProxyHeader>, ProxyError> {
    let octets = &octets[..octets.len().min(LONGEST_V1)];
    let Some(end) = octets.iter().position(|octet| *octet == b'\n') else {
        return match octets.len() {
            LONGEST_V1 => Err(ProxyError::TooLong),
            _ => Ok(None),
        };
    };
    let line = octets[..end].strip_suffix(b"\r");
    let line = line.ok_or(ProxyError::Malformed("an end of line without CR"))?;
    Ok(Some(ProxyHeader {
        octets: end + 1,
        origin: origin_v1(line)?,
    }))
}

fn origin_v1(line: &[u8]) -> Result<Origin, ProxyError> {
    let line = line.strip_prefix(SIGNATURE_V1).unwrap_or_default();
    // What is behind this word is to be ignored, whatever it is.
    if line == b"UNKNOWN" || line.starts_with(b"UNKNOWN ") {
        return Ok(Origin::Proxy);
    }
    let line = std::str::from_utf8(line).map_err(|_| ProxyError::Malformed("no plain text"))?;
    let mut words = line.split(' ');
    let mut word = || words.next().ok_or(ProxyError::Malformed("too few words"));
    let family = word()?;
    let (source, destination) = (word()?, word()?);
    let (source_port, destination_port) = (word()?, word()?);
    if words.next().is_some() {
        return Err(ProxyError::Malformed("too many words"));
    }
    let address: fn(&str) -> Result<IpAddr, ProxyError> = match family {
        "TCP4" => address::<Ipv4Addr>,
        "TCP6" => address::<Ipv6Addr>,
        _ => return Err(ProxyError::Malformed("an unknown protocol")),
    };
    let origin = client(address(source)?, port(source_port)?, false);
    // Of no use to us, but what is wrong with them is wrong with the line.
    address(destination)?;
    port(destination_port)?;
    Ok(origin)
}

fn address<A: FromStr + Into<IpAddr>>(word: &str) -> Result<IpAddr, ProxyError> {
    let address: Result<A, _> = word.parse();
    address
        .map(Into::into)
        .map_err(|_| ProxyError::Malformed("a word that is no address"))
}

/// A decimal number without leading zeros.
fn port(word: &str) -> Result<u16, ProxyError> {
    let is_plain = word.bytes().all(|octet| octet.is_ascii_digit())
        && (word.len() == 1 || !word.starts_with('0'));
    word.parse()
        .ok()
        .filter(|_| is_plain)
        .ok_or(ProxyError::Malformed("a word that is no port"))
}

/// Signature, version and command, family and protocol, length, addresses, further facts.
fn version_2(octets: &[u8]) -> Result<Option<ProxyHeader>, ProxyError> {
    let Some((fixed, behind)) = octets.split_first_chunk::<FIXED_V2>() else {
        return Ok(None);
    };
    let [.., command, family, high, low] = *fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if FIXED_V2 + length > LONGEST_V2 {
        return Err(ProxyError::TooLong);
    }
    if command >> 4 != 2 {
        return Err(ProxyError::Malformed("an unknown version"));
    }
    let Some(block) = behind.get(..length) else {
        return Ok(None);
    };
    let origin = match command & 0x0f {
        // LOCAL: a health check. The block counts for nothing.
        0 => Origin::Proxy,
        1 => origin_v2(family, block)?,
        _ => return Err(ProxyError::Malformed("an unknown command")),
    };
    Ok(Some(ProxyHeader {
        octets: FIXED_V2 + length,
        origin,
    }))
}

fn origin_v2(family: u8, block: &[u8]) -> Result<Origin, ProxyError> {
    const TOO_SHORT: ProxyError = ProxyError::Malformed("too short an address");
    match (family >> 4, family & 0x0f) {
        // TCP, IPv4: source, destination, source port, destination port.
        (1, 1) => {
            let (addresses, facts) = block.split_first_chunk::<12>().ok_or(TOO_SHORT)?;
            let [a, b, c, d, _, _, _, _, high, low, ..] = *addresses;
            let port = u16::from_be_bytes([high, low]);
            let address = Ipv4Addr::new(a, b, c, d);
            Ok(client(address.into(), port, is_encrypted(facts)?))
        }
        // TCP, IPv6: the same.
        (2, 1) => {
            let (source, rest) = block.split_first_chunk::<16>().ok_or(TOO_SHORT)?;
            let (_, rest) = rest.split_first_chunk::<16>().ok_or(TOO_SHORT)?;
            let (ports, facts) = rest.split_first_chunk::<4>().ok_or(TOO_SHORT)?;
            let port = u16::from_be_bytes([ports[0], ports[1]]);
            Ok(client((*source).into(), port, is_encrypted(facts)?))
        }
        // Unspecified, a datagram, or a socket file: nobody that has an address here.
        (0..=3, 0..=2) => Ok(Origin::Proxy),
        _ => Err(ProxyError::Malformed("an unknown family or protocol")),
    }
}

/// Whether one of the facts behind the addresses is that the client speaks TLS with the proxy.
fn is_encrypted(mut facts: &[u8]) -> Result<bool, ProxyError> {
    const CUT: ProxyError = ProxyError::Malformed("a fact that is cut off");
    let mut encrypted = false;
    while let Some((head, rest)) = facts.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([head[1], head[2]]));
        let (value, rest) = rest.split_at_checked(length).ok_or(CUT)?;
        if head[0] == TYPE_SSL {
            encrypted = value.first().is_some_and(|client| client & CLIENT_SSL != 0);
        }
        facts = rest;
    }
    match facts {
        [] => Ok(encrypted),
        _ => Err(CUT),
    }
}

fn client(address: IpAddr, port: u16, encrypted: bool) -> Origin {
    Origin::Client {
        // IPv4 in a header for both comes as `::ffff:192.0.2.1`.
        address: SocketAddr::new(address.to_canonical(), port),
        encrypted,
    }
}

const SIGNATURE_V1: &[u8] = b"PROXY ";

const SIGNATURE_V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Octets of a header of version 1 at the most: `UNKNOWN` and the longest of everything.
pub const LONGEST_V1: usize = 107;

/// Octets of a header of version 2 before its block.
const FIXED_V2: usize = 16;

/// Octets of a header of version 2 that we take: socket names are 216, and what proxies tell of a
/// client's certificate and of the cloud it came through is some hundred.
pub const LONGEST_V2: usize = 4_096;

/// `PP2_TYPE_SSL`.
const TYPE_SSL: u8 = 0x20;

/// `PP2_CLIENT_SSL`.
const CLIENT_SSL: u8 = 0x01;

#[cfg(test)]
mod tests;
