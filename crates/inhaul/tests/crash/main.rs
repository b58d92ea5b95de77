//! The real binary is killed, cut off, left without an answer to QUIT, and loses its disk, at
//! moments nobody chose; then it runs again until the maildrop is empty, and messages are counted:
//! every one is here, and here once.
//!
//! `INHAUL_CRASH_ROUNDS` says how many rounds of each kind, `INHAUL_CRASH_KIND` which kind alone
//! (`cargo xtask crash` sets both), `INHAUL_CRASH_SEED` repeats what a failed run printed.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]
#![allow(clippy::print_stdout, reason = "what was tried belongs to the report")]

#[path = "../installation/mod.rs"]
mod installation;
mod power;
mod share;
#[path = "../sharing_out/home.rs"]
mod sharing;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use inhaul_testkit::{CutMode, CutProxy, Dovecot, DovecotOptions, Running, Signal};

use installation::{Dice, Difference, Installation, assert_each_once, difference, wait_until};
use power::Disk;

/// Kills at moments spread over the whole time of an undisturbed pull, over a fast line and one so
/// slow that several commits are made; in every other round where the deletions are due. Now and
/// then the run that recovers is killed too.
#[test]
fn a_killed_process_loses_and_doubles_nothing() {
    let Some(mut trial) = Trial::of("kill", 24) else {
        return;
    };
    let mut stage = Stage::new(trial.rounds);
    let full = [CutMode::Pass, SLOW].map(|mode| (mode, stage.undisturbed(mode)));
    for round in 0..trial.rounds {
        let mut dice = trial.dice(round);
        let (user, home) = stage.fresh(None);
        let (mode, full) = full[usize::from(round % 4 == 2)];
        // One moment in each of as many equal parts as there are rounds.
        let part = full / u32::try_from(trial.rounds).unwrap();
        let moment = part * u32::try_from(round).unwrap() + dice.moment(part);
        let mut moments = vec![match round % 2 {
            0 => Moment::After(moment),
            _ => Moment::Deleting(dice.moment(DELETING)),
        }];
        if round % 5 == 4 {
            moments.push(Moment::After(dice.moment(full)));
        }
        for moment in moments {
            stage.line.set_next(mode);
            let mut pull = stage.pull_until(&home, moment);
            trial.hits += u64::from(pull.wait(Duration::ZERO).unwrap().is_none());
            // At once; `kill` has its guard to dismiss first.
            pull.signal(Signal::KILL).unwrap();
            pull.kill().unwrap();
            trial.look(&stage, &user, &home);
        }
        trial.count(round, stage.bring_home(&user, &home));
    }
    trial.conclude();
}

/// Cuts after so many octets of the server's, in every part of the session; in half of the rounds
/// the session that recovers is cut too.
#[test]
fn a_cut_line_loses_and_doubles_nothing() {
    let Some(mut trial) = Trial::of("cut", 28) else {
        return;
    };
    let mut stage = Stage::new(trial.rounds);
    stage.undisturbed(CutMode::Pass);
    let total = stage.octets;
    for round in 0..trial.rounds {
        let mut dice = trial.dice(round);
        let (user, home) = stage.fresh(None);
        let cuts = stage.line.cuts();
        for session in 0..=round % 2 {
            let place = match (round + session) % 7 {
                0 => dice.below(SIGN_IN),
                1 => SIGN_IN + dice.below(LISTINGS),
                2..=4 => dice.below(total),
                5 => total.saturating_sub(dice.below(ANSWERS)),
                _ => total.saturating_sub(dice.below(FAREWELL)),
            };
            stage.line.set_next(CutMode::AfterServerOctets(place));
            home.inhaul.run(&["pull", "isp"]).unwrap();
            trial.look(&stage, &user, &home);
        }
        trial.hits += (stage.line.cuts() - cuts) as u64;
        trial.count(round, stage.bring_home(&user, &home));
    }
    trial.conclude();
}

