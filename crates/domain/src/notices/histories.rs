//! Histories of runs, and what is told of them.

use std::time::Duration;

use inhaul_types::{ErrorCode, RetrievalId, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::*;

const HOUR: Duration = Duration::from_secs(60 * 60);
const START: Timestamp = Timestamp::from_millis(1_773_483_726_000);

fn failing(since: Timestamp) -> Sight {
    Sight::InTrouble(Trouble {
        urgency: Urgency::Failing,
        code: Some(ErrorCode::NoAnswer),
        since,
    })
}

fn needs_you(code: ErrorCode, since: Timestamp) -> Sight {
    Sight::InTrouble(Trouble {
        urgency: Urgency::NeedsYou,
        code: Some(code),
        since,
    })
}

/// What the owner hears after each sight, an hour apart.
fn told_hourly(sights: &[(Sight, u64)]) -> Vec<Option<News>> {
    let mut told = Told::default();
    let mut now = START;
    let mut heard = Vec::new();
    for (sight, stored) in sights {
        told.observe(*sight, *stored, now);
        heard.push(told.tell(Listener::Owner, Manner::default(), now));
        now = now.plus(HOUR);
    }
    heard
}

fn events(heard: &[Option<News>]) -> Vec<Option<Event>> {
    heard
        .iter()
        .map(|news| news.map(|news| news.event))
        .collect()
}

#[test]
fn a_change_is_told_and_what_stays_is_not() {
    use Event::{Begins, WorksAgain};
    let refused = needs_you(ErrorCode::AuthRefused, START);
    let expired = needs_you(ErrorCode::Certificate, START);
    let down = failing(START);
    type Row<'a> = (&'a str, &'a [Sight], &'a [Option<Event>]);
    let rows: [Row<'_>; 9] = [
        ("works", &[Sight::Works, Sight::Works], &[None, None]),
        (
            "fails and works",
            &[down, Sight::Works],
            &[Some(Begins), Some(WorksAgain)],
        ),
        (
            "goes on failing",
            &[down, down, down],
            &[Some(Begins), None, None],
        ),
        (
            "gets worse",
            &[down, refused, refused],
            &[Some(Begins), Some(Begins), None],
        ),
        (
            "gets better, not well",
            &[refused, down, refused],
            &[Some(Begins), None, None],
        ),
        (
            "needs something else",
            &[refused, expired],
            &[Some(Begins), Some(Begins)],
        ),
        (
            "no news is no recovery",
            &[down, Sight::NoNews],
            &[Some(Begins), None],
        ),
        (
            "paused is no recovery",
            &[down, Sight::Paused],
            &[Some(Begins), None],
        ),
        (
            "works after a pause",
            &[down, Sight::Paused, Sight::Works],
            &[Some(Begins), None, Some(WorksAgain)],
        ),
    ];
    for (name, sights, expected) in rows {
        let sights: Vec<_> = sights.iter().map(|sight| (*sight, 0)).collect();
        assert_eq!(events(&told_hourly(&sights)), expected, "{name}");
    }
}

#[test]
fn the_recovery_says_how_long_it_lasted_and_what_came() {
    let began = Timestamp::from_millis(START.millis() - 3_600_000);
    let heard = told_hourly(&[
        (Sight::Works, 9),
        (failing(began), 2),
        (failing(began), 3),
        (Sight::Works, 41),
    ]);
    let news = heard[3].unwrap();
    assert_eq!((news.event, news.came), (Event::WorksAgain, 46));
    assert_eq!(news.lasted, HOUR * 4);
}

#[test]
fn fifty_failures_make_one_notice_and_one_reminder_a_day() {
    let heard = told_hourly(&[(failing(START), 0); 50]);
    let told: Vec<_> = (0..)
        .zip(&heard)
        .filter_map(|(hour, news)| Some((hour, news.as_ref()?.event)))
        .collect();
    assert_eq!(
        told,
        [
            (0, Event::Begins),
            (24, Event::Reminder),
            (48, Event::Reminder)
        ]
    );
}

