//! Bodies in a format that we publish. Their sender is a program of a partner who can be told what is wrong, so
//! every wrong field is named at once, by its path and without its value.

use std::borrow::Cow;

use crossdock_core::hook::{FieldError, Refusal};
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{BODY_LIMIT, lenient};

/// Nobody mends more than this in one round, and an answer stays small.
const ERRORS_AT_MOST: usize = 100;

/// One published format: the type that is read, and its schema ready to check with.
pub struct Format {
    validator: Validator,
}

impl Format {
    /// # Panics
    /// Never: the schema of our own type is always a schema.
    #[must_use]
    pub fn of<T: JsonSchema>() -> Self {
        let validator = jsonschema::options().should_validate_formats(true).build(&schema::<T>());
        Self { validator: validator.expect("the schema of our own type is always a schema") }
    }

    /// Reads a body as `T`, which is the type that this format was made of.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Vec<FieldError>> {
        let one = |message: String| vec![FieldError { path: String::new(), message }];
        if body.len() > BODY_LIMIT {
            return Err(one(format!("is larger than {BODY_LIMIT} bytes")));
        }
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| one(format!("is no JSON (line {}, column {})", error.line(), error.column())))?;
        let errors: Vec<_> = self.validator.iter_errors(&value).flat_map(|error| told(&error)).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        // The schema is made from the type, so this is a value of the right form that the type refuses, or a
        // field that is there twice: read from the bytes, because of two the value above kept only the last.
        serde_json::from_slice(body).map_err(|error| one(lenient::why(&error)))
    }
}

/// The JSON Schema (draft 2020-12) that is published of a type.
#[must_use]
pub fn schema<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

/// The answer to a body with wrong fields: sorted, each once, and not without end.
#[must_use]
pub fn refusal(mut errors: Vec<FieldError>) -> Refusal {
    errors.sort();
    errors.dedup();
    errors.truncate(ERRORS_AT_MOST);
    Refusal::Invalid(errors)
}

/// One violation in words that quote no value: an answer may be logged on its way.
fn told(error: &ValidationError<'_>) -> Vec<FieldError> {
    let path = error.instance_path().to_string();
    let at = |path: &str, message: String| FieldError { path: path.to_owned(), message };
    let field = |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
    let choice = |choices: &[String]| vec![at(&path, format!("must be one of {}", choices.join(", ")))];
    match error.kind() {
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => choice(&allowed(error)),
        ValidationErrorKind::Required { property } => {
            vec![at(&field(property.as_str().unwrap_or_default()), "is missing".into())]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| at(&field(name), "is no field of this format".into())).collect()
        }
        ValidationErrorKind::Pattern { pattern } => vec![at(&path, format!("must match {pattern}"))],
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let inner: Vec<_> = context.iter().flatten().collect();
            let allowed: Vec<_> = inner.iter().flat_map(|error| allowed(error)).collect();
            if !allowed.is_empty() {
                return choice(&allowed);
            }
            // An optional object is "this or null": what is wrong is in the branch that is not null.
            let deeper: Vec<_> = inner.into_iter().filter(|e| !is_null_branch(e)).flat_map(told).collect();
            if deeper.is_empty() { vec![at(&path, "is none of what is allowed here".into())] } else { deeper }
        }
        _ => vec![at(&path, error.masked_with("the value").to_string())],
    }
}

/// The values that a choice of fixed texts allows. They are the schema's, not the body's.
fn allowed(error: &ValidationError<'_>) -> Vec<String> {
    match error.kind() {
        ValidationErrorKind::Constant { expected_value } => vec![expected_value.to_string()],
        ValidationErrorKind::Enum { options } => {
            options.as_array().into_iter().flatten().map(ToString::to_string).collect()
        }
        _ => Vec::new(),
    }
}

fn is_null_branch(error: &ValidationError<'_>) -> bool {
    match error.kind() {
        ValidationErrorKind::Type { kind } => format!("{kind:?}").contains("Null"),
        _ => false,
    }
}

/// A text of one fixed form: the schema holds the form, so that a wrong one is named with its path.
macro_rules! formed {
    ($(#[$doc:meta])* $name:ident, $schema:tt) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

formed!(
    /// A decimal in a text: an amount or a quantity.
    Money, { "type": "string", "pattern": "^-?[0-9]{1,11}(\\.[0-9]{1,8})?$", "maxLength": 24 });
formed!(
    /// RFC 3339 with an offset.
    Time, { "type": "string", "format": "date-time", "maxLength": 40 });
formed!(
    /// ISO 3166-1 alpha-2.
    Country, { "type": "string", "pattern": "^[A-Z]{2}$" });
formed!(
    /// A SKU: at most 128 bytes in the end, which a schema cannot count.
    SkuText, { "type": "string", "pattern": "^\\S(.*\\S)?$", "maxLength": 128 });
