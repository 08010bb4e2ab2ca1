//! The part of the configuration that says what a channel shows of Odoo's products.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ChannelKind, OdooRef};
use crate::{
    catalogue::{EXEMPT, Field},
    ids::Sku,
};

/// What a channel shows of Odoo's products. Without it the channel's articles are left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CataloguePolicy {
    /// The pricelist that makes the prices. Its currency must be the channel's.
    pub pricelist: OdooRef,
    /// The language of titles and descriptions, such as `de_DE`, installed in Odoo. Left out: `odoo.lang`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What titles are made of: `{title}` (name and variant), `{name}`, `{values}`, `{sku}`.
    #[serde(default = "default_title")]
    pub title: String,
    /// Only SKUs that begin with this belong to the channel.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sku_prefix: String,
    /// SKUs that are left alone.
    #[serde(default)]
    pub exclude: BTreeSet<Sku>,
    /// Categories in Odoo, by their whole path (`All / Shirts`), and what the channel calls them:
    /// in WooCommerce the name or the path of a category that is there. What lies below
    /// one counts as it; products of others are left alone. Without any, every product belongs to the channel.
    #[serde(default)]
    pub categories: BTreeMap<String, String>,
    /// Where pictures are, such as `https://cdn.example.com/{sku}.jpg`: `{sku}` stands for the SKU. Odoo's own are for
    /// its users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The pricelist of the prices that are struck out beside lower ones, in the currency of `pricelist`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at: Option<OdooRef>,
    /// The price list of a Shopify shop, `gid://shopify/PriceList/1`, that companies buy by: prices from a quantity on
    /// are its own. Goes with `steps` in `update`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_list: Option<String>,
    /// Sales taxes in Odoo, and the tax class in the channel of products that have them. The first rule that names a
    /// tax counts. A product that has a tax of no rule, or taxes of two classes, keeps its class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tax_classes: Vec<TaxClassRule>,
    /// The tax class of products without a sales tax in Odoo. Left out: they keep theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untaxed_class: Option<String>,
    /// What is brought to what Odoo says.
    #[serde(default = "default_update")]
    pub update: BTreeSet<Field>,
    /// Whether articles that the channel lacks are made there.
    #[serde(default)]
    pub create: bool,
    /// Whether articles that Odoo does not sell any more are taken out of sight.
    #[serde(default)]
    pub archive: bool,
}

/// A sales tax in Odoo, and what the channel calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxClassRule {
    pub odoo: OdooRef,
    /// `exempt` for what is not taxed. In Shopify else `taxable`, in WooCommerce else the class's slug, `standard` or
    /// `reduced-rate`; a partner has names of its own.
    pub class: String,
}

/// What Shopify has in the place of classes, beside [`EXEMPT`].
const TAXABLE: &str = "taxable";

fn default_title() -> String {
    "{title}".to_owned()
}

fn default_update() -> BTreeSet<Field> {
    BTreeSet::from([Field::Price])
}

impl CataloguePolicy {
    /// Whether a SKU belongs to the channel, as far as the SKU tells.
    #[must_use]
    pub fn is_about(&self, sku: &Sku) -> bool {
        sku.as_str().starts_with(&self.sku_prefix) && !self.exclude.contains(sku)
    }

    /// What the channel calls a category of Odoo's: by the nearest of it and those above it that is named.
    #[must_use]
    pub fn category(&self, path: &str) -> Option<&str> {
        let mut path = path;
        loop {
            if let Some(name) = self.categories.get(path) {
                return Some(name);
            }
            path = path.rsplit_once(" / ")?.0;
        }
    }

    /// Every tax class that it names.
    fn classes(&self) -> impl Iterator<Item = &str> {
        self.tax_classes.iter().map(|rule| &rule.class).chain(&self.untaxed_class).map(String::as_str)
    }

    /// Whether it says which tax classes products are in.
    #[must_use]
    pub fn sets_taxes(&self) -> bool {
        self.classes().next().is_some()
    }

