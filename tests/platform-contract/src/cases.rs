//! The cases, by the part of the platform that they are about.

#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

pub mod dead_letters;
pub mod indexes;
pub mod reading;
pub mod receiving;
pub mod secrets;
pub mod sending;
pub mod writing;

#[cfg(test)]
mod tests {
    const FILES: [(&str, &str); 7] = [
        ("dead_letters", include_str!("cases/dead_letters.rs")),
        ("indexes", include_str!("cases/indexes.rs")),
        ("reading", include_str!("cases/reading.rs")),
        ("receiving", include_str!("cases/receiving.rs")),
        ("secrets", include_str!("cases/secrets.rs")),
        ("sending", include_str!("cases/sending.rs")),
        ("writing", include_str!("cases/writing.rs")),
    ];

    /// A case that the macro does not name would never run, and nothing would say so.
    #[test]
    fn every_case_is_named_in_the_macro() {
        let named = include_str!("lib.rs");
        for (file, text) in FILES {
            let cases = text.lines().filter_map(|line| line.strip_prefix("pub async fn "));
            for case in cases.filter_map(|rest| rest.split('<').next()) {
                assert!(named.lines().any(|line| line.trim() == case), "{file}::{case} never runs");
            }
        }
    }
}
