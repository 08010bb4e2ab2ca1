//! Whose a shipment is: by what we released, else by what Odoo calls the transfer.

use std::collections::BTreeMap;

use crossdock_core::{OrderKey, ReleaseKey, ShipmentKey, WarehouseId};
use crossdock_odoo::transfers;
use crossdock_platform::{
    Platform, Trouble,
    fulfilment::{Fulfilment, Shipment},
};
use jiff::Timestamp;

use crate::{ShipmentHandler, each_once};

/// Whose shipments are: the order, and the `sale.order` in Odoo.
pub(crate) type Owners = BTreeMap<ShipmentKey, (OrderKey, i64)>;

impl<P: Platform> ShipmentHandler<P> {
    /// A shipment that is nobody's yet is not in the answer.
    pub(crate) async fn resolve(
        &self,
        shipments: &[Shipment],
        deadline: Timestamp,
    ) -> Result<Owners, Trouble> {
        let mut owners = Owners::new();
        let mut unknown: BTreeMap<&WarehouseId, Vec<(&ShipmentKey, &str)>> = BTreeMap::new();
        for shipment in shipments {
            let Some(content) = &shipment.content else { continue };
            let release = ReleaseKey::new(shipment.key.warehouse.clone(), content.reference.clone());
            match self.by_release(&release).await? {
                Some(owner) => {
                    owners.insert(shipment.key.clone(), owner);
                }
                None => {
                    let of = unknown.entry(&shipment.key.warehouse).or_default();
                    of.push((&shipment.key, content.reference.as_str()));
                }
            }
        }
        for (warehouse, wanted) in unknown {
            self.by_name(warehouse, &wanted, deadline, &mut owners).await?;
        }
        Ok(owners)
    }

    async fn by_release(&self, release: &ReleaseKey) -> Result<Option<(OrderKey, i64)>, Trouble> {
        let Some(order) = self.book.owner(release).await? else { return Ok(None) };
        let fulfilment = self.book.document::<Fulfilment>(&order).await?;
        Ok(fulfilment.filter(|f| f.sale > 0).map(|f| (order, f.sale)))
    }

    async fn by_name(
        &self,
        warehouse: &WarehouseId,
        wanted: &[(&ShipmentKey, &str)],
        deadline: Timestamp,
        owners: &mut Owners,
    ) -> Result<(), Trouble> {
        let Some(house) = self.house_anywhere(warehouse).await? else { return Ok(()) };
        let odoo = self.odoo.until(deadline);
        let names: Vec<String> =
            wanted.iter().flat_map(|(_, name)| [(*name).to_owned(), plain(name).to_owned()]).collect();
        self.pace.enter(3).await??;
        let found = transfers::sales_of(&odoo, house, &names).await;
        self.pace.learn(&found).await?;
        let found = found?;
        let keys = transfers::keys(&odoo, &each_once(found.values().copied())).await;
        self.pace.learn(&keys).await?;
        let keys = keys?;
        for (shipment, name) in wanted {
            let sale = found.get(*name).or_else(|| found.get(plain(name)));
            if let Some((sale, order)) = sale.and_then(|sale| Some((*sale, keys.get(sale)?))) {
                owners.insert((*shipment).clone(), (order.clone(), sale));
            }
        }
        Ok(())
    }

    /// Odoo's id of a warehouse, in whichever of the channels' companies has it.
    pub(crate) async fn house_anywhere(&self, warehouse: &WarehouseId) -> Result<Option<i64>, Trouble> {
        let Some(config) = self.config.warehouse(warehouse) else { return Ok(None) };
        Ok(self.catalogue.warehouse(self.config.companies(), &config.odoo).await?)
    }
}

/// A reference without the number of a further release.
fn plain(reference: &str) -> &str {
    match reference.rsplit_once('.') {
        Some((name, number)) if number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() => name,
        _ => reference,
    }
}
