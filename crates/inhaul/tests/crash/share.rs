//! A catch-all under attack: the process is killed while it shares a maildrop out among fifty
//! people, and once more while it recovers. In the end each has what was theirs, once; and at no
//! moment has somebody a message that another of its recipients lacks.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use inhaul_testkit::{
    Copies, CutMode, CutProxy, Dovecot, DovecotOptions, Firm, Provider, Running, Signal, Source,
};

use crate::installation::{Dice, Difference, Installation};
use crate::sharing::{Folders, Home, differences};
use crate::{SLOW, Trial};

#[test]
fn a_killed_process_that_shares_out_loses_and_doubles_nothing() {
    let Some(mut trial) = Trial::of("share", 9) else {
        return;
    };
    let mut stage = Stage::new(trial.rounds);
    for round in 0..trial.rounds {
        let mut dice = trial.dice(round);
        // One message for all, one for each that names them, and copies that nothing tells apart.
        let provider = PROVIDERS[usize::try_from(round).unwrap() % PROVIDERS.len()];
        let (user, home) = stage.fresh(provider);
        if round % 2 == 1 {
            // Half of them are over their limit already. Their mail comes all the same.
            for person in stage.firm.people.iter().step_by(2) {
                let words = ["account", "set", &person.name, "--limit", "mailbox=1KB"];
                home.installation.inhaul.ok(&words).unwrap();
            }
        }
        let kills = 1 + round % 2;
        for _ in 0..kills {
            trial.hits += u64::from(stage.kill_one(&home, provider, &mut dice));
            let found = home.folders(&stage.octets);
            let torn = stage.torn(&found, provider);
            if !torn.is_empty() {
                trial.failed.push(format!("round {round}: torn: {torn:?}"));
            }
            let count = found.values().flat_map(|folder| folder.values()).sum();
            trial.left[stage.state(&user, count, provider)] += 1;
        }
        trial.count(round, stage.bring_home(&user, &home, provider));
    }
    trial.conclude();
}

/// A server with a maildrop for each round, and a line to it.
struct Stage {
    firm: Firm,
    server: Dovecot,
    line: CutProxy,
    users: u32,
    /// Everything that the server ever had.
    octets: HashSet<Vec<u8>>,
    /// A session that nobody disturbs, for each provider.
    sessions: Vec<Session>,
}

/// What attacks are aimed by.
#[derive(Clone, Copy)]
struct Session {
    /// What the server says in it until the last body is there.
    bodies: u64,
    /// How long the last commits and the deletions take behind that.
    rest: Duration,
}

impl Stage {
    fn new(rounds: u64) -> Self {
        let options = DovecotOptions {
            users: u32::try_from(rounds).unwrap() + 6,
            ..DovecotOptions::default()
        };
        let server = Dovecot::start(&options).unwrap();
        let line = CutProxy::start(server.pop3_addr(), CutMode::Pass).unwrap();
        let mut stage = Self {
            firm: Firm::with_letters(LETTERS),
            server,
            line,
            users: 0,
            octets: HashSet::new(),
            sessions: Vec::new(),
        };
        for provider in PROVIDERS {
            let session = stage.undisturbed(provider);
            stage.sessions.push(session);
        }
        stage
    }

    /// A maildrop nobody has read yet, and an installation that is to share it out.
    fn fresh(&mut self, provider: Provider) -> (String, Home) {
        self.users += 1;
        let user = format!("u{}", self.users);
        let messages = self.firm.as_left_by(provider);
        self.server.fill(&user, &messages).unwrap();
        if self.sessions.len() < PROVIDERS.len() {
            // Later maildrops have the same.
            self.octets.extend(self.server.retr_all(&user).unwrap());
        }
        let home = Home::in_installation(Installation::new(), &self.firm);
        home.catch_all(self.line.addr(), &user, "auto");
        (user, home)
    }

    /// Brings everything home once to see how long it takes.
    fn undisturbed(&mut self, provider: Provider) -> Session {
        let (user, home) = self.fresh(provider);
        let before = self.line.server_octets();
        let found = self.bring_home(&user, &home, provider);
        assert_eq!(found, Difference::default());
        let messages = self.firm.copies(provider) as u64;
        let answers = messages * ANSWER + FAREWELL;
        let bodies = self.line.server_octets() - before - answers;
        let (user, home) = self.fresh(provider);
        let mut pull = self.pull_until(&home, bodies);
        let began = Instant::now();
        assert!(pull.wait(PATIENCE).unwrap().is_some(), "a pull hangs");
        let rest = began.elapsed();
        assert_eq!(self.server.count(&user).unwrap(), 0);
        Session { bodies, rest }
    }

