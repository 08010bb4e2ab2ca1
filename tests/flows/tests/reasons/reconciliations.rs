//! What keeps a reconciliation from its end.

use crossdock_core::{ReasonCode, ids::SliceKey};
use crossdock_platform::{Subject, queue::send_all, reconciliation::Scope};
use flows::shops::flow;
use simulators::shops::{Fault, FaultKind};

use super::parked;

#[tokio::test(start_paused = true)]
async fn a_shop_that_refuses_to_be_compared_is_a_persons_and_keeps_no_other_back() {
    let (flow, _, shops) = flow(|_| {}).await;
    shops.woo.faults.inject(Fault { times: 1, kind: FaultKind::Status(400) });
    let scope = Scope::last(flow.chain.book.now(), 48, 0, true);
    let (id, message) = flow.chain.book.open_run(scope).await.unwrap();
    send_all(&flow.chain.platform, &Vec::from_iter(message)).await.unwrap();
    flow.drain().await;
    let slice = Subject::Slice(SliceKey::new(id.clone(), "orders.woo".parse().unwrap()));
    let why = parked(&flow, &slice, ReasonCode::ReconciliationRefused).await;
    assert!(why.contains("400"), "{why}");
    let run = flow.chain.book.run(&id).await.unwrap();
    assert!(run.is_done() && run.slices.len() == 6, "{run:?}");
    flow.replay(&slice).await;
    assert!(flow.parked_beside().await.is_empty());
}
