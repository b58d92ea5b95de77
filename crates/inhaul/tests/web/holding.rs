//! A reverse proxy as some people have one: it collects an answer and hands it on when it is over.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A running proxy; it ends with the test's process.
pub(crate) struct HoldingProxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl HoldingProxy {
    /// In front of `http://127.0.0.1:PORT`.
    pub(crate) fn before(pages: &str) -> Self {
        let target: SocketAddr = pages.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let asking = Arc::clone(&asked);
        thread::spawn(move || {
            for line in listener.incoming().flatten() {
                let asked = Arc::clone(&asking);
                // A line that is given up is nobody's fault.
                thread::spawn(move || hand_on(line, target, &asked));
            }
        });
        Self { address, asked }
    }

    /// The address of a page behind it.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The paths that were asked for, in their order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request of a line, and the answer when all of it is there.
fn hand_on(mut line: TcpStream, target: SocketAddr, asked: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(line.try_clone().ok()?);
    let mut head = String::new();
    let mut octets = 0;
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).ok().filter(|read| *read > 0)?;
        if field.trim().is_empty() {
            break;
        }
        let (name, value) = field.split_once(':').unwrap_or((&field, ""));
        match name.to_ascii_lowercase().as_str() {
            "connection" => continue,
            "content-length" => octets = value.trim().parse().ok()?,
            _ => {}
        }
        head.push_str(&field);
    }
    let mut body = vec![0; octets];
    reader.read_exact(&mut body).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    asked.lock().unwrap().push(path);
    let mut server = TcpStream::connect(target).ok()?;
    write!(server, "{head}Connection: close\r\n\r\n").ok()?;
    server.write_all(&body).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    line.write_all(&answer).ok()
}
