//! The operations console on this machine: the very function, and for the demo a provider that signs people in
//! without a password.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use crossdock_core::{
    Clock,
    config::{self, Config},
};
use crossdock_http::Client;
use crossdock_platform::embedded::Embedded;
use crossdock_runtime::{Parts, Wire as _};
use operations_console::OperationsConsole;
use simulators::{
    oidc::{Provider, User},
    tcp,
};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::web;

const CLIENT: &str = "crossdock-console";
/// It opens nothing but a provider that signs everybody in.
const SECRET: &str = "only-for-the-demo";

/// Serves the console of a configuration that has one.
///
/// # Errors
/// When the address is taken or the client secret is not set.
pub async fn serve(
    platform: Embedded,
    config: Arc<Config>,
    client: Client,
    listener: TcpListener,
) -> Result<JoinHandle<()>> {
    let console = OperationsConsole::wire(&Parts { platform, config, client }).await?;
    Ok(web::serve_hook(Arc::new(console), listener))
}

/// A provider with people of every kind, over TCP.
pub struct SignIn {
    provider: Provider,
    issuer: String,
    server: JoinHandle<()>,
}

impl Drop for SignIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl SignIn {
    /// # Errors
    /// When it cannot listen.
    pub async fn start(clock: Clock) -> Result<Self> {
        let people = vec![
            User::new("rita", "Rita Reader", &["read"]),
            User::new("anton", "Anton Actor", &["act"]),
            User::new("petra", "Petra Personal", &["act", "personal"]),
            User::new("nora", "Nora Nobody", &[]),
        ];
        let provider = Provider::new(CLIENT, SECRET, people, move || clock.now());
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (address, server) = tcp::serve(Arc::new(provider.clone()), any).await.context("cannot listen")?;
        Ok(Self { provider, issuer: format!("http://{address}"), server })
    }

    /// What a configuration says of a console at `url` that people sign in to here, and the value of its secret.
    #[must_use]
    pub fn section(&self, url: &str) -> (config::Console, String) {
        self.provider.at(&self.issuer, &[format!("{url}/callback")]);
        let only = |name: &str| BTreeSet::from([name.to_owned()]);
        let console = config::Console {
            url: url.to_owned(),
            issuer: self.issuer.clone(),
            client_id: CLIENT.to_owned(),
            secret: "console/oidc".to_owned(),
            scopes: only("profile"),
            claim: "groups".to_owned(),
            read: only("read"),
            act: only("act"),
            personal: only("personal"),
        };
        (console, SECRET.to_owned())
    }
}

/// A running console with its own sign-in.
pub struct Demo {
    pub url: String,
    _sign_in: SignIn,
    server: JoinHandle<()>,
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Serves the console of a chain whose configuration has none, on any port.
///
/// # Errors
/// When it cannot listen.
pub async fn demo(platform: &Embedded, config: &Config, clock: Clock) -> Result<Demo> {
    let sign_in = SignIn::start(clock.clone()).await?;
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.context("cannot listen")?;
    let url = format!("http://{}", listener.local_addr()?);
    let mut config = config.clone();
    let (console, secret) = sign_in.section(&url);
    platform.set_secret(&console.secret, vec![secret]);
    config.console = Some(console);
    let client = Client::network(clock);
    let server = serve(platform.clone(), Arc::new(config), client, listener).await?;
    Ok(Demo { url, _sign_in: sign_in, server })
}
