//! The radial functions of pacemaker and ML-PACE.
//!
//! A bond (ordered pair of elements) has radial basis functions `g_k(r)`, used directly by the functions of
//! rank 1, and radial functions `R_nl(r) = Σ_k c_nlk g_k(r)` for the others. With Chebyshev polynomials `T_k`:
//!
//! | name | `g_k` | argument |
//! |---|---|---|
//! | `ChebExpCos` | `(1 + cos πr/r_c)/2 · {1, (1 − T_k(x))/2}`, k = 0, 1, … | `x = 1 − 2 (e^{−λr/r_c} − e^{−λ}) / (1 − e^{−λ})` |
//! | `ChebPow` | `(1 − T_k(x))/2`, k = 1, 2, … | `x = 1 − 2 (1 − r/r_c)^λ` |
//! | `ChebLinear` | `(1 − T_k(x))/2`, k = 1, 2, … | `x = 1 − r/r_c` |
//! | `SBessel` | orthogonalised sums of two spherical Bessel functions j₀ | `r/r_c` |
//!
//! `ChebExpCos` falls to zero once more, by a cosine, over the last `dcut` Å. Sources: Drautz,
//! DOI 10.1103/PhysRevB.99.014104, eq. 24 (`ChebExpCos`); Bochkarev et al.,
//! DOI 10.1103/PhysRevMaterials.6.013804 (`ChebPow`, `SBessel`: Kocer et al., DOI 10.1063/1.5086167).

use std::f64::consts::PI;

/// Family of radial basis functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RadialKind {
    /// Chebyshev polynomials of an exponential, with a cosine envelope.
    ChebExpCos,
    /// Chebyshev polynomials of a power.
    ChebPow,
    /// Chebyshev polynomials of the distance.
    ChebLinear,
    /// Simplified spherical Bessel functions.
    SBessel,
}

impl RadialKind {
    /// By the name that the files use.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ChebExpCos" => Some(Self::ChebExpCos),
            "ChebPow" => Some(Self::ChebPow),
            "ChebLinear" => Some(Self::ChebLinear),
            "SBessel" | "TEST_SBessel" => Some(Self::SBessel),
            _ => None,
        }
    }

    /// The name that the files use.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChebExpCos => "ChebExpCos",
            Self::ChebPow => "ChebPow",
            Self::ChebLinear => "ChebLinear",
            Self::SBessel => "SBessel",
        }
    }
}

/// Parameters of the radial basis of one bond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RadialBase {
    /// Family.
    pub kind: RadialKind,
    /// λ.
    pub lambda: f64,
    /// Cutoff r_c in Å.
    pub cutoff: f64,
    /// Width of the last cosine in Å (`ChebExpCos` only).
    pub width: f64,
}

impl RadialBase {
    /// Values and derivatives (1/Å) of the basis functions at `0 < r < cutoff` (Å); the slices' length is
    /// their number.
    pub fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        let rc = self.cutoff;
        match self.kind {
            RadialKind::ChebExpCos => {
                let (near, far) = ((-self.lambda * r / rc).exp(), (-self.lambda).exp());
                let x = 1.0 - 2.0 * (near - far) / (1.0 - far);
                let dx = 2.0 * self.lambda / rc * near / (1.0 - far);
                chebyshev(x, dx, 0, value, derivative);
                if let (Some(v), Some(d)) = (value.first_mut(), derivative.first_mut()) {
                    (*v, *d) = (1.0, 0.0);
                }
                multiply(cosine_step(r, 0.0, rc), value, derivative);
                if r > rc - self.width {
                    multiply(cosine_step(r, rc - self.width, self.width), value, derivative);
                }
            }
            RadialKind::ChebPow => {
                let y = 1.0 - r / rc;
                let power = y.powf(self.lambda - 1.0);
                chebyshev(1.0 - 2.0 * power * y, 2.0 * self.lambda / rc * power, 1, value, derivative);
            }
            RadialKind::ChebLinear => chebyshev(1.0 - r / rc, -1.0 / rc, 1, value, derivative),
            RadialKind::SBessel => bessel(r, rc, value, derivative),
        }
    }
}

/// `(1 − T_k(x))/2` from k = `first` on.
fn chebyshev(x: f64, dx: f64, first: usize, value: &mut [f64], derivative: &mut [f64]) {
    let (mut t, mut t_next) = (1.0, x);
    let (mut u_before, mut u) = (0.0, 1.0); // U_{k−1}, U_k
    for k in 0..value.len() + first {
        if k >= first {
            value[k - first] = 0.5 - 0.5 * t;
            derivative[k - first] = -0.5 * k as f64 * u_before * dx;
        }
        (t, t_next) = (t_next, 2.0 * x * t_next - t);
        (u_before, u) = (u, 2.0 * x * u - u_before);
    }
}

