//! Headers of a mailbox that is not saved yet, read by the engine.

use inhaul_domain::reach::Reach;
use inhaul_engine::{self as engine, Engine, SurveyError};
use inhaul_store::{Remote, RemoteSecret, SignInMemory};
use inhaul_types::card::Facts;
use inhaul_types::{Card, ErrorCode};
use inhaul_web::runs::{Survey, Surveyed};

/// The newest headers, for an administrator, who may reach any address.
pub(super) async fn survey(
    engine: &Engine,
    remote: &Remote,
    secret: RemoteSecret,
    sign_in: Option<SignInMemory>,
    newest: u32,
) -> Result<Survey, Card> {
    let most = usize::try_from(newest).unwrap_or(usize::MAX);
    let surveyed = engine
        .survey_unsaved(remote, secret, sign_in, &Reach::Anywhere, most)
        .await;
    surveyed.map(survey_of).map_err(card_of)
}

fn survey_of(survey: engine::Survey) -> Survey {
    let surveyed = |one: engine::Surveyed| Surveyed {
        number: one.number,
        size: one.size,
        header: one.header,
    };
    Survey {
        at: survey.at,
        listed: survey.listed,
        headers: survey.headers.into_iter().map(surveyed).collect(),
    }
}

fn card_of(error: SurveyError) -> Card {
    match error {
        SurveyError::Failed(report) => report.card(),
        SurveyError::NoHeaders { host, said } => {
            let facts = Facts {
                server: Some(host.clone()),
                said: Some(said),
                ..Facts::default()
            };
            Card {
                title: format!("{host} shows no headers without their messages"),
                what: "It does not know the command TOP, so nothing can be looked at before it is \
                       brought."
                    .to_owned(),
                todo: vec![
                    "Choose the header by hand: Delivered-To is the most common.".to_owned(),
                    "Save it paused, bring a few messages by hand, and look where they went."
                        .to_owned(),
                ],
                next: "Nothing was stored and nothing was deleted.".to_owned(),
                command: None,
                ..Card::of(ErrorCode::ServerRefuses, &facts)
            }
        }
    }
}
