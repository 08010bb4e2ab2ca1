use super::*;

mod taxes;
mod wholes;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn sku(text: &str) -> Sku {
    Sku::new(text).unwrap()
}

fn policy(more: &str) -> CataloguePolicy {
    let all = "[price, steps, title, description, barcode, weight, category, offered, tax_class, unit]";
    serde_saphyr::from_str(&format!("{{ pricelist: List, update: {all}, {more} }}")).unwrap()
}

fn ware() -> Ware {
    Ware {
        sku: sku("SHIRT-RED"),
        family: 7,
        name: "Shirt".into(),
        title: "Shirt (Red)".into(),
        attributes: vec![("Colour".into(), "Red".into())],
        description: Some("Cotton.".into()),
        barcode: Some("4006381333931".into()),
        weight: d("0.35"),
        category: Some("All / Clothes / Shirts".into()),
        sellable: true,
        unit: Some("kg".into()),
        taxes: vec![],
        untaxed: true,
        steps: vec![Step { from: d("1"), price: d("19.9") }, Step { from: d("10"), price: d("17.5") }],
        compare_at: None,
    }
}

fn every() -> BTreeSet<Field> {
    policy("").update
}

fn one(listing: Listing) -> Held {
    Held::One(Box::new(Shown {
        handle: "gid/7".into(),
        listing,
        lacks: BTreeSet::new(),
        categories: vec![],
        whole: None,
    }))
}

fn shop<'a>(held: &'a BTreeMap<Sku, Held>, supports: &'a BTreeSet<Field>) -> Channel<'a> {
    Channel { held, supports, prices_hold_tax: Some(false) }
}

/// What is to be done about one product that is for sale once, where the channel holds this.
fn act(policy: &CataloguePolicy, ware: Ware, held: Option<Held>) -> Vec<Action> {
    let sold = BTreeMap::from([(ware.sku.clone(), usize::from(ware.sellable))]);
    let held = held.map(|held| (ware.sku.clone(), held)).into_iter().collect();
    let entries = difference(policy, &[ware], &sold, shop(&held, &every()));
    entries.into_iter().map(|entry| entry.action).collect()
}

fn right() -> Listing {
    wanted(&policy(""), &ware()).unwrap()
}

