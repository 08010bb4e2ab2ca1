//! What is stored.

use super::{Findings, at_least};
use crate::state::{Resource, State};

pub fn what_is_stored_is_encrypted(state: &State) -> Findings {
    // One of our keys, as what is not set may get a random text from the mocks.
    let key = |resource: &Resource, at: &str| {
        let named = resource.values.pointer(at).and_then(|key| key.as_str());
        named.is_some_and(|arn| state.by("aws_kms_key", "arn", arn).is_some())
    };
    let mut findings = at_least(1, state.all("aws_kms_key").count(), "keys");
    let bare = |resource: &Resource| match resource.kind.as_str() {
        "aws_kms_key" => resource.values["enable_key_rotation"] != true,
        "aws_sqs_queue" => resource.values["sqs_managed_sse_enabled"] != true,
        "aws_dynamodb_table" => !key(resource, "/server_side_encryption/0/kms_key_arn"),
        "aws_cloudwatch_log_group" | "aws_secretsmanager_secret" => !key(resource, "/kms_key_id"),
        _ => false,
    };
    findings.extend(state.resources.iter().filter(|r| bare(r)).map(|r| r.address.clone()));
    findings
}

pub fn the_table_is_safe(state: &State) -> Findings {
    let mut findings = at_least(1, state.all("aws_dynamodb_table").count(), "tables");
    for table in state.all("aws_dynamodb_table") {
        let values = &table.values;
        for (holds, what) in [
            (values["point_in_time_recovery"][0]["enabled"] == true, "no point-in-time recovery"),
            (values["ttl"][0]["enabled"] == true, "personal data stays for ever"),
            (values["ttl"][0]["attribute_name"] == "expires_at", "the functions write expires_at"),
            (values["deletion_protection_enabled"] == true, "may be deleted"),
            (values["billing_mode"] == "PAY_PER_REQUEST", "has a capacity to run out of"),
        ] {
            if !holds {
                findings.push(format!("{}: {what}", table.address));
            }
        }
    }
    findings
}

/// A value that Terraform knows stands in its state.
pub fn terraform_knows_no_secret(state: &State) -> Findings {
    state.all("aws_secretsmanager_secret_version").map(|version| version.address.clone()).collect()
}
