//! What follows from an order, its releases and its invoice as a whole, waits for the order itself.

use crossdock_core::{OrderKey, message::Message};
use jiff::SignedDuration;

use super::Fulfilment;
use crate::{
    OrderBook, Platform, PlatformError,
    documents::{Change, Document as _},
    orders::{Stage, State},
};

/// An order on its way into Odoo is there soon.
const SOON: SignedDuration = SignedDuration::from_mins(2);

/// When what follows from an order may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Odoo holds what the channel says.
    Now,
    /// The order is on its way there: look again after this time.
    Later(SignedDuration),
    /// A person has to look at the order. Whoever takes it up opens again what waits: there is nothing to look at
    /// before.
    OnceTakenUp,
}

impl<P: Platform> OrderBook<P> {
    /// When what follows from an order may go on; where that is once it is taken up, it is written down that
    /// something waits.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn follow(&self, order: &OrderKey) -> Result<Follow, PlatformError> {
        match self.state(order).await?.map(|state| state.stage) {
            None | Some(Stage::Done) => Ok(Follow::Now),
            Some(Stage::Received | Stage::Waiting | Stage::Valid) => Ok(Follow::Later(SOON)),
            Some(Stage::Parked) => {
                self.change::<State, _>(order, |state| {
                    if state.stage != Stage::Parked {
                        // It was taken up meanwhile.
                        return Change::Leave(Follow::Later(SOON));
                    }
                    state.awaited = true;
                    Change::Write(Follow::OnceTakenUp)
                })
                .await
            }
        }
    }

    /// Opens again what waits for an order to be taken up. To be called before the order is moved on, so that a
    /// crash in between does it once more.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn open_followers(&self, state: &State) -> Result<Vec<Message>, PlatformError> {
        if !state.awaited {
            return Ok(Vec::new());
        }
        let now = self.now();
        let release = self
            .change::<Fulfilment, _>(&state.order, |fulfilment| {
                if fulfilment.work.is_empty() {
                    return Change::Leave(None);
                }
                let sale = fulfilment.sale;
                fulfilment.notice(sale, now, "the order was taken up again");
                Change::Write(fulfilment.message())
            })
            .await?;
        let billing = self.reopen_billing(&state.order).await?;
        Ok(release.into_iter().chain(billing).collect())
    }
}
