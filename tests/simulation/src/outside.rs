//! Warehouses and carriers that work by themselves, and what they tell.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use simulators::{
    odoo,
    scenario::{HOUSES, Told},
    shops::Signed,
};
use tokio::task::JoinSet;

use crate::{
    front::{Sender, pauses},
    weather::Fault,
};

/// How often people at the warehouses look at what there is to do.
const TICK: Duration = Duration::from_secs(20);
/// Whoever is not told that its call is stored calls again, as our published format asks of warehouses.
const TRIES: usize = 500;

/// The world outside, as long as this lives.
pub struct Outside {
    sender: Sender,
    /// Calls that nobody has taken yet.
    calling: Arc<AtomicU64>,
    _tasks: JoinSet<()>,
}

impl Outside {
    /// Lets it begin.
    #[must_use]
    pub fn begin(sender: Sender, odoo: odoo::Server) -> Self {
        let calling = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        let (within, count) = (sender.clone(), calling.clone());
        tasks.spawn(async move {
            loop {
                tokio::time::sleep(TICK).await;
                for told in within.scenario.tick(&odoo) {
                    count.fetch_add(1, Ordering::Relaxed);
                    let (sender, count) = (within.clone(), count.clone());
                    tokio::spawn(async move {
                        sender.tell(told).await;
                        count.fetch_sub(1, Ordering::Relaxed);
                    });
                }
            }
        });
        Self { sender, calling, _tasks: tasks }
    }

    /// Whether nothing more happens there unless something is asked of it.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.calling.load(Ordering::Relaxed) == 0 && self.sender.scenario.is_quiet()
    }
}

impl Sender {
    /// Tells one thing until it is stored: late, twice, and so before or after others.
    pub async fn tell(self, told: Told) {
        if self.weather.strikes(Fault::HouseLate) {
            tokio::time::sleep(self.weather.seconds(5, 900)).await;
        }
        if self.weather.strikes(Fault::HouseTwice) {
            let (again, told) = (self.clone(), told.clone());
            tokio::spawn(async move {
                tokio::time::sleep(again.weather.seconds(0, 600)).await;
                again.call(&told).await;
            });
        }
        for pause in pauses().take(TRIES) {
            if self.call(&told).await {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Calls once; whether whoever calls takes the answer for the end of it.
    async fn call(&self, told: &Told) -> bool {
        let call = self.signed_anew(told);
        let what = format!("tells {}", String::from_utf8_lossy(&call.body));
        self.knock(told.door, &call, &what, b"").await
    }

    fn signed_anew(&self, told: &Told) -> Signed {
        let house = HOUSES.contains(&told.door).then(|| self.scenario.houses.server(told.door)).flatten();
        house.map_or_else(|| told.signed.clone(), |house| house.again(&told.signed))
    }
}
