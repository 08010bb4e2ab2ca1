//! Prices by a pricelist, as Odoo computes them. Each case says what Odoo's own rules make of it.

use crossdock_core::PeerError;
use crossdock_odoo::{Call, articles};
use serde_json::json;

use crate::{
    target::Target,
    wares::{articles as read, category, colours, list, price, prices, rule, seen, steps, ware},
};

pub async fn a_product_without_a_rule_has_its_sales_price(target: &Target) {
    let (list, ware) = (list(target, "USD").await, ware(target, 1234.5, json!({})).await);
    assert_eq!(price(target, list, &ware).await, steps(&[("1", "1234.5")]));
}

pub async fn the_rule_of_a_product_goes_before_its_categorys_and_before_the_one_for_all(target: &Target) {
    let list = list(target, "USD").await;
    let parent = category(target, &format!("Parent {}", target.fresh()), None).await;
    let child = category(target, "Child", Some(parent)).await;
    let (alone, in_category) = (ware(target, 100.0, json!({})).await, json!({ "categ_id": child }));
    let below = ware(target, 100.0, in_category.clone()).await;
    let own = ware(target, 100.0, in_category).await;
    rule(target, list, json!({ "fixed_price": 50.0 })).await;
    let of_category = json!({
        "applied_on": "2_product_category", "categ_id": parent, "compute_price": "percentage",
        "percent_price": 25.0,
    });
    rule(target, list, of_category).await;
    let of_product =
        json!({ "applied_on": "1_product", "product_tmpl_id": own.template, "fixed_price": 7.0 });
    rule(target, list, of_product).await;
    let all = prices(target, list, &[&alone, &below, &own]).await;
    let of = |product| all[&product].iter().map(|step| (step.from, step.price)).collect::<Vec<_>>();
    assert_eq!(of(alone.product), steps(&[("1", "50")]));
    assert_eq!(of(below.product), steps(&[("1", "75")]), "the category above counts");
    assert_eq!(of(own.product), steps(&[("1", "7")]));
}

pub async fn a_quantity_from_which_a_rule_holds_is_a_step(target: &Target) {
    let (list, ware) = (list(target, "USD").await, ware(target, 10.0, json!({})).await);
    rule(target, list, json!({ "min_quantity": 5.0, "fixed_price": 8.0 })).await;
    let percent = json!({ "min_quantity": 10.0, "compute_price": "percentage", "percent_price": 30.0 });
    rule(target, list, percent).await;
    rule(target, list, json!({ "min_quantity": 12.0, "fixed_price": 7.0 })).await;
    rule(target, list, json!({ "min_quantity": 0.5, "fixed_price": 9.0 })).await;
    assert_eq!(price(target, list, &ware).await, steps(&[("1", "9"), ("5", "8"), ("10", "7")]));
}

pub async fn a_step_of_another_product_is_none_of_this_one(target: &Target) {
    let list = list(target, "USD").await;
    let (one, other) = (ware(target, 10.0, json!({})).await, ware(target, 20.0, json!({})).await);
    let of = json!({
        "applied_on": "1_product", "product_tmpl_id": other.template, "min_quantity": 3.0, "fixed_price": 15.0,
    });
    rule(target, list, of).await;
    let all = prices(target, list, &[&one, &other]).await;
    assert_eq!(all[&one.product].len(), 1, "{all:?}");
    assert_eq!(all[&other.product].len(), 2, "{all:?}");
}

pub async fn half_a_cent_is_rounded_as_odoo_shows_it(target: &Target) {
    let (list, ware) = (list(target, "USD").await, ware(target, 10.25, json!({})).await);
    rule(target, list, json!({ "compute_price": "percentage", "percent_price": 10.0 })).await;
    assert_eq!(price(target, list, &ware).await, steps(&[("1", "9.23")]));
}

pub async fn a_formula_discounts_rounds_and_adds_in_this_order(target: &Target) {
    let (list, ware) = (list(target, "USD").await, ware(target, 123.45, json!({})).await);
    let formula = json!({
        "compute_price": "formula", "price_discount": 10.0, "price_round": 10.0, "price_surcharge": -0.01,
    });
    rule(target, list, formula).await;
    assert_eq!(price(target, list, &ware).await, steps(&[("1", "109.99")]));
}

pub async fn a_formula_keeps_within_its_margins(target: &Target) {
    let (list, ware) = (list(target, "USD").await, ware(target, 100.0, json!({})).await);
    let least = json!({ "compute_price": "formula", "price_discount": 50.0, "price_min_margin": -20.0,
        "price_max_margin": 0.0 });
    rule(target, list, least).await;
    let most = json!({ "compute_price": "formula", "price_surcharge": 60.0, "price_max_margin": 30.0,
        "min_quantity": 2.0 });
    rule(target, list, most).await;
    assert_eq!(price(target, list, &ware).await, steps(&[("1", "80"), ("2", "130")]));
}

