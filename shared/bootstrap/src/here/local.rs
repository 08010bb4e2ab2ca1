//! On one machine: every function shares one folder with the ledger, the secrets and the configuration.

use std::path::PathBuf;

use crossdock_core::{Clock, Entropy};
use crossdock_platform::embedded::{CONFIG, Embedded};

use jiff::{SignedDuration, Timestamp};

use crate::StartError;

pub type Here = Embedded;

/// Names the folder; see README.md.
const DATA: &str = "CROSSDOCK_DATA";

/// The platform and the text of the configuration.
pub(crate) async fn connect() -> Result<(Here, String), StartError> {
    let how =
        "set it to a folder made by `crossdock sandbox`, or to one with crossdock.yaml and secrets.json";
    let folder = std::env::var_os(DATA).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder =
        folder.ok_or_else(|| StartError::Environment(format!("{DATA} is no absolute path: {how}")))?;
    let path = folder.join(CONFIG);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| StartError::Environment(format!("{}: {error}; {how}", path.display())))?;
    let platform = Embedded::in_folder(&folder, Clock::System, Entropy::system());
    Ok((platform.map_err(StartError::Configuration)?, text))
}

/// `cargo lambda watch` gives a constant where Lambda gives a time: each invocation has this long from now.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(60);

pub(crate) fn deadline(_milliseconds: u64) -> Timestamp {
    Clock::System.now().checked_add(TIMEOUT).unwrap_or(Timestamp::MAX)
}

/// There is nothing to open.
pub(crate) async fn warm(_: &Here) {}
