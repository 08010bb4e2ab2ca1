//! What a request says.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header, request::Parts};

/// The largest form that is taken.
const FORM_LIMIT: usize = 64 * 1024;

pub(crate) struct Asked {
    head: Parts,
    /// Fields of the query; the last of each name.
    pub query: BTreeMap<String, String>,
    /// Fields of a posted form; none where the body is none.
    pub form: Option<BTreeMap<String, String>>,
}

impl Asked {
    pub fn of(request: Request<Bytes>) -> Self {
        let (head, body) = request.into_parts();
        let query = fields(head.uri.query().unwrap_or_default().as_bytes());
        let form = (is_form(&head.headers) && body.len() <= FORM_LIMIT).then(|| fields(&body));
        Self { head, query, form }
    }

    pub fn method(&self) -> &Method {
        &self.head.method
    }

    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// A field of the form.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form.as_ref()?.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A field of the query that is not empty.
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// The value of a cookie. Twice under one name is none: one of them is not ours.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let all = self.head.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut ours = all
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| value);
        let value = ours.next()?;
        ours.next().is_none().then_some(value)
    }
}

fn fields(text: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// A query of these fields.
pub(crate) fn query(of: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(of).finish()
}
