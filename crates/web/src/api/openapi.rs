//! The OpenAPI 3.1 document, made of the table of routes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::on;
use serde_json::{Map, Value, json};

use super::problem::PROBLEM;
use super::route::Verb::Get;
use super::route::{Reply, Route, Who};
use super::schema::{Field, Schema, Way, reference};

pub(super) const ROUTES: &[Route] = &[Route::new(
    Get,
    "/openapi.json",
    "What there is, as an OpenAPI 3.1 document.",
    Reply::OpenApi,
    |verb| on(verb, show),
)
.of(Who::Anybody)];

static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));

async fn show() -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, TEXT.as_str()).into_response()
}

/// All of it.
pub(super) fn document() -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in super::all() {
        let method = route.verb.as_str().to_ascii_lowercase();
        let methods = paths.entry(route.address()).or_default();
        methods.insert(method, operation(route));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "inhaul",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What programs do with inhaul. Documents carry \"v\":1; within a version fields are added, never taken away.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "key": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key that an administrator made.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "inhaul",
                    "description": "The session of somebody signed in; over TLS it is called __Host-inhaul.",
                },
            },
            "schemas": schemas(),
        },
    })
}

fn operation(route: &Route) -> Value {
    let in_path = names_in(route.path).map(|name| {
        json!({
            "name": name,
            "in": "path",
            "required": true,
            "schema": route.named_by.document(),
        })
    });
    let in_query = route.asks.iter().map(
        |Field {
             name,
             kind,
             must,
             about,
         }| {
            json!({
                "name": name,
                "in": "query",
                "required": must,
                "description": about,
                "schema": kind.document(),
            })
        },
    );
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.about,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": responses(route),
    });
    if let Some(body) = &route.body {
        let example: Value =
            serde_json::from_str(body.example).expect("a test has read every example");
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": {
                "schema": { "$ref": reference(body.schema) },
                "example": example,
            } },
        });
    }
    match route.who {
        Who::Anybody => operation["security"] = json!([]),
        Who::Person => {}
        Who::Administrator => {
            operation["description"] =
                "For administrators; for others there is nothing here.".into();
        }
    }
    operation
}

fn responses(route: &Route) -> Value {
    let (status, good) = match route.reply {
        Reply::Document(schema) => ("200", of_document("What was asked for.", schema)),
        Reply::Created(schema) => ("201", of_document("What was made.", schema)),
        Reply::Accepted(schema) => ("202", of_document("What became of it.", schema)),
        Reply::Nothing => ("204", json!({ "description": "Done." })),
        Reply::Message => (
            "200",
            json!({
                "description": "The message.",
                "content": { "message/rfc822": {} },
            }),
        ),
        Reply::Events => (
            "200",
            json!({
                "description": "Events: progress, message, done, summary, each with JSON as its data.",
                "content": { "text/event-stream": {} },
            }),
        ),
        Reply::OpenApi => (
            "200",
            json!({
                "description": "This document.",
                "content": { "application/json": { "schema": { "type": "object" } } },
            }),
        ),
    };
    json!({
        status: good,
        "default": {
            "description": "It was not done, and why.",
            "content": { "application/json": { "schema": { "$ref": reference(&PROBLEM) } } },
        },
    })
}

/// A document and its version.
fn of_document(about: &str, schema: &'static Schema) -> Value {
    let version = json!({
        "type": "object",
        "properties": { "v": { "const": 1 } },
        "required": ["v"],
    });
    json!({
        "description": about,
        "content": { "application/json": {
            "schema": { "allOf": [version, { "$ref": reference(schema) }] },
        } },
    })
}

fn schemas() -> BTreeMap<&'static str, Value> {
    let mut schemas = BTreeMap::new();
    for (schema, way) in used() {
        schemas.insert(schema.name, schema.document(way));
    }
    schemas
}

/// Every object in a request or an answer, in the order in which they are met.
pub(super) fn used() -> Vec<(&'static Schema, Way)> {
    let mut used: Vec<(&'static Schema, Way)> = Vec::new();
    let mut add = |schema: &'static Schema, way| {
        for part in schema.parts() {
            if !used.iter().any(|(known, _)| known.name == part.name) {
                used.push((part, way));
            }
        }
    };
    for route in super::all() {
        if let Some(body) = &route.body {
            add(body.schema, Way::In);
        }
        match route.reply {
            Reply::Document(schema) | Reply::Created(schema) | Reply::Accepted(schema) => {
                add(schema, Way::Out);
            }
            Reply::Nothing | Reply::Message | Reply::Events | Reply::OpenApi => {}
        }
    }
    add(&PROBLEM, Way::Out);
    used
}

/// `{id}` and the like.
pub(super) fn names_in(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('/');
    parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// `get-retrievals-id-runs`.
fn operation_id(route: &Route) -> String {
    let words = route.path.split(['/', '{', '}', '.']);
    let words = words.filter(|word| !word.is_empty());
    let method = route.verb.as_str().to_ascii_lowercase();
    words.fold(method, |id, word| format!("{id}-{word}"))
}
