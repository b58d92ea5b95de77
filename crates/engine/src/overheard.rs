//! What is said in a run, while it is said: for somebody who reads along.
//!
//! Whoever reads asks, and gets what was said when they asked before. The session answers before
//! each wait for its server, so a run that nobody follows writes nothing down for it, and one that
//! is followed no more often than it is asked. What is masked in a conversation that is kept is
//! masked here: both are the same transcript.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;

/// The place between a session and those who read along.
#[derive(Debug, Default)]
pub struct Overheard {
    asked: AtomicBool,
    /// The session, which may be waiting for its server.
    session: AtomicWaker,
    said: Mutex<Arc<str>>,
}

impl Overheard {
    /// What had been said when it was asked for last; asks for what is said by now.
    pub fn so_far(&self) -> Arc<str> {
        self.asked.store(true, Ordering::Release);
        self.session.wake();
        Arc::clone(&self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The session is about to wait: `said` is asked for what was said, if somebody wants to know.
    pub(crate) fn tell(&self, context: &Context<'_>, said: impl FnOnce() -> String) {
        self.session.register(context.waker());
        if self.asked.swap(false, Ordering::AcqRel) {
            *self.said.lock().unwrap_or_else(PoisonError::into_inner) = said().into();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::{Wake, Waker};

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_said_is_written_down_only_when_somebody_asks_and_the_session_is_woken_for_it() {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let context = Context::from_waker(&waker);
        let overheard = Overheard::default();
        overheard.tell(&context, || unreachable!("nobody asked"));
        assert_eq!(&*overheard.so_far(), "");
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        overheard.tell(&context, || "S: +OK".to_owned());
        overheard.tell(&context, || unreachable!("asked once, answered once"));
        assert_eq!(&*overheard.so_far(), "S: +OK");
    }
}
