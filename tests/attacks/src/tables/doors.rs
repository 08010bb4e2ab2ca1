//! Methods, paths, headers and channels that are not what they seem.

use std::{io::Write as _, sync::LazyLock};

use flate2::{Compression, write::GzEncoder};
use http::Method;
use simulators::scenario::Channel;

use crate::{CHANNELS, Letter, Row, signature_header};

const LIMIT: usize = 1024 * 1024;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = methods();
    rows.extend(paths());
    rows.extend(types());
    rows.extend(unknown());
    rows.extend(sizes());
    rows.extend(pings());
    rows
}

fn methods() -> Vec<Row> {
    let good = Letter::good(Channel::Shopify);
    let other = Method::from_bytes(b"BREW").expect("a token");
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
        Method::CONNECT,
        other,
    ];
    let mut rows: Vec<Row> = methods
        .into_iter()
        .map(|method| Row::refused(format!("door/method {method}"), good.clone().by(method), 405))
        .collect();
    let overridden = good.clone().by(Method::GET).add("x-http-method-override", "POST");
    rows.push(Row::refused("door/method overridden by a header", overridden, 405));
    rows
}

fn paths() -> Vec<Row> {
    let good = Letter::good(Channel::Shopify);
    let mut rows: Vec<Row> = [
        "/",
        "/hooks",
        "/hooks/",
        "//hooks/shopify-main",
        "/hooks//shopify-main",
        "/hooks/shopify-main/",
        "/hooks/shopify-main/x",
        "/hooks/../hooks/shopify-main",
        "/hooks/woo-de/../shopify-main",
        "/hooks/%73hopify-main",
        "/hooks/shopify-main%00",
        "/hooks/shopify-main%0a",
        "/hooks/shopify-main%2f",
        "/hooks/..%2f..%2fetc%2fpasswd",
        "/hooks/shopify-main;a=b",
        "/hooks/shopify-main:443",
        "/hooks/SHOPIFY-MAIN",
        "/HOOKS/shopify-main",
        "/hook/shopify-main",
        "/hooks/shopify_main",
        "/hooks/*",
    ]
    .into_iter()
    .map(|path| Row::refused(format!("door/path {path}"), good.clone().to(path), 404))
    .collect();
    let long = format!("/hooks/{}", "a".repeat(10_000));
    rows.push(Row::refused("door/path of 10 kB", good.clone().to(&long), 404));
    // What says where it belongs is the path alone.
    let elsewhere = ["x-original-url", "x-rewrite-url", "x-forwarded-prefix", "x-forwarded-host", "host"]
        .into_iter()
        .fold(good.clone(), |letter, name| letter.add(name, "/hooks/woo-de"));
    let query = elsewhere.to("/hooks/shopify-main?channel=woo-de&path=/hooks/b2b");
    rows.push(Row::imported("door/path contradicted by headers and query", query));
    rows
}

fn types() -> Vec<Row> {
    let good = Letter::good(Channel::Shopify);
    let mut rows: Vec<Row> = [
        "text/plain",
        "",
        "json",
        "application/jsonp",
        "application/xml",
        "text/json",
        "multipart/form-data; boundary=application/json",
        "application/x-www-form-urlencoded",
    ]
    .into_iter()
    .map(|kind| Row::refused(format!("door/type {kind:?}"), good.clone().set("content-type", kind), 415))
    .collect();
    rows.push(Row::refused("door/no type", good.clone().without("content-type"), 415));
    rows.push(Row::refused("door/two types", good.clone().add("content-type", "text/plain"), 415));
    for packed in ["gzip", "br", "deflate, gzip", "identity, gzip"] {
        let letter = good.clone().add("content-encoding", packed);
        rows.push(Row::refused(format!("door/encoding {packed}"), letter, 415));
    }
    let two = good.clone().add("content-encoding", "identity").add("content-encoding", "gzip");
    rows.push(Row::refused("door/two encodings", two, 415));
    for channel in CHANNELS {
        let bomb = Letter::of(channel, bomb()).add("content-encoding", "gzip");
        rows.push(Row::refused(format!("door/{}/gzip bomb", channel.id()), bomb, 415));
    }
    rows
}

/// Sixteen megabytes of nothing, packed.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let megabyte = vec![b' '; LIMIT];
    for _ in 0..16 {
        packer.write_all(&megabyte).expect("memory");
    }
    packer.finish().expect("memory")
});

pub(super) fn bomb() -> Vec<u8> {
    BOMB.clone()
}

fn unknown() -> Vec<Row> {
    let signed = CHANNELS.into_iter().map(|channel| {
        let letter = Letter::good(channel).to("/hooks/no-such-shop");
        Row::refused(format!("door/unknown channel, signed as {}", channel.id()), letter, 401)
    });
    let bare = Letter::good(Channel::Shopify).without(signature_header(Channel::Shopify));
    // Odoo's own door, which is closed where nobody asked for hints.
    let odoo =
        ["/hooks/odoo", "/hooks/odoo?token=", "/hooks/odoo?token=3f1c9a5be0274d6688ab12cd"].map(|path| {
            let body = r#"{"_action": "Ready(#1)", "_id": 1, "_model": "sale.order"}"#;
            let mut row = Row::refused(format!("door/{path} closed"), bare.clone().to(path).body(body), 401);
            row.secrets = vec![("odoo/hook".into(), vec!["3f1c9a5be0274d6688ab12cd".into()])];
            row
        });
    signed
        .chain(odoo)
        .chain([Row::refused("door/unknown channel, unsigned", bare.to("/hooks/no-such-shop"), 401)])
        .collect()
}

fn sizes() -> Vec<Row> {
    let mut rows = Vec::new();
    for channel in CHANNELS {
        let good = Letter::good(channel);
        let mut large = good.body.clone();
        large.resize(LIMIT + 1, b' ');
        rows.push(Row::refused(
            format!("door/{}/a byte over the limit", channel.id()),
            Letter::of(channel, large),
            413,
        ));
        let declared = good.clone().set("content-length", &(LIMIT + 1).to_string());
        rows.push(Row::refused(format!("door/{}/said to be over the limit", channel.id()), declared, 413));
        let mut full = good.body.clone();
        full.resize(LIMIT, b' ');
        rows.push(Row::imported(
            format!("door/{}/just the limit, most of it blank", channel.id()),
            Letter::of(channel, full),
        ));
    }
    rows.push(Row::refused(
        "door/over the limit at an unknown channel",
        Letter::good(Channel::Shopify).to("/hooks/no-such-shop").body(vec![b' '; LIMIT + 1]),
        413,
    ));
    rows
}

/// WooCommerce tries an address by an unsigned form. Nothing else passes for one.
fn pings() -> Vec<Row> {
    let mut rows = Vec::new();
    for channel in ["shopify-main", "woo-de", "b2b", "no-such-shop"] {
        let bare = Letter::good(Channel::Shopify).without("x-shopify-hmac-sha256");
        let ping = bare.to(&format!("/hooks/{channel}")).body("webhook_id=7");
        let form = ping.clone().set("content-type", "application/x-www-form-urlencoded");
        rows.push(Row::new(format!("door/{channel}/ping"), form.clone(), 200, crate::Effect::Nothing));
        rows.push(Row::refused(format!("door/{channel}/ping that calls itself JSON"), ping, 401));
        let more = form.body("webhook_id=7&id=1");
        rows.push(Row::refused(format!("door/{channel}/ping with more in it"), more, 415));
    }
    rows
}
