//! `[server]`: the web server and the control socket.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{THIS_MACHINE, loopback};
use crate::config::addresses::{Listen, ListenAddress, Network};
use crate::config::reader::Reader;
use crate::config::secrets::WebAddress;

/// The web server and the control socket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Server {
    /// Where the pages are served; empty is nowhere.
    pub(crate) listen: Vec<ListenAddress>,
    /// The address people type, if it is not the one listened at.
    pub(crate) public_url: Option<String>,
    /// The certificate of the pages and of the mail servers; `None` is a self-made one.
    pub(crate) certificate: Option<Certificate>,
    /// Whose `X-Forwarded-For` counts.
    pub(crate) trusted_proxies: Vec<Network>,
    /// Where the commands reach the running server.
    pub(crate) control: PathBuf,
}

/// A certificate in two files.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Certificate {
    /// The chain, the server's own certificate first.
    pub(crate) chain: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
}

impl Server {
    pub(in crate::config) fn read(reader: &mut Reader<'_>, data: &Path) -> Self {
        let listen = reader
            .value("listen", Listen(vec![ListenAddress::Tcp(LISTEN)]))
            .0;
        let public_url = reader.optional::<WebAddress>("public_url").map(|url| url.0);
        let chain = reader.optional("tls_cert");
        let key = reader.optional("tls_key");
        let help = "Set tls_cert and tls_key, or neither.";
        let is_pair = chain.is_some() == key.is_some();
        let what = "a certificate is of no use without its key, nor a key without it";
        reader.check(&["tls_cert", "tls_key"], is_pair, what, help);
        Self {
            listen,
            public_url,
            certificate: chain
                .zip(key)
                .map(|(chain, key)| Certificate { chain, key }),
            trusted_proxies: reader.value("trusted_proxies", vec![THIS_MACHINE]),
            control: reader.value("control", data.join("control.sock")),
        }
    }
}

/// 80 and POP3's 110, side by side.
const LISTEN: SocketAddr = loopback(8110);
