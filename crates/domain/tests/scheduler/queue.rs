//! The queue against a plain one that looks at every ticket; bounds, fairness, and no ticket lost.

use std::collections::{BTreeSet, HashMap};

use inhaul_domain::queue::{Bounds, Full, Priority, Queue, Ticket, TicketId};
use inhaul_types::{AccountId, RetrievalId};
use proptest::prelude::*;

use crate::config;

const BOUNDS: Bounds = Bounds {
    at_once: 5,
    per_host: 2,
    size: 12,
};

fn ticket(priority: Priority, host: u8, user: u8, account: u8, at_once: Option<u32>) -> Ticket {
    Ticket {
        retrieval: RetrievalId::new(i64::from(user)),
        host: format!("pop{host}.example.org").into(),
        user: format!("user{user}").into(),
        account: AccountId::new(i64::from(account)),
        account_at_once: at_once,
        priority,
    }
}

fn person(host: u8, user: u8) -> Ticket {
    ticket(Priority::Person, host, user, user, None)
}

fn scheduled(host: u8, user: u8) -> Ticket {
    ticket(Priority::Schedule, host, user, user, None)
}

/// Pushes the tickets and starts all that can start: their users, in order.
fn started(bounds: Bounds, tickets: &[Ticket]) -> Vec<String> {
    let mut queue = Queue::new(bounds);
    for ticket in tickets {
        queue.push(ticket.clone()).unwrap();
    }
    let next = std::iter::from_fn(|| queue.next());
    next.map(|(_, ticket)| ticket.user.to_string()).collect()
}

#[test]
fn the_first_ticket_with_a_free_place_is_next() {
    let of = |account, user| ticket(Priority::Schedule, user, user, account, Some(1));
    for (name, tickets, users) in [
        (
            "in order",
            vec![scheduled(1, 1), scheduled(2, 2)],
            vec![1, 2],
        ),
        (
            "people first",
            vec![scheduled(1, 1), person(2, 2)],
            vec![2, 1],
        ),
        (
            "a host's long row blocks nobody",
            vec![
                scheduled(1, 1),
                scheduled(1, 2),
                scheduled(1, 3),
                scheduled(2, 4),
            ],
            vec![1, 2, 4],
        ),
        (
            "one maildrop, one run",
            vec![scheduled(1, 1), person(1, 1), scheduled(1, 2)],
            vec![1, 2],
        ),
        (
            "one account, so many runs",
            vec![of(9, 1), of(9, 2), of(8, 3)],
            vec![1, 3],
        ),
        (
            "all together",
            (1..=7).map(|n| scheduled(n, n)).collect(),
            vec![1, 2, 3, 4, 5],
        ),
    ] {
        let users: Vec<String> = users.iter().map(|user| format!("user{user}")).collect();
        assert_eq!(started(BOUNDS, &tickets), users, "{name}");
    }
}

#[test]
fn a_ticket_knows_how_many_are_before_it() {
    let mut queue = Queue::new(BOUNDS);
    let first = queue.push(scheduled(1, 1)).unwrap();
    let second = queue.push(scheduled(1, 2)).unwrap();
    let urgent = queue.push(person(1, 3)).unwrap();
    assert_eq!([first, second, urgent].map(|it| it.position), [0, 1, 0]);
    assert_eq!(queue.position(second.id), Some(2));
    assert_eq!(queue.next().unwrap().0, urgent.id);
    assert_eq!(queue.position(urgent.id), None, "it does not wait any more");
    queue.remove(first.id).unwrap();
    assert_eq!(queue.position(second.id), Some(0));
}

#[test]
fn a_full_queue_says_so() {
    let mut queue = Queue::new(Bounds { size: 1, ..BOUNDS });
    queue.push(scheduled(1, 1)).unwrap();
    assert_eq!(queue.push(person(1, 2)), Err(Full { size: 1 }));
    queue.next().unwrap();
    assert!(queue.push(person(1, 2)).is_ok(), "what runs does not wait");
}

#[test]
fn a_ticket_of_the_schedule_comes_to_its_turn_however_many_people_come() {
    let one = Bounds {
        at_once: 1,
        ..BOUNDS
    };
    let mut queue = Queue::new(one);
    let patient = queue.push(scheduled(1, 0)).unwrap().id;
    queue.push(person(1, 1)).unwrap();
    let mut people = 0;
    loop {
        let (id, _) = queue.next().unwrap();
        if id == patient {
            break;
        }
        people += 1;
        assert!(people < 20, "it starves");
        queue.push(person(1, 2)).unwrap();
        queue.finished(id).unwrap();
    }
}

#[test]
fn other_bounds_hold_from_the_next_place_on() {
    let mut queue = Queue::new(BOUNDS);
    for user in 1..=4 {
        queue.push(scheduled(1, user)).unwrap();
    }
    let tickets: Vec<TicketId> = (0..2).map(|_| queue.next().unwrap().0).collect();
    assert!(queue.next().is_none());
    queue.set_bounds(Bounds {
        per_host: 3,
        ..BOUNDS
    });
    assert!(queue.next().is_some());
    queue.set_bounds(Bounds {
        per_host: 1,
        ..BOUNDS
    });
    for id in tickets {
        queue.finished(id).unwrap();
    }
    assert!(queue.next().is_none(), "one still runs");
}

#[test]
fn ten_thousand_tickets_on_a_hundred_hosts_all_run() {
    let bounds = Bounds {
        at_once: 200,
        per_host: 2,
        size: 10_000,
    };
    let mut queue = Queue::new(bounds);
    for n in 0..10_000_u32 {
        let mut ticket = scheduled(u8::try_from(n % 100).unwrap(), 0);
        ticket.user = n.to_string().into();
        ticket.account = AccountId::new(i64::from(n / 5));
        ticket.account_at_once = Some(2);
        queue.push(ticket).unwrap();
    }
    let mut ran = 0;
    while !queue.is_empty() {
        let round: Vec<TicketId> = std::iter::from_fn(|| queue.next()).map(|it| it.0).collect();
        assert!(!round.is_empty());
        ran += round.len();
        for id in round {
            queue.finished(id).unwrap();
        }
    }
    assert_eq!((ran, queue.running()), (10_000, 0));
}

