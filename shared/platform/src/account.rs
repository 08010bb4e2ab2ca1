//! What the ledger remembers of customers' accounts: where it stands. It holds digests and ids of Odoo's alone.

use crossdock_core::{
    ChannelId, Order,
    order::{normal_email, short_digest},
};

use crate::{Key, OrderBook, Platform, PlatformError, Read};

/// The external id of an order's account in Odoo, without the module: by the channel's customer id, else by the
/// e-mail address (as a digest), else of this order alone.
#[must_use]
pub fn account_id(order: &Order) -> String {
    let (channel, customer) = (&order.key.channel, &order.customer);
    let id = customer.id.as_deref().filter(|id| !id.is_empty());
    match (id, customer.email.as_deref().filter(|email| !email.trim().is_empty())) {
        (Some(id), _) => by_id(channel, id),
        (None, Some(email)) => by_email(channel, email),
        (None, None) => format!("partner_{channel}_o{}", order.key.id),
    }
}

/// The accounts that `name` may be at a channel: an e-mail address, or its own id of the customer.
pub(crate) fn accounts_of(channel: &ChannelId, name: &str) -> [String; 2] {
    [by_id(channel, name), by_email(channel, name)]
}

fn by_id(channel: &ChannelId, id: &str) -> String {
    let plain = id.len() <= 40 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let id = if plain { id.to_owned() } else { format!("x{}", short_digest(id.as_bytes())) };
    format!("partner_{channel}_{id}")
}

fn by_email(channel: &ChannelId, email: &str) -> String {
    format!("partner_{channel}_m{}", short_digest(normal_email(email).as_bytes()))
}

/// The key of what is remembered of an account.
#[must_use]
pub fn account_key(id: &str) -> Key {
    Key::new(format!("account#{id}"), "account")
}

impl<P: Platform> OrderBook<P> {
    /// Forgets an account. It is only a memory: the next order of the customer looks for the partner anew.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn forget_account(&self, id: &str) -> Result<(), PlatformError> {
        let key = account_key(id);
        if let Some(item) = self.platform().get(&key, Read::Consistent).await? {
            // Where the version is another by now, an order of the customer has just come in.
            self.platform().delete(&key, item.version).await?;
        }
        Ok(())
    }
}
