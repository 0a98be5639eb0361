//! Pair energies of one centre, four images at a time.
//!
//! Kernels spell vectors out: closures given to the methods of arrays would become functions of their own,
//! without the instructions of the backend.

use crate::density::evaluator::{Frame, SQUARED_SHORTEST, squared};
use crate::error::Result;
use crate::neighbors::tiles::Tile;
use crate::simd::Simd;

use super::kernel::Towards;

/// Adds the pairs of a centre of a tile with the images of a row, all of one species: half of the energy to each end,
/// and the given part of the forces.
///
/// # Errors
/// [`crate::Error::Overlap`] for an image on top of the centre.
#[inline(always)]
pub fn add<S: Simd>(
    frame: &mut Frame,
    tile: &Tile,
    center: usize,
    row: &[u32],
    towards: &Towards,
    part: f64,
) -> Result<()> {
    let origin = frame.origin::<S>(center);
    let (cutoff, weight) = (S::splat(towards.squared_pair), S::splat(part));
    let baseline = S::splat(towards.squared_baseline);
    let (zero, half) = (S::zero(), S::splat(0.5));
    let (mut least, mut own) = (S::splat(f64::INFINITY), [zero; 4]);
    for images in row.chunks_exact(4) {
        let vector = frame.vectors(origin, images);
        let square = squared(vector);
        if !square.any_less(cutoff) {
            continue;
        }
        least = least.min(square);
        let r = square.sqrt();
        let (mut value, mut slope) = (zero, zero);
        if let Some(spline) = &towards.pair {
            (value, slope) = spline.evaluate(r);
        }
        if let (Some(curve), true) = (&towards.baseline, square.any_less(baseline)) {
            let (v, dv) = curve.evaluate(r);
            (value, slope) = (value.add(v), slope.add(dv));
        }
        let scale = slope.mul(weight).div(r);
        let pull = [scale.mul(vector[0]), scale.mul(vector[1]), scale.mul(vector[2])];
        let energy = value.mul(half);
        for k in 0..3 {
            own[k] = own[k].add(pull[k]);
        }
        own[3] = own[3].add(energy);
        frame.subtract(images, [pull[0], pull[1], pull[2], zero.sub(energy)]);
    }
    frame.add_lanes(center, own);
    if least.any_less(S::splat(SQUARED_SHORTEST)) { Err(frame.overlap(tile, center, row)) } else { Ok(()) }
}