pub async fn a_markup_on_cost_starts_from_the_cost(target: &Target) {
    let (list, ware) =
        (list(target, "USD").await, ware(target, 100.0, json!({ "standard_price": 40.0 })).await);
    let markup = json!({ "compute_price": "formula", "base": "standard_price", "price_discount": -50.0 });
    rule(target, list, markup).await;
    assert_eq!(price(target, list, &ware).await, steps(&[("1", "60")]));
}

pub async fn a_pricelist_that_rests_on_another_has_its_steps_too(target: &Target) {
    let (below, list) = (list(target, "USD").await, list(target, "USD").await);
    let ware = ware(target, 30.0, json!({})).await;
    rule(target, below, json!({ "min_quantity": 3.0, "fixed_price": 20.0 })).await;
    let rests = json!({
        "compute_price": "formula", "base": "pricelist", "base_pricelist_id": below, "price_discount": 10.0,
    });
    rule(target, list, rests).await;
    assert_eq!(price(target, list, &ware).await, steps(&[("1", "27"), ("3", "18")]));
}

pub async fn a_pricelist_in_another_currency_converts_what_is_not_in_its_own(target: &Target) {
    let (list, below) = (list(target, "EUR").await, list(target, "USD").await);
    let (plain, fixed) = (ware(target, 10.0, json!({})).await, ware(target, 10.0, json!({})).await);
    let (formula, rests) = (ware(target, 10.0, json!({})).await, ware(target, 10.0, json!({})).await);
    rule(target, below, json!({ "fixed_price": 100.0 })).await;
    for (template, values) in [
        (fixed.template, json!({ "fixed_price": 5.55 })),
        (
            formula.template,
            json!({ "compute_price": "formula", "price_discount": 10.0, "price_surcharge": 1.0 }),
        ),
        (
            rests.template,
            json!({ "compute_price": "formula", "base": "pricelist", "base_pricelist_id": below }),
        ),
    ] {
        let mut values = values;
        values["applied_on"] = json!("1_product");
        values["product_tmpl_id"] = json!(template);
        rule(target, list, values).await;
    }
    assert_eq!(seen(target, list).await.currency.as_str(), "EUR");
    let all = prices(target, list, &[&plain, &fixed, &formula, &rests]).await;
    let of = |product| all[&product].iter().map(|step| (step.from, step.price)).collect::<Vec<_>>();
    // The suite's rate is 0.9 euro for a dollar.
    assert_eq!(of(plain.product), steps(&[("1", "9")]));
    assert_eq!(of(fixed.product), steps(&[("1", "5.55")]));
    assert_eq!(of(formula.product), steps(&[("1", "9.1")]), "8.10 and a euro");
    assert_eq!(of(rests.product), steps(&[("1", "90")]));
}

pub async fn what_a_variant_costs_beyond_is_in_its_price_and_its_own_rule_comes_first(target: &Target) {
    let list = list(target, "USD").await;
    let wares = colours(target, 10.0, &[("Red", 0.0), ("Blue", 2.5), ("Gold", 90.0)]).await;
    rule(target, list, json!({ "compute_price": "percentage", "percent_price": 10.0 })).await;
    let own = json!({
        "applied_on": "0_product_variant", "product_tmpl_id": wares[2].template, "product_id": wares[2].product,
        "fixed_price": 77.0,
    });
    rule(target, list, own).await;
    let all = prices(target, list, &[&wares[0], &wares[1], &wares[2]]).await;
    let of = |at: usize| all[&wares[at].product].iter().map(|s| (s.from, s.price)).collect::<Vec<_>>();
    assert_eq!(of(0), steps(&[("1", "9")]));
    assert_eq!(of(1), steps(&[("1", "11.25")]));
    assert_eq!(of(2), steps(&[("1", "77")]));
}

pub async fn a_rule_holds_between_its_dates(target: &Target) {
    let (list, ware) = (list(target, "USD").await, ware(target, 10.0, json!({})).await);
    let over = json!({ "date_end": "2020-01-01 00:00:00", "fixed_price": 1.0 });
    let to_come = json!({ "date_start": "2090-01-01 00:00:00", "fixed_price": 2.0, "min_quantity": 4.0 });
    let today = json!({
        "date_start": "2020-01-01 00:00:00", "date_end": "2090-01-01 00:00:00", "fixed_price": 8.0,
        "min_quantity": 2.0,
    });
    for values in [over, to_come, today] {
        rule(target, list, values).await;
    }
    assert_eq!(price(target, list, &ware).await, steps(&[("1", "10"), ("2", "8")]));
}

pub async fn a_pricelist_that_is_gone_is_missing_and_no_other_takes_its_place(target: &Target) {
    let (list, ware) = (list(target, "USD").await, ware(target, 10.0, json!({})).await);
    let (known, articles_read) = (seen(target, list).await, read(target, &[&ware]).await);
    target.admin().call(Call::new("product.pricelist", "unlink").on(&[list])).await;
    let company = target.world.company.id;
    let found = articles::pricelist(&target.user.0, company, list).await.expect("an answer");
    assert_eq!(found, None);
    let answer = articles::prices(&target.user.0, company, &known, &articles_read).await;
    assert!(matches!(answer, Err(PeerError::Missing { .. })), "{answer:?}");
}
