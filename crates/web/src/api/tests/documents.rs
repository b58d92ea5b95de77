//! The table of routes, the OpenAPI document, `docs/api.md` and what is really answered agree.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::house::{Answer, House};
use crate::api::all;
use crate::api::openapi::{names_in, used};
use crate::api::problem::PROBLEM;
use crate::api::route::{Reply, Route, Who};
use crate::api::schema::{Field, Kind, Schema, Way};

/// Holds an answer against what the table says of its route.
#[track_caller]
pub(super) fn check_answer(method: &str, address: &str, answer: &Answer) {
    let what = format!("{method} {address}");
    if answer.status.is_client_error() || answer.status.is_server_error() {
        let problem = answer.json();
        PROBLEM.check(&problem, &what, Top::Plain);
        assert_ne!(
            problem["do"],
            serde_json::json!([]),
            "{what}: nothing to do"
        );
        assert_eq!(answer.headers["content-type"], "application/json", "{what}");
        return;
    }
    let path = address.split('?').next().unwrap();
    let mut routes = all();
    let route = routes.find(|route| route.verb.as_str() == method && fits(route, path));
    let Some(route) = route else {
        panic!("{what} is in no table");
    };
    let (status, schema) = match route.reply {
        Reply::Document(schema) => (200, schema),
        Reply::Created(schema) => (201, schema),
        Reply::Accepted(schema) => (202, schema),
        Reply::Nothing => {
            assert_eq!(
                (answer.status.as_u16(), answer.octets.len()),
                (204, 0),
                "{what}"
            );
            return;
        }
        Reply::Message | Reply::Events | Reply::OpenApi => return,
    };
    assert_eq!(answer.status.as_u16(), status, "{what}");
    assert_eq!(answer.headers["cache-control"], "no-store", "{what}");
    schema.check(&answer.json(), &what, Top::Versioned);
}

fn fits(route: &Route, path: &str) -> bool {
    let address = route.address();
    let (ours, theirs) = (address.split('/'), path.split('/'));
    ours.clone().count() == theirs.clone().count()
        && ours
            .zip(theirs)
            .all(|(our, their)| our == their || (our.starts_with('{') && !their.is_empty()))
}

/// Whether an object is a whole document.
#[derive(Clone, Copy, PartialEq)]
enum Top {
    Versioned,
    Plain,
}

impl Schema {
    /// It has each field it must have, and none that is not told.
    #[track_caller]
    fn check(&self, value: &Value, what: &str, top: Top) {
        let object = value.as_object();
        let object = object.unwrap_or_else(|| panic!("{what}: {} is {value}", self.name));
        if top == Top::Versioned {
            assert_eq!(object["v"], 1, "{what}");
        }
        for field in self.fields {
            match object.get(field.name) {
                Some(value) => field.kind.check(value, &format!("{what}: {}", field.name)),
                None => assert!(!field.must, "{what}: {} is missing in {value}", field.name),
            }
        }
        let known = |name: &str| self.fields.iter().any(|field| field.name == name);
        for name in object.keys() {
            let is_version = name == "v" && top == Top::Versioned;
            assert!(known(name) || is_version, "{what}: {name} is told nowhere");
        }
    }
}

impl Kind {
    #[track_caller]
    fn check(self, value: &Value, what: &str) {
        let fits = match self {
            Self::Text | Self::Secret => value.is_string(),
            Self::Whole => value.is_u64(),
            Self::Flag => value.is_boolean(),
            Self::Time => value.as_str().is_some_and(|time| time.ends_with('Z')),
            Self::Word(words) => value.as_str().is_some_and(|word| words().contains(&word)),
            Self::Maybe(of) => {
                if !value.is_null() {
                    of.check(value, what);
                }
                true
            }
            Self::Of(schema) => {
                schema.check(value, what, Top::Plain);
                true
            }
            Self::List(of) => {
                let list = value
                    .as_array()
                    .unwrap_or_else(|| panic!("{what}: {value}"));
                list.iter().for_each(|value| of.check(value, what));
                true
            }
            Self::Map(words, of) => {
                let map = value
                    .as_object()
                    .unwrap_or_else(|| panic!("{what}: {value}"));
                map.values().for_each(|value| of.check(value, what));
                map.keys().all(|word| words().contains(&word.as_str()))
            }
            Self::Texts => {
                let map = value
                    .as_object()
                    .unwrap_or_else(|| panic!("{what}: {value}"));
                map.values().all(Value::is_string)
            }
        };
        assert!(fits, "{what}: {value}");
    }
}