/// The fields that are to change where the channel shows this.
fn fields(policy: &CataloguePolicy, ware: Ware, now: Listing) -> Vec<Field> {
    match &act(policy, ware, Some(one(now)))[..] {
        [] => Vec::new(),
        [Action::Update(update)] if update.handle == "gid/7" => update.fields.iter().copied().collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_right_is_left_alone() {
    assert_eq!(act(&policy(""), ware(), Some(one(right()))), []);
    let digits = Listing { price: Some(d("19.90")), weight: Some(d("0.3500004")), ..right() };
    assert_eq!(act(&policy(""), ware(), Some(one(digits))), [], "the same amount, the same to the gram");
}

#[test]
fn each_field_that_differs_is_named_and_no_other() {
    let mapped = policy("categories: { All: Wear }, untaxed_class: exempt");
    let right = wanted(&mapped, &ware()).unwrap();
    for (field, now) in [
        (Field::Price, Listing { price: Some(d("20")), ..right.clone() }),
        (Field::Price, Listing { price: None, ..right.clone() }),
        (Field::Steps, Listing { steps: vec![], ..right.clone() }),
        (Field::Title, Listing { title: Some("Shirt".into()), ..right.clone() }),
        (Field::Description, Listing { description: None, ..right.clone() }),
        (Field::Barcode, Listing { barcode: Some("1".into()), ..right.clone() }),
        (Field::Weight, Listing { weight: Some(d("0.351")), ..right.clone() }),
        (Field::Category, Listing { category: Some("Other".into()), ..right.clone() }),
        (Field::Offered, Listing { offered: false, ..right.clone() }),
        (Field::TaxClass, Listing { tax_class: Some("standard".into()), ..right.clone() }),
        (Field::Unit, Listing { unit: None, ..right.clone() }),
    ] {
        assert_eq!(fields(&mapped, ware(), now), [field]);
    }
}

#[test]
fn only_what_the_policy_names_and_the_channel_can_show_is_changed() {
    let now = Listing { price: Some(d("1")), title: Some("Mine".into()), ..right() };
    let by_default: CataloguePolicy = serde_saphyr::from_str("{ pricelist: List }").unwrap();
    assert_eq!(fields(&by_default, ware(), now.clone()), [Field::Price]);
    let held = BTreeMap::from([(ware().sku, one(now))]);
    let sold = BTreeMap::from([(ware().sku, 1)]);
    let titles = BTreeSet::from([Field::Title]);
    let entries = difference(&policy(""), &[ware()], &sold, shop(&held, &titles));
    assert!(matches!(&entries[0].action, Action::Update(update) if update.fields == titles), "{entries:?}");
    let listing = Listing { title: None, ..right() };
    let untitled = Held::One(Box::new(Shown {
        handle: "7".into(),
        listing,
        lacks: titles,
        categories: vec![],
        whole: None,
    }));
    assert_eq!(act(&policy(""), ware(), Some(untitled)), []);
}

#[test]
fn what_odoo_leaves_empty_wipes_nothing_out() {
    let empty = Ware { description: None, barcode: Some(" ".into()), weight: d("0"), ..ware() };
    assert_eq!(fields(&policy(""), empty, right()), []);
}

#[test]
fn a_discount_by_quantity_that_is_over_is_taken_away() {
    let plain = Ware { steps: vec![Step { from: d("1"), price: d("19.9") }], ..ware() };
    assert_eq!(fields(&policy(""), plain, right()), [Field::Steps]);
}

#[test]
fn a_price_of_nothing_is_reported_and_never_told() {
    for steps in [vec![], vec![Step { from: d("1"), price: d("0") }, Step { from: d("5"), price: d("3") }]] {
        let free = Ware { steps, title: "Other".into(), ..ware() };
        let actions = act(&policy("create: true"), free.clone(), Some(one(right())));
        let [Action::Report(Problem::NoPrice), Action::Update(update)] = &actions[..] else {
            panic!("{actions:?}")
        };
        assert_eq!(update.fields, BTreeSet::from([Field::Title]));
        let none = act(&policy("create: true"), free, None);
        assert_eq!(none, [Action::Report(Problem::NoPrice)], "nor is it made");
    }
}

#[test]
fn what_the_channel_lacks_is_made_only_where_the_policy_says_so() {
    assert_eq!(act(&policy(""), ware(), None), [Action::Report(Problem::OnlyInOdoo)]);
    let new = |policy: &CataloguePolicy| match &act(policy, ware(), None)[..] {
        [Action::Create(new)] => (**new).clone(),
        other => panic!("{other:?}"),
    };
    let made = new(&policy("create: true"));
    assert_eq!((made.listing, made.family), (right(), 7));
    assert_eq!(
        (&*made.family_title, made.options.len()),
        ("Shirt", 1),
        "the product, and the value of the variant"
    );
    let mut quiet = policy("create: true");
    quiet.update.remove(&Field::Offered);
    assert!(!new(&quiet).listing.offered, "hidden until somebody looked at it");
    let gone = Ware { sellable: false, ..ware() };
    assert_eq!(act(&policy("create: true"), gone, None), [], "what is not for sale is missed by nobody");
}

#[test]
fn what_odoo_does_not_sell_is_archived_only_where_the_policy_says_so() {
    let gone = Ware { sellable: false, title: "Old".into(), ..ware() };
    let act =
        |more: &str, offered| act(&policy(more), gone.clone(), Some(one(Listing { offered, ..right() })));
    assert_eq!(act("", true), [Action::Report(Problem::StillOffered)]);
    assert_eq!(act("archive: true", true), [Action::Archive { handle: "gid/7".into() }]);
    assert_eq!(act("archive: true", false), [], "and is not touched any more");
}

#[test]
fn a_sku_that_is_there_twice_is_reported_once_and_nothing_is_changed() {
    let sold = BTreeMap::from([(ware().sku, 2)]);
    let held = BTreeMap::from([(ware().sku, one(Listing::default()))]);
    let entries = difference(&policy(""), &[ware(), ware()], &sold, shop(&held, &every()));
    assert_eq!(entries, [Entry { sku: ware().sku, action: Action::Report(Problem::TwiceInOdoo) }]);
    let actions = act(&policy("create: true, archive: true"), ware(), Some(Held::Several));
    assert_eq!(actions, [Action::Report(Problem::TwiceInChannel)]);
}

#[test]
fn an_archived_namesake_takes_nothing_down_and_hides_nothing() {
    let old = Ware { sellable: false, ..ware() };
    let sold = BTreeMap::from([(ware().sku, 1)]);
    let held = BTreeMap::from([(ware().sku, one(Listing { title: None, ..right() }))]);
    let policy = policy("archive: true");
    // Its namesake comes on another page, or later on this one.
    assert_eq!(difference(&policy, std::slice::from_ref(&old), &sold, shop(&held, &every())), []);
    let entries = difference(&policy, &[old, ware()], &sold, shop(&held, &every()));
    assert!(matches!(&entries[..], [Entry { action: Action::Update(_), .. }]), "{entries:?}");
}

#[test]
fn what_is_excluded_or_of_another_channel_is_left_alone_in_both_directions() {
    for more in ["exclude: [SHIRT-RED]", "sku_prefix: HAT-", "categories: { All / Hats: Hats }"] {
        let policy = policy(&format!("create: true, archive: true, {more}"));
        assert_eq!(act(&policy, ware(), None), [], "{more}");
        let gone = Ware { sellable: false, ..ware() };
        assert_eq!(act(&policy, gone, Some(one(right()))), [], "{more}");
    }
    let policy = policy("sku_prefix: SHIRT-, exclude: [SHIRT-OLD]");
    let channel = ["SHIRT-X", "SHIRT-X", "SHIRT-OLD", "SHIRT-RED", "HAT-1"].map(sku);
    let strange = strangers(&policy, &channel, &BTreeSet::from([sku("SHIRT-RED")]));
    let entry = Entry { sku: sku("SHIRT-X"), action: Action::Report(Problem::OnlyInChannel) };
    assert_eq!(strange, [entry]);
}

#[test]
fn a_price_is_struck_out_only_where_it_was_higher_and_the_channel_is_to_show_it() {
    let sale = policy("compare_at: Before");
    let was = |price: &str| Ware { compare_at: Some(d(price)), ..ware() };
    let now = |price: Option<&str>| Listing { compare_at: price.map(d), ..right() };
    let told = |ware: Ware, now: Listing| fields(&sale, ware, now);
    assert_eq!(told(was("25"), now(None)), []);
    let mut sale = sale;
    sale.update.insert(Field::CompareAt);
    let supports: BTreeSet<Field> = sale.update.clone();
    let told = |ware: Ware, now: Listing| {
        let held = BTreeMap::from([(ware.sku.clone(), one(now))]);
        let sold = BTreeMap::from([(ware.sku.clone(), 1)]);
        match &difference(&sale, &[ware], &sold, shop(&held, &supports))[..] {
            [] | [Entry { action: Action::Report(Problem::NoPrice), .. }] => None,
            [Entry { action: Action::Update(update), .. }] => Some(update.wanted.compare_at),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told(was("25"), now(None)), Some(Some(d("25"))));
    assert_eq!(told(was("25"), now(Some("25.00"))), None);
    for none in ["19.9", "10"] {
        assert_eq!(told(was(none), now(None)), None, "not above the price");
        assert_eq!(told(was(none), now(Some("25"))), Some(None), "the sale is over");
    }
    assert_eq!(
        told(Ware { steps: vec![], ..was("25") }, now(Some("25"))),
        None,
        "without a price nothing is said"
    );
}

#[test]
fn a_picture_has_the_sku_in_its_address_and_the_sku_is_no_part_of_any_other() {
    let pictured = policy("image: \"https://cdn.example.com/{sku}.jpg\"");
    let image = |name: &str| wanted(&pictured, &Ware { sku: sku(name), ..ware() }).unwrap().image.unwrap();
    assert_eq!(image("SHIRT-RED"), "https://cdn.example.com/SHIRT-RED.jpg");
    assert_eq!(image("a/../b?c&ü"), "https://cdn.example.com/a%2F..%2Fb%3Fc%26%C3%BC.jpg");
    assert_eq!(wanted(&policy(""), &ware()).unwrap().image, None);
}

#[test]
fn a_category_counts_for_what_lies_below_it_and_the_nearest_one_wins() {
    let category = |map: &str, path: &str| {
        let ware = Ware { category: Some(path.into()), ..ware() };
        wanted(&policy(&format!("categories: {map}")), &ware).and_then(|listing| listing.category)
    };
    let map = "{ All / Clothes: Wear, All / Clothes / Shirts: Shirts }";
    assert_eq!(category(map, "All / Clothes / Shirts").as_deref(), Some("Shirts"));
    assert_eq!(category(map, "All / Clothes / Hats / Felt").as_deref(), Some("Wear"));
    assert_eq!(category(map, "All / Clothes / Shirtsleeves").as_deref(), Some("Wear"));
    assert_eq!(category(map, "All"), None);
}

#[test]
fn a_title_is_made_of_what_the_product_has_and_of_nothing_twice() {
    let title = |template: &str, ware: &Ware| {
        wanted(&policy(&format!("title: \"{template}\"")), ware).unwrap().title.unwrap()
    };
    assert_eq!(title("{name} – {values} [{sku}]", &ware()), "Shirt – Red [SHIRT-RED]");
    let sly = Ware { name: "{sku}{title}".into(), attributes: vec![], ..ware() };
    assert_eq!(title("{name} {values}", &sly), "{sku}{title}");
}

#[test]
fn an_archive_hides_the_article_and_touches_nothing_else() {
    let entry = |action| Entry { sku: sku("A"), action };
    let edit = entry(Action::Archive { handle: "7".into() }).edit().unwrap();
    assert_eq!((edit.handle.as_str(), edit.fields), ("7", BTreeSet::from([Field::Offered])));
    assert!(!edit.to.offered);
    let (fields, wanted) = (BTreeSet::from([Field::Price]), right());
    let update = Update { handle: "7".into(), fields: fields.clone(), now: Listing::default(), wanted };
    let edit = entry(Action::Update(Box::new(update))).edit().unwrap();
    assert_eq!((edit.fields, edit.to), (fields, right()));
    for action in
        [Action::Create(Box::new(creation(&policy(""), &ware(), right()))), Action::Report(Problem::NoPrice)]
    {
        assert_eq!(entry(action).edit(), None);
    }
}

#[test]
fn a_price_that_means_something_else_in_the_channel_is_not_told() {
    let all = policy("");
    for (holds, told) in [(false, true), (true, false)] {
        let tax = SalesTax { id: 1, name: "VAT".into(), included: holds };
        let ware = Ware { taxes: vec![tax], untaxed: false, ..ware() };
        let now = Listing { price: Some(d("1")), title: None, ..right() };
        let actions = act(&all, ware.clone(), Some(one(now)));
        let differs = actions.contains(&Action::Report(Problem::TaxesDiffer));
        let fields = actions.iter().find_map(|action| match action {
            Action::Update(update) => Some(update.fields.contains(&Field::Price)),
            _ => None,
        });
        assert_eq!((differs, fields), (!told, Some(told)), "the title is told in any case");
        let made = act(&policy("create: true"), ware, None);
        assert_eq!(made == [Action::Report(Problem::TaxesDiffer)], !told, "{made:?}");
    }
}
