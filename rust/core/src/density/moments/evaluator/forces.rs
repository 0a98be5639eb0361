//! Gradients of `Σ_μ f_μ(r) p_μ(x̂, ŷ, ẑ)` with respect to the vectors to the neighbors: neighbors in lanes.

use crate::simd::Simd;

use super::layout::Layout;
use super::neighborhood::Geometry;

/// A polynomial and its gradient at `N` vectors of points.
#[derive(Clone, Copy)]
struct Jet<S, const N: usize> {
    value: [S; N],
    x: [S; N],
    y: [S; N],
}

/// Gradients with respect to `N` vectors of neighbors. `coefficients` are those of the polynomials in the order
/// of [`Layout::horner`], `functions` values and derivatives of the radial functions of every vector.
#[inline(always)]
pub fn gradients<S: Simd, const N: usize>(
    layout: &Layout,
    coefficients: &[f64],
    geometry: &[Geometry<S>],
    functions: &[S],
) -> [[S; 3]; N] {
    let n_functions = layout.functions.len();
    let mut unit = [[S::zero(); N]; 3];
    for n in 0..N {
        for axis in 0..3 {
            unit[axis][n] = geometry[n].unit[axis];
        }
    }
    let mut angular = [[S::zero(); N]; 3];
    let mut along = [S::zero(); N];
    let mut rest = coefficients;
    for (k, &(_, degree)) in layout.functions.iter().enumerate() {
        let (even, tail) = rest.split_at((degree + 1) * (degree + 2) / 2);
        let (odd, tail) = tail.split_at(degree * (degree + 1) / 2);
        rest = tail;
        let mut jet = horner::<S, N>(even, &unit);
        let mut z = [S::zero(); N];
        if !odd.is_empty() {
            let upper = horner::<S, N>(odd, &unit);
            z = upper.value;
            for n in 0..N {
                jet.value[n] = upper.value[n].mul_add(unit[2][n], jet.value[n]);
                jet.x[n] = upper.x[n].mul_add(unit[2][n], jet.x[n]);
                jet.y[n] = upper.y[n].mul_add(unit[2][n], jet.y[n]);
            }
        }
        for n in 0..N {
            let f = functions[2 * n * n_functions + k];
            along[n] = functions[(2 * n + 1) * n_functions + k].mul_add(jet.value[n], along[n]);
            angular[0][n] = f.mul_add(jet.x[n], angular[0][n]);
            angular[1][n] = f.mul_add(jet.y[n], angular[1][n]);
            angular[2][n] = f.mul_add(z[n], angular[2][n]);
        }
    }
    let mut out = [[S::zero(); 3]; N];
    for n in 0..N {
        let [x, y, z] = geometry[n].unit;
        let radial = x.mul_add(angular[0][n], y.mul_add(angular[1][n], z.mul(angular[2][n])));
        let along = radial.neg_mul_add(geometry[n].inverse, along[n]);
        for (axis, u) in [x, y, z].into_iter().enumerate() {
            out[n][axis] = angular[axis][n].mul_add(geometry[n].inverse, along.mul(u));
        }
    }
    out
}

/// A polynomial in x and y by Horner's rule: rows of falling powers of y, of 1, 2, 3 … falling powers of x.
#[inline(always)]
fn horner<S: Simd, const N: usize>(coefficients: &[f64], [x, y, _]: &[[S; N]; 3]) -> Jet<S, N> {
    let zero = [S::zero(); N];
    let mut jet = Jet { value: zero, x: zero, y: zero };
    let mut rest = coefficients;
    let mut length = 1;
    while rest.len() >= length {
        let (row, tail) = rest.split_at(length);
        rest = tail;
        length += 1;
        let mut value = [S::splat(row[0]); N];
        let mut slope = zero;
        for &c in &row[1..] {
            let c = S::splat(c);
            for n in 0..N {
                slope[n] = slope[n].mul_add(x[n], value[n]);
                value[n] = value[n].mul_add(x[n], c);
            }
        }
        for n in 0..N {
            jet.y[n] = jet.y[n].mul_add(y[n], jet.value[n]);
            jet.value[n] = jet.value[n].mul_add(y[n], value[n]);
            jet.x[n] = jet.x[n].mul_add(y[n], slope[n]);
        }
    }
    jet
}
