//! What goes wrong outside, and when: mail that comes, servers that misbehave for a while,
//! passwords that change, disks that fill, clocks that jump.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use inhaul_sample::switches::{
    Capa, Dele, Fault, Greeting, Line, Listing, Packets, Pipelining, Quit, Refusal, Removal, Retr,
    ServerSwitches, SignIn, Sizes, Times, Top, UniqueIds,
};
use inhaul_sample::switches::{FinalDot, MailboxSwitches};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::dice::Dice;
use crate::letters::{digest, letter};
use crate::process::Desk;
use crate::witness::Trouble;
use crate::world::{Door, HOSTS, MAILBOXES, World};

/// Begins all of it.
pub(crate) fn begin(world: &Arc<World>, desk: &Arc<Desk>) -> JoinSet<()> {
    let mut weather = JoinSet::new();
    let seed = world.seed;
    for mailbox in 0..MAILBOXES {
        let dice = Dice::fork(seed, "mail", mailbox);
        weather.spawn(mail(Arc::clone(world), mailbox, dice));
        let dice = Dice::fork(seed, "mailbox", mailbox);
        weather.spawn(whims(Arc::clone(world), Arc::clone(desk), mailbox, dice));
    }
    for host in 0..HOSTS {
        let dice = Dice::fork(seed, "host", host);
        weather.spawn(outages(Arc::clone(world), host, dice));
    }
    let dice = Dice::fork(seed, "disk", 0);
    weather.spawn(full_disks(Arc::clone(world), dice));
    let dice = Dice::fork(seed, "clock", 0);
    weather.spawn(clock_jumps(Arc::clone(world), dice));
    weather
}

/// Ends what is left of it: from now on all is well, outside.
pub(crate) fn clear_up(world: &World) {
    world.be_kind();
    for host in &world.hosts {
        host.server.behave();
    }
    for remote in &world.mailboxes {
        remote.mailbox.behave();
    }
}

async fn mail(world: Arc<World>, mailbox: usize, mut dice: Dice) {
    let mut number = 0;
    // What was there before, in some mailboxes much.
    let at_first = if dice.once_in(8) {
        dice.between(50, 150)
    } else {
        dice.below(20)
    };
    for _ in 0..at_first {
        number += 1;
        deliver(&world, mailbox, number, &mut dice);
    }
    loop {
        sleep(dice.seconds(60, 4 * 3600)).await;
        let burst = if dice.once_in(20) {
            dice.between(2, 15)
        } else {
            1
        };
        for _ in 0..burst {
            number += 1;
            deliver(&world, mailbox, number, &mut dice);
        }
    }
}

fn deliver(world: &World, mailbox: usize, number: u32, dice: &mut Dice) {
    let octets = letter(mailbox, number, dice);
    let (size, digest) = (octets.len() as u64, digest(&octets));
    let place = &world.mailboxes[mailbox].mailbox;
    let id = if dice.once_in(30) {
        let at = usize::try_from(dice.below(place.len() as u64 + 1)).unwrap_or(0);
        place.insert(at, octets)
    } else {
        place.append(octets)
    };
    world.witness.arrived(mailbox, number, id, digest);
    if !dice.once_in(25) {
        return;
    }
    let times = if dice.once_in(3) {
        Times::Always
    } else {
        Times::Once
    };
    let (fault, times, trouble) = match dice.below(8) {
        0..=2 => (
            Fault::Refused("not this one".into()),
            times,
            Trouble::HeldBack,
        ),
        3 | 4 => (Fault::Empty, times, Trouble::HeldBack),
        5 => (Fault::CutAfter(dice.below(size)), times, Trouble::Cuts),
        6 if dice.once_in(2) => (Fault::NeverEnds, Times::Once, Trouble::Cuts),
        6 => (Fault::HangUpBehind, times, Trouble::Cuts),
        _ => (Fault::Vanished, Times::Once, Trouble::Vanishes),
    };
    world.story.tell(format_args!(
        "message {number} of mailbox {mailbox}: {fault:?} {times:?}"
    ));
    place.fault(id, fault, times);
    world.witness.trouble(mailbox, number, trouble);
}

/// A host fails for a while, or is only odd.
async fn outages(world: Arc<World>, host: usize, mut dice: Dice) {
    loop {
        sleep(dice.seconds(3600, 16 * 3600)).await;
        let door = match dice.below(12) {
            0 => Door::Refuses,
            1 => Door::Silent,
            2 => Door::NoRoute,
            3 => Door::NoSuchName,
            4 => Door::NobodyKnowsNames,
            _ => Door::Open,
        };
        let server = &world.hosts[host].server;
        world.witness.disturb(world.mailboxes_at(host));
        if door == Door::Open {
            server.set(|switches| misbehave(switches, &mut dice));
            let switches = server.switches();
            world.story.tell(format_args!(
                "host {host}: {:?} {:?} {:?} {:?}",
                switches.greeting, switches.capa, switches.pipelining, switches.line
            ));
        } else {
            world.set_door(host, door);
            world.story.tell(format_args!("host {host}: {door:?}"));
        }
        sleep(dice.seconds(300, 2 * 3600)).await;
        world.set_door(host, Door::Open);
        server.behave();
        world.story.tell(format_args!("host {host} is well"));
        world.witness.settle(world.mailboxes_at(host));
    }
}

