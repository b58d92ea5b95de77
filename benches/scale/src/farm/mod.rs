//! The farm: one process that is all remote servers, at the least processor time POP3 can cost.
//!
//! One thread. A session is a state machine (`session`); what maildrops hold is computed, not kept
//! (`maildrops`); who came when is counted (`record`) and told on a port of its own (`questions`).

mod maildrops;
mod questions;
mod record;
mod session;
mod tls;

use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use tokio_rustls::TlsAcceptor;

use crate::farm_line;
use crate::field::Field;
use maildrops::Maildrops;
use record::Record;
use session::{Session, Step};

/// `inhaul-scale farm`
#[derive(clap::Args, Debug)]
pub(crate) struct Farm {
    #[command(flatten)]
    field: Field,
    /// Where it answers questions
    #[arg(long, value_name = "ADDRESS", default_value = farm_line::ADDRESS)]
    questions: String,
    /// How long the answer to a sign-in takes at first, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    hold: u64,
    /// Speak TLS from the first octet; the authority's certificate is written to this file
    #[arg(long, value_name = "CA-FILE")]
    tls: Option<PathBuf>,
}

/// What all sessions share.
struct Shared {
    maildrops: RefCell<Maildrops>,
    record: RefCell<Record>,
    /// How long the answer to a sign-in takes.
    hold: Cell<Duration>,
    tls: Option<TlsAcceptor>,
}

impl Farm {
    pub(crate) async fn run(self) -> Result<()> {
        let tls = self.tls.map(|file| tls::acceptor(&self.field, &file));
        let shared = Rc::new(Shared {
            record: RefCell::new(Record::new(&self.field)),
            maildrops: RefCell::new(Maildrops::new(self.field.clone())),
            hold: Cell::new(Duration::from_millis(self.hold)),
            tls: tls.transpose()?,
        });
        let local = LocalSet::new();
        for host in 0..self.field.hosts {
            let address = self.field.host(host);
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("cannot listen at {address}"))?;
            local.spawn_local(serve(host, listener, Rc::clone(&shared)));
        }
        let questions = TcpListener::bind(&self.questions)
            .await
            .with_context(|| format!("cannot listen at {}", self.questions))?;
        println!(
            "{} maildrops at {} hosts from {} on; questions at {}",
            self.field.maildrops,
            self.field.hosts,
            self.field.host(0),
            questions.local_addr()?
        );
        local.run_until(questions::answer(questions, shared)).await
    }
}

/// Takes whoever comes to this host.
async fn serve(host: u8, listener: TcpListener, shared: Rc<Shared>) {
    loop {
        // Out of descriptors: whoever waits is taken when others have gone.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        shared.record.borrow_mut().came(host);
        let shared = Rc::clone(&shared);
        tokio::task::spawn_local(async move {
            // A visitor that goes away without a word is counted like any other.
            attend(host, stream, &shared).await.ok();
            shared.record.borrow_mut().went(host);
        });
    }
}

async fn attend(host: u8, stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match &shared.tls {
        None => converse(host, stream, shared).await,
        Some(acceptor) => {
            let stream = Box::pin(acceptor.accept(stream)).await?;
            converse(host, stream, shared).await
        }
    }
}

async fn converse(
    host: u8,
    mut line: impl AsyncRead + AsyncWrite + Unpin,
    shared: &Shared,
) -> io::Result<()> {
    let mut session = Session::new(host);
    line.write_all(session::GREETING).await?;
    let mut heard = [0; 512];
    loop {
        let octets = line.read(&mut heard).await?;
        if octets == 0 {
            return Ok(());
        }
        session.handle_input(&heard[..octets]);
        loop {
            let step = session.step(&shared.maildrops.borrow());
            shared.record.borrow_mut().said(&step);
            match step {
                Step::Waits => break,
                Step::Answered => {}
                Step::SignedIn(_) => {
                    let hold = shared.hold.get();
                    if !hold.is_zero() {
                        tokio::time::sleep(hold).await;
                    }
                }
                Step::Ended => {
                    line.write_all(session.output()).await?;
                    return line.shutdown().await;
                }
            }
        }
        line.write_all(session.output()).await?;
        session.output_written();
    }
}
