//! One listener: what they have heard of a retrieval, and what they hear next.

use inhaul_types::Timestamp;

use super::{DAY, Event, Manner, News, Present, Trouble, Urgency, is_over};

/// How often one retrieval's changes are told in a day, which begins with the first of them. The
/// last is always that it is in trouble: whoever hears no more looks after it.
pub const MOST_A_DAY: u8 = 5;

/// What one listener has heard of one retrieval.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ear {
    /// The trouble they believe it to be in.
    pub(super) heard: Option<Trouble>,
    /// When they were last told of a change.
    pub(super) told_at: Option<Timestamp>,
    /// When they were last reminded.
    pub(super) reminded_at: Option<Timestamp>,
    /// When the day began in which changes are counted.
    pub(super) day_began: Option<Timestamp>,
    /// Changes told in that day.
    pub(super) told_that_day: u8,
}

impl Ear {
    /// Whether they believe it to be in trouble.
    pub fn is_in_trouble(&self) -> bool {
        self.heard.is_some()
    }

    /// When they were last told of a change.
    pub fn told_at(&self) -> Option<Timestamp> {
        self.told_at
    }

    /// When they were last reminded.
    pub fn reminded_at(&self) -> Option<Timestamp> {
        self.reminded_at
    }

    /// What they are to hear now.
    pub(super) fn due(&self, present: &Present, manner: Manner, now: Timestamp) -> Option<News> {
        if present.is_paused {
            return None;
        }
        let room = MOST_A_DAY - self.told_in_day(now).min(MOST_A_DAY);
        let news = |event, trouble: Trouble, until: Timestamp| News {
            event,
            trouble,
            lasted: until.since(trouble.since),
            came: present.came,
            quiet_until: None,
        };
        match (self.heard, present.trouble()) {
            (None, None) => None,
            (None, Some(trouble)) => self.begins(news(Event::Begins, trouble, now), room, now),
            (Some(heard), Some(trouble)) if asks_for_more(heard, trouble) => {
                self.begins(news(Event::Begins, trouble, now), room, now)
            }
            (Some(_), Some(trouble)) => {
                let last = self.reminded_at.max(self.told_at)?;
                let wait = manner.remind_every?.max(DAY);
                is_over(last, wait, now).then(|| news(Event::Reminder, trouble, now))
            }
            // The last word of a day is for the next trouble.
            (Some(heard), None) if room > 1 => {
                let ended = present.ended.unwrap_or(now);
                Some(news(Event::WorksAgain, heard, ended))
            }
            (Some(_), None) => None,
        }
    }

    /// A trouble is told while the day has room; in the last place with the word that it is the last.
    fn begins(&self, news: News, room: u8, now: Timestamp) -> Option<News> {
        let day_began = match self.told_in_day(now) {
            0 => now,
            _ => self.day_began.unwrap_or(now),
        };
        match room {
            0 => None,
            1 => Some(News {
                quiet_until: Some(day_began.plus(DAY)),
                ..news
            }),
            _ => Some(news),
        }
    }

    /// They have heard it.
    pub(super) fn hear(&mut self, news: &News, now: Timestamp) {
        if news.event == Event::Reminder {
            self.reminded_at = Some(now);
            return;
        }
        self.heard = (news.event == Event::Begins).then_some(news.trouble);
        self.told_that_day = self.told_in_day(now).saturating_add(1);
        if self.told_that_day == 1 {
            self.day_began = Some(now);
        }
        self.told_at = Some(now);
    }

    /// It is part of what they have heard already; costs no place in the day.
    pub(super) fn join(&mut self, trouble: Trouble, now: Timestamp) {
        self.heard = Some(trouble);
        self.told_at = Some(now);
    }

    /// Whether they were reminded within a day.
    pub(super) fn was_reminded(&self, now: Timestamp) -> bool {
        self.reminded_at.is_some_and(|at| !is_over(at, DAY, now))
    }

    fn told_in_day(&self, now: Timestamp) -> u8 {
        match self.day_began {
            Some(began) if !is_over(began, DAY, now) => self.told_that_day,
            _ => 0,
        }
    }
}

/// Whether this trouble asks something of a person that the one they know of did not: it needs
/// someone now, or needs them for something else. One that only fails never does.
fn asks_for_more(heard: Trouble, present: Trouble) -> bool {
    present.urgency == Urgency::NeedsYou
        && (heard.urgency == Urgency::Failing || heard.code != present.code)
}
