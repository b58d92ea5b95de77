//! `inhaul setup-link`: a new link for whoever sets this installation up.

use clap::Args;

use super::Globals;
use super::output::{print, print_json};
use crate::clock::clock;
use crate::config::Config;
use crate::config::addresses::ListenAddress;
use crate::exit::{Exit, Failure};
use crate::serve::web::set_up;

#[derive(Args, Debug)]
pub(crate) struct SetupLink {}

impl SetupLink {
    pub(crate) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        // A server that runs knows which port it took.
        let server = globals.server.as_ref();
        let served = server.and_then(|context| context.pages.get().cloned());
        let link = globals
            .with_store(async |store, config| {
                let address = served.unwrap_or_else(|| address(config));
                set_up::make_link(&*store, &address, clock()()).await
            })
            .await?;
        let Some(link) = link else {
            let what = "this installation is set up already";
            let hint = "To let somebody in: inhaul account add NAME, or set a new password: inhaul account set NAME --password-stdin.";
            return Err(Failure::new(Exit::USAGE, what).hint(hint));
        };
        match globals.json {
            true => print_json(&serde_json::json!({ "link": link }))?,
            false => print(&format!(
                "{link}\nIt works once, within 60 minutes. Links made before work no more.\n"
            ))?,
        }
        Ok(Exit::OK)
    }
}

/// Where people find the pages, as far as the configuration knows.
pub(crate) fn address(config: &Config) -> String {
    if let Some(url) = &config.server.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let scheme = match config.server.certificate {
        Some(_) => "https",
        None => "http",
    };
    let mut places = config.server.listen.iter();
    let place = places.find_map(|place| match place {
        ListenAddress::Tcp(address) => Some(*address),
        ListenAddress::Unix(_) => None,
    });
    match place {
        Some(address) if address.ip().is_unspecified() => {
            format!("{scheme}://localhost:{}", address.port())
        }
        Some(address) => format!("{scheme}://{address}"),
        None => "http://localhost".to_owned(),
    }
}
