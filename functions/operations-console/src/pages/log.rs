//! Who did what.

use crossdock_operations::audit::{Entry, entries};
use crossdock_platform::{Platform, PlatformError};
use maud::{Markup, html};
use serde::Serialize;

use super::{
    MOST, Page,
    layout::{cut, time},
};
use crate::{OperationsConsole, Session};

#[derive(Debug, Clone, Serialize)]
pub(crate) struct AuditLog {
    entries: Vec<Entry>,
    cut: bool,
}

impl<P: Platform> OperationsConsole<P> {
    pub(crate) async fn audit(&self) -> Result<AuditLog, PlatformError> {
        let (entries, cut) = entries(self.book.platform(), MOST).await?;
        Ok(AuditLog { entries, cut })
    }
}

impl Page for AuditLog {
    fn title(&self) -> String {
        "Audit log".into()
    }

    fn at(&self) -> &'static str {
        "/audit"
    }

    fn body(&self, _: &Session) -> Markup {
        html! {
            p { "What was done in this console and at the command line, newest first." }
            div.scroll tabindex="0" role="region" aria-label="Audit log" { table {
                thead { tr { th scope="col" { "When (UTC)" } th scope="col" { "Who" } th scope="col" { "Did" } th scope="col" { "To what" } } }
                tbody { @for entry in &self.entries { tr {
                    td { (time(entry.at)) }
                    td { (entry.name) " " small { (entry.subject) } }
                    td { (entry.act.as_str()) }
                    td.long { (entry.about) }
                } } }
            } }
            (cut(self.cut, "There are older ones."))
        }
    }
}
