//! Plain arrays of single precision: any processor. On targets with fused multiply-add in their baseline (aarch64) the compiler
//! turns them into fused vector instructions.

use super::{MAX_LANES, Path, Simd, Task};

const LANES: usize = 8;

/// Eight `f32` in an array.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub struct GenericSingle([f32; LANES]);

/// `a · b + c`: fused only where it is one instruction, since the library call is slow.
#[inline(always)]
fn fused(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) { a.mul_add(b, c) } else { a * b + c }
}

impl GenericSingle {
    #[inline(always)]
    fn zip(self, b: Self, op: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|k| op(self.0[k], b.0[k])))
    }
}

impl Simd for GenericSingle {
    const LANES: usize = LANES;
    const PATH: Path = Path::GenericMixed;
    type Scalar = f32;
    type Block = [Self; LANES];

    fn enter<T: Task<Self>>(task: T) -> T::Output {
        task.run()
    }

    #[inline(always)]
    fn broadcast(value: f32) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    fn scalars(self) -> [f32; MAX_LANES] {
        self.0
    }

    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        let from = &from[..LANES];
        Self(std::array::from_fn(|k| from[k] as f32))
    }

    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        to[..LANES].iter_mut().zip(self.0).for_each(|(to, lane)| *to = f64::from(lane));
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        self.zip(b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        self.zip(b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        self.zip(b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, b: Self) -> Self {
        self.zip(b, |a, b| a / b)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f32::sqrt))
    }

    #[inline(always)]
    fn min(self, b: Self) -> Self {
        self.zip(b, f32::min)
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|k| fused(self.0[k], b.0[k], c.0[k])))
    }

    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|k| fused(-self.0[k], b.0[k], c.0[k])))
    }

    #[inline(always)]
    fn split(self) -> ([u32; MAX_LANES], Self) {
        let mut whole = [0; MAX_LANES];
        let mut fraction = self.0;
        for k in 0..LANES {
            whole[k] = self.0[k] as u32;
            fraction[k] = self.0[k] - whole[k] as f32;
        }
        (whole, Self(fraction))
    }

    #[inline(always)]
    fn transpose(block: Self::Block) -> Self::Block {
        std::array::from_fn(|i| Self(block.map(|row| row.0[i])))
    }

    #[inline(always)]
    fn zero_block() -> Self::Block {
        [Self::splat(0.0); LANES]
    }
}