fn misbehave(switches: &mut ServerSwitches, dice: &mut Dice) {
    match dice.below(15) {
        0 => switches.greeting = Greeting::Missing,
        1 => switches.greeting = Greeting::Refused("too many of you".into()),
        2 => switches.greeting = Greeting::HangUp,
        3 => switches.greeting = Greeting::Slow(dice.seconds(5, 90)),
        4 => switches.greeting = Greeting::Other("220 smtp.example.net ESMTP".into()),
        5 => switches.capa = Capa::Refused,
        6 => switches.capa = Capa::Hangs,
        7 => switches.capa = Capa::HangsUp,
        8 => switches.capa = Capa::MoreAfterSignIn,
        9 => switches.capa = Capa::NoAnswer,
        10 => switches.pipelining = Pipelining::LosesEarly,
        11 => switches.pipelining = Pipelining::Unannounced,
        12 => {
            switches.line = Line {
                packets: Packets::Line,
                final_dot: FinalDot::Apart,
                ..Line::default()
            }
        }
        // Its visitors stay for many minutes, and nobody elsewhere may notice.
        13 => switches.line.rate = NonZeroU32::new(40),
        _ => switches.line.rate = NonZeroU32::new(2_000),
    }
}

/// A mailbox has its whims, one at a time.
async fn whims(world: Arc<World>, desk: Arc<Desk>, mailbox: usize, mut dice: Dice) {
    loop {
        sleep(dice.seconds(3600, 24 * 3600)).await;
        let place = &world.mailboxes[mailbox].mailbox;
        world.witness.disturb([mailbox]);
        match dice.below(8) {
            0 if !names_last(mailbox) => {
                world
                    .story
                    .tell(format_args!("mailbox {mailbox} renumbers"));
                place.renumber();
            }
            1 => {
                let password = format!("password {}", dice.number());
                world
                    .story
                    .tell(format_args!("mailbox {mailbox} changes its password"));
                place.set_password(&password);
                sleep(dice.seconds(600, 4 * 3600)).await;
                desk.change_password(mailbox, &password).await;
                world
                    .story
                    .tell(format_args!("mailbox {mailbox}: its new password is known"));
            }
            _ => {
                place.set(|switches| be_odd(switches, names_last(mailbox), &mut dice));
                if place.switches().unique_ids != UniqueIds::Stable {
                    // Names of another kind are not by chance what others were called before. The
                    // old ones may come back.
                    place.renumber();
                }
                let switches = place.switches();
                world
                    .story
                    .tell(format_args!("mailbox {mailbox}: {switches:?}"));
                sleep(dice.seconds(600, 6 * 3600)).await;
                place.set(|switches| *switches = MailboxSwitches::default());
                world.story.tell(format_args!("mailbox {mailbox} is well"));
            }
        }
        // Whatever a whim has changed is looked at by the next run.
        sleep(Duration::from_secs(20 * 60)).await;
        world.witness.settle([mailbox]);
    }
}

/// Whether a mailbox never changes the names of its messages. One that does must do what it says to
/// `DELE`: a message whose deletion was confirmed counts as gone, and comes again if it is still
/// there under another name.
fn names_last(mailbox: usize) -> bool {
    mailbox.is_multiple_of(4)
}

fn be_odd(switches: &mut MailboxSwitches, names_last: bool, dice: &mut Dice) {
    let second = NonZeroU32::MIN.saturating_add(1);
    match dice.below(26) {
        7..=12 if names_last => switches.dele = Dele::Ignored,
        18 if !names_last => switches.dele = Dele::Refused,
        0 | 1 => switches.sign_in = SignIn::Refused(Refusal::InUse),
        2 => switches.sign_in = SignIn::Refused(Refusal::SysTemp),
        3 => switches.sign_in = SignIn::Refused(Refusal::Bare),
        4 => switches.sign_in = SignIn::Refused(Refusal::HangUp),
        5 => switches.sign_in = SignIn::EveryNth(second, Refusal::LoginDelay),
        6 => switches.sign_in = SignIn::Refused(Refusal::Silence),
        7 => switches.unique_ids = UniqueIds::EverySession,
        8 => switches.unique_ids = UniqueIds::Absent,
        9 => switches.unique_ids = UniqueIds::SameForAll,
        10 => switches.unique_ids = UniqueIds::Pairs,
        11 => switches.unique_ids = UniqueIds::Reused,
        12 => switches.unique_ids = UniqueIds::Long(71),
        13 => switches.sizes = Sizes::Growing,
        14 => switches.sizes = Sizes::Off(17),
        15 => switches.listing = Listing::First(5),
        16 => switches.top = Top::Absent,
        17 => switches.retr = Retr::CutAtNth(second),
        18 => switches.dele = Dele::Ignored,
        19 => switches.dele = Dele::Refused,
        20 => switches.quit = Quit::Refused,
        21 => switches.quit = Quit::Unanswered(Removal::Done),
        22 => switches.quit = Quit::Unanswered(Removal::NotDone),
        23 => switches.quit = Quit::HangsUp(Removal::Done),
        24 => switches.quit = Quit::HangsUp(Removal::NotDone),
        _ => switches.quit = Quit::CutBefore,
    }
}

async fn full_disks(world: Arc<World>, mut dice: Dice) {
    loop {
        sleep(dice.seconds(12 * 3600, 60 * 3600)).await;
        world.story.tell(format_args!("the disk is full"));
        world.witness.disturb(0..MAILBOXES);
        world.fill_disk(true);
        sleep(dice.seconds(60, 2 * 3600)).await;
        world.fill_disk(false);
        world.story.tell(format_args!("the disk has room again"));
        world.witness.settle(0..MAILBOXES);
    }
}

async fn clock_jumps(world: Arc<World>, mut dice: Dice) {
    loop {
        sleep(dice.seconds(6 * 3600, 48 * 3600)).await;
        let hours = i64::try_from(dice.below(49)).unwrap_or(0) - 24;
        world.turn_the_clock(hours);
    }
}
