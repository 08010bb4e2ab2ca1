//! The shops, each with its pace.

use std::collections::BTreeMap;

use crossdock_channels::Api;
use crossdock_core::{
    ChannelId,
    config::{Channel, Config},
};
use crossdock_platform::{Pace, Platform};
use crossdock_runtime::{Parts, WireError};
use jiff::SignedDuration;

/// How long a request can live in a shop after we gave it up: PHP sites end theirs after one or two minutes.
pub const LONGEST_REQUEST: SignedDuration = SignedDuration::from_mins(2);

/// A shop and its pace.
pub struct Shop<P> {
    pub api: Api,
    pub pace: Pace<P>,
}

/// The names of the secrets that [`shops`] reads.
pub fn shop_secrets(config: &Config, wanted: impl Fn(&Channel) -> bool) -> impl Iterator<Item = String> {
    config.channels.iter().filter(move |channel| wanted(channel)).map(Channel::api_secret)
}

/// The shops of the channels that are `wanted`. One without an API secret is left out until it has one.
///
/// # Errors
/// When the platform does not answer.
pub async fn shops<P: Platform>(
    parts: &Parts<P>,
    wanted: impl Fn(&Channel) -> bool + Send,
) -> Result<BTreeMap<ChannelId, Shop<P>>, WireError> {
    let mut shops = BTreeMap::new();
    for channel in parts.config.channels.iter().filter(|channel| wanted(channel)) {
        let Some(token) = parts.platform.secret(&channel.api_secret()).await?.newest().cloned() else {
            tracing::warn!(channel.name = %channel.id, "it cannot be called: it has no API secret");
            continue;
        };
        let api = Api::new(parts.client.clone(), channel, &token);
        let pace = Pace::new(parts.platform.clone(), channel.id.as_str(), channel.requests_per_second);
        shops.insert(channel.id.clone(), Shop { pace: pace.heeding(api.breath()), api });
    }
    Ok(shops)
}
