//! Sources of tracking news: who tells where a parcel is. EasyPost, for whatever carriers it follows.
//!
//! [`receive`] verifies and reads calls and touches nothing outside.
//!
//! **Invariant:** a parser here never panics, whatever the bytes. What leaves it holds no personal data: where a
//! parcel was, and who signed for it, is dropped here.

mod easypost;

pub use crossdock_core::hook::{FieldError, Refusal};
use crossdock_core::{config::CarrierKind, shipment::Notice};
use http::HeaderMap;
use secrecy::SecretString;

/// Verifies and reads one call.
///
/// `secrets` holds every live secret of the carrier, the newest first. The answer is one of `Parcels`, `Ignored`
/// and `Unreadable`. News come in any order and more than once: `ParcelNews::at` says which is the newest.
///
/// # Errors
/// [`Refusal`] says what to answer.
pub fn receive(
    kind: CarrierKind,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[SecretString],
) -> Result<Notice, Refusal> {
    match kind {
        CarrierKind::Easypost => easypost::receive(headers, body, secrets),
    }
}
