//! Clebsch–Gordan coefficients and the generalised ones of pacemaker's coupling trees.

/// Largest factorial that is needed: two coupled degrees of twice the largest l, and one more.
const MAX_FACTORIAL: usize = 170;

/// ⟨j1 m1 j2 m2 | J M⟩ by Racah's formula (Varshalovich et al. 1988, eq. 8.2.1.3), 0 where it vanishes by
/// selection rules. The degrees must be at most 40.
fn clebsch_gordan([j1, m1]: [i32; 2], [j2, m2]: [i32; 2], [j, m]: [i32; 2]) -> f64 {
    let allowed = m1 + m2 == m && (j1 - j2).abs() <= j && j <= j1 + j2;
    if !allowed || m1.abs() > j1 || m2.abs() > j2 || m.abs() > j {
        return 0.0;
    }
    let mut scale = f64::from(2 * j + 1) * factorial(j1 + j2 - j) * factorial(j1 - j2 + j);
    scale *= factorial(j2 - j1 + j) / factorial(j1 + j2 + j + 1);
    for n in [j1 + m1, j1 - m1, j2 + m2, j2 - m2, j + m, j - m] {
        scale *= factorial(n);
    }
    let first = 0.max(j2 - j - m1).max(j1 - j + m2);
    let last = (j1 + j2 - j).min(j1 - m1).min(j2 + m2);
    let term = |z: i32| {
        let lower = [z, j1 + j2 - j - z, j1 - m1 - z, j2 + m2 - z, j - j2 + m1 + z, j - j1 - m2 + z];
        let size = 1.0 / lower.into_iter().map(factorial).product::<f64>();
        if z % 2 == 0 { size } else { -size }
    };
    scale.sqrt() * (first..=last).map(term).sum::<f64>()
}

fn factorial(n: i32) -> f64 {
    (2..=(n.max(0) as usize).min(MAX_FACTORIAL)).map(|k| k as f64).product()
}

/// Combinations of m with their coefficient in the coupling of factors with degrees `ls` to a scalar, with
/// intermediate degrees `between` (two fewer than factors): factors are coupled two by two, then the results
/// in the order in which they arise, an odd last factor at the end.
pub fn couplings(ls: &[i32], between: &[i32]) -> Vec<(Vec<i8>, f64)> {
    let steps = tree(ls.len());
    let mut degrees = [ls, between].concat();
    degrees.push(0);
    let mut out = Vec::new();
    let mut ms = vec![0; ls.len()];
    walk(ls, 0, 0, &mut ms, &mut |ms| {
        let mut m = ms.to_vec();
        m.resize(degrees.len(), 0);
        let mut coefficient = 1.0;
        for &[a, b, into] in &steps {
            m[into] = m[a] + m[b];
            coefficient *= clebsch_gordan([degrees[a], m[a]], [degrees[b], m[b]], [degrees[into], m[into]]);
            if coefficient == 0.0 {
                return;
            }
        }
        out.push((ms.iter().map(|&m| m as i8).collect(), coefficient));
    });
    out
}

/// Calls `visit` for all m with Σm = 0.
fn walk(ls: &[i32], t: usize, sum: i32, ms: &mut [i32], visit: &mut dyn FnMut(&[i32])) {
    if t == ls.len() {
        if sum == 0 {
            visit(ms);
        }
        return;
    }
    let reach: i32 = ls[t + 1..].iter().sum();
    for m in -ls[t]..=ls[t] {
        if (sum + m).abs() <= reach {
            ms[t] = m;
            walk(ls, t + 1, sum + m, ms, visit);
        }
    }
}

/// The steps (a, b, into) of the coupling of `rank` factors: 0.. are factors, rank.. intermediate results, the
/// last one the scalar.
fn tree(rank: usize) -> Vec<[usize; 3]> {
    let mut steps = Vec::new();
    let mut open = std::collections::VecDeque::new();
    for pair in 0..rank / 2 {
        open.push_back(rank + steps.len());
        steps.push([2 * pair, 2 * pair + 1, rank + steps.len()]);
    }
    while open.len() > 1 {
        if let (Some(a), Some(b)) = (open.pop_front(), open.pop_front()) {
            open.push_back(rank + steps.len());
            steps.push([a, b, rank + steps.len()]);
        }
    }
    if rank % 2 == 1 {
        if let Some(last) = open.pop_front() {
            steps.push([last, rank - 1, rank + steps.len()]);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_coefficients_and_orthonormality() {
        assert!((clebsch_gordan([1, 0], [1, 0], [2, 0]) - (2.0_f64 / 3.0).sqrt()).abs() < 1e-14);
        assert!((clebsch_gordan([1, 1], [1, -1], [0, 0]) - (1.0_f64 / 3.0).sqrt()).abs() < 1e-14);
        assert!((clebsch_gordan([2, 1], [1, 0], [2, 1]) - (1.0_f64 / 6.0).sqrt()).abs() < 1e-14);
        for (j1, j2) in [(3_i32, 5), (8, 8), (12, 20)] {
            for j in (j1 - j2).abs()..=j1 + j2 {
                let sum: f64 = (-j1..=j1).map(|m1| clebsch_gordan([j1, m1], [j2, -m1], [j, 0]).powi(2)).sum();
                assert!((sum - 1.0).abs() < 1e-9, "{j1} {j2} {j}: {sum}");
            }
        }
    }

    #[test]
    fn trees_of_pairs() {
        assert_eq!(tree(1), Vec::<[usize; 3]>::new());
        assert_eq!(tree(2), [[0, 1, 2]]);
        assert_eq!(tree(3), [[0, 1, 3], [3, 2, 4]]);
        assert_eq!(tree(5), [[0, 1, 5], [2, 3, 6], [5, 6, 7], [7, 4, 8]]);
        assert_eq!(tree(6), [[0, 1, 6], [2, 3, 7], [4, 5, 8], [6, 7, 9], [8, 9, 10]]);
        assert_eq!(couplings(&[0], &[]), [(vec![0], 1.0)]);
        assert_eq!(couplings(&[1, 1], &[]).len(), 3);
    }
}
