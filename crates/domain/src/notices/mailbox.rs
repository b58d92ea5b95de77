//! A mailbox here that mail is put into although it holds more than it may: what a catch-all does.

use inhaul_types::{ErrorCode, Timestamp};

use super::{Event, Listener, Manner, News, Sight, Told, Trouble, Urgency};

/// How much a mailbox here holds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Fill {
    /// No more than it may.
    Within,
    /// More.
    Over,
}

impl Told {
    /// Takes what is seen of a mailbox. Whoever made room knows of it, so that there is room counts
    /// as heard at once.
    pub fn observe_fill(&mut self, fill: Fill, now: Timestamp) {
        let sight = match fill {
            Fill::Within => Sight::Works,
            Fill::Over => Sight::InTrouble(Trouble {
                urgency: Urgency::NeedsYou,
                code: Some(ErrorCode::MailboxFull),
                since: self.present.trouble().map_or(now, |known| known.since),
            }),
        };
        self.observe(sight, 0, now);
        if fill == Fill::Within {
            for listener in [Listener::Owner, Listener::Admin] {
                self.pass_over(listener, Manner::default(), now);
            }
        }
    }

    /// What this listener hears of a mailbox now, if anything; it counts as told from then on. Never
    /// that there is room again.
    pub fn tell_of_fill(
        &mut self,
        listener: Listener,
        manner: Manner,
        now: Timestamp,
    ) -> Option<News> {
        let news = self.tell(listener, manner, now)?;
        (news.event != Event::WorksAgain).then_some(news)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::DAY;
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const NOW: Timestamp = Timestamp::from_millis(1_773_483_726_000);

    /// What the owner hears of these sights, an hour apart.
    fn heard(fills: &[Fill], manner: Manner) -> Vec<(usize, Event)> {
        let mut told = Told::default();
        let mut heard = Vec::new();
        for (hours, fill) in (0..).zip(fills) {
            let now = NOW.plus(HOUR * hours);
            told.observe_fill(*fill, now);
            // The minute after it hears no more.
            for now in [now, now.plus(HOUR / 60)] {
                let news = told.tell_of_fill(Listener::Owner, manner, now);
                heard.extend(news.map(|news| (hours as usize, news.event)));
            }
            told = Told::parse(&told.to_text()).unwrap();
        }
        heard
    }

    #[test]
    fn a_mailbox_over_its_limit_is_told_once_until_it_was_below() {
        use Fill::{Over, Within};
        let heard = heard(
            &[Within, Over, Over, Over, Within, Within, Over, Over],
            Manner::default(),
        );
        assert_eq!(heard, [(1, Event::Begins), (6, Event::Begins)]);
    }

    #[test]
    fn one_that_stays_over_is_told_again_as_often_as_anything_is() {
        let row = [Fill::Over; 60];
        let begins = (0, Event::Begins);
        let daily = [begins, (24, Event::Reminder), (48, Event::Reminder)];
        assert_eq!(heard(&row, Manner::default()), daily);
        let never = Manner { remind_every: None };
        assert_eq!(heard(&row, never), [begins]);
    }

    #[test]
    fn its_trouble_is_as_old_as_the_first_sight_of_it() {
        let mut told = Told::default();
        told.observe_fill(Fill::Over, NOW);
        told.observe_fill(Fill::Over, NOW.plus(DAY));
        let news = told.tell_of_fill(Listener::Admin, Manner::default(), NOW.plus(DAY));
        assert_eq!(news.unwrap().lasted, DAY);
    }

    #[test]
    fn one_that_goes_up_and_down_falls_silent_for_the_day() {
        let row: Vec<_> = [Fill::Over, Fill::Within].repeat(14);
        let heard = heard(&row, Manner { remind_every: None });
        let hours: Vec<_> = heard.iter().map(|(hours, _)| *hours).collect();
        // The third is the last of the first day, which takes no end: the next day begins with it.
        assert_eq!(hours, [0, 2, 4, 26], "{heard:?}");
    }
}
