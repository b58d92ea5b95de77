//! Each rule with its numbers.

use super::*;

/// Tries by a clock that stands still until it is turned.
struct Scene {
    tries: Tries,
    now: Timestamp,
    saved: u64,
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ANNA: Tag = Tag(1);
const BEN: Tag = Tag(2);
const HOME: &str = "192.0.2.1";
const AWAY: &str = "203.0.113.1";

/// What came of a try, in a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Seen {
    Look,
    Wrong,
    Wait,
    Barred,
}

impl Scene {
    fn new(places: Places) -> Self {
        Self {
            tries: Tries::new(places),
            now: Timestamp::from_millis(1_773_483_726_000),
            saved: 0,
        }
    }

    fn usual() -> Self {
        Self::new(Places::USUAL)
    }

    fn ask(&mut self, from: &str, name: Tag, guess: u64) -> Verdict {
        let asked = Try {
            from: from.parse().unwrap(),
            name,
            guess: Tag(name.0 << 32 | guess),
            as_of: self.saved,
        };
        self.tries.ask(asked, self.now)
    }

    fn look(&mut self, from: &str, name: Tag, guess: u64) -> Look {
        match self.ask(from, name, guess) {
            Verdict::Look(look) => look,
            verdict => panic!("{verdict:?} for {from}, {name:?}, {guess}"),
        }
    }

    fn wrong(&mut self, from: &str, name: Tag, guess: u64) -> Answer {
        let look = self.look(from, name, guess);
        self.tries.wrong(look, self.now)
    }

    fn right(&mut self, from: &str, name: Tag) {
        let look = self.look(from, name, 0);
        self.tries.right(look, &[name], self.now);
    }

    /// What a try would come to, without a trace of it.
    fn sees(&self, from: &str, name: Tag, guess: u64) -> Seen {
        let mut scene = Self {
            tries: self.tries.clone(),
            ..*self
        };
        match scene.ask(from, name, guess) {
            Verdict::Look(_) => Seen::Look,
            Verdict::Wrong { .. } => Seen::Wrong,
            Verdict::Wait => Seen::Wait,
            Verdict::Barred { .. } => Seen::Barred,
        }
    }

    fn turn(&mut self, span: Duration) {
        self.now = self.now.plus(span);
    }
}

#[test]
fn the_answer_comes_later_each_time_up_to_eight_seconds() {
    let mut scene = Scene::usual();
    for (guess, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8)] {
        let answer = scene.wrong(HOME, ANNA, guess);
        assert_eq!(answer.delay, Duration::from_secs(seconds), "{guess}");
        assert_eq!(answer.barred_until, None, "{guess}");
    }
    scene.turn(10 * MINUTE);
    assert_eq!(scene.wrong(HOME, ANNA, 6).delay, FIRST_DELAY);
}

#[test]
fn a_network_with_ten_wrong_passwords_is_barred_for_ten_minutes() {
    let mut scene = Scene::usual();
    for guess in 1..10 {
        // At names one after the other: it is the network that counts.
        assert_eq!(scene.wrong(HOME, Tag(guess), guess).barred_until, None);
        scene.turn(Duration::from_secs(8));
    }
    let ends = scene.now.plus(10 * MINUTE);
    assert_eq!(scene.wrong(HOME, ANNA, 10).barred_until, Some(ends));
    assert_eq!(scene.sees("::ffff:192.0.2.1", BEN, 11), Seen::Barred);
    assert_eq!(scene.sees("192.0.2.2", BEN, 11), Seen::Look);
    scene.turn(10 * MINUTE - Duration::from_millis(1));
    let verdict = scene.ask(HOME, BEN, 11);
    assert!(matches!(verdict, Verdict::Barred { until } if until == ends));
    let until = scene
        .tries
        .barred_until(HOME.parse().unwrap(), BEN, scene.now);
    assert_eq!(until, Some(ends), "the try in between prolonged nothing");
    scene.turn(Duration::from_millis(1));
    for guess in 11..20 {
        assert_eq!(scene.wrong(HOME, ANNA, guess).barred_until, None, "{guess}");
    }
}

#[test]
fn one_party_has_all_addresses_of_its_ipv6_network() {
    let mut scene = Scene::usual();
    for guess in 1..=10 {
        scene.wrong(&format!("2001:db8::{guess}"), ANNA, guess);
    }
    assert_eq!(scene.sees("2001:db8::ffff:1", BEN, 1), Seen::Barred);
    assert_eq!(scene.sees("2001:db8:0:1::1", BEN, 1), Seen::Look);
}

