use super::*;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn sku(text: &str) -> Sku {
    Sku::new(text).unwrap()
}

fn policy(more: &str) -> CataloguePolicy {
    let all = "[price, steps, title, description, barcode, weight, category, offered]";
    serde_saphyr::from_str(&format!("{{ pricelist: List, update: {all}, {more} }}")).unwrap()
}

fn ware() -> Ware {
    Ware {
        sku: sku("SHIRT-RED"),
        name: "Shirt".into(),
        title: "Shirt (Red)".into(),
        attributes: vec![("Colour".into(), "Red".into())],
        description: Some("Cotton.".into()),
        barcode: Some("4006381333931".into()),
        weight: d("0.35"),
        category: Some("All / Clothes / Shirts".into()),
        sellable: true,
        steps: vec![Step { from: d("1"), price: d("19.9") }, Step { from: d("10"), price: d("17.5") }],
    }
}

fn every() -> BTreeSet<Field> {
    policy("").update
}

fn one(listing: Listing) -> Held {
    Held::One(Box::new(Shown { handle: "gid/7".into(), listing, lacks: BTreeSet::new() }))
}

/// What is to be done about one product that is for sale once, where the channel holds this.
fn act(policy: &CataloguePolicy, ware: Ware, held: Option<Held>) -> Vec<Action> {
    let sold = BTreeMap::from([(ware.sku.clone(), usize::from(ware.sellable))]);
    let held = held.map(|held| (ware.sku.clone(), held)).into_iter().collect();
    let entries = difference(policy, &[ware], &sold, &held, &every());
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
    let mapped = policy("categories: { All: Wear }");
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
    let entries = difference(&policy(""), &[ware()], &sold, &held, &titles);
    assert!(matches!(&entries[0].action, Action::Update(update) if update.fields == titles), "{entries:?}");
    let listing = Listing { title: None, ..right() };
    let untitled = Held::One(Box::new(Shown { handle: "7".into(), listing, lacks: titles }));
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
    assert_eq!(act(&policy("create: true"), ware(), None), [Action::Create(Box::new(right()))]);
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
    let entries = difference(&policy(""), &[ware(), ware()], &sold, &held, &every());
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
    assert_eq!(difference(&policy, std::slice::from_ref(&old), &sold, &held, &every()), []);
    let entries = difference(&policy, &[old, ware()], &sold, &held, &every());
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
    for action in [Action::Create(Box::new(right())), Action::Report(Problem::NoPrice)] {
        assert_eq!(entry(action).edit(), None);
    }
}
