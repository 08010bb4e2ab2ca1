//! Lists of orders.

use std::cmp::Reverse;

use crossdock_core::{ChannelId, OrderKey};
use crossdock_operations::{stage_name, summary};
use crossdock_platform::{
    Platform, PlatformError, Subject,
    orders::{Stage, State},
};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;

use super::{
    MOST, Page,
    layout::{cut, stage, time},
};
use crate::{OperationsConsole, Session, request::Asked};

/// Keys that are looked through for those of orders.
const KEYS: usize = 2000;

/// What a search comes to.
pub(crate) enum Found {
    One(OrderKey),
    Many(Orders),
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Orders {
    /// All that are under way, where none is named.
    stage: Option<Stage>,
    searched: Option<String>,
    orders: Vec<Value>,
    #[serde(skip)]
    states: Vec<State>,
    cut: bool,
}

impl<P: Platform> OperationsConsole<P> {
    pub(crate) async fn orders(&self, asked: &Asked) -> Result<Found, PlatformError> {
        if let Some(text) = asked.asked("q") {
            return self.search(text).await;
        }
        let stages = [Stage::Received, Stage::Waiting, Stage::Valid, Stage::Done, Stage::Parked];
        let wanted = asked.asked("stage");
        let wanted = stages.into_iter().find(|stage| wanted == Some(stage_name(stage).as_str()));
        let mut found = Orders::of(wanted);
        match wanted {
            Some(Stage::Parked) => {
                let parked = crossdock_operations::parked(&self.book, MOST).await?;
                (found.states, found.cut) = (parked.orders, parked.cut);
                found.states.sort_by_key(|state| state.changed_at);
            }
            Some(Stage::Done) => {
                let done = self.book.done(Timestamp::MIN, MOST).await?;
                found.cut = done.len() == MOST;
                found.states =
                    self.states(done.into_iter().map(|(key, _)| key), MOST, is(Stage::Done)).await?;
                found.states.sort_by_key(|state| Reverse(state.changed_at));
            }
            under_way => {
                let due = self.book.due(Timestamp::MAX, KEYS).await?;
                found.cut = due.len() == KEYS;
                let orders = due.into_iter().filter_map(|subject| match subject {
                    Subject::Order(key) => Some(key),
                    _ => None,
                });
                let wanted = |state: &State| {
                    !state.stage.is_final() && under_way.is_none_or(|stage| state.stage == stage)
                };
                found.states = self.states(orders, MOST + 1, wanted).await?;
                found.cut |= found.states.len() > MOST;
                found.states.truncate(MOST);
                found.states.sort_by_key(|state| state.changed_at);
            }
        }
        found.orders = found.states.iter().map(summary).collect();
        Ok(Found::Many(found))
    }

    async fn search(&self, text: &str) -> Result<Found, PlatformError> {
        let typed = ChannelId::new(crossdock_core::config::ODOO_DOOR).ok();
        let channels = self.config.channels.iter().map(|channel| channel.id.clone()).chain(typed);
        let mut found = Orders::of(None);
        found.states = crossdock_operations::search(&self.book, text, channels).await?;
        if let [only] = found.states.as_slice() {
            return Ok(Found::One(only.order.clone()));
        }
        found.searched = Some(text.chars().take(100).collect());
        found.orders = found.states.iter().map(summary).collect();
        Ok(Found::Many(found))
    }
}

impl Orders {
    fn of(stage: Option<Stage>) -> Self {
        Self { stage, searched: None, orders: Vec::new(), states: Vec::new(), cut: false }
    }

    fn list(&self) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label="Orders" { table {
                thead { tr {
                    th scope="col" { "Order" } th scope="col" { "Number" } th scope="col" { "Stage" }
                    th scope="col" { "In Odoo" } th scope="col" { "Changed (UTC)" } th scope="col" { "Why" }
                } }
                tbody { @for state in &self.states { (row(state)) } }
            } }
        }
    }
}

fn is(stage: Stage) -> impl Fn(&State) -> bool {
    move |state| state.stage == stage
}

fn row(state: &State) -> Markup {
    let codes: Vec<&str> = state.reasons.iter().map(|reason| reason.code.code()).collect();
    let last = state.log.last().map(|event| event.what.as_str()).unwrap_or_default();
    html! { tr {
        td { a href={ "/orders/" (state.order) } { (state.order) } }
        td { (state.number.as_deref().unwrap_or("-")) }
        td { (stage(&stage_name(&state.stage))) }
        td { (state.applied.as_ref().map_or("-", |applied| applied.name.as_str())) }
        td { (time(state.changed_at)) }
        td { @if codes.is_empty() { (last) } @else { (codes.join(", ")) } }
    } }
}

impl Page for Orders {
    fn title(&self) -> String {
        "Orders".into()
    }

    fn at(&self) -> &'static str {
        "/orders"
    }

    fn body(&self, _: &Session) -> Markup {
        let tabs = [
            ("", "Under way"),
            ("received", "received"),
            ("waiting", "waiting"),
            ("valid", "valid"),
            ("parked", "parked"),
            ("done", "done"),
        ];
        let now = self.stage.map(|stage| stage_name(&stage)).unwrap_or_default();
        html! {
            form.search method="get" action="/orders" role="search" {
                label for="q" { "Order, as in shopify-main/5001, its number, as in #1001, or the channel's id of it" }
                input id="q" name="q" type="search" value=[self.searched.as_deref()] autocomplete="off";
                button type="submit" { "Search" }
            }
            nav.tabs aria-label="Stages" { ul { @for (name, text) in tabs { li {
                @let here = self.searched.is_none() && name == now;
                a href={ "/orders?stage=" (name) } aria-current=[here.then_some("page")] { (text) }
            } } } }
            @if self.states.is_empty() {
                p { @if let Some(text) = &self.searched { "The ledger has no order " (text) "." } @else { "None." } }
            }
            @else { (self.list()) }
            (cut(self.cut, "There are more: these are the ones that are due first, parked longest, or done last."))
        }
    }
}
