//! Which ledger a command works on.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use crossdock_core::{Clock, Entropy};
use crossdock_platform::embedded::{Embedded, LEDGER};

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Place {
    /// The data folder of `crossdock serve` or of a sandbox.
    #[arg(long)]
    pub(super) data: Option<PathBuf>,
    /// What is deployed on AWS: the file that `terraform output -json` wrote. Your own AWS credentials are
    /// used.
    #[arg(long)]
    deployed: Option<PathBuf>,
}

/// An open ledger, with the queues beside it.
pub(super) enum Ledger {
    Data(Embedded),
    #[cfg(feature = "aws")]
    Deployed(crossdock_platform_aws::Aws),
}

impl Place {
    pub(super) async fn open(&self) -> Result<Ledger> {
        if let Some(outputs) = &self.deployed {
            return deployed(outputs).await;
        }
        let data = self.data.clone().unwrap_or_default();
        let ledger = data.join(LEDGER);
        if !ledger.exists() {
            bail!("{} is not there: name the --data folder that `crossdock serve` uses", ledger.display());
        }
        Ok(Ledger::Data(Embedded::in_folder(&data, Clock::System, Entropy::system())?))
    }
}

#[cfg(not(feature = "aws"))]
async fn deployed(_: &std::path::Path) -> Result<Ledger> {
    bail!("this build does not reach AWS: cargo install --locked --path infra/local --features aws")
}

#[cfg(feature = "aws")]
async fn deployed(outputs: &std::path::Path) -> Result<Ledger> {
    use anyhow::Context as _;
    use crossdock_platform_aws::Aws;
    let text = std::fs::read_to_string(outputs)
        .with_context(|| format!("{}: write it with `terraform output -json`", outputs.display()))?;
    let outputs = serde_json::from_str(&text).context("this is not what `terraform output -json` writes")?;
    let settings = settings(&outputs).context("the outputs lack something: run `terraform apply` first")?;
    // A person's credentials: profiles, single sign-on and the like, which no function needs.
    let found = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let mut config = Aws::defaults().region(found.region().cloned());
    config.set_credentials_provider(found.credentials_provider());
    config.set_endpoint_url(found.endpoint_url().map(str::to_owned));
    Ok(Ledger::Deployed(Aws::over(&config.build(), settings, Clock::System, Entropy::system())))
}

/// The settings that the outputs amount to; none where one is missing.
#[cfg(feature = "aws")]
fn settings(outputs: &serde_json::Value) -> Option<crossdock_platform_aws::Settings> {
    use crossdock_core::message::QueueName;
    let urls = |name: &str| {
        let url = |queue: QueueName| {
            outputs[name]["value"][queue.as_str()].as_str().map(|url| (queue, url.to_owned()))
        };
        QueueName::ALL.into_iter().map(url).collect::<Option<_>>()
    };
    Some(crossdock_platform_aws::Settings {
        table: outputs["table"]["value"].as_str()?.to_owned(),
        // No command reads a secret.
        secrets: String::new(),
        queues: urls("queues")?,
        dead_letters: urls("dead_letter_queues")?,
        secrets_kept: std::time::Duration::ZERO,
    })
}
