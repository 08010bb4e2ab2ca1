//! The secrets: there, and able to do their work. No value is ever shown.

use crossdock_channels::{Refusal, receive};
use crossdock_core::config::{
    Carrier, CarrierKind, Channel, ChannelKind, Config, ODOO_HOOK_SECRET, Warehouse, WarehouseKind,
};
use crossdock_hooks::hint;
use crossdock_odoo::check::{Area, Finding};
use crossdock_platform::{Platform, PlatformError, SecretVersions};
use crossdock_warehouses::Call;
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};

/// What a key of Standard Webhooks is.
const STANDARD: &str = "put `whsec_` and 24 or more random bytes in base64 there";

/// Whether secrets can be read at all; without them there is nothing else to look at.
pub(super) async fn check<P: Platform>(platform: &P, config: &Config, found: &mut Vec<Finding>) -> bool {
    let key = &config.odoo.secret;
    match platform.secret(key).await {
        Ok(versions) if versions.newest().is_none() => {
            let todo =
                format!("put the API key of Odoo's user {} there (docs/odoo-user.md)", config.odoo.user);
            found.push(missing(&Area::Odoo, key, todo));
        }
        Ok(_) => {}
        Err(error) => {
            found.push(Finding::fail(
                &Area::Secrets,
                "secrets.source",
                error.to_string(),
                todo(&error, config),
            ));
            return false;
        }
    }
    for channel in &config.channels {
        of_channel(platform, channel, found).await;
    }
    for warehouse in config.warehouses.iter().filter(|warehouse| warehouse.is_remote()) {
        of_warehouse(platform, warehouse, found).await;
    }
    for carrier in &config.carriers {
        of_carrier(platform, carrier, found).await;
    }
    if config.odoo.hints {
        let look = Look { platform, area: Area::Odoo };
        let todo = "put a long random text of letters and digits there, 24 or more (docs/odoo-user.md)";
        let verify = |versions: &SecretVersions| hint::receive(&versions.0, None, b"").map(drop);
        found.push(look.signs(ODOO_HOOK_SECRET, todo, verify).await);
    }
    if let Some(console) = &config.console {
        let look = Look { platform, area: Area::Secrets };
        let todo = "put the client secret there that the sign-in provider shows";
        found.push(look.opens(&console.secret, todo, |_| true).await);
    }
    true
}

fn missing(area: &Area, name: &str, todo: String) -> Finding {
    Finding::fail(area, "secrets.missing", format!("the secret {name} is not set"), todo)
}

/// No `_` arm: a new variant needs words of its own.
fn todo(error: &PlatformError, config: &Config) -> String {
    match error {
        PlatformError::Denied { .. } => "let nobody else read it".into(),
        PlatformError::Unavailable { .. }
        | PlatformError::Throttled { .. }
        | PlatformError::TooLarge { .. }
        | PlatformError::Refused { .. }
        | PlatformError::Corrupt { .. } => {
            format!(
                "make it a JSON object of texts, readable by its owner alone: {}",
                names(config).join(", ")
            )
        }
    }
}

fn names(config: &Config) -> Vec<String> {
    let mut names = vec![config.odoo.secret.clone()];
    for channel in &config.channels {
        names.push(channel.webhook_secret());
        if channel.is_called() {
            names.push(channel.api_secret());
        }
    }
    for warehouse in config.warehouses.iter().filter(|warehouse| warehouse.is_remote()) {
        names.extend([warehouse.webhook_secret(), warehouse.api_secret()]);
    }
    names.extend(config.carriers.iter().map(Carrier::webhook_secret));
    names.extend(config.console.iter().map(|console| console.secret.clone()));
    names.extend(config.odoo.hints.then(|| ODOO_HOOK_SECRET.to_owned()));
    names
}

async fn of_channel<P: Platform>(platform: &P, channel: &Channel, found: &mut Vec<Finding>) {
    let look = Look { platform, area: Area::Channel(channel.id.clone()) };
    let (signing, opening) = match channel.kind {
        ChannelKind::Shopify => (
            "put the app's client secret there: Shopify signs with it",
            "put <client id>:<client secret> of the app there, or an older app's access token",
        ),
        ChannelKind::Woocommerce => (
            "put a long random text there: --install-hooks gives it to the shop",
            "put a REST API key there, as ck_…:cs_…",
        ),
        ChannelKind::Standard => (STANDARD, STANDARD),
    };
    let now = platform.clock().now();
    let verify = |versions: &SecretVersions| {
        receive(channel.kind, &channel.id, &HeaderMap::new(), b"", &versions.0, now).map(drop)
    };
    found.push(look.signs(&channel.webhook_secret(), signing, verify).await);
    if channel.has_api() {
        found.push(look.opens(&channel.api_secret(), opening, |_| true).await);
    } else if channel.is_called() {
        found.push(look.opens(&channel.api_secret(), opening, is_key).await);
    }
}

