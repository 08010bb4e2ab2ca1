//! What a method raises, under the name that Odoo gives it on the wire.

use super::Version;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    AccessDenied,
    Access,
    User,
    Missing,
    Validation,
    Value,
    Attribute,
    Type,
    Key,
    Serialization,
    NotNull,
    /// A check constraint with words of its own.
    Constraint,
    /// A check constraint that PostgreSQL words itself.
    Check,
    /// JSON-2 could not match the arguments with the parameters.
    Argument,
    NoDatabase,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OdooError {
    pub kind: Kind,
    pub message: String,
    /// The model and field that a missing value belongs to.
    pub field: Option<(String, String)>,
}

pub(crate) type Outcome<T> = Result<T, OdooError>;

impl OdooError {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), field: None }
    }

    pub fn user(message: impl Into<String>) -> Self {
        Self::new(Kind::User, message)
    }

    pub fn value(message: impl Into<String>) -> Self {
        Self::new(Kind::Value, message)
    }

    pub fn missing(model: &str, id: i64, uid: i64) -> Self {
        let record = format!("(Record: {model}({id},), User: {uid})");
        Self::new(Kind::Missing, format!("Record does not exist or has been deleted.\n{record}"))
    }

    /// What Odoo says once its own retries of a serialization failure are used up.
    pub fn serialization() -> Self {
        Self::new(Kind::Serialization, "could not serialize access due to concurrent update\n")
    }

    pub fn no_method(version: Version, model: &str, method: &str) -> Self {
        let message = match version {
            Version::V17 | Version::V18 => {
                format!("The method '{method}' does not exist on the model '{model}'")
            }
            Version::V19 => format!("The method '{model}.{method}' does not exist"),
        };
        Self::new(Kind::Attribute, message)
    }

    pub fn private(version: Version, model: &str, method: &str) -> Self {
        let called = match version {
            Version::V17 | Version::V18 => method.to_owned(),
            Version::V19 => format!("'{model}.{method}'"),
        };
        Self::new(Kind::Access, format!("Private methods (such as {called}) cannot be called remotely."))
    }

    /// The required value that is absent; 19 says more than its elders.
    pub fn required(version: Version, label: &str, field: &str, description: &str, model: &str) -> Self {
        let mut message = format!("Missing required value for the field '{label}' ({field})");
        if version == Version::V19 {
            message.push_str(&format!(
                ".\nModel: '{description}' ({model})\n- create/update: a mandatory field is not set\n- delete: another \
                 model requires the record being deleted, you can archive it instead\n"
            ));
        }
        Self { field: Some((model.to_owned(), field.to_owned())), ..Self::new(Kind::NotNull, message) }
    }

    /// Errors that Odoo's `load` catches as meant for the user.
    pub fn is_user_error(&self) -> bool {
        matches!(self.kind, Kind::User | Kind::Access | Kind::Missing | Kind::Validation)
    }

    /// The words outside of `load`: Odoo introduces what the database refused.
    pub fn public(&self) -> String {
        match self.kind {
            Kind::Constraint | Kind::NotNull => {
                format!("The operation cannot be completed: {}", self.message)
            }
            _ => self.message.clone(),
        }
    }

    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::AccessDenied => "odoo.exceptions.AccessDenied",
            Kind::Access => "odoo.exceptions.AccessError",
            Kind::User => "odoo.exceptions.UserError",
            Kind::Missing => "odoo.exceptions.MissingError",
            Kind::Validation => "odoo.exceptions.ValidationError",
            Kind::Value => "builtins.ValueError",
            Kind::Attribute => "builtins.AttributeError",
            Kind::Type => "builtins.TypeError",
            Kind::Key => "builtins.KeyError",
            Kind::Serialization => "psycopg2.errors.SerializationFailure",
            Kind::NotNull | Kind::Constraint | Kind::Check => "odoo.exceptions.ValidationError",
            Kind::Argument => "werkzeug.exceptions.UnprocessableEntity",
            Kind::NoDatabase => "psycopg2.OperationalError",
        }
    }
}
