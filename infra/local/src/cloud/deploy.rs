//! Terraform's `infra/`, unchanged, on a MiniStack.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{
    ministack::{ACCESS_KEY, REGION, SECRET_KEY, endpoint},
    terraform::{self, Terraform},
    tools,
};

/// The name of the installation; each of its names begins with `crossdock-local`.
pub const ENVIRONMENT: &str = "local";

/// What is deployed, and where to.
pub struct Deployment {
    terraform: Terraform,
}

/// Where the deployed parts are, by Terraform's outputs.
#[derive(Debug, Clone)]
pub struct Outputs(pub BTreeMap<String, Value>);

impl Outputs {
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// One entry of an output that is a map.
    #[must_use]
    pub fn entry(&self, name: &str, key: &str) -> String {
        self.0.get(name).and_then(|map| map[key].as_str()).unwrap_or_default().to_owned()
    }
}

impl Deployment {
    /// Terraform in `folder` against the MiniStack at `port`; `variables` come on top of what a local
    /// installation needs.
    ///
    /// # Errors
    /// When Terraform or the AWS provider is missing.
    pub fn prepare(
        folder: &Path,
        port: u16,
        config: &Path,
        artifacts: &Path,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        terraform::copy_sources(&tools::root().join("infra"), folder)?;
        let data = tools::scratch().join("tools").join("terraform-data");
        let mut terraform = Terraform::find(folder, &data)?
            .with("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .with("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let local = [
            ("environment", ENVIRONMENT),
            ("region", REGION),
            ("endpoint", &endpoint(port)),
            ("config_file", &absolute(config)?),
            ("artifacts", &absolute(artifacts)?),
            ("architecture", architecture),
            ("deletion_protection", "false"),
            ("secret_recovery_days", "0"),
            ("check_account", "false"),
        ];
        for (name, value) in local.iter().chain(variables) {
            terraform = terraform.with(&format!("TF_VAR_{name}"), *value);
        }
        terraform.init()?;
        Ok(Self { terraform })
    }

    /// Brings everything to what the files say.
    ///
    /// # Errors
    /// What Terraform says.
    pub fn apply(&self, line: impl FnMut(&str)) -> Result<Outputs> {
        self.terraform.run_with(&["apply", "-auto-approve", "-input=false", "-no-color"], line)?;
        Ok(Outputs(self.terraform.output_json()?))
    }

    /// What another `apply` would change.
    ///
    /// # Errors
    /// What Terraform says.
    pub fn drift(&self) -> Result<Vec<Change>> {
        let plan = "drift.tfplan";
        self.terraform.run(&["plan", "-input=false", "-no-color", "-out", plan])?;
        let text = self.terraform.run(&["show", "-json", plan])?;
        let plan: Value = serde_json::from_str(&text).context("the plan is no JSON")?;
        let changes = plan["resource_changes"].as_array().cloned().unwrap_or_default();
        Ok(changes.iter().map(change).filter(|change| change.actions != ["no-op"]).collect())
    }

    /// Takes everything down; gives the addresses of what is left in the state.
    ///
    /// # Errors
    /// What Terraform says.
    pub fn destroy(&self) -> Result<Vec<String>> {
        self.terraform.run(&["destroy", "-auto-approve", "-input=false", "-no-color"])?;
        let left = self.terraform.run(&["state", "list"])?;
        Ok(left.lines().map(str::to_owned).collect())
    }
}

/// One change of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub address: String,
    /// The resource's type.
    pub kind: String,
    pub actions: Vec<String>,
    /// The attributes that differ, as far as the plan knows them.
    pub attributes: Vec<String>,
}

fn change(change: &Value) -> Change {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let actions = change["change"]["actions"].as_array().cloned().unwrap_or_default();
    let (before, after) = (&change["change"]["before"], &change["change"]["after"]);
    let names = after.as_object().into_iter().flat_map(|after| after.keys());
    Change {
        address: text(&change["address"]),
        kind: text(&change["type"]),
        actions: actions.iter().map(text).collect(),
        attributes: names.filter(|name| before[*name] != after[*name]).cloned().collect(),
    }
}

fn absolute(path: &Path) -> Result<String> {
    let path: PathBuf = std::path::absolute(path)?;
    path.into_os_string().into_string().map_err(|path| anyhow::anyhow!("{} is no text", path.display()))
}
