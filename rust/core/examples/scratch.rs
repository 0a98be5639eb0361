//! Scratch timing of the Cu potential from ace_dump.bin (not committed).
#![allow(missing_docs, clippy::all, clippy::pedantic)]
use ferrip_core::density::evaluator::{Evaluator, Options, Session};
use ferrip_core::density::readout::{CenterReadout, Embedding, Readout, Term, Variant};
use ferrip_core::density::{Center, OneParticle, Program, Radial, Ragged};
use ferrip_core::pair::Zbl;
use ferrip_core::simd::Path;
use ferrip_core::{Cell, Structure};
use std::sync::Arc;
use std::time::Instant;
#[repr(C)]
struct Ts {
    s: i64,
    n: i64,
}
unsafe extern "C" {
    fn clock_gettime(id: i32, t: *mut Ts) -> i32;
}
fn cpu() -> f64 {
    let mut t = Ts { s: 0, n: 0 };
    unsafe { clock_gettime(2, &mut t) };
    t.s as f64 + 1e-9 * t.n as f64
}

#[derive(Debug)]
struct Tab {
    rc: f64,
    m0: usize,
    v: Vec<Vec<f64>>,
    d: Vec<Vec<f64>>,
}
impl Radial for Tab {
    fn evaluate(&self, r: f64, value: &mut [f64], derivative: &mut [f64]) {
        if r >= self.rc {
            value.fill(0.0);
            derivative.fill(0.0);
            return;
        }
        let h = self.rc / self.m0 as f64;
        let s = r / h;
        let b = (s as usize).min(self.m0 - 1);
        let u = s - b as f64;
        for k in 0..value.len() {
            let (y0, y1, d0, d1) = (self.v[b][k], self.v[b + 1][k], self.d[b][k] * h, self.d[b + 1][k] * h);
            let (c2, c3) = (3.0 * (y1 - y0) - 2.0 * d0 - d1, 2.0 * (y0 - y1) + d0 + d1);
            value[k] = y0 + u * (d0 + u * (c2 + u * c3));
            derivative[k] = (d0 + u * (2.0 * c2 + u * 3.0 * c3)) / h;
        }
    }
    fn cutoff(&self) -> f64 {
        self.rc
    }
}
struct Rd<'a>(&'a [u8]);
impl Rd<'_> {
    fn i(&mut self) -> i32 {
        let v = i32::from_le_bytes(self.0[..4].try_into().unwrap());
        self.0 = &self.0[4..];
        v
    }
    fn f(&mut self) -> f64 {
        let v = f64::from_le_bytes(self.0[..8].try_into().unwrap());
        self.0 = &self.0[8..];
        v
    }
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let bins: usize = args.get(1).map_or(2048, |v| v.parse().unwrap());
    let reps: usize = args.get(2).map_or(8, |v| v.parse().unwrap());
    let threads: usize = args.get(3).map_or(1, |v| v.parse().unwrap());
    let paths: Vec<Path> = match args.get(4) {
        Some(name) => vec![Path::resolve(Some(name)).unwrap()],
        None => vec![Path::resolve(None).unwrap()],
    };
    let file = std::fs::read("/work/scratch_engine/ace_dump.bin").unwrap();
    let mut r = Rd(&file);
    let (lmax, nrad, nbase, nd) = (r.i() as usize, r.i() as usize, r.i() as usize, r.i() as usize);
    let rc = r.f();
    assert_eq!(nd, 2);
    let n1 = r.i();
    let mut densities = vec![vec![0.0; nbase]; 2];
    for _ in 0..n1 {
        let n = r.i() as usize;
        for p in 0..2 {
            densities[p][n - 1] += r.f();
        }
    }
    let mut one = Vec::new();
    for l in 0..=lmax {
        for n in 0..nrad {
            for m in -(l as i8)..=l as i8 {
                one.push(OneParticle { species: 0, channel: (l * nrad + n) as u16, l: l as u8, m });
            }
        }
    }
    let find = |n: usize, l: usize, m: i32| -> u32 {
        let start: usize = (0..l).map(|k| nrad * (2 * k + 1)).sum();
        (start + (n - 1) * (2 * l + 1)) as u32 + (l as i32 + m) as u32
    };
    let (mut monomials, mut functions) = (Ragged::default(), Ragged::default());
    for _ in 0..r.i() {
        let rank = r.i() as usize;
        let nl: Vec<(usize, usize)> = (0..rank).map(|_| (r.i() as usize, r.i() as usize)).collect();
        for _ in 0..r.i() {
            let ms: Vec<i32> = (0..rank).map(|_| r.i()).collect();
            let mut f: Vec<u32> = nl.iter().zip(&ms).map(|(&(n, l), &m)| find(n, l, m)).collect();
            f.sort_unstable();
            functions.push([(monomials.len() as u32, 1.0)]);
            monomials.push(f);
            for p in 0..2 {
                densities[p].push(r.f());
            }
        }
    }
    let m0 = r.i() as usize;
    let (mut v, mut d) = (Vec::new(), Vec::new());
    for _ in 0..=m0 {
        let g: Vec<[f64; 2]> = (0..nbase).map(|_| [r.f(), r.f()]).collect();
        let mut vv = vec![0.0; nrad * (lmax + 1)];
        let mut dd = vv.clone();
        for n in 0..nrad {
            for l in 0..=lmax {
                vv[l * nrad + n] = r.f();
                dd[l * nrad + n] = r.f();
            }
        }
        r.f();
        r.f();
        vv.extend(g.iter().map(|g| g[0]));
        dd.extend(g.iter().map(|g| g[1]));
        v.push(vv);
        d.push(dd);
    }
    let n = r.i() as usize;
    let ng = r.i() as usize;
    let x: Vec<[f64; 3]> = (0..ng).map(|_| [r.f(), r.f(), r.f()]).collect();
    let radial: Vec<Box<dyn Radial>> = vec![Box::new(Tab { rc, m0, v, d })];
    let center = Center {
        radial,
        n_channels: nrad * (lmax + 1),
        n_pair: nbase,
        one_particle: one,
        monomials,
        functions,
    };
    let program = Program::new(vec![29], vec![center]).unwrap();
    let linear = std::env::var("LINEAR").is_ok();
    let terms = vec![
        Term { prefactor: 1.0, exponent: 1.0 },
        Term { prefactor: 1.0, exponent: if linear { 1.0 } else { 0.5 } },
    ];
    let readout = Readout::new(
        &program,
        vec![CenterReadout {
            e0: 0.0,
            densities,
            embedding: Embedding::FinnisSinclair { terms, variant: Variant::ShiftedScaled },
            core: None,
        }],
    )
    .unwrap();
    let side = ((n / 4) as f64).cbrt().round() * 3.63;
    let mut sys: Vec<Structure> = Vec::new();
    for k in 0..4 {
        let mut pos = x[..n].to_vec();
        for (i, p) in pos.iter_mut().enumerate() {
            for a in 0..3 {
                p[a] += 0.01 * k as f64 * ((i * 7 + a * 3 + k) as f64).sin();
            }
        }
        sys.push(
            Structure::new(
                vec![29; n],
                pos,
                Cell::new([[side, 0.0, 0.0], [0.0, side, 0.0], [0.0, 0.0, side]], [true; 3]).unwrap(),
            )
            .unwrap(),
        );
    }
    for path in paths {
        let t = Instant::now();
        let evaluator = Arc::new(
            Evaluator::new(&program, &readout, &Zbl::default(), Options { path, n_bins: bins }).unwrap(),
        );
        println!("compile {:.2} s", t.elapsed().as_secs_f64());
        let mut session = Session::new(evaluator, 0.5, Some(threads)).unwrap();
        let mut best = f64::INFINITY;
        let mut sum = 0.0;
        let first = session.compute(sys[0].clone()).unwrap();
        println!(
            "E/atom {:.12} F0 {:?} nb {:.1}",
            first.energies.iter().sum::<f64>() / n as f64,
            first.forces[0],
            session.neighbors_per_atom()
        );
        for rep in 0..reps {
            let s = sys[rep % 4].clone();
            let t = cpu();
            let e = session.compute(s).unwrap();
            best = best.min(cpu() - t);
            sum += e.energies[0];
        }
        println!(
            "{} {bins} bins: best {:.2} us/atom ({sum:.3}, {} rebuilds)",
            path.name(),
            best / n as f64 * 1e6,
            session.rebuilds()
        );
    }
}
