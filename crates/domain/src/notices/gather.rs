//! What administrators hear: all retrievals in trouble at one server make one notice.

use std::collections::BTreeMap;
use std::time::Duration;

use inhaul_types::{ErrorCode, RetrievalId, Timestamp};

use super::{Event, Listener, Manner, News, Told, Urgency, is_over};

/// How long the first retrieval at a server waits for others before the administrators hear of it.
///
/// Retrievals with the usual interval of 10 minutes begin to fail within 10 minutes of each other,
/// and the jitter of their waits spreads them by a tenth of the half hour after which they count as
/// failing: a quarter of an hour holds nearly all of them. Nobody waits where nobody can join.
pub const GATHERING: Duration = Duration::from_secs(15 * 60);

/// Where a trouble sits.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// At this server itself: its disk, its data, its key.
    Here,
    /// At a remote server, by its configured name.
    Server(String),
}

impl Place {
    /// Where a failure with this code sits.
    pub fn of(code: Option<ErrorCode>, host: &str) -> Self {
        use ErrorCode::*;
        match code {
            None | Some(DiskFull | DataInUse | DataDamaged | DataTooNew | WrongKey | QueueFull) => {
                Self::Here
            }
            Some(_) => Self::Server(host.to_ascii_lowercase()),
        }
    }
}

/// One retrieval as the gathering sees it.
#[derive(Debug)]
pub struct Gathering<'a> {
    /// Which.
    pub retrieval: RetrievalId,
    /// Its remote server's name.
    pub host: &'a str,
    /// What is known and told of it.
    pub told: &'a mut Told,
}

impl Gathering<'_> {
    fn place(&self) -> Place {
        let trouble = self.told.present.trouble().or(self.told.admin.heard);
        Place::of(trouble.and_then(|trouble| trouble.code), self.host)
    }
}

/// One notice for administrators.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gathered {
    /// Where it sits.
    pub place: Place,
    /// What it is about.
    pub event: Event,
    /// Whom it is about; never empty. The first is the one that has been in trouble longest.
    pub members: Vec<(RetrievalId, News)>,
    /// Retrievals at this place that are in the same trouble, with those told of before; where they
    /// work again, those that still do not.
    pub in_trouble: usize,
}

/// What administrators hear now of these retrievals, which are all that are
/// [open](Told::is_open); it counts as told from then on. `retrievals_at` says how many active
/// retrievals a server has.
///
/// Who *fails* at a server of which two or more were told joins them without a word: that a server
/// does not answer is one matter. Who *needs someone* never does: each mailbox has its own password.
pub fn gather(
    open: &mut [Gathering<'_>],
    manner: Manner,
    now: Timestamp,
    retrievals_at: impl Fn(&str) -> usize,
) -> Vec<Gathered> {
    let mut places: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    for (index, one) in open.iter().enumerate() {
        places.entry(one.place()).or_default().push(index);
    }
    let mut notices = Vec::new();
    for (place, members) in places {
        // How many could join; nobody knows how many will where it is ours.
        let most = match &place {
            Place::Here => usize::MAX,
            Place::Server(host) => retrievals_at(host),
        };
        let mut at = AtPlace {
            open: &mut *open,
            members,
            most,
            manner,
            now,
        };
        // Reminders first: they name what was told before, not what this very call tells.
        let heard = [
            at.reminders(),
            at.beginnings(Urgency::NeedsYou),
            at.beginnings(Urgency::Failing),
            at.recoveries(),
        ];
        notices.extend(heard.into_iter().flatten().map(|notice| Gathered {
            place: place.clone(),
            ..notice
        }));
    }
    notices
}

/// The retrievals of one place.
struct AtPlace<'a, 'b> {
    open: &'a mut [Gathering<'b>],
    members: Vec<usize>,
    most: usize,
    manner: Manner,
    now: Timestamp,
}

