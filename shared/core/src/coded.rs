//! Enums whose variants people and machines know by a code, each with what a person can do.

macro_rules! coded {
    ($(#[$doc:meta])* $Enum:ident: $($(#[$said:meta])* $name:ident => $code:literal, $remedy:literal;)+) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $Enum { $($(#[$said])* #[serde(rename = $code)] $name,)+ }

        impl $Enum {
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What a person can do about it.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)+ }
            }
        }
    };
}
pub(crate) use coded;
