//! The countries and states that addresses name.

use std::{collections::BTreeMap, sync::Arc};

use crossdock_core::PeerError;
use serde_json::json;

use super::{Catalogue, Countries, many2one, text};

impl Catalogue {
    /// Countries and states.
    ///
    /// # Errors
    /// As any call.
    pub async fn countries(&self) -> Result<Arc<Countries>, PeerError> {
        let now = self.odoo.now();
        if let Some(kept) = self.cache().countries.as_ref().filter(|kept| kept.until > now) {
            return Ok(kept.value.clone());
        }
        let countries = self.rows(&self.odoo, "res.country", json!([]), &["code"]).await?;
        let fields = ["code", "name", "country_id"];
        let states = self.rows(&self.odoo, "res.country.state", json!([]), &fields).await?;
        let mut read = Countries::default();
        let mut codes = BTreeMap::new();
        for row in &countries {
            if let (Some(id), Some(code)) = (row["id"].as_i64(), row["code"].as_str()) {
                codes.insert(id, code.to_owned());
                read.countries.insert(code.to_owned(), id);
            }
        }
        for row in &states {
            let country = many2one(&row["country_id"]).and_then(|id| codes.get(&id));
            if let (Some(id), Some(country)) = (row["id"].as_i64(), country) {
                read.states.insert((country.clone(), text(row, "name").to_lowercase()), id);
                read.states.insert((country.clone(), text(row, "code")), id);
            }
        }
        let kept = self.kept(read);
        let value = kept.value.clone();
        self.cache().countries = Some(kept);
        Ok(value)
    }
}

impl Countries {
    /// The state of an address by its code, or by its name.
    #[must_use]
    pub fn state(&self, country: &str, region: &str) -> Option<i64> {
        let by = |text: String| self.states.get(&(country.to_owned(), text)).copied();
        by(region.to_owned()).or_else(|| by(region.to_lowercase()))
    }
}
