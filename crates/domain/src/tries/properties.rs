//! What holds for whatever anybody does: tries from many networks at many names, some at once, with
//! a clock that is turned, set ahead and set back.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;

use super::tally::WINDOW;
use super::*;

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody tries. `ends` says how; `None`: it is still being looked at.
    Try {
        from: u8,
        name: u64,
        guess: u64,
        ends: Option<End>,
    },
    /// One that is being looked at ends.
    End(usize, End),
    /// Time passes.
    Turn(Duration),
    /// Somebody sets the clock back.
    SetBack(Duration),
    /// Somebody saves an account.
    Save,
    /// The owner signs in at home.
    Owner,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Wrong,
    Right,
    NotLooked,
}

/// The owner's name; strangers never have its password.
const OWNED: u64 = 0;
const OWNERS_NETWORK: u8 = 0;
/// The only name whose password strangers have, where there is room for everybody: they would bar
/// themselves there until the few places for owners are full.
const STRANGERS_OWN: u64 = 3;

fn address(network: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, network, 0, 1))
}

/// Most tries are wrong, most wrong ones are new, and many come in little time: otherwise no
/// sequence would get as far as a bar.
fn step() -> impl Strategy<Value = Step> {
    let end = || {
        prop_oneof![
            8 => Just(End::Wrong),
            1 => Just(End::Right),
            1 => Just(End::NotLooked),
        ]
    };
    let name = prop_oneof![2 => Just(OWNED), 1 => 0..4_u64];
    let ends = prop_oneof![9 => end().prop_map(Some), 1 => Just(None)];
    prop_oneof![
        100 => (1..7_u8, name, 0..60_u64, ends)
            .prop_map(|(from, name, guess, ends)| Step::Try { from, name, guess, ends }),
        6 => (any::<usize>(), end()).prop_map(|(which, end)| Step::End(which, end)),
        8 => (0..30_000_u64).prop_map(|millis| Step::Turn(Duration::from_millis(millis))),
        1 => (0..1_200_u64).prop_map(|seconds| Step::Turn(Duration::from_secs(seconds))),
        1 => (0..100_000_u64).prop_map(|seconds| Step::SetBack(Duration::from_secs(seconds))),
        1 => Just(Step::Save),
        1 => Just(Step::Owner),
    ]
}

/// A guess that was wrong.
#[derive(Clone, Copy)]
struct Guess {
    from: u8,
    name: u64,
    guess: u64,
    is_strangers: bool,
    /// Time that passed since the beginning.
    at: Duration,
}

/// The tries, and what is to be true of them, counted in another way.
struct Model {
    tries: Tries,
    places: Places,
    clock: Timestamp,
    passed: Duration,
    saved: u64,
    open: Vec<(Look, u8, u64, u64)>,
    wrong: Vec<Guess>,
    /// Network and name, and until when they are barred.
    barred: Vec<(u8, u64, Duration)>,
    owner_was_here: bool,
}

impl Model {
    fn new(places: Places) -> Self {
        Self {
            tries: Tries::new(places),
            places,
            clock: Timestamp::from_millis(1_773_483_726_000),
            passed: Duration::ZERO,
            saved: 0,
            open: Vec::new(),
            wrong: Vec::new(),
            barred: Vec::new(),
            owner_was_here: false,
        }
    }