async fn of_warehouse<P: Platform>(platform: &P, warehouse: &Warehouse, found: &mut Vec<Finding>) {
    let look = Look { platform, area: Area::Warehouse(warehouse.id.clone()) };
    let (signing, opening) = match warehouse.kind {
        WarehouseKind::Odoo => return,
        WarehouseKind::Standard => (STANDARD, STANDARD),
        WarehouseKind::Shiphero => (
            "put the shared_signature_secret of each webhook there, one a line",
            "put a refresh token of a user there",
        ),
        WarehouseKind::Shipstation => (
            "put the text of its key set there, or a token of 24 or more characters for webhooks of v1",
            "put an API key of v2 there",
        ),
    };
    let now = platform.clock().now();
    let verify = |versions: &SecretVersions| {
        let call = Call { headers: &HeaderMap::new(), query: None, body: b"" };
        crossdock_warehouses::receive(warehouse.kind, &warehouse.id, call, &versions.0, now).map(drop)
    };
    found.push(look.signs(&warehouse.webhook_secret(), signing, verify).await);
    let form: fn(&SecretString) -> bool =
        if warehouse.kind == WarehouseKind::Standard { is_key } else { |_| true };
    found.push(look.opens(&warehouse.api_secret(), opening, form).await);
}

async fn of_carrier<P: Platform>(platform: &P, carrier: &Carrier, found: &mut Vec<Finding>) {
    let look = Look { platform, area: Area::Carrier(carrier.id.clone()) };
    let signing = match carrier.kind {
        CarrierKind::Easypost => "put the secret of its webhook there, a long random text",
    };
    let verify = |versions: &SecretVersions| {
        crossdock_carriers::receive(carrier.kind, &HeaderMap::new(), b"", &versions.0).map(drop)
    };
    found.push(look.signs(&carrier.webhook_secret(), signing, verify).await);
}

/// Whether it can sign by the rules of Standard Webhooks.
fn is_key(secret: &SecretString) -> bool {
    crossdock_hooks::standard::signature(secret.expose_secret().trim(), "check", 0, b"").is_some()
}

struct Look<'a, P> {
    platform: &'a P,
    area: Area,
}

impl<P: Platform> Look<'_, P> {
    /// A webhook secret. `verify` is the receiver's own rule: nothing is signed here, so it can only refuse, for
    /// one reason or another.
    async fn signs(
        &self,
        name: &str,
        todo: &str,
        verify: impl Fn(&SecretVersions) -> Result<(), Refusal>,
    ) -> Finding {
        let code = "secrets.webhook";
        match self.platform.secret(name).await {
            Ok(versions) if versions.newest().is_none() => missing(&self.area, name, todo.into()),
            Ok(versions) => match verify(&versions) {
                Err(Refusal::NotConfigured) => {
                    let what = format!("the secret {name} cannot verify anything");
                    Finding::fail(&self.area, code, what, todo)
                }
                Ok(()) | Err(Refusal::Unauthorized | Refusal::UnsupportedMediaType | Refusal::Invalid(_)) => {
                    let live = match versions.0.len() {
                        1 => String::new(),
                        more => format!(", in {more} versions that all count"),
                    };
                    Finding::ok(&self.area, code, format!("the secret {name} is set{live}"))
                }
            },
            Err(error) => Finding::fail(&self.area, code, error.to_string(), todo),
        }
    }

    /// What opens an API, or signs our calls there.
    async fn opens(&self, name: &str, todo: &str, form: impl Fn(&SecretString) -> bool) -> Finding {
        let code = "secrets.api";
        match self.platform.secret(name).await {
            Ok(versions) => match versions.newest() {
                None => missing(&self.area, name, todo.into()),
                Some(newest) if !form(newest) => {
                    Finding::fail(&self.area, code, format!("the secret {name} cannot sign anything"), todo)
                }
                Some(_) => Finding::ok(&self.area, code, format!("the secret {name} is set")),
            },
            Err(error) => Finding::fail(&self.area, code, error.to_string(), todo),
        }
    }
}

