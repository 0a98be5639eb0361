//! `eˣ` in lanes, for numbers that are not positive.
//!
//! `eˣ = 2⁻ⁿ eʳ` with the whole number n nearest to −x / ln 2, so that |r| ≤ ½ ln 2, and the Taylor polynomial of eʳ. ln 2
//! is split in two, the first part with few enough digits that its product with n is exact.

use super::{MAX_LANES, Simd};

/// Where results are about to leave the normal numbers.
const LOWEST: f64 = -708.0;
/// First 32 bits of ln 2, and the rest.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
/// 1 / k! from k = 13 down to 0; the next term is below 5e-18.
const INVERSE_FACTORIALS: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// `eˣ` for x ≤ 0 (or above by rounding); that of −708 below.
#[inline(always)]
pub fn exp_not_positive<S: Simd>(x: S) -> S {
    let x = x.max(S::splat(LOWEST));
    let halves = x.neg_mul_add(S::splat(std::f64::consts::LOG2_E), S::splat(0.5));
    let (whole, fraction) = halves.split();
    let n = halves.sub(fraction);
    let r = n.mul_add(S::splat(LN_2[1]), n.mul_add(S::splat(LN_2[0]), x));
    let mut sum = S::splat(INVERSE_FACTORIALS[0]);
    for &term in &INVERSE_FACTORIALS[1..] {
        sum = sum.mul_add(r, S::splat(term));
    }
    let mut powers = [0.0; MAX_LANES];
    for (power, n) in powers.iter_mut().zip(whole) {
        *power = f64::from_bits(u64::from(1023_u32.saturating_sub(n)) << 52);
    }
    sum.mul(S::load(&powers))
}
