//! Every page that links lead to, and every form on them, as somebody finds them who looks around.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::wire::Visitor;

/// What somebody can see and send.
pub(crate) struct Found {
    /// Pages by their addresses.
    pub(crate) pages: BTreeMap<String, String>,
    /// Where forms are sent that change something.
    pub(crate) forms: BTreeSet<String>,
}

/// Follows every link from the first page on.
pub(crate) fn crawl(who: &Visitor) -> Found {
    let mut found = Found {
        pages: BTreeMap::new(),
        forms: BTreeSet::new(),
    };
    let mut next = VecDeque::from(["/".to_owned()]);
    while let Some(path) = next.pop_front() {
        let is_known = found.pages.contains_key(&path);
        if is_known || found.pages.len() >= PAGES_MOST {
            continue;
        }
        let page = who.get(&path).body;
        let links = values(&page, "href").filter(|link| {
            let is_page = link.starts_with('/') && !link.starts_with("//");
            is_page && !link.starts_with("/assets/") && !link.contains("follow")
        });
        next.extend(links.map(|link| link.split('#').next().unwrap_or("/").replace("&#38;", "&")));
        found
            .forms
            .extend(values(&page, "formaction").map(str::to_owned));
        let forms = page.split("<form").skip(1);
        let tags = forms.filter_map(|form| form.split_once('>').map(|(tag, _)| tag));
        let changing = tags.filter(|tag| tag.contains("method=\"post\""));
        let to = changing.map(|tag| values(tag, "action").next().unwrap_or(&path).to_owned());
        let to: Vec<_> = to.collect();
        found.forms.extend(to);
        found.pages.insert(path, page);
    }
    found
}

/// The values of an attribute.
fn values<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let start = format!(" {name}=\"");
    let behind: Vec<_> = text.split(&start).skip(1).collect();
    behind.into_iter().filter_map(|rest| rest.split('"').next())
}

/// Lists with filters have no end of addresses.
const PAGES_MOST: usize = 120;
