//! SIMD vectors with run-time dispatch: one generic kernel, one machine-code copy per backend.
//!
//! Backends of double precision hold `f64`. Those of mixed precision hold twice as many `f32` and exchange `f64` with
//! memory: kernels on them add up in single precision what a vector adds up, and in double precision what is stored.
//!
//! A kernel is written once as a [`Task`] over [`Simd`], with everything on its way marked
//! `#[inline(always)]`; [`Simd::enter`] compiles it inside a function that has the backend's instructions
//! enabled. Values of a backend other than [`Generic`] must exist only inside `enter`, which the caller may
//! use only where [`Path::is_supported`] holds; [`Path::resolve`] is the gate.

use std::marker::PhantomData;
use std::ops::IndexMut;

use crate::error::{Error, Result};

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_single;
#[cfg(all(target_arch = "x86_64", ferrip_avx512))]
mod avx512;
pub mod exponential;
mod generic;
pub mod peak;
pub mod select;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx2_single::Avx2Single;
#[cfg(all(target_arch = "x86_64", ferrip_avx512))]
pub use avx512::Avx512;
pub use generic::{Generic, GenericSingle};

/// Most lanes that any backend has.
pub const MAX_LANES: usize = 8;

/// A number of one lane.
pub trait Scalar: Copy + Default + Send + Sync + std::fmt::Debug + std::ops::AddAssign + 'static {
    /// The nearest number.
    fn rounded(value: f64) -> Self;
}

impl Scalar for f64 {
    #[inline(always)]
    fn rounded(value: f64) -> Self {
        value
    }
}

impl Scalar for f32 {
    #[inline(always)]
    fn rounded(value: f64) -> Self {
        value as Self
    }
}

/// A vector of [`Self::LANES`] numbers.
#[expect(clippy::return_self_not_must_use, reason = "arithmetic, nobody forgets its result")]
pub trait Simd: Copy + Send + Sync + std::fmt::Debug + 'static {
    /// Number of lanes.
    const LANES: usize;
    /// The path that this backend implements.
    const PATH: Path;
    /// What a lane holds.
    type Scalar: Scalar;
    /// As many vectors as lanes, `[Self; LANES]`.
    type Block: Copy + IndexMut<usize, Output = Self>;

    /// Runs a kernel with this backend's instructions enabled.
    fn enter<T: Task<Self>>(task: T) -> T::Output;

    /// All lanes equal.
    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self::broadcast(Self::Scalar::rounded(value))
    }
    /// All lanes equal.
    fn broadcast(value: Self::Scalar) -> Self;
    /// The lanes as they are; those beyond [`Self::LANES`] are 0.
    fn scalars(self) -> [Self::Scalar; MAX_LANES];
    /// The first `LANES` numbers of a slice that has at least as many.
    fn load(from: &[f64]) -> Self;
    /// Writes the lanes to the first `LANES` numbers of a slice that has at least as many.
    fn store(self, to: &mut [f64]);
    /// `self + b`
    fn add(self, b: Self) -> Self;
    /// `self − b`
    fn sub(self, b: Self) -> Self;
    /// `self · b`
    fn mul(self, b: Self) -> Self;
    /// `self / b`
    fn div(self, b: Self) -> Self;
    /// `√self`
    fn sqrt(self) -> Self;
    /// The smaller of both, lane by lane.
    fn min(self, b: Self) -> Self;
    /// The larger of both, lane by lane.
    fn max(self, b: Self) -> Self;
    /// `self · b + c`, fused where the hardware does it.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// `self · b − c`, fused where the hardware does it.
    fn mul_sub(self, b: Self, c: Self) -> Self;
    /// `c − self · b`, fused where the hardware does it.
    fn neg_mul_add(self, b: Self, c: Self) -> Self;
    /// Whole parts and fractions of numbers in `0 ..= i32::MAX`.
    fn split(self) -> ([u32; MAX_LANES], Self);
    /// Whether any lane is smaller than that of `b`.
    #[inline(always)]
    fn any_less(self, b: Self) -> bool {
        let (a, b) = (self.lanes(), b.lanes());
        a[..Self::LANES].iter().zip(&b).any(|(a, b)| a < b)
    }
    /// As many vectors as lanes from a [`Strided`] slice, the first from number `start` on.
    #[inline(always)]
    fn load_strided(from: &Strided<'_, Self>, start: usize) -> Self::Block {
        let mut block = Self::zero_block();
        for k in 0..Self::LANES {
            block[k] = Self::load(&from.numbers[start + k * from.stride..]);
        }
        block
    }
    /// Writes as many vectors as lanes to a [`StridedMut`] slice, the first to number `start` on.
    #[inline(always)]
    fn store_strided(block: Self::Block, to: &mut StridedMut<'_, Self>, start: usize) {
        for k in 0..Self::LANES {
            block[k].store(&mut to.numbers[start + k * to.stride..]);
        }
    }
    /// Transposes a square block: lane `j` of vector `i` goes to lane `i` of vector `j`.
    fn transpose(block: Self::Block) -> Self::Block;
    /// A block of zeros.
    fn zero_block() -> Self::Block;
    /// Sums over the lanes of the vectors of a block: lane `i` of the result is the sum of vector `i`.
    #[inline(always)]
    fn reduce(block: Self::Block) -> Self {
        let rows = Self::transpose(block);
        let mut sum = rows[0].add(rows[1]);
        for k in 2..Self::LANES {
            sum = sum.add(rows[k]);
        }
        sum
    }

    /// All lanes 0.
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(0.0)
    }

    /// The lanes; those beyond [`Self::LANES`] are 0.
    #[inline(always)]
    fn lanes(self) -> [f64; MAX_LANES] {
        let mut lanes = [0.0; MAX_LANES];
        self.store(&mut lanes);
        lanes
    }

    /// Sum over the lanes.
    #[inline(always)]
    fn sum(self) -> f64 {
        self.lanes().iter().sum()
    }
}

