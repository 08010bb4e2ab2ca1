//! Texts in every script arrive as they were typed.

use crossdock_core::order::Prices;
use serde_json::json;

use crate::{orders::simple, target::Target};

const NAMES: [&str; 12] = [
    "Žofie Ångström-Łęcka",
    "Жанна Д’Арк",
    "王小明 株式会社",
    "مريم بنت يوسف",
    "שלום עליכם",
    "अनुष्का शर्मा",
    "สมชาย ใจดี",
    "김철수",
    "ქეთევან წამებული",
    "👩‍👩‍👧‍👦 Zoë 🦀 & Co.",
    "O'Brien \"the\" <b>boss</b>; DROP TABLE -- %s {0}",
    "𝕬𝖓𝖓 ﷽ e\u{301}",
];

pub async fn names_in_every_script_arrive_as_they_were_typed(target: &Target) {
    let orders: Vec<_> = NAMES
        .iter()
        .map(|name| {
            let mut order = simple(target.order(Prices::TaxExcluded));
            order.customer.name = Some((*name).to_owned());
            for address in order.billing.iter_mut().chain(&mut order.shipping) {
                address.name = (*name).to_owned();
                address.street = format!("{name} 1");
                address.city = (*name).to_owned();
            }
            order.lines[0].name = (*name).to_owned();
            order
        })
        .collect();
    target.rig().all_done(&orders).await;
    for (order, name) in orders.iter().zip(NAMES) {
        let sale = target.sale(order).await;
        sale.expect_confirmed(target, order);
        assert_eq!(sale.line(target.product("CD-1")).name, name);
        let fields = ["name", "street", "city"];
        let made = target.user.rows("res.partner", json!([["id", "=", sale.partner]]), &fields).await;
        assert_eq!(made[0]["name"], name);
        assert_eq!(made[0]["street"], format!("{name} 1"));
        assert_eq!(made[0]["city"], name);
    }
}

pub async fn control_characters_do_not_stop_an_order(target: &Target) {
    let mut order = simple(target.order(Prices::TaxExcluded));
    order.customer.name = Some("Ann\u{0}\u{7} \r\n Rivera\u{1b}".into());
    order.lines[0].name = "A\u{0}line\nof two".into();
    order.note = Some("one\u{0}two".into());
    let mut nameless = simple(target.order(Prices::TaxExcluded));
    nameless.customer.name = Some("\u{0}".into());
    for address in nameless.billing.iter_mut().chain(&mut nameless.shipping) {
        address.name = "\u{1}".into();
    }
    target.rig().all_done(&[order.clone(), nameless.clone()]).await;
    let sale = target.sale(&order).await;
    assert_eq!(sale.line(target.product("CD-1")).name, "A line of two");
    target.sale(&nameless).await.expect_confirmed(target, &nameless);
}

pub async fn a_note_is_text_and_not_markup(target: &Target) {
    let mut order = simple(target.order(Prices::TaxExcluded));
    order.note = Some("Ring <b>twice</b> & wait <script>alert(1)</script> 🚪".into());
    target.rig().done(&order).await;
    let note = target.sale(&order).await.note;
    assert!(note.contains("Ring &lt;b&gt;twice&lt;/b&gt; &amp; wait"), "{note}");
    assert!(note.contains("🚪") && !note.contains("<script"), "{note}");
}
