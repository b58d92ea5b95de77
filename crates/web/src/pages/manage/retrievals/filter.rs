//! Which retrievals a list shows, and in which order: from memory, whatever their number.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::ops::Range;

use inhaul_domain::standing::Standing;
use inhaul_types::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::pages::manage::trouble::is_trouble;
use crate::runs::State;

/// What an address of the list says; empty is any.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct Filter {
    /// In a name, an account's name, a server's or its user's.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) find: String,
    /// A state's word, or [`ATTENTION`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) state: String,
    /// A group's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) group: String,
    /// A server's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) server: String,
    /// From 1; anything else is the first.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) page: String,
}

/// What needs somebody or fails.
pub(super) const ATTENTION: &str = "attention";

impl Filter {
    /// The address of the list that says it, with these pairs behind.
    pub(super) fn address(&self, more: &str) -> String {
        let query = serde_urlencoded::to_string(self).unwrap_or_default();
        let parts = [query.as_str(), more].into_iter();
        let query: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        match query.join("&") {
            query if query.is_empty() => "/manage/retrievals".to_owned(),
            query => format!("/manage/retrievals?{query}"),
        }
    }

    /// The same of another page.
    pub(super) fn on_page(&self, page: usize) -> Self {
        let page = match page {
            1 => String::new(),
            page => page.to_string(),
        };
        Self {
            page,
            ..self.clone()
        }
    }

    /// Which page, from 1.
    pub(super) fn page(&self) -> usize {
        self.page.parse().unwrap_or(1).max(1)
    }

    /// Whether everything is shown.
    pub(super) fn is_open(&self) -> bool {
        *self == Self::default().on_page(self.page())
    }

    /// Those that are wanted, in no order ([`in_order`]). `members` are the accounts of the group
    /// that is asked for.
    pub(super) fn pick<'a>(
        &self,
        states: &'a [State],
        members: Option<&HashSet<AccountId>>,
        now: Timestamp,
    ) -> Vec<(Standing, &'a State)> {
        let find = self.find.trim().to_lowercase();
        states
            .iter()
            .filter(|state| members.is_none_or(|members| members.contains(&state.row.account)))
            .filter(|state| self.is_of_server(state) && is_found(&find, state))
            .map(|state| (state.standing(now), state))
            .filter(|(standing, _)| self.is_in_state(*standing))
            .collect()
    }

    fn is_of_server(&self, state: &State) -> bool {
        self.server.is_empty() || state.row.remote.host.eq_ignore_ascii_case(&self.server)
    }

    fn is_in_state(&self, standing: Standing) -> bool {
        match self.state.as_str() {
            "" => true,
            ATTENTION => is_trouble(standing),
            word => standing.as_str() == word,
        }
    }
}

/// What needs somebody first, then by name.
pub(super) fn in_order((one, a): &(Standing, &State), (other, b): &(Standing, &State)) -> Ordering {
    let rank = rank(*one).cmp(&rank(*other));
    rank.then_with(|| a.row.name.cmp(&b.row.name))
}

/// Brings to these places what belongs there. The other places are not put in order: a page of 50 is
/// no reason to sort 10,000.
pub(super) fn sort_part<T>(
    all: &mut [T],
    part: Range<usize>,
    order: impl Fn(&T, &T) -> Ordering + Copy,
) {
    if part.end < all.len() {
        all.select_nth_unstable_by(part.end, order);
    }
    let all = &mut all[..part.end];
    if part.start > 0 && part.start < all.len() {
        all.select_nth_unstable_by(part.start, order);
    }
    all[part.start..].sort_unstable_by(order);
}

fn is_found(find: &str, state: &State) -> bool {
    let row = &state.row;
    let texts = [
        &row.name,
        &row.account_name,
        &row.remote.host,
        &row.remote.user,
    ];
    find.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(find))
}

/// What needs a person first, what rests last.
fn rank(standing: Standing) -> u8 {
    match standing {
        Standing::NeedsYou => 0,
        Standing::Failing => 1,
        Standing::Overdue => 2,
        Standing::Offline => 3,
        Standing::Trying => 4,
        Standing::Busy => 5,
        Standing::Checking => 6,
        Standing::New => 7,
        Standing::Working => 8,
        Standing::Paused => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_goes_through_its_address() {
        let filter = Filter {
            find: "a&b=c".to_owned(),
            state: ATTENTION.to_owned(),
            ..Filter::default()
        };
        let address = filter.on_page(3).address("started=1");
        assert_eq!(
            address,
            "/manage/retrievals?find=a%26b%3Dc&state=attention&page=3&started=1"
        );
        let (_, query) = address.split_once('?').unwrap();
        let read: Filter = serde_urlencoded::from_str(query).unwrap();
        assert_eq!((read.page(), read.on_page(1)), (3, filter));
        assert_eq!(Filter::default().address(""), "/manage/retrievals");
        assert!(Filter::default().on_page(2).is_open());
        for page in ["", "0", "-1", "x"] {
            let filter = Filter {
                page: page.to_owned(),
                ..Filter::default()
            };
            assert_eq!(filter.page(), 1, "{page}");
        }
    }

    #[test]
    fn a_part_is_what_it_is_of_all_in_order() {
        let shuffled: Vec<u32> = (0..40).map(|number| number * 13 % 40).collect();
        for part in [0..0, 0..7, 7..14, 39..40, 40..40, 0..40] {
            let mut numbers = shuffled.clone();
            sort_part(&mut numbers, part.clone(), u32::cmp);
            let sorted: Vec<u32> = (0..40).collect();
            assert_eq!(numbers[part.clone()], sorted[part.clone()], "{part:?}");
        }
        let mut none: [u32; 0] = [];
        sort_part(&mut none, 0..0, u32::cmp);
    }
}
