//! Pair energies of one centre, four images at a time.
//!
//! Kernels spell vectors out: closures given to the methods of arrays would become functions of their own,
//! without the instructions of the backend.

use crate::error::{Error, Result};
use crate::simd::Simd;

use super::frame::{Frame, squared};
use super::kernel::{CenterKernel, Towards};

/// Square of the distance (Å²) below which atoms count as lying on each other.
const SQUARED_SHORTEST: f64 = 1e-12;

/// Adds the pairs of a centre with the images of a row, all of one species: half of the energy to each end, and
/// the given part of the forces.
///
/// # Errors
/// [`Error::Overlap`] for an image on top of the centre, with image numbers.
#[inline(always)]
pub fn add<S: Simd>(
    frame: &mut Frame,
    center: usize,
    row: &[u32],
    kernel: &CenterKernel,
    towards: &Towards,
    part: f64,
) -> Result<()> {
    let origin = frame.origin::<S>(center);
    let (cutoff, weight) = (S::splat(towards.squared_pair), S::splat(part));
    let (zero, half) = (S::zero(), S::splat(0.5));
    let (mut least, mut own) = (cutoff, [zero; 4]);
    for images in row.chunks_exact(4) {
        let vector = frame.vectors(origin, images);
        let square = squared(vector);
        if !square.any_less(cutoff) {
            continue;
        }
        least = least.min(square);
        let Some(spline) = &towards.pair else { continue };
        let r = square.sqrt();
        let (value, slope) = spline.evaluate(r);
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
    if least.any_less(S::splat(towards.squared_repulsion.max(SQUARED_SHORTEST))) {
        repel(frame, center, row, kernel, towards, part)?;
    }
    Ok(())
}

/// Adds the pair repulsion to the few pairs that are that close.
#[cold]
fn repel(
    frame: &mut Frame,
    center: usize,
    row: &[u32],
    kernel: &CenterKernel,
    towards: &Towards,
    part: f64,
) -> Result<()> {
    let from = frame.images[center].place;
    for image in row.iter().map(|&image| image as usize) {
        let to = frame.images[image].place;
        let vector = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
        let square = crate::structure::dot(&vector, &vector);
        if square < SQUARED_SHORTEST {
            return Err(Error::Overlap { i: center, j: image, distance: square.sqrt() });
        }
        if square < towards.squared_repulsion {
            let r = square.sqrt();
            let (value, slope) = kernel.zbl.evaluate(kernel.element, towards.element, r);
            for (k, x) in vector.into_iter().enumerate() {
                frame.images[center].sum[k] += part * slope / r * x;
                frame.images[image].sum[k] -= part * slope / r * x;
            }
            frame.images[center].sum[3] += 0.5 * value;
            frame.images[image].sum[3] += 0.5 * value;
        }
    }
    Ok(())
}
