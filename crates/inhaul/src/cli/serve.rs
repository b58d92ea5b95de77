//! `inhaul serve`.

use std::path::PathBuf;

use clap::Args;

use super::Globals;
use crate::config::addresses::ListenAddress;
use crate::exit::{Exit, Failure};
use crate::serve::{self, Options};

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Where the web pages are served, whatever the configuration says; several allowed
    #[arg(long, value_name = "ADDRESS", value_parser = parse_listen)]
    listen: Vec<ListenAddress>,
    /// Write the addresses it listens at to this file once it is ready
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Add the sample mailbox for the administrator: a retrieval that can be removed
    #[arg(long)]
    demo_mailbox: bool,
}

impl Serve {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let options = Options {
            listen: self.listen,
            ready_file: self.ready_file,
            demo_mailbox: self.demo_mailbox,
        };
        serve::run(globals, options).await
    }
}

/// `127.0.0.1:8110`, `[::]:8110` or `unix:/run/inhaul/http.sock`.
fn parse_listen(text: &str) -> Result<ListenAddress, String> {
    match text.strip_prefix("unix:") {
        Some(file) if file.starts_with('/') => Ok(ListenAddress::Unix(file.into())),
        Some(_) => Err("a socket is written from the root: unix:/run/inhaul/http.sock".into()),
        None => text
            .parse()
            .map(ListenAddress::Tcp)
            .map_err(|_| "an address has a port, such as 127.0.0.1:8110".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_at_has_a_port_or_is_a_socket() {
        for (text, understood) in [
            ("127.0.0.1:8110", true),
            ("[::]:0", true),
            ("unix:/run/inhaul/http.sock", true),
            ("unix:http.sock", false),
            ("127.0.0.1", false),
            ("localhost:8110", false),
        ] {
            assert_eq!(parse_listen(text).is_ok(), understood, "{text}");
        }
    }
}
