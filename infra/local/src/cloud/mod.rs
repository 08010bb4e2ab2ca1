//! The cloud on this machine: MiniStack, the very same Terraform, the real bootstraps.

pub mod aws;
pub mod build;
mod command;
pub mod deploy;
pub mod ministack;
pub mod secrets;
pub mod terraform;
pub mod tools;

pub use command::{Command, run};
