//! The dead man's switch: an address that is visited while all is well. Whoever keeps it notices
//! when nobody comes; that is the one trouble that we cannot tell of ourselves.

use crate::post::Poster;
use crate::url::WebUrl;

/// Visits one address.
#[derive(Debug)]
pub struct Heartbeat {
    url: WebUrl,
    poster: Poster,
}

impl Heartbeat {
    /// A heartbeat that has not beaten yet.
    pub fn new(url: WebUrl, poster: Poster) -> Self {
        Self { url, poster }
    }

    /// One visit. It is never repeated: the next minute brings another.
    pub async fn beat(&self) -> Result<(), String> {
        match self.poster.get(&self.url).await {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
            Ok(answer) => Err(format!(
                "{} answered {}",
                self.url.target().host,
                answer.status
            )),
            Err(error) => Err(error.in_words()),
        }
    }
}
