//! Finds the server of an address by the names that POP3 servers usually have.
//!
//! Nothing is said to a server on the way: a name counts if it is known and something listens at
//! the port. TLS comes first; without it only STLS, so that a password never crosses the line
//! readable to a server that was guessed.

use std::time::Duration;

use inhaul_net::{DialError, Dialler, Target};
use inhaul_store::Security;

use crate::exit::{Exit, Failure};
use crate::server_spec::ServerSpec;

/// A server that takes longer is not the one meant, or is not worth the wait at three names.
const PATIENCE: Duration = Duration::from_secs(5);

const WAYS: [(u16, Security); 2] = [(995, Security::Tls), (110, Security::StartTls)];

/// Where the mailboxes of `domain` usually are.
pub(super) async fn guess(domain: &str, limit: Duration) -> Result<ServerSpec, Failure> {
    let limit = limit.min(PATIENCE);
    let dialler = Dialler::new();
    let hosts = usual_names(domain);
    let mut known = Vec::new();
    for host in &hosts {
        for (port, security) in WAYS {
            let host = host.clone();
            let target = Target { host, port };
            match dialler.connect(&target, limit).await {
                Ok(_) => {
                    return Ok(ServerSpec {
                        host: target.host,
                        port,
                        security,
                    });
                }
                Err(DialError::NameNotFound(_)) => break,
                // Nobody who could know it answers: nothing follows from that.
                Err(error @ DialError::LookUp { .. }) => {
                    return Err(Failure::new(Exit::TEMP_FAIL, error.to_string())
                        .hint("Try again when names can be looked up, or name the server's address with --server."));
                }
                Err(_) if known.contains(&target.host) => {}
                Err(_) => known.push(target.host),
            }
        }
    }
    Err(none_found(domain, &hosts, &known))
}

fn usual_names(domain: &str) -> [String; 3] {
    [
        format!("pop.{domain}"),
        format!("mail.{domain}"),
        domain.to_owned(),
    ]
}

fn none_found(domain: &str, tried: &[String], known: &[String]) -> Failure {
    let (exit, why) = if known.is_empty() {
        (Exit::NO_HOST, "none of these names is known".to_owned())
    } else {
        let listens = "listens at port 995 or 110";
        (
            Exit::TEMP_FAIL,
            format!("nothing {listens} of {}", known.join(", ")),
        )
    };
    Failure::new(
        exit,
        format!(
            "no mail server was found for {domain}: tried {}; {why}",
            tried.join(", ")
        ),
    )
    .hint("Ask the provider for the name of its POP3 server and give it with --server.")
}
