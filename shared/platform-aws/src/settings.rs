//! Where a function's table, queues and secrets are: what Terraform puts into its environment.

use std::{collections::BTreeMap, time::Duration};

use crossdock_core::message::QueueName;

/// How long a secret is kept before it is read again: a rotation is seen after this time at the latest.
const SECRETS_KEPT: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The name of the ledger's table.
    pub table: String,
    /// What stands before each secret's name, its last slash included.
    pub secrets: String,
    /// The URLs of the queues that this function reads from or sends to; no others.
    pub queues: BTreeMap<QueueName, String>,
    /// The URLs of dead-letter queues: only who looks after the deployment has them.
    pub dead_letters: BTreeMap<QueueName, String>,
    pub secrets_kept: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {0} is not set: Terraform sets it for every function")]
pub struct SettingsError(pub &'static str);

impl Settings {
    /// Reads the settings; `lookup` is the environment, or a map in tests.
    ///
    /// # Errors
    /// Names the variable that is missing. A queue that is not named is one that this function may not use.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let required =
            |name: &'static str| lookup(name).filter(|value| !value.is_empty()).ok_or(SettingsError(name));
        let urls = |suffix: &str| {
            QueueName::ALL
                .into_iter()
                .filter_map(|queue| lookup(&variable(queue, suffix)).map(|url| (queue, url)))
                .filter(|(_, url)| !url.is_empty())
                .collect()
        };
        Ok(Self {
            table: required("CROSSDOCK_TABLE")?,
            secrets: required("CROSSDOCK_SECRETS")?,
            queues: urls(""),
            dead_letters: urls("_DEAD"),
            secrets_kept: SECRETS_KEPT,
        })
    }
}

/// `CROSSDOCK_QUEUE_VALID_ORDERS` and the like.
fn variable(queue: QueueName, suffix: &str) -> String {
    format!("CROSSDOCK_QUEUE_{}{suffix}", queue.as_str().replace('-', "_").to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::from_lookup(|name| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn reads_what_terraform_sets() {
        let settings = from(&[
            ("CROSSDOCK_TABLE", "crossdock-prod"),
            ("CROSSDOCK_SECRETS", "crossdock-prod/"),
            ("CROSSDOCK_QUEUE_VALID_ORDERS", "https://sqs/1/crossdock-prod-valid-orders"),
        ])
        .unwrap();
        assert_eq!(settings.table, "crossdock-prod");
        assert_eq!(settings.queues.keys().copied().collect::<Vec<_>>(), [QueueName::ValidOrders]);
        assert!(settings.dead_letters.is_empty());
    }

    #[test]
    fn names_the_variable_that_is_missing_or_empty() {
        assert_eq!(from(&[]), Err(SettingsError("CROSSDOCK_TABLE")));
        let empty = [("CROSSDOCK_TABLE", "t"), ("CROSSDOCK_SECRETS", "")];
        assert_eq!(from(&empty), Err(SettingsError("CROSSDOCK_SECRETS")));
    }
}
