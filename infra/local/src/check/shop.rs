//! A shop: whether it lets us in, what it sells in, whether its webhooks lead to us.

use crossdock_channels::{Api, ShopInfo, Subscription, SubscriptionChange};
use crossdock_core::{
    PeerError,
    config::{Channel, Config},
};
use crossdock_http::Client;
use crossdock_odoo::check::{Area, Finding};
use crossdock_platform::Secrets;
use secrecy::SecretString;

pub(super) struct Check<'a, S> {
    pub platform: &'a S,
    pub client: &'a Client,
    pub config: &'a Config,
    pub channel: &'a Channel,
    pub found: &'a mut Vec<Finding>,
}

impl<S: Secrets> Check<'_, S> {
    pub async fn run(mut self, install_hooks: bool) {
        let callback = self.config.public_url.as_deref().map(|url| self.channel.callback(url));
        if !self.channel.has_api() {
            let address = callback.unwrap_or_else(|| format!("<public_url>/hooks/{}", self.channel.id));
            return self.push(Finding::ok, "channel.callback", format!("the partner posts to {address}"));
        }
        let Some(token) = self.newest(&self.channel.api_secret()).await else { return };
        let api = Api::new(self.client.clone(), self.channel, &token);
        match api.check().await {
            Ok(info) => self.info(&info),
            Err(error) => {
                let (what, todo) = (error.to_string(), todo(&error));
                return self.found.push(Finding::fail(&self.area(), "channel.api", what, todo));
            }
        }
        if self.channel.stock.is_some() {
            self.counts(&api).await;
        }
        if self.channel.catalogue.is_some() {
            self.articles(&api).await;
        }
        let Some(callback) = callback else {
            let what = "its webhook subscriptions were not looked at";
            return self.found.push(Finding::note(&self.area(), "channel.hook", what, "set public_url"));
        };
        if install_hooks {
            self.install(&api, &callback).await;
        } else {
            self.look(&api, &callback).await;
        }
    }

    fn area(&self) -> Area {
        Area::Channel(self.channel.id.clone())
    }

    fn push(&mut self, level: fn(&Area, &'static str, String) -> Finding, code: &'static str, what: String) {
        let finding = level(&self.area(), code, what);
        self.found.push(finding);
    }

    /// None where the secret is not set, which is a finding already.
    async fn newest(&self, name: &str) -> Option<SecretString> {
        self.platform.secret(name).await.ok()?.newest().cloned()
    }

    fn info(&mut self, info: &ShopInfo) {
        let area = self.area();
        let what = format!("shop {:?} answers and sells in {}", info.name, info.currency);
        self.found.push(Finding::ok(&area, "channel.api", what));
        if !self.channel.pricelists.contains_key(&info.currency) {
            self.found.push(Finding::fail(
                &area,
                "channel.currency",
                format!("the shop's own currency {} has no pricelist: its orders are parked", info.currency),
                format!("add {} under `pricelists`", info.currency),
            ));
        }
        if info.missing_scopes.is_empty() {
            self.found.push(Finding::ok(&area, "channel.scopes", "the API key may do what is needed"));
        } else {
            let what = format!("the API key lacks {}", info.missing_scopes.join(", "));
            let todo = "grant these to the app or key at the shop";
            self.found.push(Finding::fail(&area, "channel.scopes", what, todo));
        }
    }

    /// What is needed to tell it its stock. Its orders come through without.
    async fn counts(&mut self, api: &Api) {
        let missing = api.missing_for_counts().await;
        self.rights("channel.counts", missing, "may change what it counts", "its stock", "docs/stock.md");
    }

    /// What is needed to change what it shows of products and their prices.
    async fn articles(&mut self, api: &Api) {
        let missing = api.missing_for_articles().await;
        self.rights(
            "channel.articles",
            missing,
            "may change what it shows of products",
            "its catalogue",
            "docs/catalogue.md",
        );
        if self.channel.catalogue.as_ref().is_some_and(|policy| policy.create) {
            self.publications(api).await;
        }
    }

    /// Whether somebody sees what is made there.
    async fn publications(&mut self, api: &Api) {
        let (area, code) = (self.area(), "channel.publications");
        let publish = "publish what is made in the shop, or let a sales channel take in new products by itself: \
                       docs/catalogue.md";
        self.found.push(match api.taking_in_new().await {
            Ok(None) => return,
            Ok(Some(own)) if own.is_empty() => {
                let what = "no sales channel takes in new products by itself: nobody sees what is made, even where \
                            it is active";
                Finding::warn(&area, code, what, publish)
            }
            Ok(Some(own)) => {
                let what = format!("sales channels that take in new products by themselves: {}", own.join(", "));
                Finding::ok(&area, code, what)
            }
            Err(PeerError::Unauthorized { .. }) => {
                let what = "whether a sales channel takes in what is made cannot be asked without read_publications";
                Finding::warn(&area, code, what, format!("grant it to the app at the shop; else {publish}"))
            }
            Err(error) => {
                let what = format!("whether a sales channel takes in what is made cannot be asked: {error}");
                Finding::warn(&area, code, what, todo(&error))
            }
        });
    }

    fn rights(
        &mut self,
        code: &'static str,
        missing: Result<Vec<String>, PeerError>,
        may: &str,
        what: &str,
        read: &str,
    ) {
        let area = self.area();
        self.found.push(match missing {
            Ok(missing) if missing.is_empty() => Finding::ok(&area, code, format!("the API key {may}")),
            Ok(missing) => Finding::fail(
                &area,
                code,
                format!("{what} cannot be told: the API key lacks {}", missing.join(", ")),
                format!("grant these to the app or key at the shop: {read}"),
            ),
            Err(error) => Finding::warn(
                &area,
                code,
                format!("whether {what} can be told cannot be asked: {error}"),
                todo(&error),
            ),
        });
    }

    async fn install(&mut self, api: &Api, callback: &str) {
        let area = self.area();
        let Some(secret) = self.newest(&self.channel.webhook_secret()).await else {
            let todo = "set the webhook secret first: an unsigned webhook is refused";
            let what = "no webhook was made";
            return self.found.push(Finding::fail(&area, "channel.hook", what, todo));
        };
        match api.ensure_subscriptions(callback, Some(&secret)).await {
            Ok(changes) => self.found.extend(changes.iter().map(|change| {
                let what = match change {
                    SubscriptionChange::Created(topic) => format!("webhook {topic} was made, to {callback}"),
                    SubscriptionChange::Enabled(topic) => format!("webhook {topic} was switched on again"),
                    SubscriptionChange::Fine(topic) => format!("webhook {topic} was there"),
                };
                Finding::ok(&area, "channel.hook", what)
            })),
            Err(error) => self.found.push(Finding::fail(
                &area,
                "channel.hook",
                format!("not every webhook could be made: {error}"),
                "let the API key write webhooks, then run this again: it goes on where it stopped",
            )),
        }
    }

    async fn look(&mut self, api: &Api, callback: &str) {
        let area = self.area();
        match api.subscriptions(callback).await {
            Ok(hooks) => self.found.extend(hook_findings(&area, callback, &hooks)),
            Err(error) => self.found.push(Finding::warn(
                &area,
                "channel.hook",
                format!("its webhooks cannot be looked at: {error}"),
                "let the API key read webhooks",
            )),
        }
    }
}

