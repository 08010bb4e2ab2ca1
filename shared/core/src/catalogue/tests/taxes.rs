//! Tax classes and units.

use super::*;

fn taxed(taxes: &[(i64, &str)]) -> Ware {
    let tax = |(id, name): &(i64, &str)| SalesTax { id: *id, name: (*name).to_owned(), included: false };
    Ware { taxes: taxes.iter().map(tax).collect(), untaxed: false, ..ware() }
}

fn class(policy: &CataloguePolicy, ware: &Ware) -> Option<String> {
    wanted(policy, ware).unwrap().tax_class
}

#[test]
fn a_tax_class_is_what_the_policy_calls_the_products_taxes_and_never_guessed() {
    let rules = "tax_classes: [{ odoo: VAT 19, class: standard }, { odoo: 7, class: reduced-rate }, \
                 { odoo: Half, class: reduced-rate }, { odoo: Half, class: other }], untaxed_class: exempt";
    let all = policy(rules);
    for (taxes, wanted) in [
        (&[(1, "VAT 19")][..], Some("standard")),
        (&[(7, "VAT 7")], Some("reduced-rate")),
        (&[(7, "VAT 7"), (8, "Half")], Some("reduced-rate")),
        (&[(1, "VAT 19"), (7, "VAT 7")], None),
        (&[(1, "VAT 19"), (9, "Eco tax")], None),
        (&[(9, "Eco tax"), (1, "VAT 19")], None),
        (&[(9, "VAT 16")], None),
        // What has taxes that we know nothing of is not untaxed.
        (&[], None),
    ] {
        assert_eq!(class(&all, &taxed(taxes)).as_deref(), wanted, "{taxes:?}");
    }
    assert_eq!(class(&all, &ware()).as_deref(), Some("exempt"));
    assert_eq!(class(&policy("tax_classes: [{ odoo: VAT 19, class: standard }]"), &ware()), None);
}

#[test]
fn a_class_that_nobody_named_is_left_alone_in_the_channel() {
    let all = policy("tax_classes: [{ odoo: VAT 19, class: standard }]");
    let now = |class: &str| Listing { tax_class: Some(class.into()), ..right() };
    assert_eq!(fields(&all, taxed(&[(1, "VAT 19")]), now("reduced-rate")), [Field::TaxClass]);
    assert_eq!(fields(&all, taxed(&[(1, "VAT 19")]), now("standard")), []);
    assert_eq!(fields(&all, taxed(&[(2, "VAT 16")]), now("reduced-rate")), []);
    assert_eq!(fields(&all, ware(), now("reduced-rate")), []);
}

#[test]
fn a_unit_without_a_name_is_left_alone() {
    let pieces = Listing { unit: Some("Units".into()), ..right() };
    assert_eq!(fields(&policy(""), ware(), pieces.clone()), [Field::Unit]);
    for unit in [None, Some(String::new())] {
        assert_eq!(fields(&policy(""), Ware { unit, ..ware() }, pieces.clone()), []);
    }
}