    /// What is wrong with the tax classes, for whoever wrote them.
    fn errors_of_taxes(&self, kind: ChannelKind) -> Vec<String> {
        let mut errors = Vec::new();
        let told = self.update.contains(&Field::TaxClass);
        if told && !self.sets_taxes() {
            errors.push(
                "catalogue.update names `tax_class`: say what the classes are in catalogue.tax_classes"
                    .to_owned(),
            );
        }
        if self.sets_taxes() && !told && !self.create {
            errors.push("catalogue.tax_classes needs `tax_class` in catalogue.update".to_owned());
        }
        let slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '%');
        errors.extend(self.classes().filter_map(|class| match kind {
            ChannelKind::Shopify if class != TAXABLE && class != EXEMPT => Some(format!(
                "Shopify has no tax classes: catalogue.tax_classes takes `{TAXABLE}` and `{EXEMPT}` there, not \"{class}\""
            )),
            ChannelKind::Woocommerce if class.is_empty() || !class.chars().all(slug) => Some(format!(
                "catalogue.tax_classes needs a class's slug, such as `standard` or `reduced-rate`, not \"{class}\""
            )),
            ChannelKind::Standard if class.trim().is_empty() => {
                Some("catalogue.tax_classes needs a name for each class".to_owned())
            }
            _ => None,
        }));
        errors
    }

    /// What is wrong with it, for whoever wrote it.
    pub(super) fn errors(&self, kind: ChannelKind) -> Vec<String> {
        let mut errors = self.errors_of_taxes(kind);
        let known = ["{title}", "{name}", "{values}", "{sku}"];
        let plain = known.iter().fold(self.title.clone(), |text, part| text.replace(part, ""));
        if plain.contains(['{', '}']) {
            errors.push(format!("catalogue.title knows {} and nothing else in braces", known.join(", ")));
        }
        if plain == self.title {
            errors.push("catalogue.title would be the same for every product".to_owned());
        }
        if self
            .categories
            .iter()
            .any(|(path, name)| path.trim() != path || path.is_empty() || name.is_empty())
        {
            errors.push(
                "catalogue.categories needs Odoo's path, such as \"All / Shirts\", and the channel's name for each"
                    .to_owned(),
            );
        }
        if self.image.as_deref().is_some_and(|address| !is_address(address)) {
            errors.push(
                "catalogue.image must be an address that begins with https:// and holds {sku}, and nothing else in \
                 braces"
                    .to_owned(),
            );
        }
        if self.update.contains(&Field::Image) && self.image.is_none() {
            errors.push(
                "catalogue.update names `image`: say where the pictures are in catalogue.image".to_owned(),
            );
        }
        if self.update.contains(&Field::CompareAt) != self.compare_at.is_some() {
            errors.push(
                "catalogue.compare_at and `compare_at` in catalogue.update belong together: name both or neither"
                    .to_owned(),
            );
        }
        if let Some(list) = &self.price_list {
            let id = list.strip_prefix("gid://shopify/PriceList/").unwrap_or_default();
            if id.is_empty() || !id.chars().all(|c| c.is_ascii_digit()) {
                errors.push(
                    "catalogue.price_list must be the id of a Shopify price list, such as gid://shopify/PriceList/1"
                        .to_owned(),
                );
            }
            if !self.update.contains(&Field::Steps) {
                errors.push("catalogue.price_list needs `steps` in catalogue.update".to_owned());
            }
        }
        if self.language.as_deref().is_some_and(str::is_empty) {
            errors.push("catalogue.language must not be empty: leave it out for `odoo.lang`".to_owned());
        }
        errors
    }
}

