//! Plain arrays, of double or single precision: any processor. On targets with fused multiply-add in their baseline
//! (aarch64) the compiler turns them into fused vector instructions.

use super::{MAX_LANES, Path, Scalar, Simd, Task};

/// A backend of arrays of `$lanes` numbers.
macro_rules! backend {
    ($(#[$doc:meta])* $name:ident, $scalar:ty, $lanes:literal, $path:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        #[repr(align(32))]
        pub struct $name([$scalar; $lanes]);

        impl $name {
            #[inline(always)]
            fn zip(self, b: Self, op: impl Fn($scalar, $scalar) -> $scalar) -> Self {
                Self(std::array::from_fn(|k| op(self.0[k], b.0[k])))
            }

            /// `a · b + c`: fused only where it is one instruction, since the library call is slow.
            #[inline(always)]
            fn fused(a: $scalar, b: $scalar, c: $scalar) -> $scalar {
                if cfg!(any(target_feature = "fma", target_arch = "aarch64")) { a.mul_add(b, c) } else { a * b + c }
            }
        }

        impl Simd for $name {
            const LANES: usize = $lanes;
            const PATH: Path = $path;
            type Scalar = $scalar;
            type Block = [Self; $lanes];

            fn enter<T: Task<Self>>(task: T) -> T::Output {
                task.run()
            }

            #[inline(always)]
            fn broadcast(value: $scalar) -> Self {
                Self([value; $lanes])
            }

            #[inline(always)]
            fn scalars(self) -> [$scalar; MAX_LANES] {
                let mut lanes = [0.0; MAX_LANES];
                lanes[..$lanes].copy_from_slice(&self.0);
                lanes
            }

            #[inline(always)]
            fn load(from: &[f64]) -> Self {
                let from = &from[..$lanes];
                Self(std::array::from_fn(|k| Scalar::rounded(from[k])))
            }

            #[inline(always)]
            fn store(self, to: &mut [f64]) {
                for (to, lane) in to[..$lanes].iter_mut().zip(self.0) {
                    *to = lane.into();
                }
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
                Self(self.0.map(<$scalar>::sqrt))
            }

            #[inline(always)]
            fn min(self, b: Self) -> Self {
                self.zip(b, <$scalar>::min)
            }

            #[inline(always)]
            fn max(self, b: Self) -> Self {
                self.zip(b, <$scalar>::max)
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                Self(std::array::from_fn(|k| Self::fused(self.0[k], b.0[k], c.0[k])))
            }

            #[inline(always)]
            fn mul_sub(self, b: Self, c: Self) -> Self {
                Self(std::array::from_fn(|k| Self::fused(self.0[k], b.0[k], -c.0[k])))
            }

            #[inline(always)]
            fn neg_mul_add(self, b: Self, c: Self) -> Self {
                Self(std::array::from_fn(|k| Self::fused(-self.0[k], b.0[k], c.0[k])))
            }

            #[inline(always)]
            fn split(self) -> ([u32; MAX_LANES], Self) {
                let mut whole = [0; MAX_LANES];
                let mut fraction = self.0;
                for k in 0..$lanes {
                    whole[k] = self.0[k] as u32;
                    fraction[k] = self.0[k] - whole[k] as $scalar;
                }
                (whole, Self(fraction))
            }

            #[inline(always)]
            fn transpose(block: Self::Block) -> Self::Block {
                std::array::from_fn(|i| Self(block.map(|row| row.0[i])))
            }

            #[inline(always)]
            fn zero_block() -> Self::Block {
                [Self::broadcast(0.0); $lanes]
            }
        }
    };
}

backend! {
    /// Four `f64` in an array.
    Generic, f64, 4, Path::Generic
}

backend! {
    /// Eight `f32` in an array.
    GenericSingle, f32, 8, Path::GenericMixed
}
