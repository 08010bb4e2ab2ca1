//! What waits for a person, and what a replay would take up.

use crossdock_core::{OrderKey, difference::Difference, reason::ReasonCode};
use crossdock_operations::{Parked, Plan, Selection, parked_and_left};
use crossdock_platform::{Platform, PlatformError, Subject};
use maud::{Markup, html};
use serde::{Serialize, Serializer};

use super::{
    MOST, Page,
    layout::{csrf, cut, time},
};
use crate::{OperationsConsole, Session};

/// Of one reason as many are named.
const NAMED: usize = 50;

pub(crate) struct ParkedPage(Parked);

impl Serialize for ParkedPage {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serde_json::json!({ "parked": self.0.json(), "cut": self.0.cut }).serialize(to)
    }
}

impl<P: Platform> OperationsConsole<P> {
    pub(crate) async fn parked(&self) -> Result<ParkedPage, PlatformError> {
        Ok(ParkedPage(parked_and_left(&self.book, MOST).await?))
    }
}

impl Page for ParkedPage {
    fn title(&self) -> String {
        "Parked".into()
    }

    fn at(&self) -> &'static str {
        "/parked"
    }

    fn body(&self, session: &Session) -> Markup {
        html! {
            @if self.0.is_empty() { p { "Nothing waits for a person." } }
            @for (code, all) in self.0.by_reason() {
                section id=(code.code()) {
                    h2 { (code.code()) " (" (all.len()) ")" }
                    p.remedy { (code.remedy()) }
                    ul.plain { @for one in all.iter().take(NAMED) {
                        li {
                            (name(&one.subject))
                            @if let Some(number) = &one.number { " " (number) }
                            ": " (one.detail)
                            @if session.rights.act && !matches!(one.subject, Subject::Order(_)) {
                                " " (button(session, "subject", &one.subject.to_string(), "Replay…", true))
                            }
                        }
                    } }
                    (cut(all.len() > NAMED, "There are more of this reason."))
                    @if session.rights.act {
                        (button(session, "reason", code.code(), &format!("Replay all of {}…", code.code()), false))
                    }
                }
            }
            @for (kind, all) in &self.0.left {
                section id=(kind.code()) {
                    h2 { (kind.code()) " (" (all.len()) ")" }
                    p.remedy { (kind.remedy()) }
                    p { "The last reconciliation left this. It is gone from here when the next one does not find it any more." }
                    ul.plain { @for one in all.iter().take(NAMED) {
                        li {
                            (subject(one))
                            ": " (one.detail)
                            @if let Some(since) = one.since { ", since " (time(since)) }
                        }
                    } }
                    (cut(all.len() > NAMED, "There are more of this kind."))
                }
            }
            (cut(self.0.cut, "There is more: these have been parked longest."))
        }
    }
}

/// With a link to the order, where it is about one.
fn subject(of: &Difference) -> Markup {
    match of.subject.parse::<OrderKey>() {
        Ok(key) if of.kind.is_about_an_order() => html! { a href={ "/orders/" (key) } { (key) } },
        _ => html! { (of.subject) },
    }
}

/// What leads to the preview of a replay.
fn button(session: &Session, field: &str, value: &str, text: &str, small: bool) -> Markup {
    html! {
        form.act method="post" action="/replay" {
            (csrf(session))
            input type="hidden" name=(field) value=(value);
            button type="submit" class=[small.then_some("quiet")] aria-label=[small.then(|| format!("Replay {value}"))] { (text) }
        }
    }
}

/// With a link to the order that it belongs to.
pub(super) fn name(subject: &Subject) -> Markup {
    match subject {
        Subject::Order(key) | Subject::Fulfilment(key) | Subject::Billing(key) => {
            html! { a href={ "/orders/" (key) } { (subject) } }
        }
        Subject::Shipment(_)
        | Subject::Report(_)
        | Subject::Parcel(_)
        | Subject::Publication(_)
        | Subject::Offer(_)
        | Subject::Article(_)
        | Subject::Slice(_) => html! { (subject) },
    }
}

/// What a replay would take up, before it does.
pub(crate) struct Preview<'a> {
    pub plan: &'a Plan,
    pub wanted: &'a Selection,
    /// What stands for the plan that is shown.
    pub shown: &'a str,
    /// Another plan was shown before.
    pub changed: bool,
}

impl Preview<'_> {
    pub fn markup(&self, session: &Session) -> Markup {
        let fields = [
            ("order", self.wanted.orders.first().map(ToString::to_string)),
            ("reason", self.wanted.reason.clone()),
            ("subject", self.wanted.subject.clone()),
        ];
        html! {
            @if self.changed { p.note { "Something has changed since the last look. This would be taken up now:" } }
            @if self.plan.is_empty() { p { "Nothing would be taken up." } p { a href="/parked" { "Back to what is parked" } } }
            @else {
                p { (self.plan.len()) " would be taken up again:" }
                ul.plain {
                    @for order in &self.plan.orders { li { (name(&Subject::Order(order.clone()))) } }
                    @for subject in &self.plan.beside { li { (name(subject)) } }
                }
                form.act method="post" action="/replay" {
                    (csrf(session))
                    @for (field, value) in fields { @if let Some(value) = value { input type="hidden" name=(field) value=(value); } }
                    input type="hidden" name="shown" value=(self.shown);
                    (ways())
                    button type="submit" { "Replay now" }
                    " " a href="/parked" { "Leave it" }
                }
            }
            (cut(self.plan.cut, "More is parked than was looked at: replay once more afterwards."))
            @if let Some(code) = &self.wanted.reason {
                @if let Some(code) = ReasonCode::ALL.iter().find(|known| known.code() == code) {
                    p.remedy { (code.remedy()) }
                }
            }
        }
    }
}

/// How it is taken up.
fn ways() -> Markup {
    let all = [
        ("again", "Judge it again, and do what is still to be done"),
        ("accept", "Take what stands in Odoo as right, and close it"),
        ("recreate", "Make it anew in Odoo, where somebody deleted it"),
    ];
    html! {
        fieldset {
            legend { "How" }
            @for (value, text) in all {
                label { input type="radio" name="how" value=(value) checked[value == "again"]; " " (text) }
            }
        }
    }
}
