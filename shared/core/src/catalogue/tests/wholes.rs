//! Articles that show some fields with their siblings.

use super::*;

const SHARED: [Field; 4] = [Field::Title, Field::Description, Field::Category, Field::Offered];

fn variant(name: &str, value: &str) -> Ware {
    let title = format!("Shirt ({value})");
    Ware { sku: sku(name), title, attributes: vec![("Colour".into(), value.into())], ..ware() }
}

/// Two variants of a product that is another one in every shared field.
fn both() -> [Ware; 2] {
    [variant("A", "Red"), variant("B", "Blue")]
}

fn old() -> Listing {
    Listing { title: Some("Old".into()), description: None, ..right() }
}

fn member(product: &str, articles: usize, handle: &str, listing: Listing) -> Held {
    let whole = Some(Whole { id: product.into(), articles, fields: &SHARED });
    Held::One(Box::new(Shown {
        handle: handle.into(),
        listing,
        lacks: BTreeSet::new(),
        categories: vec![],
        whole,
    }))
}

/// What is to be done about products that are held so; those that are for sale are so once.
fn entries(policy: &CataloguePolicy, wares: &[Ware], held: &[(&str, Held)]) -> Vec<(String, Action)> {
    let held: BTreeMap<Sku, Held> = held.iter().map(|(name, held)| (sku(name), held.clone())).collect();
    let sold = wares.iter().map(|ware| (ware.sku.clone(), usize::from(ware.sellable))).collect();
    let entries = difference(policy, wares, &sold, shop(&held, &every()));
    entries.into_iter().map(|entry| (entry.sku.to_string(), entry.action)).collect()
}

fn updates(wares: &[Ware], held: &[(&str, Held)]) -> Vec<(String, Vec<Field>, Option<String>)> {
    let update = |(sku, action)| match action {
        Action::Update(update) => (sku, update.fields.into_iter().collect(), update.wanted.title),
        other => panic!("{sku}: {other:?}"),
    };
    entries(&policy(""), wares, held).into_iter().map(update).collect()
}

fn held_together(listing: &Listing) -> [(&'static str, Held); 2] {
    [("A", member("7", 2, "7/1", listing.clone())), ("B", member("7", 2, "7/2", listing.clone()))]
}

#[test]
fn a_product_is_changed_once_and_by_its_own_name() {
    let fields = vec![Field::Title, Field::Description];
    assert_eq!(updates(&both(), &held_together(&old())), [("A".into(), fields, Some("Shirt".into()))]);
    let named = Listing { title: Some("Shirt".into()), ..right() };
    assert_eq!(updates(&both(), &held_together(&named)), [], "and then nothing differs");
}

#[test]
fn what_each_variant_has_of_its_own_is_changed_of_each() {
    let cheap = Listing { price: Some(d("1")), title: Some("Shirt".into()), ..right() };
    let each: Vec<_> =
        updates(&both(), &held_together(&cheap)).into_iter().map(|(sku, f, _)| (sku, f)).collect();
    assert_eq!(each, [("A".into(), vec![Field::Price]), ("B".into(), vec![Field::Price])]);
}

#[test]
fn a_product_whose_variants_do_not_agree_or_are_not_all_known_is_left_alone() {
    let mut apart = both();
    apart[1].description = Some("Wool.".into());
    let titled = Listing { title: Some("Shirt".into()), ..old() };
    let report = ("A".to_owned(), Action::Report(Problem::VariantsDisagree));
    let told = entries(&policy(""), &apart, &held_together(&titled));
    assert_eq!(told, std::slice::from_ref(&report), "two descriptions");
    let prices: CataloguePolicy = serde_saphyr::from_str("{ pricelist: List }").unwrap();
    assert_eq!(entries(&prices, &apart, &held_together(&titled)), [], "which nobody asked for");
    apart[1].sellable = false;
    let gone = entries(&policy("archive: true"), &apart, &held_together(&titled));
    assert!(!gone.contains(&report), "what is not for sale has no say: {gone:?}");
    let three = ["A", "B"].map(|name| (name, member("7", 3, name, old())));
    assert_eq!(updates(&both(), &three), [], "one more in the shop");
    let numbered: CataloguePolicy = policy("title: \"{name} {sku}\"");
    let wanted = entries(&numbered, &both(), &held_together(&right()));
    assert_eq!(wanted, [report], "two titles");
}

#[test]
fn variants_that_are_products_of_their_own_in_the_shop_keep_their_values() {
    let alone = [("A", member("7", 1, "7/1", right())), ("B", member("8", 1, "8/2", old()))];
    let fields = vec![Field::Title, Field::Description];
    assert_eq!(updates(&both(), &alone), [("B".into(), fields, Some("Shirt (Blue)".into()))]);
}

#[test]
fn a_product_is_hidden_once_and_only_where_nothing_of_it_is_for_sale() {
    let archive = policy("archive: true");
    let gone = both().map(|ware| Ware { sellable: false, ..ware });
    let hidden = ("A".to_owned(), Action::Archive { handle: "7/1".into() });
    assert_eq!(entries(&archive, &gone, &held_together(&right())), [hidden]);
    let named = Listing { title: Some("Shirt".into()), ..right() };
    let one = [gone[0].clone(), both()[1].clone()];
    let report = ("A".to_owned(), Action::Report(Problem::StillOffered));
    assert_eq!(entries(&archive, &one, &held_together(&named)), [report], "its sibling is for sale");
    let more = ["A", "B"].map(|name| (name, member("7", 3, name, right())));
    let reports = ["A", "B"].map(|name| (name.to_owned(), Action::Report(Problem::StillOffered)));
    assert_eq!(entries(&archive, &gone, &more), reports, "nobody knows what else is there");
    assert_eq!(entries(&policy(""), &gone, &held_together(&right())), reports);
}

#[test]
fn what_can_be_sold_again_is_shown_again_by_the_variant_that_can_be() {
    let hidden = Listing { offered: false, title: Some("Shirt".into()), ..right() };
    let [red, blue] = both();
    let wares = [Ware { sellable: false, ..red }, blue];
    let shown = updates(&wares, &held_together(&hidden));
    assert_eq!(shown, [("B".into(), vec![Field::Offered], Some("Shirt".into()))]);
}

#[test]
fn twins_in_odoo_say_nothing_of_the_product() {
    let held = held_together(&old()).map(|(name, held)| (sku(name), held)).into_iter().collect();
    let sold = BTreeMap::from([(sku("A"), 2), (sku("B"), 1)]);
    let entries = difference(&policy(""), &both(), &sold, shop(&held, &every()));
    assert_eq!(entries, [Entry { sku: sku("A"), action: Action::Report(Problem::TwiceInOdoo) }]);
}
