//! What is looked up in Odoo once and kept for some minutes: companies, taxes, pricelists, products.
//!
//! **Invariant:** a look-up that found nothing is never kept. A mapping or a product that was mended is
//! seen by the very next try.

mod countries;
mod kept;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use crossdock_core::{
    Currency, PeerError, Sku,
    config::{self, OdooRef},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    connection::{Call, Odoo},
    invoices::{self, Journals},
};
use kept::{Cache, Kept};

const KEPT_FOR: SignedDuration = SignedDuration::from_mins(10);

/// A many2one as Odoo answers it: `[id, name]`, or `false`.
pub(crate) fn many2one(value: &Value) -> Option<i64> {
    value.as_array().and_then(|pair| pair.first()).and_then(Value::as_i64)
}

/// A product as far as an order line needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub id: i64,
    pub name: String,
    /// Can be sold, and is not archived.
    pub sellable: bool,
    /// Something that leaves the house; no service.
    pub goods: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Tax {
    pub id: i64,
    pub name: String,
    /// Percent, for a percentage tax.
    pub amount: Decimal,
    pub percent: bool,
    /// The price holds it.
    pub included: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub id: i64,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pricelist {
    pub id: i64,
    pub name: String,
    pub currency: Option<Currency>,
}

/// What one company has.
#[derive(Debug, Clone)]
pub struct Company {
    pub id: i64,
    pub name: String,
    /// Taxes are rounded over the whole order, not line by line.
    pub rounds_globally: bool,
    pub taxes: Vec<Tax>,
    pub pricelists: Vec<Pricelist>,
    pub warehouses: Vec<Named>,
    pub teams: Vec<Named>,
}

/// Countries and their states, which are the same for every company.
#[derive(Debug, Clone, Default)]
pub struct Countries {
    /// By code.
    pub countries: BTreeMap<String, i64>,
    /// By country and code, and by country and lower-case name.
    pub states: BTreeMap<(String, String), i64>,
}

/// The look-ups of one process.
#[derive(Clone)]
pub struct Catalogue {
    odoo: Odoo,
    cache: Arc<Mutex<Cache>>,
}

#[derive(Deserialize)]
struct ProductRow {
    id: i64,
    default_code: Value,
    name: String,
    sale_ok: bool,
    active: bool,
    r#type: String,
}

impl Catalogue {
    #[must_use]
    pub fn new(odoo: Odoo) -> Self {
        Self { odoo, cache: Arc::default() }
    }

    /// Forgets everything: for a replay after something was mended.
    pub fn forget(&self) {
        *self.cache() = Cache::default();
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept<T>(&self, value: T) -> Kept<T> {
        let until = self.odoo.now().checked_add(KEPT_FOR).unwrap_or(Timestamp::MAX);
        Kept { value: Arc::new(value), until }
    }

    /// The products with these SKUs as `company` sees them; a SKU can be there twice, or not at all.
    ///
    /// # Errors
    /// As any call.
    pub async fn products(
        &self,
        company: i64,
        skus: &BTreeSet<Sku>,
    ) -> Result<BTreeMap<Sku, Arc<Vec<Product>>>, PeerError> {
        let now = self.odoo.now();
        let mut found = BTreeMap::new();
        let mut missing = BTreeSet::new();
        {
            let cache = self.cache();
            for sku in skus {
                match cache.products.get(&(company, sku.clone())).filter(|kept| kept.until > now) {
                    Some(kept) => _ = found.insert(sku.clone(), kept.value.clone()),
                    None => _ = missing.insert(sku.clone()),
                }
            }
        }
        found.extend(self.products_now(company, &missing).await?);
        Ok(found)
    }

    /// The same as Odoo has it now, whatever is kept: for whoever must not go by what was.
    ///
    /// # Errors
    /// As any call.
    pub async fn products_now(
        &self,
        company: i64,
        skus: &BTreeSet<Sku>,
    ) -> Result<BTreeMap<Sku, Arc<Vec<Product>>>, PeerError> {
        let mut found = BTreeMap::new();
        if skus.is_empty() {
            return Ok(found);
        }
        let rows: Vec<ProductRow> = self
            .odoo
            .in_company(company)
            .call(
                Call::new("product.product", "search_read")
                    .arg(
                        "domain",
                        json!([["default_code", "in", skus], ["company_id", "in", [false, company]]]),
                    )
                    .arg("fields", json!(["default_code", "name", "sale_ok", "active", "type"]))
                    // An archived product is told apart from one that was never there.
                    .context("active_test", false),
            )
            .await?;
        let mut fresh: BTreeMap<Sku, Vec<Product>> = BTreeMap::new();
        for row in rows {
            let Some(sku) = row.default_code.as_str().and_then(|code| Sku::new(code).ok()) else { continue };
            let product = Product {
                id: row.id,
                name: row.name,
                sellable: row.sale_ok && row.active,
                goods: !matches!(row.r#type.as_str(), "service" | "combo"),
            };
            fresh.entry(sku).or_default().push(product);
        }
        for (sku, mut products) in fresh {
            // An archived namesake is no second product.
            if products.iter().any(|product| product.sellable) {
                products.retain(|product| product.sellable);
            }
            let kept = self.kept(products);
            found.insert(sku.clone(), kept.value.clone());
            // Only what can be sold is kept: a mended product is seen at once.
            if kept.value.iter().all(|product| product.sellable) {
                self.cache().keep_products((company, sku), kept);
            }
        }
        Ok(found)
    }

    /// A company with its taxes, pricelists, warehouses and teams; none where there is no such company, or
    /// our user may not act in it.
    ///
    /// # Errors
    /// As any call.
    pub async fn company(&self, company: &OdooRef) -> Result<Option<Arc<Company>>, PeerError> {
        let now = self.odoo.now();
        if let Some(kept) = self.cache().companies.get(company).filter(|kept| kept.until > now) {
            return Ok(Some(kept.value.clone()));
        }
        let Some(read) = self.read_company(company).await? else { return Ok(None) };
        let kept = self.kept(read);
        let value = kept.value.clone();
        self.cache().companies.insert(company.clone(), kept);
        Ok(Some(value))
    }

    /// The id of a warehouse, in whichever of these companies has it.
    ///
    /// # Errors
    /// As any call.
    pub async fn warehouse(
        &self,
        companies: impl Iterator<Item = &OdooRef>,
        wanted: &OdooRef,
    ) -> Result<Option<i64>, PeerError> {
        if let OdooRef::Id(id) = wanted {
            return Ok(Some(*id));
        }
        for company in companies {
            let company = self.company(company).await?;
            if let Some(id) = company.and_then(|company| company.warehouse(wanted)) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Forgets one company, so that what was mended in Odoo is seen.
    pub fn forget_company(&self, company: &OdooRef) {
        let mut cache = self.cache();
        if let Some(kept) = cache.companies.remove(company) {
            cache.journals.remove(&kept.value.id);
        }
    }

    async fn read_company(&self, company: &OdooRef) -> Result<Option<Company>, PeerError> {
        let fields = ["name", "tax_calculation_rounding_method"];
        let rows = self.rows(&self.odoo, "res.company", by_ref(company), &fields).await?;
        let [row] = rows.as_slice() else { return Ok(None) };
        let Some(id) = row["id"].as_i64() else { return Ok(None) };
        let odoo = self.odoo.in_company(id);
        let own = json!([["company_id", "=", id]]);
        let own_or_shared = json!([["company_id", "in", [false, id]]]);
        let sale_taxes = json!([["company_id", "=", id], ["type_tax_use", "=", "sale"]]);
        let tax_fields = ["name", "amount", "amount_type", "price_include"];
        let taxes = self.rows(&odoo, "account.tax", sale_taxes, &tax_fields).await?;
        let pricelists =
            self.rows(&odoo, "product.pricelist", own_or_shared.clone(), &["name", "currency_id"]).await?;
        // Without Inventory there are no warehouses to name.
        let none = odoo.capabilities().await.is_ok_and(|capabilities| !capabilities.has_warehouses);
        let warehouses = if none {
            Vec::new()
        } else {
            self.rows(&odoo, "stock.warehouse", own, &["name", "code"]).await?
        };
        let teams = self.rows(&odoo, "crm.team", own_or_shared, &["name"]).await?;
        Ok(Some(Company {
            id,
            name: text(row, "name"),
            rounds_globally: row["tax_calculation_rounding_method"] == "round_globally",
            taxes: taxes.iter().filter_map(tax).collect(),
            pricelists: pricelists.iter().filter_map(pricelist).collect(),
            // A warehouse may be named by its name or by its short code.
            warehouses: warehouses
                .iter()
                .flat_map(|row| [named(row, "name"), named(row, "code")])
                .flatten()
                .collect(),
            teams: teams.iter().filter_map(|row| named(row, "name")).collect(),
        }))
    }

    async fn rows(
        &self,
        odoo: &Odoo,
        model: &'static str,
        domain: Value,
        fields: &[&str],
    ) -> Result<Vec<Value>, PeerError> {
        let call = Call::new(model, "search_read").arg("domain", domain).arg("fields", json!(fields));
        odoo.call(call.arg("order", "id")).await
    }

    /// The journals of a company that payments can be booked in.
    ///
    /// # Errors
    /// As any call.
    pub async fn journals(&self, company: i64) -> Result<Arc<Journals>, PeerError> {
        let now = self.odoo.now();
        if let Some(kept) = self.cache().journals.get(&company).filter(|kept| kept.until > now) {
            return Ok(kept.value.clone());
        }
        let kept = self.kept(invoices::journals(&self.odoo, company).await?);
        let value = kept.value.clone();
        self.cache().journals.insert(company, kept);
        Ok(value)
    }
}

impl Company {
    #[must_use]
    pub fn tax(&self, wanted: &OdooRef) -> Option<&Tax> {
        self.taxes.iter().find(|tax| is(wanted, tax.id, &tax.name))
    }

    #[must_use]
    pub fn pricelist(&self, wanted: &OdooRef) -> Option<&Pricelist> {
        self.pricelists.iter().find(|pricelist| is(wanted, pricelist.id, &pricelist.name))
    }

    #[must_use]
    pub fn warehouse(&self, wanted: &OdooRef) -> Option<i64> {
        self.warehouses.iter().find(|named| is(wanted, named.id, &named.name)).map(|named| named.id)
    }

    /// Which of these ship for its warehouses, by Odoo's id.
    #[must_use]
    pub fn houses<'a>(&self, mapped: &'a [config::Warehouse]) -> BTreeMap<i64, &'a config::Warehouse> {
        mapped.iter().filter_map(|warehouse| Some((self.warehouse(&warehouse.odoo)?, warehouse))).collect()
    }

    #[must_use]
    pub fn team(&self, wanted: &OdooRef) -> Option<i64> {
        self.teams.iter().find(|named| is(wanted, named.id, &named.name)).map(|named| named.id)
    }
}

fn is(wanted: &OdooRef, id: i64, name: &str) -> bool {
    match wanted {
        OdooRef::Id(wanted) => *wanted == id,
        OdooRef::Name(wanted) => wanted == name,
    }
}

fn by_ref(wanted: &OdooRef) -> Value {
    match wanted {
        OdooRef::Id(id) => json!([["id", "=", id]]),
        OdooRef::Name(name) => json!([["name", "=", name]]),
    }
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_default().to_owned()
}

fn named(row: &Value, field: &str) -> Option<Named> {
    Some(Named { id: row["id"].as_i64()?, name: text(row, field) })
}

fn pricelist(row: &Value) -> Option<Pricelist> {
    let currency = row["currency_id"].as_array().and_then(|pair| pair.get(1)).and_then(Value::as_str);
    let currency = currency.and_then(|code| Currency::new(code).ok());
    Some(Pricelist { id: row["id"].as_i64()?, name: text(row, "name"), currency })
}

fn tax(row: &Value) -> Option<Tax> {
    Some(Tax {
        id: row["id"].as_i64()?,
        name: text(row, "name"),
        amount: number(&row["amount"])?,
        percent: row["amount_type"] == "percent",
        included: row["price_include"] == true,
    })
}

/// A number of Odoo's as the decimal that it was written as.
pub(crate) fn number(value: &Value) -> Option<Decimal> {
    let number = value.as_number()?.to_string();
    number.parse().ok().or_else(|| Decimal::from_scientific(&number).ok())
}
