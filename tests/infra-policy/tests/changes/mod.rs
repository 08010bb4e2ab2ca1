//! For each rule at least one change of `infra/` that breaks it, and only it.

use infra_policy::run::Change;

const QUEUE: &str = "modules/queue/main.tf";
const WORKER: &str = "modules/worker/main.tf";
const FUNCTION: &str = "modules/function/main.tf";
const ROLE: &str = "modules/function/role.tf";
const SCHEDULE: &str = "modules/schedule/main.tf";
const API: &str = "modules/http-api/main.tf";

const fn of(file: &'static str, from: &'static str, to: &'static str) -> Change {
    Change { file, from, to }
}

pub const CHANGES: &[(&str, Change)] = &[
    ("visibility_is_six_timeouts", of(QUEUE, "6 * var.timeout_s", "5 * var.timeout_s")),
    ("one_bad_message_comes_back_alone", of(WORKER, "[\"ReportBatchItemFailures\"]", "[]")),
    (
        "each_worker_has_a_maximum_concurrency",
        of(WORKER, "  scaling_config {\n    maximum_concurrency = var.maximum_concurrency\n  }\n", ""),
    ),
    ("dead_letters_are_kept_longer", of(QUEUE, "= local.dead_retention_s", "= local.retention_s")),
    ("only_its_source_redrives_into_a_dead_letter_queue", of(QUEUE, "\"byQueue\"", "\"allowAll\"")),
    (
        "only_its_source_redrives_into_a_dead_letter_queue",
        of(QUEUE, "[\"${var.queue_arns}:${var.name}\"]", "[\"${var.queue_arns}:other\"]"),
    ),
    (
        "queues_refuse_whoever_comes_without_tls",
        of(QUEUE, "\"aws:SecureTransport\" = \"false\"", "\"aws:SecureTransport\" = \"true\""),
    ),
    (
        "queues_refuse_whoever_comes_without_tls",
        of("main.tf", "!startswith(coalesce(", "startswith(coalesce("),
    ),
    (
        "each_worker_has_its_alarms",
        of("modules/worker/alarms.tf", "= var.queue.dead_name", "= var.queue.name"),
    ),
    (
        "each_worker_has_its_alarms",
        of("modules/worker/alarms.tf", "\"ApproximateAgeOfOldestMessage\"", "\"NumberOfMessagesSent\""),
    ),
    ("no_policy_holds_a_wildcard", of(ROLE, "Resource = [var.table.arn]", "Resource = [\"*\"]")),
    ("no_policy_holds_a_wildcard", of(ROLE, "\"dynamodb:${action}\"", "\"dynamodb:*\"")),
    ("no_policy_holds_a_wildcard", of(ROLE, "/index/${index}", "/index/*")),
    ("no_policy_holds_a_wildcard", of(ROLE, "\"xray:PutTelemetryRecords\"", "\"xray:GetTraceSummaries\"")),
    (
        "each_function_has_its_own_role",
        of(FUNCTION, "= aws_iam_role.this.arn", "= \"arn:aws:iam::123456789012:role/all\""),
    ),
    (
        "the_environment_names_just_the_queues_that_it_may_use",
        of(ROLE, "[for queue in values(var.sends_to) : queue.arn]", "[values(var.sends_to)[0].arn]"),
    ),
    (
        "nobody_receives_from_the_queue_of_another",
        of(
            ROLE,
            "[for queue in values(var.consumes) : queue.arn]",
            "[for queue in values(merge(var.consumes, var.sends_to)) : queue.arn]",
        ),
    ),
    (
        "only_the_receiver_and_the_watcher_read_webhook_secrets",
        of(
            "functions.tf",
            "= concat([local.odoo_secret], local.api_secrets)",
            "= concat([local.odoo_secret], local.api_secrets, local.webhook_secrets)",
        ),
    ),
    (
        "only_the_console_reads_its_client_secret",
        of("functions.tf", "local.payment_secrets)", "local.payment_secrets, local.console_secrets)"),
    ),
    (
        "only_the_console_scans_the_table",
        of(
            "functions.tf",
            "[\"GetItem\", \"PutItem\", \"DeleteItem\"]",
            "[\"GetItem\", \"PutItem\", \"DeleteItem\", \"Scan\"]",
        ),
    ),
    ("nobody_receives_from_the_queue_of_another", of("functions.tf", "redrives = false", "redrives = true")),
    (
        "the_webhook_is_throttled_and_its_log_has_no_personal_data",
        of("main.tf", "= var.console_throttle", "= { rate = 0, burst = 0 }"),
    ),
    (
        "each_api_is_opened_by_those_who_call_there",
        of("functions.tf", "local.payment_secrets)", "local.payment_secrets, local.warehouse_secrets)"),
    ),
    ("each_api_is_opened_by_those_who_call_there", of("functions.tf", "= local.told_secrets", "= []")),
    (
        "a_schedule_may_start_its_function_only",
        of(SCHEDULE, "Resource = [var.function.arn]", "Resource = [\"arn:aws:lambda:::function:other\"]"),
    ),
    ("each_function_has_its_alarms", of("modules/function/alarms.tf", "= each.key", "= \"Duration\"")),
    (
        "each_alarm_tells_somebody_when_it_begins_and_ends",
        of("modules/worker/alarms.tf", "ok_actions    = var.alarm_actions", "ok_actions    = []"),
    ),
    (
        "each_alarm_tells_somebody_when_it_begins_and_ends",
        of(SCHEDULE, "alarm_actions = var.alarm_actions\n", ""),
    ),
    (
        "the_dashboard_shows_each_function_and_each_queue",
        of(
            "dashboard.tf",
            "runs     = [for name in keys(local.functions)",
            "runs     = [for name in keys(local.workers)",
        ),
    ),
    ("the_dashboard_shows_each_function_and_each_queue", of("dashboard.tf", "${queue}-dead", "${queue}")),
    ("each_function_finds_the_configuration", of(FUNCTION, "= var.config_digest", "= \"latest\"")),
    (
        "each_function_finds_the_configuration",
        of("config.tf", "sha256(local.config_text)", "md5(local.config_text)"),
    ),
    ("logs_end_some_day", of(API, "retention_in_days = var.log_retention_days", "")),
    ("logs_end_some_day", of(FUNCTION, "\"/aws/lambda/${local.full_name}\"", "\"/aws/lambda/${var.name}\"")),
    ("schedules_do_not_pile_up", of(SCHEDULE, "maximum_retry_attempts       = 0", "")),
    ("schedules_do_not_pile_up", of(SCHEDULE, "\"breaching\"", "\"notBreaching\"")),
    (
        "the_webhook_is_throttled_and_its_log_has_no_personal_data",
        of(API, "\"$context.requestTime\"", "\"$context.identity.sourceIp\""),
    ),
    (
        "the_webhook_is_throttled_and_its_log_has_no_personal_data",
        of(API, "throttling_burst_limit = var.throttle.burst", ""),
    ),
    ("what_is_stored_is_encrypted", of("key.tf", "= true", "= false")),
    ("what_is_stored_is_encrypted", of(FUNCTION, "kms_key_id        = var.key_arn", "")),
    ("what_is_stored_is_encrypted", of("table.tf", "kms_key_arn = aws_kms_key.data.arn", "")),
    (
        "what_is_stored_is_encrypted",
        of(
            QUEUE,
            "sqs_managed_sse_enabled   = true\n  policy                    = var.tls_only ? local.tls_only[var.name]",
            "policy = var.tls_only ? local.tls_only[var.name]",
        ),
    ),
    ("what_is_stored_is_encrypted", of("secrets.tf", "kms_key_id              = aws_kms_key.data.arn", "")),
    ("the_table_is_safe", of("table.tf", "= var.deletion_protection", "= false")),
    (
        "the_table_is_safe",
        of(
            "table.tf",
            "point_in_time_recovery {\n    enabled = true",
            "point_in_time_recovery {\n    enabled = false",
        ),
    ),
    ("the_table_is_safe", of("table.tf", "\"expires_at\"", "\"expires\"")),
    (
        "terraform_knows_no_secret",
        of(
            "secrets.tf",
            "resource \"aws_secretsmanager_secret\" \"all\" {",
            "resource \"aws_secretsmanager_secret_version\" \"odoo\" {\n  secret_id     = \"odoo\"\n  secret_string = \"key\"\n}\nresource \"aws_secretsmanager_secret\" \"all\" {",
        ),
    ),
];
