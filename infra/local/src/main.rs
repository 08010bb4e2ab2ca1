//! The `crossdock` command.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use crossdock::{catalogue, check, cloud, demo, ops, pump, sandbox, serve};

#[derive(Parser)]
#[command(
    name = "crossdock",
    version,
    about = "Connects Odoo with what a distributor sells and ships through.",
    // Without a command it is the demo, options included; a command has only its own.
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    demo: demo::Options,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the chain against simulators with sample traffic and shows what became of every order.
    Demo(demo::Options),
    /// Runs the chain as a server against a real Odoo and real shops.
    Serve {
        /// The business configuration (YAML).
        #[arg(long)]
        config: PathBuf,
        /// The folder of the ledger and of secrets.json.
        #[arg(long)]
        data: PathBuf,
        /// Where webhooks are taken in.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Where the operations console is, if the configuration has one.
        #[arg(long, default_value = "127.0.0.1:8081")]
        console: SocketAddr,
        /// The longest that one batch may take, in seconds.
        #[arg(long, default_value_t = 60)]
        function_timeout_s: u64,
        /// How often due orders are woken, in seconds.
        #[arg(long, default_value_t = 60)]
        wake_every_s: u64,
        /// How often the shops are asked for what changed, in seconds.
        #[arg(long, default_value_t = 900)]
        watch_every_s: u64,
    },
    /// Checks the configuration, Odoo and the shops; says what to do about each finding.
    Check {
        #[arg(long)]
        config: PathBuf,
        /// The folder of secrets.json.
        #[arg(long)]
        data: PathBuf,
        /// Makes the webhook subscriptions at the shops, or enables them again; with `odoo.hints`, Odoo's automation
        /// rules too, as the administrator of CROSSDOCK_ODOO_ADMIN_USER and CROSSDOCK_ODOO_ADMIN_KEY.
        #[arg(long)]
        install_hooks: bool,
        /// Takes our automation rules in Odoo away again.
        #[arg(long, conflicts_with = "install_hooks")]
        remove_hooks: bool,
        #[arg(long)]
        json: bool,
    },
    /// Shows how what the channels show of Odoo's products differs from what Odoo says. Changes nothing.
    Catalogue(catalogue::Options),
    /// Runs the functions on an AWS of this machine: MiniStack, Terraform and the real bootstraps.
    Cloud {
        #[command(subcommand)]
        command: cloud::Command,
    },
    /// Runs the simulators alone, for functions that run elsewhere.
    Sandbox(sandbox::Options),
    /// Drives functions served by `cargo lambda watch` from the queues of a data folder.
    Pump(pump::Options),
    /// Sends the webhooks of a running sandbox.
    Send(sandbox::SendOptions),
    #[command(flatten)]
    Operations(ops::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command.unwrap_or(Command::Demo(cli.demo))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            ops::say_error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Runs a command; `false` when it found something wrong.
fn run(command: Command) -> anyhow::Result<bool> {
    match command {
        Command::Demo(options) => demo::run(&options),
        Command::Serve { config, data, listen, console, function_timeout_s, wake_every_s, watch_every_s } => {
            let seconds = Duration::from_secs;
            serve::run(&serve::Options {
                config,
                data,
                listen,
                console,
                function_timeout: seconds(function_timeout_s),
                wake_every: seconds(wake_every_s),
                watch_every: seconds(watch_every_s),
            })
        }
        Command::Check { config, data, install_hooks, remove_hooks, json } => {
            let hooks = match (install_hooks, remove_hooks) {
                (true, _) => check::Hooks::Install,
                (false, true) => check::Hooks::Remove,
                (false, false) => check::Hooks::Look,
            };
            let secrets = data.join(crossdock_platform::embedded::SECRETS);
            ops::runtime()?.block_on(check::run(check::CheckOptions { config, secrets, hooks, json }))
        }
        Command::Catalogue(options) => ops::runtime()?.block_on(catalogue::run(&options)),
        Command::Cloud { command } => cloud::run(&command),
        Command::Sandbox(options) => ops::runtime()?.block_on(sandbox::run(&options)),
        Command::Pump(options) => ops::runtime()?.block_on(pump::run(&options)),
        Command::Send(options) => ops::runtime()?.block_on(sandbox::send(&options)),
        Command::Operations(command) => ops::runtime()?.block_on(ops::run(&command)),
    }
}
