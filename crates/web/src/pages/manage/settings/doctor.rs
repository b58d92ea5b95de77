//! "Check the setup": what the doctor finds.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::install::{Finding, Grade};
use crate::look::many;
use crate::request::Administrator;
use crate::response::{Page, Shell};

#[derive(Template)]
#[template(path = "manage/doctor.html")]
struct DoctorPage {
    shell: Shell,
    title: &'static str,
    sum: String,
    findings: Vec<Finding>,
}

/// Looks, and says what was found; the worst first.
pub(crate) async fn page(State(app): State<App>, Administrator(person): Administrator) -> Response {
    let mut findings = app.installation().examine().await;
    findings.sort_by_key(|finding| match finding.grade {
        Grade::Problem => 0,
        Grade::Warning => 1,
        Grade::Ok => 2,
    });
    for finding in &mut findings {
        capitalise(&mut finding.what);
    }
    let page = DoctorPage {
        shell: person.shell,
        title: "Check the setup",
        sum: sum(&findings),
        findings,
    };
    Page::new(page).into_response()
}

/// The doctor's lines begin small on a terminal; here they are sentences.
fn capitalise(text: &mut str) {
    let first = text.split_whitespace().next().unwrap_or_default();
    let first = first.strip_suffix(',').unwrap_or(first);
    // A name like `pop.example.org`, or of a retrieval before a colon, stays as it is.
    let is_word = first.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    if is_word && !first.is_empty() && first != "inhaul" && text.starts_with(first) {
        text[..1].make_ascii_uppercase();
    }
}

fn sum(findings: &[Finding]) -> String {
    let count = |grade| {
        let of_it = findings.iter().filter(|finding| finding.grade == grade);
        of_it.count() as u64
    };
    match (count(Grade::Problem), count(Grade::Warning)) {
        (0, 0) => "No problems.".to_owned(),
        (0, warnings) => format!("No problems, {}.", many(warnings, "warning")),
        (problems, 0) => format!("{}.", many(problems, "problem")),
        (problems, warnings) => {
            let problems = many(problems, "problem");
            format!("{problems}, {}.", many(warnings, "warning"))
        }
    }
}

impl DoctorPage {
    /// The sign and class of a state of the same weight.
    fn class(grade: &Grade) -> &'static str {
        match grade {
            Grade::Ok => "working",
            Grade::Warning => "trying",
            Grade::Problem => "failing",
        }
    }

    fn glyph(grade: &Grade) -> &'static str {
        match grade {
            Grade::Ok => "●",
            Grade::Warning => "▲",
            Grade::Problem => "■",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_sentence_and_names_stay_as_they_are() {
        for (found, shown) in [
            ("the database is whole", "The database is whole"),
            ("write, sync and read back", "Write, sync and read back"),
            ("self-made certificate", "Self-made certificate"),
            ("club: refuses the password", "club: refuses the password"),
            ("pop.example.org is far", "pop.example.org is far"),
            ("inhaul 0.1.0 answers", "inhaul 0.1.0 answers"),
            ("4 of 10 working", "4 of 10 working"),
            ("", ""),
        ] {
            let mut text = found.to_owned();
            capitalise(&mut text);
            assert_eq!(text, shown);
        }
    }
}
