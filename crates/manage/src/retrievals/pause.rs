//! Pausing retrievals, and letting them run again.

use inhaul_store::RetrievalChange;
use inhaul_types::RetrievalId;

use super::written_at;
use crate::audit::Change;
use crate::manage::unless_written;
use crate::{Actor, Manage, Refused};

/// What becomes of a retrieval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Run {
    Pause,
    Resume,
}

impl Manage {
    /// Stops a retrieval from running by itself, written in a file or not.
    pub async fn pause(&self, actor: &Actor, id: RetrievalId) -> Result<(), Refused> {
        self.let_run(actor, id, Run::Pause).await
    }

    /// Lets a retrieval run by itself again; one that is paused in its file is resumed there.
    pub async fn resume(&self, actor: &Actor, id: RetrievalId) -> Result<(), Refused> {
        self.let_run(actor, id, Run::Resume).await
    }

    async fn let_run(&self, actor: &Actor, id: RetrievalId, run: Run) -> Result<(), Refused> {
        let (before, _) = self.retrieval_to_change(actor, id).await?;
        let paused = run == Run::Pause;
        if before.paused == paused {
            return Ok(());
        }
        let is_paused_there = before.written_at.iter().any(|there| there.paused);
        if run == Run::Resume && is_paused_there {
            unless_written(written_at(&before))?;
        }
        let change = RetrievalChange {
            paused: Some(paused),
            paused_by: paused.then(|| actor.name.clone()),
            ..RetrievalChange::default()
        };
        self.store.retrieval_change(id, change).await?;
        let after = self.store.retrieval_by_id(id).await?;
        self.take_down(actor, Change::between(&before, &after))
            .await;
        Ok(())
    }
}