/// `(1 + cos π(r − start)/width)/2` and its derivative.
fn cosine_step(r: f64, start: f64, width: f64) -> (f64, f64) {
    let phase = PI * (r - start) / width;
    (0.5 * (1.0 + phase.cos()), -0.5 * phase.sin() * PI / width)
}

/// Multiplies functions by one factor with its derivative.
fn multiply((factor, slope): (f64, f64), value: &mut [f64], derivative: &mut [f64]) {
    for (v, d) in value.iter_mut().zip(derivative) {
        *d = *d * factor + *v * slope;
        *v *= factor;
    }
}

/// Orthogonalised `f_n ∝ j₀((n+1)πr/r_c) + j₀((n+2)πr/r_c)`.
fn bessel(r: f64, rc: f64, value: &mut [f64], derivative: &mut [f64]) {
    let (mut before, mut sign) = (1.0, 1.0);
    for n in 0..value.len() {
        let k = n as f64;
        let (a, b) = (k + 1.0, k + 2.0);
        let scale = sign * 2.0_f64.sqrt() * PI / rc.powf(1.5) * a * b / (a * a + b * b).sqrt();
        let ((f, df), (g, dg)) = (sinc(r, a * PI / rc), sinc(r, b * PI / rc));
        let (f, df) = (scale * (f + g), scale * (df + dg));
        if n == 0 {
            (value[0], derivative[0]) = (f, df);
        } else {
            let e = (k * (k + 2.0)).powi(2) / (4.0 * (k + 1.0).powi(4) + 1.0);
            let d = 1.0 - e / before;
            let mix = (e / before).sqrt();
            value[n] = (f + mix * value[n - 1]) / d.sqrt();
            derivative[n] = (df + mix * derivative[n - 1]) / d.sqrt();
            before = d;
        }
        sign = -sign;
    }
}

/// `sin(qr)/(qr)` and its derivative in r.
fn sinc(r: f64, q: f64) -> (f64, f64) {
    let x = q * r;
    if x == 0.0 { (1.0, 0.0) } else { (x.sin() / x, (x.cos() * x - x.sin()) / (x * x) * q) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [RadialKind; 4] =
        [RadialKind::ChebExpCos, RadialKind::ChebPow, RadialKind::ChebLinear, RadialKind::SBessel];

    #[test]
    fn derivatives_and_cutoff() {
        for kind in KINDS {
            let base = RadialBase { kind, lambda: 2.3, cutoff: 5.0, width: 0.4 };
            let eval = |r: f64| {
                let (mut v, mut d) = (vec![0.0; 9], vec![0.0; 9]);
                base.evaluate(r, &mut v, &mut d);
                (v, d)
            };
            for step in 1..99 {
                let r = 0.0503 * f64::from(step);
                let (_, d) = eval(r);
                let (low, high) = (eval(r - 1e-5).0, eval(r + 1e-5).0);
                for k in 0..9 {
                    let numeric = (high[k] - low[k]) / 2e-5;
                    assert!((numeric - d[k]).abs() < 1e-6 * (1.0 + d[k].abs()), "{kind:?} {k} at {r}");
                }
            }
            // ChebLinear as ML-PACE defines it ends at T_n(0), not at 0.
            if !matches!(kind, RadialKind::ChebLinear) {
                assert!(eval(5.0 - 1e-7).0.iter().all(|v| v.abs() < 2e-7), "{kind:?}");
            }
            assert_eq!(RadialKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(RadialKind::from_name("ACE.jl.Basic"), None);
    }

    /// The Bessel functions are orthonormal with weight r².
    #[test]
    fn bessel_functions_are_orthonormal() {
        let base = RadialBase { kind: RadialKind::SBessel, lambda: 0.0, cutoff: 5.0, width: 0.0 };
        let (mut v, mut d, steps) = ([0.0; 5], [0.0; 5], 20_000);
        let mut gram = [[0.0; 5]; 5];
        for step in 0..steps {
            let r = 5.0 * (f64::from(step) + 0.5) / f64::from(steps);
            base.evaluate(r, &mut v, &mut d);
            for a in 0..5 {
                for b in 0..5 {
                    gram[a][b] += v[a] * v[b] * r * r * 5.0 / f64::from(steps);
                }
            }
        }
        for (a, row) in gram.iter().enumerate() {
            for (b, overlap) in row.iter().enumerate() {
                assert!((overlap - f64::from(u8::from(a == b))).abs() < 1e-6, "{a} {b} {overlap}");
            }
        }
    }
}