#[cfg(test)]
mod tests {
    use crossdock_core::{Clock, Entropy, config::parse};
    use crossdock_platform::embedded::Embedded;

    use super::*;

    fn config() -> Config {
        parse(include_str!("../../../../docs/crossdock.example.yaml")).unwrap()
    }

    async fn said(secrets: &[(&str, &str)]) -> Vec<String> {
        let platform = Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap();
        for (name, value) in secrets {
            platform.set_secret(name, vec![(*value).to_owned()]);
        }
        let mut found = Vec::new();
        assert!(check(&platform, &config(), &mut found).await);
        found.into_iter().filter(|finding| finding.todo.is_some()).map(|finding| finding.what).collect()
    }

    #[tokio::test]
    async fn names_every_secret_that_is_not_set() {
        let said = said(&[("odoo/key", "k"), ("woo-de/webhook", "s"), ("b2b/webhook", "")]).await;
        let not_set = |name: &str| format!("the secret {name} is not set");
        let names = [
            "shopify-main/webhook",
            "shopify-main/api",
            "woo-de/api",
            "b2b/webhook",
            "wh-east/webhook",
            "wh-east/api",
            "easypost/webhook",
            "console/oidc",
        ];
        assert_eq!(said, names.map(not_set));
    }

    #[tokio::test]
    async fn a_secret_that_is_no_base64_cannot_verify_the_standard_format() {
        let said = said(&[("b2b/webhook", "whsec_not base64!")]).await;
        assert!(said.contains(&"the secret b2b/webhook cannot verify anything".to_owned()), "{said:?}");
    }

    #[tokio::test]
    async fn a_warehouses_secrets_must_be_able_to_verify_and_to_sign() {
        let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let wrong = said(&[("wh-east/webhook", "not base64!"), ("wh-east/api", "not base64!")]).await;
        for words in ["wh-east/webhook cannot verify anything", "wh-east/api cannot sign anything"] {
            assert!(wrong.contains(&format!("the secret {words}")), "{wrong:?}");
        }
        let right = said(&[("wh-east/webhook", key), ("wh-east/api", key), ("easypost/webhook", "s")]).await;
        assert!(
            right.iter().all(|text| !text.contains("wh-east") && !text.contains("easypost")),
            "{right:?}"
        );
    }

    #[tokio::test]
    async fn a_token_of_shipstation_that_is_short_enough_to_guess_opens_nothing() {
        let vendor = "id: wh-east\n    kind: shipstation";
        let example = include_str!("../../../../docs/crossdock.example.yaml");
        let config = parse(&example.replace("id: wh-east\n    kind: standard", vendor)).unwrap();
        let platform = Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap();
        for (token, verifies) in [("short", false), ("a token of more than 24 characters", true)] {
            platform.set_secret("wh-east/webhook", vec![token.to_owned()]);
            let mut found = Vec::new();
            assert!(check(&platform, &config, &mut found).await);
            let wrong = found.iter().any(|finding| finding.what.contains("wh-east/webhook cannot verify"));
            assert_eq!(wrong, !verifies, "{token}");
        }
    }

    #[tokio::test]
    async fn a_partner_that_is_told_anything_needs_a_key_that_signs() {
        let example = include_str!("../../../../docs/crossdock.example.yaml");
        let called = "kind: standard\n    url: https://portal.example.com/hooks\n";
        let quiet = "    announce: { enabled: false }\n    stock: { sources: [{ warehouses: [WH] }] }\n";
        for more in ["", quiet] {
            let partner = format!("{called}{more}    company");
            let config = parse(&example.replace("kind: standard\n    company", &partner)).unwrap();
            let platform = Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap();
            let mut found = Vec::new();
            assert!(check(&platform, &config, &mut found).await);
            let said = |finding: &Finding| finding.what == "the secret b2b/api is not set";
            assert!(found.iter().any(said), "{more}: {found:#?}");
            assert!(names(&config).contains(&"b2b/api".to_owned()), "{more}");
        }
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_ends_the_look_and_names_what_belongs_there() {
        let platform = Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap();
        platform
            .use_secrets(crossdock_platform::embedded::SecretSource::File("/nowhere/secrets.json".into()));
        let mut found = Vec::new();
        assert!(!check(&platform, &config(), &mut found).await);
        let todo = found[0].todo.clone().unwrap();
        assert!(todo.contains("odoo/key, shopify-main/webhook"), "{todo}");
    }
}
