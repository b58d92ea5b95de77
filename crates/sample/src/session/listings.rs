//! `STAT`, `LIST` and `UIDL` (RFC 1939): what the snapshot holds.

use inhaul_types::MessageNumber;

use super::Conversation;
use crate::maildrop::Maildrop;
use crate::switches::UniqueIds;
use crate::wire::End;

const NO_SUCH_MESSAGE: &str = "no such message";

impl Conversation {
    pub(super) fn answer_stat(&mut self) {
        let Some(maildrop) = &self.maildrop else {
            return;
        };
        let (count, octets) = maildrop
            .numbers()
            .fold((0_u64, 0_u64), |(count, octets), number| {
                (count + 1, octets.saturating_add(maildrop.size(number)))
            });
        self.grammar.ok(format_args!("{count} {octets}"));
    }

    pub(super) async fn answer_list(&mut self, which: Option<MessageNumber>) -> Result<(), End> {
        let gaps = self.mailbox_switches().list_gaps.clone();
        let line = |maildrop: &Maildrop, number| format!("{number} {}", maildrop.size(number));
        self.answer_listing(which, &gaps, line).await
    }

    pub(super) async fn answer_uidl(&mut self, which: Option<MessageNumber>) -> Result<(), End> {
        let switches = self.mailbox_switches();
        if switches.unique_ids == UniqueIds::Absent {
            self.grammar.err(None, "unknown command");
            return Ok(());
        }
        let line = |maildrop: &Maildrop, number| {
            format!(
                "{number} {}",
                maildrop.unique_id(number).unwrap_or_default()
            )
        };
        self.answer_listing(which, &switches.uidl_gaps, line).await
    }

    async fn answer_listing(
        &mut self,
        which: Option<MessageNumber>,
        gaps: &[u32],
        line: impl Fn(&Maildrop, u32) -> String,
    ) -> Result<(), End> {
        let Some(maildrop) = &self.maildrop else {
            return Ok(());
        };
        if let Some(number) = which.map(MessageNumber::number) {
            if maildrop.holds(number) {
                self.grammar.ok(line(maildrop, number));
            } else {
                self.grammar.err(None, NO_SUCH_MESSAGE);
            }
            return Ok(());
        }
        let numbers: Vec<u32> = maildrop.numbers().collect();
        self.grammar.ok(format_args!("{} messages", numbers.len()));
        for number in numbers {
            let Some(maildrop) = &self.maildrop else {
                return Ok(());
            };
            if !gaps.contains(&number) {
                self.grammar.line_text(line(maildrop, number));
                self.flush_if_long().await?;
            }
        }
        self.grammar.end();
        Ok(())
    }

    /// Whether the snapshot holds this message; says so if not.
    pub(super) fn expect_message(&mut self, number: MessageNumber) -> bool {
        let held = self
            .maildrop
            .as_ref()
            .is_some_and(|maildrop| maildrop.holds(number.number()));
        if !held {
            self.grammar.err(None, NO_SUCH_MESSAGE);
        }
        held
    }
}