#[test]
fn what_was_wrong_ten_minutes_ago_counts_no_more() {
    let mut scene = Scene::usual();
    for guess in 1..100 {
        let answer = scene.wrong(HOME, ANNA, guess);
        assert_eq!(answer.barred_until, None, "{guess}");
        scene.turn(MINUTE + Duration::from_secs(7));
    }
}

#[test]
fn the_same_password_again_is_no_guess_and_is_not_looked_at() {
    let mut scene = Scene::usual();
    scene.wrong(HOME, ANNA, 1);
    scene.wrong(HOME, ANNA, 2);
    for _ in 0..1000 {
        scene.turn(MINUTE);
        let verdict = scene.ask(HOME, ANNA, 1);
        assert!(matches!(verdict, Verdict::Wrong { delay } if delay <= 2 * FIRST_DELAY));
    }
    assert_eq!(scene.sees(HOME, ANNA, 2), Seen::Look, "forgotten meanwhile");
    assert_eq!(scene.sees(HOME, BEN, 1), Seen::Look, "another name's");
    assert_eq!(scene.sees(AWAY, ANNA, 1), Seen::Look, "another network's");
}

#[test]
fn a_wrong_password_is_looked_at_again_once_something_was_saved_and_counts_no_more_than_before() {
    let mut scene = Scene::usual();
    for guess in 1..10 {
        scene.wrong(HOME, ANNA, guess);
    }
    for _ in 0..20 {
        assert_eq!(scene.sees(HOME, ANNA, 9), Seen::Wrong);
        scene.saved += 1;
        assert_eq!(scene.wrong(HOME, ANNA, 9).barred_until, None);
    }
    scene.saved += 1;
    scene.right(HOME, ANNA);
}

#[test]
fn strangers_together_have_thirty_guesses_at_one_name() {
    let mut scene = Scene::usual();
    for guess in 0..30 {
        let answer = scene.wrong(&format!("198.51.100.{}", guess / 5), ANNA, guess);
        assert_eq!(answer.barred_until.is_some(), guess == 29, "{guess}");
    }
    assert_eq!(scene.sees(AWAY, ANNA, 99), Seen::Barred);
    assert_eq!(scene.sees(AWAY, BEN, 99), Seen::Look);
    scene.turn(10 * MINUTE);
    assert_eq!(scene.sees(AWAY, ANNA, 99), Seen::Look);
}

#[test]
fn whoever_is_barred_twice_hears_when_both_are_over() {
    let mut scene = Scene::usual();
    for guess in 1..=30 {
        scene.wrong(&format!("198.51.100.{guess}"), ANNA, guess);
    }
    scene.turn(MINUTE);
    for guess in 1..=10 {
        scene.wrong(HOME, BEN, guess);
    }
    let ends = scene.now.plus(10 * MINUTE);
    let verdict = scene.ask(HOME, ANNA, 99);
    assert!(matches!(verdict, Verdict::Barred { until } if until == ends));
}

#[test]
fn an_owner_comes_in_from_where_he_came_from_whatever_strangers_do() {
    let mut scene = Scene::usual();
    scene.right(HOME, ANNA);
    for guess in 1..=30 {
        scene.wrong(&format!("198.51.100.{guess}"), ANNA, guess);
    }
    assert_eq!(scene.sees(AWAY, ANNA, 0), Seen::Barred);
    assert!(scene.look(HOME, ANNA, 0).is_familiar());
    assert!(
        scene.look("192.0.2.77", ANNA, 0).is_familiar(),
        "dialled in anew"
    );
    assert_eq!(
        scene.sees("192.0.3.1", ANNA, 0),
        Seen::Barred,
        "the next street"
    );
}

#[test]
fn an_owner_comes_in_although_others_behind_his_address_are_barred() {
    let mut scene = Scene::usual();
    scene.right(HOME, ANNA);
    for guess in 1..=10 {
        scene.wrong(HOME, BEN, guess);
    }
    assert_eq!(scene.sees(HOME, BEN, 99), Seen::Barred);
    scene.right(HOME, ANNA);
}

#[test]
fn an_owner_is_barred_by_his_own_tries_only_at_that_address_and_name() {
    let mut scene = Scene::usual();
    scene.right(HOME, ANNA);
    scene.right(HOME, BEN);
    for guess in 1..=10 {
        scene.wrong(HOME, ANNA, guess);
    }
    assert_eq!(scene.sees(HOME, ANNA, 0), Seen::Barred);
    assert_eq!(scene.sees("192.0.2.2", ANNA, 0), Seen::Look);
    assert_eq!(scene.sees(HOME, BEN, 0), Seen::Look);
    assert_eq!(scene.sees(AWAY, ANNA, 0), Seen::Look);
    scene.turn(10 * MINUTE);
    scene.right(HOME, ANNA);
}

