//! Our ids are types of their own and never share a type with a peer's.

use std::{borrow::Cow, fmt, str::FromStr};

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::order::short_digest;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must match {pattern}")]
pub struct BadId {
    pub what: &'static str,
    pub pattern: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $pattern:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The pattern that a text of this kind must match.
            pub const PATTERN: &'static str = $pattern;

            pub fn new(text: impl Into<String>) -> Result<Self, BadId> {
                let text = text.into();
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) { Ok(Self(text)) } else { Err(BadId { what: stringify!($name), pattern: $pattern }) }
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

fn all(text: &str, longest: usize, allowed: fn(u8) -> bool) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(allowed)
}

id!(
    /// A sales channel as the configuration names it, such as `shopify-main`.
    ChannelId, "^[a-z0-9-]{1,32}$",
    |text| all(text, 32, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);
id!(
    /// The channel's own id of an order. No underscore: it separates the parts of external ids in Odoo.
    OrderId, "^[A-Za-z0-9-]{1,64}$",
    |text| all(text, 64, |b| b.is_ascii_alphanumeric() || b == b'-')
);
id!(
    /// The channel's own id of a line, unique within its order.
    LineId, "^[A-Za-z0-9-]{1,64}$",
    |text| all(text, 64, |b| b.is_ascii_alphanumeric() || b == b'-')
);
id!(
    /// A warehouse as the configuration names it, such as `wh-east`.
    WarehouseId, "^[a-z0-9-]{1,32}$",
    |text| all(text, 32, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);
id!(
    /// A source of tracking news as the configuration names it, such as `easypost`.
    CarrierId, "^[a-z0-9-]{1,32}$",
    |text| all(text, 32, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);
id!(
    /// What a transfer is called at its warehouse: Odoo's own reference, such as `WH/OUT/00042`.
    Reference, "^[A-Za-z0-9/_.-]{1,64}$",
    |text| all(text, 64, |b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'.' | b'-'))
);
id!(
    /// The warehouse's own id of a shipment, unique within the warehouse.
    ShipmentId, "^[A-Za-z0-9_.:-]{1,64}$",
    |text| all(text, 64, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-'))
);
id!(
    /// The warehouse's own id of something that it says of its stock, unique within the warehouse.
    AdviceId, "^[A-Za-z0-9_.:-]{1,64}$",
    |text| all(text, 64, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-'))
);
id!(
    /// A digest by which a report of a warehouse is known: the same report again is the same.
    ReportId, "^[a-f0-9]{32}$",
    |text| text.len() == 32 && all(text, 32, |b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
);
id!(
    /// A digest of a tracking number.
    ParcelId, "^[a-f0-9]{32}$",
    |text| text.len() == 32 && all(text, 32, |b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
);
id!(
    /// A digest by which some SKUs are known that a channel is to be told anew.
    BatchId, "^[a-f0-9]{32}$",
    |text| text.len() == 32 && all(text, 32, |b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
);
id!(
    /// A reconciliation, by the time that it was asked for: `20261124T020000Z`.
    RunId, "^[0-9]{8}T[0-9]{6}Z$",
    |text| text.len() == 16
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 => b == b'T',
            15 => b == b'Z',
            _ => b.is_ascii_digit(),
        })
);
id!(
    /// A part of a reconciliation: `plan`, `orders.shopify-main`, `stock.woo-de.12`.
    SliceName, "^[a-z0-9.-]{1,64}$",
    |text| all(text, 64, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
);
id!(
    /// A stock keeping unit: Odoo's "Internal Reference". Any printable text without outer spaces.
    Sku, "^\\S(.{0,126}\\S)?$",
    |text| (1..=128).contains(&text.len()) && text.trim() == text && !text.chars().any(char::is_control)
);
id!(
    /// An ISO 4217 currency code.
    Currency, "^[A-Z]{3}$",
    |text| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
);

macro_rules! pair {
    ($(#[$doc:meta])* $name:ident, $first:ident: $First:ident, $second:ident: $Second:ident, $shape:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name {
            pub $first: $First,
            pub $second: $Second,
        }

        impl $name {
            #[must_use]
            pub fn new($first: $First, $second: $Second) -> Self {
                Self { $first, $second }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}/{}", self.$first, self.$second)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let (first, second) =
                    text.split_once('/').ok_or(BadId { what: stringify!($name), pattern: $shape })?;
                Ok(Self { $first: first.parse()?, $second: second.parse()? })
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(key: $name) -> Self {
                key.to_string()
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

pair!(
    /// One order of one channel; written `shopify-main/5001`.
    OrderKey, channel: ChannelId, id: OrderId,
    "<channel>/<order id>", "^[a-z0-9-]{1,32}/[A-Za-z0-9-]{1,64}$"
);
pair!(
    /// One shipment of one warehouse; written `wh-east/SH-1`.
    ShipmentKey, warehouse: WarehouseId, id: ShipmentId,
    "<warehouse>/<shipment id>", "^[a-z0-9-]{1,32}/[A-Za-z0-9_.:-]{1,64}$"
);
pair!(
    /// What one warehouse was asked to ship; written `wh-east/WH/OUT/00042`.
    ReleaseKey, warehouse: WarehouseId, reference: Reference,
    "<warehouse>/<reference>", "^[a-z0-9-]{1,32}/[A-Za-z0-9/_.-]{1,64}$"
);
pair!(
    /// Something that a warehouse told beside a shipment; written `wh-east/<digest>`.
    ReportKey, warehouse: WarehouseId, id: ReportId,
    "<warehouse>/<digest>", "^[a-z0-9-]{1,32}/[a-f0-9]{32}$"
);

pair!(
    /// Some SKUs that one channel is to be told anew; written `shopify-main/<digest>`.
    PublicationKey, channel: ChannelId, id: BatchId,
    "<channel>/<digest>", "^[a-z0-9-]{1,32}/[a-f0-9]{32}$"
);
pair!(
    /// One SKU at one channel; written `shopify-main/CD-1`.
    OfferKey, channel: ChannelId, sku: Sku,
    "<channel>/<SKU>", "^[a-z0-9-]{1,32}/\\S(.{0,126}\\S)?$"
);

pair!(
    /// A part of one reconciliation; written `20261124T020000Z/orders.shopify-main`.
    SliceKey, run: RunId, name: SliceName,
    "<run>/<part>", "^[0-9]{8}T[0-9]{6}Z/[a-z0-9.-]{1,64}$"
);

impl RunId {
    /// Of the second in which it was asked for: twice in one second is one run.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self(time.strftime("%Y%m%dT%H%M%SZ").to_string())
    }
}

impl ParcelId {
    /// Of a tracking number as the carrier writes it: blanks and case do not count.
    #[must_use]
    pub fn of(tracking: &str) -> Self {
        let plain: String =
            tracking.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
        Self(short_digest(plain.as_bytes()))
    }
}
