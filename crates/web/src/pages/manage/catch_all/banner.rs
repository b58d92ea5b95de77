//! What stands above the fallback's messages: how many had no rule, and for whom most of them are.

use inhaul_store::{Account, StoreError, Unclaimed};
use inhaul_types::{FolderId, RetrievalId};

use crate::app::App;
use crate::look::many;

/// Mail in a fallback that nobody claimed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Banner {
    retrieval: RetrievalId,
    messages: u64,
    most: Unclaimed,
}

impl Banner {
    /// `12 messages here had no rule. Most frequent: infos@firm.example (9).`
    pub(crate) fn words(&self) -> String {
        let Unclaimed { address, messages } = &self.most;
        format!(
            "{} here had no rule. Most frequent: {address} ({messages}).",
            many(self.messages, "message")
        )
    }

    /// Where rules are added.
    pub(crate) fn href(&self) -> String {
        format!("/manage/retrievals/{}/rules#without", self.retrieval)
    }
}

/// The banner of a folder, for an administrator who looks into it as its account; of several
/// catch-alls that fall back there the one with the most such mail.
///
/// Who is asked about no fallback costs a look at the list in memory.
pub(crate) async fn banner(
    app: &App,
    account: &Account,
    folder: FolderId,
) -> Result<Option<Banner>, StoreError> {
    if !account.admin {
        return Ok(None);
    }
    let fall_back_here = app.runs().states_where(&|row| {
        row.routing.catch_all().is_some() && (row.account, row.folder) == (account.id, folder)
    });
    let mut found: Option<Banner> = None;
    for state in fall_back_here {
        let unclaimed = app.store().unclaimed(state.row.id).await?;
        let messages = unclaimed.iter().map(|one| one.messages).sum();
        let is_more = found.as_ref().is_none_or(|found| messages > found.messages);
        if let Some(most) = unclaimed.into_iter().next().filter(|_| is_more) {
            found = Some(Banner {
                retrieval: state.row.id,
                messages,
                most,
            });
        }
    }
    Ok(found)
}
