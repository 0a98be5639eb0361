//! Numbers for the shifts of a block of edges.

use std::collections::HashMap;

use super::images::{Images, Source};

/// Numbers the distinct shifts of a block in the order of their appearance.
pub(super) struct ShiftIds<'a> {
    images: &'a Images,
    /// For two atoms that are wrapped alike the image decides; `u32::MAX` where none was seen yet.
    of_image: Vec<u32>,
    of_shift: HashMap<[i32; 3], u32>,
    shifts: Vec<[i32; 3]>,
}

impl<'a> ShiftIds<'a> {
    pub fn new(images: &'a Images) -> Self {
        let of_image = vec![u32::MAX; images.shifts.len()];
        Self { images, of_image, of_shift: HashMap::new(), shifts: Vec::new() }
    }

    /// The number of the shift from atom `i` to an image.
    #[inline]
    pub fn id(&mut self, i: usize, image: Source) -> u32 {
        let alike = self.images.wraps[i] == self.images.wraps[image.atom as usize];
        let known = self.of_image[image.shift as usize];
        if alike && known != u32::MAX { known } else { self.lookup(i, image, alike) }
    }

    #[inline(never)]
    fn lookup(&mut self, i: usize, image: Source, alike: bool) -> u32 {
        let shift = self.images.shift(i, image);
        let shifts = &mut self.shifts;
        let id = *self.of_shift.entry(shift).or_insert_with(|| {
            shifts.push(shift);
            shifts.len() as u32 - 1
        });
        if alike {
            self.of_image[image.shift as usize] = id;
        }
        id
    }

    /// The shifts in the order of their numbers.
    pub fn into_shifts(self) -> Vec<[i32; 3]> {
        self.shifts
    }
}
