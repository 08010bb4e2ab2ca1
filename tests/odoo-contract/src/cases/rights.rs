//! The suite's user has least rights, and Odoo holds it to them.

use crossdock_core::{Fate, PeerError};
use crossdock_odoo::{Call, Odoo};
use serde_json::{Value, json};

use crate::target::Target;

pub async fn a_wrong_key_is_no_orders_fault(target: &Target) {
    let mut connection = target.connection.clone();
    connection.key = "not-the-key".to_owned().into();
    let error = Odoo::new(target.client.clone(), connection).transport().await.expect_err("a wrong key");
    assert!(matches!(error, PeerError::Unauthorized { .. }), "{error}");
    assert_eq!(error.fate(), Fate::Retry { after: None });
}

pub async fn what_a_salesperson_may_not_do_is_refused(target: &Target) {
    // A suite that ran as an administrator would show nothing of what a user with least rights meets.
    let tax = target.tax("CD 0%");
    let calls = [
        Call::new("ir.model.data", "search_read").arg("domain", json!([])).arg("limit", 1),
        Call::new("product.product", "write")
            .on(&[target.product("CD-1")])
            .arg("vals", json!({ "name": "x" })),
        Call::new("account.tax", "write").on(&[tax]).arg("vals", json!({ "name": "x" })),
        Call::new("res.users", "write").on(&[1]).arg("vals", json!({ "name": "x" })),
    ];
    for call in calls {
        let name = format!("{}.{}", call.model, call.method);
        match target.user.0.call::<Value>(call).await {
            Err(PeerError::Unauthorized { .. }) => {}
            other => {
                panic!("{name}: {other:?}: give the user of the suite only the rights of docs/odoo-user.md")
            }
        }
    }
}
