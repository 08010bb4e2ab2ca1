//! Dead letters: what our own code could not handle.

use crossdock_core::message::QueueName;
use crossdock_platform::{Platform, PlatformError, QueueAddress};
use maud::{Markup, html};
use serde::Serialize;

use super::{Page, layout::csrf};
use crate::{OperationsConsole, Session};

#[derive(Debug, Clone, Serialize)]
pub(crate) struct DeadLetters {
    queues: Vec<(&'static str, u64)>,
}

impl<P: Platform> OperationsConsole<P> {
    pub(crate) async fn dead_letters(&self) -> Result<DeadLetters, PlatformError> {
        Ok(DeadLetters { queues: self.dead().await? })
    }

    /// What a redrive would do.
    pub(crate) async fn redrive_preview(
        &self,
        queue: QueueName,
        session: &Session,
    ) -> Result<Markup, PlatformError> {
        let depth = self.book.platform().depth(QueueAddress::Dead(queue)).await?;
        let name = queue.as_str();
        Ok(html! {
            p { "About " (depth.visible) " dead letters would go back into the queue " strong { (name) } ", to "
                (queue.reader()) ". Whatever they were sent for is looked at again; what is done already is left alone." }
            form.act method="post" action="/dead-letters" {
                (csrf(session))
                input type="hidden" name="queue" value=(name);
                input type="hidden" name="shown" value="yes";
                button type="submit" { "Redrive now" }
                " " a href="/dead-letters" { "Leave it" }
            }
        })
    }
}

impl Page for DeadLetters {
    fn title(&self) -> String {
        "Dead letters".into()
    }

    fn at(&self) -> &'static str {
        "/dead-letters"
    }

    fn body(&self, session: &Session) -> Markup {
        html! {
            p { "A message is here when our own code could not handle it. Mend the cause first: the log of the function says what it was." }
            div.scroll tabindex="0" role="region" aria-label="Dead letters by queue" { table {
                thead { tr {
                    th scope="col" { "Queue" } th.number scope="col" { "Dead letters" }
                    @if session.rights.act { th scope="col" { "Act" } }
                } }
                tbody { @for (queue, count) in &self.queues { tr {
                    th scope="row" { (queue) } td.number { (count) }
                    @if session.rights.act { td { @if *count > 0 {
                        form.act method="post" action="/dead-letters" {
                            (csrf(session))
                            input type="hidden" name="queue" value=(queue);
                            button type="submit" aria-label={ "Redrive " (queue) } { "Redrive…" }
                        }
                    } } }
                } } }
            } }
        }
    }
}
