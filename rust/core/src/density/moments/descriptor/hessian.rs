//! Second derivatives of a linear combination of scalars in the moments, along several directions at once.

use crate::density::moments::Products;
use crate::simd::{Generic, MAX_LANES, Path, Simd, Task};

use super::below::Beside;

/// Products of the Hessian of `E = Σ c B` in the moments with directions `[direction][moment]`, along all of which only
/// the moments of one radial function change; `beside` are the products that it takes part in, `nodes` are the values and
/// `bars` the adjoints of all nodes.
pub fn hessian_products(
    products: &Products,
    beside: &Beside,
    nodes: &[f64],
    bars: &[f64],
    directions: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    let task = HessianTask { products, beside, nodes, bars, directions };
    match Path::fastest() {
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => crate::simd::Avx2::enter(task),
        #[cfg(all(target_arch = "x86_64", ferrip_avx512))]
        Path::Avx512 => crate::simd::Avx512::enter(task),
        _ => Generic::enter(task),
    }
}

/// Directions in lanes: tangents forward, their adjoints back.
struct HessianTask<'a> {
    products: &'a Products,
    beside: &'a Beside,
    nodes: &'a [f64],
    bars: &'a [f64],
    directions: &'a [Vec<f64>],
}

impl<S: Simd> Task<S> for HessianTask<'_> {
    type Output = Vec<Vec<f64>>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let mut out = vec![vec![0.0; self.products.moments().len()]; self.directions.len()];
        let mut rest = (self.directions, &mut out[..]);
        // Indices and values of nodes are read once for several vectors of directions.
        while !rest.0.is_empty() {
            let vectors = rest.0.len().div_ceil(S::LANES).min(3);
            let (inputs, later) = rest.0.split_at(rest.0.len().min(vectors * S::LANES));
            let (outputs, after) = rest.1.split_at_mut(inputs.len());
            rest = (later, after);
            match vectors {
                1 => self.along::<S, 1>(inputs, outputs),
                2 => self.along::<S, 2>(inputs, outputs),
                _ => self.along::<S, 3>(inputs, outputs),
            }
        }
        out
    }
}

impl HessianTask<'_> {
    /// `V` vectors of directions.
    #[inline(always)]
    fn along<S: Simd, const V: usize>(&self, inputs: &[Vec<f64>], outputs: &mut [Vec<f64>]) {
        let Self { products, beside, nodes, bars, .. } = self;
        let list = products.products();
        let n_moments = products.moments().len();
        let mut tangents = vec![[S::zero(); V]; nodes.len()];
        let mut adjoints = vec![[S::zero(); V]; nodes.len()];
        for (moment, tangent) in tangents.iter_mut().enumerate().take(n_moments) {
            for (tangent, inputs) in tangent.iter_mut().zip(inputs.chunks(S::LANES)) {
                let mut lanes = [0.0; MAX_LANES];
                for (lane, input) in lanes.iter_mut().zip(inputs) {
                    *lane = input[moment];
                }
                *tangent = S::load(&lanes);
            }
        }
        for product in beside.forward.iter().map(|&k| &list[k as usize]) {
            let [a, b] = [product.factors[0] as usize, product.factors[1] as usize];
            let (x, y) = (S::splat(product.weight * nodes[a]), S::splat(product.weight * nodes[b]));
            let (a, b) = (tangents[a], tangents[b]);
            let target = &mut tangents[product.target as usize];
            for v in 0..V {
                target[v] = b[v].mul_add(x, a[v].mul_add(y, target[v]));
            }
        }
        for product in beside.backward.iter().map(|&k| &list[k as usize]) {
            let [a, b] = [product.factors[0] as usize, product.factors[1] as usize];
            let target = product.target as usize;
            let (bar, weight) = (S::splat(product.weight * bars[target]), S::splat(product.weight));
            let (x, y) = (S::splat(nodes[a]), S::splat(nodes[b]));
            for v in 0..V {
                let bar_dot = adjoints[target][v].mul(weight);
                adjoints[a][v] = bar.mul_add(tangents[b][v], bar_dot.mul_add(y, adjoints[a][v]));
                adjoints[b][v] = bar.mul_add(tangents[a][v], bar_dot.mul_add(x, adjoints[b][v]));
            }
        }
        for (moment, adjoint) in adjoints.iter().enumerate().take(n_moments) {
            for (adjoint, outputs) in adjoint.iter().zip(outputs.chunks_mut(S::LANES)) {
                let lanes = adjoint.lanes();
                for (output, lane) in outputs.iter_mut().zip(lanes) {
                    output[moment] = lane;
                }
            }
        }
    }
}
