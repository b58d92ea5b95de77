//! How long a session lasts: idle time-outs, clients that take nothing, a server that stops.

use std::sync::Arc;
use std::time::Duration;

use inhaul_access::hook::NoHook;
use inhaul_access::pop3::Settings;
use tokio::time::{Instant, advance};

use super::harness::{World, assert_refused};

#[tokio::test(start_paused = true)]
async fn who_says_nothing_for_ten_minutes_is_logged_out_without_a_word_and_nothing_is_removed() {
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    client.ask("DELE 1").await;
    let began = Instant::now();
    advance(Duration::from_secs(9 * 60)).await;
    assert_eq!(client.ask("NOOP").await, "+OK", "a word in time");
    client.closed().await;
    let lasted = began.elapsed();
    let ten = Duration::from_secs(10 * 60);
    assert!(lasted >= ten + Duration::from_secs(9 * 60), "{lasted:?}");
    assert_eq!(world.inbox().await, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_sign_in_holds_a_place_for_three_minutes() {
    let world = World::with_mail().await;
    let mut client = world.client().await;
    let began = Instant::now();
    // Not even by talking.
    advance(Duration::from_secs(170)).await;
    client.ask_lines("CAPA").await;
    client.closed().await;
    assert!(began.elapsed() < Duration::from_secs(200));
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_does_not_hold_a_maildrop_for_ever() {
    let mail = [&b"Subject: large\r\n\r\n"[..], &b"line\r\n".repeat(500_000)].concat();
    let world = World::with(Arc::new(NoHook), Settings::default(), &[&mail]).await;
    let mut client = world.anna().await;
    client.send(b"RETR 1\r\n").await;
    let mut next = world.client().await;
    let mut tries = 0;
    loop {
        next.ask("USER anna").await;
        let answer = next.ask("PASS open sesame").await;
        if answer.starts_with("+OK") {
            break;
        }
        assert_refused(&answer, "[IN-USE]");
        tries += 1;
        assert!(tries < 100, "the maildrop stays locked");
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    drop(client);
}

#[tokio::test]
async fn a_server_that_stops_says_so_between_two_commands() {
    let world = World::with_mail().await;
    let mut client = world.anna().await;
    client.ask("DELE 1").await;
    world.stop();
    let line = client.line().await.unwrap();
    assert_refused(&line, "[SYS/TEMP] The server is stopping");
    client.closed().await;
    assert_eq!(world.inbox().await, [1, 2, 3]);
}
