//! What of the functions' configuration a command works by.

use anyhow::{Result, anyhow};
use crossdock_core::config::{self, ReconcilePolicy, Retention};
use crossdock_platform::{Platform, configuration, embedded::CONFIG};

use super::Place;

/// The defaults where there is no configuration.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) retention: Retention,
    pub(super) reconcile: ReconcilePolicy,
}

impl Settings {
    /// Those that the functions run with: the configuration of the ledger, else the file of the data folder, which
    /// `cargo lambda watch` reads.
    ///
    /// # Errors
    /// When the ledger does not answer, or when this build does not understand the configuration.
    pub(super) async fn of<P: Platform>(platform: &P, place: &Place) -> Result<Self> {
        let kept = configuration::current(platform).await?;
        let file = || std::fs::read_to_string(place.data.as_ref()?.join(CONFIG)).ok();
        let Some(text) = kept.or_else(file) else { return Ok(Self::default()) };
        let config = config::parse(&text).map_err(|errors| {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let why = "the configuration that the functions run with is not one of this build; use theirs";
            anyhow!("{why}: {}", errors.join("; "))
        })?;
        Ok(Self { retention: config.retention, reconcile: config.reconcile })
    }
}
