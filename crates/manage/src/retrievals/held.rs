//! The deletion that waits after a server renumbered its messages.

use inhaul_store::LedgerChange;
use inhaul_types::RetrievalId;

use crate::audit::Change;
use crate::{Actor, Manage, Refused};

impl Manage {
    /// Lets the remote copies of messages that were recognised after a renumbering be deleted as
    /// the retrieval's settings say, without waiting longer. Nothing happens where none wait.
    pub async fn let_delete(&self, actor: &Actor, id: RetrievalId) -> Result<(), Refused> {
        let (before, _) = self.retrieval_to_change(actor, id).await?;
        let now = (self.clock)();
        let held = before.relinked_deletion_held_until;
        let Some(until) = held.filter(|until| *until > now) else {
            return Ok(());
        };
        // Not forgotten but over: for a while it makes another one needless.
        let over = LedgerChange::HoldRelinkedDeletion(Some(now));
        self.store.ledger_apply(before.maildrop, vec![over]).await?;
        let change = Change::field(
            &before,
            "deletion of recognised messages",
            format!("waits until {}", until.in_words()),
            "goes on".into(),
        );
        self.take_down(actor, [change]).await;
        Ok(())
    }
}
