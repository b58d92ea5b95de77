//! Follows a check to its end: one task for each.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use inhaul_domain::standing::Standing;
use inhaul_store::{NewMail, News};
use inhaul_types::RetrievalId;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::check::{Check, NewMessage};
use crate::app::App;
use crate::runs::{Event, Events, Heard, State};

/// Passes on what happens until nothing more is to come. A run has limits of its own, and what is
/// missed is seen in the next look: so this ends.
pub(super) async fn follow(app: App, check: Arc<Check>, mut events: Events, mut news: NewMail) {
    let mut looks = interval_at(Instant::now() + BETWEEN_LOOKS, BETWEEN_LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_news_open = true;
    while !check.is_over() {
        tokio::select! {
            biased;
            // A run's messages are announced before its end is.
            heard = news.next(), if is_news_open => match heard {
                Some(News::Came(came)) if came.account == check.account => {
                    for id in came.messages.iter() {
                        if check.wants_messages() {
                            tell_message(&app, &check, *id).await;
                        }
                    }
                }
                Some(_) => {}
                None => is_news_open = false,
            },
            heard = events.next() => match heard {
                Some(Heard::Event(event)) => tell_event(&app, &check, &event),
                Some(Heard::Missed(_)) => look(&app, &check),
                None => break,
            },
            () = until(check.next_flush()) => check.flush(app.now()),
            _ = looks.tick() => {
                if app.runs().overall().stopping && check.is_waiting() {
                    break;
                }
                look(&app, &check);
            }
        }
    }
    check.finish(app.now());
    if check.is_waiting() {
        for id in check.retrievals() {
            app.runs().stop_waiting(id);
        }
    }
}

fn tell_event(app: &App, check: &Check, event: &Event) {
    let now = app.now();
    let state = || app.runs().state(event.retrieval);
    let standing = |state: State| state.standing(now);
    let needs_you = match &event.kind {
        crate::runs::EventKind::Ended { ended, .. } if ended.card.is_some() => {
            state().map(standing) == Some(Standing::NeedsYou)
        }
        _ => false,
    };
    check.hear(event, needs_you, now);
}

async fn tell_message(app: &App, check: &Check, id: inhaul_types::MessageId) {
    match app.store().message_by_id(id).await {
        Ok(message) => {
            if let Some(message) = NewMessage::of(&message) {
                check.came(message, app.now());
            }
        }
        // It may be removed already; that it came is told by its run.
        Err(error) => tracing::debug!(%error, "a new message cannot be told of"),
    }
}

fn look(app: &App, check: &Check) {
    let state = |id: RetrievalId| (id, app.runs().state(id));
    let states: Vec<_> = check.under_way().into_iter().map(state).collect();
    check.look(&states, app.now());
}

async fn until(then: Option<Instant>) {
    match then {
        Some(then) => sleep_until(then).await,
        None => pending().await,
    }
}

/// Places in the queue change without an event.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
