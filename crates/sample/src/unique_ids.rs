//! The names messages have, by the switch's rule.

use crate::switches::UniqueIds;

/// What a name can depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Naming {
    /// Counts the renumberings of the mailbox.
    pub(crate) epoch: u64,
    /// Counts the mailbox's sessions.
    pub(crate) session: u64,
    /// The message's own number for ever, from 1.
    pub(crate) id: u64,
    /// The place that frees itself when the message is deleted.
    pub(crate) slot: u64,
}

/// The name that UIDL shows; `None` if there is no UIDL. It may be empty.
pub(crate) fn unique_id(rule: UniqueIds, naming: Naming) -> Option<String> {
    let Naming {
        epoch,
        session,
        id,
        slot,
    } = naming;
    let hex = |number: u64| format!("{:016x}", mix(epoch, number));
    Some(match rule {
        UniqueIds::Stable => hex(id),
        UniqueIds::SameForAll => hex(0),
        UniqueIds::Pairs => hex(id.div_ceil(2)),
        UniqueIds::Reused => format!("{:08x}", mix(epoch, 0) >> 32) + &format!("-{slot}"),
        UniqueIds::EverySession => format!("{:016x}", mix(session, id)),
        UniqueIds::Blank => String::new(),
        UniqueIds::Absent => return None,
        UniqueIds::Long(length) => hex(id).chars().cycle().take(length).collect(),
    })
}

/// Spreads two numbers over 64 bits (the finaliser of SplitMix64), one to one in each of them.
fn mix(high: u64, low: u64) -> u64 {
    let mut mixed = low ^ high.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(rule: UniqueIds, id: u64) -> String {
        unique_id(
            rule,
            Naming {
                epoch: 0,
                session: 1,
                id,
                slot: id,
            },
        )
        .unwrap()
    }

    #[test]
    fn names_follow_their_rule() {
        assert_ne!(name(UniqueIds::Stable, 1), name(UniqueIds::Stable, 2));
        assert_eq!(
            name(UniqueIds::SameForAll, 1),
            name(UniqueIds::SameForAll, 2)
        );
        assert_eq!(name(UniqueIds::Pairs, 1), name(UniqueIds::Pairs, 2));
        assert_ne!(name(UniqueIds::Pairs, 2), name(UniqueIds::Pairs, 3));
        assert_eq!(name(UniqueIds::Blank, 1), "");
        assert_eq!(name(UniqueIds::Long(200), 1).len(), 200);
        assert_ne!(name(UniqueIds::Long(71), 1), name(UniqueIds::Long(71), 2));
    }

    #[test]
    fn a_new_epoch_renames_and_a_new_session_does_not() {
        let naming = Naming {
            epoch: 0,
            session: 1,
            id: 1,
            slot: 1,
        };
        let stable = |naming| unique_id(UniqueIds::Stable, naming);
        assert_ne!(stable(naming), stable(Naming { epoch: 1, ..naming }));
        assert_eq!(
            stable(naming),
            stable(Naming {
                session: 2,
                ..naming
            })
        );
        let every = |naming| unique_id(UniqueIds::EverySession, naming);
        assert_ne!(
            every(naming),
            every(Naming {
                session: 2,
                ..naming
            })
        );
    }
}
