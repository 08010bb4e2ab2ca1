//! The cases about products, stock and what is told of them.

use super::{App, Case, articles, automation, counts, kits, price_changes, pricelists, receipts, stock};

pub(super) fn stocked() -> Vec<Case> {
    cases! { true
        stock {
            what_is_sold_is_free_no_more_and_only_where_it_is_shipped_from
            what_is_sold_and_not_reserved_is_free_for_odoo_and_available_to_nobody
            figures_are_over_just_the_warehouses_that_are_named
            a_sale_shows_among_the_changed_moves
            a_count_by_hand_shows_among_the_changed_quants
            an_archived_product_shows_among_the_changed_products_and_keeps_its_sku
            every_product_comes_once_page_by_page
        }
        counts {
            a_correction_changes_the_count_and_is_found_by_its_reference
            goods_are_found_where_there_were_none
            one_lot_is_corrected_and_no_other
            a_count_that_the_stock_has_overtaken_is_not_booked
            a_count_from_an_old_look_is_told_as_moved
            a_count_that_somebody_took_away_is_not_booked_as_zero
            several_counts_are_booked_together_or_not_at_all
            what_is_meant_for_transfers_and_not_there_is_let_go
            what_moved_since_a_time_is_seen
            what_odoo_does_not_count_is_refused
            on_17_booking_takes_an_administrator_of_the_inventory
        }
        receipts {
            what_came_in_is_done_and_found_by_the_receipt
            what_is_still_to_come_is_found_under_the_first_name
            what_will_not_come_is_dropped_with_the_receipt
            lots_come_in_by_name_whether_odoo_knows_them_or_not
            serial_numbers_come_in_one_by_one_and_none_twice
            the_same_once_more_before_it_is_validated_changes_nothing
            what_comes_in_is_reserved_for_what_waits_for_it
            a_transfer_is_found_by_what_it_was_made_for_and_its_own_name_goes_first
            what_comes_back_or_goes_out_or_into_another_warehouse_is_no_receipt
            of_two_steps_the_first_is_received_and_the_second_waits_for_people
            of_three_steps_the_first_is_received_and_the_others_wait_for_people
        }
    }
}

pub(super) fn assembled() -> Vec<Case> {
    let cases = cases! { true
        kits {
            a_kit_is_promised_by_its_scarcest_component
            a_kit_is_not_promised_by_what_is_sold_and_not_reserved
            a_component_that_moves_leads_to_its_kits
            a_kit_within_a_kit_is_found_and_taken_apart
            a_kit_of_all_variants_has_lines_for_some_of_them
            of_a_variants_own_bill_and_the_one_of_all_the_first_in_sequence_counts
            a_bill_of_another_company_or_an_archived_one_is_none
            a_dozen_of_a_component_is_twelve
            what_limits_a_kit_is_what_odoo_counts
        }
    };
    cases.into_iter().map(|case| Case { needs: Some(App::Manufacturing), ..case }).collect()
}

pub(super) fn purchased() -> Vec<Case> {
    let cases = cases! { true
        receipts { a_purchase_order_is_received_under_its_number_in_parts }
    };
    cases.into_iter().map(|case| Case { needs: Some(App::Purchase), ..case }).collect()
}

pub(super) fn sold() -> Vec<Case> {
    cases! { true
        articles {
            an_article_has_what_a_channel_shows_of_it
            what_nobody_filled_in_is_none
            a_unit_is_named_in_the_language_of_the_channel
            the_taxes_of_an_article_are_those_of_the_company_that_sells_it
            a_product_with_an_archived_tax_alone_is_not_called_untaxed
            a_variant_has_its_values_and_a_title_with_them
            what_is_archived_or_not_for_sale_is_read_and_not_sellable
            every_article_comes_once_page_by_page
            a_reference_that_is_no_sku_is_told_and_not_dropped
            a_sku_that_two_products_have_is_seen_and_an_archived_twin_is_none
        }
        pricelists {
            a_product_without_a_rule_has_its_sales_price
            the_rule_of_a_product_goes_before_its_categorys_and_before_the_one_for_all
            a_quantity_from_which_a_rule_holds_is_a_step
            a_step_of_another_product_is_none_of_this_one
            half_a_cent_is_rounded_as_odoo_shows_it
            a_formula_discounts_rounds_and_adds_in_this_order
            a_formula_keeps_within_its_margins
            a_markup_on_cost_starts_from_the_cost
            a_pricelist_that_rests_on_another_has_its_steps_too
            a_pricelist_in_another_currency_converts_what_is_not_in_its_own
            what_a_variant_costs_beyond_is_in_its_price_and_its_own_rule_comes_first
            a_rule_holds_between_its_dates
            a_pricelist_that_is_gone_is_missing_and_no_other_takes_its_place
        }
        price_changes {
            a_rule_that_was_written_is_seen_with_what_it_is_about
            a_rule_is_seen_when_it_begins_and_after_it_has_ended
            a_pricelist_rests_on_others_and_its_time_moves_when_a_rule_is_taken_out
            a_template_that_was_written_shows_all_its_variants
        }
    }
}

pub(super) fn hinted() -> Vec<Case> {
    cases! { true
        automation {
            a_rule_that_hints_is_made_once_and_taken_away
            rules_hint_at_what_a_product_costs_and_at_nothing_else_of_it
            a_user_who_is_no_administrator_makes_no_rule
        }
    }
}
