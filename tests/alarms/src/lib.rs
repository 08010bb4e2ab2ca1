//! Terraform's alarms on figures of the local chain: each one rings when its cause is made to happen.

pub mod figures;
pub mod plays;
pub mod rules;
