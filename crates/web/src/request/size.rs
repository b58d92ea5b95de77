//! How much somebody may send: a little more than any form of ours is long.
//!
//! What is larger is refused, in words, and never held. A browser that still sends when the line ends
//! shows "connection reset" in the place of those words, so some of what is too much is read and
//! dropped; whoever announces more than that is told at once.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hyper::body::{Frame, SizeHint};

use super::Caller;
use crate::api::{self, ApiProblem};
use crate::app::App;
use crate::response::{Problem, Shell};
use crate::serve::Refusal;

/// Refuses what is too large.
pub(crate) async fn check(
    State(app): State<App>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let is_for_programs = api::is_for_programs(&request);
    let refuse = || {
        app.refusals().note(Refusal::LargeBody, caller.address);
        match is_for_programs {
            true => ApiProblem::too_large().into_response(),
            false => {
                let status = StatusCode::PAYLOAD_TOO_LARGE;
                Problem::told(status, "Too large", TOO_LARGE, &Shell::default()).into_response()
            }
        }
    };
    if request.body().size_hint().lower() > MOST + DROPPED_MOST {
        return refuse();
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| {
        Body::new(Bounded {
            body,
            read: 0,
            is_over: Arc::clone(&is_over),
        })
    });
    let response = next.run(request).await;
    match is_over.load(Ordering::Relaxed) {
        true => refuse(),
        false => response,
    }
}

/// A body that breaks off when it is too long.
struct Bounded {
    body: Body,
    read: u64,
    is_over: Arc<AtomicBool>,
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        loop {
            let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
            if let Some(Ok(frame)) = &frame {
                this.read += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            if this.read <= MOST {
                return Poll::Ready(frame);
            }
            this.is_over.store(true, Ordering::Relaxed);
            let goes_on = matches!(frame, Some(Ok(_))) && this.read <= MOST + DROPPED_MOST;
            if !goes_on {
                return Poll::Ready(Some(Err(axum::Error::new(TooLarge))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the body of this request is too large")]
struct TooLarge;

/// Octets of a body. A password and a page of rules need a tenth.
pub(crate) const MOST: u64 = 256 * 1024;

/// Octets behind those that are read and dropped.
const DROPPED_MOST: u64 = 4 * 1024 * 1024;

const TOO_LARGE: &str =
    "That is larger than anything this server takes, so nothing was done. Send less at once.";