/// Orders still come through without webhooks: the shop is asked for what changed, only later.
fn hook_findings(area: &Area, callback: &str, hooks: &[Subscription]) -> Vec<Finding> {
    const CODE: &str = "channel.hook";
    const TODO: &str = "run this check with --install-hooks";
    if hooks.is_empty() {
        let what =
            format!("no webhook leads to {callback}: orders come late, by the regular look at the shop");
        return vec![Finding::warn(area, CODE, what, TODO)];
    }
    let of = |hook: &Subscription| {
        if hook.active {
            Finding::ok(area, CODE, format!("webhook {} is alive", hook.topic))
        } else {
            let what =
                format!("webhook {} is switched off: the shop does so after failed deliveries", hook.topic);
            Finding::warn(area, CODE, what, TODO)
        }
    };
    hooks.iter().map(of).collect()
}

/// No `_` arm: a new variant needs words of its own.
fn todo(error: &PeerError) -> &'static str {
    match error {
        PeerError::Unreachable { .. } | PeerError::Unanswered { .. } => {
            "look at the channel's url, and whether this machine may reach it"
        }
        PeerError::Unauthorized { .. } => "put a valid key into the channel's API secret",
        PeerError::Missing { .. } | PeerError::Garbage { .. } | PeerError::Rejected { .. } => {
            "look at the channel's kind and url: what answers does not look like such a shop"
        }
        PeerError::Throttled { .. }
        | PeerError::HeldBack { .. }
        | PeerError::Failing { .. }
        | PeerError::Conflict { .. } => "run the check again later",
    }
}
