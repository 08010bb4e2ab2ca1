//! One order across all systems.

use crossdock_core::{OrderKey, order::Order};
use crossdock_operations::{Story, stage_name};
use crossdock_platform::{
    Platform, PlatformError, Subject,
    work::{Event, Work},
};
use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;

use super::{
    Page,
    layout::{csrf, outside, stage, time},
    personal::Personal,
};
use crate::{Failure, OperationsConsole, Session};

#[derive(Debug, Clone, Serialize)]
pub(crate) struct OrderPage {
    pub(super) order: OrderKey,
    #[serde(flatten)]
    json: Value,
    #[serde(skip)]
    story: Story,
    links: Vec<Link>,
    timeline: Vec<Line>,
    /// What was ordered; nothing once it has expired.
    lines: Vec<Ordered>,
    total: Option<String>,
    pub(super) personal: Option<Personal>,
}

/// Where the same order is found elsewhere.
#[derive(Debug, Clone, Serialize)]
struct Link {
    system: &'static str,
    id: String,
    url: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Line {
    /// The document that tells it.
    about: String,
    #[serde(flatten)]
    event: Event,
}

#[derive(Debug, Clone, Serialize)]
struct Ordered {
    sku: Option<String>,
    name: String,
    quantity: String,
    total: String,
}

impl<P: Platform> OperationsConsole<P> {
    pub(crate) async fn order(&self, key: &OrderKey) -> Result<OrderPage, Failure> {
        let story = Story::of(&self.book, key).await?.ok_or(Failure::NotFound)?;
        let json = story.json().map_err(|_| Failure::NotFound)?;
        let content = self.content(&story).await?;
        let lines = content.iter().flat_map(|order| &order.lines).map(ordered).collect();
        Ok(OrderPage {
            order: key.clone(),
            json,
            links: self.links_of(&story),
            timeline: timeline(&story),
            lines,
            total: content.as_ref().map(|order| format!("{} {}", order.total, order.currency)),
            personal: content.as_ref().map(Personal::masked),
            story,
        })
    }

    /// The order as its channel last told it; none once that has expired.
    pub(super) async fn content(&self, story: &Story) -> Result<Option<Order>, PlatformError> {
        let Some(newest) = &story.state.snapshot else { return Ok(None) };
        self.book.snapshot(&story.state.order, &newest.digest).await
    }

    /// Takes the mask off.
    pub(crate) async fn unmask(&self, page: &mut OrderPage) -> Result<(), PlatformError> {
        page.personal = self.content(&page.story).await?.as_ref().map(Personal::shown);
        Ok(())
    }

    fn links_of(&self, story: &Story) -> Vec<Link> {
        let order = &story.state.order;
        let link = |system, id: String, url| Link { system, id, url };
        let odoo =
            |system, model: &str, id: i64, name: String| link(system, name, Some(self.links.odoo(model, id)));
        let mut all = vec![link("Channel", order.to_string(), self.links.shop(order))];
        if let Some(applied) = &story.state.applied {
            all.push(odoo("Odoo", "sale.order", applied.odoo_id, applied.name.clone()));
        }
        for release in story.fulfilment.iter().flat_map(|fulfilment| &fulfilment.releases) {
            all.push(odoo("Transfer", "stock.picking", release.transfer, release.key.to_string()));
        }
        for shipment in &story.shipments {
            all.push(link("Shipment", shipment.key.to_string(), None));
            for parcel in shipment.content.iter().flat_map(|content| &content.parcels) {
                let number = parcel.tracking.as_deref().unwrap_or("without a number");
                all.push(link("Parcel", format!("{} {number}", parcel.carrier), None));
            }
            if let Some(announced) = &shipment.announced {
                all.push(link("Told to the channel as", announced.clone(), None));
            }
        }
        for invoice in story.billing.iter().flat_map(|billing| &billing.invoices) {
            all.push(odoo("Invoice", "account.move", *invoice, invoice.to_string()));
        }
        all
    }
}

fn ordered(line: &crossdock_core::order::Line) -> Ordered {
    Ordered {
        sku: line.sku.as_ref().map(ToString::to_string),
        name: line.name.clone(),
        quantity: line.quantity.to_string(),
        total: line.total.to_string(),
    }
}

/// What each document tells, in the order in which it happened.
fn timeline(story: &Story) -> Vec<Line> {
    let mut all = Vec::new();
    let mut add = |about: &str, log: &[Event]| {
        all.extend(log.iter().map(|event| Line { about: about.to_owned(), event: event.clone() }));
    };
    add("order", &story.state.log);
    if let Some(fulfilment) = &story.fulfilment {
        add("release", &fulfilment.work.log);
    }
    for shipment in &story.shipments {
        add(&format!("shipment {}", shipment.key.id), &shipment.work.log);
    }
    if let Some(billing) = &story.billing {
        add("invoice", &billing.work.log);
    }
    all.sort_by_key(|line| line.event.at);
    all
}

impl Page for OrderPage {
    fn title(&self) -> String {
        let number = self.story.state.number.as_deref().unwrap_or_default();
        format!("Order {} {number}", self.order).trim_end().to_owned()
    }

