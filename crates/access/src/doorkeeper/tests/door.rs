//! Who comes in, who does not, and when they hear of it.

use std::sync::Arc;
use std::time::Duration;

use inhaul_domain::tries::FIRST_DELAY;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::Denied;
use super::accounts::{A_LOOK, ANNAS, AWAY, BENS, Came, HOME, Scene, Trouble};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_right_password_comes_in_at_once_by_each_name() {
    let scene = Scene::new();
    for name in ["anna", "ANNA", "anna@example.org", "Sales@Example.org"] {
        assert_eq!(
            scene.admit(name, ANNAS, HOME).await.unwrap(),
            "anna",
            "{name}"
        );
    }
    let began = Instant::now();
    assert_eq!(scene.came("ben", BENS, HOME).await, Came::In);
    assert_eq!(began.elapsed(), A_LOOK);
}

#[tokio::test(start_paused = true)]
async fn a_right_password_is_looked_at_once_in_five_minutes() {
    let scene = Scene::new();
    for minute in 0..15 {
        for _ in 0..10 {
            assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::In);
        }
        assert_eq!(scene.accounts.looks(), 1 + minute / 5, "minute {minute}");
        tokio::time::sleep(MINUTE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_passwords_are_answered_later_each_time() {
    let scene = Scene::new();
    for (number, seconds) in [1, 2, 4, 8, 8, 8].into_iter().enumerate() {
        let password = format!("guess {number}");
        let expected = (Came::Wrong, Duration::from_secs(seconds));
        assert_eq!(
            scene.timed("anna", &password, HOME).await,
            expected,
            "{number}"
        );
    }
    assert_eq!(scene.timed("anna", ANNAS, HOME).await, (Came::In, A_LOOK));
}

#[tokio::test(start_paused = true)]
async fn after_ten_wrong_ones_nobody_looks_for_ten_minutes_not_even_in_memory() {
    let scene = Scene::new();
    assert_eq!(scene.came("ben", BENS, AWAY).await, Came::In);
    scene.wrong("anna", HOME, 10).await;
    let looks = scene.accounts.looks();
    let Err(Denied::TooManyTries { until }) = scene.admit("anna", ANNAS, HOME).await else {
        panic!("looked at");
    };
    // From the tenth look on, which was answered eight seconds after it began; this one took one.
    let left = until.since(scene.accounts.now());
    assert_eq!(left, 10 * MINUTE + A_LOOK - 8 * FIRST_DELAY - FIRST_DELAY);
    // Remembered as right: a guess that memory answers would be a guess.
    let came = scene.timed("ben", BENS, HOME).await;
    assert_eq!(came, (Came::TooManyTries, FIRST_DELAY));
    assert_eq!(scene.accounts.looks(), looks);
    tokio::time::sleep(10 * MINUTE).await;
    assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::In);
}

#[tokio::test(start_paused = true)]
async fn wrong_ones_at_once_get_no_further_than_one_by_one() {
    let scene = Arc::new(Scene::new());
    let came = at_once(&scene, 100, |number| ("anna", format!("guess {number}"))).await;
    assert_eq!(scene.accounts.looks(), 10);
    let wrong = came.iter().filter(|came| **came == Came::Wrong).count();
    let refused = came
        .iter()
        .filter(|came| **came == Came::TooManyTries)
        .count();
    assert_eq!((wrong, refused), (10, 90));
}

#[tokio::test(start_paused = true)]
async fn right_ones_at_once_all_come_in_and_cost_few_looks() {
    let scene = Arc::new(Scene::new());
    let came = at_once(&scene, 100, |_| ("anna", ANNAS.to_owned())).await;
    assert!(came.iter().all(|came| *came == Came::In));
    assert!(scene.accounts.looks() <= 10, "{}", scene.accounts.looks());
}

/// So many sign-ins from one address at the same moment.
async fn at_once(
    scene: &Arc<Scene>,
    many: usize,
    says: impl Fn(usize) -> (&'static str, String),
) -> Vec<Came> {
    let mut all = JoinSet::new();
    for number in 0..many {
        let (scene, (name, password)) = (Arc::clone(scene), says(number));
        all.spawn(async move { scene.came(name, &password, HOME).await });
    }
    all.join_all().await
}

#[tokio::test(start_paused = true)]
async fn a_remembered_password_is_asked_anew_once_something_was_saved() {
    const NEW: &str = "six-blue-herons";
    let scene = Scene::new();
    assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::In);
    scene.accounts.save(|all| all[0].password = NEW.into());
    assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::Wrong);
    assert_eq!(scene.came("anna", NEW, HOME).await, Came::In);

    scene.accounts.save(|all| all[0].account.enabled = false);
    let off = |by_group| Came::SwitchedOff { by_group };
    assert_eq!(scene.came("anna", NEW, HOME).await, off(false));
    let looks = scene.accounts.looks();
    assert_eq!(
        scene.timed("anna", NEW, HOME).await,
        (off(false), Duration::ZERO)
    );
    assert_eq!(scene.accounts.looks(), looks, "remembered too");
    scene.accounts.save(|all| {
        all[0].account.enabled = true;
        all[0].group_enabled = false;
    });
    assert_eq!(scene.came("anna", NEW, HOME).await, off(true));
    scene.accounts.save(|all| all[0].group_enabled = true);
    assert_eq!(scene.came("anna", NEW, HOME).await, Came::In);

    scene
        .accounts
        .save(|all| all[0].account.name = "anne".into());
    assert_eq!(scene.came("anna", NEW, HOME).await, Came::Wrong);
    assert_eq!(scene.admit("anne", NEW, HOME).await.unwrap(), "anne");
    scene.accounts.save(|all| drop(all.remove(0)));
    assert_eq!(scene.came("anne", NEW, HOME).await, Came::Wrong);
}

