//! The whole flow on MiniStack, from the webhook to the parcel: the very same Terraform, the real bootstraps,
//! each with its own role.
//!
//! One test, because bringing it up takes minutes: each part begins with what the part before left.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod flow {
    pub mod console;
    pub mod crash;
    pub mod rights;
    pub mod world;
}

use flow::{console, crash, rights, world::World};

/// Each kind of story occurs within forty orders.
const FIRST: usize = 40;
/// And so many more while functions are killed.
const KILLED: usize = 24;

#[test]
fn orders_are_imported_shipped_invoiced_and_announced_in_the_cloud_and_under_kill_9() {
    let mut world = World::up();
    rights::each_function_may_do_its_own_work_and_nothing_else(&world);
    rights::a_function_without_a_permission_fails_loudly(&world);

    world.poison();
    world.play(0..FIRST);
    // The first orders are on their way through warehouses and carriers when the killing begins.
    let killer = crash::Killer::start(world.port);
    world.play(FIRST..FIRST + KILLED);
    let kills = killer.stop();
    assert!(kills >= 10, "only {kills} processes were killed");
    world.watch_the_shops();
    world.settle();
    world.assert_every_order_is_where_it_belongs();
    world.assert_what_was_sent_is_shipped_invoiced_paid_and_announced();
    world.assert_every_channel_counts_and_asks_as_odoo_says();
    world.assert_a_reconciliation_comes_to_its_end();
    world.assert_the_poison_is_a_dead_letter();
    console::people_see_what_became_of_an_order_and_send_a_dead_letter_back(&world);
    world.assert_the_poison_went_back();

    world.assert_a_second_apply_changes_nothing();
    world.assert_destroy_leaves_nothing();
}
