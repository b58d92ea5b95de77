//! Where the demo's pages are served, and the browser that opens them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Stdio;

use clap::Args;
use tokio::net::TcpListener;
use tokio::process::Command;

use super::desk::Typed;
use crate::exit::{Exit, Failure};

/// How the pages are to be served.
#[derive(Args, Debug)]
pub(super) struct Front {
    /// Where the web pages are served: 127.0.0.1:8110, or a free port where that is taken
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Let other machines reach the pages of a demo: whoever has the link comes in
    #[arg(long)]
    i_know_this_is_a_demo: bool,
    /// Leave the browser alone
    #[arg(long)]
    no_open: bool,
}

impl Front {
    /// A demo is for whoever sits at this machine.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self.listen {
            Some(address) if !is_here(address.ip()) && !self.i_know_this_is_a_demo => {
                let what = format!("others can reach {address}, and this is a demo");
                let hint = "If they are to reach it: --i-know-this-is-a-demo.";
                Err(Failure::usage(what).hint(hint))
            }
            _ => Ok(()),
        }
    }

    /// Opens the port.
    pub(super) async fn bind(&self) -> Result<TcpListener, Failure> {
        let address = self.listen.unwrap_or(USUAL);
        let bound = match TcpListener::bind(address).await {
            // Nobody has asked for this very port.
            Err(_) if self.listen.is_none() => TcpListener::bind(ANY_PORT).await,
            bound => bound,
        };
        bound.map_err(|error| {
            let what = match error.kind() {
                io::ErrorKind::AddrInUse => format!("{address} is used by another program"),
                _ => format!("{address} does not open: {error}"),
            };
            let hint = "Without --listen the demo takes a port that is free.";
            Failure::new(Exit::UNAVAILABLE, what).hint(hint)
        })
    }

    /// On a desktop, where a person has started the demo, the browser opens this.
    pub(super) fn browse(&self, link: &str, typed: Typed) {
        let is_desktop = ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        if self.no_open || typed != Typed::ByHand || !is_desktop {
            return;
        }
        let mut browser = Command::new("xdg-open");
        browser
            .arg(link)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the demo.
            .process_group(0);
        // Where there is none, the link stands on the terminal.
        drop(browser.spawn());
    }
}

/// Whether only this machine reaches it.
fn is_here(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Where people expect inhaul.
const USUAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8110);

/// Whatever the system has free.
const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_reach_a_demo_only_where_that_is_wanted() {
        for (address, known, allowed) in [
            (None, false, true),
            (Some("127.0.0.1:8110"), false, true),
            (Some("127.9.9.9:1"), false, true),
            (Some("[::1]:8110"), false, true),
            (Some("[::ffff:127.0.0.1]:8110"), false, true),
            (Some("0.0.0.0:8110"), false, false),
            (Some("[::]:8110"), false, false),
            (Some("192.0.2.1:8110"), false, false),
            (Some("192.0.2.1:8110"), true, true),
        ] {
            let front = Front {
                listen: address.map(|address| address.parse().unwrap()),
                i_know_this_is_a_demo: known,
                no_open: true,
            };
            assert_eq!(front.check().is_ok(), allowed, "{address:?} {known}");
        }
    }

    #[tokio::test]
    async fn a_port_that_was_named_is_taken_or_refused() {
        let first = TcpListener::bind(ANY_PORT).await.unwrap();
        let front = Front {
            listen: Some(first.local_addr().unwrap()),
            i_know_this_is_a_demo: false,
            no_open: true,
        };
        let refused = front.bind().await.unwrap_err();
        assert!(refused.what.ends_with(" is used by another program"));
    }
}
