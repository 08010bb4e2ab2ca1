//! Lists of orders.

use crossdock_core::{ChannelId, OrderId, OrderKey};
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
    survey::Done,
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
    /// Of those that are done, the last ones as of the last count.
    done: Vec<Done>,
    counted_at: Option<Timestamp>,
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
            }
            Some(Stage::Done) => {
                let survey = self.counted().await?;
                found.counted_at = survey.as_ref().map(|survey| survey.counted_at);
                found.done = survey.map(|survey| survey.newest_done).unwrap_or_default();
            }
            under_way => {
                let due = self.book.due(Timestamp::MAX, KEYS).await?;
                found.cut = due.len() == KEYS;
                for subject in due {
                    let Subject::Order(key) = subject else { continue };
                    if found.states.len() == MOST {
                        found.cut = true;
                        break;
                    }
                    let state = self.book.state(&key).await?.filter(|state| !state.stage.is_final());
                    found.states.extend(state.filter(|s| under_way.is_none_or(|stage| s.stage == stage)));
                }
            }
        }
        found.states.sort_by_key(|state| state.changed_at);
        found.orders = found.states.iter().map(summary).collect();
        Ok(Found::Many(found))
    }

    /// By the whole key, or by the channel's own id at every channel.
    async fn search(&self, text: &str) -> Result<Found, PlatformError> {
        let keys: Vec<OrderKey> = match (text.parse::<OrderKey>(), OrderId::new(text)) {
            (Ok(key), _) => vec![key],
            (_, Ok(id)) => {
                let typed = ChannelId::new(crossdock_core::config::ODOO_DOOR).ok();
                let channels = self.config.channels.iter().map(|channel| channel.id.clone()).chain(typed);
                channels.map(|channel| OrderKey::new(channel, id.clone())).collect()
            }
            _ => Vec::new(),
        };
        let mut found = Orders::of(None);
        for key in keys {
            found.states.extend(self.book.state(&key).await?);
        }
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
        let (orders, states, done) = (Vec::new(), Vec::new(), Vec::new());
        Self { stage, searched: None, orders, states, done, counted_at: None, cut: false }
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

    fn list_done(&self) -> Markup {
        html! {
            p.note {
                "The ledger keeps no list of what is done. These are the last ones as of the last count"
                @if let Some(at) = self.counted_at { ", at " (time(at)) " UTC" } ". Count anew on the overview, or search by key."
            }
            div.scroll tabindex="0" role="region" aria-label="Orders that are done" { table {
                thead { tr { th scope="col" { "Order" } th scope="col" { "Number" } th scope="col" { "In Odoo" } th scope="col" { "Done (UTC)" } } }
                tbody { @for one in &self.done { tr {
                    td { a href={ "/orders/" (one.order) } { (one.order) } }
                    td { (one.number.as_deref().unwrap_or("-")) }
                    td { (one.odoo_name.as_deref().unwrap_or("-")) }
                    td { (time(one.at)) }
                } } }
            } }
        }
    }
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
                label for="q" { "Order, as in shopify-main/5001, or the channel's id of it" }
                input id="q" name="q" type="search" value=[self.searched.as_deref()] autocomplete="off";
                button type="submit" { "Search" }
            }
            nav.tabs aria-label="Stages" { ul { @for (name, text) in tabs { li {
                @let here = self.searched.is_none() && name == now;
                a href={ "/orders?stage=" (name) } aria-current=[here.then_some("page")] { (text) }
            } } } }
            @if self.stage == Some(Stage::Done) { (self.list_done()) }
            @else if self.states.is_empty() {
                p { @if let Some(text) = &self.searched { "The ledger has no order " (text) "." } @else { "None." } }
            }
            @else { (self.list()) }
            (cut(self.cut, "There are more: these are the ones that are due first, or parked longest."))
        }
    }
}