#[tokio::test(start_paused = true)]
async fn what_was_saved_during_a_look_is_not_remembered_as_it_was() {
    let scene = Arc::new(Scene::new());
    let looking = tokio::spawn({
        let scene = Arc::clone(&scene);
        async move { scene.came("ben", BENS, HOME).await }
    });
    tokio::time::sleep(A_LOOK / 2).await;
    // The look has begun with what was saved before.
    scene.accounts.save(|_| {});
    assert_eq!(looking.await.unwrap(), Came::In);
    let looks = scene.accounts.looks();
    assert_eq!(scene.came("ben", BENS, HOME).await, Came::In);
    assert_eq!(scene.accounts.looks(), looks + 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_nobodys_costs_and_answers_as_a_wrong_password() {
    let (known, unknown) = (Scene::new(), Scene::new());
    // Eleven from each of four addresses: first those are barred, then the name. Then the same
    // again, and again after a rest.
    let said: Vec<_> = (0..44)
        .map(|number| {
            (
                format!("guess {number}"),
                format!("198.51.100.{}", number / 11),
            )
        })
        .collect();
    for round in 0..3 {
        for (password, from) in &said {
            let (known, unknown) = tokio::join!(
                heard(&known, "anna", password, from),
                heard(&unknown, "nobody", password, from)
            );
            assert_eq!(known, unknown, "round {round}, {password} from {from}");
        }
        if round == 1 {
            tokio::time::sleep(10 * MINUTE).await;
        }
    }
    assert!(known.accounts.looks() > 30, "{}", known.accounts.looks());
}

/// All there is to be learnt from outside, and what it cost.
async fn heard(scene: &Scene, name: &str, password: &str, from: &str) -> (String, Duration, usize) {
    let began = Instant::now();
    let denied = scene.admit(name, password, from).await.unwrap_err();
    (denied.to_string(), began.elapsed(), scene.accounts.looks())
}

#[tokio::test(start_paused = true)]
async fn the_same_wrong_password_is_not_looked_at_again_until_it_may_be_right() {
    let scene = Scene::new();
    for _ in 0..100 {
        assert_eq!(
            scene.timed("anna", "old", HOME).await,
            (Came::Wrong, FIRST_DELAY)
        );
        tokio::time::sleep(MINUTE).await;
    }
    assert_eq!(scene.accounts.looks(), 1);
    assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::In);
    scene.accounts.save(|all| all[0].password = "old".into());
    assert_eq!(scene.came("anna", "old", HOME).await, Came::In);
}

#[tokio::test(start_paused = true)]
async fn a_store_in_trouble_is_no_wrong_try() {
    for trouble in [Trouble::Fails, Trouble::Panics] {
        let scene = Scene::new();
        scene.accounts.has(trouble);
        for number in 0..50 {
            let password = format!("guess {number}");
            let came = scene.timed("anna", &password, HOME).await;
            assert_eq!(came, (Came::NotLooked, A_LOOK), "{number}");
        }
        scene.accounts.has(Trouble::None);
        assert_eq!(
            scene.timed("anna", "x", HOME).await,
            (Came::Wrong, FIRST_DELAY)
        );
        assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::In);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_hangs_up_during_the_look_has_tried() {
    let scene = Scene::new();
    for number in 0..10 {
        let password = format!("guess {number}");
        let hangs_up = tokio::time::timeout(A_LOOK / 2, scene.came("anna", &password, HOME));
        assert!(hangs_up.await.is_err());
    }
    tokio::time::sleep(MINUTE).await;
    assert_eq!(scene.accounts.looks(), 10);
    assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::TooManyTries);
}

#[tokio::test(start_paused = true)]
async fn whoever_hangs_up_before_the_look_has_not() {
    let scene = Arc::new(Scene::new());
    // From eight networks, so that every place for strangers is taken.
    let mut crowd = JoinSet::new();
    for network in 0..8 {
        let scene = Arc::clone(&scene);
        let from = format!("198.51.100.{network}");
        crowd.spawn(async move { scene.came("ben", "guess", &from).await });
    }
    tokio::task::yield_now().await;
    for number in 0..10 {
        let password = format!("guess {number}");
        let hangs_up = tokio::time::timeout(Duration::ZERO, scene.came("anna", &password, HOME));
        assert!(hangs_up.await.is_err());
    }
    crowd.join_all().await;
    assert_eq!(scene.accounts.looks(), 8);
    assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::In);
}

