//! Finding the server of an address, as the pages ask for it and the engine does it.

use inhaul_domain::providers::{Note, Passwords, Provider, Source, UserName};
use inhaul_domain::reach::Reach;
use inhaul_engine::Engine;
use inhaul_engine::detect::{self as engine, DetectionObserver, Outcome, ServerSettings};
use inhaul_types::card::{Facts, Occasion};
use inhaul_types::{Card, ErrorCode};
use inhaul_web::runs::{Detection, DetectionFailure, DetectionStep, Origin, StepResult};

/// Finds it within `reach`.
pub(super) async fn detect(
    engine: &Engine,
    address: &str,
    reach: &Reach,
    step: &(dyn Fn(DetectionStep) + Send + Sync),
) -> Result<Detection, DetectionFailure> {
    let address = address.trim();
    let detected = engine.detect(address, reach, &Watching(step)).await;
    let detected = detected.map_err(|bad| DetectionFailure::BadAddress(bad.to_string()))?;
    match (detected.found, detected.provider) {
        (Some(found), _) => Ok(proposal(found, address)),
        (None, Some(provider)) => {
            let told = provider
                .notes
                .iter()
                .map(|note| note.sentence(provider.name));
            let told: Vec<_> = told.collect();
            Err(DetectionFailure::NotOffered(told.join(" ")))
        }
        (None, None) => Err(DetectionFailure::NothingFound(usual_names(address))),
    }
}

fn proposal(found: ServerSettings, address: &str) -> Detection {
    let local = address.rsplit_once('@').map(|(local, _)| local);
    let provider = match &found.origin {
        engine::Origin::Table(provider) => Some(*provider),
        engine::Origin::Told(_) | engine::Origin::Guess => None,
    };
    let not_possible = provider.filter(|provider| provider.passwords() == Passwords::Never);
    let notes = found.notes.iter();
    // The card says it.
    let notes = notes.filter(|note| **note != Note::NotPossible);
    let named = provider.map_or("", |provider| provider.name);
    Detection {
        notes: notes.map(|note| note.sentence(named)).collect(),
        not_possible: not_possible.map(|provider| no_passwords(provider, &found.host)),
        other_user: local
            .filter(|_| found.user_name == UserName::Unsaid)
            .map(str::to_owned),
        origin: match found.origin {
            engine::Origin::Table(provider) => Origin::Table(provider.name.to_owned()),
            engine::Origin::Told(name) => Origin::Table(name),
            engine::Origin::Guess => Origin::Guess,
        },
        host: found.host,
        port: found.port,
        security: found.security,
        ca_file: found.ca_file,
        user: found.user,
    }
}

fn no_passwords(provider: &Provider, host: &str) -> Card {
    let facts = Facts {
        server: Some(host.to_owned()),
        provider: Some(provider.for_cards()),
        occasion: Occasion::Trial,
        ..Facts::default()
    };
    Card::of(ErrorCode::AuthNotPossible, &facts)
}

/// Names worth trying by hand, where nothing answered now.
fn usual_names(address: &str) -> Vec<String> {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    let usual = ["pop", "pop3", "mail"];
    let names = usual.iter().map(|name| format!("{name}.{domain}"));
    names.filter(|_| !domain.is_empty()).collect()
}

/// Tells the pages what the engine says.
struct Watching<'a>(&'a (dyn Fn(DetectionStep) + Send + Sync));

impl DetectionObserver for Watching<'_> {
    fn begins(&self, source: Source) {
        let result = StepResult::Begins;
        self.0(DetectionStep { source, result });
    }

    fn step(&self, step: &engine::Step) {
        let words = step.words();
        let result = match &step.outcome {
            Outcome::Found(_) => StepResult::Found(words),
            Outcome::NotAskedYet | Outcome::NotNeeded => StepResult::Skipped(words),
            Outcome::NotListed | Outcome::NoPop3(_) | Outcome::Tried(_) | Outcome::Nothing => {
                StepResult::Nothing(words)
            }
        };
        let source = step.source;
        self.0(DetectionStep { source, result });
    }
}