/// The line is cut where the client says QUIT: before the server hears it, or behind it.
#[test]
fn a_cut_at_quit_loses_and_doubles_nothing() {
    let Some(mut trial) = Trial::of("quit", 6) else {
        return;
    };
    let mut stage = Stage::new(trial.rounds);
    let there = stage.there.len();
    for round in 0..trial.rounds {
        let mode = if round % 2 == 0 {
            CutMode::BeforeQuit
        } else {
            CutMode::AfterQuit
        };
        let (user, home) = stage.fresh(None);
        let cuts = stage.line.cuts();
        stage.line.set_next(mode);
        let (exit, first) = home.pull_with(&["isp"]);
        assert_eq!(
            (exit, first.code.as_str()),
            (Some(75), "cut-off"),
            "{mode:?}"
        );
        // A deletion counts with the answer to QUIT, and there was none.
        assert_eq!((first.new, first.deleted), (there as u64, 0), "{mode:?}");
        trial.hits += (stage.line.cuts() - cuts) as u64;
        trial.look(&stage, &user, &home);
        let left = stage.server.count(&user).unwrap();
        assert_eq!(
            left,
            if mode == CutMode::BeforeQuit {
                there
            } else {
                0
            },
            "{mode:?}"
        );
        let second = home.pull("isp");
        assert_eq!((second.listed, second.new), (left as u64, 0), "{mode:?}");
        assert_eq!(second.deleted, left as u64, "{mode:?}");
        trial.count(round, stage.bring_home(&user, &home));
        if mode == CutMode::AfterQuit {
            assert_eq!(stage.bodies_sent(&user), there, "{}", stage.server.log());
        }
    }
    trial.conclude();
}

/// The file system of the data directory loses power: right after a pull that ended well, at any
/// moment of one, and where the deletions are due. The process dies with it or outlives it.
#[test]
fn a_power_failure_loses_and_doubles_nothing() {
    let Some(mut trial) = Trial::of("power", 12) else {
        return;
    };
    if let Err(why) = Disk::new().and_then(|mut disk| disk.forgets_what_was_not_synced()) {
        println!("power: left out, because {why:#}");
        return;
    }
    let mut stage = Stage::new(trial.rounds);
    let full = stage.undisturbed(CutMode::Pass);
    for round in 0..trial.rounds {
        let mut dice = trial.dice(round);
        let mut disk = Disk::new().unwrap();
        let (user, home) = stage.fresh(Some(&disk));
        if round % 3 == 0 {
            // Nothing was synced for its sake: what a command said is done is done.
            home.pull("isp");
            disk.cut_power().unwrap();
            disk.restore().unwrap();
            trial.hits += 1;
            trial.look(&stage, &user, &home);
            assert_eq!(stage.server.count(&user).unwrap(), 0);
            assert_each_once(&stage.there, &home.messages("anna"));
            continue;
        }
        let mut pull = stage.pull_until(
            &home,
            match round % 3 {
                1 => Moment::After(dice.moment(full)),
                _ => Moment::Deleting(dice.moment(DELETING)),
            },
        );
        let runs = pull.wait(Duration::ZERO).unwrap().is_none();
        if runs {
            halt(&mut pull);
        }
        disk.cut_power().unwrap();
        trial.hits += u64::from(runs);
        if round % 2 == 0 {
            pull.kill().unwrap();
        } else {
            if runs {
                pull.signal(Signal::CONT).unwrap();
            }
            // A process that outlives its disk must not tell the server to delete.
            let ended = pull.wait(Duration::from_secs(60)).unwrap();
            assert!(
                ended.is_some(),
                "it hangs without a disk: {}",
                pull.stderr()
            );
        }
        disk.restore().unwrap();
        trial.look(&stage, &user, &home);
        trial.count(round, stage.bring_home(&user, &home));
    }
    trial.conclude();
}

/// Stops a process and waits until no system call of its threads is under way.
fn halt(process: &mut Running) {
    process.signal(Signal::STOP).unwrap();
    let tasks = format!("/proc/{}/task", process.id());
    wait_until("every thread has stopped", || {
        let Ok(threads) = std::fs::read_dir(&tasks) else {
            return true;
        };
        threads.flatten().all(|thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            // The state stands behind the name, which is in parentheses: T is stopped, Z is over.
            let state = stat.rsplit_once(") ").map(|(_, rest)| rest.as_bytes()[0]);
            matches!(state, None | Some(b'T' | b't' | b'Z' | b'X'))
        })
    });
}

/// When an attack comes.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So long after the start.
    After(Duration),
    /// So long after the last body is on its way: the commit and the deletions follow.
    Deleting(Duration),
}

/// The rounds of one kind and what came of them.
struct Trial {
    kind: &'static str,
    rounds: u64,
    seed: u64,
    hits: u64,
    /// What the attacks left here: nothing, a part, everything, everything and it is deleted there.
    left: [u64; 4],
    sum: Difference,
    failed: Vec<String>,
    began: Instant,
    /// One kind at a time: moments are measured.
    _turn: MutexGuard<'static, ()>,
}

