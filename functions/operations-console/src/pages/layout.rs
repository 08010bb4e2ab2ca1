//! What every page has around it.

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use super::Page;
use crate::{Session, request::query};

const NAV: [(&str, &str); 7] = [
    ("/", "Overview"),
    ("/orders", "Orders"),
    ("/parked", "Parked"),
    ("/dead-letters", "Dead letters"),
    ("/stock", "Stock"),
    ("/reconciliations", "Reconciliations"),
    ("/audit", "Audit log"),
];

fn document(title: &str, header: &Markup, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Crossdock" }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/style.css";
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                (header)
                main id="main" {
                    h1 { (title) }
                    (main)
                }
            }
        }
    }
}

pub(crate) fn page<V: Page>(page: &V, session: &Session) -> Markup {
    body(&page.title(), page.at(), session, page.body(session))
}

/// A page for somebody who is signed in; `at` is the address in the navigation that it belongs to.
pub(crate) fn body(title: &str, at: &str, session: &Session, main: Markup) -> Markup {
    let rights = match (session.rights.act, session.rights.personal) {
        (false, false) => "may read",
        (false, true) => "may read, and see personal data",
        (true, false) => "may read and act",
        (true, true) => "may read, act, and see personal data",
    };
    let name = if session.name.is_empty() { &session.subject } else { &session.name };
    let header = html! {
        header {
            div.bar {
                a.brand href="/" { "Crossdock" }
                form.who method="post" action="/sign-out" {
                    span { (name) " " small { (rights) } }
                    (csrf(session))
                    button.quiet type="submit" { "Sign out" }
                }
            }
            nav aria-label="Main" {
                ul {
                    @for (href, text) in NAV {
                        li { a href=(href) aria-current=[(href == at).then_some("page")] { (text) } }
                    }
                }
            }
        }
    };
    document(title, &header, &main)
}

/// A page for somebody who is not signed in, or that says that there is none.
pub(crate) fn plain(title: &str, why: &str) -> Markup {
    document(title, &brand(), &html! { p { (why) } p { a href="/" { "To the overview" } } })
}

pub(crate) fn signed_out(to: &str) -> Markup {
    let href = format!("/sign-in?{}", query(&[("to", to)]));
    document(
        "Operations",
        &brand(),
        &html! {
            p { "What became of each order, what waits for a person, and taking it up again." }
            p { a.button href=(href) { "Sign in" } }
        },
    )
}

fn brand() -> Markup {
    html! { header { div.bar { a.brand href="/" { "Crossdock" } } } }
}

/// The field that makes a form ours.
pub(crate) fn csrf(session: &Session) -> Markup {
    html! { input type="hidden" name="csrf" value=(session.csrf); }
}

/// A moment, in UTC to the second.
pub(crate) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) { (at.strftime("%Y-%m-%d %H:%M:%S").to_string()) } }
}

/// How long ago, roughly.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(at).as_mins();
    match minutes {
        ..1 => "just now".into(),
        1..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// Where a list was cut.
pub(crate) fn cut(is: bool, what: &str) -> Markup {
    html! { @if is { p.note { (what) } } }
}

/// A link to a system outside; it learns nothing of where it was followed from.
pub(crate) fn outside(href: &str, text: &str) -> Markup {
    html! { a href=(href) rel="noopener noreferrer" { (text) } }
}

/// A stage as a coloured word.
pub(crate) fn stage(name: &str) -> Markup {
    html! { span class={ "stage " (name) } { (name) } }
}
