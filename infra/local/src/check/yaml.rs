//! The configuration file: what is wrong, in which line, and the way out.

use std::path::Path;

use crossdock_core::config::{Config, ConfigError, parse};
use crossdock_odoo::check::{Area, Finding};

const CODE: &str = "config.file";

/// Reads and checks the file; every mistake becomes a finding.
pub(super) fn read(path: &Path, found: &mut Vec<Finding>) -> Option<Config> {
    let name = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            found.push(Finding::fail(
                &Area::Config,
                CODE,
                format!("{name} cannot be read: {error}"),
                "look at --config; docs/crossdock.example.yaml is a start",
            ));
            return None;
        }
    };
    match parse(&text) {
        Ok(config) => {
            let what = format!("{name} is sound, with {} channel(s)", config.channels.len());
            found.push(Finding::ok(&Area::Config, CODE, what));
            Some(config)
        }
        Err(errors) => {
            found.extend(errors.iter().map(|error| mistake(&name.to_string(), error)));
            None
        }
    }
}

fn mistake(file: &str, error: &ConfigError) -> Finding {
    // The parser says the place once more at the end.
    let message = match error.message.rsplit_once(" at line ") {
        Some((message, place)) if place.starts_with(|c: char| c.is_ascii_digit()) => message,
        _ => &error.message,
    };
    let at = error.line.map(|line| format!(":{line}")).unwrap_or_default();
    let (shown, todo) = explained(message);
    Finding::fail(&Area::Config, CODE, format!("{file}{at}: {shown}"), todo)
}

/// The message without what belongs into the advice, and the advice.
fn explained(message: &str) -> (String, String) {
    if let Some((what, expected)) = message.split_once(", expected one of ")
        && let Some(wrong) = what.split('`').nth(1)
    {
        let todo = match nearest(wrong, expected.split(", ")) {
            Some(meant) => format!("write `{meant}`"),
            None => format!("use one of {expected}"),
        };
        return (what.to_owned(), todo);
    }
    let advice = [
        ("missing field", "add it to this block: docs/configuration.md says what it holds"),
        ("duplicate mapping key", "keep one of the two"),
        ("found a tab", "indent with spaces"),
        ("while ", "mend the YAML here: indentation, commas, quotes and brackets"),
        ("Currency must match", "write a currency as three capitals, such as USD"),
        ("ChannelId must match", "use lower-case letters, digits and `-`, at most 32 of them"),
        ("Sku must match", "name a product by its Internal Reference, without spaces around it"),
        ("expected a Decimal", "write a number with a point, such as 7.25"),
        ("invalid u32", "write a whole number that is not negative"),
        ("invalid usize", "write a whole number that is not negative"),
        ("unexpected end of input", "begin with docs/crossdock.example.yaml: the file is empty"),
        ("must begin with https://", "correct the address: credentials travel in these requests"),
        ("is there twice", "rename the newer one: an id is part of every external id and never changes"),
    ];
    let todo = advice.iter().find(|(sign, _)| message.contains(sign)).map(|(_, todo)| *todo);
    let todo = todo.unwrap_or("correct this line: docs/configuration.md says what it may hold");
    (message.split(", set DuplicateKeyPolicy").next().unwrap_or(message).to_owned(), todo.to_owned())
}

/// What was probably meant: a third of the letters may be wrong.
fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (distance(&wrong.to_lowercase(), name), name))
        .filter(|(distance, name)| *distance <= name.chars().count().div_ceil(3))
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein's distance, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, of_a) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, of_b) in b.iter().enumerate() {
            let change = diagonal + usize::from(of_a != *of_b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../../docs/crossdock.example.yaml");

    /// What is said of the example after one change.
    fn said_of(wrong: &str, right: &str) -> Vec<(String, String)> {
        assert!(EXAMPLE.contains(right), "the example has no {right:?}");
        let errors = parse(&EXAMPLE.replacen(right, wrong, 1)).unwrap_err();
        let findings = errors.iter().map(|error| mistake("c.yaml", error));
        findings.map(|finding| (finding.what, finding.todo.unwrap())).collect()
    }

    fn line_of(near: &str) -> usize {
        EXAMPLE.lines().position(|line| line.contains(near)).unwrap() + 1
    }

    #[test]
    fn the_example_is_sound() {
        parse(EXAMPLE).unwrap();
    }

    #[test]
    fn names_the_line_of_a_misspelt_key_and_what_was_meant() {
        let what = format!("c.yaml:{}: unknown field `taxs`", line_of("taxes:"));
        assert_eq!(said_of("taxs:", "taxes:"), [(what, "write `taxes`".to_owned())]);
    }

    #[test]
    fn names_the_kinds_of_channel_where_none_is_near() {
        let what = format!("c.yaml:{}: unknown variant `magento`", line_of("kind: shopify"));
        let todo = "use one of shopify, woocommerce, standard".to_owned();
        assert_eq!(said_of("kind: magento", "kind: shopify"), [(what, todo)]);
    }

    #[test]
    fn every_kind_of_mistake_has_a_line_and_a_way_out() {
        for (wrong, right, way_out) in [
            ("url: http://erp.example.com", "url: https://erp.example.com", "correct the address"),
            ("rate: abc", "rate: 7.25", "a number with a point"),
            ("{ usd:", "{ USD:", "three capitals"),
            ("id: Woo_DE", "id: woo-de", "lower-case letters"),
            ("", "  user: crossdock@example.com\n", "add it to this block"),
            ("requests_per_second: -1", "requests_per_second: 10", "whole number"),
            ("id: shopify-main", "id: woo-de", "rename the newer one"),
            ("\todoo:\n", "odoo:\n", "indent with spaces"),
            ("{ USD: USD prices EUR", "{ USD: USD prices, EUR", "mend the YAML"),
            ("customer_mail: none\n  customer_mail: odoo", "customer_mail: none", "keep one"),
        ] {
            let said = said_of(wrong, right);
            let [(what, todo)] = said.as_slice() else { panic!("{wrong:?}: {said:?}") };
            let place = what.strip_prefix("c.yaml:").unwrap().split(':').next().unwrap();
            assert!(place.parse::<usize>().is_ok(), "{what}");
            assert!(!what.contains("column"), "{what}");
            assert!(todo.contains(way_out), "{wrong:?}: {todo}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_a_finding() {
        let mut found = Vec::new();
        assert!(read(Path::new("/nowhere/c.yaml"), &mut found).is_none());
        assert_eq!(found.len(), 1);
    }
}
