//! All cases, in one list.

mod articles;
mod automation;
mod batches;
mod billing;
mod cancels;
mod companies;
mod counts;
mod crashes;
mod customers;
mod edits;
mod hand_made;
mod invoices;
mod kits;
mod payments;
mod price_changes;
mod pricelists;
mod prices;
mod receipts;
mod refusals;
mod rights;
mod sales;
mod serials;
mod shipping;
mod stock;
mod texts;
mod transfers;

use std::{future::Future, panic::AssertUnwindSafe, pin::Pin};

use futures_util::FutureExt as _;

use crate::target::Target;

type Running<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What a database may do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// Kits are its bills of materials.
    Manufacturing,
    Purchase,
}

/// One promise of Odoo's and of the importer's in front of it.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    /// Something in it only an administrator may do.
    pub needs_admin: bool,
    /// What it is about is there where this is installed.
    pub needs: Option<App>,
    pub run: for<'a> fn(&'a Target) -> Running<'a>,
}

macro_rules! cases {
    ($needs_admin:literal $($group:ident { $($case:ident)* })*) => {
        vec![$($(Case {
            name: concat!(stringify!($group), "::", stringify!($case)),
            needs_admin: $needs_admin,
            needs: None,
            run: |target| Box::pin($group::$case(target)),
        },)*)*]
    };
}

macro_rules! with_auto_lock {
    ($($group:ident { $($case:ident)* })*) => {
        vec![$($(Case {
            name: concat!("with_auto_lock::", stringify!($group), "::", stringify!($case)),
            needs_admin: true,
            needs: None,
            run: |target| Box::pin(locked(target, $group::$case(target))),
        },)*)*]
    };
}

mod goods;

/// Every case once as Odoo is, and those that touch confirmed orders once more with auto-lock on.
#[must_use]
pub fn cases() -> Vec<Case> {
    [
        as_odoo_is(),
        after_the_import(),
        shipping(),
        billing(),
        goods::stocked(),
        goods::assembled(),
        goods::purchased(),
        goods::sold(),
        goods::hinted(),
        by_an_administrator(),
        with_auto_lock(),
    ]
    .concat()
}

fn as_odoo_is() -> Vec<Case> {
    cases! { false
        prices {
            prices_without_tax_come_to_the_customers_total
            prices_with_tax_come_to_the_customers_total
            a_percentage_discount_stands_beside_its_price
            a_fixed_discount_comes_to_the_customers_total
            a_fee_and_shipping_with_its_own_tax_are_lines_of_their_own
            a_zero_priced_line_stays_and_ships
            an_order_that_costs_nothing_is_confirmed
            a_gift_card_is_a_line_like_any_other
            net_prices_fit_a_tax_that_odoo_holds_in_the_price
            gross_prices_fit_a_tax_that_odoo_puts_on_top
            a_price_beyond_the_digits_is_explained_by_a_rounding_line
            a_price_that_the_digits_cannot_express_is_parked
            a_total_that_differs_is_parked_with_both_figures_and_stays_unconfirmed
            an_order_in_euro_comes_to_its_total_in_euro
            two_currencies_in_one_batch_keep_apart
            a_reloaded_draft_keeps_its_taxes
            a_company_column_would_make_odoo_compute_taxes_anew
        }
        batches {
            a_batch_costs_at_most_eight_calls_whatever_its_size
            an_order_of_two_hundred_lines_goes_through
            the_same_order_twice_is_one_order_with_the_same_lines
            the_same_order_from_an_empty_ledger_is_one_order
            an_unknown_sku_does_not_stop_its_neighbours
        }
        customers {
            a_new_customer_is_made_with_name_address_and_phone
            a_customer_with_an_account_is_made_once
            a_partner_with_the_same_email_is_referenced_and_not_written
            an_underscore_in_an_email_matches_no_stranger
            an_internal_users_email_is_never_matched
            an_email_that_two_partners_have_is_not_matched
            a_delivery_address_is_made_once_for_each_content
            a_company_customer_is_a_company_with_addresses_below_it
            a_contact_of_a_company_stays_below_its_company
        }
        sales {
            the_shops_order_date_is_kept
            nobody_follows_and_nobody_is_the_salesperson
            payment_terms_are_for_customers_whom_the_channel_has_checked
            the_buyers_own_number_is_the_customer_reference
        }
        texts {
            names_in_every_script_arrive_as_they_were_typed
            control_characters_do_not_stop_an_order
            a_note_is_text_and_not_markup
        }
        companies {
            an_order_of_the_second_company_lands_there_with_its_taxes_and_warehouse
            a_batch_of_two_companies_keeps_them_apart
            an_edit_in_the_second_company_stays_there
        }
        rights {
            a_wrong_key_is_no_orders_fault
            what_a_salesperson_may_not_do_is_refused
        }
        refusals {
            a_customer_that_odoo_refuses_parks_its_order_alone
            an_order_that_cannot_be_confirmed_parks_alone
        }
    }
}