#[test]
fn the_right_password_forgives_an_owner_and_never_a_stranger() {
    let mut scene = Scene::usual();
    for guess in 1..=9 {
        scene.wrong(HOME, BEN, guess);
    }
    // The guesser's own account, between nine guesses and the next.
    scene.right(HOME, ANNA);
    assert!(scene.wrong(HOME, BEN, 10).barred_until.is_some());
    for _ in 0..5 {
        for guess in 1..=9 {
            assert_eq!(scene.wrong(HOME, ANNA, guess).barred_until, None);
        }
        scene.right(HOME, ANNA);
    }
}

#[test]
fn all_names_of_an_account_are_familiar_where_one_of_them_signed_in() {
    let mut scene = Scene::usual();
    let look = scene.look(HOME, ANNA, 0);
    scene.tries.right(look, &[ANNA, BEN], scene.now);
    assert!(scene.look(HOME, BEN, 0).is_familiar());
}

#[test]
fn a_neighbourhood_is_familiar_for_thirty_days() {
    let mut scene = Scene::usual();
    scene.right(HOME, ANNA);
    scene.turn(29 * DAY);
    assert!(scene.look(HOME, ANNA, 0).is_familiar());
    scene
        .tries
        .signed_in(HOME.parse().unwrap(), &[ANNA], scene.now);
    scene.turn(30 * DAY - Duration::from_millis(1));
    assert!(scene.look(HOME, ANNA, 0).is_familiar());
    scene.turn(Duration::from_millis(1));
    assert!(!scene.look(HOME, ANNA, 0).is_familiar());
}

#[test]
fn the_neighbourhood_of_the_longest_time_ago_gives_way_to_a_seventeenth() {
    let mut scene = Scene::usual();
    for network in 0..16 {
        scene.right(&format!("192.0.{network}.1"), ANNA);
    }
    scene.right("192.0.0.1", ANNA);
    scene.right(AWAY, ANNA);
    assert!(scene.look("192.0.0.1", ANNA, 0).is_familiar());
    assert!(scene.look(AWAY, ANNA, 0).is_familiar());
    assert!(!scene.look("192.0.1.1", ANNA, 0).is_familiar());
}

#[test]
fn who_signs_in_at_home_every_minute_keeps_the_other_neighbourhoods() {
    let mut scene = Scene::usual();
    scene.right(AWAY, ANNA);
    for _ in 0..100 {
        scene.turn(MINUTE);
        scene.right(HOME, ANNA);
    }
    assert!(scene.look(AWAY, ANNA, 0).is_familiar());
}

#[test]
fn tries_at_once_get_no_further_than_tries_one_by_one() {
    let mut scene = Scene::usual();
    let mut looks: Vec<_> = (0..10).map(|guess| scene.look(HOME, ANNA, guess)).collect();
    assert_eq!(scene.sees(HOME, ANNA, 10), Seen::Wait);
    assert_eq!(scene.sees(AWAY, ANNA, 10), Seen::Look);
    // One was right: it leaves its room to the next one.
    scene.tries.right(looks.remove(0), &[Tag(77)], scene.now);
    looks.push(scene.look(HOME, ANNA, 10));
    assert_eq!(scene.sees(HOME, ANNA, 11), Seen::Wait);
    for look in looks {
        assert_eq!(scene.sees(HOME, ANNA, 11), Seen::Wait);
        scene.tries.wrong(look, scene.now);
    }
    assert_eq!(scene.sees(HOME, ANNA, 11), Seen::Barred);
}

#[test]
fn strangers_at_once_leave_a_name_no_more_than_its_thirty() {
    let mut scene = Scene::usual();
    let looks: Vec<_> = (0..30)
        .map(|guess| scene.look(&format!("198.51.100.{guess}"), ANNA, guess))
        .collect();
    assert_eq!(scene.sees(AWAY, ANNA, 99), Seen::Wait);
    for look in looks {
        scene.tries.not_looked_at(look, scene.now);
    }
    assert_eq!(scene.sees(AWAY, ANNA, 99), Seen::Look);
}

#[test]
fn what_was_not_looked_at_is_no_try() {
    let mut scene = Scene::usual();
    for guess in 0..100 {
        let look = scene.look(HOME, ANNA, guess);
        scene.tries.not_looked_at(look, scene.now);
    }
    assert_eq!(scene.tries.strangers.len(), 0);
    assert_eq!(scene.tries.names.len(), 0);
    assert_eq!(scene.wrong(HOME, ANNA, 1).delay, FIRST_DELAY);
}

