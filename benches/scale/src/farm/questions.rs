//! The port on which the farm tells what it saw and is told what to do.
//!
//! One command a line, one line of JSON for an answer; see `farm_line` for the other end.

use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::Shared;

/// Answers until told to stop.
pub(super) async fn answer(listener: TcpListener, shared: Rc<Shared>) -> Result<()> {
    let stop = Rc::new(Notify::new());
    loop {
        let (stream, _) = tokio::select! {
            came = listener.accept() => came?,
            () = stop.notified() => return Ok(()),
        };
        let (shared, stop) = (Rc::clone(&shared), Rc::clone(&stop));
        tokio::task::spawn_local(async move {
            // Whoever asked and went away misses the answer, and nobody else does.
            converse(stream, &shared, &stop).await.ok();
        });
    }
}

async fn converse(stream: TcpStream, shared: &Shared, stop: &Notify) -> Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let words: Vec<&str> = line.split_whitespace().collect();
        let told = match carry_out(&words, shared) {
            Some(told) => told,
            None => json!({"error": "not understood"}),
        };
        write.write_all(format!("{told}\n").as_bytes()).await?;
        if words == ["stop"] {
            stop.notify_one();
            return Ok(());
        }
    }
    Ok(())
}

/// `None` is a command that there is not.
fn carry_out(words: &[&str], shared: &Shared) -> Option<Value> {
    let done = json!({});
    Some(match words {
        ["status"] => json!(shared.record.borrow().standing()),
        ["gaps", interval] => json!(shared.record.borrow().gaps(interval.parse().ok()?)),
        ["came", host] => json!(shared.record.borrow().last_came(host.parse().ok()?)),
        ["reset"] => {
            shared.record.borrow_mut().begin_again();
            done
        }
        ["hold", millis] => {
            shared.hold.set(Duration::from_millis(millis.parse().ok()?));
            done
        }
        ["bring", which, count] => {
            let maildrop = match *which {
                "all" => None,
                number => Some(number.parse().ok()?),
            };
            let count = count.parse().ok()?;
            shared.maildrops.borrow_mut().bring(maildrop, count);
            done
        }
        ["stop"] => done,
        _ => return None,
    })
}
