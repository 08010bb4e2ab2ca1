//! Odoo's automation rules that hint at changes, made or taken away by an administrator.

use crossdock_core::{
    PeerError,
    config::{Config, ODOO_HOOK_SECRET},
};
use crossdock_http::Client;
use crossdock_odoo::{
    Connection, Odoo,
    automation::{self, RULES},
    check::{Area, Finding},
};
use crossdock_platform::Secrets;
use secrecy::{ExposeSecret as _, SecretString};

use super::Hooks;

const CODE: &str = "odoo.hook";

/// Who may make rules in Odoo: read for this one run, and never kept.
pub(super) struct Administrator {
    pub user: String,
    pub key: SecretString,
}

impl Administrator {
    /// From the environment.
    pub fn named(lookup: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let filled = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let user = filled("CROSSDOCK_ODOO_ADMIN_USER")?;
        Some(Self { user, key: filled("CROSSDOCK_ODOO_ADMIN_KEY")?.into() })
    }
}

/// Makes the rules that the configuration wants and takes the others of ours away, or takes all away. Where hints are
/// off, none is made.
pub(super) async fn run<S: Secrets>(
    platform: &S,
    client: &Client,
    config: &Config,
    hooks: Hooks,
    administrator: Option<Administrator>,
) -> Option<Finding> {
    let wanted = match hooks {
        Hooks::Look => return None,
        Hooks::Install if !config.odoo.hints => return None,
        Hooks::Install | Hooks::Remove => hooks,
    };
    let Some(administrator) = administrator else {
        return Some(Finding::warn(
            &Area::Odoo,
            CODE,
            "Odoo's automation rules were left as they are: only an administrator may change them",
            "set CROSSDOCK_ODOO_ADMIN_USER and CROSSDOCK_ODOO_ADMIN_KEY for this one run, or make them by hand: \
             docs/odoo-user.md",
        ));
    };
    let connection =
        Connection { user: administrator.user, ..Connection::new(&config.odoo, administrator.key) };
    let odoo = Odoo::new(client.clone(), connection);
    if wanted == Hooks::Remove {
        return Some(match automation::remove(&odoo, &RULES).await {
            Ok(true) => Finding::ok(&Area::Odoo, CODE, "its automation rules were taken away"),
            Ok(false) => Finding::ok(&Area::Odoo, CODE, "there was no automation rule of ours"),
            Err(error) => refused(&error),
        });
    }
    let token = platform.secret(ODOO_HOOK_SECRET).await.ok().and_then(|secret| secret.newest().cloned());
    let (Some(url), Some(token)) = (&config.public_url, token) else {
        let what = "no automation rules were made";
        return Some(Finding::warn(&Area::Odoo, CODE, what, "set public_url and the secret odoo/hook"));
    };
    let door = format!("{}/hooks/odoo", url.trim_end_matches('/'));
    let address = format!("{door}?token={}", token.expose_secret().trim());
    let (wanted, others) = RULES.split_at(if config.odoo.article_hints { RULES.len() } else { 1 });
    let made = match automation::install(&odoo, &address, wanted).await {
        Ok(()) => automation::remove(&odoo, others).await,
        Err(error) => Err(error),
    };
    Some(match made {
        Ok(_) => {
            let names: Vec<&str> = wanted.iter().map(|rule| rule.name).collect();
            Finding::ok(&Area::Odoo, CODE, format!("{door} is called by: {}", names.join("; ")))
        }
        Err(error) => refused(&error),
    })
}

