//! The pair functions of two elements in a table for kernels with neighbors in lanes.

use crate::error::Result;
use crate::radial::table::{N_COEFFICIENTS, RadialTable, TableCell, Tabulation};
use crate::simd::{MAX_LANES, Simd};

use super::Baseline;

/// Numbers per bin: the coefficients, filled up to a line of the cache.
const ROW: usize = 8;
/// Least size (eV) that an error counts against.
const FLOOR: f64 = 0.1;

/// Tabulated sum of pair functions (see [`crate::radial::table`]).
#[derive(Debug)]
pub struct Curve {
    /// Å; 0 from here on.
    pub cutoff: f64,
    /// Cells per Å.
    scale: f64,
    cells: Vec<TableCell>,
    rows: Vec<Row>,
}

/// Coefficients of one bin.
#[derive(Debug)]
#[repr(align(64))]
struct Row([f64; ROW]);

impl Curve {
    /// The functions between two elements; `None` where there are none.
    ///
    /// # Errors
    /// Those of [`RadialTable::new`].
    pub fn new(baseline: &Baseline, z1: u8, z2: u8) -> Result<Option<Self>> {
        let cutoff = baseline.cutoff(z1, z2);
        if cutoff == 0.0 {
            return Ok(None);
        }
        let sample = |r: f64, value: &mut [f64], derivative: &mut [f64]| {
            (value[0], derivative[0]) = baseline.evaluate(z1, z2, r);
        };
        // Walls are steep: their size at short distances says nothing about errors at others.
        let how = Tabulation { usual: 1.0, ..Tabulation::default() };
        let table = RadialTable::new(&[FLOOR], [cutoff; 2], how, &sample)?;
        let rows = table.coefficients().chunks_exact(N_COEFFICIENTS).map(|coefficients| {
            let mut row = [0.0; ROW];
            row[..N_COEFFICIENTS].copy_from_slice(coefficients);
            Row(row)
        });
        Ok(Some(Self {
            cutoff,
            scale: 1.0 / table.cell_width(),
            cells: table.cells().to_vec(),
            rows: rows.collect(),
        }))
    }

    /// Values (eV) and slopes (eV/Å), 0 beyond the cutoff.
    #[inline(always)]
    pub fn evaluate<S: Simd>(&self, r: S) -> (S, S) {
        let last = (self.cells.len() - 1) as f64;
        let (cells, within) = r.mul(S::splat(self.scale)).min(S::splat(last)).split();
        let (mut parts, mut bins) = ([0.0; MAX_LANES], [0; MAX_LANES]);
        for lane in 0..S::LANES {
            let cell = self.cells[cells[lane] as usize];
            (parts[lane], bins[lane]) = (cell.parts, cell.bin);
        }
        let parts = S::load(&parts);
        let (part, u) = within.mul(parts).split();
        let mut c = [S::zero(); ROW];
        for start in (0..ROW).step_by(S::LANES) {
            let mut block = S::zero_block();
            for lane in 0..S::LANES {
                let row = &self.rows[(bins[lane] + part[lane]) as usize];
                block[lane] = S::load(&row.0[start..]);
            }
            let columns = S::transpose(block);
            for k in 0..S::LANES {
                c[start + k] = columns[k];
            }
        }
        let (mut value, mut slope) = (c[N_COEFFICIENTS - 1], S::zero());
        for k in (0..N_COEFFICIENTS - 1).rev() {
            slope = slope.mul_add(u, value);
            value = value.mul_add(u, c[k]);
        }
        (value, slope.mul(parts).mul(S::splat(self.scale)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pair::{Ending, Form, Term};
    use crate::simd::{Generic, Path, Task};

    struct Evaluate<'a>(&'a Curve, [f64; MAX_LANES]);

    impl<S: Simd> Task<S> for Evaluate<'_> {
        type Output = [[f64; MAX_LANES]; 2];

        #[inline(always)]
        fn run(self) -> Self::Output {
            let (value, slope) = self.0.evaluate(S::load(&self.1));
            [value.lanes(), slope.lanes()]
        }
    }

    #[test]
    fn agrees_with_the_functions() -> Result<()> {
        let form = Form::named("lennard-jones", &[0.3, 2.3])?;
        let ending = Ending::Switch { start: 5.0 };
        let repulsion =
            Term { elements: [1, 2], form: Form::Zbl, ending: Ending::Switch { start: 0.5 }, cutoff: 1.0 };
        let baseline = Baseline::new(vec![Term { elements: [1, 2], form, ending, cutoff: 6.0 }, repulsion])?;
        assert!(Curve::new(&baseline, 1, 1)?.is_none());
        let Some(curve) = Curve::new(&baseline, 2, 1)? else { panic!("a curve") };
        for k in 0..700 {
            let r = [0, 1, 2, 3, 4, 5, 6, 7].map(|lane| 0.05 + 0.01 * f64::from(k) + 0.001 * f64::from(lane));
            let mut all = vec![Generic::enter(Evaluate(&curve, r))];
            #[cfg(target_arch = "x86_64")]
            if Path::Avx2.is_supported() {
                all.push(crate::simd::Avx2::enter(Evaluate(&curve, r)));
            }
            for [values, slopes] in all {
                for ((r, v), dv) in r.iter().zip(values).zip(slopes).take(Generic::LANES) {
                    let (exact, slope) = baseline.evaluate(1, 2, *r);
                    // The curvature jumps where Lennard-Jones goes on linearly, at 0.69 Å and 2 MeV.
                    let tolerance = if *r < 0.8 { 1e-6 } else { 1e-9 };
                    assert!((v - exact).abs() < tolerance * exact.abs().max(1.0), "{r}: {v} {exact}");
                    let close = (dv - slope).abs() < 1e-7 * exact.abs().max(1.0);
                    assert!(close || *r < 0.8, "{r}: {dv} {slope}");
                }
            }
        }
        Ok(())
    }
}
