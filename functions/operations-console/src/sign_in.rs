//! Signing in and out: authorization code with PKCE, state and nonce.

use bytes::Bytes;
use crossdock_operations::audit::Act;
use crossdock_platform::{Platform, orders::after};
use http::{Response, StatusCode};
use jiff::SignedDuration;

use crate::{
    Answered, Failure, OperationsConsole, Session,
    answer::{html, see_other, set_cookie},
    pages::layout,
    provider::{Failed, Provider},
    request::Asked,
    session::{self, LOGIN_COOKIE, LOGIN_S, Login, SESSION_COOKIE, SESSION_S},
};

impl<P: Platform> OperationsConsole<P> {
    pub(crate) fn signed_out(&self, asked: &Asked) -> Response<Bytes> {
        html(StatusCode::OK, layout::signed_out(within(asked.asked("to"))))
    }

    /// Sends the browser to the provider.
    pub(crate) async fn sign_in(&self, provider: &Provider, asked: &Asked) -> Answered {
        let platform = self.book.platform();
        let login = Login {
            state: session::secret(platform),
            nonce: session::secret(platform),
            verifier: session::secret(platform),
            to: within(asked.asked("to")).to_owned(),
            ends_at: after(self.book.now(), SignedDuration::from_secs(LOGIN_S)),
        };
        let address = match provider.address(&login).await {
            Ok(address) => address,
            Err(failed) => return Ok(no_provider(&failed)),
        };
        let id = session::begin(platform, &login).await?;
        Ok(set_cookie(see_other(&address), LOGIN_COOKIE, &id, LOGIN_S))
    }

    /// The provider has sent the browser back.
    pub(crate) async fn callback(&self, provider: &Provider, asked: &Asked) -> Answered {
        let platform = self.book.platform();
        let again = "This sign-in was not begun here, is over, or was used already. Sign in once more.";
        let Some(id) = asked.cookie(LOGIN_COOKIE) else { return Err(Failure::Forbidden(again)) };
        let Some(login) = session::take_login(platform, id).await? else {
            return Err(Failure::Forbidden(again));
        };
        if asked.asked("state").is_none_or(|state| !session::same(state, &login.state)) {
            tracing::warn!("a sign-in came back with another state");
            return Err(Failure::Forbidden(again));
        }
        let Some(code) = asked.asked("code") else {
            tracing::info!("a sign-in ended without a code");
            return Err(Failure::Forbidden("The provider did not sign you in."));
        };
        let person = match provider.person(code, &login).await {
            Ok(person) => person,
            Err(failed) => return Ok(no_provider(&failed)),
        };
        let id = session::open(platform, &person.subject, &person.name, person.rights).await?;
        let Some(session) = session::session(platform, &id).await? else { return Err(Failure::NotFound) };
        if !session.rights.read {
            session::end(platform, &id).await?;
            self.record(&session, Act::Refused, "sign-in: no right here".into()).await?;
            tracing::warn!("somebody without any right signed in");
            return Err(Failure::Forbidden(
                "You are known, and have no right here. Ask whoever keeps the configuration.",
            ));
        }
        self.record(&session, Act::SignIn, String::new()).await?;
        let response = set_cookie(see_other(&login.to), SESSION_COOKIE, &id, SESSION_S);
        Ok(set_cookie(response, LOGIN_COOKIE, "", 0))
    }

    /// Ends the session, here and in the ledger.
    pub(crate) async fn sign_out(&self, asked: &Asked, session: &Session) -> Answered {
        self.record(session, Act::SignOut, String::new()).await?;
        if let Some(id) = asked.cookie(SESSION_COOKIE) {
            session::end(self.book.platform(), id).await?;
        }
        Ok(set_cookie(see_other("/signed-out"), SESSION_COOKIE, "", 0))
    }
}

/// A path of our own, and nothing that a browser could read as another host.
fn within(to: Option<&str>) -> &str {
    let sound = |to: &&str| {
        to.starts_with('/') && !to.starts_with("//") && to.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
    };
    to.filter(sound).unwrap_or("/")
}

fn no_provider(failed: &Failed) -> Response<Bytes> {
    tracing::error!(error = %failed, "nobody was signed in");
    let (status, why) = match failed {
        Failed::Provider(_) => (
            StatusCode::BAD_GATEWAY,
            "The sign-in provider does not answer as it should. Try again in a moment.",
        ),
        Failed::Token(_) => {
            (StatusCode::FORBIDDEN, "What the sign-in provider says of you is not to be believed.")
        }
    };
    html(status, layout::plain("Not signed in", why))
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn a_way_back_stays_within_this_host() {
        assert_eq!(within(Some("/orders/shop/1")), "/orders/shop/1");
        for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "", "orders"]
        {
            assert_eq!(within(Some(elsewhere)), "/", "{elsewhere:?}");
        }
    }
}