    fn ask(&mut self, from: u8, name: u64, guess: u64) -> Verdict {
        let asked = Try {
            from: address(from),
            name: Tag(name),
            guess: Tag(name * 1_000 + guess),
            as_of: self.saved,
        };
        self.tries.ask(asked, self.clock)
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Try {
                from,
                name,
                guess,
                ends,
            } => self.stranger(from, name, guess, ends)?,
            Step::End(_, _) if self.open.is_empty() => {}
            Step::End(which, end) => {
                let (look, from, name, guess) = self.open.swap_remove(which % self.open.len());
                self.end(look, from, name, guess, end)?;
            }
            Step::Turn(span) => {
                self.clock = self.clock.plus(span);
                self.passed += span;
            }
            Step::SetBack(span) => self.clock = self.clock.minus(span),
            Step::Save => self.saved += 1,
            Step::Owner => self.owner()?,
        }
        // Somebody asks all the time, so it is known how far a clock went back.
        self.tries.barred_until(address(9), Tag(9), self.clock);
        self.check()
    }

    fn stranger(
        &mut self,
        from: u8,
        name: u64,
        guess: u64,
        ends: Option<End>,
    ) -> Result<(), TestCaseError> {
        let known_bar = |(network, whose, until): &(u8, u64, Duration)| {
            (*network, *whose) == (from, name) && self.passed < *until
        };
        let is_barred = self.barred.iter().any(known_bar);
        let verdict = self.ask(from, name, guess);
        if is_barred {
            prop_assert!(
                matches!(verdict, Verdict::Barred { .. }),
                "freed early: {verdict:?}"
            );
        }
        match verdict {
            Verdict::Look(look) => match ends {
                Some(end) => self.end(look, from, name, guess, end)?,
                None => self.open.push((look, from, name, guess)),
            },
            Verdict::Wait => prop_assert!(!self.open.is_empty(), "waits for nothing"),
            Verdict::Barred { until } => {
                let left = until.since(self.clock);
                prop_assert!(left > Duration::ZERO, "a bar that is over");
                prop_assert!(left <= tally::BARRED_FOR, "barred for {left:?}");
            }
            Verdict::Wrong { delay } => {
                prop_assert!((FIRST_DELAY..=8 * FIRST_DELAY).contains(&delay));
                let known = |wrong: &Guess| (wrong.name, wrong.guess) == (name, guess);
                prop_assert!(self.wrong.iter().any(known), "never looked at");
            }
        }
        Ok(())
    }

    fn end(
        &mut self,
        look: Look,
        from: u8,
        name: u64,
        guess: u64,
        end: End,
    ) -> Result<(), TestCaseError> {
        match end {
            End::Right if name == STRANGERS_OWN && self.places == ROOMY => {
                self.tries.right(look, &[Tag(name)], self.clock);
                // There he is the owner now, and what he does there is counted as an owner's.
                self.barred
                    .retain(|(network, whose, _)| (*network, *whose) != (from, name));
            }
            End::Right | End::NotLooked => self.tries.not_looked_at(look, self.clock),
            End::Wrong => {
                let is_strangers = !look.is_familiar();
                let answer = self.tries.wrong(look, self.clock);
                prop_assert!((FIRST_DELAY..=8 * FIRST_DELAY).contains(&answer.delay));
                self.wrong.push(Guess {
                    from,
                    name,
                    guess,
                    is_strangers,
                    at: self.passed,
                });
                let was_made_his = name == STRANGERS_OWN;
                if let Some(until) = answer.barred_until
                    && !was_made_his
                {
                    let until = self.passed + until.since(self.clock);
                    self.barred.push((from, name, until));
                }
            }
        }
        Ok(())
    }

    /// He has the right password, and is let in each time.
    fn owner(&mut self) -> Result<(), TestCaseError> {
        match self.ask(OWNERS_NETWORK, OWNED, 999) {
            Verdict::Look(look) => {
                if self.owner_was_here {
                    prop_assert!(look.is_familiar());
                }
                self.tries.right(look, &[Tag(OWNED)], self.clock);
                self.owner_was_here = true;
            }
            verdict => prop_assert!(!self.owner_was_here, "the owner is shut out: {verdict:?}"),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        prop_assert!(self.tries.strangers.len() <= self.places.networks);
        prop_assert!(self.tries.owners.len() <= self.places.networks);
        prop_assert!(self.tries.names.len() <= self.places.names);
        prop_assert!(self.tries.familiar.len() <= self.places.familiar);
        Ok(())
    }

    /// The most different wrong guesses of strangers in any stretch of [`WINDOW`], of those that
    /// are chosen.
    fn most_at_once(&self, chosen: impl Fn(&Guess) -> bool) -> usize {
        let strangers = self.wrong.iter().filter(|guess| guess.is_strangers);
        let chosen: Vec<_> = strangers.filter(|guess| chosen(guess)).collect();
        let within = |first: &Guess| {
            let last = first.at + WINDOW;
            let mut different = HashSet::new();
            for guess in &chosen {
                if guess.at >= first.at && guess.at < last {
                    different.insert((guess.name, guess.guess));
                }
            }
            different.len()
        };
        chosen.iter().map(|first| within(first)).max().unwrap_or(0)
    }
}

const ROOMY: Places = Places {
    networks: 100,
    names: 100,
    familiar: 100,
};

/// Fewer places than there are networks and names.
const CRAMPED: Places = Places {
    networks: 3,
    names: 2,
    familiar: 2,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn guesses_are_bounded_and_owners_never_shut_out(
        steps in prop::collection::vec(step(), 1..500),
    ) {
        let mut model = Model::new(ROOMY);
        model.owner()?;
        for step in steps {
            model.take(step)?;
            model.owner()?;
        }
        for network in 1..7 {
            let most = model.most_at_once(|guess| guess.from == network);
            prop_assert!(most <= FROM_A_NETWORK, "{most} from network {network}");
        }
        for name in 0..4 {
            let most = model.most_at_once(|guess| guess.name == name);
            prop_assert!(most <= AT_A_NAME, "{most} at name {name}");
        }
    }

    #[test]
    fn with_too_few_places_nobody_barred_is_forgotten_nor_an_owner_shut_out(
        steps in prop::collection::vec(step(), 1..500),
    ) {
        let mut model = Model::new(CRAMPED);
        model.owner()?;
        for step in steps {
            model.take(step)?;
            model.owner()?;
        }
    }
}

/// The sequences above get far enough to prove something.
#[test]
fn the_sequences_reach_the_bars() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let (mut by_network, mut by_name, mut waits) = (0, 0, 0);
    for _ in 0..50 {
        let steps = prop::collection::vec(step(), 400..500)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut model = Model::new(ROOMY);
        for step in steps {
            if let Step::Try { from, name, .. } = step {
                let network = Network::of(address(from));
                let now = model.tries.steady.at(model.clock);
                let own = model.tries.strangers.check(network, now);
                let whole = model.tries.names.check(Tag(name), now);
                by_network += usize::from(matches!(own, Err(NotNow::Barred(_))));
                by_name += usize::from(matches!(whole, Err(NotNow::Barred(_))));
                waits += usize::from(own == Err(NotNow::Busy) || whole == Err(NotNow::Busy));
            }
            model.take(step).unwrap();
        }
    }
    assert!(
        by_network > 100 && by_name > 100 && waits > 100,
        "{by_network} {by_name} {waits}"
    );
}
