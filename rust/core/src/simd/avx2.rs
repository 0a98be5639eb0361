//! AVX2 with fused multiply-add: four lanes.

#![expect(unsafe_code, reason = "processor intrinsics")]

use core::arch::x86_64 as x86;

use super::{MAX_LANES, Path, Simd, Strided, StridedMut, Task};

const LANES: usize = 4;

/// Four `f64` in one 256-bit register.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(x86::__m256d);

/// Calls an intrinsic.
///
/// SAFETY of every use: values of [`Avx2`] exist only inside [`Simd::enter`] (module doc of
/// [`super`]), hence on a processor with AVX2 and FMA.
macro_rules! intrinsic {
    ($name:ident($($argument:expr),*)) => {
        // SAFETY: see the macro's doc.
        unsafe { x86::$name($($argument),*) }
    };
}

impl Simd for Avx2 {
    const LANES: usize = LANES;
    const PATH: Path = Path::Avx2;
    type Scalar = f64;
    type Block = [Self; LANES];

    fn enter<T: Task<Self>>(task: T) -> T::Output {
        #[target_feature(enable = "avx2,fma")]
        unsafe fn inner<T: Task<Avx2>>(task: T) -> T::Output {
            task.run()
        }
        debug_assert!(Path::Avx2.is_supported());
        // SAFETY: callers resolved `Path::Avx2`, so the processor has both features.
        unsafe { inner(task) }
    }

    #[inline(always)]
    fn broadcast(value: f64) -> Self {
        Self(intrinsic!(_mm256_set1_pd(value)))
    }

    #[inline(always)]
    fn scalars(self) -> [f64; MAX_LANES] {
        self.lanes()
    }

    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        let from = &from[..LANES];
        Self(intrinsic!(_mm256_loadu_pd(from.as_ptr())))
    }

    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        let to = &mut to[..LANES];
        intrinsic!(_mm256_storeu_pd(to.as_mut_ptr(), self.0));
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_add_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_sub_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_mul_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_div_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(intrinsic!(_mm256_sqrt_pd(self.0)))
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_min_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        Self(intrinsic!(_mm256_max_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self(intrinsic!(_mm256_fmadd_pd(self.0, b.0, c.0)))
    }

    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        Self(intrinsic!(_mm256_fmsub_pd(self.0, b.0, c.0)))
    }

    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        Self(intrinsic!(_mm256_fnmadd_pd(self.0, b.0, c.0)))
    }

    #[inline(always)]
    fn split(self) -> ([u32; MAX_LANES], Self) {
        let whole = intrinsic!(_mm256_cvttpd_epi32(self.0));
        let fraction = intrinsic!(_mm256_sub_pd(self.0, x86::_mm256_cvtepi32_pd(whole)));
        let mut out = [0_u32; MAX_LANES];
        intrinsic!(_mm_storeu_si128(out.as_mut_ptr().cast(), whole));
        (out, Self(fraction))
    }

    #[inline(always)]
    fn any_less(self, b: Self) -> bool {
        // SAFETY: as in `intrinsic!`.
        unsafe { x86::_mm256_movemask_pd(x86::_mm256_cmp_pd::<{ x86::_CMP_LT_OQ }>(self.0, b.0)) != 0 }
    }

    #[inline(always)]
    fn load_strided(from: &Strided<'_, Self>, start: usize) -> Self::Block {
        assert!(start < from.starts, "vectors within the slice");
        // SAFETY: vectors that start there end within the slice (`Strided::new`); intrinsics as in `intrinsic!`.
        unsafe {
            let (start, stride) = (from.numbers.as_ptr().add(start), from.stride);
            [
                Self(x86::_mm256_loadu_pd(start)),
                Self(x86::_mm256_loadu_pd(start.add(stride))),
                Self(x86::_mm256_loadu_pd(start.add(2 * stride))),
                Self(x86::_mm256_loadu_pd(start.add(3 * stride))),
            ]
        }
    }

    #[inline(always)]
    fn store_strided(block: Self::Block, to: &mut StridedMut<'_, Self>, start: usize) {
        assert!(start < to.starts, "vectors within the slice");
        // SAFETY: as in `load_strided`.
        unsafe {
            let (start, stride) = (to.numbers.as_mut_ptr().add(start), to.stride);
            x86::_mm256_storeu_pd(start, block[0].0);
            x86::_mm256_storeu_pd(start.add(stride), block[1].0);
            x86::_mm256_storeu_pd(start.add(2 * stride), block[2].0);
            x86::_mm256_storeu_pd(start.add(3 * stride), block[3].0);
        }
    }

    #[inline(always)]
    fn transpose(block: Self::Block) -> Self::Block {
        let [Self(a), Self(b), Self(c), Self(d)] = block;
        let (ab0, ab1) = (intrinsic!(_mm256_unpacklo_pd(a, b)), intrinsic!(_mm256_unpackhi_pd(a, b)));
        let (cd0, cd1) = (intrinsic!(_mm256_unpacklo_pd(c, d)), intrinsic!(_mm256_unpackhi_pd(c, d)));
        // SAFETY: as in `intrinsic!`.
        unsafe {
            [
                Self(x86::_mm256_permute2f128_pd::<0x20>(ab0, cd0)),
                Self(x86::_mm256_permute2f128_pd::<0x20>(ab1, cd1)),
                Self(x86::_mm256_permute2f128_pd::<0x31>(ab0, cd0)),
                Self(x86::_mm256_permute2f128_pd::<0x31>(ab1, cd1)),
            ]
        }
    }

    #[inline(always)]
    fn zero_block() -> Self::Block {
        [Self::splat(0.0); LANES]
    }

    #[inline(always)]
    fn reduce([a, b, c, d]: Self::Block) -> Self {
        let ab = intrinsic!(_mm256_hadd_pd(a.0, b.0));
        let cd = intrinsic!(_mm256_hadd_pd(c.0, d.0));
        // SAFETY: as in `intrinsic!`.
        let (low, high) = unsafe {
            (x86::_mm256_permute2f128_pd::<0x20>(ab, cd), x86::_mm256_permute2f128_pd::<0x31>(ab, cd))
        };
        Self(low).add(Self(high))
    }
}