fn is_address(template: &str) -> bool {
    let plain = template.replace("{sku}", "");
    let host = template.strip_prefix("https://").unwrap_or_default();
    // The SKU stands behind the host, or it would choose it.
    let path = host.split_once('/').filter(|(host, _)| !host.is_empty() && !host.contains('{'));
    path.is_some_and(|(_, path)| path.contains("{sku}"))
        && !plain.contains(['{', '}'])
        && !plain.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use crate::config::parse;

    fn errors(url: &str, catalogue: &str) -> Vec<String> {
        errors_of("standard", url, catalogue)
    }

    fn errors_of(kind: &str, url: &str, catalogue: &str) -> Vec<String> {
        let text = format!(
            r#"
odoo: {{ url: "https://erp.example.com", database: main, user: crossdock }}
channels:
  - {{ id: shop, kind: {kind}, {url} company: Main, pricelists: {{ EUR: List }}, catalogue: {catalogue} }}
"#
        );
        parse(&text).err().unwrap_or_default().into_iter().map(|error| error.message).collect()
    }

    const URL: &str = "url: \"https://shop.example.com\",";

    #[test]
    fn a_pricelist_alone_is_enough() {
        assert_eq!(errors(URL, "{ pricelist: List }"), [""; 0]);
        let all = "image: \"https://a.example/p/{sku}.jpg\", compare_at: Before, update: [image, compare_at]";
        assert_eq!(errors(URL, &format!("{{ pricelist: List, {all} }}")), [""; 0]);
    }

    #[test]
    fn what_cannot_work_is_told() {
        for (url, catalogue, wanted) in [
            (URL, "{ pricelist: L, title: \"{colour} {name}\" }", "nothing else in braces"),
            (URL, "{ pricelist: L, title: Shirt }", "the same for every product"),
            (URL, "{ pricelist: L, categories: { \"\": Shirts } }", "needs Odoo's path"),
            (URL, "{ pricelist: L, language: \"\" }", "must not be empty"),
            ("", "{ pricelist: L }", "needs `url`"),
            (URL, "{ pricelist: L, update: [tax_class] }", "say what the classes are"),
            (URL, "{ pricelist: L, untaxed_class: exempt }", "needs `tax_class`"),
            (URL, "{ pricelist: L, update: [tax_class], untaxed_class: \" \" }", "a name for each class"),
            (URL, "{ pricelist: L, image: \"http://a.example/{sku}.jpg\" }", "begins with https://"),
            (URL, "{ pricelist: L, image: \"https://a.example/{name}/{sku}\" }", "nothing else in braces"),
            (URL, "{ pricelist: L, image: \"https://{sku}.example/a\" }", "holds {sku}"),
            (URL, "{ pricelist: L, update: [image] }", "where the pictures are"),
            (URL, "{ pricelist: L, update: [compare_at] }", "name both or neither"),
            (URL, "{ pricelist: L, compare_at: Before }", "name both or neither"),
        ] {
            let errors = errors(url, catalogue);
            assert!(matches!(&errors[..], [one] if one.contains(wanted)), "{catalogue}: {errors:?}");
        }
    }

    #[test]
    fn a_tax_class_is_one_that_the_channel_can_have() {
        let policy = |class: &str| {
            format!("{{ pricelist: L, update: [tax_class], tax_classes: [{{ odoo: 3, class: {class} }}] }}")
        };
        for (kind, sound, unsound, wanted) in [
            ("shopify", ["taxable", "exempt"], "reduced-rate", "has no tax classes"),
            ("woocommerce", ["standard", "exempt"], "Reduced rate", "a class's slug"),
            ("standard", ["Normal", "exempt"], "\"\"", "a name for each class"),
        ] {
            for class in sound {
                assert_eq!(errors_of(kind, URL, &policy(class)), [""; 0]);
            }
            let errors = errors_of(kind, URL, &policy(unsound));
            assert!(matches!(&errors[..], [one] if one.contains(wanted)), "{kind}: {errors:?}");
        }
        let untaxed = "{ pricelist: L, update: [tax_class], untaxed_class: zero-rate }";
        assert!(errors_of("shopify", URL, untaxed)[0].contains("not \"zero-rate\""));
        assert_eq!(errors_of("woocommerce", URL, untaxed), [""; 0]);
        let made = "{ pricelist: L, create: true, untaxed_class: exempt }";
        assert_eq!(errors_of("woocommerce", URL, made), [""; 0], "an article that is made has its class too");
    }

    #[test]
    fn a_price_list_is_a_shopify_shops_and_has_an_id() {
        let list = "price_list: \"gid://shopify/PriceList/1\"";
        let steps = format!("{{ pricelist: L, update: [steps], {list} }}");
        assert_eq!(errors_of("shopify", URL, &steps), [""; 0]);
        for (kind, catalogue, wanted) in [
            ("shopify", format!("{{ pricelist: L, {list} }}"), "needs `steps`"),
            (
                "shopify",
                "{ pricelist: L, update: [steps], price_list: Companies }".to_owned(),
                "the id of a Shopify",
            ),
            ("woocommerce", steps, "is no Shopify shop"),
        ] {
            let errors = errors_of(kind, URL, &catalogue);
            assert!(matches!(&errors[..], [one] if one.contains(wanted)), "{catalogue}: {errors:?}");
        }
    }
}
