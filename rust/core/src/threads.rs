//! One thread pool per thread count, and the rule that picks the count.
//!
//! Order (DESIGN, issue 2): argument > `FERRIP_NUM_THREADS` > `RAYON_NUM_THREADS` > number of cores.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

const LIMIT: usize = 1024;
/// How long workers stay awake for the next request: the time between two steps of MD, at most.
const LINGER: Duration = Duration::from_millis(1);

/// How often a pool was asked for.
static REQUESTS: AtomicUsize = AtomicUsize::new(0);

/// The thread count that `requested` resolves to.
///
/// # Errors
/// [`Error::Setting`] for a zero, an unreadable environment variable or more than 1024 threads.
pub fn resolve(requested: Option<usize>) -> Result<usize> {
    if let Some(n) = requested {
        return check("num_threads", n);
    }
    for name in ["FERRIP_NUM_THREADS", "RAYON_NUM_THREADS"] {
        if let Ok(text) = std::env::var(name) {
            if text.trim().is_empty() || (name == "RAYON_NUM_THREADS" && text.trim() == "0") {
                continue;
            }
            let n = text.trim().parse().map_err(|_| Error::Setting {
                name,
                reason: format!("expected a positive integer, got {text:?}"),
            })?;
            return check(name, n);
        }
    }
    Ok(std::thread::available_parallelism().map_or(1, usize::from).min(LIMIT))
}

fn check(name: &'static str, n: usize) -> Result<usize> {
    if n == 0 || n > LIMIT {
        return Err(Error::Setting { name, reason: format!("expected 1 to {LIMIT} threads, got {n}") });
    }
    Ok(n)
}

/// The shared pool with the thread count that `requested` resolves to.
///
/// # Errors
/// Those of [`resolve`], and [`Error::Setting`] if the system refuses to start the threads.
pub fn pool(requested: Option<usize>) -> Result<Arc<ThreadPool>> {
    static POOLS: OnceLock<Mutex<HashMap<usize, Arc<ThreadPool>>>> = OnceLock::new();
    let n = resolve(requested)?;
    REQUESTS.fetch_add(1, Ordering::Relaxed);
    let pools = POOLS.get_or_init(Mutex::default);
    let mut pools = pools.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(pool) = pools.get(&n) {
        return Ok(Arc::clone(pool));
    }
    let pool = ThreadPoolBuilder::new().num_threads(n).build().map_err(|error| Error::Setting {
        name: "num_threads",
        reason: format!("could not start {n} threads: {error}"),
    })?;
    let pool = Arc::new(pool);
    pools.insert(n, Arc::clone(&pool));
    Ok(pool)
}

/// Keeps `workers` threads of a pool awake until the next request for a pool, for a millisecond at most: waking them
/// takes as long as hundreds of atoms (up to half a millisecond on virtual machines).
pub(crate) fn linger(pool: &ThreadPool, workers: usize) {
    let request = REQUESTS.load(Ordering::Relaxed);
    for _ in 0..workers {
        pool.spawn(move || {
            let start = Instant::now();
            while REQUESTS.load(Ordering::Relaxed) == request && start.elapsed() < LINGER {
                std::thread::yield_now();
            }
        });
    }
}
