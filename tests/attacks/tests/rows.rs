//! Each row of the tables is a test of its own, on a chain of its own.

use attacks::{faults, tables};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let trials = tables::all().into_iter().map(|row| {
        Trial::test(row.name.clone(), move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
            let faults = runtime.expect("a runtime").block_on(faults(&row));
            if faults.is_empty() { Ok(()) } else { Err(Failed::from(faults.join("\n"))) }
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}