/// Orders go out without hints, only later. No `_` arm: a new variant needs words of its own.
fn refused(error: &PeerError) -> Finding {
    let todo = match error {
        PeerError::Missing { .. } | PeerError::Rejected { .. } => {
            "install Automation Rules (base_automation) in Odoo, or leave it to the regular look"
        }
        PeerError::Unauthorized { .. } => "name an administrator (Administration: Settings) with a valid key",
        PeerError::Unreachable { .. }
        | PeerError::Unanswered { .. }
        | PeerError::Failing { .. }
        | PeerError::Throttled { .. }
        | PeerError::HeldBack { .. }
        | PeerError::Conflict { .. }
        | PeerError::Garbage { .. } => "run the check again later",
    };
    Finding::warn(&Area::Odoo, CODE, format!("its automation rules could not be changed: {error}"), todo)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crossdock_core::{Clock, Entropy, config::parse};
    use crossdock_http::peer::Peer;
    use crossdock_odoo::check::Level;
    use crossdock_platform::embedded::Embedded;
    use simulators::odoo::{Server, Version};

    use super::*;

    const TOKEN: &str = "3f1c9a5be0274d6688ab12cd";

    async fn found(
        hints: bool,
        hooks: Hooks,
        administrator: Option<Administrator>,
    ) -> Option<(Level, String)> {
        let odoo: Arc<dyn Peer> = Arc::new(Server::demo(Version::V18, Arc::new(|| Clock::System.now())));
        let client = Client::in_process([("odoo.in-process".into(), odoo)], Clock::System);
        let platform = Embedded::memory(Clock::System, Entropy::seeded(1)).unwrap();
        platform.set_secret(ODOO_HOOK_SECRET, vec![TOKEN.into()]);
        let text = format!(
            "public_url: https://hooks.example.com\nodoo: {{ url: \"http://odoo.in-process\", database: odoo, user: \
             crossdock, hints: {hints} }}\nchannels: [{{ id: shop, kind: standard, company: My Company, pricelists: \
             {{ USD: USD list }} }}]\n"
        );
        let config = parse(&text).unwrap();
        let found = run(&platform, &client, &config, hooks, administrator).await?;
        assert!(!found.what.contains(TOKEN) && !found.what.contains("admin-key"), "{found:?}");
        Some((found.level, format!("{} → {}", found.what, found.todo.unwrap_or_default())))
    }

    fn administrator() -> Option<Administrator> {
        Some(Administrator { user: "admin".into(), key: "admin-key".to_owned().into() })
    }

    #[tokio::test]
    async fn no_rule_is_made_unless_hints_are_on_and_it_is_asked_for() {
        assert_eq!(found(true, Hooks::Look, administrator()).await, None);
        assert_eq!(found(false, Hooks::Install, administrator()).await, None);
        assert!(found(true, Hooks::Install, administrator()).await.is_some());
    }

    #[tokio::test]
    async fn without_an_administrator_nothing_is_tried() {
        for hooks in [Hooks::Install, Hooks::Remove] {
            let (level, text) = found(true, hooks, None).await.unwrap();
            assert_eq!(level, Level::Warn);
            assert!(
                text.contains("only an administrator") && text.contains("CROSSDOCK_ODOO_ADMIN_USER"),
                "{text}"
            );
        }
        let half = |name: &str| (name == "CROSSDOCK_ODOO_ADMIN_USER").then(|| "admin".to_owned());
        assert!(Administrator::named(half).is_none());
    }

    #[tokio::test]
    async fn an_odoo_without_automation_rules_is_told_as_that() {
        let (level, text) = found(true, Hooks::Install, administrator()).await.unwrap();
        assert_eq!(level, Level::Warn);
        assert!(text.contains("install Automation Rules (base_automation)"), "{text}");
        let (level, text) = found(true, Hooks::Remove, administrator()).await.unwrap();
        assert_eq!((level, text.contains("no automation rule of ours")), (Level::Ok, true), "{text}");
    }

    #[tokio::test]
    async fn a_wrong_key_of_the_administrators_is_told_as_that() {
        let wrong = Some(Administrator { user: "admin".into(), key: "wrong".to_owned().into() });
        let (level, text) = found(true, Hooks::Install, wrong).await.unwrap();
        assert_eq!((level, text.contains("name an administrator")), (Level::Warn, true), "{text}");
    }
}
