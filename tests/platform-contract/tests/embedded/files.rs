//! A database in a file: what survives, and what several processes do to it at once.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Barrier,
};

use crossdock_core::{Clock, Entropy};
use crossdock_platform::{
    Condition, Key, Ledger, PlatformError, Put, Queue, Read,
    embedded::{Embedded, EmbeddedOptions},
};
use platform_contract::tools::{LONG, QUEUE, WORK, first, outgoing, write};

use crate::{new_file, paused};

const CHILD_PATH: &str = "CROSSDOCK_TEST_CHILD_PATH";

fn open(path: &Path) -> Embedded {
    Embedded::open(path, Clock::System, Entropy::system()).unwrap()
}

#[test]
fn finds_again_what_was_written_before_a_crash() {
    paused(async {
        for power_safe in [false, true] {
            let path = new_file();
            let options = EmbeddedOptions { power_safe, ..EmbeddedOptions::plain() };
            let p = Embedded::open_with(&path, options, Clock::System, Entropy::system()).unwrap();
            p.put(first("order#1", "state")).await.unwrap();
            p.send_batch(QUEUE, vec![outgoing("sent")]).await.unwrap();
            // No close and no checkpoint: all of it is still in the write-ahead log.
            std::mem::forget(p);
            let p = open(&path);
            assert!(p.get(&Key::new("order#1", "state"), Read::Consistent).await.unwrap().is_some());
            assert_eq!(p.receive(WORK, 10, LONG).await.unwrap()[0].body, "sent");
        }
    });
}

#[test]
fn opens_a_new_file_for_several_processes_at_the_same_moment() {
    const PROCESSES: usize = 8;
    for _ in 0..40 {
        let path = new_file();
        let barrier = Barrier::new(PROCESSES);
        std::thread::scope(|scope| {
            for _ in 0..PROCESSES {
                scope.spawn(|| {
                    barrier.wait();
                    // Again at once: the first to close leaves while others are still opening.
                    drop(open(&path));
                    drop(open(&path));
                });
            }
        });
    }
}

#[test]
fn lets_one_of_several_processes_win_each_version() {
    const WRITERS: usize = 4;
    const ROUNDS: u64 = 50;
    let path = new_file();
    let barrier = Barrier::new(WRITERS);
    // A writer that panicked would leave the others waiting at the barrier: the answers are judged later.
    let race = |writer: usize, p: Embedded| {
        let mut answers = Vec::new();
        paused(async {
            for round in 0..ROUNDS {
                let condition = if round == 0 { Condition::Absent } else { Condition::Version(round) };
                let mine = write("order#1", "state", condition, &format!("{writer} in {round}"));
                barrier.wait();
                answers.push(p.put(mine).await);
                barrier.wait();
            }
        });
        answers
    };
    let answers: Vec<_> = std::thread::scope(|scope| {
        let race = &race;
        let handles: Vec<Embedded> = (0..WRITERS).map(|_| open(&path)).collect();
        let writers: Vec<_> =
            handles.into_iter().enumerate().map(|(writer, p)| scope.spawn(move || race(writer, p))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    for round in 0..ROUNDS {
        let of_round =
            answers.iter().map(|answers| answers[usize::try_from(round).unwrap()].clone().unwrap());
        let (won, lost): (Vec<_>, Vec<_>) =
            of_round.enumerate().partition(|(_, put)| matches!(put, Put::Written { .. }));
        let [(winner, Put::Written { version })] = &won[..] else { panic!("round {round}: {won:?}") };
        assert_eq!(*version, round + 1);
        for (_, put) in lost {
            let Put::Conflict { current: Some(seen) } = put else { panic!("round {round}: {put:?}") };
            assert_eq!((seen.version, seen.token), (round + 1, format!("{winner} in {round}")));
        }
    }
}

#[test]
fn hands_each_message_to_one_of_several_processes() {
    let path = new_file();
    let sender = open(&path);
    paused(async {
        for n in 0..20 {
            let batch = (0..10).map(|m| outgoing(&format!("{n}.{m}"))).collect();
            sender.send_batch(QUEUE, batch).await.unwrap();
        }
    });
    let mut all: Vec<String> = std::thread::scope(|scope| {
        let receive_all = || {
            let p = open(&path);
            let mut bodies = Vec::new();
            paused(async {
                loop {
                    let some = p.receive(WORK, 3, LONG).await.unwrap();
                    if some.is_empty() {
                        break;
                    }
                    for message in some {
                        p.delete_message(WORK, &message.receipt).await.unwrap();
                        bodies.push(message.body);
                    }
                }
            });
            bodies
        };
        let receivers: Vec<_> = (0..3).map(|_| scope.spawn(receive_all)).collect();
        receivers.into_iter().flat_map(|receiver| receiver.join().unwrap()).collect()
    });
    all.sort();
    let count = all.len();
    all.dedup();
    assert_eq!((count, all.len()), (200, 200), "each message once");
}

/// Not a test of its own: the process that the next test kills.
#[test]
#[ignore = "runs as the child of another test"]
#[expect(clippy::print_stdout, reason = "standard output is how it acknowledges")]
fn writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD_PATH).map(PathBuf::from) else { return };
    let p = open(&path);
    paused(async {
        for n in 0.. {
            p.put(first(&format!("order#{n}"), "state")).await.unwrap();
            p.send_batch(QUEUE, vec![outgoing(&n.to_string())]).await.unwrap();
            println!("acknowledged {n}");
        }
    });
}

#[test]
fn loses_nothing_that_was_acknowledged_when_its_process_is_killed() {
    let path = new_file();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "files::writes_until_it_is_killed"])
        .env(CHILD_PATH, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let acknowledged =
        |line: String| line.split_once("acknowledged ").and_then(|(_, n)| n.parse::<u32>().ok());
    let mut last = lines.by_ref().filter_map(acknowledged).find(|n| *n >= 300).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    // What it still said before it died counts too.
    last = lines.filter_map(acknowledged).last().unwrap_or(last);

    let p = open(&path);
    let messages = p.messages(WORK).unwrap();
    paused(async {
        for n in 0..=last {
            let key = Key::new(format!("order#{n}"), "state");
            assert!(p.get(&key, Read::Consistent).await.unwrap().is_some(), "order {n} of {last} is lost");
            assert_eq!(messages[n as usize], n.to_string());
        }
    });
}

#[test]
fn opens_no_file_that_is_not_its_own() {
    let path = new_file();
    std::fs::write(&path, "a text that is much longer than nothing at all".repeat(100)).unwrap();
    let error = Embedded::open(&path, Clock::System, Entropy::system()).unwrap_err();
    assert!(matches!(error, PlatformError::Corrupt { .. }), "{error}");
    let nowhere = path.with_file_name("no-such-folder").join("crossdock.db");
    let error = Embedded::open(&nowhere, Clock::System, Entropy::system()).unwrap_err();
    assert!(error.to_string().contains("no-such-folder"), "{error}");
}

#[test]
fn keeps_its_files_from_other_users() {
    use std::os::unix::fs::PermissionsExt;
    let path = new_file();
    let p = open(&path);
    paused(async { drop(p.put(first("order#1", "state")).await.unwrap()) });
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} can be read by others", file.path().display());
    }
}