/// Numbers from which vectors are loaded that lie a stride apart, as many as lanes at a time.
#[derive(Debug, Clone, Copy)]
pub struct Strided<'a, S> {
    numbers: &'a [f64],
    stride: usize,
    /// Where such vectors can start: one comparison checks them all.
    starts: usize,
    lanes: PhantomData<S>,
}

impl<'a, S: Simd> Strided<'a, S> {
    /// Vectors of some numbers.
    #[inline(always)]
    pub fn new(numbers: &'a [f64], stride: usize) -> Self {
        Self { numbers, stride, starts: starts::<S>(numbers, stride), lanes: PhantomData }
    }
}

/// As [`Strided`], to be written.
#[derive(Debug)]
pub struct StridedMut<'a, S> {
    numbers: &'a mut [f64],
    stride: usize,
    starts: usize,
    lanes: PhantomData<S>,
}

impl<'a, S: Simd> StridedMut<'a, S> {
    /// Vectors of some numbers.
    #[inline(always)]
    pub fn new(numbers: &'a mut [f64], stride: usize) -> Self {
        let starts = starts::<S>(numbers, stride);
        Self { numbers, stride, starts, lanes: PhantomData }
    }

    /// The same vectors, to be read.
    #[inline(always)]
    pub fn shared(&self) -> Strided<'_, S> {
        Strided { numbers: self.numbers, stride: self.stride, starts: self.starts, lanes: PhantomData }
    }
}

/// Number of places at which as many vectors as lanes can start.
#[inline(always)]
fn starts<S: Simd>(numbers: &[f64], stride: usize) -> usize {
    let extent = stride.saturating_mul(S::LANES - 1).saturating_add(S::LANES - 1);
    numbers.len().saturating_sub(extent)
}

/// A kernel that [`Simd::enter`] can run; implement `run` with `#[inline(always)]`.
pub trait Task<S> {
    /// What it returns.
    type Output;
    /// The kernel.
    fn run(self) -> Self::Output;
}

/// A backend that can be chosen at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// Plain arrays of four, for any processor (auto-vectorised).
    Generic,
    /// AVX2 and FMA, four lanes.
    Avx2,
    /// AVX-512F, eight lanes.
    Avx512,
    /// Mixed precision, plain arrays of eight.
    GenericMixed,
    /// Mixed precision, AVX2 and FMA, eight lanes.
    Avx2Mixed,
}

