//! From where a name's owner signs in.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use inhaul_types::Timestamp;

use super::Tag;
use super::network::Neighbourhood;

/// How long a neighbourhood stays a name's own: a holiday, or a month in which only the telephone
/// was used.
const FAMILIAR_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Neighbourhoods of one name. Home, work and a telephone's many; the one signed in from the
/// longest time ago goes first.
const NEIGHBOURHOODS: usize = 16;

/// The neighbourhoods that each name was signed in from.
#[derive(Clone, Debug)]
pub(super) struct Familiar {
    /// So many names at most.
    places: usize,
    names: HashMap<Tag, Known>,
    /// Names by the turn in which they were signed in with last.
    oldest: BTreeMap<u64, Tag>,
    turns: u64,
}

#[derive(Clone, Debug, Default)]
struct Known {
    neighbourhoods: Vec<(Neighbourhood, Timestamp)>,
    turn: u64,
}

impl Familiar {
    pub(super) fn new(places: usize) -> Self {
        Self {
            places,
            names: HashMap::new(),
            oldest: BTreeMap::new(),
            turns: 0,
        }
    }

    pub(super) fn knows(&self, name: Tag, place: Neighbourhood, now: Timestamp) -> bool {
        let mut known = self.names.get(&name).into_iter();
        known.any(|known| known.has(place, now))
    }

    /// Somebody signed in with this name.
    pub(super) fn saw(&mut self, name: Tag, place: Neighbourhood, now: Timestamp) {
        self.turns += 1;
        let known = self.names.entry(name).or_default();
        self.oldest.remove(&known.turn);
        known.turn = self.turns;
        known.saw(place, now);
        self.oldest.insert(self.turns, name);
        if self.names.len() > self.places
            && let Some((_, name)) = self.oldest.pop_first()
        {
            self.names.remove(&name);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let within = |known: &Known| known.neighbourhoods.len() <= NEIGHBOURHOODS;
        assert!(self.names.values().all(within));
        assert_eq!(self.names.len(), self.oldest.len());
        self.names.len()
    }
}

impl Known {
    fn has(&self, place: Neighbourhood, now: Timestamp) -> bool {
        let mut familiar = self.neighbourhoods.iter();
        familiar.any(|(known, at)| *known == place && now.since(*at) < FAMILIAR_FOR)
    }

    /// They stand in the order in which they were signed in from.
    fn saw(&mut self, place: Neighbourhood, now: Timestamp) {
        self.neighbourhoods
            .retain(|(known, at)| *known != place && now.since(*at) < FAMILIAR_FOR);
        if self.neighbourhoods.len() >= NEIGHBOURHOODS {
            self.neighbourhoods.remove(0);
        }
        self.neighbourhoods.push((place, now));
    }
}
