//! The rate of fused multiply-adds that one core reaches: the measure for kernels on different machines.

use std::hint::black_box;
use std::time::Instant;

use crate::error::Result;

use super::{Generic, Path, Simd, Task};

/// Independent chains, enough to hide the latency of two units; fewer than there are registers.
const CHAINS: usize = 12;
/// Steps of every chain between two readings of the clock.
const STEPS: usize = 100_000;

/// Runs `CHAINS` chains of `STEPS` operations `a ← a·factor + term`.
struct Chains {
    /// Distinct starts: chains with the same numbers would be merged by the compiler.
    starts: [f64; CHAINS],
    factor: f64,
    term: f64,
}

impl<S: Simd> Task<S> for Chains {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let (factor, term) = (S::splat(self.factor), S::splat(self.term));
        let mut chains = [S::zero(); CHAINS];
        for k in 0..CHAINS {
            chains[k] = S::splat(self.starts[k]);
        }
        for _ in 0..STEPS {
            for k in 0..CHAINS {
                chains[k] = chains[k].mul_add(factor, term);
            }
        }
        let mut sum = S::zero();
        for chain in chains {
            sum = sum.add(chain);
        }
        sum.sum()
    }
}

fn rate<S: Simd>(rounds: usize) -> f64 {
    let mut best = f64::INFINITY;
    for round in 0..rounds {
        let mut starts = [0.0; CHAINS];
        starts.iter_mut().enumerate().for_each(|(k, start)| *start = 1.0 + (k + round) as f64);
        let task = black_box(Chains { starts, factor: 0.999_999, term: 1e-7 });
        let start = Instant::now();
        black_box(S::enter(task));
        best = best.min(start.elapsed().as_secs_f64());
    }
    (2 * CHAINS * STEPS * S::LANES) as f64 / best
}

/// Floating-point operations per second of one core on a path: the best of some rounds of about 0.4 ms each.
///
/// # Errors
/// Those of [`Path::resolve`].
pub fn peak(path: Path, rounds: usize) -> Result<f64> {
    Path::resolve(Some(path.name()))?;
    Ok(match path {
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => rate::<super::Avx2>(rounds),
        #[cfg(all(target_arch = "x86_64", ferrip_avx512))]
        Path::Avx512 => rate::<super::Avx512>(rounds),
        #[cfg(target_arch = "x86_64")]
        Path::Avx2Mixed => rate::<super::Avx2Single>(rounds),
        Path::GenericMixed => rate::<super::GenericSingle>(rounds),
        _ => rate::<Generic>(rounds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_positive_rate_on_every_path() -> Result<()> {
        for path in Path::supported() {
            let rate = peak(path, 2)?;
            assert!(rate.is_finite() && rate > 0.0);
        }
        Ok(())
    }
}