#[test]
fn a_clock_set_back_frees_nobody_and_bars_nobody_longer() {
    for (name, back) in [("an hour", DAY / 24), ("a year", 365 * DAY)] {
        let mut scene = Scene::usual();
        for guess in 1..=10 {
            scene.wrong(HOME, ANNA, guess);
        }
        scene.turn(4 * MINUTE);
        assert!(matches!(scene.ask(HOME, ANNA, 11), Verdict::Barred { .. }));
        scene.now = scene.now.minus(back);
        let ends = scene.now.plus(6 * MINUTE);
        let verdict = scene.ask(HOME, ANNA, 11);
        assert!(
            matches!(verdict, Verdict::Barred { until } if until == ends),
            "{name}: {verdict:?}"
        );
        scene.turn(6 * MINUTE);
        assert_eq!(scene.sees(HOME, ANNA, 11), Seen::Look, "{name}");
    }
}

#[test]
fn the_oldest_is_forgotten_first_and_never_one_that_is_barred() {
    let mut scene = Scene::new(Places {
        networks: 3,
        names: 100,
        familiar: 1,
    });
    for guess in 1..=10 {
        scene.wrong("192.0.2.1", ANNA, guess);
    }
    scene.wrong("192.0.2.2", BEN, 1);
    scene.wrong("192.0.2.3", BEN, 1);
    assert!(matches!(
        scene.ask("192.0.2.2", BEN, 1),
        Verdict::Wrong { .. }
    ));
    scene.wrong("192.0.2.4", BEN, 1);
    assert_eq!(scene.sees("192.0.2.1", BEN, 1), Seen::Barred);
    assert_eq!(scene.sees("192.0.2.2", BEN, 1), Seen::Wrong);
    assert_eq!(scene.sees("192.0.2.3", BEN, 1), Seen::Look, "forgotten");
    assert_eq!(scene.sees("192.0.2.4", BEN, 1), Seen::Wrong);
}

#[test]
fn whoever_finds_every_place_barred_waits_for_the_first_and_an_owner_does_not() {
    let mut scene = Scene::new(Places {
        networks: 2,
        names: 100,
        familiar: 1,
    });
    scene.right(HOME, ANNA);
    let mut ends = Vec::new();
    for network in ["198.51.100.1", "198.51.100.2"] {
        for guess in 1..=10 {
            ends.extend(scene.wrong(network, BEN, guess).barred_until);
        }
        scene.turn(MINUTE);
    }
    let verdict = scene.ask(AWAY, Tag(7), 1);
    assert!(matches!(verdict, Verdict::Barred { until } if until == ends[0]));
    scene.right(HOME, ANNA);
    scene.now = ends[0];
    scene.wrong(AWAY, Tag(7), 1);
}

#[test]
fn a_name_that_is_nobodys_is_barred_like_any_other() {
    let mut scene = Scene::usual();
    // Nothing here knows which is which: the same tries at two names come to the same.
    let mut come_to = |name| -> Vec<_> {
        (0..40)
            .map(|guess| {
                let from = format!("198.51.{name}.{guess}");
                match scene.ask(&from, Tag(name), guess) {
                    Verdict::Look(look) => Some(scene.tries.wrong(look, scene.now)),
                    _ => None,
                }
            })
            .collect()
    };
    assert_eq!(come_to(100), come_to(101));
}

#[test]
fn the_most_eager_guesser_has_no_more_than_the_days_guesses() {
    let mut scene = Scene::usual();
    let end = scene.now.plus(DAY);
    let (mut from_one, mut at_one) = (0, 0);
    while scene.now < end {
        for (from, name, guesses) in [
            (HOME.to_owned(), BEN, &mut from_one),
            ("10.0.0.0".to_owned(), ANNA, &mut at_one),
        ] {
            // The second has a network for each guess.
            let from = match *guesses {
                many if name == ANNA => format!("10.{}.{}.1", many / 250, many % 250),
                _ => from,
            };
            let guess = u64::try_from(*guesses).unwrap();
            if let Verdict::Look(look) = scene.ask(&from, name, guess) {
                scene.tries.wrong(look, scene.now);
                *guesses += 1;
            }
        }
        scene.turn(FIRST_DELAY);
    }
    assert!(
        (1_400..=A_DAY_FROM_A_NETWORK).contains(&from_one),
        "{from_one}"
    );
    assert!((4_100..=A_DAY_AT_A_NAME).contains(&at_one), "{at_one}");
}
