//! The web pages of the demo, and the link that lets somebody in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use inhaul_access::doorkeeper::Doorkeeper;
use inhaul_store::{LinkPurpose, NewLink, Store as _};
use inhaul_web::Token;
use inhaul_web::demo::Controls;
use tokio::net::TcpListener;

use super::Installation;
use crate::exit::Failure;
use crate::serve::web::Pages;

impl Installation {
    /// Serves the web pages where this listener is.
    pub(in crate::cli::demo) fn open_pages(
        &mut self,
        listener: TcpListener,
        controls: Option<Arc<dyn Controls>>,
    ) -> Result<(), Failure> {
        let store = Arc::clone(&self.store) as _;
        let doorkeeper = Doorkeeper::new(store, self.clock.reader())?;
        let address = shown_address(listener.local_addr()?);
        let clock = self.clock.reader();
        self.pages = Some(Pages::start_demo(
            &self.context,
            doorkeeper,
            clock,
            controls,
            listener,
        )?);
        // Opened once.
        self.context.pages.set(address).ok();
        Ok(())
    }

    /// A link that signs "you" in, once. It works as long as the demo, whose clock may be set ahead
    /// by weeks. `None` where no pages are served.
    pub(in crate::cli::demo) async fn sign_in_link(&self) -> Result<Option<String>, Failure> {
        let Some(address) = self.context.pages.get() else {
            return Ok(None);
        };
        let code = Token::shown(&format!("demo-{}", Token::code()?.reveal()));
        let link = NewLink {
            token: code.hash(),
            purpose: LinkPurpose::SignIn(self.account),
            until: self.clock.now().plus(LINK_LIFE),
        };
        self.store.visitors().link_make(link).await?;
        Ok(Some(format!("{address}/welcome#{}", code.reveal())))
    }
}

/// As people type it.
fn shown_address(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        // All addresses of this machine: this machine is one of them.
        true => format!("http://localhost:{}", address.port()),
        false => format!("http://{address}"),
    }
}

/// Longer than any demo, by any clock.
const LINK_LIFE: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
