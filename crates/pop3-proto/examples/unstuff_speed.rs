//! Measures how fast bodies go through the client: `cargo run --release --example unstuff_speed`.

#![expect(clippy::print_stdout, reason = "this is a program")]

use std::error::Error;
use std::time::{Duration, Instant};

use inhaul_pop3_proto::client::{Client, Command, Event};
use inhaul_pop3_proto::server::{Limits, Session};
use inhaul_types::{MessageNumber, Secret};

fn main() -> Result<(), Box<dyn Error>> {
    for (name, octets, dots) in [
        ("4 KiB, a dot in a message", 4 << 10, 50),
        ("75 KiB, a dot in a message", 75 << 10, 900),
        ("75 KiB, a dot in every line", 75 << 10, 1),
        ("20 MiB, no dots", 20 << 20, usize::MAX),
    ] {
        let wire = wire(octets, dots);
        let count = (512 << 20) / wire.len();
        let (taken, received) = fetch(&wire, count)?;
        let (rate, each) = (
            received as f64 / taken.as_secs_f64(),
            taken.div_f64(count as f64),
        );
        println!("{name}: {:.2} GB/s, {each:?} a message", rate / 1e9);
    }
    Ok(())
}

/// One answer to RETR, with a dot at the start of every so many lines.
fn wire(octets: usize, dots: usize) -> Vec<u8> {
    let mut server = Session::new(Limits::default());
    server.ok("message follows");
    for line in 0..octets / 78 {
        let start = if line % dots == dots / 2 { b'.' } else { b'x' };
        server.body_chunk(&[start]);
        server.body_chunk(&[b'A'; 75]);
        server.body_chunk(b"\r\n");
    }
    server.body_end();
    server.poll_output().to_vec()
}

fn fetch(wire: &[u8], count: usize) -> Result<(Duration, usize), Box<dyn Error>> {
    let mut client = Client::new();
    client.handle_input(b"+OK\r\n");
    client.poll_event()?;
    client.send(Command::Pass(Secret::new("x".into())))?;
    client.handle_input(b"+OK\r\n");
    client.poll_event()?;
    let mut received = 0;
    #[expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]
    let start = Instant::now();
    for _ in 0..count {
        client.send(Command::Retr(MessageNumber::FIRST))?;
        client.output_written(client.poll_output().len());
        for packet in wire.chunks(64 << 10) {
            client.handle_input(packet);
            while let Some(event) = client.poll_event()? {
                if let Event::BodyChunk(chunk) = event {
                    received += chunk.len();
                }
            }
        }
    }
    Ok((start.elapsed(), received))
}
