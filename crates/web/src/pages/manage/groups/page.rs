//! One group.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use inhaul_manage::{Affected, place_words};
use inhaul_store::{Group, GroupChange, Limits};

use super::form::{self, Fields, Served};
use super::group_id;
use crate::app::App;
use crate::look::many;
use crate::pages::manage::Done;
use crate::pages::manage::limits::DELETE_AFTER;
use crate::pages::manage::typed::{Typed, Wrong};
use crate::request::{Administrator, Person};
use crate::response::{Page, Problem, Shell, see_other};

#[derive(Template)]
#[template(path = "manage/group.html")]
struct GroupPage {
    shell: Shell,
    title: String,
    done: Option<&'static str>,
    group: Group,
    written: Option<String>,
    affected: Affected,
    fields: Fields,
    /// What the group as it is brings about.
    remarks: Vec<String>,
    /// What saving would bring about; saving once more says that it is meant.
    warnings: Vec<String>,
    wrong: Option<Wrong>,
}

/// The page.
pub(crate) async fn page(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let id = group_id(&id, &person.shell)?;
    let group = app.manage().group(&person.actor(), id).await?;
    let shown = Shown {
        done: done.words(),
        ..Shown::default()
    };
    show(&app, person, group, shown).await
}

/// Changes what the form says otherwise; first asks where that stops mail or somebody is beyond a
/// new limit.
pub(crate) async fn change(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let id = group_id(&id, &person.shell)?;
    let actor = person.actor();
    let group = app.manage().group(&actor, id).await?;
    let change = match form::read(&typed, &group) {
        Ok(change) => change,
        Err(wrong) => return show(&app, person, group, Shown::again(&typed, wrong)).await,
    };
    if !typed.is_ticked("sure") {
        let warnings = warnings(&app, &person, &group, &change).await?;
        if !warnings.is_empty() {
            let shown = Shown {
                typed: Some(&typed),
                warnings,
                ..Shown::default()
            };
            return show(&app, person, group, shown).await;
        }
    }
    match app.manage().group_change(&actor, id, change).await {
        Ok(()) => Ok(see_other(&format!("/manage/groups/{id}?done=saved"))),
        Err(refused) => {
            let wrong = Wrong::of(refused)?;
            show(&app, person, group, Shown::again(&typed, wrong)).await
        }
    }
}

/// Removes a group that nobody is in.
pub(crate) async fn remove(
    State(app): State<App>,
    Administrator(person): Administrator,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = group_id(&id, &person.shell)?;
    let actor = person.actor();
    let group = app.manage().group(&actor, id).await?;
    match app.manage().group_remove(&actor, id).await {
        Ok(()) => {
            let query = serde_urlencoded::to_string([("removed", &group.name)]);
            let query = query.unwrap_or_default();
            Ok(see_other(&format!("/manage/groups?{query}")))
        }
        Err(refused) => {
            let shown = Shown {
                wrong: Some(Wrong::of(refused)?),
                ..Shown::default()
            };
            show(&app, person, group, shown).await
        }
    }
}

/// What saving would bring about that is not so already.
async fn warnings(
    app: &App,
    person: &Person,
    before: &Group,
    change: &GroupChange,
) -> Result<Vec<String>, Problem> {
    let mut warnings = Vec::new();
    let stops = |group: &GroupChange| group.triggers.as_ref().is_some_and(|now| now.is_empty());
    if stops(change) && !before.triggers.is_empty() {
        warnings.push(nothing_starts(before.accounts));
    }
    if change.enabled == Some(false) && before.enabled {
        warnings.push(format!(
            "{} could not sign in any more, and nothing would start a check for them.",
            many(before.accounts, "account")
        ));
    }
    if let Some(limits) = change.limits.filter(|limits| *limits != before.limits) {
        warnings.extend(over(app, person, before, &limits).await?);
    }
    Ok(warnings)
}

/// Who has more than these limits allow.
async fn over(
    app: &App,
    person: &Person,
    group: &Group,
    limits: &Limits,
) -> Result<Vec<String>, Problem> {
    let actor = person.actor();
    let over = app.manage().over_limit(&actor, group.id, limits).await?;
    Ok(over.iter().map(ToString::to_string).collect())
}

fn nothing_starts(accounts: u64) -> String {
    let whom = match accounts {
        1 => "this account".to_owned(),
        more => format!("these {}", many(more, "account")),
    };
    format!("Nothing would start a check for {whom}. Mail would stay on the remote servers.")
}

/// What the page shows beside the group.
#[derive(Default)]
struct Shown<'a> {
    done: Option<&'static str>,
    typed: Option<&'a Typed>,
    warnings: Vec<String>,
    wrong: Option<Wrong>,
}

impl<'a> Shown<'a> {
    fn again(typed: &'a Typed, wrong: Wrong) -> Self {
        Self {
            typed: Some(typed),
            wrong: Some(wrong),
            ..Self::default()
        }
    }
}

async fn show(
    app: &App,
    person: Person,
    group: Group,
    shown: Shown<'_>,
) -> Result<Response, Problem> {
    let facts = app.installation().facts();
    let served = Served {
        pop3: facts.serves_pop3,
        imap: facts.serves_imap,
    };
    let Shown {
        done,
        typed,
        warnings,
        wrong,
    } = shown;
    // A file's group sends no fields but one.
    let typed = typed.filter(|_| group.written_at.is_none());
    let mut remarks = over(app, &person, &group, &group.limits).await?;
    if group.triggers.is_empty() && group.accounts > 0 {
        let whom = many(group.accounts, "account");
        remarks.push(format!(
            "Nothing starts a check for {whom}. Mail stays on the remote servers."
        ));
    }
    let status = wrong.as_ref().map(Wrong::status).unwrap_or_default();
    let page = GroupPage {
        affected: app
            .manage()
            .group_affects(&person.actor(), group.id)
            .await?,
        shell: person.shell,
        title: group.name.clone(),
        done,
        written: group.written_at.as_deref().map(place_words),
        fields: Fields::of(&group, typed, served),
        remarks: if warnings.is_empty() {
            remarks
        } else {
            Vec::new()
        },
        warnings,
        wrong,
        group,
    };
    Ok(Page::new(page).with_status(status).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_says_how_many_would_get_no_mail() {
        assert_eq!(
            nothing_starts(23),
            "Nothing would start a check for these 23 accounts. Mail would stay on the remote servers."
        );
        assert!(nothing_starts(1).contains("for this account."));
    }
}