impl AtPlace<'_, '_> {
    fn beginnings(&mut self, urgency: Urgency) -> Option<Gathered> {
        let fresh: Vec<usize> = self.due(Event::Begins, |news| news.trouble.urgency == urgency);
        let known = self.in_trouble(urgency);
        let known = known.iter().filter(|known| !fresh.contains(known)).count();
        if urgency == Urgency::Failing && known >= 2 {
            for index in fresh {
                let told = &mut *self.open[index].told;
                if let Some(trouble) = told.present.trouble() {
                    told.admin.join(trouble, self.now);
                }
            }
            return None;
        }
        let opened = self.first(&fresh, |told| told.present.trouble.map(|(_, seen)| seen))?;
        let is_whole = fresh.len() + known >= self.most;
        if !is_whole && !is_over(opened, GATHERING, self.now) {
            return None;
        }
        let in_trouble = fresh.len() + known;
        self.tell(Event::Begins, &fresh, in_trouble)
    }

    fn recoveries(&mut self) -> Option<Gathered> {
        let fresh = self.due(Event::WorksAgain, |_| true);
        let opened = self.first(&fresh, |told| told.present.ended)?;
        let still =
            self.in_trouble(Urgency::Failing).len() + self.in_trouble(Urgency::NeedsYou).len();
        if still > 0 && !is_over(opened, GATHERING, self.now) {
            return None;
        }
        self.tell(Event::WorksAgain, &fresh, still)
    }

    /// One reminder names all that were told, also those whose day is not over: theirs begins anew.
    /// Who is about to become louder is left to that.
    fn reminders(&mut self) -> Option<Gathered> {
        if self.due(Event::Reminder, |_| true).is_empty() {
            return None;
        }
        let mut all = self.in_trouble(Urgency::NeedsYou);
        all.extend(self.in_trouble(Urgency::Failing));
        let louder = self.due(Event::Begins, |_| true);
        let (now, mut members) = (self.now, Vec::new());
        all.retain(|index| {
            !louder.contains(index) && !self.open[*index].told.admin.was_reminded(now)
        });
        for index in all {
            let one = &mut self.open[index];
            let Some(trouble) = one.told.present.trouble() else {
                continue;
            };
            let news = News {
                event: Event::Reminder,
                trouble,
                lasted: now.since(trouble.since),
                came: one.told.present.came,
                quiet_until: None,
            };
            one.told.admin.hear(&news, now);
            members.push((one.retrieval, news));
        }
        members.sort_by_key(|(_, news)| news.trouble.since);
        let in_trouble = members.len();
        Some(notice(Event::Reminder, members, in_trouble))
    }

    /// Members to whom this is due.
    fn due(&self, event: Event, also: impl Fn(&News) -> bool) -> Vec<usize> {
        let is_due = |index: &usize| {
            let told = &self.open[*index].told;
            let news = told.due(Listener::Admin, self.manner, self.now);
            news.is_some_and(|news| news.event == event && also(&news))
        };
        self.members.iter().copied().filter(is_due).collect()
    }

    /// Members in this trouble that were told, nobody paused them.
    fn in_trouble(&self, urgency: Urgency) -> Vec<usize> {
        let is_told = |index: &usize| {
            let told = &self.open[*index].told;
            told.admin.is_in_trouble()
                && !told.present.is_paused
                && told
                    .present
                    .trouble()
                    .is_some_and(|now| now.urgency == urgency)
        };
        self.members.iter().copied().filter(is_told).collect()
    }

    fn first(
        &self,
        members: &[usize],
        moment: impl Fn(&Told) -> Option<Timestamp>,
    ) -> Option<Timestamp> {
        let moments = members.iter().map(|index| moment(self.open[*index].told));
        // Without a moment it has waited long enough.
        moments
            .map(|moment| moment.unwrap_or(Timestamp::from_millis(0)))
            .min()
    }

    fn tell(&mut self, event: Event, members: &[usize], in_trouble: usize) -> Option<Gathered> {
        let mut told = Vec::with_capacity(members.len());
        for index in members {
            let one = &mut self.open[*index];
            if let Some(news) = one.told.tell(Listener::Admin, self.manner, self.now) {
                told.push((one.retrieval, news));
            }
        }
        told.sort_by_key(|(_, news)| news.trouble.since);
        (!told.is_empty()).then(|| notice(event, told, in_trouble))
    }
}

fn notice(event: Event, members: Vec<(RetrievalId, News)>, in_trouble: usize) -> Gathered {
    Gathered {
        place: Place::Here,
        event,
        members,
        in_trouble,
    }
}
