//! What requests and answers look like, as a table: the OpenAPI document and `docs/api.md` are made
//! of it, and tests hold every answer against it.

use serde_json::{Map, Value, json};

/// An object.
#[derive(Debug)]
pub(super) struct Schema {
    /// Its name in the document.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) about: &'static str,
    /// Its fields, in their order.
    pub(super) fields: &'static [Field],
}

/// A field of an object, or a parameter of a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// Its name.
    pub(super) name: &'static str,
    /// What stands in it.
    pub(super) kind: Kind,
    /// It is always there, or has to be.
    pub(super) must: bool,
    /// What it says.
    pub(super) about: &'static str,
}

/// What stands in a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// Text that goes in and never comes out.
    Secret,
    /// A whole number.
    Whole,
    /// Yes or no.
    Flag,
    /// A moment: RFC 3339.
    Time,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// An object.
    Of(&'static Schema),
    /// Several.
    List(&'static Self),
    /// Several by these words.
    Map(fn() -> Vec<&'static str>, &'static Self),
    /// Texts by names.
    Texts,
    /// It, or null.
    Maybe(&'static Self),
}

/// A field that is always there, or has to be.
pub(super) const fn must(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field {
        name,
        kind,
        must: true,
        about,
    }
}

/// A field that may be absent.
pub(super) const fn may(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field {
        must: false,
        ..must(name, kind, about)
    }
}

/// Whether a schema is of what comes or of what goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// A request: what it does not name is refused.
    In,
    /// An answer: it may say more some day.
    Out,
}

impl Schema {
    /// As JSON Schema (2020-12, as OpenAPI 3.1 takes it).
    pub(super) fn document(&self, way: Way) -> Value {
        let fields = self.fields.iter();
        let properties: Map<String, Value> = fields
            .clone()
            .map(|field| (field.name.to_owned(), field.document()))
            .collect();
        let required: Vec<_> = fields
            .filter(|field| field.must)
            .map(|field| field.name)
            .collect();
        let mut document = json!({
            "type": "object",
            "description": self.about,
            "properties": properties,
        });
        if !required.is_empty() {
            document["required"] = required.into();
        }
        if way == Way::In {
            document["additionalProperties"] = false.into();
        }
        document
    }

    /// It and all that it is made of.
    pub(super) fn parts(&'static self) -> Vec<&'static Self> {
        let mut parts = vec![self];
        for field in self.fields {
            parts.extend(field.kind.object().into_iter().flat_map(Self::parts));
        }
        parts
    }
}

impl Field {
    fn document(&self) -> Value {
        let mut document = self.kind.document();
        document["description"] = self.about.into();
        document
    }
}

impl Kind {
    /// As JSON Schema.
    pub(super) fn document(self) -> Value {
        match self {
            Self::Text => json!({ "type": "string" }),
            Self::Secret => json!({ "type": "string", "format": "password", "writeOnly": true }),
            Self::Whole => json!({ "type": "integer", "format": "int64" }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Time => json!({ "type": "string", "format": "date-time" }),
            Self::Word(words) => json!({ "type": "string", "enum": words() }),
            Self::Of(schema) => json!({ "$ref": reference(schema) }),
            Self::List(of) => json!({ "type": "array", "items": of.document() }),
            Self::Map(words, of) => json!({
                "type": "object",
                "propertyNames": { "enum": words() },
                "additionalProperties": of.document(),
            }),
            Self::Texts => json!({
                "type": "object",
                "additionalProperties": { "type": "string" },
            }),
            Self::Maybe(of) => json!({ "anyOf": [of.document(), { "type": "null" }] }),
        }
    }

    /// For people: `text or null`.
    #[cfg(test)]
    pub(super) fn words(self) -> String {
        match self {
            Self::Text | Self::Secret => "text".into(),
            Self::Whole => "number".into(),
            Self::Flag => "true or false".into(),
            Self::Time => "time".into(),
            Self::Word(words) => {
                let words: Vec<_> = words().iter().map(|word| format!("`{word}`")).collect();
                words.join(", ")
            }
            Self::Of(schema) => format!("[{}](#{})", schema.name, schema.name.to_lowercase()),
            Self::List(of) => format!("list of {}", of.words()),
            Self::Map(_, of) => format!("{} by word", of.words()),
            Self::Texts => "text by name".into(),
            Self::Maybe(of) => format!("{} or null", of.words()),
        }
    }

    fn object(self) -> Option<&'static Schema> {
        match self {
            Self::Of(schema) => Some(schema),
            Self::List(of) | Self::Maybe(of) | Self::Map(_, of) => of.object(),
            _ => None,
        }
    }
}

/// Where the OpenAPI document has it.
pub(super) fn reference(schema: &Schema) -> String {
    format!("#/components/schemas/{}", schema.name)
}