    /// Starts a pull and returns when the server has said so much, or when it has ended.
    fn pull_until(&self, home: &Home, octets: u64) -> Running {
        let until = self.line.server_octets() + octets;
        let mut pull = home.installation.inhaul.spawn(&["pull", "firm"]).unwrap();
        while self.line.server_octets() < until && pull.wait(Duration::ZERO).unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(20));
        }
        pull
    }

    /// Kills a pull somewhere among the bodies, over a line so slow that commits are made meanwhile,
    /// or behind them. Whether it was still running.
    fn kill_one(&self, home: &Home, provider: Provider, dice: &mut Dice) -> bool {
        let Session { bodies, rest } = self.sessions[place_of(provider)];
        let (mode, octets, later) = match dice.below(4) {
            0 => (CutMode::Pass, dice.below(bodies), Duration::ZERO),
            1 => (SLOW, bodies / 2 + dice.below(bodies / 2), Duration::ZERO),
            _ => (CutMode::Pass, bodies, dice.moment(rest / 2)),
        };
        self.line.set_next(mode);
        let mut pull = self.pull_until(home, octets);
        std::thread::sleep(later);
        let runs = pull.wait(Duration::ZERO).unwrap().is_none();
        pull.signal(Signal::KILL).unwrap();
        pull.kill().unwrap();
        runs
    }

    /// Messages that some of their recipients have and others lack.
    fn torn(&self, found: &Folders, provider: Provider) -> Vec<String> {
        let single = |letter: &&inhaul_testkit::Letter| letter.copies(provider) == 1;
        let torn = self.firm.letters.iter().filter(single).filter(|letter| {
            let places = letter.expected(provider, Source::Auto);
            let has = |place: &String| {
                let folder = found.get(place);
                folder.is_some_and(|folder| folder.contains_key(&letter.subject))
            };
            let having = places.keys().filter(|place| has(place)).count();
            having != 0 && having != places.len()
        });
        torn.map(|letter| letter.subject.clone()).collect()
    }

    /// Nothing is here, a part, everything, everything and it is deleted there.
    fn state(&self, user: &str, here: usize, provider: Provider) -> usize {
        let expected = self.firm.expected(provider, Source::Auto);
        let all: usize = expected.values().flat_map(|folder| folder.values()).sum();
        match here {
            0 => 0,
            here if here < all => 1,
            _ if self.server.count(user).unwrap() > 0 => 2,
            _ => 3,
        }
    }

    /// Pulls until the maildrop is empty, and compares.
    fn bring_home(&self, user: &str, home: &Home, provider: Provider) -> Difference {
        let mut said = Vec::new();
        self.line.set_next(CutMode::Pass);
        while self.server.count(user).unwrap() > 0 {
            assert!(
                said.len() < TRIES,
                "{user} is not empty in the end: {said:#?}\n{}",
                home.installation.log()
            );
            said.push(home.installation.inhaul.run(&["pull", "firm"]).unwrap());
        }
        let found = home.folders(&self.octets);
        let expected = self.firm.expected(provider, Source::Auto);
        for line in differences(&found, &expected) {
            println!("{user} by {provider:?}: {line}");
        }
        let sum = |these: &Folders, others: &Folders| -> usize {
            let entries = these.iter().flat_map(|(place, folder)| {
                let other = others.get(place);
                folder.iter().map(move |(subject, count)| {
                    let other = other.and_then(|folder| folder.get(subject));
                    count.saturating_sub(other.copied().unwrap_or(0))
                })
            });
            entries.sum()
        };
        Difference {
            lost: sum(&expected, &found),
            doubled: sum(&found, &expected),
        }
    }
}

fn place_of(provider: Provider) -> usize {
    let place = PROVIDERS.iter().position(|one| *one == provider);
    place.expect("only these are used")
}

/// What the rounds take in turn.
const PROVIDERS: [Provider; 3] = [
    Provider::EnvelopeTo(Copies::One),
    Provider::DeliveredTo,
    Provider::Silent(Copies::PerRecipient),
];
/// Enough for several commits.
const LETTERS: usize = 220;
/// Runs that must be enough to bring everything home.
const TRIES: usize = 6;
/// About what the server answers to DELE, in octets.
const ANSWER: u64 = 27;
/// And to QUIT, and a little of the last body.
const FAREWELL: u64 = 100;
const PATIENCE: Duration = Duration::from_secs(120);