impl Path {
    /// Those of double precision, fastest first.
    const DOUBLE: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Generic];
    /// Those of mixed precision, fastest first.
    const MIXED: [Self; 2] = [Self::Avx2Mixed, Self::GenericMixed];

    /// Name as in the `simd` argument.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::GenericMixed => "generic-mixed",
            Self::Avx2Mixed => "avx2-mixed",
        }
    }

    /// Whether this build and this processor have it.
    pub fn is_supported(self) -> bool {
        match self {
            Self::Generic | Self::GenericMixed => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 | Self::Avx2Mixed => {
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
            }
            #[cfg(all(target_arch = "x86_64", ferrip_avx512))]
            Self::Avx512 => is_x86_feature_detected!("avx512f") && Self::Avx2.is_supported(),
            #[allow(unreachable_patterns, reason = "which paths remain depends on target and compiler")]
            _ => false,
        }
    }

    /// Whether kernels on this path compute in mixed precision.
    pub fn is_mixed(self) -> bool {
        Self::MIXED.contains(&self)
    }

    /// Supported paths of double precision, fastest first.
    pub fn supported() -> Vec<Self> {
        Self::DOUBLE.into_iter().filter(|path| path.is_supported()).collect()
    }

    /// Supported paths of mixed precision, fastest first.
    pub fn supported_mixed() -> Vec<Self> {
        Self::MIXED.into_iter().filter(|path| path.is_supported()).collect()
    }

    /// The fastest supported path of double precision.
    pub fn fastest() -> Self {
        Self::DOUBLE.into_iter().find(|path| path.is_supported()).unwrap_or(Self::Generic)
    }

    /// The path of this name; the fastest one without a name, the fastest of mixed precision for "mixed".
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that is unknown or not supported here.
    pub fn resolve(name: Option<&str>) -> Result<Self> {
        let Some(name) = name else { return Ok(Self::fastest()) };
        let known: Vec<Self> = [Self::supported(), Self::supported_mixed()].concat();
        let fits = |path: &Self| path.name() == name || (name == "mixed" && path.is_mixed());
        known.iter().copied().find(fits).ok_or_else(|| Error::Setting {
            name: "simd",
            reason: format!(
                "expected one of {}, mixed (what this processor and build support), got {name:?}",
                known.iter().map(|path| path.name()).collect::<Vec<_>>().join(", ")
            ),
        })
    }

    /// # Errors
    /// [`Error::Setting`] for a path of mixed precision.
    pub fn require_double(self, engine: &str) -> Result<()> {
        if !self.is_mixed() {
            return Ok(());
        }
        let reason = format!("{engine} are evaluated in double precision only");
        Err(Error::Setting { name: "precision", reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation against scalar arithmetic.
    struct Check;

    impl<S: Simd> Task<S> for Check {
        type Output = ();

        #[inline(always)]
        fn run(self) {
            let x: Vec<f64> = (0..8).map(|k| 0.37 + 1.9 * f64::from(k)).collect();
            let y: Vec<f64> = (0..8).map(|k| 5.1 - 0.7 * f64::from(k)).collect();
            let (a, b) = (S::load(&x), S::load(&y));
            let c = S::splat(2.5);
            // Rounding of the lanes, in units of what f64 gives.
            let unit = if std::mem::size_of::<S::Scalar>() == 4 { 1e9 } else { 1.0 };
            let check = |got: S, expected: &dyn Fn(f64, f64) -> f64| {
                let mut lanes = [0.0; MAX_LANES];
                got.store(&mut lanes);
                for k in 0..S::LANES {
                    assert!((lanes[k] - expected(x[k], y[k])).abs() < 1e-13 * unit);
                }
            };
            check(a.add(b), &|x, y| x + y);
            check(a.sub(b), &|x, y| x - y);
            check(a.mul(b), &|x, y| x * y);
            check(a.div(c), &|x, _| x / 2.5);
            check(a.sqrt(), &|x, _| x.sqrt());
            check(a.min(b), &|x, y| x.min(y));
            check(a.max(b), &|x, y| x.max(y));
            check(a.mul_add(b, c), &|x, y| x * y + 2.5);
            check(a.neg_mul_add(b, c), &|x, y| 2.5 - x * y);
            assert!(a.any_less(c) && !b.any_less(S::splat(y[S::LANES - 1])));
            let long: Vec<f64> = (0..41).map(f64::from).collect();
            let scalars = a.scalars();
            check(S::broadcast(scalars[1]), &|_, _| x[1]);
            let strided = Strided::<S>::new(&long, 4);
            assert_eq!(strided.starts, long.len() - 5 * (S::LANES - 1));
            let rows = S::load_strided(&strided, 1);
            for k in 0..S::LANES {
                assert!((rows[k].lanes()[1] - (4 * k + 2) as f64).abs() < 1e-15);
            }
            let mut copy = vec![0.0; 90];
            let mut strided = StridedMut::<S>::new(&mut copy, 9);
            S::store_strided(rows, &mut strided, 3);
            let again = S::load_strided(&strided.shared(), 3);
            for k in 0..S::LANES {
                assert_eq!(again[k].lanes().map(f64::to_bits), rows[k].lanes().map(f64::to_bits));
            }
            let (whole, fraction) = a.split();
            check(fraction, &|x, _| x.fract());
            for k in 0..S::LANES {
                assert_eq!(whole[k], x[k] as u32);
            }
            // In single precision the exponent is rounded as well.
            let digits = |exponent: f64| 4e-16 * if unit > 1.0 { unit * (1.0 + exponent.abs()) } else { 1.0 };
            for scale in [1.3, 0.04, 1e-17, -1e-7, -0.1, -1.0, -7.3, -5000.0] {
                let exponents = a.mul(S::splat(scale));
                let results = [exponential::exp(exponents), exponential::exp_beyond_linear(exponents)];
                let ([whole, beyond], x) = (results.map(S::lanes), exponents.lanes());
                for k in 0..S::LANES {
                    let exact = x[k].max(-708.0).exp();
                    assert!((whole[k] - exact).abs() < digits(x[k]) * exact + 1e-37, "{}", x[k]);
                    let exact = if x[k].abs() < 1e-5 { 0.5 * x[k] * x[k] } else { x[k].exp_m1() - x[k] };
                    let scale = exact + if x[k].abs() < 1e-5 { 0.0 } else { x[k].abs() };
                    let error = (beyond[k] - exact).abs();
                    assert!(
                        x[k] < -708.0 || error <= (digits(x[k]) + x[k].abs().min(1e-5)) * scale,
                        "{}",
                        x[k]
                    );
                }
            }
            let total: f64 = x[..S::LANES].iter().sum();
            assert!((a.sum() - total).abs() < 1e-12 * unit);
            let mut block = S::zero_block();
            (block[1], block[3]) = (c, a);
            let sums = S::reduce(block).lanes();
            assert!((sums[1] - 2.5 * S::LANES as f64).abs() < 1e-12 * unit && sums[2] == 0.0);
            assert!((sums[3] - total).abs() < 1e-12 * unit);
            let mut block = S::zero_block();
            for i in 0..S::LANES {
                let row: Vec<f64> = (0..S::LANES).map(|j| (10 * i + j) as f64).collect();
                block[i] = S::load(&row);
            }
            let block = S::transpose(block);
            for i in 0..S::LANES {
                let mut lanes = [0.0; MAX_LANES];
                block[i].store(&mut lanes);
                for (j, lane) in lanes.iter().take(S::LANES).enumerate() {
                    assert!((lane - (10 * j + i) as f64).abs() < 1e-15);
                }
            }
        }
    }

    #[test]
    fn every_supported_backend_computes() {
        for path in [Path::supported(), Path::supported_mixed()].concat() {
            match path {
                Path::Generic => Generic::enter(Check),
                #[cfg(target_arch = "x86_64")]
                Path::Avx2 => Avx2::enter(Check),
                #[cfg(all(target_arch = "x86_64", ferrip_avx512))]
                Path::Avx512 => Avx512::enter(Check),
                Path::GenericMixed => GenericSingle::enter(Check),
                #[cfg(target_arch = "x86_64")]
                Path::Avx2Mixed => Avx2Single::enter(Check),
                #[allow(unreachable_patterns, reason = "which paths remain depends on target and compiler")]
                _ => unreachable!("{path:?} is not supported here"),
            }
        }
    }

    #[test]
    fn names_resolve() {
        assert_eq!(Path::resolve(Some("generic")), Ok(Path::Generic));
        assert_eq!(Path::resolve(None).map(Path::is_supported), Ok(true));
        assert_eq!(Path::resolve(Some("mixed")), Ok(Path::supported_mixed()[0]));
        assert!(Path::fastest().require_double("splines").is_ok());
        assert!(Path::GenericMixed.require_double("splines").is_err());
        assert!(matches!(Path::resolve(Some("sse9")), Err(Error::Setting { name: "simd", .. })));
    }
}