fn after_the_import() -> Vec<Case> {
    cases! { false
        edits {
            a_lower_quantity_ends_with_one_right_delivery
            a_higher_quantity_ends_with_one_right_delivery
            a_removed_line_is_gone
            an_added_line_is_there
            everything_at_once_and_then_back_again
            another_delivery_address_reaches_the_delivery
            prices_that_move_between_lines_are_brought_over
            a_payment_alone_changes_nothing_in_odoo
            an_edit_after_goods_have_left_is_left_to_a_person
        }
        cancels {
            a_cancel_after_the_import_cancels_order_and_delivery
            a_cancel_before_the_import_makes_nothing
            a_cancel_of_an_unconfirmed_order_cancels_it
            a_cancel_after_goods_have_left_is_left_to_a_person
            an_order_that_the_channel_takes_back_up_is_confirmed_again
            a_cancel_twice_is_one_cancel
        }
        hand_made {
            an_order_cancelled_by_hand_stays_cancelled
            our_own_edit_that_was_cut_off_after_its_cancel_is_finished
            an_order_changed_by_hand_is_not_overwritten
            a_copy_made_by_hand_is_not_taken_for_the_order
        }
        crashes {
            a_crash_anywhere_in_an_import_makes_no_second_order
            a_lost_answer_makes_no_second_order
            a_crash_anywhere_in_an_edit_ends_with_one_right_delivery
            a_crash_in_an_edit_of_the_address_still_brings_the_address
            a_crash_in_a_cancel_ends_cancelled
            an_edit_that_overtakes_a_crashed_import_is_what_stands
            a_late_load_is_refused_by_the_fence_and_changes_nothing
            two_importers_on_one_ledger_make_one_order
            two_importers_without_a_common_ledger_make_one_order
        }
    }
}

fn billing() -> Vec<Case> {
    cases! { false
        invoices {
            a_complete_shipment_is_invoiced_to_the_orders_total
            three_partial_invoices_come_to_the_orders_total
            goods_invoiced_as_ordered_are_invoiced_as_they_ship
            goods_invoiced_as_delivered_are_invoiced_as_they_ship
            an_order_is_invoiced_at_once_where_the_policy_says_so
            a_discounted_order_that_ships_in_part_gets_an_invoice_and_no_credit_note
            invoicing_twice_makes_one_invoice
            orders_of_one_customer_get_an_invoice_each
            an_order_in_euro_is_invoiced_in_euro
            an_order_of_the_second_company_is_invoiced_and_paid_there
        }
        payments {
            a_company_has_journals_with_an_account_for_money_on_its_way
            two_gateways_and_a_gift_card_pay_one_invoice
            one_prepayment_pays_the_invoices_of_two_shipments
            a_payment_in_euro_pays_an_invoice_in_euro
            a_payment_registered_twice_is_one_payment
            a_payment_left_in_draft_is_posted_with_its_journal_entry
            two_payments_with_one_gateway_id_are_seen
            a_payment_that_a_person_took_back_is_seen_as_that
            a_payment_that_is_used_up_is_not_used_again
            an_invoice_that_a_person_had_paid_takes_nothing_more
            a_batch_of_ten_is_invoiced_and_paid_in_two_calls_an_order
        }
        billing {
            each_shipment_is_invoiced_and_paid_from_what_was_paid
            a_crash_anywhere_in_billing_makes_nothing_twice
            a_payment_of_an_unmapped_gateway_parks_once_the_rest_is_done
            two_payments_with_one_id_park_and_neither_is_used
            ten_shipped_orders_cost_two_calls_each
        }
    }
}

