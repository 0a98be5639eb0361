//! Builds the C ABI library (`rust/capi`) for the wheel, with a nested cargo build.
//!
//! The library and its header are left in `OUT_DIR`, from where maturin takes them into the wheel
//! (`tool.maturin.include` in pyproject.toml). Cargo offers no stable way to depend on another crate's
//! cdylib, hence the nested build. It has its own target directory, so it never waits for the lock of the
//! outer build. Plain `cargo build`, `check` and `test` of the workspace skip it: only a build of the
//! extension module for Python, which maturin announces by an environment variable, needs the library.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Set by maturin (and other build tools for Python) while they build an extension module.
const EXTENSION_MODULE: &str = "PYO3_BUILD_EXTENSION_MODULE";

/// What the nested build reads, relative to this crate; a change of any makes cargo run this script again.
const INPUTS: [&str; 12] = [
    "build.rs",
    "../capi/Cargo.toml",
    "../capi/build.rs",
    "../capi/src",
    "../capi/include",
    "../model/Cargo.toml",
    "../model/src",
    "../core/Cargo.toml",
    "../core/build.rs",
    "../core/src",
    "../../Cargo.toml",
    "../../Cargo.lock",
];

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed={EXTENSION_MODULE}");
    for input in INPUTS {
        println!("cargo::rerun-if-changed={input}");
    }
    if env::var_os(EXTENSION_MODULE).is_none() {
        return ExitCode::SUCCESS;
    }
    match build_capi() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error=the C ABI library could not be built: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Builds `rust/capi` and copies library and header to the top of `OUT_DIR`.
fn build_capi() -> Result<(), String> {
    let out_dir = PathBuf::from(variable("OUT_DIR")?);
    let capi = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../capi");
    let (target, profile) = (variable("TARGET")?, variable("PROFILE")?);
    let target_dir = out_dir.join("capi-target");

    let mut cargo = Command::new(variable("CARGO")?);
    cargo.args(["build", "--lib", "--locked", "--target", &target]);
    cargo.arg("--manifest-path").arg(capi.join("Cargo.toml"));
    cargo.arg("--target-dir").arg(&target_dir);
    if profile == "release" {
        cargo.arg("--release");
    }
    let status = cargo.status().map_err(|error| format!("cargo did not start: {error}"))?;
    if !status.success() {
        return Err(format!("{cargo:?} ended with {status}"));
    }

    let library = match variable("CARGO_CFG_TARGET_OS")?.as_str() {
        "windows" => "ferrip.dll",
        "macos" | "ios" => "libferrip.dylib",
        _ => "libferrip.so",
    };
    copy(&target_dir.join(&target).join(&profile).join(library), &out_dir.join(library))?;
    copy(&capi.join("include/ferrip.h"), &out_dir.join("ferrip.h"))
}

/// An environment variable that cargo sets for build scripts.
fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map_err(|error| format!("copying {} failed: {error}", from.display()))?;
    Ok(())
}