/// The same queue, looking at everything each time.
#[derive(Default)]
struct Plain {
    waiting: Vec<(TicketId, Ticket, (Priority, u64))>,
    running: Vec<(TicketId, Ticket)>,
    limits: HashMap<AccountId, Option<u32>>,
    order: u64,
    people: u32,
}

impl Plain {
    fn push(&mut self, id: TicketId, ticket: &Ticket) {
        self.limits.insert(ticket.account, ticket.account_at_once);
        self.order += 1;
        let key = (ticket.priority, self.order);
        self.waiting.push((id, ticket.clone(), key));
        if ticket.priority == Priority::Schedule {
            return;
        }
        self.people += 1;
        if self.people == 5 {
            self.people = 0;
            let scheduled = self.waiting.iter_mut();
            let scheduled = scheduled.filter(|(_, _, key)| key.0 == Priority::Schedule);
            if let Some((_, _, key)) = scheduled.min_by_key(|(_, _, key)| *key) {
                self.order += 1;
                *key = (Priority::Person, self.order);
            }
        }
    }

    fn next(&mut self) -> Option<TicketId> {
        if self.running.len() >= BOUNDS.at_once {
            return None;
        }
        self.waiting.sort_by_key(|(_, _, key)| *key);
        let place = self
            .waiting
            .iter()
            .position(|(_, ticket, _)| self.can_start(ticket))?;
        let (id, ticket, _) = self.waiting.remove(place);
        self.running.push((id, ticket));
        Some(id)
    }

    fn can_start(&self, ticket: &Ticket) -> bool {
        let count = |same: &dyn Fn(&Ticket) -> bool| {
            self.running.iter().filter(|(_, other)| same(other)).count()
        };
        let most = self.limits[&ticket.account].map_or(usize::MAX, |most| most.max(1) as usize);
        count(&|other| other.host == ticket.host) < BOUNDS.per_host
            && count(&|other| other.account == ticket.account) < most
            && count(&|other| (&other.host, &other.user) == (&ticket.host, &ticket.user)) == 0
    }

    fn position(&self, id: TicketId) -> Option<usize> {
        let (_, _, key) = self.waiting.iter().find(|(other, _, _)| *other == id)?;
        Some(
            self.waiting
                .iter()
                .filter(|(_, _, other)| other < key)
                .count(),
        )
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push(Ticket),
    Next,
    Finish(prop::sample::Index),
    Remove(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let priority = prop_oneof![Just(Priority::Person), Just(Priority::Schedule)];
    let at_once = prop_oneof![Just(None), (0..3_u32).prop_map(Some)];
    let ticket = (priority, 0..4_u8, 0..4_u8, 0..4_u8, at_once);
    let push = ticket.prop_map(|(priority, host, user, account, at_once)| {
        Step::Push(self::ticket(priority, host, user, account, at_once))
    });
    prop_oneof![
        4 => push,
        3 => Just(Step::Next),
        2 => any::<prop::sample::Index>().prop_map(Step::Finish),
        1 => any::<prop::sample::Index>().prop_map(Step::Remove),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_queue_does_what_a_plain_one_does(steps in prop::collection::vec(step(), 1..200)) {
        let mut queue = Queue::new(BOUNDS);
        let mut plain = Plain::default();
        let mut pushed = BTreeSet::new();
        for step in steps {
            match step {
                Step::Push(ticket) => match queue.push(ticket.clone()) {
                    Ok(queued) => {
                        prop_assert!(pushed.insert(queued.id), "an id is given once");
                        plain.push(queued.id, &ticket);
                        prop_assert_eq!(Some(queued.position), plain.position(queued.id));
                    }
                    Err(full) => prop_assert_eq!((full.size, plain.waiting.len()), (12, 12)),
                },
                Step::Next => {
                    prop_assert_eq!(queue.next().map(|(id, _)| id), plain.next());
                }
                Step::Finish(index) if !plain.running.is_empty() => {
                    let (id, ticket) = plain.running.remove(index.index(plain.running.len()));
                    prop_assert_eq!(queue.finished(id), Some(ticket));
                    prop_assert_eq!(queue.finished(id), None, "a place is freed once");
                }
                Step::Remove(index) if !plain.waiting.is_empty() => {
                    let place = index.index(plain.waiting.len());
                    let (id, ticket, _) = plain.waiting.remove(place);
                    prop_assert_eq!(queue.remove(id), Some(ticket));
                    prop_assert_eq!(queue.remove(id), None);
                }
                Step::Finish(_) | Step::Remove(_) => {}
            }
            prop_assert_eq!(queue.len(), plain.waiting.len());
            prop_assert_eq!(queue.running(), plain.running.len());
            for (position, (id, _)) in queue.in_order().enumerate() {
                prop_assert_eq!(Some(position), plain.position(id));
                prop_assert_eq!(Some(position), queue.position(id));
            }
        }
        // Whatever waits comes to its turn when places become free.
        while !plain.waiting.is_empty() {
            while let Some(id) = plain.next() {
                prop_assert_eq!(queue.next().map(|(id, _)| id), Some(id));
            }
            prop_assert!(!plain.running.is_empty(), "somebody can always start");
            for (id, _) in plain.running.drain(..) {
                queue.finished(id).unwrap();
            }
        }
        prop_assert!(queue.is_empty());
    }
}
