//! Sets `cfg(ferrip_avx512)` where the compiler has stable AVX-512 intrinsics (Rust 1.89 and later), unless
//! `FERRIP_BUILD_SIMD=avx2` asks for a build without it (kernels compile a third faster; for development).

use std::process::Command;

/// First minor version of Rust 1.x with stable AVX-512 intrinsics.
const AVX512_SINCE: u32 = 89;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    println!("cargo::rerun-if-env-changed=FERRIP_BUILD_SIMD");
    println!("cargo::rustc-check-cfg=cfg(ferrip_avx512)");
    let no_avx512 = std::env::var("FERRIP_BUILD_SIMD").is_ok_and(|paths| paths == "avx2");
    if !no_avx512 && minor_version().is_some_and(|minor| minor >= AVX512_SINCE) {
        println!("cargo::rustc-cfg=ferrip_avx512");
    }
}

/// The 89 of `rustc 1.89.0 (…)`.
fn minor_version() -> Option<u32> {
    let output = Command::new(std::env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1)?.split('.').nth(1)?.parse().ok()
}
