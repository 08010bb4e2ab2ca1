//! Every function of the chain on one platform, and the loops that drive them.
//!
//! On AWS the event source mappings and the schedules do what the loops here do.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use catalogue_publisher::CataloguePublisher;
use crossdock_core::{config::Config, message::QueueName};
use crossdock_http::Client;
use crossdock_platform::{OrderBook, Platform, PlatformError, QueueAddress, orders::after};
use crossdock_runtime::{Parts, Scheduled as _, Step, Wire as _, run_batch};
use jiff::SignedDuration;
use nightly_reconciler::NightlyReconciler;
use odoo_watcher::OdooWatcher;
use order_importer::OrderImporter;
use order_invoicer::OrderInvoicer;
use order_validator::OrderValidator;
use shipment_announcer::ShipmentAnnouncer;
use shipment_handler::ShipmentHandler;
use shop_watcher::ShopWatcher;
use stock_publisher::StockPublisher;
use waker::Waker;
use warehouse_releaser::WarehouseReleaser;
use webhook_receiver::WebhookReceiver;

/// A message stays invisible for this many function timeouts, as on AWS.
const VISIBILITY: u32 = 6;

/// Told of each run of a function: its name, and whether it failed.
pub type OnRun = Arc<dyn Fn(&'static str, bool) + Send + Sync>;

/// How the loops run.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The longest that one batch may take.
    pub function_timeout: Duration,
    /// How long a poller that found nothing waits.
    pub poll: Duration,
    pub wake_every: Duration,
    pub watch_every: Duration,
    /// How often Odoo is asked what became ready.
    pub odoo_every: Duration,
    /// How often everything is compared.
    pub reconcile_every: Duration,
    /// The most messages of one batch.
    pub batch: usize,
}

impl Timing {
    /// As it is in AWS.
    pub const DEFAULT: Self = Self {
        function_timeout: Duration::from_secs(60),
        poll: Duration::from_millis(100),
        wake_every: Duration::from_secs(60),
        watch_every: Duration::from_secs(15 * 60),
        odoo_every: Duration::from_secs(60),
        reconcile_every: Duration::from_secs(24 * 3600),
        batch: 10,
    };
}

impl Default for Timing {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The functions, ready to run.
pub struct Chain<P> {
    pub platform: P,
    pub config: Arc<Config>,
    pub book: OrderBook<P>,
    pub receiver: WebhookReceiver<P>,
    pub validator: OrderValidator<P>,
    pub importer: OrderImporter<P>,
    pub watcher: ShopWatcher<P>,
    pub odoo_watcher: OdooWatcher<P>,
    pub releaser: WarehouseReleaser<P>,
    pub shipments: ShipmentHandler<P>,
    pub invoicer: OrderInvoicer<P>,
    pub announcer: ShipmentAnnouncer<P>,
    pub stock: StockPublisher<P>,
    pub catalogue: CataloguePublisher<P>,
    pub reconciler: NightlyReconciler<P>,
    pub waker: Waker<P>,
    pub timing: Timing,
    /// What AWS would count as invocations and errors, for whoever looks.
    pub on_run: Option<OnRun>,
}

impl<P: Platform> Chain<P> {
    /// Wires everything up. Reads the keys of Odoo and of the shops.
    ///
    /// # Errors
    /// When a key is missing.
    pub async fn new(platform: P, config: Config, client: Client, timing: Timing) -> Result<Self> {
        let config = Arc::new(config);
        let of = |function: &'static str| Parts {
            platform: platform.of_function(function),
            config: config.clone(),
            client: client.clone(),
        };
        Ok(Self {
            receiver: WebhookReceiver::wire(&of("webhook-receiver")).await?,
            validator: OrderValidator::wire(&of("order-validator")).await?,
            importer: OrderImporter::wire(&of("order-importer")).await?,
            watcher: ShopWatcher::wire(&of("shop-watcher")).await?,
            odoo_watcher: OdooWatcher::wire(&of("odoo-watcher")).await?,
            releaser: WarehouseReleaser::wire(&of("warehouse-releaser")).await?,
            shipments: ShipmentHandler::wire(&of("shipment-handler")).await?,
            invoicer: OrderInvoicer::wire(&of("order-invoicer")).await?,
            announcer: ShipmentAnnouncer::wire(&of("shipment-announcer")).await?,
            stock: StockPublisher::wire(&of("stock-publisher")).await?,
            catalogue: CataloguePublisher::wire(&of("catalogue-publisher")).await?,
            reconciler: NightlyReconciler::wire(&of("nightly-reconciler")).await?,
            waker: Waker::wire(&of("waker")).await?,
            book: OrderBook::new(platform.clone(), config.retention.clone()),
            platform,
            config,
            timing,
            on_run: None,
        })
    }

    /// Takes one batch of a queue through its function; says how many messages there were.
    ///
    /// # Errors
    /// When the platform does not answer.
    pub async fn pump(&self, queue: QueueName) -> Result<usize, PlatformError> {
        match queue {
            QueueName::Orders => self.pump_step(&self.validator).await,
            QueueName::ValidOrders => self.pump_step(&self.importer).await,
            QueueName::Releases => self.pump_step(&self.releaser).await,
            QueueName::Shipments => self.pump_step(&self.shipments).await,
            QueueName::Invoices => self.pump_step(&self.invoicer).await,
            QueueName::Announcements => self.pump_step(&self.announcer).await,
            QueueName::Stock => self.pump_step(&self.stock).await,
            QueueName::Catalogue => self.pump_step(&self.catalogue).await,
            QueueName::Reconcile => self.pump_step(&self.reconciler).await,
        }
    }

