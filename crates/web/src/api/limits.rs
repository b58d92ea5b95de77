//! The limits of accounts and groups as data: numbers by the words that commands take.

use std::collections::BTreeMap;

use inhaul_manage::words::LIMITS;
use inhaul_store::Limits;

use super::problem::ApiProblem;
use super::schema::Kind;

/// Limits by their words; null is none. Counts, octets or days.
pub(super) const KIND: Kind = Kind::Map(words, &Kind::Maybe(&Kind::Whole));

fn words() -> Vec<&'static str> {
    LIMITS.iter().map(|limit| limit.word).collect()
}

/// All of them.
pub(super) fn document(limits: &Limits) -> BTreeMap<&'static str, Option<u64>> {
    let all = LIMITS.iter();
    all.map(|limit| (limit.word, limit.value(limits))).collect()
}

/// What they are after a change: what it does not name stays, null lifts one.
pub(super) fn changed(
    sent: &BTreeMap<String, Option<u64>>,
    now: Limits,
) -> Result<Limits, ApiProblem> {
    let mut limits = now;
    for (word, value) in sent {
        let limit = LIMITS.iter().find(|limit| limit.word == word);
        let limit = limit.ok_or_else(|| {
            let what = format!("There are these limits: {}.", words().join(", "));
            ApiProblem::invalid("limits", what)
        })?;
        limit.set(&mut limits, *value);
    }
    Ok(limits)
}

#[cfg(test)]
mod tests {
    use inhaul_types::Octets;

    use super::*;

    #[test]
    fn a_limit_that_is_not_named_stays_and_null_lifts_it() {
        let now = Limits {
            retrievals: Some(10),
            mailbox: Some(Octets::new(5)),
            ..Limits::default()
        };
        let sent = BTreeMap::from([
            ("mailbox".to_owned(), None),
            ("at-once".to_owned(), Some(2)),
        ]);
        let after = Limits {
            mailbox: None,
            at_once: Some(2),
            ..now
        };
        assert_eq!(changed(&sent, now).unwrap(), after);
        let sent = BTreeMap::from([("quota".to_owned(), None)]);
        assert!(changed(&sent, now).is_err());
    }
}
