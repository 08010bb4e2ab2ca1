//! What each channel of the configuration names, looked up in Odoo; then its companies and warehouses.

use crossdock_core::{
    Currency,
    config::{Channel, Config, OdooRef, TaxRule},
};
use serde_json::{Value, json};

use super::{Area, Finding, ask::Ask, ask::name_of, companies, finding, journals, products, warehouses};
use crate::catalogue::{Catalogue, Company};

/// The most names that a finding offers to choose from.
const OFFERED: usize = 8;

pub(super) async fn check(ask: &Ask<'_>, config: &Config, found: &mut Vec<Finding>) {
    if !ask.lang {
        let todo = "mend odoo.lang first: most calls in that language are refused";
        return found.push(Finding::warn(&Area::Odoo, "odoo.skipped", "no channel was looked at", todo));
    }
    let catalogue = Catalogue::new(ask.odoo.clone());
    let mut of_companies = warehouses::Companies::new();
    for channel in &config.channels {
        let area = Area::Channel(channel.id.clone());
        match catalogue.company(&channel.company).await {
            Ok(Some(company)) => {
                let mut check = OfChannel { ask, channel, company: &company, area: &area, found };
                check.run().await;
                products::check(ask, &catalogue, channel, &company, found).await;
                journals::check(&catalogue, channel, &company, found).await;
                of_companies.entry(company.id).or_insert((company, Vec::new())).1.push(channel);
            }
            Ok(None) => found.push(Finding::fail(
                &area,
                "channel.company",
                format!("no company {} that the user may act in", channel.company),
                format!("{}, or allow the user that company", offer(&company_names(ask).await)),
            )),
            Err(error) => found.push(Finding::fail(
                &area,
                "channel.company",
                format!("company {} cannot be read: {error}", channel.company),
                finding::todo(&error),
            )),
        }
    }
    for (company, channels) in of_companies.values() {
        companies::check(ask, company, channels, found).await;
    }
    warehouses::check(ask, config, &of_companies, found).await;
}

async fn company_names(ask: &Ask<'_>) -> Vec<String> {
    let rows = ask.rows("res.company", json!([]), &["name"]).await.unwrap_or_default();
    rows.iter().filter_map(|row| row["name"].as_str().map(str::to_owned)).collect()
}

/// Names to choose from.
pub(super) fn offer(names: &[String]) -> String {
    if names.is_empty() {
        return "correct the name".into();
    }
    let more = if names.len() > OFFERED { ", …" } else { "" };
    let names: Vec<String> = names.iter().take(OFFERED).map(|name| format!("\"{name}\"")).collect();
    format!("correct the name; there are {}{more}", names.join(", "))
}

struct OfChannel<'a> {
    ask: &'a Ask<'a>,
    channel: &'a Channel,
    company: &'a Company,
    area: &'a Area,
    found: &'a mut Vec<Finding>,
}