    /// Takes every queue through its function until nothing is visible any more; wakes nothing.
    ///
    /// # Errors
    /// When the platform does not answer.
    pub async fn drain(&self) -> Result<(), PlatformError> {
        loop {
            let mut handled = 0;
            for queue in QueueName::ALL {
                handled += self.pump(queue).await?;
            }
            if handled == 0 {
                return Ok(());
            }
        }
    }

    async fn pump_step<S: Step>(&self, step: &S) -> Result<usize, PlatformError> {
        let from = QueueAddress::Work(S::QUEUE);
        let visibility = self.timing.function_timeout * VISIBILITY;
        let records = self.platform.receive(from, self.timing.batch, visibility).await?;
        if records.is_empty() {
            return Ok(0);
        }
        let timeout = SignedDuration::try_from(self.timing.function_timeout).unwrap_or(SignedDuration::MAX);
        let deadline = after(self.platform.clock().now(), timeout);
        let failed = run_batch(&self.platform, step, &records, deadline).await;
        self.ran(S::QUEUE.reader(), false);
        for record in records.iter().filter(|record| !failed.contains(&record.message_id)) {
            self.platform.delete_message(from, &record.receipt).await?;
        }
        Ok(records.len())
    }

    fn ran(&self, function: &'static str, failed: bool) {
        if let Some(on_run) = &self.on_run {
            on_run(function, failed);
        }
    }

    /// Polls a queue for ever.
    pub async fn poll(&self, queue: QueueName) {
        loop {
            match self.pump(queue).await {
                Ok(0) => tokio::time::sleep(self.timing.poll).await,
                Ok(_) => tokio::task::yield_now().await,
                Err(error) => {
                    tracing::error!(queue = queue.as_str(), error = %error, "a batch failed");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Wakes what is due, for ever.
    pub async fn wake(&self) {
        let mut schedule = schedule(self.timing.wake_every);
        loop {
            schedule.tick().await;
            let end = self.waker.wake_due().await;
            self.ran("waker", end.is_err());
            if let Err(error) = end {
                tracing::error!(error = %error, "the waker failed");
            }
        }
    }

    /// Watches the shops, for ever.
    pub async fn watch(&self) {
        let mut schedule = schedule(self.timing.watch_every);
        loop {
            schedule.tick().await;
            let deadline = after(self.platform.clock().now(), SignedDuration::from_mins(14));
            let end = self.watcher.run(deadline).await;
            self.ran("shop-watcher", end.is_err());
        }
    }

    /// Watches Odoo, for ever.
    pub async fn watch_odoo(&self) {
        let mut schedule = schedule(self.timing.odoo_every);
        loop {
            schedule.tick().await;
            let deadline = after(self.platform.clock().now(), SignedDuration::from_secs(55));
            let end = self.odoo_watcher.run(deadline).await;
            self.ran("odoo-watcher", end.is_err());
            if let Err(error) = end {
                tracing::error!(error = %error, "Odoo was not watched to the end");
            }
        }
    }

    /// Compares everything, each night, for ever. The first night begins once a whole one has passed.
    pub async fn reconcile(&self) {
        let mut schedule = schedule(self.timing.reconcile_every);
        schedule.tick().await;
        loop {
            schedule.tick().await;
            let deadline = after(self.platform.clock().now(), SignedDuration::from_secs(55));
            let end = self.reconciler.run(deadline).await;
            self.ran("nightly-reconciler", end.is_err());
            if let Err(error) = end {
                tracing::error!(error = %error, "no reconciliation was opened");
            }
        }
    }

    /// Starts every loop as a task of its own. Dropping the set stops them.
    #[must_use]
    pub fn start(self: &Arc<Self>) -> tokio::task::JoinSet<()> {
        let mut tasks = tokio::task::JoinSet::new();
        for queue in QueueName::ALL {
            let chain = self.clone();
            tasks.spawn(async move { chain.poll(queue).await });
        }
        let chain = self.clone();
        tasks.spawn(async move { chain.wake().await });
        let chain = self.clone();
        tasks.spawn(async move { chain.watch().await });
        let chain = self.clone();
        tasks.spawn(async move { chain.watch_odoo().await });
        let chain = self.clone();
        tasks.spawn(async move { chain.reconcile().await });
        tasks
    }

    /// Whether everything that the ledger holds has come to its end and no message waits. What a warehouse
    /// has still to ship, and what Odoo has not been asked for yet, is not in the ledger.
    ///
    /// # Errors
    /// When the platform does not answer.
    pub async fn settled(&self) -> Result<bool, PlatformError> {
        for queue in QueueName::ALL {
            let depth = self.platform.depth(QueueAddress::Work(queue)).await?;
            if depth.visible + depth.in_flight + depth.delayed > 0 {
                return Ok(false);
            }
        }
        Ok(self.book.under_way().await?.is_empty())
    }
}

/// As EventBridge does: at a fixed rate, however long a run takes; a run that is still at work is not doubled.
fn schedule(every: Duration) -> tokio::time::Interval {
    let mut schedule = tokio::time::interval(every);
    schedule.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    schedule
}
