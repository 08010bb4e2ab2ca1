//! The rules, each a function from the state to what is wrong with it.

mod data;
mod functions;
mod queues;
mod roles;

use crate::state::State;

pub type Findings = Vec<String>;

/// A rule with its name.
#[derive(Clone, Copy)]
pub struct Rule {
    pub name: &'static str,
    pub check: fn(&State) -> Findings,
}

macro_rules! rules {
    ($($module:ident::$name:ident),* $(,)?) => {
        /// Every rule.
        pub const ALL: &[Rule] = &[$(Rule { name: stringify!($name), check: $module::$name }),*];
    };
}

rules![
    queues::visibility_is_six_timeouts,
    queues::one_bad_message_comes_back_alone,
    queues::each_worker_has_a_maximum_concurrency,
    queues::dead_letters_are_kept_longer,
    queues::only_its_source_redrives_into_a_dead_letter_queue,
    queues::queues_refuse_whoever_comes_without_tls,
    queues::each_worker_has_its_alarms,
    roles::no_policy_holds_a_wildcard,
    roles::each_function_has_its_own_role,
    roles::the_environment_names_just_the_queues_that_it_may_use,
    roles::nobody_receives_from_the_queue_of_another,
    roles::only_the_receiver_and_the_watcher_read_webhook_secrets,
    roles::only_the_console_reads_its_client_secret,
    roles::only_the_console_scans_the_table,
    roles::each_api_is_opened_by_those_who_call_there,
    roles::a_schedule_may_start_its_function_only,
    functions::each_function_has_its_alarms,
    functions::each_alarm_tells_somebody_when_it_begins_and_ends,
    functions::the_dashboard_shows_each_function_and_each_queue,
    functions::each_function_finds_the_configuration,
    functions::logs_end_some_day,
    functions::schedules_do_not_pile_up,
    functions::the_webhook_is_throttled_and_its_log_has_no_personal_data,
    data::what_is_stored_is_encrypted,
    data::the_table_is_safe,
    data::terraform_knows_no_secret,
];

/// What each rule finds, only of rules that find something.
#[must_use]
pub fn broken(state: &State) -> Vec<(&'static str, Findings)> {
    let findings = ALL.iter().map(|rule| (rule.name, (rule.check)(state)));
    findings.filter(|(_, found)| !found.is_empty()).collect()
}

/// Nothing found, because there was nothing to look at, is a finding too.
fn at_least(count: usize, of: usize, what: &str) -> Findings {
    if of < count {
        vec![format!("{of} {what}, where at least {count} are expected")]
    } else {
        Findings::new()
    }
}
