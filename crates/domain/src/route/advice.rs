//! What a survey says to somebody who chooses a header: words for each source, and the best of them.

use super::survey::{AddressesEach, Reliability, Surveyed, SurveyedSource};

impl SurveyedSource {
    /// What it names, in words: `always one address`.
    pub fn names(&self) -> &'static str {
        match (&self.source, self.addresses) {
            _ if self.present == 0 => "",
            (Surveyed::ToCc, _) => "misses Bcc and lists",
            (_, AddressesEach::None) => "nobody here",
            // It may be the mailbox's own name.
            (_, AddressesEach::AlwaysOne) if self.distinct == 1 && self.accepted > 1 => {
                "always the same address"
            }
            (_, AddressesEach::AlwaysOne) => "always one address",
            (_, AddressesEach::Several) => "several addresses",
        }
    }
}

impl Reliability {
    /// The verdict in words, nothing where there is none.
    pub fn label(self) -> &'static str {
        match self {
            Self::Reliable => "Reliable",
            Self::Mostly => "Mostly",
            Self::NotReliable => "Not reliable",
            Self::None => "",
        }
    }
}

/// The source that says it of all messages, else of most; To and Cc are never it.
pub fn best(sources: &[SurveyedSource]) -> Option<&SurveyedSource> {
    let with = |wanted| sources.iter().find(|source| source.reliability == wanted);
    with(Reliability::Reliable).or_else(|| with(Reliability::Mostly))
}

/// Whether no source but To and Cc says whom messages were for.
pub fn is_only_to_cc(sources: &[SurveyedSource]) -> bool {
    best(sources).is_none() && sources.iter().any(|source| source.accepted > 0)
}

/// What becomes of mail where only To and Cc say whom it is for.
pub const ONLY_TO_CC: &str = "This provider does not record the real recipient. Newsletters, mailing \
    lists and blind copies name someone else in To. They would go to the fallback account. Ask the provider \
    for an \"envelope recipient\" header.";

#[cfg(test)]
mod tests {
    use super::*;

    fn source(source: Surveyed, present: u32, reliability: Reliability) -> SurveyedSource {
        let addresses = match present {
            0 => AddressesEach::None,
            _ => AddressesEach::AlwaysOne,
        };
        SurveyedSource {
            source,
            present,
            of: 20,
            accepted: present,
            distinct: usize::try_from(present).unwrap(),
            addresses,
            reliability,
        }
    }

    #[test]
    fn the_best_says_it_of_all_or_most_and_is_never_to_and_cc() {
        let delivered = |present, reliability| {
            source(
                Surveyed::Evidence("Delivered-To".into()),
                present,
                reliability,
            )
        };
        let received = source(Surveyed::Received, 17, Reliability::Mostly);
        let to_cc = source(Surveyed::ToCc, 14, Reliability::NotReliable);
        let nothing = delivered(0, Reliability::None);
        for (sources, wanted, only_to_cc) in [
            (
                vec![received.clone(), delivered(20, Reliability::Reliable)],
                Some("Delivered-To"),
                false,
            ),
            (
                vec![nothing.clone(), received, to_cc.clone()],
                Some("Received ... for"),
                false,
            ),
            (vec![nothing.clone(), to_cc], None, true),
            (vec![nothing], None, false),
        ] {
            let found = best(&sources).map(|source| source.source.to_string());
            assert_eq!(found.as_deref(), wanted);
            assert_eq!(is_only_to_cc(&sources), only_to_cc);
        }
    }

    #[test]
    fn a_source_is_told_in_words() {
        let delivered = Surveyed::Evidence("Delivered-To".into());
        let mut stamp = source(delivered.clone(), 20, Reliability::NotReliable);
        stamp.distinct = 1;
        for (source, names, verdict) in [
            (
                source(delivered.clone(), 20, Reliability::Reliable),
                "always one address",
                "Reliable",
            ),
            (source(delivered, 0, Reliability::None), "", ""),
            (stamp, "always the same address", "Not reliable"),
            (
                source(Surveyed::ToCc, 14, Reliability::NotReliable),
                "misses Bcc and lists",
                "Not reliable",
            ),
        ] {
            assert_eq!(
                (source.names(), source.reliability.label()),
                (names, verdict)
            );
        }
    }
}