#[test]
fn who_wants_no_reminder_gets_none() {
    let mut told = Told::default();
    let manner = Manner { remind_every: None };
    told.observe(failing(START), 0, START);
    assert!(told.tell(Listener::Owner, manner, START).is_some());
    assert_eq!(
        told.tell(Listener::Owner, manner, START.plus(DAY * 9)),
        None
    );
}

#[test]
fn what_comes_and_goes_is_told_three_times_a_day_and_ends_in_trouble() {
    let sights: Vec<_> = (0..30)
        .map(|hour| {
            (
                if hour % 2 == 0 {
                    failing(START)
                } else {
                    Sight::Works
                },
                0,
            )
        })
        .collect();
    let heard = told_hourly(&sights);
    let first_day: Vec<_> = heard[..24].iter().flatten().collect();
    assert_eq!(first_day.len(), usize::from(MOST_A_DAY));
    assert_eq!(first_day[4].event, Event::Begins);
    assert_eq!(first_day[4].quiet_until, Some(START.plus(DAY)));
    assert!(first_day[..4].iter().all(|news| news.quiet_until.is_none()));
    // The next day begins with the truth.
    assert_eq!(heard[24], None);
    assert_eq!(heard[25].unwrap().event, Event::WorksAgain);
}

#[test]
fn a_clock_set_back_does_not_silence() {
    let mut told = Told::default();
    let later = START.plus(DAY * 400);
    for sight in [
        failing(later),
        Sight::Works,
        failing(later),
        Sight::Works,
        failing(later),
    ] {
        told.observe(sight, 0, later);
        told.tell(Listener::Owner, Manner::default(), later);
    }
    told.observe(Sight::Works, 0, START);
    let news = told.tell(Listener::Owner, Manner::default(), START);
    assert_eq!(news.unwrap().event, Event::WorksAgain);
}

#[test]
fn who_is_passed_over_hears_nothing_old() {
    let mut told = Told::default();
    told.observe(failing(START), 0, START);
    told.pass_over(Listener::Owner, Manner::default(), START);
    let hour = START.plus(HOUR);
    assert_eq!(told.tell(Listener::Owner, Manner::default(), hour), None);
    assert!(
        told.tell(Listener::Admin, Manner::default(), hour)
            .is_some()
    );
}

#[test]
fn of_ten_standings_one_is_recovery_and_two_are_trouble() {
    use crate::standing::Standing;
    let began = Timestamp::from_millis(START.millis() - 1);
    for standing in Standing::ALL {
        let code = Some(ErrorCode::NoAnswer);
        let trouble = |urgency| {
            Sight::InTrouble(Trouble {
                urgency,
                code,
                since: began,
            })
        };
        let expected = match standing.as_str() {
            "working" => Sight::Works,
            "failing" => trouble(Urgency::Failing),
            "needs-you" => trouble(Urgency::NeedsYou),
            "paused" => Sight::Paused,
            _ => Sight::NoNews,
        };
        assert_eq!(
            Sight::of(standing, code, Some(began), START),
            expected,
            "{standing}"
        );
    }
}

