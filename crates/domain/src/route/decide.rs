//! From recipients to placements: one for each folder, and the fallback for whatever nobody has.

use hashbrown::{HashMap, HashSet};
use inhaul_types::{AccountId, FolderId};

use super::Router;
use super::catch_all::{Place, RecipientSource};
use super::gather::Gathered;
use super::lookup::Match;
use super::routed::{Found, Placement, Routed};
use super::spelling::shown;

/// How many recipients an explanation names; the rest is counted.
const LINES_MOST: usize = 200;

/// Where one recipient leads.
pub(super) enum Way<'r> {
    /// Into somebody's folder.
    To(&'r Place),
    /// Nobody has the address, or nobody who receives.
    Unclaimed,
    /// Somebody has it, but the message has gone to as many accounts as it may.
    TooMany,
}

impl Router {
    pub(super) fn decide(&self, gathered: Gathered<'_>) -> Routed {
        let mut placements = Placements::new(&self.fallback);
        let mut accounts = HashSet::new();
        let (mut unclaimed, mut found) = (Vec::new(), Vec::new());
        let matches: Vec<_> = gathered
            .recipients
            .iter()
            .map(|of| self.find(&of.address))
            .collect();
        // As the ancestor of this source did: somebody who is named gets the message.
        let receives = |matched: &Match<'_>| matched.holder.receives;
        let passes_over =
            self.source == RecipientSource::ToCc && matches.iter().flatten().any(receives);

        for (recipient, matched) in gathered.recipients.iter().zip(&matches) {
            let address = shown(&recipient.address.to_string());
            found.push(Found {
                source: recipient.field.to_owned(),
                number: recipient.number,
                address: address.clone(),
            });
            if matched.is_none() && passes_over {
                continue;
            }
            let way = self.way(matched.as_ref(), &mut accounts);
            let line = self.line(recipient, &address, matched.as_ref(), &way);
            let place = match way {
                Way::To(place) => place,
                Way::Unclaimed | Way::TooMany => &self.fallback,
            };
            if matches!(way, Way::Unclaimed) {
                unclaimed.push(address.clone());
            }
            placements.add(place, address, &line);
        }
        if gathered.more {
            placements.note(&self.fallback, self.flood(found.len()));
        }
        if placements.made.is_empty() {
            placements.note(&self.fallback, self.nothing_found());
        }
        Routed {
            placements: placements.finish(),
            unclaimed,
            by: gathered.by,
            found,
        }
    }

    fn way<'r>(&self, matched: Option<&Match<'r>>, accounts: &mut HashSet<AccountId>) -> Way<'r> {
        let Some(holder) = matched
            .map(|matched| matched.holder)
            .filter(|of| of.receives)
        else {
            return Way::Unclaimed;
        };
        let account = holder.place.account;
        let is_fallback = holder.place.folder == self.fallback.folder;
        if is_fallback || accounts.contains(&account) {
            Way::To(&holder.place)
        } else if accounts.len() < self.max_recipients {
            accounts.insert(account);
            Way::To(&holder.place)
        } else {
            Way::TooMany
        }
    }
}

/// One placement for each folder; the fallback's is kept for the end.
struct Placements {
    fallback: FolderId,
    made: Vec<InTheMaking>,
    by_folder: HashMap<FolderId, usize>,
}

struct InTheMaking {
    placement: Placement,
    lines: usize,
    /// What is said behind the recipients.
    note: Option<String>,
}

impl Placements {
    fn new(fallback: &Place) -> Self {
        Self {
            fallback: fallback.folder,
            made: Vec::new(),
            by_folder: HashMap::new(),
        }
    }

    fn at(&mut self, place: &Place) -> &mut InTheMaking {
        let at = *self.by_folder.entry(place.folder).or_insert_with(|| {
            self.made.push(InTheMaking {
                placement: Placement {
                    place: place.clone(),
                    recipients: Vec::new(),
                    why: String::new(),
                },
                lines: 0,
                note: None,
            });
            self.made.len() - 1
        });
        &mut self.made[at]
    }

    fn add(&mut self, place: &Place, recipient: String, line: &str) {
        let of = self.at(place);
        of.placement.recipients.push(recipient);
        of.lines += 1;
        if of.lines <= LINES_MOST {
            append(&mut of.placement.why, line);
        }
    }

    fn note(&mut self, place: &Place, note: String) {
        self.at(place).note = Some(note);
    }

    fn finish(self) -> Vec<Placement> {
        let mut placements: Vec<_> = self.made.into_iter().map(InTheMaking::finish).collect();
        placements.sort_by_key(|placement| placement.place.folder == self.fallback);
        placements
    }
}

impl InTheMaking {
    fn finish(mut self) -> Placement {
        let why = &mut self.placement.why;
        if self.lines > LINES_MOST {
            append(why, &format!("and {} more", self.lines - LINES_MOST));
        }
        if let Some(note) = self.note {
            append(why, &note);
        }
        self.placement
    }
}

fn append(why: &mut String, line: &str) {
    if !why.is_empty() {
        why.push('\n');
    }
    why.push_str(line);
}
