//! Rotation-invariant combinations of products of spherical harmonics.
//!
//! A product Π_t A_{k_t l_t m_t} of commuting factors is a state of several angular momenta, symmetric
//! under exchange of factors with the same label k. With the occupation-number normalisation
//! `|q⟩ = Π A / √(Π occupation!)` these states are orthonormal, and the invariants are the kernel of the
//! raising operator `L₊ = Σ_t L₊^(t)` on the states with Σm = 0: there `L₋L₊` has the eigenvalues
//! J(J+1), so J = 0 stands apart from the next eigenvalue by 2. The kernel is the span of all
//! generalised Clebsch–Gordan couplings after permutation symmetrisation (Dusson et al. 2022, §4), with
//! the linear dependencies already gone, whatever the number of factors.

use std::collections::HashMap;

use nalgebra::{DMatrix, SymmetricEigen};

/// Products of a given list of factors and their invariant combinations.
#[derive(Debug, Clone, PartialEq)]
pub struct Invariants {
    /// m of every factor, for each product; one of each pair related by m → −m.
    pub products: Vec<Vec<i8>>,
    /// Coefficients of Re(product): one row per invariant, one entry per product.
    pub functions: Vec<Vec<f64>>,
}

/// All invariants under rotation and inversion of products of factors with degrees `l`; factors with
/// the same `label` (which must be neighbors in the list and share l) are interchangeable.
///
/// Empty if Σl is odd (not invariant under inversion) or the degrees do not couple to zero.
pub fn invariants(l: &[u8], label: &[usize]) -> Invariants {
    let none = Invariants { products: Vec::new(), functions: Vec::new() };
    let total: u32 = l.iter().map(|&l| u32::from(l)).sum();
    let largest = l.iter().copied().max().map_or(0, u32::from);
    if total % 2 == 1 || 2 * largest > total {
        return none;
    }
    let (states, kernel) = states(l, label);
    let norms: Vec<f64> = states.iter().map(|m| occupation(m, label).sqrt()).collect();
    fold(&states, label, &kernel, &norms)
}

/// Occupation-number states with Σm = 0, and orthonormal invariants in them (one row each).
pub(super) fn states(l: &[u8], label: &[usize]) -> (Vec<Vec<i8>>, Vec<Vec<f64>>) {
    let states = enumerate(l, label, 0);
    let raised: HashMap<Vec<i8>, usize> =
        enumerate(l, label, 1).into_iter().enumerate().map(|(k, m)| (m, k)).collect();
    let kernel = kernel(&raising(l, label, &states, &raised));
    (states, kernel)
}

/// All m tuples with the given sum, ascending inside each group of equal labels.
fn enumerate(l: &[u8], label: &[usize], sum: i32) -> Vec<Vec<i8>> {
    fn extend(l: &[u8], label: &[usize], left: i32, prefix: &mut Vec<i8>, out: &mut Vec<Vec<i8>>) {
        let t = prefix.len();
        if t == l.len() {
            if left == 0 {
                out.push(prefix.clone());
            }
            return;
        }
        let reach: i32 = l[t + 1..].iter().map(|&l| i32::from(l)).sum();
        let l_t = l[t] as i8;
        let lowest = if t > 0 && label[t] == label[t - 1] { prefix[t - 1] } else { -l_t };
        for m in lowest..=l_t {
            let rest = left - i32::from(m);
            if rest.abs() <= reach {
                prefix.push(m);
                extend(l, label, rest, prefix, out);
                prefix.pop();
            }
        }
    }
    let mut out = Vec::new();
    extend(l, label, sum, &mut Vec::new(), &mut out);
    out
}

/// Π occupation! over the distinct (label, m).
fn occupation(m: &[i8], label: &[usize]) -> f64 {
    let (mut product, mut run) = (1.0, 1.0);
    for t in 1..m.len() {
        run = if m[t] == m[t - 1] && label[t] == label[t - 1] { run + 1.0 } else { 1.0 };
        product *= run;
    }
    product
}

/// Sorts m inside each group of equal labels.
fn canonical(m: &mut [i8], label: &[usize]) {
    let mut start = 0;
    for t in 1..=m.len() {
        if t == m.len() || label[t] != label[start] {
            m[start..t].sort_unstable();
            start = t;
        }
    }
}

/// Matrix of L₊ from the states with Σm = 0 to those with Σm = 1, both orthonormal.
fn raising(l: &[u8], label: &[usize], states: &[Vec<i8>], raised: &HashMap<Vec<i8>, usize>) -> DMatrix<f64> {
    let mut matrix = DMatrix::zeros(raised.len(), states.len());
    for (column, m) in states.iter().enumerate() {
        for t in 0..m.len() {
            let (lf, mf) = (f64::from(l[t]), f64::from(m[t]));
            let factor = ((lf - mf) * (lf + mf + 1.0)).sqrt();
            if factor > 0.0 {
                let mut target = m.clone();
                target[t] += 1;
                canonical(&mut target, label);
                let ratio = (occupation(&target, label) / occupation(m, label)).sqrt();
                matrix[(raised[&target], column)] += factor * ratio;
            }
        }
    }
    matrix
}