/// Retrievals at servers, and what the administrators hear of them.
struct Machine(Vec<(&'static str, Told)>);

impl Machine {
    fn with(hosts: &[&'static str]) -> Self {
        Self(hosts.iter().map(|host| (*host, Told::default())).collect())
    }

    fn see(&mut self, who: impl IntoIterator<Item = usize>, sight: Sight, now: Timestamp) {
        for index in who {
            self.0[index].1.observe(sight, 1, now);
        }
    }

    fn hear(&mut self, now: Timestamp) -> Vec<Gathered> {
        let hosts: Vec<_> = self.0.iter().map(|(host, _)| *host).collect();
        let mut open: Vec<_> = (0..)
            .zip(&mut self.0)
            .filter(|(_, (_, told))| told.is_open())
            .map(|(id, (host, told))| Gathering {
                retrieval: RetrievalId::new(id),
                host,
                told,
            })
            .collect();
        gather(&mut open, Manner::default(), now, |host| {
            hosts.iter().filter(|one| **one == host).count()
        })
    }
}

fn named(notice: &Gathered) -> Vec<i64> {
    notice.members.iter().map(|(id, _)| id.row()).collect()
}

const FIRM: &str = "pop.firm.example";

#[test]
fn a_server_that_fails_for_many_makes_one_notice() {
    let mut machine = Machine::with(&[FIRM; 8]);
    for minute in 0..7 {
        let now = START.plus(HOUR / 60 * minute);
        machine.see([minute as usize], failing(now), now);
        assert_eq!(machine.hear(now), [], "{minute}");
    }
    let heard = machine.hear(START.plus(GATHERING));
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].place, Place::Server(FIRM.into()));
    assert_eq!((heard[0].event, heard[0].in_trouble), (Event::Begins, 7));
    assert_eq!(named(&heard[0]), [0, 1, 2, 3, 4, 5, 6]);
    // The eighth joins what is told.
    let late = START.plus(HOUR);
    machine.see([7], failing(late), late);
    assert_eq!(machine.hear(late.plus(GATHERING)), []);
    let reminder = machine.hear(START.plus(GATHERING).plus(DAY));
    assert_eq!(
        (reminder[0].event, reminder[0].members.len()),
        (Event::Reminder, 8)
    );
    let back = START.plus(DAY * 2);
    machine.see(0..8, Sight::Works, back);
    let heard = machine.hear(back);
    assert_eq!((heard.len(), heard[0].members.len()), (1, 8));
    assert_eq!(
        (heard[0].event, heard[0].in_trouble),
        (Event::WorksAgain, 0)
    );
    assert_eq!(machine.hear(back.plus(DAY)), []);
}

#[test]
fn nobody_is_waited_for_where_nobody_can_join() {
    let mut machine = Machine::with(&[FIRM, "pop.club.example"]);
    machine.see([1], failing(START), START);
    let heard = machine.hear(START);
    assert_eq!((heard.len(), named(&heard[0])), (1, vec![1]));
}

#[test]
fn what_is_over_before_it_is_told_is_never_told() {
    let mut machine = Machine::with(&[FIRM; 2]);
    machine.see([0], failing(START), START);
    assert_eq!(machine.hear(START), []);
    machine.see([0], Sight::Works, START.plus(HOUR / 6));
    assert_eq!(machine.hear(START.plus(HOUR)), []);
}

#[test]
fn mailboxes_that_need_someone_do_not_hide_behind_each_other() {
    let mut machine = Machine::with(&[FIRM; 5]);
    let refused = needs_you(ErrorCode::AuthRefused, START);
    machine.see([0, 1], refused, START);
    assert_eq!(machine.hear(START.plus(GATHERING)).len(), 1);
    let later = START.plus(HOUR);
    machine.see([2], refused, later);
    let heard = machine.hear(later.plus(GATHERING));
    assert_eq!(
        (heard.len(), named(&heard[0]), heard[0].in_trouble),
        (1, vec![2], 3)
    );
}

#[test]
fn a_full_disk_is_one_matter_whatever_the_servers() {
    let mut machine = Machine::with(&[FIRM, "pop.club.example"]);
    machine.see(0..2, needs_you(ErrorCode::DiskFull, START), START);
    assert_eq!(machine.hear(START), []);
    let heard = machine.hear(START.plus(GATHERING));
    assert_eq!(
        (heard.len(), &heard[0].place, heard[0].members.len()),
        (1, &Place::Here, 2)
    );
}

#[test]
fn a_recovery_waits_for_the_others_but_not_for_ever() {
    let mut machine = Machine::with(&[FIRM; 3]);
    machine.see(0..3, failing(START), START);
    assert_eq!(machine.hear(START).len(), 1);
    let back = START.plus(HOUR);
    machine.see(0..2, Sight::Works, back);
    assert_eq!(machine.hear(back), []);
    let heard = machine.hear(back.plus(GATHERING));
    assert_eq!(
        (heard.len(), named(&heard[0]), heard[0].in_trouble),
        (1, vec![0, 1], 1)
    );
}

/// One step of a history: how long after the last, what is seen.
fn step(minutes: std::ops::Range<u64>) -> impl Strategy<Value = (Duration, u8)> {
    (minutes, 0..6u8)
        .prop_map(|(minutes, kind)| (HOUR / 60 * u32::try_from(minutes).unwrap(), kind))
}

fn sight(kind: u8, now: Timestamp) -> Sight {
    match kind {
        0 | 1 => Sight::Works,
        2 => failing(now),
        3 => needs_you(ErrorCode::AuthRefused, now),
        4 => needs_you(ErrorCode::Certificate, now),
        _ => Sight::NoNews,
    }
}

/// The same cases on every machine; `PROPTEST_CASES` asks for more of them.
fn config() -> Config {
    Config {
        rng_seed: RngSeed::Fixed(1939),
        failure_persistence: None,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn of_unhurried_changes_each_is_told_once(
        steps in proptest::collection::vec(step(360..5000), 0..40)
    ) {
        let (mut told, mut now, mut believed) = (Told::default(), START, None);
        for (gap, kind) in steps {
            now = now.plus(gap);
            // The oracle: 1 failing, 2 and 3 the two kinds that need someone.
            let state = match kind { 0 | 1 => None, 5 => believed, kind => Some(kind) };
            let expected = match (believed, state) {
                (None, Some(_)) => Some(Event::Begins),
                (Some(_), None) => Some(Event::WorksAgain),
                (Some(old), Some(new)) if new != 2 && old != new => Some(Event::Begins),
                _ => None,
            };
            if expected.is_some() {
                believed = state;
            }
            told.observe(sight(kind, now), 0, now);
            let news = told.tell(Listener::Owner, Manner { remind_every: None }, now);
            prop_assert_eq!(news.map(|news| news.event), expected);
            prop_assert_eq!(told.tell(Listener::Owner, Manner { remind_every: None }, now), None);
        }
    }

    #[test]
    fn any_history_is_bounded_ordered_and_survives_restarts(
        steps in proptest::collection::vec(step(0..600), 0..120)
    ) {
        let (mut told, mut now) = (Told::default(), START);
        let (mut changes, mut last, mut believes) = (Vec::new(), None::<Timestamp>, false);
        for (gap, kind) in steps {
            now = now.plus(gap);
            told = Told::parse(&told.to_text()).unwrap();
            told.observe(sight(kind, now), 0, now);
            let Some(news) = told.tell(Listener::Owner, Manner::default(), now) else {
                continue;
            };
            match news.event {
                Event::Begins => believes = true,
                Event::WorksAgain => {
                    prop_assert!(believes, "recovery of what was never told");
                    believes = false;
                }
                Event::Reminder => {
                    prop_assert!(believes);
                    prop_assert!(now.since(last.unwrap()) >= DAY, "reminded within a day");
                }
            }
            last = Some(now);
            if news.event != Event::Reminder {
                changes.push(now);
            }
        }
        // Two counted days can overlap any 24 hours.
        for (index, first) in changes.iter().enumerate() {
            let within = changes[index..].iter().filter(|at| at.since(*first) < DAY).count();
            prop_assert!(within <= 2 * usize::from(MOST_A_DAY));
        }
        // What was held back comes out when the day is over.
        let end = now.plus(DAY);
        told.tell(Listener::Owner, Manner { remind_every: None }, end);
        prop_assert_eq!(told.owner.is_in_trouble(), told.present.trouble().is_some());
    }

    #[test]
    fn administrators_hear_of_recoveries_only_where_they_heard_of_trouble(
        steps in proptest::collection::vec((0..4usize, step(0..120)), 0..120)
    ) {
        let mut machine = Machine::with(&[FIRM, FIRM, FIRM, "pop.club.example"]);
        let (mut now, mut reminded) = (START, [None::<Timestamp>; 4]);
        for (who, (gap, kind)) in steps {
            now = now.plus(gap);
            machine.see([who], sight(kind, now), now);
            let before: Vec<_> = machine.0.iter().map(|(_, told)| told.admin.is_in_trouble()).collect();
            for notice in machine.hear(now) {
                prop_assert!(!notice.members.is_empty());
                for (id, news) in &notice.members {
                    let id = usize::try_from(id.row()).unwrap();
                    prop_assert_eq!(news.event, notice.event);
                    prop_assert!(before[id] || notice.event == Event::Begins);
                    if notice.event == Event::Reminder {
                        let last = reminded[id].replace(now);
                        prop_assert!(last.is_none_or(|last| now.since(last) >= DAY));
                    }
                }
            }
            prop_assert_eq!(machine.hear(now), [], "twice");
        }
    }
}
