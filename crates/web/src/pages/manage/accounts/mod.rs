//! Accounts (UX 2.13): their list, one more, one of them, its password, its end.

mod add;
mod link;
mod list;
mod page;
mod password;
mod remove;

use axum::Router;
use axum::routing::{get, post};
use inhaul_types::AccountId;

use super::number;
use crate::app::App;
use crate::response::{Problem, Shell};

/// `/manage/accounts` and below.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/manage/accounts", get(list::list))
        .route("/manage/accounts/add", get(add::page).post(add::add))
        .route("/manage/accounts/{id}", get(page::page).post(page::change))
        .route("/manage/accounts/{id}/password", post(password::set))
        .route("/manage/accounts/{id}/link", post(link::make))
        .route(
            "/manage/accounts/{id}/remove",
            get(remove::page).post(remove::remove),
        )
}

fn account_id(text: &str, shell: &Shell) -> Result<AccountId, Problem> {
    number(text, shell).map(AccountId::new)
}

/// Addresses as they are typed: between spaces, commas or line ends.
fn addresses(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_typed_as_people_type_lists() {
        let read = addresses(" a@firm.example,b@firm.example\r\nc@firm.example; ");
        assert_eq!(read, ["a@firm.example", "b@firm.example", "c@firm.example"]);
        assert!(addresses(" \r\n").is_empty());
    }
}
