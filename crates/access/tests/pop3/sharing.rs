//! One session to a maildrop at a time.

use super::harness::{PASSWORD, World, account, assert_refused};

#[tokio::test]
async fn the_second_session_is_told_that_the_maildrop_is_in_use() {
    let world = World::with_mail().await;
    let mut first = world.anna().await;
    let mut second = world.client().await;
    second.ask("USER anna").await;
    let answer = second.ask(&format!("PASS {PASSWORD}")).await;
    assert_refused(&answer, "[IN-USE]");
    // The one that has it does not notice.
    assert_eq!(first.ask("STAT").await, "+OK 3 60");
    // Whoever gives a wrong password learns nothing of it.
    let mut stranger = world.client().await;
    stranger.ask("USER anna").await;
    assert_refused(&stranger.ask("PASS wrong").await, "[AUTH]");
    first.ask("QUIT").await;
    // Still the same connection.
    second.sign_in().await;
    assert_eq!(second.ask("STAT").await, "+OK 3 60");
}

#[tokio::test]
async fn other_accounts_have_maildrops_of_their_own() {
    let world = World::with_mail().await;
    account(&*world.store, "bert").await;
    let mut anna = world.anna().await;
    let mut bert = world.client().await;
    bert.ask("USER bert").await;
    let answer = bert.ask(&format!("PASS {PASSWORD}")).await;
    assert_eq!(answer, "+OK 0 messages, 0 octets");
    assert_eq!(anna.ask("STAT").await, "+OK 3 60");
}