impl Trial {
    /// `None` if another kind was asked for.
    fn of(kind: &'static str, usual: u64) -> Option<Self> {
        static TURN: Mutex<()> = Mutex::new(());
        let asked = std::env::var("INHAUL_CRASH_KIND").ok();
        if asked.as_deref().is_some_and(|asked| asked != kind) {
            return None;
        }
        let number = |name| {
            std::env::var(name)
                .ok()
                .map(|text: String| text.parse().unwrap())
        };
        let of_now = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let trial = Self {
            kind,
            rounds: number("INHAUL_CRASH_ROUNDS").unwrap_or(usual),
            seed: number("INHAUL_CRASH_SEED").unwrap_or_else(of_now),
            hits: 0,
            left: [0; 4],
            sum: Difference::default(),
            failed: Vec::new(),
            began: Instant::now(),
            _turn,
        };
        println!(
            "{kind}: INHAUL_CRASH_SEED={} INHAUL_CRASH_ROUNDS={}",
            trial.seed, trial.rounds
        );
        Some(trial)
    }

    fn dice(&self, round: u64) -> Dice {
        Dice::new(self.seed.wrapping_add(round))
    }

    /// Looks at what an attack left.
    fn look(&mut self, stage: &Stage, user: &str, home: &Installation) {
        let here = home.json(&["account", "show", "anna"])["messages"]
            .as_u64()
            .unwrap();
        let there = stage.server.count(user).unwrap();
        let state = match here {
            0 => 0,
            here if here < stage.there.len() as u64 => 1,
            _ if there > 0 => 2,
            _ => 3,
        };
        self.left[state] += 1;
    }

    fn count(&mut self, round: u64, found: Difference) {
        if found != Difference::default() {
            self.failed.push(format!("round {round}: {found:?}"));
        }
        self.sum.lost += found.lost;
        self.sum.doubled += found.doubled;
    }

    fn conclude(self) {
        println!(
            "kind   rounds  hits  lost  doubled  left nothing/some/all/gone there   time\n{self}"
        );
        assert!(
            self.failed.is_empty(),
            "seed {}: {:?}",
            self.seed,
            self.failed
        );
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { lost, doubled } = self.sum;
        let (kind, rounds, hits) = (self.kind, self.rounds, self.hits);
        let left = self.left.map(|count| count.to_string()).join("/");
        let seconds = self.began.elapsed().as_secs_f64();
        write!(
            f,
            "{kind:6} {rounds:6} {hits:5} {lost:5} {doubled:8}  {left:>32} {seconds:5.1} s"
        )
    }
}

impl Dice {
    /// A moment before `end`.
    fn moment(&mut self, end: Duration) -> Duration {
        Duration::from_nanos(self.below(u64::try_from(end.as_nanos()).unwrap()))
    }
}

/// A server with the same hundred messages for each user, and a line to it.
struct Stage {
    server: Dovecot,
    line: CutProxy,
    messages: Vec<Vec<u8>>,
    /// What the server makes of them.
    there: Vec<Vec<u8>>,
    /// What it sends in a session that brings and deletes them.
    octets: u64,
    users: u32,
}

impl Stage {
    fn new(rounds: u64) -> Self {
        let options = DovecotOptions {
            users: u32::try_from(rounds).unwrap() + 1,
            ..DovecotOptions::default()
        };
        let mut server = Dovecot::start(&options).unwrap();
        let messages = messages();
        server.fill("u1", &messages).unwrap();
        let there = server.retr_all("u1").unwrap();
        let line = CutProxy::start(server.pop3_addr(), CutMode::Pass).unwrap();
        Self {
            server,
            line,
            messages,
            there,
            octets: 0,
            users: 1,
        }
    }

    /// A user nobody has read yet, and an installation that is to bring its mail.
    fn fresh(&mut self, disk: Option<&Disk>) -> (String, Installation) {
        self.users += 1;
        let user = format!("u{}", self.users);
        self.server.fill(&user, &self.messages).unwrap();
        let home = disk.map_or_else(Installation::new, |disk| {
            // The disk is smaller than what inhaul leaves free.
            Installation::at(&disk.data()).env("INHAUL_STORAGE__STOP_FREE", "0")
        });
        (user.clone(), self.install(home, &user))
    }

    fn install(&self, home: Installation, user: &str) -> Installation {
        let home = home.account("anna");
        let at = self.line.addr().to_string();
        let how = [
            "--server",
            &at,
            "--security=none",
            "--after-storing=delete",
            "--no-test",
        ];
        home.retrieval("isp", user, "anna", &how);
        home
    }

    /// How long a pull takes that nobody disturbs, from the start of the process to its end: the
    /// shorter of two, so that an attack after that time is rare.
    fn undisturbed(&mut self, mode: CutMode) -> Duration {
        let times = [(); 2].map(|()| {
            let home = self.install(Installation::new(), "u1");
            let octets = self.line.server_octets();
            self.line.set_next(mode);
            let began = Instant::now();
            home.inhaul.ok(&["pull", "isp"]).unwrap();
            let took = began.elapsed();
            self.octets = self.line.server_octets() - octets;
            assert_each_once(&self.there, &home.messages("anna"));
            assert_eq!(self.server.count("u1").unwrap(), 0);
            self.server.fill("u1", &self.messages).unwrap();
            took
        });
        times[0].min(times[1])
    }

