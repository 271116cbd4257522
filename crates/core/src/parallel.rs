//! Work in fixed pieces on all cores. The pieces do not depend on the number of threads and their results come back in order, so
//! neither do the bits. Threads live for one call: a pool would not survive a fork of the Python process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;

/// Threads worth starting for `n` pieces. The system is asked once: the question costs more than a small fit.
fn threads(n: usize) -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    if n < 2 { 1 } else { n.min(*CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))) }
}

/// A thread, if the system has room for one: the work is done without it, too.
fn spawned<'scope, R: Send + 'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    work: impl FnOnce() -> R + Send + 'scope,
) -> Option<thread::ScopedJoinHandle<'scope, R>> {
    thread::Builder::new().spawn_scoped(scope, work).ok()
}

/// `f(0), f(1), …, f(n − 1)`, in order.
pub fn map<R: Send>(n: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let threads = threads(n);
    if threads < 2 {
        return (0..n).map(f).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                return done;
            }
            done.push((i, f(i)));
        }
    };
    let mut found: Vec<(usize, R)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).filter_map(|_| spawned(scope, work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    found.sort_by_key(|(i, _)| *i);
    found.into_iter().map(|(_, r)| r).collect()
}

/// Fixed ranges of at most `size` that cover `0..n`.
pub fn ranges(n: usize, size: usize) -> Vec<std::ops::Range<usize>> {
    (0..n.div_ceil(size.max(1))).map(|i| i * size..((i + 1) * size).min(n)).collect()
}

/// `f` of each of the ranges that cover `0..n`, in order.
pub fn map_ranges<R: Send>(n: usize, size: usize, f: impl Fn(std::ops::Range<usize>) -> R + Sync) -> Vec<R> {
    let ranges = ranges(n, size);
    map(ranges.len(), |i| f(ranges[i].clone()))
}

/// `f` of every item, on all cores. Items own what they write, so the order of the work does not matter.
pub fn each<T: Send>(items: Vec<T>, f: impl Fn(T) + Sync) {
    let threads = threads(items.len());
    if threads < 2 {
        items.into_iter().for_each(f);
        return;
    }
    let queue = Mutex::new(items.into_iter());
    let work = || {
        loop {
            // a panic elsewhere poisons the queue; the scope will pass it on
            let item = queue.lock().map_or(None, |mut q| q.next());
            match item {
                Some(item) => f(item),
                None => return,
            }
        }
    };
    thread::scope(|scope| {
        (1..threads).for_each(|_| {
            spawned(scope, work);
        });
        work();
    });
}

/// Cuts a slice into pieces of the given lengths.
pub fn split<T>(mut slice: &mut [T], lengths: impl IntoIterator<Item = usize>) -> Vec<&mut [T]> {
    let mut out = Vec::new();
    for n in lengths {
        let (piece, rest) = slice.split_at_mut(n);
        out.push(piece);
        slice = rest;
    }
    out
}
