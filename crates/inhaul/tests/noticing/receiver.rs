//! A web address that takes notices, as a monitoring service would.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// What it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The value of `X-Inhaul-Signature`.
    pub(crate) signature: String,
    /// The octets of the body.
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn document(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Takes everything that is sent, and keeps it.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    taken: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::<Mutex<Vec<Request>>>::default();
        let keep = Arc::clone(&taken);
        // Ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(request) = take(stream) {
                    keep.lock().unwrap().push(request);
                }
            }
        });
        Self { address, taken }
    }

    /// All of it, in order.
    pub(crate) fn taken(&self) -> Vec<Request> {
        self.taken.lock().unwrap().clone()
    }

    /// The events it was told of, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        let taken = self.taken().into_iter();
        taken
            .map(|request| request.document()["event"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// `None` where whoever called went away.
fn take(stream: TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream);
    let (mut signature, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.split_once(':') else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "x-inhaul-signature" => value.trim().clone_into(&mut signature),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    lines.get_mut().write_all(answer).ok()?;
    Some(Request { signature, body })
}
