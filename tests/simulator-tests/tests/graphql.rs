//! What a warehouse's GraphQL answers of a query.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::json;
use simulators::warehouses::graphql::parse;

#[test]
fn only_what_is_selected_is_answered() {
    let query = "query Q($n: String!) { orders(number: $n) { data(first: 5) { edges { node { id } } } } }";
    let selection = parse(query).unwrap();
    let whole =
        json!({ "orders": { "data": { "edges": [{ "node": { "id": 1, "email": "x" } }] }, "other": 1 } });
    let part = json!({ "orders": { "data": { "edges": [{ "node": { "id": 1 } }] } } });
    assert_eq!(selection.of_value(&whole), Ok(part));
    assert!(parse("{ orders { color } }").unwrap().of_value(&whole).unwrap_err().contains("color"));
    assert!(parse("{ orders }").unwrap().of_value(&whole).is_err());
    assert_eq!((parse("orders"), parse("{ orders {"), parse("{}")), (None, None, None));
}
