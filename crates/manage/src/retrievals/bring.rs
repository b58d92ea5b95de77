//! A message that was left on its server and is wanted after all.

use inhaul_domain::{LedgerState, LeftOutReason};
use inhaul_store::{LedgerChange, ledger_row};
use inhaul_types::RetrievalId;

use crate::audit::Change;
use crate::{Actor, Manage, Refused};

impl Manage {
    /// Has the next run of a retrieval bring the message of this number
    /// ([`inhaul_store::ledger_number`]), whatever its size. One that is ordered already stays so;
    /// [`Refused::NotFound`] of one that was never left there.
    pub async fn bring_once(
        &self,
        actor: &Actor,
        id: RetrievalId,
        number: u32,
    ) -> Result<(), Refused> {
        let (retrieval, _) = self.retrieval_to_change(actor, id).await?;
        let row = ledger_row(retrieval.maildrop, number);
        let ledger = self.store.ledger_load(retrieval.maildrop).await?;
        let state = ledger.iter().find(|known| known.id == row);
        match state.map(|row| row.state) {
            Some(LedgerState::LeftOut(LeftOutReason::Ordered)) => return Ok(()),
            Some(LedgerState::LeftOut(_)) => {}
            _ => return Err(Refused::not_found("message", number)),
        }
        let order = vec![LedgerChange::Order(vec![row])];
        self.store.ledger_apply(retrieval.maildrop, order).await?;
        let object = format!("messages of retrieval {}", retrieval.name);
        let change = Change::of("ordered", object).now(number.to_string());
        self.take_down(actor, [change]).await;
        Ok(())
    }
}
