//! `out += Σ_r w_r · row_r` over rows of equal length: the inner loop of all descriptor gradients.

/// Adds `weight · row` to `out`.
#[inline(always)]
fn add_scaled<const FMA: bool>(out: &mut [f64], row: &[f64], weight: f64) {
    for (o, g) in out.iter_mut().zip(row) {
        *o = if FMA { weight.mul_add(*g, *o) } else { *o + weight * g };
    }
}

#[inline(always)]
fn contract_body<const FMA: bool>(out: &mut [f64], matrix: &[f64], terms: &[(u32, f64)]) {
    let length = out.len();
    let row = |r: u32| &matrix[r as usize * length..(r as usize + 1) * length];
    let mut pairs = terms.chunks_exact(2);
    for pair in &mut pairs {
        let [(r, w), (s, x)] = [pair[0], pair[1]];
        for ((o, g), h) in out.iter_mut().zip(row(r)).zip(row(s)) {
            *o = if FMA { x.mul_add(*h, w.mul_add(*g, *o)) } else { *o + w * g + x * h };
        }
    }
    for &(r, w) in pairs.remainder() {
        add_scaled::<FMA>(out, row(r), w);
    }
}

/// # Safety
/// The processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[expect(unsafe_code, reason = "safe functions with target features came after Rust 1.85")]
unsafe fn contract_avx2(out: &mut [f64], matrix: &[f64], terms: &[(u32, f64)]) {
    contract_body::<true>(out, matrix, terms);
}

/// `out += Σ w · matrix[row]` for terms (row, w); `matrix` has rows of the length of `out`.
///
/// # Panics
/// If a row lies outside the matrix.
pub(crate) fn contract(out: &mut [f64], matrix: &[f64], terms: &[(u32, f64)]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: the CPU has AVX2 and FMA, as just asked.
        #[expect(unsafe_code, reason = "entry into a function compiled for AVX2")]
        return unsafe { contract_avx2(out, matrix, terms) };
    }
    contract_body::<{ cfg!(target_feature = "fma") || cfg!(target_arch = "aarch64") }>(out, matrix, terms);
}