fn shipping() -> Vec<Case> {
    cases! { false
        shipping {
            a_complete_shipment_leaves_nothing_open
            a_partial_shipment_leaves_a_backorder_and_the_rest_ships
            the_rest_of_a_partial_shipment_can_be_cancelled
            what_is_left_of_a_transfer_can_be_cancelled_later
            the_same_shipment_again_has_no_effect
            two_equal_partial_shipments_are_told_apart
            more_than_is_open_is_refused_and_nothing_is_written
            a_transfer_prepared_twice_is_as_if_once
            what_people_wrote_in_the_note_stays
            a_recipient_with_a_telephone_stops_nothing
            a_transfer_validated_twice_says_that_it_was_done
            a_batch_passes_over_what_ships_nothing_in_silence
            an_imported_order_ships_under_its_own_key
            shipping_one_order_takes_five_calls_and_ten_orders_fourteen
        }
        transfers {
            orders_typed_by_hand_have_keys_of_their_own
            a_transfer_is_found_by_its_name_in_its_warehouse
            a_hint_at_an_order_a_transfer_or_a_move_leads_to_its_transfers
            the_recipient_is_the_orders_delivery_address
            an_order_of_the_second_company_ships_there
        }
    }
}

fn by_an_administrator() -> Vec<Case> {
    cases! { true
        invoices {
            a_persons_draft_is_left_alone
            a_draft_that_a_person_has_changed_is_not_ours_any_more
        }
        shipping { one_transfer_that_odoo_refuses_does_not_stop_its_neighbours }
        serials {
            the_reserved_serial_numbers_ship
            another_serial_number_takes_the_place_of_the_reserved_one
            a_serial_number_reserved_for_another_order_ships_with_the_one_that_has_it
            a_serial_number_that_odoo_does_not_know_is_named
            a_serial_number_that_has_left_before_is_named
            a_partial_shipment_of_serial_numbers_needs_to_say_which
            a_line_over_two_lots_ships_from_both
            more_of_a_lot_than_there_is_is_refused
        }
        transfers {
            goods_that_come_in_later_show_in_the_moves
            closed_transfers_are_found_by_when_they_were_closed
            deliveries_that_are_done_are_found_with_the_shipment_in_their_notes
            stock_that_a_cancel_frees_is_reserved_when_asked
            a_delivery_in_two_steps_ships_step_by_step
            a_carriers_real_cost_stays_off_the_order
        }
        refusals { a_product_deleted_meanwhile_parks_its_order_alone }
        hand_made {
            an_order_deleted_in_odoo_is_not_made_again
            what_a_reconciliation_reads_is_what_people_see
            an_order_cancelled_by_somebody_else_in_the_middle_of_our_edit_stays_cancelled
        }
        customers { a_customer_merged_away_in_odoo_is_found_or_made_anew }
    }
}

fn with_auto_lock() -> Vec<Case> {
    with_auto_lock! {
        prices {
            prices_without_tax_come_to_the_customers_total
            a_price_beyond_the_digits_is_explained_by_a_rounding_line
        }
        batches {
            a_batch_costs_at_most_eight_calls_whatever_its_size
            the_same_order_twice_is_one_order_with_the_same_lines
            the_same_order_from_an_empty_ledger_is_one_order
        }
        sales {
            the_shops_order_date_is_kept
            nobody_follows_and_nobody_is_the_salesperson
        }
        edits {
            a_lower_quantity_ends_with_one_right_delivery
            a_removed_line_is_gone
            an_added_line_is_there
            another_delivery_address_reaches_the_delivery
            a_payment_alone_changes_nothing_in_odoo
            an_edit_after_goods_have_left_is_left_to_a_person
        }
        cancels {
            a_cancel_after_the_import_cancels_order_and_delivery
            a_cancel_after_goods_have_left_is_left_to_a_person
            an_order_that_the_channel_takes_back_up_is_confirmed_again
        }
        crashes {
            a_crash_anywhere_in_an_import_makes_no_second_order
            a_crash_anywhere_in_an_edit_ends_with_one_right_delivery
            a_crash_in_a_cancel_ends_cancelled
            a_late_load_is_refused_by_the_fence_and_changes_nothing
        }
    }
}

/// Runs a case while orders are locked as they are confirmed, and puts the setting back however it ends.
async fn locked(target: &Target, case: impl Future<Output = ()>) {
    let before = target.auto_lock(true).await;
    let end = AssertUnwindSafe(case).catch_unwind().await;
    target.auto_lock(before).await;
    if let Err(panic) = end {
        std::panic::resume_unwind(panic);
    }
}
