//! `eˣ` in lanes, and what of it is beyond the linear part.
//!
//! x = n ln 2 + r with a whole number n, so that |r| ≤ ½ ln 2, and `eʳ = 1 + r + r² q(r)` by its Taylor series. ln 2 is split
//! in two, the first part with few enough digits that its product with n is exact in double precision. Hence
//!
//! ```text
//! eˣ = 2ⁿ (1 + r + r² q),     eˣ − 1 − x = 2ⁿ r² q + (2ⁿ − 1) r + (2ⁿ − 1 − n ln 2)
//! ```
//!
//! of which the second is r² q near 0, without cancellation.

use std::f64::consts;

use super::{MAX_LANES, Simd};

/// Where results are about to leave the normal numbers.
const RANGE: [f64; 2] = [-708.0, 709.0];
/// First 32 bits of ln 2, and the rest.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
/// Exponents of numbers are stored with this added.
const BIAS: f64 = 1023.0;
/// 1 / k! from k = 13 down to 2; the next term is below 5e-18.
const INVERSE_FACTORIALS: [f64; 12] = [
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
];

/// `n`, `2ⁿ`, `r` and `r² q(r)`.
struct Parts<S> {
    n: S,
    power: S,
    r: S,
    rest: S,
}

#[inline(always)]
fn parts<S: Simd>(x: S) -> Parts<S> {
    let x = x.max(S::splat(RANGE[0])).min(S::splat(RANGE[1]));
    let above = x.mul_add(S::splat(consts::LOG2_E), S::splat(BIAS + 0.5));
    let (exponents, fraction) = above.split();
    let n = above.sub(fraction).sub(S::splat(BIAS));
    let r = n.neg_mul_add(S::splat(LN_2[1]), n.neg_mul_add(S::splat(LN_2[0]), x));
    let mut q = S::splat(INVERSE_FACTORIALS[0]);
    for &term in &INVERSE_FACTORIALS[1..] {
        q = q.mul_add(r, S::splat(term));
    }
    let mut powers = [0.0; MAX_LANES];
    for (power, exponent) in powers.iter_mut().zip(exponents) {
        *power = f64::from_bits(u64::from(exponent) << 52);
    }
    Parts { n, power: S::load(&powers), r, rest: r.mul(r).mul(q) }
}

/// `eˣ`, that of the nearest end for x below −708 and above 709.
#[inline(always)]
pub fn exp<S: Simd>(x: S) -> S {
    let Parts { power, r, rest, .. } = parts(x);
    rest.add(r).add(S::splat(1.0)).mul(power)
}

/// `eˣ − 1 − x`, for x within the range of [`exp`].
#[inline(always)]
pub fn exp_beyond_linear<S: Simd>(x: S) -> S {
    let Parts { n, power, r, rest } = parts(x);
    let beyond_one = power.sub(S::splat(1.0));
    let of_n = n.neg_mul_add(S::splat(consts::LN_2), beyond_one);
    power.mul_add(rest, beyond_one.mul_add(r, of_n))
}
