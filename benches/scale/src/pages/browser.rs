//! A browser, as far as the rig needs one: a connection that stays open, a cookie, HTTP/1.1.
//!
//! Reads each answer to its end and counts its octets as they came. Unpacks nothing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Somebody at their browser.
#[derive(Debug)]
pub(crate) struct Browser {
    host: String,
    line: BufReader<TcpStream>,
    cookie: Option<String>,
    user_agent: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Where it leads, if it does.
    pub(crate) location: Option<String>,
    /// Head and body, as they crossed the line.
    pub(crate) octets: usize,
    /// From the first octet sent to the last one read.
    pub(crate) took: Duration,
    #[cfg(test)]
    body: Vec<u8>,
    cookie: Option<String>,
}

/// More than any page.
const BODY_MOST: usize = 64 << 20;

impl Browser {
    /// Connects to the pages at `http://HOST:PORT`.
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let host = address.strip_prefix("http://").unwrap_or(address);
        let to: SocketAddr = host.parse().context("the pages' address is a number")?;
        let line = TcpStream::connect(to).await?;
        line.set_nodelay(true)?;
        Ok(Self {
            host: host.to_owned(),
            line: BufReader::with_capacity(64 << 10, line),
            cookie: None,
            user_agent: "inhaul-scale".to_owned(),
        })
    }

    /// Signs in by the form.
    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Result<()> {
        let typed = format!("name={name}&password={password}");
        let answer = self.post("/sign-in", &typed).await?;
        match answer.cookie {
            Some(cookie) if answer.status == 303 => self.cookie = Some(cookie),
            _ => bail!("the sign-in of {name} was answered with {}", answer.status),
        }
        Ok(())
    }

    /// Asks for a page as Chromium does.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer> {
        self.ask(&format!("GET {path} HTTP/1.1\r\n"), "").await
    }

    /// Sends a form.
    pub(crate) async fn post(&mut self, path: &str, typed: &str) -> Result<Answer> {
        let kind = "application/x-www-form-urlencoded";
        let length = typed.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
             Origin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n",
            host = self.host
        );
        self.ask(&head, typed).await
    }

    async fn ask(&mut self, head: &str, body: &str) -> Result<Answer> {
        let cookie = match &self.cookie {
            Some(cookie) => format!("Cookie: {cookie}\r\n"),
            None => String::new(),
        };
        let request = format!(
            "{head}Host: {}\r\nUser-Agent: {}\r\n{cookie}Accept: text/html,*/*;q=0.8\r\n\
             Accept-Encoding: gzip, deflate, br, zstd\r\n\r\n{body}",
            self.host, self.user_agent
        );
        let begun = Instant::now();
        self.line.write_all(request.as_bytes()).await?;
        let mut answer = self.head().await?;
        answer.took = begun.elapsed();
        Ok(answer)
    }

    async fn head(&mut self) -> Result<Answer> {
        let mut octets = 0;
        let first = self.text(&mut octets).await?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.with_context(|| format!("{first:?} is no answer"))?;
        let (mut location, mut cookie, mut length, mut chunked) = (None, None, 0, false);
        loop {
            let line = self.text(&mut octets).await?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "location" => location = Some(value.to_owned()),
                "set-cookie" => cookie = value.split(';').next().map(str::to_owned),
                "content-length" => length = value.parse()?,
                "transfer-encoding" => chunked = true,
                _ => {}
            }
        }
        let mut body = Vec::new();
        if chunked {
            loop {
                let size = self.text(&mut octets).await?;
                let size = usize::from_str_radix(&size, 16).context("a chunk has a size")?;
                self.take(size, &mut body).await?;
                octets += size;
                self.text(&mut octets).await?;
                if size == 0 {
                    break;
                }
            }
        } else {
            self.take(length, &mut body).await?;
            octets += length;
        }
        Ok(Answer {
            status,
            location,
            octets,
            took: Duration::ZERO,
            #[cfg(test)]
            body,
            cookie,
        })
    }

    async fn take(&mut self, size: usize, body: &mut Vec<u8>) -> Result<()> {
        let before = body.len();
        if size > BODY_MOST - before {
            bail!("a page of more than {BODY_MOST} octets");
        }
        body.resize(before + size, 0);
        self.line.read_exact(&mut body[before..]).await?;
        Ok(())
    }

    /// A line without its end.
    async fn text(&mut self, octets: &mut usize) -> Result<String> {
        let mut line = String::new();
        let read = self.line.read_line(&mut line).await?;
        if read == 0 {
            bail!("the server hung up");
        }
        *octets += read;
        Ok(line.trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_answer_in_chunks_and_one_of_a_length_are_read_to_their_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serve = async {
            let (line, _) = listener.accept().await.unwrap();
            let mut line = BufReader::new(line);
            for answer in [
                "HTTP/1.1 303 See Other\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd",
            ] {
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    line.read_line(&mut head).await.unwrap();
                }
                line.write_all(answer.as_bytes()).await.unwrap();
            }
        };
        let ask = async {
            let mut browser = Browser::open(&address).await.unwrap();
            let led = browser.get("/").await.unwrap();
            assert_eq!((led.status, led.location.as_deref()), (303, Some("/x")));
            let chunked = browser.get("/x").await.unwrap();
            assert_eq!(chunked.body, b"abc0123456789");
            assert_eq!(chunked.octets, 47 + 8 + 15 + 5);
            assert_eq!(browser.get("/y").await.unwrap().body, b"abcd");
        };
        tokio::join!(serve, ask);
    }
}