    /// Starts a pull and returns at this moment of it, or when it has ended.
    fn pull_until(&self, home: &Installation, moment: Moment) -> Running {
        let before = self.line.server_octets();
        let mut pull = home.inhaul.spawn(&["pull", "isp"]).unwrap();
        match moment {
            Moment::After(span) => std::thread::sleep(span),
            Moment::Deleting(span) => {
                let bodies = before + self.octets - ANSWERS;
                // Looked at often: what follows is over in a few milliseconds.
                while self.line.server_octets() < bodies
                    && pull.wait(Duration::ZERO).unwrap().is_none()
                {
                    std::thread::sleep(Duration::from_micros(20));
                }
                std::thread::sleep(span);
            }
        }
        pull
    }

    /// Pulls until the maildrop is empty, and compares.
    fn bring_home(&self, user: &str, home: &Installation) -> Difference {
        let mut said = Vec::new();
        // An attack may have missed its session.
        self.line.set_next(CutMode::Pass);
        while self.server.count(user).unwrap() > 0 {
            assert!(
                said.len() < TRIES,
                "{user} is not empty in the end: {said:#?}\n{}",
                home.log()
            );
            said.push(home.inhaul.run(&["pull", "isp"]).unwrap());
        }
        let found = difference(&self.there, &home.messages("anna"));
        if found != Difference::default() {
            println!("{user}: {found:?}\n{}", home.log());
            let server = self.server.log();
            let sessions = server.lines().filter(|line| line.contains(user));
            sessions.for_each(|line| println!("{line}"));
            println!("{said:#?}");
        }
        found
    }

    /// How many bodies the server says it has sent to this user.
    fn bodies_sent(&self, user: &str) -> usize {
        let mark = format!("pop3({user})<");
        let sessions =
            |log: &str, mark: &str| log.lines().filter(|line| line.contains(mark)).count();
        // Each sign-in is told, and so is each end, a little later.
        wait_until("each session has ended", || {
            let log = self.server.log();
            sessions(&log, &format!("user=<{user}>, method")) == sessions(&log, &mark)
        });
        let log = self.server.log();
        let ends = log.lines().filter(|line| line.contains(&mark));
        let sent = |line: &str| -> usize {
            let (_, rest) = line.split_once("retr=").unwrap();
            rest.split('/').next().unwrap().parse().unwrap()
        };
        ends.map(sent).sum()
    }
}

/// A hundred messages of mixed sizes; one of 1.5 MB, and two with the same octets.
fn messages() -> Vec<Vec<u8>> {
    let mut dice = Dice::new(1939);
    let mut messages: Vec<_> = (0..COUNT - 1)
        .map(|number| {
            let lines = match number {
                LARGE => 1_500_000 / LINE.len() as u64,
                number if number % 10 == 0 => dice.below(900),
                _ => dice.below(90),
            };
            message(number, usize::try_from(lines).unwrap())
        })
        .collect();
    messages.push(messages[TWIN].clone());
    messages
}

fn message(number: u32, lines: usize) -> Vec<u8> {
    let head = format!(
        "From: Ann <ann@example.org>\r\nTo: bob@example.org\r\nSubject: number {number}\r\n\
         Date: Sat, 14 Mar 2026 10:22:06 +0000\r\nMessage-ID: <n{number}@example.org>\r\n\r\n"
    );
    (head + &LINE.repeat(lines) + ".\r\nThe end.\r\n").into_bytes()
}

const LINE: &str = "..Lines like this one make up the body of this message.\r\n";
const COUNT: u32 = 100;
const LARGE: u32 = 40;
const TWIN: usize = 7;
/// Runs that must be enough to bring everything home.
const TRIES: usize = 6;
/// A line on which a pull takes several commits.
const SLOW: CutMode = CutMode::SplitEvery(12);
/// The octets a session begins with: greeting, CAPA, sign-in.
const SIGN_IN: u64 = 250;
/// Those behind it: STAT, UIDL and LIST of a hundred messages.
const LISTINGS: u64 = 3_800;
/// Those it ends with: the answers to a hundred DELE and to QUIT, and a little of the last body.
const ANSWERS: u64 = 2_700;
/// The last of them, to QUIT.
const FAREWELL: u64 = 60;
/// In about this time the last bodies are committed and the deletions are asked for.
const DELETING: Duration = Duration::from_micros(1_500);
