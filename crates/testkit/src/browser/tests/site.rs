//! A web server of a few fixed pages.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::Result;

/// What a page is answered with.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) status: &'static str,
    pub(super) fields: &'static str,
    pub(super) body: String,
}

impl Page {
    pub(super) fn html(body: impl Into<String>) -> Self {
        Self {
            status: "200 OK",
            fields: "Content-Type: text/html; charset=utf-8\r\n",
            body: body.into(),
        }
    }
}

/// A running server; it ends with the test's process.
#[derive(Debug)]
pub(super) struct Site {
    addr: SocketAddr,
    heard: Heard,
}

/// What was asked for, and whether a cookie came with it.
type Heard = Arc<Mutex<Vec<(String, bool)>>>;

impl Site {
    pub(super) fn serve(pages: impl IntoIterator<Item = (&'static str, Page)>) -> Result<Self> {
        let pages: HashMap<_, _> = pages.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let addr = listener.local_addr()?;
        let heard = Heard::default();
        let hearing = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (pages, heard) = (pages.clone(), Arc::clone(&hearing));
                thread::spawn(move || answer(stream, &pages, &heard));
            }
        });
        Ok(Self { addr, heard })
    }

    /// Everything that was asked for so far.
    pub(super) fn heard(&self) -> Vec<(String, bool)> {
        self.heard.lock().unwrap().clone()
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

fn answer(mut stream: TcpStream, pages: &HashMap<&str, Page>, heard: &Heard) -> Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut cookie = false;
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        cookie |= line.to_ascii_lowercase().starts_with("cookie:");
    }
    let target = first.split(' ').nth(1).unwrap_or_default();
    heard.lock().unwrap().push((target.into(), cookie));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let missing = Page {
        status: "404 Not Found",
        ..Page::html("<!doctype html><title>Nothing</title><p>Nothing here")
    };
    let page = pages.get(path).unwrap_or(&missing);
    let body = page.body.replace("{query}", query);
    if page.fields.contains("event-stream") {
        stream.write_all(format!("HTTP/1.1 200 OK\r\n{}\r\n{body}", page.fields).as_bytes())?;
        // For as long as the page lasts.
        stream.read_to_end(&mut Vec::new())?;
        return Ok(());
    }
    let head = format!(
        "HTTP/1.1 {}\r\n{}Connection: close\r\nContent-Length: {}\r\n\r\n",
        page.status,
        page.fields,
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    Ok(())
}
