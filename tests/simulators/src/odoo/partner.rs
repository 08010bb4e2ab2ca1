//! Customers and their addresses.

use serde_json::json;

use super::{Version, db::Tx, hooks::default, store::Row, value::truthy, write::Vals};

const PARTNER: &str = "res.partner";
const ADDRESS: [&str; 6] = ["street", "street2", "city", "zip", "state_id", "country_id"];

impl Tx<'_> {
    pub fn partner_defaults(&mut self, row: &mut Row) {
        default(row, "type", json!("contact"));
        default(row, "is_company", json!(false));
        default(row, "lang", json!("en_US"));
        default(row, "company_id", json!(false));
    }

    /// `vals` is what was written, or nothing when the partner is new.
    pub fn after_partner_change(&mut self, id: i64, vals: Option<&Vals>, moved: bool) {
        let email = self.db.store.text(PARTNER, id, "email");
        let normal = normalized(&email);
        self.db.store.set(PARTNER, id, "email_normalized", normal.map_or(json!(false), |email| json!(email)));
        let full = self.partner_name(id);
        self.db.store.set(PARTNER, id, "complete_name", json!(full));
        let Some(vals) = vals else {
            self.join_parent(id);
            return;
        };
        let told = ["parent_id", "type"].iter().any(|field| vals.contains_key(*field));
        let addressed = ADDRESS.iter().any(|field| vals.contains_key(*field));
        if moved || told && self.version() != Version::V19 {
            self.join_parent(id);
        } else if addressed && self.version() == Version::V19 {
            self.lead_parent(id);
        }
        if addressed {
            self.lead_contacts(id);
        }
    }

    fn is_contact(&self, id: i64) -> bool {
        self.db.store.text(PARTNER, id, "type") == "contact"
    }

    fn copy_address(&mut self, from: i64, to: i64) {
        for field in ADDRESS {
            let value = self.db.store.value(PARTNER, from, field).clone();
            self.db.store.set(PARTNER, to, field, value);
        }
    }

    /// A plain contact lives where its parent does: it takes the parent's address, or gives its own to a parent
    /// that has none.
    fn join_parent(&mut self, id: i64) {
        let Some(parent) = self.db.store.link(PARTNER, id, "parent_id").filter(|_| self.is_contact(id))
        else {
            return;
        };
        let has =
            |partner: i64| ADDRESS.iter().any(|field| truthy(self.db.store.value(PARTNER, partner, field)));
        let (from, to) = if has(parent) { (parent, id) } else { (id, parent) };
        if has(from) {
            self.copy_address(from, to);
        }
    }

    /// From 19 on an address written on a plain contact is its parent's too.
    fn lead_parent(&mut self, id: i64) {
        if let Some(parent) = self.db.store.link(PARTNER, id, "parent_id").filter(|_| self.is_contact(id)) {
            self.copy_address(id, parent);
            self.lead_contacts(parent);
        }
    }

    fn lead_contacts(&mut self, id: i64) {
        for child in self.db.store.by_ref(PARTNER, "parent_id", id) {
            if self.is_contact(child) {
                self.copy_address(id, child);
            }
        }
    }

    /// The address of a kind that Odoo picks by itself: a child of that kind, else the partner.
    pub fn address(&self, partner: i64, kind: &str) -> i64 {
        let of_kind = |id: &i64| {
            self.db.store.text("res.partner", *id, "type") == kind
                && self.db.store.flag("res.partner", *id, "active")
        };
        if of_kind(&partner) {
            return partner;
        }
        let children = super::value::ids(&self.raw(PARTNER, partner, "child_ids"));
        children.into_iter().find(of_kind).unwrap_or(partner)
    }
}

/// The one address in a text, in small letters; nothing when there is none or more than one.
fn normalized(text: &str) -> Option<String> {
    let mut found = text.split([',', ';', ' ', '<', '>']).filter(|part| {
        part.split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
    });
    let first = found.next()?;
    found.next().is_none().then(|| first.to_lowercase())
}