#[tokio::test(start_paused = true)]
async fn an_owner_does_not_stand_in_line_behind_a_crowd_of_strangers() {
    let scene = Arc::new(Scene::new());
    assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::In);
    tokio::time::sleep(6 * MINUTE).await;
    let mut crowd = JoinSet::new();
    for network in 0..200 {
        let scene = Arc::clone(&scene);
        let from = format!("198.51.100.{network}");
        crowd.spawn(async move { scene.came("ben", "guess", &from).await });
    }
    tokio::time::sleep(A_LOOK / 2).await;
    let (came, took) = scene.timed("anna", ANNAS, HOME).await;
    assert_eq!(came, Came::In, "although it is no longer remembered");
    assert!(took <= 5 * A_LOOK, "{took:?}");
    crowd.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_owner_comes_in_while_strangers_are_barred_from_his_account() {
    let scene = Scene::new();
    assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::In);
    for network in 0..3 {
        scene
            .wrong("anna", &format!("198.51.100.{network}"), 10)
            .await;
        scene
            .wrong("sales@example.org", &format!("198.51.101.{network}"), 10)
            .await;
    }
    tokio::time::sleep(MINUTE).await;
    assert_eq!(scene.came("anna", ANNAS, AWAY).await, Came::TooManyTries);
    assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::In);
    // By another of his names, too.
    assert_eq!(scene.came("sales@example.org", ANNAS, HOME).await, Came::In);
}

#[tokio::test(start_paused = true)]
async fn a_remembered_password_makes_another_address_its_owners() {
    let scene = Scene::new();
    assert_eq!(scene.came("anna", ANNAS, HOME).await, Came::In);
    assert_eq!(
        scene.timed("anna", ANNAS, AWAY).await,
        (Came::In, Duration::ZERO)
    );
    for network in 0..3 {
        scene
            .wrong("anna", &format!("198.51.100.{network}"), 10)
            .await;
    }
    tokio::time::sleep(MINUTE).await;
    assert_eq!(scene.came("anna", ANNAS, AWAY).await, Came::In);
}
