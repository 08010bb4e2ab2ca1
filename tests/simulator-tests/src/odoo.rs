//! A client for the simulated Odoo, as plain as can be.

use std::sync::Arc;

use bytes::Bytes;
use crossdock_http::peer::{Broken, Peer as _};
use serde_json::{Value, json};
use simulators::odoo::{Server, Version};

pub const NOW: &str = "2026-11-24T08:00:00Z";

pub fn demo(version: Version) -> Server {
    let now = NOW.parse().unwrap();
    Server::demo(version, Arc::new(move || now))
}

pub struct Client<'s> {
    pub server: &'s Server,
    pub version: Version,
}

impl Client<'_> {
    pub async fn raw(&self, model: &str, method: &str, args: Value, named: Value) -> Result<Value, Broken> {
        let uid = 3;
        let body = json!({"jsonrpc": "2.0", "method": "call", "id": 7, "params": {
            "service": "object", "method": "execute_kw",
            "args": ["odoo", uid, "crossdock-key", model, method, args, named],
        }});
        let request = http::Request::post("/jsonrpc").body(Bytes::from(body.to_string())).unwrap();
        let response = self.server.call(request).await?;
        Ok(serde_json::from_slice(response.body()).unwrap_or(json!({"garbage": response.status().as_u16()})))
    }

    pub async fn call(&self, model: &str, method: &str, args: Value) -> Value {
        let answer = self.raw(model, method, args, json!({})).await.unwrap();
        answer.get("result").cloned().unwrap_or(answer)
    }

    pub async fn error(&self, model: &str, method: &str, args: Value) -> (String, String) {
        let answer = self.raw(model, method, args, json!({})).await.unwrap();
        let data = &answer["error"]["data"];
        (data["name"].as_str().unwrap().to_owned(), data["message"].as_str().unwrap().to_owned())
    }

    pub async fn id(&self, model: &str, field: &str, value: &str) -> String {
        let found = self.call(model, "search", json!([[[field, "=", value]]])).await;
        found[0].to_string()
    }

    pub async fn load(&self, lines: &[Line<'_>]) -> Value {
        self.load_with(lines, json!({})).await
    }

    pub async fn load_with(&self, lines: &[Line<'_>], context: Value) -> Value {
        let taxes = if self.version == Version::V19 { "tax_ids" } else { "tax_id" };
        let fields = json!([
            "id",
            "partner_id/.id",
            "pricelist_id/.id",
            "date_order",
            "order_line/id",
            "order_line/product_id/.id",
            "order_line/product_uom_qty",
            "order_line/price_unit",
            "order_line/discount",
            format!("order_line/{taxes}/.id"),
        ]);
        let partner = self.id("res.partner", "name", "My Company").await;
        let pricelist = self.id("product.pricelist", "name", "USD list").await;
        let mut rows = Vec::new();
        for line in lines {
            let product = self.id("product.product", "default_code", line.sku).await;
            let mut ids = Vec::new();
            for tax in line.taxes {
                ids.push(self.id("account.tax", "name", tax).await);
            }
            let date = if line.order.is_empty() { "" } else { "2026-11-20 10:00:00" };
            let mut row = vec![line.order, &partner, &pricelist, date];
            if line.order.is_empty() {
                row[1..].fill("");
            }
            let taxes = ids.join(",");
            row.extend([line.id, &product, line.quantity, line.price, line.discount, &taxes]);
            rows.push(json!(row));
        }
        let answer = self.raw("sale.order", "load", json!([fields, rows]), json!({"context": context})).await;
        answer.unwrap()["result"].clone()
    }
}

#[derive(Clone, Copy)]
pub struct Line<'l> {
    pub order: &'l str,
    pub id: &'l str,
    pub sku: &'l str,
    pub quantity: &'l str,
    pub price: &'l str,
    pub discount: &'l str,
    pub taxes: &'l [&'l str],
}

pub const PLAIN: Line<'static> = Line {
    order: "crossdock.a",
    id: "crossdock.a_1",
    sku: "CD-1",
    quantity: "2",
    price: "10",
    discount: "0",
    taxes: &[],
};

impl<'s> Client<'s> {
    pub fn new(server: &'s Server, version: Version) -> Self {
        Self { server, version }
    }
}
