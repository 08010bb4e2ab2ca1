//! The books that a company has from the beginning: accounts, journals, ways of paying.

use serde_json::json;

use super::{Version, seed::Seed};

impl Seed<'_, '_> {
    /// A chart of accounts as small as can be, a journal for invoices, and one each for bank and cash. 19 makes no
    /// cash journal by itself.
    pub(crate) fn books(&mut self, company: i64) {
        let mut account = |code: &str, name: &str, kind: &str| {
            let cells = [
                ("code", json!(code)),
                ("name", json!(name)),
                ("account_type", json!(kind)),
                ("reconcile", json!(matches!(kind, "asset_receivable" | "asset_current"))),
                ("company_id", json!(company)),
                ("company_ids", json!([company])),
                ("_company", json!(company)),
            ];
            self.insert("account.account", cells)
        };
        account("121000", "Account Receivable", "asset_receivable");
        let outstanding = account("101403", "Outstanding Receipts", "asset_current");
        let bank_account = account("101401", "Bank", "asset_cash");
        account("400000", "Product Sales", "income");
        let field = "account_journal_payment_debit_account_id";
        if self.tx.version() == Version::V17 {
            self.set("res.company", company, field, json!(outstanding));
        }
        self.external_id(&format!("account.{company}_{field}"), "account.account", outstanding);
        self.journal(company, "Customer Invoices", "INV", "sale");
        let bank = self.journal(company, "Bank", "BNK1", "bank");
        self.set("account.journal", bank, "default_account_id", json!(bank_account));
        if self.tx.version() != Version::V19 {
            self.journal(company, "Cash", "CSH1", "cash");
        }
        self.journal(company, "Miscellaneous Operations", "MISC", "general");
    }

    /// A journal; of a bank, cash or credit card with one way in and one way out, without accounts of their own.
    pub fn journal(&mut self, company: i64, name: &str, code: &str, kind: &str) -> i64 {
        let cells = [
            ("name", json!(name)),
            ("code", json!(code)),
            ("type", json!(kind)),
            ("company_id", json!(company)),
            ("sequence", json!(10)),
        ];
        let journal = self.insert("account.journal", cells);
        if matches!(kind, "bank" | "cash" | "credit") {
            let method = if self.tx.version() == Version::V17 { "Manual" } else { "Manual Payment" };
            for way in ["inbound", "outbound"] {
                let cells = [
                    ("name", json!(method)),
                    ("payment_type", json!(way)),
                    ("journal_id", json!(journal)),
                    ("sequence", json!(10)),
                ];
                self.insert("account.payment.method.line", cells);
            }
        }
        journal
    }
}
