//! The functions of one pair and of one triplet, with their derivatives in the distances.

use super::{AcsfSettings, AngularFunction, RadialFunction};
use crate::radial::Fade;

/// All functions; exponentials and powers that occur in several are evaluated once.
#[derive(Debug)]
pub struct Functions {
    fade: Fade,
    cutoff: f64,
    radial: Vec<RadialFunction>,
    /// Distinct η of the angular functions.
    etas: Vec<f64>,
    /// Distinct (ζ, λ).
    shapes: Vec<[f64; 2]>,
    angular: Vec<Angular>,
    /// Whether any function reads the cutoff function of r_jk.
    has_closed: bool,
}

/// An angular function.
#[derive(Debug)]
struct Angular {
    /// Place of its η.
    eta: usize,
    /// Place of its (ζ, λ).
    shape: usize,
    /// G4, in which `r_jk` fades as well.
    closed: bool,
}

/// Values of functions and their derivatives in the distances, function by function.
#[derive(Debug)]
pub struct Terms<const N: usize>(pub [Vec<f64>; N]);

impl<const N: usize> Default for Terms<N> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Vec::new()))
    }
}

impl<const N: usize> Terms<N> {
    fn clear(&mut self) {
        self.0.iter_mut().for_each(Vec::clear);
    }

    fn push(&mut self, terms: [f64; N]) {
        self.0.iter_mut().zip(terms).for_each(|(list, term)| list.push(term));
    }

    /// Adds `Σ_n weights_n · terms_n` of all functions to `out`.
    #[inline]
    pub fn add(&self, weights: [f64; N], out: &mut [f64]) {
        for (terms, weight) in self.0.iter().zip(weights).filter(|(_, weight)| *weight != 0.0) {
            out.iter_mut().zip(terms).for_each(|(out, term)| *out += weight * term);
        }
    }

    /// `Σ_f bar_f · terms_n of f` for every n.
    #[inline]
    pub fn contract(&self, bar: &[f64]) -> [f64; N] {
        std::array::from_fn(|n| self.0[n].iter().zip(bar).map(|(term, bar)| term * bar).sum())
    }
}

/// Factors of angular functions at one triplet.
#[derive(Debug, Default)]
pub struct Factors {
    decays: Vec<[f64; 2]>,
    shapes: Vec<[f64; 2]>,
}

impl Functions {
    pub fn new(settings: &AcsfSettings) -> Self {
        let (mut etas, mut shapes) = (Vec::new(), Vec::new());
        let closed = settings.g4.iter().map(|f| (f, true));
        let open = settings.g5.iter().map(|f| (f, false));
        let angular = closed.chain(open).map(|(&AngularFunction { eta, zeta, lambda }, closed)| Angular {
            eta: place(&mut etas, eta),
            shape: place(&mut shapes, [zeta, lambda]),
            closed,
        });
        Self {
            angular: angular.collect(),
            fade: settings.fade,
            cutoff: settings.cutoff,
            radial: settings.g2.clone(),
            has_closed: !settings.g4.is_empty(),
            etas,
            shapes,
        }
    }

    pub fn n_radial(&self) -> usize {
        self.radial.len()
    }

    pub fn n_angular(&self) -> usize {
        self.angular.len()
    }

    /// Value and derivative (1/Å) of the cutoff function.
    pub fn fade(&self, r: f64) -> [f64; 2] {
        self.fade.evaluate(r, self.cutoff).into()
    }

    /// Functions of a pair at distance r (Å) with its cutoff function.
    pub fn pair(&self, r: f64, [fade, slope]: [f64; 2], out: &mut Terms<2>) {
        out.clear();
        for RadialFunction { eta, center } in &self.radial {
            let decay = (-eta * (r - center).powi(2)).exp();
            out.push([decay * fade, decay * (slope - 2.0 * eta * (r - center) * fade)]);
        }
    }

    /// Functions of a triplet at the distances `r_ij`, `r_ik` and `r_jk` (Å) with the cutoff functions of the first two.
    pub fn triplet(
        &self,
        [ij, ik, jk]: [f64; 3],
        [[f, f_dot], [g, g_dot]]: [[f64; 2]; 2],
        factors: &mut Factors,
        out: &mut Terms<4>,
    ) {
        out.clear();
        let cosine = ((ij * ij + ik * ik - jk * jk) / (2.0 * ij * ik)).clamp(-1.0, 1.0);
        let rise = [1.0 / ik - cosine / ij, 1.0 / ij - cosine / ik, -jk / (ij * ik)];
        let square = ij * ij + ik * ik;
        factors.decays.clear();
        factors.decays.extend(self.etas.iter().map(|eta| {
            let open = (-eta * square).exp();
            [open, if self.has_closed { open * (-eta * jk * jk).exp() } else { 0.0 }]
        }));
        factors.shapes.clear();
        factors.shapes.extend(self.shapes.iter().map(|shape| power(*shape, cosine)));
        let [h, h_dot] = if self.has_closed { self.fade(jk) } else { [0.0; 2] };
        for function in &self.angular {
            let eta = self.etas[function.eta];
            let [value, slope] = factors.shapes[function.shape];
            let [open, closed] = factors.decays[function.eta];
            let (decay, [h, h_dot], eta_jk) =
                if function.closed { (closed, [h, h_dot], eta) } else { (open, [1.0, 0.0], 0.0) };
            let radial = decay * f * g * h;
            out.push([
                value * radial,
                slope * rise[0] * radial + value * decay * g * h * (f_dot - 2.0 * eta * ij * f),
                slope * rise[1] * radial + value * decay * f * h * (g_dot - 2.0 * eta * ik * g),
                slope * rise[2] * radial + value * decay * f * g * (h_dot - 2.0 * eta_jk * jk * h),
            ]);
        }
    }
}

/// Place of an item in a list of distinct ones.
fn place<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|known| *known == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

/// `2^{1−ζ} (1 + λ c)^ζ` and its derivative in c.
fn power([zeta, lambda]: [f64; 2], cosine: f64) -> [f64; 2] {
    let half = 0.5 * (1.0 + lambda * cosine).max(0.0);
    let lower = if zeta.fract() == 0.0 { half.powi(zeta as i32 - 1) } else { half.powf(zeta - 1.0) };
    [2.0 * lower * half, zeta * lambda * lower]
}
