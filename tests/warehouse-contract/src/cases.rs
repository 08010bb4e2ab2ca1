//! All cases, in one list.

mod calls;
mod counts;
mod failures;
mod releases;
mod shipments;
mod stops;

use std::pin::Pin;

use crate::target::Target;

type Running<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// One promise of every warehouse's.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    /// Somebody must ship, or fail, at our word: only a simulator does.
    pub needs_floor: bool,
    pub run: for<'a> fn(&'a Target) -> Running<'a>,
}

macro_rules! cases {
    ($needs_floor:literal $($group:ident { $($case:ident)* })*) => {
        vec![$($(Case {
            name: concat!(stringify!($group), "::", stringify!($case)),
            needs_floor: $needs_floor,
            run: |target| Box::pin($group::$case(target)),
        },)*)*]
    };
}

#[must_use]
pub fn cases() -> Vec<Case> {
    [anywhere(), on_a_floor()].concat()
}

fn anywhere() -> Vec<Case> {
    cases! { false
        releases {
            a_release_is_taken_in_and_found
            what_was_never_sent_is_not_found
        }
        stops {
            what_nobody_has_begun_is_stopped_and_stays_so
            what_was_never_sent_cannot_be_stopped
        }
        failures {
            a_strangers_credentials_are_unauthorized
        }
    }
}

fn on_a_floor() -> Vec<Case> {
    cases! { true
        releases {
            everything_that_matters_arrives
            after_a_lost_answer_it_is_found_and_there_once
            a_repeat_is_harmless_where_the_kind_says_so
            what_the_warehouse_does_not_know_is_rejected_with_its_reason
            a_refusal_does_not_say_whom_it_goes_to
            a_refusal_does_not_say_our_key
            what_was_called_off_is_not_taken_in_again
            two_under_one_reference_are_told
            a_reference_arrives_whole_or_not_at_all
            long_names_and_all_scripts_arrive
            lots_that_cannot_be_prescribed_are_refused_before_anything_is_sent
            part_quantities_arrive_or_are_refused_before_anything_is_sent
        }
        stops {
            what_is_being_picked_is_not_stopped
            what_has_shipped_is_not_stopped
            a_person_decides_where_the_kind_asks
        }
        shipments {
            a_whole_shipment_is_told_as_it_is_asked
            a_part_then_the_rest_are_two_shipments
            a_call_that_comes_twice_tells_the_same
            lots_and_serials_are_told
            two_parcels_are_two
            a_shipment_that_closes_the_rest_says_so
            closing_without_goods_is_told
            a_rejection_is_told
            a_cancel_is_told
            parcels_are_followed
        }
        counts {
            all_that_lies_there_is_told_once_in_pages
            what_has_shipped_is_not_counted_any_more
            what_says_nothing_to_us_is_left_out
            a_strangers_credentials_count_nothing
            who_does_not_count_is_not_asked
            only_the_warehouse_that_is_configured_is_counted
            a_page_that_was_never_told_is_not_counted
            pages_that_are_wrong_are_told_by_their_first_wrong_field
            a_vendors_answer_out_of_shape_is_garbage
            what_a_vendor_does_not_say_is_not_nothing
            pages_that_never_end_are_not_followed
        }
        failures {
            each_failure_meets_its_fate_whatever_was_asked
            what_opens_it_is_fetched_anew_once_it_is_revoked
            too_much_asked_is_throttling_however_it_is_said
            what_is_lost_on_the_way_is_ambiguous
        }
        calls {
            only_the_right_signature_opens
            an_old_secret_counts_while_it_is_live
            an_old_call_is_refused_where_its_time_is_signed
            a_call_about_nothing_ships_nothing
            a_call_that_only_says_that_something_shipped_is_enough
            no_bytes_make_it_panic
        }
    }
}
