//! Stands between engine and server and takes down how commands arrive: in one piece is in one
//! flight.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A relay to one server.
pub(crate) struct Relay {
    address: SocketAddr,
    flights: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

impl Relay {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let flights = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let heard = Arc::clone(&flights);
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(server).await.unwrap();
                tokio::spawn(pass(client, server, Arc::clone(&heard)));
            }
        });
        Self {
            address,
            flights,
            task,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the client said so far: the lines of each flight. Octets that are no lines are
    /// somebody else's business: TLS.
    pub(crate) fn flights(&self) -> Vec<Vec<String>> {
        let lines = |flight: &Vec<u8>| {
            let text = String::from_utf8_lossy(flight);
            text.lines().map(str::to_owned).collect()
        };
        self.flights.lock().unwrap().iter().map(lines).collect()
    }

    /// Whether a line that begins so was ever said.
    pub(crate) fn heard(&self, start: &str) -> bool {
        self.flights()
            .concat()
            .iter()
            .any(|line| line.starts_with(start))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(client: TcpStream, server: TcpStream, heard: Arc<Mutex<Vec<Vec<u8>>>>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let mut octets = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from_client.read(&mut octets).await {
            heard.lock().unwrap().push(octets[..count].to_vec());
            if to_server.write_all(&octets[..count]).await.is_err() {
                return;
            }
        }
        to_server.shutdown().await.ok();
    };
    let back = async {
        tokio::io::copy(&mut from_server, &mut to_client).await.ok();
        to_client.shutdown().await.ok();
    };
    tokio::join!(there, back);
}
