//! What the header of a part says of it (RFC 2045, RFC 2183). Names are decoded for people.

use mail_parser::ContentType;
use mail_parser::parsers::MessageStream;

use crate::header::HeaderBlock;
use crate::text::{clean, to_utf8, unfold};

/// A part's own description.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Described {
    /// `text`, `multipart`, `image` and so on, in lower case.
    pub kind: String,
    /// `plain`, `mixed`, `png` and so on, in lower case.
    pub subtype: String,
    /// Further parameters of Content-Type, names in lower case.
    parameters: Vec<(String, String)>,
    /// Whether it wants to be shown or saved.
    pub disposition: Option<Disposition>,
    /// What the file is called, in one line without control characters. It may have any other
    /// character, `/` among them.
    pub name: Option<String>,
    /// How its octets were packed.
    pub encoding: TransferEncoding,
    /// The Content-ID without its angle brackets.
    pub content_id: Option<String>,
}

/// Content-Disposition (RFC 2183).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Disposition {
    /// To be shown with the rest.
    Inline,
    /// To be saved; so is what names neither (RFC 2183 section 2.8).
    Attachment,
}

/// Content-Transfer-Encoding (RFC 2045 section 6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TransferEncoding {
    /// 7bit, 8bit, binary, or nothing said.
    Identity,
    /// quoted-printable.
    QuotedPrintable,
    /// base64.
    Base64,
    /// Something nobody knows: its octets stay as they are, and are no text.
    Unknown,
}

impl Described {
    /// Reads the header of a part. `default` is what a part without Content-Type is.
    pub(super) fn read(header: &[u8], default: (&str, &str)) -> Self {
        let header = HeaderBlock::new(header);
        let (mut media, mut disposition) = (None, None);
        let (mut encoding, mut content_id) = (TransferEncoding::Identity, None);
        for field in header.fields() {
            if field.name.len() < 8 || !field.name[..8].eq_ignore_ascii_case(b"content-") {
                continue;
            }
            match field.name[8..].to_ascii_lowercase().as_slice() {
                b"type" if media.is_none() => media = Some(unfold(field.value)),
                b"disposition" if disposition.is_none() => {
                    disposition = Some(unfold(field.value));
                }
                b"transfer-encoding" => encoding = TransferEncoding::read(field.value),
                b"id" => content_id = id(field.value),
                _ => {}
            }
        }
        // Raw 8-bit names stand in no charset: UTF-8 or the last resort.
        let media = media.map(|value| to_utf8(&value, None).into_owned());
        let disposition = disposition.map(|value| to_utf8(&value, None).into_owned());
        let media = media.as_deref().and_then(parse);
        let disposition = disposition.as_deref().and_then(parse);
        let name = (disposition.as_ref())
            .and_then(|disposition| disposition.attribute("filename"))
            .or_else(|| media.as_ref()?.attribute("name"))
            .map(clean)
            .filter(|name| !name.is_empty());
        let disposition = disposition.map(|disposition| {
            match disposition.c_type.eq_ignore_ascii_case("inline") {
                true => Disposition::Inline,
                false => Disposition::Attachment,
            }
        });
        // What is not of the form type/subtype is as good as nothing (RFC 2045 section 5.2).
        let media = media.filter(|media| media.c_subtype.is_some() && !media.c_type.is_empty());
        let (kind, subtype) = match &media {
            Some(media) => (
                &*media.c_type,
                media.c_subtype.as_deref().unwrap_or_default(),
            ),
            None => default,
        };
        Self {
            kind: clean(kind).to_ascii_lowercase(),
            subtype: clean(subtype).to_ascii_lowercase(),
            parameters: media.as_ref().map(parameters).unwrap_or_default(),
            disposition,
            name,
            encoding,
            content_id,
        }
    }

    /// Whether it is of this type, given in lower case.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    /// A parameter of Content-Type by its name in lower case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let parameter = parameters.find(|(parameter, _)| parameter == name)?;
        Some(&parameter.1)
    }

    /// `image/png`.
    pub fn media_type(&self) -> String {
        format!("{}/{}", self.kind, self.subtype)
    }
}

impl TransferEncoding {
    fn read(value: &[u8]) -> Self {
        let value = unfold(value);
        // `7bit; charset=us-ascii` and `8bit (comment)` exist.
        let mut words = value.split(|octet| b" \t\n;(".contains(octet));
        let word = words.find(|word| !word.is_empty()).unwrap_or_default();
        match word.to_ascii_lowercase().as_slice() {
            b"base64" => Self::Base64,
            b"quoted-printable" => Self::QuotedPrintable,
            b"" | b"7bit" | b"8bit" | b"binary" | b"7-bit" | b"8-bit" | b"us-ascii" | b"none" => {
                Self::Identity
            }
            _ => Self::Unknown,
        }
    }
}

fn parse(unfolded: &[u8]) -> Option<ContentType<'_>> {
    let parsed = MessageStream::new(unfolded).parse_content_type();
    parsed.into_content_type()
}

fn parameters(media: &ContentType<'_>) -> Vec<(String, String)> {
    let attributes = media.attributes.iter().flatten();
    attributes
        .map(|attribute| {
            (
                attribute.name.to_ascii_lowercase(),
                attribute.value.clone().into_owned(),
            )
        })
        .take(PARAMETERS_MOST)
        .collect()
}

/// The id in its angle brackets, or without them as some write it.
fn id(value: &[u8]) -> Option<String> {
    let value = to_utf8(&unfold(value), None).into_owned();
    let value = clean(str::from_utf8(&value).ok()?);
    let id = value.trim_start_matches('<').trim_end_matches('>').trim();
    (!id.is_empty()).then(|| id.to_owned())
}

/// Parameters that are kept; a few mean something.
const PARAMETERS_MOST: usize = 20;
