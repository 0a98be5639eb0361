//! AVX2 with fused multiply-add in single precision: eight lanes.

#![expect(unsafe_code, reason = "processor intrinsics")]

use core::arch::x86_64 as x86;

use super::{Avx2, MAX_LANES, Path, Simd, Task};

const LANES: usize = 8;

/// Eight `f32` in one 256-bit register.
#[derive(Debug, Clone, Copy)]
pub struct Avx2Single(x86::__m256);

/// Calls an intrinsic.
///
/// SAFETY of every use: values of [`Avx2Single`] exist only inside [`Simd::enter`] (module doc of
/// [`super`]), hence on a processor with AVX2 and FMA.
macro_rules! intrinsic {
    ($name:ident($($argument:expr),*)) => {
        // SAFETY: see the macro's doc.
        unsafe { x86::$name($($argument),*) }
    };
}

/// A task of this backend as one that [`Avx2`], which needs the same instructions, can enter.
struct Single<T>(T);

impl<T: Task<Avx2Single>> Task<Avx2> for Single<T> {
    type Output = T::Output;

    #[inline(always)]
    fn run(self) -> Self::Output {
        self.0.run()
    }
}

impl Simd for Avx2Single {
    const LANES: usize = LANES;
    const PATH: Path = Path::Avx2Mixed;
    type Scalar = f32;
    type Block = [Self; LANES];

    fn enter<T: Task<Self>>(task: T) -> T::Output {
        Avx2::enter(Single(task))
    }

    #[inline(always)]
    fn broadcast(value: f32) -> Self {
        Self(intrinsic!(_mm256_set1_ps(value)))
    }

    #[inline(always)]
    fn scalars(self) -> [f32; MAX_LANES] {
        let mut lanes = [0.0; MAX_LANES];
        intrinsic!(_mm256_storeu_ps(lanes.as_mut_ptr(), self.0));
        lanes
    }

    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        let from = &from[..LANES];
        // SAFETY: both halves lie within the slice; intrinsics as in `intrinsic!`.
        let [low, high] = unsafe {
            [x86::_mm256_loadu_pd(from.as_ptr()), x86::_mm256_loadu_pd(from.as_ptr().add(LANES / 2))]
        };
        Self(intrinsic!(_mm256_set_m128(x86::_mm256_cvtpd_ps(high), x86::_mm256_cvtpd_ps(low))))
    }

    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        let to = &mut to[..LANES];
        // SAFETY: both halves lie within the slice; intrinsics as in `intrinsic!`.
        unsafe {
            let [low, high] = [x86::_mm256_castps256_ps128(self.0), x86::_mm256_extractf128_ps::<1>(self.0)];
            x86::_mm256_storeu_pd(to.as_mut_ptr(), x86::_mm256_cvtps_pd(low));
            x86::_mm256_storeu_pd(to.as_mut_ptr().add(LANES / 2), x86::_mm256_cvtps_pd(high));
        }
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_add_ps(self.0, b.0)))
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_sub_ps(self.0, b.0)))
    }

    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_mul_ps(self.0, b.0)))
    }

    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_div_ps(self.0, b.0)))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(intrinsic!(_mm256_sqrt_ps(self.0)))
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_min_ps(self.0, b.0)))
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_max_ps(self.0, b.0)))
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self(intrinsic!(_mm256_fmadd_ps(self.0, b.0, c.0)))
    }

    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        Self(intrinsic!(_mm256_fmsub_ps(self.0, b.0, c.0)))
    }

    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        Self(intrinsic!(_mm256_fnmadd_ps(self.0, b.0, c.0)))
    }

    #[inline(always)]
    fn split(self) -> ([u32; MAX_LANES], Self) {
        let whole = intrinsic!(_mm256_cvttps_epi32(self.0));
        let fraction = intrinsic!(_mm256_sub_ps(self.0, x86::_mm256_cvtepi32_ps(whole)));
        let mut out = [0_u32; MAX_LANES];
        intrinsic!(_mm256_storeu_si256(out.as_mut_ptr().cast(), whole));
        (out, Self(fraction))
    }

    #[inline(always)]
    fn any_less(self, b: Self) -> bool {
        // SAFETY: as in `intrinsic!`.
        unsafe { x86::_mm256_movemask_ps(x86::_mm256_cmp_ps::<{ x86::_CMP_LT_OQ }>(self.0, b.0)) != 0 }
    }

    #[inline(always)]
    fn transpose(block: Self::Block) -> Self::Block {
        // Pairs of rows, then quadruples, then halves of registers.
        let mut pairs = block;
        for k in 0..LANES / 2 {
            let (a, b) = (block[2 * k].0, block[2 * k + 1].0);
            pairs[2 * k] = Self(intrinsic!(_mm256_unpacklo_ps(a, b)));
            pairs[2 * k + 1] = Self(intrinsic!(_mm256_unpackhi_ps(a, b)));
        }
        let mut fours = block;
        for half in 0..2 {
            for part in 0..2 {
                let (a, b) = (pairs[4 * half + part].0, pairs[4 * half + part + 2].0);
                // SAFETY: as in `intrinsic!`.
                let (low, high) =
                    unsafe { (x86::_mm256_shuffle_ps::<0x44>(a, b), x86::_mm256_shuffle_ps::<0xEE>(a, b)) };
                fours[4 * half + 2 * part] = Self(low);
                fours[4 * half + 2 * part + 1] = Self(high);
            }
        }
        let mut out = block;
        for k in 0..LANES / 2 {
            let (a, b) = (fours[k].0, fours[k + LANES / 2].0);
            // SAFETY: as in `intrinsic!`.
            let (low, high) = unsafe {
                (x86::_mm256_permute2f128_ps::<0x20>(a, b), x86::_mm256_permute2f128_ps::<0x31>(a, b))
            };
            out[k] = Self(low);
            out[k + LANES / 2] = Self(high);
        }
        out
    }

    #[inline(always)]
    fn zero_block() -> Self::Block {
        [Self::broadcast(0.0); LANES]
    }
}
