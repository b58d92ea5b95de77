//! A sign-in starts runs, and what they bring is in its session.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use inhaul_access::hook::SignInHook;
use inhaul_access::pop3::Settings;
use inhaul_store::SqliteStore;
use inhaul_types::{AccountId, Activation};
use tokio::time::{Instant, sleep};

use super::harness::{PASSWORD, World, assert_refused, deliver};

/// Brings a message after a while, for those who wait so long.
#[derive(Default)]
struct Bringing {
    takes: Duration,
    store: OnceLock<Arc<SqliteStore>>,
    seen: Mutex<Vec<(AccountId, Activation, IpAddr, Duration)>>,
    brought: Arc<AtomicU32>,
}

#[async_trait]
impl SignInHook for Bringing {
    async fn signed_in(&self, account: AccountId, why: Activation, from: IpAddr, most: Duration) {
        self.seen.lock().unwrap().push((account, why, from, most));
        let (store, takes) = (Arc::clone(self.store.get().unwrap()), self.takes);
        let brought = Arc::clone(&self.brought);
        let run = tokio::spawn(async move {
            sleep(takes).await;
            deliver(&*store, account, b"Subject: new\r\n\r\n").await;
            brought.fetch_add(1, Ordering::Relaxed);
        });
        drop(tokio::time::timeout(most, run).await);
    }
}

async fn world(takes: Duration, login_wait: Duration) -> (World, Arc<Bringing>) {
    let hook = Arc::new(Bringing {
        takes,
        ..Bringing::default()
    });
    let settings = Settings {
        login_wait,
        ..Settings::default()
    };
    let world = World::with(Arc::clone(&hook) as _, settings, &[]).await;
    assert!(hook.store.set(Arc::clone(&world.store)).is_ok());
    (world, hook)
}

#[tokio::test]
async fn what_the_run_of_a_sign_in_brings_is_in_that_session() {
    let (world, hook) = world(Duration::from_millis(20), Duration::from_secs(8)).await;
    let mut client = world.client_from("::ffff:127.0.0.5").await;
    client.ask("USER anna").await;
    let answer = client.ask(&format!("PASS {PASSWORD}")).await;
    assert_eq!(answer, "+OK 1 messages, 16 octets");
    assert_eq!(client.ask_lines("RETR 1").await, ["Subject: new", ""]);
    let seen = hook.seen.lock().unwrap().clone();
    let from = "127.0.0.5".parse().unwrap();
    let expected = (
        world.anna,
        Activation::Pop3Login,
        from,
        Duration::from_secs(8),
    );
    assert_eq!(seen, [expected]);
}

#[tokio::test(start_paused = true)]
async fn who_has_waited_long_enough_is_let_in_and_finds_the_mail_next_time() {
    let (world, hook) = world(Duration::from_secs(20), Duration::from_secs(8)).await;
    let began = Instant::now();
    let mut client = world.anna().await;
    let waited = began.elapsed();
    assert!(
        waited >= Duration::from_secs(8) && waited < Duration::from_secs(10),
        "{waited:?}"
    );
    assert_eq!(client.ask("STAT").await, "+OK 0 0");
    client.ask("QUIT").await;
    client.closed().await;
    while hook.brought.load(Ordering::Relaxed) == 0 {
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(world.anna().await.ask("STAT").await, "+OK 1 16");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_mail_that_the_session_cannot_show() {
    let (world, hook) = world(Duration::from_secs(3), Duration::from_secs(8)).await;
    let first = world.anna().await;
    let mut second = world.client().await;
    second.ask("USER anna").await;
    let began = Instant::now();
    let answer = second.ask(&format!("PASS {PASSWORD}")).await;
    assert_refused(&answer, "[IN-USE]");
    assert!(began.elapsed() < Duration::from_secs(1));
    // It is told of all the same.
    assert_eq!(hook.seen.lock().unwrap().len(), 2);
    drop(first);
}

#[tokio::test]
async fn a_wrong_password_starts_nothing() {
    let (world, hook) = world(Duration::ZERO, Duration::from_secs(8)).await;
    let mut client = world.client().await;
    client.ask("USER anna").await;
    assert_refused(&client.ask("PASS wrong").await, "[AUTH]");
    assert!(hook.seen.lock().unwrap().is_empty());
}
