//! An installation that tells nothing of itself: a demo's, which has no files and no neighbours.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _};

use super::{Facts, Finding, Installation, LogFilter, LogNews, LogPage, Section, TestNotice};

/// Tells nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undisclosed;

#[async_trait]
impl Installation for Undisclosed {
    fn facts(&self) -> Facts {
        Facts {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Facts::default()
        }
    }

    fn settings(&self) -> Vec<Section> {
        Vec::new()
    }

    fn log(&self, _: &LogFilter, _: usize) -> LogPage {
        LogPage::default()
    }

    fn follow_log(&self, _: LogFilter, _: Option<u64>) -> BoxStream<'static, LogNews> {
        stream::empty().boxed()
    }

    async fn examine(&self) -> Vec<Finding> {
        Vec::new()
    }

    async fn send_test_notice(&self) -> Result<Vec<TestNotice>, String> {
        Err("This installation sends no notices.".to_owned())
    }
}
