//! Who buys: names in every script.

use crossdock_core::Entropy;

use crate::shops::{Buyer, Place};

const NAMES: [(&str, &str); 14] = [
    ("Ann", "Rivera"),
    ("Jörg", "Müller-Lüdenscheidt"),
    ("Łukasz", "Żółć"),
    ("Anaïs", "O'Neill"),
    ("Никита", "Жуков"),
    ("Ελένη", "Παπαδοπούλου"),
    ("美咲", "佐藤"),
    ("伟", "张"),
    ("지우", "김"),
    ("محمد", "الأحمد"),
    ("נועה", "כהן"),
    ("प्रिया", "शर्मा"),
    ("Zoë 🚲", "Smith"),
    ("Bob", "Smith & Sons <Ltd>"),
];

/// A buyer: of some orders a guest, of some one that has bought before, of some a company.
pub(super) fn buyer(entropy: &Entropy, order: usize, company: bool) -> Buyer {
    // One in five comes back, with the same account and name.
    let person = if entropy.chance(200) { order % 7 } else { order + 100 };
    let guest = entropy.chance(250) && !company;
    let known = regular(person);
    Buyer {
        id: known.id.filter(|_| !guest),
        email: if guest { format!("buyer-guest{person}@example.test") } else { known.email },
        company: company.then(|| format!("Company {person} GmbH")),
        vat: company.then(|| format!("12-{person:07}")),
        ..known
    }
}

/// Somebody with an account. The same number is the same person.
pub(super) fn regular(person: usize) -> Buyer {
    let (first, last) = NAMES[person % NAMES.len()];
    Buyer {
        id: Some(70_000 + person as u64),
        email: format!("buyer{person}@example.test"),
        first: first.into(),
        last: last.into(),
        company: None,
        vat: None,
    }
}

pub(super) fn place(entropy: &Entropy, german: bool) -> Place {
    let house = entropy.below(200) + 1;
    if german {
        Place {
            street: format!("Lange Straße {house}"),
            city: "Köln".into(),
            zip: "50667".into(),
            region: None,
            country: "DE".into(),
        }
    } else {
        Place {
            street: format!("{house} Main St"),
            city: "Oakland".into(),
            zip: "94607".into(),
            region: Some("CA".into()),
            country: "US".into(),
        }
    }
}
