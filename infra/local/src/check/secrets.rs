//! The secrets: there, and able to do their work. No value is ever shown.

use crossdock_channels::{Refusal, receive};
use crossdock_core::config::{Channel, ChannelKind, Config};
use crossdock_odoo::check::{Area, Finding};
use crossdock_platform::{Platform, PlatformError};
use http::HeaderMap;

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
        if channel.has_api() {
            names.push(channel.api_secret());
        }
    }
    names
}

async fn of_channel<P: Platform>(platform: &P, channel: &Channel, found: &mut Vec<Finding>) {
    let area = Area::Channel(channel.id.clone());
    let name = channel.webhook_secret();
    let (signing, opening) = match channel.kind {
        ChannelKind::Shopify => (
            "put the app's client secret there: Shopify signs with it",
            "put <client id>:<client secret> of the app there, or an older app's access token",
        ),
        ChannelKind::Woocommerce => (
            "put a long random text there: --install-hooks gives it to the shop",
            "put a REST API key there, as ck_…:cs_…",
        ),
        ChannelKind::Standard => ("put `whsec_` and 24 or more random bytes in base64 there", ""),
    };
    match platform.secret(&name).await {
        Ok(versions) if versions.newest().is_none() => found.push(missing(&area, &name, signing.into())),
        Ok(versions) => {
            // The receiver's own rule: nothing is signed here, so it can only refuse, for one reason or another.
            let now = platform.clock().now();
            let answer = receive(channel.kind, &channel.id, &HeaderMap::new(), b"", &versions.0, now);
            let code = "secrets.webhook";
            found.push(match answer {
                Err(Refusal::NotConfigured) => {
                    Finding::fail(&area, code, format!("the secret {name} cannot verify anything"), signing)
                }
                Ok(_) | Err(Refusal::Unauthorized | Refusal::UnsupportedMediaType | Refusal::Invalid(_)) => {
                    let live = match versions.0.len() {
                        1 => String::new(),
                        more => format!(", in {more} versions that all count"),
                    };
                    Finding::ok(&area, code, format!("the secret {name} is set{live}"))
                }
            });
        }
        Err(error) => found.push(Finding::fail(&area, "secrets.webhook", error.to_string(), signing)),
    }
    if !channel.has_api() {
        return;
    }
    let name = channel.api_secret();
    found.push(match platform.secret(&name).await {
        Ok(versions) if versions.newest().is_none() => missing(&area, &name, opening.into()),
        Ok(_) => Finding::ok(&area, "secrets.api", format!("the secret {name} is set")),
        Err(error) => Finding::fail(&area, "secrets.api", error.to_string(), opening),
    });
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
        let names = ["shopify-main/webhook", "shopify-main/api", "woo-de/api", "b2b/webhook"];
        assert_eq!(said, names.map(not_set));
    }

    #[tokio::test]
    async fn a_secret_that_is_no_base64_cannot_verify_the_standard_format() {
        let said = said(&[("b2b/webhook", "whsec_not base64!")]).await;
        assert!(said.contains(&"the secret b2b/webhook cannot verify anything".to_owned()), "{said:?}");
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
