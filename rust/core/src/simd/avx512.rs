//! AVX-512F: eight lanes.

#![expect(unsafe_code, reason = "processor intrinsics")]
#![expect(clippy::incompatible_msrv, reason = "compiled only where build.rs found Rust 1.89 or later")]

use core::arch::x86_64 as x86;

use super::{MAX_LANES, Path, Simd, Task};

const LANES: usize = 8;

/// Eight `f64` in one 512-bit register.
#[derive(Debug, Clone, Copy)]
pub struct Avx512(x86::__m512d);

/// Calls an intrinsic.
///
/// SAFETY of every use: values of [`Avx512`] exist only inside [`Simd::enter`] (module doc of
/// [`super`]), hence on a processor with AVX-512F, AVX2 and FMA.
macro_rules! intrinsic {
    ($name:ident$(::<$constant:literal>)?($($argument:expr),*)) => {
        // SAFETY: see the macro's doc.
        unsafe { x86::$name$(::<$constant>)?($($argument),*) }
    };
}

impl Simd for Avx512 {
    const LANES: usize = LANES;
    const PATH: Path = Path::Avx512;
    type Scalar = f64;
    type Block = [Self; LANES];

    fn enter<T: Task<Self>>(task: T) -> T::Output {
        #[target_feature(enable = "avx512f,avx2,fma")]
        unsafe fn inner<T: Task<Avx512>>(task: T) -> T::Output {
            task.run()
        }
        debug_assert!(Path::Avx512.is_supported());
        // SAFETY: callers resolved `Path::Avx512`, so the processor has these features.
        unsafe { inner(task) }
    }

    #[inline(always)]
    fn broadcast(value: f64) -> Self {
        Self(intrinsic!(_mm512_set1_pd(value)))
    }

    #[inline(always)]
    fn scalars(self) -> [f64; MAX_LANES] {
        self.lanes()
    }

    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        let from = &from[..LANES];
        Self(intrinsic!(_mm512_loadu_pd(from.as_ptr())))
    }

    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        let to = &mut to[..LANES];
        intrinsic!(_mm512_storeu_pd(to.as_mut_ptr(), self.0));
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(intrinsic!(_mm512_add_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(intrinsic!(_mm512_sub_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self(intrinsic!(_mm512_mul_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Self(intrinsic!(_mm512_div_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(intrinsic!(_mm512_sqrt_pd(self.0)))
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        Self(intrinsic!(_mm512_min_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn max(self, b: Self) -> Self {
        Self(intrinsic!(_mm512_max_pd(self.0, b.0)))
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self(intrinsic!(_mm512_fmadd_pd(self.0, b.0, c.0)))
    }

    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        Self(intrinsic!(_mm512_fmsub_pd(self.0, b.0, c.0)))
    }

    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        Self(intrinsic!(_mm512_fnmadd_pd(self.0, b.0, c.0)))
    }

    #[inline(always)]
    fn split(self) -> ([u32; MAX_LANES], Self) {
        let whole = intrinsic!(_mm512_cvttpd_epi32(self.0));
        let fraction = intrinsic!(_mm512_sub_pd(self.0, x86::_mm512_cvtepi32_pd(whole)));
        let mut out = [0_u32; MAX_LANES];
        intrinsic!(_mm256_storeu_si256(out.as_mut_ptr().cast(), whole));
        (out, Self(fraction))
    }

    #[inline(always)]
    fn transpose(block: Self::Block) -> Self::Block {
        let [Self(a), Self(b), Self(c), Self(d), Self(e), Self(f), Self(g), Self(h)] = block;
        let even = [
            intrinsic!(_mm512_unpacklo_pd(a, b)),
            intrinsic!(_mm512_unpacklo_pd(c, d)),
            intrinsic!(_mm512_unpacklo_pd(e, f)),
            intrinsic!(_mm512_unpacklo_pd(g, h)),
        ];
        let odd = [
            intrinsic!(_mm512_unpackhi_pd(a, b)),
            intrinsic!(_mm512_unpackhi_pd(c, d)),
            intrinsic!(_mm512_unpackhi_pd(e, f)),
            intrinsic!(_mm512_unpackhi_pd(g, h)),
        ];
        let [c0, c2, c4, c6] = transpose_pairs(even);
        let [c1, c3, c5, c7] = transpose_pairs(odd);
        [Self(c0), Self(c1), Self(c2), Self(c3), Self(c4), Self(c5), Self(c6), Self(c7)]
    }

    #[inline(always)]
    fn zero_block() -> Self::Block {
        [Self::splat(0.0); LANES]
    }
}

/// Transposes four vectors of four 128-bit pairs.
#[inline(always)]
fn transpose_pairs([a, b, c, d]: [x86::__m512d; 4]) -> [x86::__m512d; 4] {
    let ab_even = intrinsic!(_mm512_shuffle_f64x2::<0x88>(a, b));
    let ab_odd = intrinsic!(_mm512_shuffle_f64x2::<0xdd>(a, b));
    let cd_even = intrinsic!(_mm512_shuffle_f64x2::<0x88>(c, d));
    let cd_odd = intrinsic!(_mm512_shuffle_f64x2::<0xdd>(c, d));
    [
        intrinsic!(_mm512_shuffle_f64x2::<0x88>(ab_even, cd_even)),
        intrinsic!(_mm512_shuffle_f64x2::<0x88>(ab_odd, cd_odd)),
        intrinsic!(_mm512_shuffle_f64x2::<0xdd>(ab_even, cd_even)),
        intrinsic!(_mm512_shuffle_f64x2::<0xdd>(ab_odd, cd_odd)),
    ]
}
