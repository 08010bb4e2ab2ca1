//! What each function may send to, as Terraform says: every flow holds them to it.

use crossdock_core::message::QueueName;
use crossdock_platform::embedded::Grants;

/// The entries of `infra/functions.tf`.
const FUNCTIONS: &str = include_str!("../../../infra/functions.tf");

/// The queues of each function's `sends`, read line by line: the file is formatted, so a function begins four spaces in.
///
/// # Panics
/// When an entry sends to what is no queue.
#[must_use]
pub fn grants() -> Grants {
    let mut grants = Grants::new();
    let mut function = None;
    let mut sends = false;
    for line in FUNCTIONS.lines() {
        let entry =
            line.strip_prefix("    ").filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        if let Some(name) = entry.and_then(|entry| entry.strip_suffix(" = {")) {
            function = Some(name);
        }
        let said = line.trim_start();
        let begins = said.starts_with("sends ") && said.contains("= [");
        let Some(function) = function.filter(|_| begins || sends) else { continue };
        let queues: Vec<QueueName> = said
            .split('"')
            .skip(1)
            .step_by(2)
            .map(|name| QueueName::ALL.into_iter().find(|queue| queue.as_str() == name).expect("a queue"))
            .collect();
        grants.entry(function.to_owned()).or_default().extend(queues);
        sends = !said.contains(']');
    }
    grants
}