    fn at(&self) -> &'static str {
        "/orders"
    }

    fn body(&self, session: &Session) -> Markup {
        let story = &self.story;
        html! {
            (work("The order", &story.state.work))
            @if let Some(fulfilment) = &story.fulfilment { (work("Its release", &fulfilment.work)) }
            @for shipment in &story.shipments {
                (work(&Subject::Shipment(shipment.key.clone()).to_string(), &shipment.work))
            }
            @if let Some(billing) = &story.billing { (work("Its invoice", &billing.work)) }
            @if session.rights.act { (self.replay(session)) }
            (self.timeline_html())
            section {
                h2 { "Elsewhere" }
                dl { @for link in &self.links {
                    dt { (link.system) }
                    dd { @if let Some(url) = &link.url { (outside(url, &link.id)) } @else { (link.id) } }
                } }
            }
            (self.ordered_html())
            (self.personal_html(session))
        }
    }
}

impl OrderPage {
    fn replay(&self, session: &Session) -> Markup {
        html! {
            form.act method="post" action="/replay" {
                (csrf(session))
                input type="hidden" name="order" value=(self.order);
                button type="submit" { "Replay…" }
                " " small { "Shows first what would be taken up." }
            }
        }
    }

    fn timeline_html(&self) -> Markup {
        html! {
            section {
                h2 { "Timeline" }
                ol.timeline { @for line in &self.timeline {
                    li { (time(line.event.at)) " " strong { (line.about) } " " (line.event.what) }
                } }
            }
        }
    }

    fn ordered_html(&self) -> Markup {
        html! {
            section {
                h2 { "Ordered" }
                @if self.lines.is_empty() { p { "The contents have expired, or nothing is left of them." } }
                @else {
                    div.scroll tabindex="0" role="region" aria-label="What was ordered" { table {
                        thead { tr { th scope="col" { "SKU" } th scope="col" { "Article" } th.number scope="col" { "Quantity" } th.number scope="col" { "Total" } } }
                        tbody { @for line in &self.lines { tr {
                            td { (line.sku.as_deref().unwrap_or("none")) } td { (line.name) }
                            td.number { (line.quantity) } td.number { (line.total) }
                        } } }
                    } }
                }
                @if let Some(total) = &self.total { p { "The customer owes " (total) "." } }
            }
        }
    }

    fn personal_html(&self, session: &Session) -> Markup {
        html! {
            section {
                h2 { "Customer" }
                @if let Some(personal) = &self.personal {
                    dl { @for (what, said) in personal.fields() { dt { (what) } dd { (said) } } }
                    @if personal.masked && session.rights.personal {
                        form.act method="post" action={ "/orders/" (self.order) "/personal" } {
                            (csrf(session))
                            button.quiet type="submit" { "Show personal data" }
                            " " small { "That you looked stands in the audit log." }
                        }
                    }
                } @else { p { "The contents have expired." } }
            }
        }
    }
}

/// Where one document stands.
fn work<S: Serialize>(title: &str, work: &Work<S>) -> Markup {
    html! {
        section {
            h2 { (title) " is " (stage(&stage_name(&work.stage))) }
            @for reason in &work.reasons {
                div.reason {
                    p { strong { (reason.code.code()) } ": " (reason.detail) }
                    p.remedy { (reason.code.remedy()) }
                }
            }
            @if let Some(due) = work.due_at { p { "Looked at again at " (time(due)) " UTC, or sooner." } }
        }
    }
}
