//! What a webhook gives to ask for: which list, and how it is narrowed. Never an address.

use std::fmt;

/// The vendor's own hosts; a list at any other is not asked for, although it would be asked of the configured
/// address all the same.
const HOSTS: [&str; 2] = ["https://api.shipstation.com/v2/", "https://api.shipengine.com/v1/"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Handle {
    /// `labels?batch_id=se-1`
    Labels { by: &'static str, id: String },
    /// `fulfillments?fulfillment_id=se-1`
    Fulfillments { by: &'static str, id: String },
    /// `recent`: labels of the last hours.
    Recent,
}

const NARROWED_BY: [&str; 4] = ["batch_id", "shipment_id", "fulfillment_id", "label_id"];

impl Handle {
    /// Out of a webhook's `resource_url`.
    pub fn of_url(url: &str) -> Option<Self> {
        HOSTS.iter().find_map(|host| url.strip_prefix(host)).and_then(Self::parse_list)
    }

    /// Out of what we wrote ourselves; it may have lain in a queue that others can write to.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "recent" { Some(Self::Recent) } else { Self::parse_list(text) }
    }

    fn parse_list(text: &str) -> Option<Self> {
        let (list, query) = text.split_once('?')?;
        let (name, id) = query.split('&').find_map(|pair| {
            let (name, id) = pair.split_once('=')?;
            NARROWED_BY.into_iter().find(|by| *by == name).map(|by| (by, id))
        })?;
        let plain = (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        match list {
            _ if !plain => None,
            "labels" => Some(Self::Labels { by: name, id: id.into() }),
            "fulfillments" => Some(Self::Fulfillments { by: name, id: id.into() }),
            _ => None,
        }
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Labels { by, id } => write!(f, "labels?{by}={id}"),
            Self::Fulfillments { by, id } => write!(f, "fulfillments?{by}={id}"),
            Self::Recent => f.write_str("recent"),
        }
    }
}
