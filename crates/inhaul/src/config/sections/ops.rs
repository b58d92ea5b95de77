//! `[ops]`: health and metrics, apart from the pages people see.

use std::net::SocketAddr;

use super::loopback;
use crate::config::addresses::Listen;
use crate::config::reader::Reader;

/// Health and metrics, apart from the pages people see.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ops {
    /// Where they are served; empty is nowhere.
    pub(crate) listen: Vec<SocketAddr>,
}

impl Ops {
    pub(in crate::config) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            listen: reader.value("listen", Listen(vec![LISTEN])).0,
        }
    }
}

/// Beside the web server's.
const LISTEN: SocketAddr = loopback(8119);
