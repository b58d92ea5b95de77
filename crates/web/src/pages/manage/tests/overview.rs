//! The overview.

use inhaul_types::ErrorCode;

use super::house::House;
use crate::runs::{Force, What};

#[tokio::test]
async fn a_new_installation_says_what_to_do_first() {
    let house = House::new().await;
    let page = house.browser("root").await.page("/manage").await;
    assert!(page.contains("No retrievals yet."), "{page}");
    assert!(page.contains(r#"href="/retrievals/add""#));
    assert!(!page.contains("Needs attention"));
}

#[tokio::test]
async fn what_fails_is_listed_with_its_reason_and_in_the_title() {
    let house = House::new().await;
    house.retrieval("Good", "pop.good.example").await;
    let club = house.retrieval("Club <i>", "pop.club.example").await;
    house.fails(club, ErrorCode::NoAnswer);
    let page = house.browser("root").await.page("/manage").await;
    assert!(page.contains("<title>1 needs attention"), "{page}");
    assert!(page.contains("1 of 2 retrievals is working. 1 needs attention."));
    assert!(
        page.contains(&format!("/manage/retrievals/{club}\">Club &#60;i&#62;<")),
        "{page}"
    );
    assert!(page.contains("2 of 16 checks running"));
}

#[tokio::test]
async fn many_of_one_server_are_one_line() {
    let house = House::new().await;
    for number in 0..7 {
        let id = house
            .retrieval(&format!("Firm {number}"), "pop.firm.example")
            .await;
        house.fails(id, ErrorCode::NoAnswer);
    }
    let page = house.browser("root").await.page("/manage").await;
    assert!(page.contains("7 retrievals"), "{page}");
    assert!(page.contains("server=pop.firm.example"));
    assert!(!page.contains("Firm 3</a></td>"), "{page}");
}

#[tokio::test]
async fn the_failing_ones_alone_can_be_checked() {
    let house = House::new().await;
    let good = house.retrieval("Good", "pop.good.example").await;
    let club = house.retrieval("Club", "pop.club.example").await;
    let paused = house.retrieval("Archive", "pop.good.example").await;
    house.runs.change_row(paused, |row| row.paused = true);
    house.fails(club, ErrorCode::NoAnswer);
    let root = house.browser("root").await;
    let to = root.goes_on("/manage/check", &[("which", "failing")]).await;
    assert!(root.page(&to).await.contains("1 check started."));
    root.goes_on("/manage/check", &[("which", "all")]).await;
    let starts = house.runs.started.lock().unwrap();
    assert_eq!(starts[0].what, What::Retrievals(vec![club]));
    assert_eq!(starts[1].what, What::Retrievals(vec![good, club]));
    assert_eq!(
        (starts[0].force, starts[0].by),
        (Force::Administrator, None)
    );
}
