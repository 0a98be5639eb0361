//! Selection of the points near a place: distances in single precision, hits packed without branches.

#![expect(unsafe_code, reason = "processor intrinsics")]

#[cfg(target_arch = "x86_64")]
use core::arch::x86_64 as x86;

use super::Path;

/// Points that one step looks at; inputs are padded to a multiple of it.
pub const WIDTH: usize = 8;

/// Points with their ids, in columns of a common length that is a multiple of [`WIDTH`]. Padding has NaN
/// coordinates.
#[derive(Debug, Default)]
pub struct Points {
    coordinates: [Vec<f32>; 3],
    ids: Vec<u32>,
}

impl Points {
    /// Takes the place of all points.
    pub fn fill(&mut self, points: impl Iterator<Item = ([f32; 3], u32)>) {
        self.coordinates.iter_mut().for_each(Vec::clear);
        self.ids.clear();
        for (x, id) in points {
            for (column, x) in self.coordinates.iter_mut().zip(x) {
                column.push(x);
            }
            self.ids.push(id);
        }
        let padded = self.ids.len().next_multiple_of(WIDTH);
        self.coordinates.iter_mut().for_each(|column| column.resize(padded, f32::NAN));
        self.ids.resize(padded, u32::MAX);
    }

    /// Appends the ids of all points within `squared_max` of `center` to `found`, in their order, but for
    /// the point `own`. Returns the largest squared distance among them, 0 if there is none.
    pub fn within(
        &self,
        path: Path,
        center: [f32; 3],
        own: u32,
        squared_max: f32,
        found: &mut Vec<u32>,
    ) -> f32 {
        let start = found.len();
        found.resize(start + self.ids.len() + WIDTH, 0);
        let hits = &mut found[start..];
        let (n, largest) = match path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 | Path::Avx512 => {
                debug_assert!(Path::Avx2.is_supported());
                // SAFETY: callers resolved the path, so the processor has AVX2 and FMA. The columns are of
                // one length, a multiple of `WIDTH`, and `hits` is `WIDTH` longer.
                unsafe { self.within_avx2(center, own, squared_max, hits) }
            }
            _ => self.within_generic(center, own, squared_max, hits),
        };
        found.truncate(start + n);
        largest
    }

    fn within_generic(&self, center: [f32; 3], own: u32, squared_max: f32, hits: &mut [u32]) -> (usize, f32) {
        let [x, y, z] = &self.coordinates;
        let (mut n, mut largest) = (0, 0.0_f32);
        for (((x, y), z), &id) in x.iter().zip(y).zip(z).zip(&self.ids) {
            let (dx, dy, dz) = (x - center[0], y - center[1], z - center[2]);
            let squared = dx * dx + dy * dy + dz * dz;
            let hit = squared <= squared_max && id != own;
            hits[n] = id;
            n += usize::from(hit);
            largest = largest.max(if hit { squared } else { 0.0 });
        }
        (n, largest)
    }

    /// # Safety
    /// The processor has AVX2 and FMA; `hits` is at least [`WIDTH`] longer than the columns, whose common
    /// length is a multiple of [`WIDTH`].
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn within_avx2(
        &self,
        center: [f32; 3],
        own: u32,
        squared_max: f32,
        hits: &mut [u32],
    ) -> (usize, f32) {
        let [x, y, z] = &self.coordinates;
        let mut n = 0;
        // SAFETY: loads end at the common length; stores begin at most there and need `WIDTH` items.
        unsafe {
            let center = center.map(|c| x86::_mm256_set1_ps(c));
            let limit = x86::_mm256_set1_ps(squared_max);
            let own = x86::_mm256_set1_epi32(own as i32);
            let mut largest = x86::_mm256_setzero_ps();
            for k in (0..self.ids.len()).step_by(WIDTH) {
                let dx = x86::_mm256_sub_ps(x86::_mm256_loadu_ps(x.as_ptr().add(k)), center[0]);
                let dy = x86::_mm256_sub_ps(x86::_mm256_loadu_ps(y.as_ptr().add(k)), center[1]);
                let dz = x86::_mm256_sub_ps(x86::_mm256_loadu_ps(z.as_ptr().add(k)), center[2]);
                let squared =
                    x86::_mm256_fmadd_ps(dx, dx, x86::_mm256_fmadd_ps(dy, dy, x86::_mm256_mul_ps(dz, dz)));
                let ids = x86::_mm256_loadu_si256(self.ids.as_ptr().add(k).cast());
                let other = x86::_mm256_castsi256_ps(x86::_mm256_cmpeq_epi32(ids, own));
                let near = x86::_mm256_cmp_ps::<{ x86::_CMP_LE_OQ }>(squared, limit);
                let hit = x86::_mm256_andnot_ps(other, near);
                largest = x86::_mm256_max_ps(largest, x86::_mm256_and_ps(hit, squared));
                let mask = x86::_mm256_movemask_ps(hit) as usize;
                let order = x86::_mm256_loadu_si256(PACKED[mask].as_ptr().cast());
                let packed = x86::_mm256_permutevar8x32_epi32(ids, order);
                x86::_mm256_storeu_si256(hits.as_mut_ptr().add(n).cast(), packed);
                n += mask.count_ones() as usize;
            }
            let mut lanes = [0.0_f32; WIDTH];
            x86::_mm256_storeu_ps(lanes.as_mut_ptr(), largest);
            (n, lanes.into_iter().fold(0.0, f32::max))
        }
    }
}

/// For every set of lanes their numbers in ascending order, then zeros.
#[cfg(target_arch = "x86_64")]
static PACKED: [[u32; WIDTH]; 1 << WIDTH] = {
    let mut table = [[0; WIDTH]; 1 << WIDTH];
    let mut mask = 0;
    while mask < table.len() {
        let (mut lane, mut next) = (0, 0);
        while lane < WIDTH {
            if mask >> lane & 1 == 1 {
                table[mask][next] = lane as u32;
                next += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_selects_the_same_points() {
        let of = |k: u32| [k % 7, k % 5, k % 3].map(|v| v as f32 - 2.0);
        for n in [0, 1, 7, 8, 9, 40] {
            let mut points = Points::default();
            points.fill((0..n).map(|k| (of(k), 2 * k)));
            for path in Path::supported() {
                for squared_max in [-1.0, 0.0, 5.0, 30.0, f32::INFINITY] {
                    let near = |k: u32| of(k).iter().map(|v| v * v).sum::<f32>();
                    let expected: Vec<u32> = (0..n).filter(|&k| near(k) <= squared_max && k != 3).collect();
                    let mut found = vec![99];
                    let largest = points.within(path, [0.0; 3], 6, squared_max, &mut found);
                    assert_eq!(found[1..], expected.iter().map(|k| 2 * k).collect::<Vec<_>>());
                    assert_eq!(
                        largest.to_bits(),
                        expected.into_iter().map(near).fold(0.0, f32::max).to_bits()
                    );
                }
            }
        }
    }
}