#[test]
fn every_request_is_read_as_the_table_tells_it() {
    for body in all().filter_map(|route| route.body) {
        let name = body.schema.name;
        assert_eq!((body.read)(body.example), Ok(()), "the example of {name}");
        let example: Value = serde_json::from_str(body.example).unwrap();
        body.schema.check(&example, name, Top::Plain);
        // Whoever reads it says what it knows.
        let error = (body.read)(r#"{"?":1}"#).unwrap_err();
        let known: BTreeSet<_> = error.split('`').skip(3).step_by(2).collect();
        let told: BTreeSet<_> = body.schema.fields.iter().map(|field| field.name).collect();
        assert_eq!(told, known, "{name}: {error}");
        for field in body.schema.fields.iter().filter(|field| field.must) {
            let mut without = example.clone();
            without.as_object_mut().unwrap().remove(field.name);
            let read = (body.read)(&without.to_string());
            assert!(read.is_err(), "{name} without {}", field.name);
        }
    }
}

#[tokio::test]
async fn the_openapi_document_has_every_route_and_leads_nowhere_wrong() {
    let house = House::new().await;
    let answer = house.send("GET /openapi.json", &[], "").await;
    let document = answer.is(200);
    assert_eq!(document["openapi"], "3.1.0");
    let mut operations = BTreeSet::new();
    for route in all() {
        let method = route.verb.as_str().to_ascii_lowercase();
        let operation = &document["paths"][route.address()][&method];
        let id = operation["operationId"].as_str().unwrap();
        assert!(operations.insert(id), "{id} is there twice");
        let parameters = operation["parameters"].as_array().unwrap();
        let in_path = parameters.iter().filter(|one| one["in"] == "path");
        let in_path: Vec<_> = in_path.map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(in_path, names_in(route.path).collect::<Vec<_>>(), "{id}");
        assert!(operation["responses"]["default"].is_object(), "{id}");
    }
    let paths = document["paths"].as_object().unwrap().values();
    let count: usize = paths
        .map(|methods| methods.as_object().unwrap().len())
        .sum();
    assert_eq!(count, all().count());
    let mut led_to = BTreeSet::new();
    references(&document, &mut led_to);
    for place in &led_to {
        let pointer = place.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{place} leads nowhere");
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in schemas.keys() {
        let place = format!("#/components/schemas/{name}");
        assert!(led_to.contains(place.as_str()), "nothing leads to {name}");
    }
}

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn no_two_objects_share_a_name() {
    let parts = all().flat_map(|route| {
        let body = route.body.map(|body| body.schema);
        let reply = match route.reply {
            Reply::Document(schema) | Reply::Created(schema) | Reply::Accepted(schema) => {
                Some(schema)
            }
            Reply::Nothing | Reply::Message | Reply::Events | Reply::OpenApi => None,
        };
        body.into_iter().chain(reply).flat_map(Schema::parts)
    });
    for part in parts {
        let told = used().into_iter().find(|(one, _)| one.name == part.name);
        let (told, _) = told.unwrap();
        assert_eq!(format!("{told:?}"), format!("{part:?}"), "{}", part.name);
    }
}

const INTRODUCTION: &str = "\
# The REST API

Everything below `/api/v1`, for scripts and other programs. The same as an OpenAPI 3.1 document is
at `/api/v1/openapi.json` of every installation.

A program shows a key that an administrator made: `Authorization: Bearer KEY`. It may do what the
key's account may do. Pages that are open in a browser use their session instead of a key.

Requests and answers are JSON. Documents carry `\"v\":1`; within a version fields are added and none is
taken away or gets another meaning. Fields that are not told here are refused, so a slip of the pen
changes nothing. A change (`PATCH`) names what is to be other than it is; the rest stays. Passwords
go in and never come out. Times are RFC 3339 in UTC, sizes are octets.

What is somebody else's is not there (404). What was not done says why, as [Problem](#problem), with
these codes beside those of [errors](errors.md): `not-signed-in` (401), `not-allowed` (403),
`not-found` (404), `method-not-allowed` (405), `too-slow` (408), `in-the-way` and `written-in-file` (409),
`request-too-large` (413), `not-understood` (400, 415, 422), `nothing-found` and `not-offered` (422),
`too-many-tries` (429), `broken` (500). A check that is refused has the word of its reason as code
(409), and `Retry-After` says when it is possible again.

```console
$ curl -H \"Authorization: Bearer $KEY\" http://127.0.0.1:8110/api/v1/status
$ curl -H \"Authorization: Bearer $KEY\" -X POST http://127.0.0.1:8110/api/v1/retrievals/7/check
```

<!-- Made from the table in crates/web/src/api; INHAUL_UPDATE_DOCS=1 cargo test -p inhaul-web
     writes it anew. -->

## What there is
";

fn pages() -> String {
    let mut text = INTRODUCTION.to_owned();
    for route in all() {
        let who = match route.who {
            Who::Anybody => " Needs no key.",
            Who::Person => "",
            Who::Administrator => " For administrators.",
        };
        let (verb, path) = (route.verb.as_str(), route.path);
        let _infallible = write!(text, "\n### {verb} {path}\n\n{}{who}\n", route.about);
        if !route.asks.is_empty() {
            text.push_str("\nBehind `?`:\n\n");
            route.asks.iter().for_each(|field| line(&mut text, field));
        }
        if let Some(body) = &route.body {
            let sent = link(body.schema);
            let _infallible = write!(text, "\nSend {sent}:\n\n```json\n{}\n```\n", body.example);
        }
        let reply = match route.reply {
            Reply::Document(schema) => format!("200 {}", link(schema)),
            Reply::Created(schema) => format!("201 {}", link(schema)),
            Reply::Accepted(schema) => format!("202 {}", link(schema)),
            Reply::Nothing => "204, nothing".to_owned(),
            Reply::Message => "200, `message/rfc822`".to_owned(),
            Reply::Events => {
                "200, `text/event-stream`: `progress`, `message`, `done`, `summary`".to_owned()
            }
            Reply::OpenApi => "200, an OpenAPI document".to_owned(),
        };
        let _infallible = write!(text, "\nAnswer: {reply}\n");
    }
    text.push_str("\n## What is sent and answered\n");
    for (schema, way) in used() {
        let _infallible = write!(text, "\n### {}\n\n{}\n\n", schema.name, schema.about);
        for field in schema.fields {
            line(&mut text, field);
        }
        if way == Way::In && schema.fields.iter().any(|field| field.must) {
            text.push_str("\nFields in bold have to be sent.\n");
        }
    }
    text
}

fn link(schema: &Schema) -> String {
    format!("[{}](#{})", schema.name, schema.name.to_lowercase())
}

fn line(text: &mut String, field: &Field) {
    let name = match field.must {
        true => format!("**`{}`**", field.name),
        false => format!("`{}`", field.name),
    };
    let kind = field.kind.words();
    let _infallible = writeln!(text, "- {name} ({kind}): {}", field.about);
}

/// With `INHAUL_UPDATE_DOCS=1` writes the file instead of comparing it.
#[test]
fn the_page_about_the_api_says_what_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let pages = pages();
    if std::env::var_os("INHAUL_UPDATE_DOCS").is_some() {
        fs::write(&file, &pages).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap();
    for (number, (is, was)) in (1..).zip(pages.lines().zip(written.lines())) {
        assert_eq!(
            is, was,
            "api.md:{number} (INHAUL_UPDATE_DOCS=1 writes it anew)"
        );
    }
    assert_eq!(
        pages.len(),
        written.len(),
        "INHAUL_UPDATE_DOCS=1 writes api.md anew"
    );
}
