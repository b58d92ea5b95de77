//! The server of an address that was given without one.

use inhaul_domain::providers::{BadDomain, Note};
use inhaul_domain::reach::Reach;
use inhaul_engine::Checks;
use inhaul_engine::detect::{
    BadAddress, Detection, DetectionObserver, Miss, Origin, Outcome, ServerSettings, Source, Step,
    detect_server,
};

use crate::exit::{Exit, Failure};

const NAME_IT: &str = "Ask the provider for the name of its POP3 server and give it with --server.";

/// Where this mailbox is, and where that is known from.
pub(super) async fn guess(
    address: &str,
    checks: &Checks,
) -> Result<(ServerSettings, String), Failure> {
    let detection = detect_server(checks, address, &Reach::Anywhere, &Unwatched)
        .await
        .map_err(|why| no_domain(address, why))?;
    let domain = domain(address);
    let Some(found) = detection.found else {
        return Err(none_found(domain, &detection));
    };
    let source = match &found.origin {
        Origin::Guess => format!("a usual name for {domain}"),
        Origin::Table(_) | Origin::Told(_) => "from the list of known providers".to_owned(),
    };
    Ok((found, source))
}

fn domain(address: &str) -> &str {
    address
        .rsplit_once('@')
        .map_or(address, |(_, domain)| domain)
}

fn no_domain(address: &str, why: BadAddress) -> Failure {
    match why {
        BadAddress::NoAddress | BadAddress::Domain(BadDomain::Missing) => {
            Failure::usage("the server is missing").hint("Give it with --server.")
        }
        BadAddress::Domain(_) => Failure::new(
            Exit::NO_HOST,
            format!("no mail server was found for {}. {why}", domain(address)),
        )
        .hint(NAME_IT),
    }
}

fn none_found(domain: &str, detection: &Detection) -> Failure {
    if let Some(provider) = detection.provider {
        let why = Note::Pop3NotOffered.sentence(provider.name);
        return Failure::new(Exit::UNAVAILABLE, why);
    }
    let tried: Vec<_> = detection
        .steps
        .iter()
        .filter_map(|step| match &step.outcome {
            Outcome::Tried(attempt) => Some((attempt, attempt.missed?)),
            _ => None,
        })
        .collect();
    let is = |wanted: Miss| tried.iter().all(|(_, miss)| *miss == wanted);
    // Nobody who could know it answers: nothing follows from that.
    if is(Miss::NotLookedUp) {
        let what = format!("the usual names for {domain} could not be looked up");
        return Failure::new(Exit::TEMP_FAIL, what).hint(
            "Try again when names can be looked up, or name the server's address with --server.",
        );
    }
    let exit = match is(Miss::NoSuchName) {
        true => Exit::NO_HOST,
        false => Exit::TEMP_FAIL,
    };
    let tried: Vec<_> = tried.iter().map(|(attempt, _)| attempt.words()).collect();
    Failure::new(
        exit,
        format!(
            "no mail server was found for {domain}: {}",
            tried.join("; ")
        ),
    )
    .hint(NAME_IT)
}

struct Unwatched;

impl DetectionObserver for Unwatched {
    fn begins(&self, _: Source) {}
    fn step(&self, _: &Step) {}
}
