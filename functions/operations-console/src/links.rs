//! Where people find the same thing in Odoo and in the shop.

use std::collections::BTreeMap;

use crossdock_core::{
    ChannelId, OrderKey,
    config::{ChannelKind, Config},
};

/// Made of the configuration alone: nothing that came with an order is part of an address but its id.
pub(crate) struct Links {
    odoo: String,
    shops: BTreeMap<ChannelId, (ChannelKind, String)>,
}

impl Links {
    pub fn of(config: &Config) -> Self {
        let base = |url: &str| url.trim_end_matches('/').to_owned();
        let shops = config
            .channels
            .iter()
            .filter_map(|channel| Some((channel.id.clone(), (channel.kind, base(channel.url.as_deref()?)))));
        Self { odoo: base(&config.odoo.url), shops: shops.collect() }
    }

    /// A record in Odoo. Odoo 17 shows it so; 18 and 19 lead from there to their own address.
    pub fn odoo(&self, model: &str, id: i64) -> String {
        format!("{}/web#id={id}&model={model}&view_type=form", self.odoo)
    }

    /// The order in its shop; none where the shop shows none.
    pub fn shop(&self, order: &OrderKey) -> Option<String> {
        let (kind, url) = self.shops.get(&order.channel)?;
        let id = &order.id;
        match kind {
            ChannelKind::Shopify => Some(format!("{url}/admin/orders/{id}")),
            // A shop that keeps orders as posts leads from here to its own address.
            ChannelKind::Woocommerce => {
                Some(format!("{url}/wp-admin/admin.php?page=wc-orders&action=edit&id={id}"))
            }
            ChannelKind::Standard => None,
        }
    }
}
