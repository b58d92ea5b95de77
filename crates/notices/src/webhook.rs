//! The web address that takes JSON.

use std::time::Duration;

use crate::courier::Outcome;
use crate::post::{Answer, Poster};
use crate::settings::WebhookSettings;
use crate::signature::signature;

/// Sends documents to one address.
#[derive(Debug)]
pub struct Webhook {
    settings: WebhookSettings,
    poster: Poster,
}

impl Webhook {
    /// A webhook that has sent nothing yet.
    pub fn new(settings: WebhookSettings, poster: Poster) -> Self {
        Self { settings, poster }
    }

    /// Sends one document.
    pub async fn deliver(&self, json: Vec<u8>) -> Outcome {
        let mut fields = vec![("content-type", "application/json".to_owned())];
        if let Some(secret) = &self.settings.secret {
            fields.push(("x-inhaul-signature", signature(secret, &json)));
        }
        match self.poster.post(&self.settings.url, &fields, json).await {
            Ok(answer) => judge(&answer, &self.settings.url.target().host),
            // Also a certificate that proves nothing: it can be put right within three days.
            Err(error) => Outcome::Later {
                why: error.in_words(),
                after: None,
            },
        }
    }
}

/// What an answer means for the letter.
fn judge(answer: &Answer, host: &str) -> Outcome {
    let mut why = format!("{host} answered {}", answer.status);
    if !answer.said.is_empty() {
        why.push_str(&format!(": {}", answer.said));
    }
    match answer.status {
        200..=299 => Outcome::Delivered,
        300..=399 => Outcome::Never {
            why: format!("{why}. Redirects are not followed: write the address itself"),
        },
        // It may take the same document later: time-out, too many, and its own troubles.
        408 | 429 | 500.. => Outcome::Later {
            why,
            after: answer.retry_after.map(|after| after.min(LONGEST_WISH)),
        },
        400..=499 => Outcome::Never { why },
        _ => Outcome::Later { why, after: None },
    }
}

/// A server's wish to be left alone is heard for so long.
const LONGEST_WISH: Duration = Duration::from_secs(6 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_whether_to_try_again() {
        let rows = [
            (200, "delivered"),
            (204, "delivered"),
            (301, "never"),
            (308, "never"),
            (400, "never"),
            (404, "never"),
            (408, "later"),
            (410, "never"),
            (429, "later"),
            (500, "later"),
            (503, "later"),
            (999, "later"),
            (101, "later"),
        ];
        for (status, expected) in rows {
            let answer = Answer {
                status,
                said: String::new(),
                retry_after: None,
            };
            let found = match judge(&answer, "h.example") {
                Outcome::Delivered => "delivered",
                Outcome::Later { .. } => "later",
                Outcome::Never { .. } => "never",
            };
            assert_eq!(found, expected, "{status}");
        }
    }

    #[test]
    fn a_wish_to_wait_is_heard_within_reason() {
        for (wish, heard) in [(90, 90), (1 << 40, 6 * 3600)] {
            let answer = Answer {
                status: 429,
                said: "slow down".into(),
                retry_after: Some(Duration::from_secs(wish)),
            };
            let expected = Outcome::Later {
                why: "h.example answered 429: slow down".into(),
                after: Some(Duration::from_secs(heard)),
            };
            assert_eq!(judge(&answer, "h.example"), expected);
        }
    }
}
