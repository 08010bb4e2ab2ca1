//! The tax class of a WooCommerce article (REST v3, from its source).
//!
//! - `tax_class` is the class's slug, empty for the standard one. A class that the shop does not have is taken as the
//!   standard one, in silence. So the classes are read with the shop's other settings, and again where one is not among
//!   them. None is ever made here.
//! - `tax_status` is `taxable`, `shipping` (of the product only its shipping is taxed) or `none`.
//! - A variation has the class of its product until it is given one. Its status is its product's, whatever it is told.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crossdock_core::{PeerError, catalogue::EXEMPT};
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::api::{V3, ask};
use crate::api::Shop;

/// What the list of classes calls the one with the empty slug.
const STANDARD: &str = "standard";
const TAXABLE: &str = "taxable";
const NONE: &str = "none";
/// Why a variation is not told that it is not taxed, or that it is.
pub(super) const SHARED: &str =
    "WooCommerce taxes all variations of a product or none: set the product's tax status there";

/// The slugs of the shop's classes as they were read last; none before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Classes(Arc<Mutex<Option<BTreeSet<String>>>>);

impl Classes {
    fn read(&self) -> MutexGuard<'_, Option<BTreeSet<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn known(&self) -> bool {
        self.read().is_some()
    }

    fn has(&self, class: &str) -> bool {
        class == EXEMPT || self.read().as_ref().is_some_and(|all| all.contains(class))
    }

    /// Why an article cannot be in this class; none where it can.
    pub fn refused(&self, class: &str) -> Option<String> {
        (!self.has(class)).then(|| {
            format!(
                "the shop has no tax class \"{class}\": make it there, or correct `catalogue.tax_classes`"
            )
        })
    }
}

#[derive(Deserialize)]
struct Class {
    slug: String,
}

/// Reads all classes.
pub(super) async fn learn(shop: &Shop) -> Result<(), PeerError> {
    let all: Vec<Class> = ask(shop, Method::GET, &format!("{V3}/taxes/classes"), None).await?;
    *shop.tax_classes.read() = Some(all.into_iter().map(|class| class.slug).collect());
    Ok(())
}

/// Looks once more where one of these is not among the classes: a person may have made it since.
pub(super) async fn look<'a>(
    shop: &Shop,
    mut classes: impl Iterator<Item = &'a String>,
) -> Result<(), PeerError> {
    if classes.any(|class| !shop.tax_classes.has(class)) {
        learn(shop).await?;
    }
    Ok(())
}

/// The class of an article with this status and slug; none where it has none of ours.
pub(super) fn class(status: &str, slug: &str) -> Option<String> {
    match (status, slug) {
        (NONE, _) => Some(EXEMPT.to_owned()),
        (TAXABLE, "") => Some(STANDARD.to_owned()),
        // That name means something else.
        (TAXABLE, EXEMPT) => None,
        (TAXABLE, slug) => Some(slug.to_owned()),
        _ => None,
    }
}

/// What is written for an article to be in a class.
pub(super) fn put(body: &mut Map<String, Value>, class: &str, variation: bool) {
    if !variation {
        body.insert("tax_status".into(), json!(if class == EXEMPT { NONE } else { TAXABLE }));
    }
    if class != EXEMPT {
        body.insert("tax_class".into(), json!(if class == STANDARD { "" } else { class }));
    }
}

/// Why the shop does not have what was written of the class; none where it has.
pub(super) fn other(asked: &Map<String, Value>, status: &str, slug: &str) -> Option<&'static str> {
    let text = |name: &str| asked.get(name).and_then(Value::as_str);
    let wanted = match (text("tax_status"), text("tax_class")) {
        (None, None) => return None,
        (status, slug) => class(status.unwrap_or(TAXABLE), slug.unwrap_or_default()),
    };
    if class(status, slug) == wanted {
        return None;
    }
    Some(match text("tax_status") {
        None if status != TAXABLE => SHARED,
        _ => "the shop took the tax class and holds another one",
    })
}

/// Whether variations in these classes cannot be of one product. `status` is that of a product that is there.
pub(super) fn apart<'a>(classes: impl Iterator<Item = &'a String>, status: Option<&str>) -> bool {
    let wanted: BTreeSet<&str> = classes.map(|class| if class == EXEMPT { NONE } else { TAXABLE }).collect();
    wanted.len() > 1 || status.is_some_and(|status| wanted.iter().any(|wanted| *wanted != status))
}

/// The status of a product whose variations are in these classes.
pub(super) fn status<'a>(mut classes: impl Iterator<Item = &'a String>) -> Option<&'static str> {
    classes.next().map(|class| if class == EXEMPT { NONE } else { TAXABLE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_the_same_after_it_was_written() {
        for class_name in ["standard", "reduced-rate", "exempt"] {
            let mut body = Map::new();
            put(&mut body, class_name, false);
            let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
            assert_eq!(class(text("tax_status"), text("tax_class")).as_deref(), Some(class_name));
            assert_eq!(other(&body, text("tax_status"), text("tax_class")), None);
        }
        for (status, slug) in [("shipping", "reduced-rate"), ("taxable", "exempt"), ("", "")] {
            assert_eq!(class(status, slug), None, "{status} {slug}");
        }
    }

    #[test]
    fn what_the_shop_holds_instead_is_told() {
        let mut body = Map::new();
        assert_eq!(other(&body, "taxable", ""), None, "nothing was asked");
        put(&mut body, "reduced-rate", true);
        assert_eq!(Value::from(body.clone()), json!({ "tax_class": "reduced-rate" }));
        assert_eq!(other(&body, "taxable", "reduced-rate"), None);
        assert!(other(&body, "taxable", "").is_some_and(|why| why.contains("holds another one")));
        assert_eq!(other(&body, "none", "reduced-rate"), Some(SHARED));
    }
}
