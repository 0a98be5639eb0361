//! One thread pool per thread count, and the rule that picks the count.
//!
//! Order (DESIGN, issue 2): argument > `FERRIP_NUM_THREADS` > `RAYON_NUM_THREADS` > number of cores.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

const LIMIT: usize = 1024;

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
