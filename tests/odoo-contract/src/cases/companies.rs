//! A second company in the same Odoo.

use crossdock_core::order::{ChargeKind, Prices};

use crate::{
    orders::{charge, edited, for_second_company, line, set_quantity, simple},
    target::Target,
};

pub async fn an_order_of_the_second_company_lands_there_with_its_taxes_and_warehouse(target: &Target) {
    let mut order = target.order(Prices::TaxIncluded);
    for_second_company(&mut order);
    line(&mut order, "CD-1", "2", "23.80", "23.80", Some("19"));
    charge(&mut order, ChargeKind::Shipping, "5.35", Some("7"));
    target.rig().done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    let second = &target.world.second;
    assert_eq!(sale.company, second.id);
    assert_eq!(sale.line(target.product("CD-1")).taxes, [second.taxes["CD 19% incl"]]);
    assert_eq!(sale.live_transfers()[0].company, second.id);
}

pub async fn a_batch_of_two_companies_keeps_them_apart(target: &Target) {
    let ours = simple(target.order(Prices::TaxExcluded));
    let mut theirs = simple(target.order(Prices::TaxExcluded));
    for_second_company(&mut theirs);
    target.rig().all_done(&[ours.clone(), theirs.clone()]).await;
    let (first, second) = (target.sale(&ours).await, target.sale(&theirs).await);
    first.expect_confirmed(target, &ours);
    second.expect_confirmed(target, &theirs);
    assert_eq!((first.company, second.company), (target.world.company.id, target.world.second.id));
}

pub async fn an_edit_in_the_second_company_stays_there(target: &Target) {
    let rig = target.rig();
    let mut order = simple(target.order(Prices::TaxExcluded));
    for_second_company(&mut order);
    rig.done(&order).await;
    let order = edited(&order, |order| set_quantity(order, 0, "1", "10.00"));
    rig.done(&order).await;
    let sale = target.sale(&order).await;
    sale.expect_confirmed(target, &order);
    assert_eq!(sale.company, target.world.second.id);
    assert_eq!(sale.line(target.product("CD-1")).taxes, [target.world.second.taxes["CD 10% excl"]]);
}