/// Orthonormal kernel vectors in a form that does not depend on the eigensolver: the reduced row
/// echelon form of the kernel is unique, and Gram–Schmidt follows its order.
fn kernel(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    let n = matrix.ncols();
    let eigen = SymmetricEigen::new(matrix.transpose() * matrix);
    let mut rows: Vec<Vec<f64>> = (0..n)
        .filter(|&k| eigen.eigenvalues[k] < 0.5)
        .map(|k| eigen.eigenvectors.column(k).iter().copied().collect())
        .collect();
    let mut done = 0;
    for column in 0..n {
        let Some(best) =
            (done..rows.len()).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))
        else {
            break;
        };
        if rows[best][column].abs() < 1e-7 {
            continue;
        }
        rows.swap(done, best);
        let pivot = rows[done][column];
        rows[done].iter_mut().for_each(|v| *v /= pivot);
        let pivot_row = rows[done].clone();
        for (r, row) in rows.iter_mut().enumerate() {
            if r != done {
                let factor = row[column];
                row.iter_mut().zip(&pivot_row).for_each(|(v, p)| *v -= factor * p);
            }
        }
        done += 1;
    }
    for r in 0..rows.len() {
        let (before, rest) = rows.split_at_mut(r);
        let row = &mut rest[0];
        for _ in 0..2 {
            for other in before.iter() {
                let overlap: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                row.iter_mut().zip(other).for_each(|(v, o)| *v -= overlap * o);
            }
        }
        let length = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        row.iter_mut().for_each(|v| *v = if v.abs() < 1e-13 * length { 0.0 } else { *v / length });
    }
    rows
}

/// Joins each product with its image under m → −m, which has the same coefficient (Σl is even) and the
/// complex conjugate value.
fn fold(states: &[Vec<i8>], label: &[usize], kernel: &[Vec<f64>], norms: &[f64]) -> Invariants {
    let (mut products, mut columns) = (Vec::new(), Vec::new());
    for (q, m) in states.iter().enumerate() {
        let mut mirror: Vec<i8> = m.iter().map(|m| -m).collect();
        canonical(&mut mirror, label);
        if kernel.iter().any(|row| row[q] != 0.0) && *m <= mirror {
            products.push(m.clone());
            columns.push((q, if *m == mirror { 1.0 } else { 2.0 }));
        }
    }
    let functions = kernel
        .iter()
        .map(|row| columns.iter().map(|&(q, weight)| weight * row[q] / norms[q]).collect())
        .collect();
    Invariants { products, functions }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Multiplicity of J = 0 in the symmetrised product, by counting states with Σm = 0 and 1.
    fn expected(l: &[u8], label: &[usize]) -> usize {
        enumerate(l, label, 0).len() - enumerate(l, label, 1).len()
    }

    #[test]
    fn dimension_is_the_multiplicity_of_zero() {
        for (l, label) in [
            (vec![2, 2], vec![0, 1]),
            (vec![3, 3], vec![0, 0]),
            (vec![1, 1, 2], vec![0, 0, 1]),
            (vec![2, 2, 2], vec![0, 0, 0]),
            (vec![1, 2, 3], vec![0, 1, 2]),
            (vec![2, 2, 2, 2], vec![0, 1, 2, 3]),
            (vec![2, 2, 2, 2], vec![0, 0, 0, 0]),
            (vec![3, 3, 3, 3], vec![0, 0, 1, 1]),
            (vec![1, 1, 2, 2, 2], vec![0, 0, 1, 1, 2]),
            (vec![2, 2, 2, 2, 2], vec![0, 0, 0, 0, 0]),
        ] {
            let found = invariants(&l, &label);
            assert_eq!(found.functions.len(), expected(&l, &label), "{l:?} {label:?}");
        }
        assert!(invariants(&[1, 1, 1], &[0, 1, 2]).functions.is_empty());
        assert!(invariants(&[4, 1, 1], &[0, 1, 2]).functions.is_empty());
    }

    #[test]
    fn pair_coupling_is_the_scalar_product() {
        let found = invariants(&[2, 2], &[0, 1]);
        let norm = 1.0 / 5.0_f64.sqrt();
        for (m, c) in found.products.iter().zip(&found.functions[0]) {
            let sign = if m[0] % 2 == 0 { 1.0 } else { -1.0 };
            let weight = if m[0] == 0 { 1.0 } else { 2.0 };
            assert!((c.abs() - norm * weight).abs() < 1e-12);
            assert!((c * sign * found.functions[0][0].signum() >= 0.0) || m[0] != 0);
        }
    }
}
