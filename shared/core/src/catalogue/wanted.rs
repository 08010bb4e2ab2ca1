//! What a channel should show of one product.

use rust_decimal::Decimal;

use super::{Listing, Ware, tax};
use crate::{config::CataloguePolicy, uri::encoded};

/// What a channel should show of a product; none where the policy keeps the product out of the channel.
#[must_use]
pub fn wanted(policy: &CataloguePolicy, ware: &Ware) -> Option<Listing> {
    if !policy.is_about(&ware.sku) {
        return None;
    }
    let category = ware.category.as_deref().and_then(|path| policy.category(path));
    if !policy.categories.is_empty() && category.is_none() {
        return None;
    }
    let price = ware.steps.first().map(|step| step.price).filter(|price| *price > Decimal::ZERO);
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    Some(Listing {
        price,
        // A shop whose price of one piece is not ours shows no steps down from ours.
        steps: if price.is_some() { ware.steps.iter().skip(1).copied().collect() } else { Vec::new() },
        title: Some(title(&policy.title, ware)).filter(|title| !title.is_empty()),
        description: filled(&ware.description),
        barcode: filled(&ware.barcode),
        weight: Some(ware.weight).filter(|weight| *weight > Decimal::ZERO),
        category: category.map(str::to_owned),
        offered: ware.sellable,
        image: policy.image.as_deref().map(|template| template.replace("{sku}", &encoded(ware.sku.as_str()))),
        compare_at: ware.compare_at.zip(price).and_then(|(before, now)| (before > now).then_some(before)),
        tax_class: tax::class(policy, ware),
        unit: filled(&ware.unit),
    })
}

/// `{title}`, `{name}`, `{values}` and `{sku}` stand for what the product has of them.
pub(super) fn title(template: &str, ware: &Ware) -> String {
    let values: Vec<&str> = ware.attributes.iter().map(|(_, value)| value.as_str()).collect();
    let values = values.join(", ");
    let parts = [
        ("{title}", &*ware.title),
        ("{name}", &ware.name),
        ("{values}", &values),
        ("{sku}", ware.sku.as_str()),
    ];
    let mut made = String::new();
    let mut rest = template;
    // From left to right and once: a name that holds "{sku}" stays as it is.
    while let Some(next) = rest.chars().next() {
        match parts.iter().find(|(key, _)| rest.starts_with(key)) {
            Some((key, text)) => {
                made.push_str(text);
                rest = &rest[key.len()..];
            }
            None => {
                made.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    made.trim().to_owned()
}