impl OfChannel<'_> {
    async fn run(&mut self) {
        self.ok("channel.company", format!("sells for company {}", self.company.name));
        self.warehouse().await;
        self.team().await;
        for (currency, wanted) in &self.channel.pricelists {
            self.pricelist(currency, wanted).await;
        }
        if self.channel.taxes.is_empty() {
            let todo = "map each tax that the shop charges under `taxes`";
            let what = "no tax is mapped: an order that charges one is parked";
            self.found.push(Finding::note(self.area, "channel.tax", what, todo));
        }
        for rule in &self.channel.taxes {
            self.tax(rule).await;
        }
        self.fallback().await;
    }

    fn ok(&mut self, code: &'static str, what: String) {
        self.found.push(Finding::ok(self.area, code, what));
    }

    fn fail(&mut self, code: &'static str, what: String, todo: impl Into<String>) {
        self.found.push(Finding::fail(self.area, code, what, todo));
    }

    async fn warehouse(&mut self) {
        let code = "channel.warehouse";
        let names: Vec<String> = self.company.warehouses.iter().map(|named| named.name.clone()).collect();
        match &self.channel.warehouse {
            Some(wanted) if self.company.warehouse(wanted).is_some() => {
                self.ok(code, format!("warehouse {wanted}"));
            }
            Some(wanted) => {
                let why = self.why("stock.warehouse", wanted, &names).await;
                self.fail(code, format!("no warehouse {wanted}"), why);
            }
            // A company that was made through the API has none on 18 and 19.
            None if names.is_empty() => self.fail(
                code,
                format!("company {} has no warehouse", self.company.name),
                "make one under Inventory, Configuration, Warehouses",
            ),
            None => self.ok(code, "the company's own first warehouse".into()),
        }
    }

    async fn team(&mut self) {
        let Some(wanted) = &self.channel.team else { return };
        if self.company.team(wanted).is_some() {
            return self.ok("channel.team", format!("sales team {wanted}"));
        }
        let names: Vec<String> = self.company.teams.iter().map(|named| named.name.clone()).collect();
        let why = self.why("crm.team", wanted, &names).await;
        self.fail("channel.team", format!("no sales team {wanted}"), why);
    }

    async fn pricelist(&mut self, currency: &Currency, wanted: &OdooRef) {
        let code = "channel.pricelist";
        let lists = &self.company.pricelists;
        match self.company.pricelist(wanted) {
            Some(list) if list.currency.as_ref() == Some(currency) => {
                self.ok(code, format!("pricelist {wanted} for {currency}"));
                self.twice(code, "pricelist", wanted, lists.iter().map(|list| list.name.as_str()));
            }
            Some(list) => {
                let other = list.currency.as_ref().map_or("no currency that we know", Currency::as_str);
                let fitting = lists.iter().filter(|list| list.currency.as_ref() == Some(currency));
                let names: Vec<String> = fitting.map(|list| list.name.clone()).collect();
                let todo =
                    if names.is_empty() { format!("make a pricelist in {currency}") } else { offer(&names) };
                self.fail(code, format!("pricelist {wanted} for {currency} is in {other}"), todo);
            }
            None => {
                let names: Vec<String> = lists.iter().map(|list| list.name.clone()).collect();
                let why = self.why("product.pricelist", wanted, &names).await;
                self.fail(code, format!("no pricelist {wanted} for {currency}"), why);
            }
        }
    }

    async fn tax(&mut self, rule: &TaxRule) {
        let code = "channel.tax";
        let wanted = &rule.odoo;
        match self.company.tax(wanted) {
            Some(tax) if !tax.percent => self.fail(
                code,
                format!("tax {wanted} is no percentage"),
                "map a tax that is computed as a percentage of the price",
            ),
            Some(tax) if tax.amount == rule.rate => {
                let how = if tax.included { "included in the price" } else { "on top of the price" };
                self.ok(code, format!("{} % is tax {wanted}, {how}", rule.rate.normalize()));
                let names = self.company.taxes.iter().map(|tax| tax.name.as_str());
                self.twice(code, "tax", wanted, names);
            }
            Some(tax) => self.fail(
                code,
                format!(
                    "{} % is mapped to tax {wanted} of {} %",
                    rule.rate.normalize(),
                    tax.amount.normalize()
                ),
                "map a tax of that rate: the totals of its orders would differ, and park them",
            ),
            None => {
                // Those of the right rate are what was meant.
                let taxes = &self.company.taxes;
                let fitting = taxes.iter().filter(|tax| tax.percent && tax.amount == rule.rate);
                let mut names: Vec<String> = fitting.map(|tax| tax.name.clone()).collect();
                if names.is_empty() {
                    names = taxes.iter().map(|tax| tax.name.clone()).collect();
                }
                let why = self.why("account.tax", wanted, &names).await;
                self.fail(code, format!("no sales tax {wanted}"), why);
            }
        }
    }

    /// A name that two records bear names the older one.
    fn twice<'n>(
        &mut self,
        code: &'static str,
        kind: &str,
        wanted: &OdooRef,
        names: impl Iterator<Item = &'n str>,
    ) {
        let OdooRef::Name(wanted) = wanted else { return };
        let count = names.filter(|name| name == wanted).count();
        if count > 1 {
            let what = format!("{count} records are called {kind} \"{wanted}\": the oldest is used");
            self.found.push(Finding::warn(self.area, code, what, "name it by its database id"));
        }
    }

    async fn fallback(&mut self) {
        let code = "channel.fallback";
        match &self.channel.customers.fallback {
            None => {}
            Some(OdooRef::Name(name)) => self.found.push(Finding::warn(
                self.area,
                code,
                format!("the fallback partner \"{name}\" is named by its name, and is not used"),
                "give its database id: names of partners are not unique",
            )),
            Some(OdooRef::Id(id)) => {
                let rows =
                    self.ask.rows("res.partner", json!([["id", "=", id]]), &["active", "company_id"]).await;
                match rows.as_deref() {
                    Ok([row]) if row["active"] == true => self.ok(code, format!("fallback partner id {id}")),
                    Ok(_) => self.fail(
                        code,
                        format!("no fallback partner id {id}, or it is archived"),
                        "correct the id under customers.fallback",
                    ),
                    Err(error) => {
                        self.found.push(Finding::unknown(self.area, code, "the fallback partner", error));
                    }
                }
            }
        }
    }

    /// Why a record is not among those that count, and what to do.
    async fn why(&self, model: &'static str, wanted: &OdooRef, names: &[String]) -> String {
        let domain = match wanted {
            OdooRef::Id(id) => json!([["id", "=", id]]),
            OdooRef::Name(name) if model == "stock.warehouse" => {
                json!(["|", ["name", "=", name], ["code", "=", name]])
            }
            OdooRef::Name(name) => json!([["name", "=", name]]),
        };
        let mut fields = vec!["active", "company_id"];
        if model == "account.tax" {
            fields.push("type_tax_use");
        }
        // Best effort: the finding stands without it.
        let rows = self.ask.rows(model, domain, &fields).await.unwrap_or_default();
        self.reason(&rows).unwrap_or_else(|| offer(names))
    }

    fn reason(&self, rows: &[Value]) -> Option<String> {
        let own = |row: &&Value| row["company_id"] == false || row["company_id"][0] == self.company.id;
        let Some(row) = rows.iter().find(own) else {
            let other = name_of(&rows.first()?["company_id"]);
            return Some(format!(
                "it belongs to company {other}: name one of {}, or make it there",
                self.company.name
            ));
        };
        if row["active"] == false {
            return Some("it is archived: unarchive it, or name another".into());
        }
        if row["type_tax_use"].as_str().is_some_and(|of| of != "sale") {
            return Some("it is no tax on sales: name one that is".into());
        }
        None
    }
}
