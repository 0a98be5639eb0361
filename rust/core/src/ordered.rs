//! Tasks that the calling thread shares with workers, and whose results it takes in their order.
//!
//! The calling thread works too: it does not go to sleep while others wake up, and takes results while they go on.
//! No thread waits for the end of a round; results that wait for an earlier one are bounded in number.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::Result;
use crate::threads;

/// Results per thread that are held at the same time.
const WINDOW: usize = 4;
/// Looks at the others before the processor is left to other processes.
const PATIENCE: usize = 2000;

/// Runs `run(i, part)` for every i below `n_tasks` on up to `num_threads` threads, and hands the parts to
/// `take(i, part)` in the order of i, on the calling thread. A part comes with what an earlier task left in it.
///
/// # Errors
/// Those of [`threads::pool`], and the first one (in the order of i) of `run`.
pub(crate) fn in_order<P: Default + Send>(
    n_tasks: usize,
    num_threads: Option<usize>,
    run: impl Fn(usize, &mut P) -> Result<()> + Sync,
    mut take: impl FnMut(usize, &P),
) -> Result<()> {
    let available = threads::resolve(num_threads)?;
    let n_threads = available.min(n_tasks);
    if n_threads <= 1 {
        let mut part = P::default();
        for task in 0..n_tasks {
            run(task, &mut part)?;
            take(task, &part);
        }
        return Ok(());
    }
    let shared = Shared::new(n_tasks, n_threads, run);
    // One worker per thread beside this one: another would wake up for nothing, on a core that is taken.
    let pool = threads::pool(Some(available - 1))?;
    let outcome = pool.in_place_scope(|scope| {
        for _ in 1..n_threads {
            scope.spawn(|_| shared.work());
        }
        shared.lead(&mut take)
    });
    threads::linger(&pool, n_threads - 1);
    outcome
}

/// On cache lines of its own (processors fetch them in pairs), so that what threads write does not slow down others that
/// read its neighbors.
#[repr(align(128))]
struct Alone<T>(T);

/// A part and the task that it was last made for.
struct Slot<P> {
    /// One more than the finished task, 0 before the first.
    finished: AtomicUsize,
    part: Mutex<(P, Result<()>)>,
}

/// What a thread finds when it looks for work.
enum Claim {
    Task(usize),
    /// Earlier results have to be taken first.
    Wait,
    /// No task is left.
    Over,
}

/// What all threads share.
struct Shared<P, R> {
    run: R,
    n_tasks: usize,
    /// First task that nobody has.
    next: Alone<AtomicUsize>,
    /// Tasks whose results were taken.
    taken: Alone<AtomicUsize>,
    /// No more tasks: one failed, or a thread panicked.
    stop: AtomicBool,
    slots: Vec<Alone<Slot<P>>>,
}

impl<P: Default, R: Fn(usize, &mut P) -> Result<()>> Shared<P, R> {
    fn new(n_tasks: usize, n_threads: usize, run: R) -> Self {
        let zero = || AtomicUsize::new(0);
        let slot = || Slot { finished: zero(), part: Mutex::new((P::default(), Ok(()))) };
        let slots = (0..WINDOW * n_threads).map(|_| Alone(slot())).collect();
        let (next, taken) = (Alone(zero()), Alone(zero()));
        Self { run, n_tasks, next, taken, stop: AtomicBool::new(false), slots }
    }

    fn claim(&self) -> Claim {
        let mut task = self.next.0.load(Ordering::Relaxed);
        loop {
            if task >= self.n_tasks || self.stop.load(Ordering::Relaxed) {
                return Claim::Over;
            }
            if task >= self.taken.0.load(Ordering::Acquire) + self.slots.len() {
                return Claim::Wait;
            }
            match self.next.0.compare_exchange_weak(task, task + 1, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Claim::Task(task),
                Err(now) => task = now,
            }
        }
    }

    fn slot(&self, task: usize) -> &Slot<P> {
        &self.slots[task % self.slots.len()].0
    }

    fn execute(&self, task: usize) {
        let slot = self.slot(task);
        let mut held = slot.part.lock().unwrap_or_else(PoisonError::into_inner);
        let (part, outcome) = &mut *held;
        *outcome = (self.run)(task, part);
        drop(held);
        slot.finished.store(task + 1, Ordering::Release);
    }

    /// What a worker does.
    fn work(&self) {
        let _guard = StopOnPanic(&self.stop);
        let mut patience = Patience::default();
        loop {
            match self.claim() {
                Claim::Task(task) => {
                    self.execute(task);
                    patience = Patience::default();
                }
                Claim::Wait => patience.wait(),
                Claim::Over => return,
            }
        }
    }

    /// What the calling thread does: takes the next result where there is one, and works otherwise.
    fn lead(&self, take: &mut impl FnMut(usize, &P)) -> Result<()> {
        let _guard = StopOnPanic(&self.stop);
        let mut patience = Patience::default();
        let mut taken = 0;
        while taken < self.n_tasks {
            let slot = self.slot(taken);
            if slot.finished.load(Ordering::Acquire) == taken + 1 {
                let mut held = slot.part.lock().unwrap_or_else(PoisonError::into_inner);
                let (part, outcome) = &mut *held;
                if let Err(error) = std::mem::replace(outcome, Ok(())) {
                    self.stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
                take(taken, part);
                taken += 1;
                self.taken.0.store(taken, Ordering::Release);
                patience = Patience::default();
                continue;
            }
            match self.claim() {
                Claim::Task(task) => self.execute(task),
                Claim::Over if self.stop.load(Ordering::Relaxed) => break,
                Claim::Wait | Claim::Over => patience.wait(),
            }
        }
        Ok(())
    }
}

/// Waits without sleep at first, then leaves the processor to others.
#[derive(Default)]
struct Patience(usize);

impl Patience {
    fn wait(&mut self) {
        self.0 += 1;
        if self.0 < PATIENCE {
            std::hint::spin_loop();
        } else {
            std::thread::yield_now();
        }
    }
}

/// Ends the work of all threads where one panics; the panic itself goes on through the scope.
struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::in_order;
    use crate::error::Error;

    fn failure(task: usize) -> Error {
        Error::Setting { name: "task", reason: task.to_string() }
    }

    #[test]
    fn takes_results_in_order() {
        for threads in [1, 2, 3, 7] {
            for n in [0, 1, 2, 5, 300] {
                let mut seen = Vec::new();
                let run = |task: usize, part: &mut usize| {
                    *part = task * task;
                    Ok(())
                };
                in_order(n, Some(threads), run, |task, part| seen.push((task, *part))).unwrap();
                assert_eq!(seen, (0..n).map(|task| (task, task * task)).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn reports_the_first_error() {
        for threads in [1, 2, 5] {
            let run = |task: usize, (): &mut ()| if task % 50 == 49 { Err(failure(task)) } else { Ok(()) };
            let mut last = 0;
            let error = in_order(400, Some(threads), run, |task, ()| last = task).unwrap_err();
            assert_eq!((error.to_string(), last), (failure(49).to_string(), 48));
        }
    }

    #[test]
    fn passes_panics_on() {
        for threads in [1, 2, 5] {
            let run = |task: usize, (): &mut ()| if task == 77 { panic!("task {task}") } else { Ok(()) };
            let outcome = std::panic::catch_unwind(|| in_order(400, Some(threads), run, |_, ()| ()));
            assert!(outcome.is_err(), "{threads} threads");
        }
    }
}
