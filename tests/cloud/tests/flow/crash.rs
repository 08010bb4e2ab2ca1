//! Kills the processes of functions.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// Between two rounds, each of which kills every function that runs.
const PAUSE: Duration = Duration::from_secs(4);

pub struct Killer {
    done: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Killer {
    /// Kills until it is stopped.
    pub fn start(port: u16) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let stop = done.clone();
        let thread = std::thread::spawn(move || {
            let mut kills = 0;
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(PAUSE);
                kills += kill_all(port);
            }
            kills
        });
        Self { done, thread }
    }

    /// How many processes were killed.
    pub fn stop(self) -> usize {
        self.done.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// `kill -9` for every bootstrap of this MiniStack; it unpacks each into a folder that names its port.
fn kill_all(port: u16) -> usize {
    let listed = Command::new("ps").args(["-eo", "pid=,args="]).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout);
    let folder = format!("ministack-provided-code-{port}/");
    let bootstraps = listed.lines().filter(|line| line.contains(&folder) && line.contains("bootstrap"));
    let numbers = bootstraps.filter_map(|line| line.split_whitespace().next());
    numbers
        .filter(|number| Command::new("kill").args(["-9", number]).status().is_ok_and(|s| s.success()))
        .count()
}
