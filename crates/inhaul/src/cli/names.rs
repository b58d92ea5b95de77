//! Which retrievals somebody means: by name, `account/name`, number or glob; which account: by name
//! or address.

use inhaul_store::{Account, Retrieval, Store, StoreError};
use inhaul_types::Address;

use crate::exit::Failure;

/// The retrievals that `names` mean, in the order of the names, each once.
pub(crate) async fn retrievals_named(
    store: &dyn Store,
    names: &[String],
) -> Result<Vec<Retrieval>, Failure> {
    let mut all = None;
    let mut chosen: Vec<Retrieval> = Vec::new();
    for name in names {
        let found = match by_name_alone(store, name).await? {
            Some(retrieval) => vec![retrieval],
            None => {
                if all.is_none() {
                    all = Some(store.retrieval_list().await?);
                }
                let all = all.as_deref().unwrap_or_default();
                meant(all, name)?.into_iter().cloned().collect()
            }
        };
        for retrieval in found {
            if chosen.iter().all(|other| other.id != retrieval.id) {
                chosen.push(retrieval);
            }
        }
    }
    Ok(chosen)
}

/// The retrieval of this very name, where nothing else can be meant: without reading all of them,
/// which is what takes time where there are thousands.
async fn by_name_alone(store: &dyn Store, name: &str) -> Result<Option<Retrieval>, StoreError> {
    if name.contains('/') {
        return Ok(None);
    }
    match store.retrieval_by_name(name).await {
        Ok(retrieval) => Ok(Some(retrieval)),
        Err(StoreError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The one retrieval that `name` means.
pub(crate) async fn retrieval_named(store: &dyn Store, name: &str) -> Result<Retrieval, Failure> {
    let chosen = retrievals_named(store, &[name.to_owned()]).await?;
    match <[Retrieval; 1]>::try_from(chosen) {
        Ok([one]) => Ok(one),
        Err(several) => {
            let names: Vec<&str> = several.iter().map(|one| one.name.as_str()).collect();
            Err(
                Failure::usage(format!("{name} means {} retrievals", several.len()))
                    .hint(format!("Name one of: {}.", names.join(", "))),
            )
        }
    }
}

/// The account of this name, else the one that has this address: mail servers know their users by
/// either. Letter case does not count; a wildcard is nobody's address.
pub(crate) async fn account_meant(store: &dyn Store, name: &str) -> Result<Account, StoreError> {
    let missing = match store.account_by_name(name).await {
        Err(missing @ StoreError::Missing { .. }) => missing,
        other => return other,
    };
    let Ok(address) = name.parse::<Address>() else {
        return Err(missing);
    };
    let mut accounts = store.account_list().await?.into_iter();
    let has_it = |account: &Account| account.addresses.iter().any(|own| is_same(own, &address));
    accounts.find(has_it).ok_or(missing)
}

fn is_same(own: &Address, meant: &Address) -> bool {
    let is_wildcard = own.local_part() == "*" || own.domain() == "*";
    let lower = |address: &Address| address.as_str().to_lowercase();
    !is_wildcard && lower(own) == lower(meant)
}

/// The very name before anything else: a name may look like a number or a glob.
fn meant<'a>(all: &'a [Retrieval], name: &str) -> Result<Vec<&'a Retrieval>, Failure> {
    let ways: [&dyn Fn(&Retrieval) -> bool; 3] = [
        &|one| one.name.eq_ignore_ascii_case(name) || with_account(one).eq_ignore_ascii_case(name),
        &|one| is_glob(name) && (fits(name, &one.name) || fits(name, &with_account(one))),
        &|one| name.parse() == Ok(one.id.row()),
    ];
    for way in ways {
        let found: Vec<&Retrieval> = all.iter().filter(|one| way(one)).collect();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let what = "retrieval";
    let name = name.to_owned();
    Err(StoreError::Missing { what, name }.into())
}

fn with_account(retrieval: &Retrieval) -> String {
    format!("{}/{}", retrieval.account_name, retrieval.name)
}

fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// Whether `text` fits a pattern of `*` (any letters, or none) and `?` (any one), whatever the case.
fn fits(pattern: &str, text: &str) -> bool {
    let lower = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<Vec<_>>()
    };
    let (pattern, text) = (lower(pattern), lower(text));
    let (mut p, mut t) = (0, 0);
    // Where the last star is, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, t) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_any_case_and_a_wildcard_is_nobodys() {
        for (own, meant, is) in [
            ("anna@example.org", "anna@example.org", true),
            ("Anna@example.org", "aNNA@Example.ORG", true),
            ("anna@example.org", "anna@example.com", false),
            ("*@example.org", "*@example.org", false),
            ("*@example.org", "anna@example.org", false),
            ("anna@*", "anna@*", false),
        ] {
            let [own_address, meant_address] = [own, meant].map(|text| text.parse().unwrap());
            assert_eq!(is_same(&own_address, &meant_address), is, "{own} {meant}");
        }
    }

    #[test]
    fn a_glob_fits_what_it_would_fit_in_a_shell() {
        for (pattern, text, does) in [
            ("*", "", true),
            ("work*", "Work mail", true),
            ("*mail", "work mail", true),
            ("w*k*l", "work mail", true),
            ("w*k*x", "work mail", false),
            ("wor?", "work", true),
            ("wor?", "wor", false),
            ("anna/*", "anna/isp", true),
            ("ann?/*", "bob/isp", false),
            ("*é*", "Café", true),
        ] {
            assert_eq!(fits(pattern, text), does, "{pattern} {text}");
        }
    }
}
