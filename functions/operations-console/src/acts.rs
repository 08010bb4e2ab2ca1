//! What people do: each act is shown first, then asked for with what was shown, and written down before it is
//! done.

use crossdock_core::{message::QueueName, order::short_digest};
use crossdock_operations::{How, Plan, Selection, audit::Act, carry_out, plan, redrive};
use crossdock_platform::Platform;
use http::{StatusCode, header};

use crate::{
    Answered, Failure, OperationsConsole, Session,
    answer::{html, see_other},
    pages::{MOST, Preview, layout},
    request::Asked,
};

impl<P: Platform> OperationsConsole<P> {
    /// A form of ours: with the session's token, from one of our own pages.
    pub(crate) async fn post(&self, asked: &Asked, session: &Session) -> Answered {
        let ours = asked.header(header::ORIGIN.as_str()) == Some(self.origin.as_str());
        let site = asked.header("sec-fetch-site").is_none_or(|site| site == "same-origin");
        let token = asked.field("csrf").is_some_and(|token| session.is_csrf(token));
        if !ours || !site || !token {
            tracing::warn!(ours, site, token, "a form that is not ours");
            return Err(Failure::Forbidden(
                "This form is not from a page of ours. Open the page again and repeat.",
            ));
        }
        let path: Vec<&str> = asked.path().trim_start_matches('/').split('/').collect();
        match path.as_slice() {
            ["sign-out"] => self.sign_out(asked, session).await,
            ["replay"] => {
                self.needs(session.rights.act, session, "replay").await?;
                self.replay(asked, session).await
            }
            ["dead-letters"] => {
                self.needs(session.rights.act, session, "redrive").await?;
                self.redrive(asked, session).await
            }
            ["orders", channel, id, "personal"] => {
                self.needs(session.rights.personal, session, "personal data").await?;
                let key = format!("{channel}/{id}").parse().map_err(|_| Failure::NotFound)?;
                let mut order = self.order(&key).await?;
                // Written down first: whoever sees it was seen.
                self.record(session, Act::Unmask, key.to_string()).await?;
                self.unmask(&mut order).await?;
                self.show(&order, session, false)
            }
            _ => Err(Failure::NotFound),
        }
    }

    async fn needs(&self, right: bool, session: &Session, what: &str) -> Result<(), Failure> {
        if right {
            return Ok(());
        }
        tracing::warn!(what, "refused for want of a right");
        self.record(session, Act::Refused, format!("{what}: no right to it")).await?;
        Err(Failure::Forbidden("You have no right to do this."))
    }

    /// Shows what would be taken up; with the digest of what was shown, takes it up.
    async fn replay(&self, asked: &Asked, session: &Session) -> Answered {
        let wanted = selection(asked)?;
        let plan = plan(&self.book, &wanted, MOST).await?;
        let shown = digest(&plan);
        if asked.field("shown") != Some(shown.as_str()) {
            let changed = asked.field("shown").is_some();
            let page = Preview { plan: &plan, wanted: &wanted, shown: &shown, changed };
            return Ok(html(
                StatusCode::OK,
                layout::body("Replay", "/parked", session, page.markup(session)),
            ));
        }
        let how = match asked.field("how") {
            None | Some("again") => How::Again,
            Some("accept") => How::Accepted,
            Some("recreate") => How::MadeAnew,
            Some(_) => return Err(Failure::Wrong("There is no such way to replay.".into())),
        };
        let names: Vec<String> = plan.names().collect();
        self.record(session, Act::Replay, format!("{}{}", names.join(", "), how.in_words())).await?;
        carry_out(&self.book, &plan, how).await?;
        tracing::info!(count = plan.len(), "replayed");
        Ok(see_other(&match wanted.orders.first() {
            Some(order) => format!("/orders/{order}"),
            None => "/parked".into(),
        }))
    }

    /// Shows which letters would go back; when told so, brings them back.
    async fn redrive(&self, asked: &Asked, session: &Session) -> Answered {
        let name = asked.field("queue").unwrap_or_default();
        let known = QueueName::ALL.iter().find(|queue| queue.as_str() == name);
        let Some(queue) = known else { return Err(Failure::Wrong("There is no such queue.".into())) };
        if asked.field("shown").is_none() {
            let page = self.redrive_preview(*queue, session).await?;
            return Ok(html(StatusCode::OK, layout::body("Redrive", "/dead-letters", session, page)));
        }
        self.record(session, Act::Redrive, queue.as_str().to_owned()).await?;
        redrive(self.book.platform(), Some(queue.as_str())).await?;
        Ok(see_other("/dead-letters"))
    }
}

fn selection(asked: &Asked) -> Result<Selection, Failure> {
    let order = asked.field("order").map(str::parse).transpose();
    let order = order.map_err(|_| Failure::Wrong("This is no order.".into()))?;
    Ok(Selection {
        orders: order.into_iter().collect(),
        reason: asked.field("reason").map(str::to_owned),
        all: false,
        subject: asked.field("subject").map(str::to_owned),
    })
}

/// What stands for a plan: whoever confirms another one than was shown is asked anew.
fn digest(plan: &Plan) -> String {
    short_digest(plan.names().collect::<Vec<_>>().join("\n").as_bytes())
}
