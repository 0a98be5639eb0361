"""Types of the private extension module (Rust). Units: Å, eV, eV/Å; rows of `cell` are lattice vectors."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__version__: str

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

Structure = tuple[I64, F64, F64, NDArray[np.bool_]]
"""(numbers (N,) int64, positions (N,3), cell (3,3), pbc (3,) bool)"""

PairTerm = tuple[int, int, str, Sequence[float], tuple[str, float, float]]
"""A pair function between two elements: (z1, z2, form, numbers, (ending, start, cutoff)). Forms and their
numbers: 'zbl'; 'lennard-jones' ε, σ; 'morse' D, a, r₀; 'buckingham' A, ρ, C; 'table' distances, energies and slopes,
column behind column. Endings: 'switch' smoothly from start to cutoff (Å); 'shift' and 'shift-force' by the value,
or value and slope, at the cutoff."""

def resolve_threads(num_threads: int | None = None) -> int: ...
def neighbor_list(
    numbers: I64,
    positions: F64,
    cell: F64,
    pbc: NDArray[np.bool_],
    cutoff: float,
    num_threads: int | None = None,
) -> tuple[I64, I64, I32, F64]: ...

class _Features:
    """What every descriptor offers."""

    @property
    def elements(self) -> list[int]: ...
    @property
    def cutoff(self) -> float: ...
    @property
    def n_features(self) -> int: ...
    def feature_range(self, element: int) -> tuple[int, int]:
        """First column that atoms of an element can have, and the one after their last."""
    def feature_table(self) -> list[tuple[int, list[tuple[int, int, int]]]]:
        """Per feature: (centre atomic number, [(neighbor atomic number, n, l), ...]); the neighbor's number is 0
        in the factors of an element embedding and for r_jk of a triplet; of a function of a density they are
        (0, number of the density, 0) and (0, index, 0)."""
    def values(self, structure: Structure, num_threads: int | None = None) -> F64:
        """(N, n_features); zero outside the columns of each atom's own element."""
    def vjp(self, structure: Structure, values_bar: F64, num_threads: int | None = None) -> tuple[F64, F64]:
        """(positions_bar (N,3), strain_bar (3,3)) of sum(values_bar * values)."""
    def jvp(
        self, structure: Structure, positions_dot: F64, strain_dot: F64, num_threads: int | None = None
    ) -> F64:
        """(N, n_features) derivative of values along positions_dot and strain_dot."""
    def center_vectors(self, structure: Structure, values_bar: F64, num_threads: int | None = None) -> F64:
        """(N, 3) sums over the edges i→j of atom i of the derivatives in r_ij of sum(values_bar * values) of that atom:
        vectors that turn with the structure, not derivatives of anything."""
    def network_inputs(self, element: int) -> tuple[int, int]:
        """First column that networks of this element take, and the one after their last: all of the element but pair
        functions of a `Descriptor`."""
    def feature_edges(
        self, structure: Structure, num_threads: int | None = None
    ) -> tuple[I64, I64, F64, NDArray[np.float32]]:
        """(centres (E,), neighbors (E,), r_ij (E, 3), gradients (E, 3, K)) of all edges, centre by centre: derivatives
        in r_ij of the K features that atoms of the centre's element can have."""
    def design(self, structures: Sequence[Structure], num_threads: int | None = None) -> F64:
        """Design rows, Fortran order (rows, n_features). Per structure of N atoms, 1 + 3N + 6 rows:
        energy Σ_i B, forces −dB/dr (atom-major xyz), strain derivatives dB/dε (Voigt xx yy zz yz xz xy,
        symmetric part, not divided by the volume; virial = −row, stress = row / V)."""
    def evaluator(
        self,
        coefficients: F64,
        e0: Sequence[float],
        pairs: Sequence[PairTerm] = (),
        simd: str | None = None,
    ) -> Evaluator:
        """Contracted fast evaluator of a linear potential, `e0` in the order of `elements`. Radial functions of a
        `Descriptor` are tabulated; others are exact up to rounding. A `ClusterDescriptor` runs the kernels of
        'avx2' for 'avx512'."""
    def network_evaluator(
        self,
        coefficients: F64,
        e0: Sequence[float],
        activation: str,
        networks: Sequence[Sequence[tuple[F64, F64]]],
        pairs: Sequence[PairTerm] = (),
        simd: str | None = None,
    ) -> Evaluator:
        """As `evaluator`, with a network N of the inputs of every element, or of all its features, whose energy
        N(B) − N(0) adds to the linear one: layers of weights (outputs, inputs) and biases (outputs,), the last one with
        one output in eV. `activation` 'isru' or 'gated', see `ferrip.network`. Descriptors of the density engine and
        `AcsfDescriptor`."""

class Descriptor(_Features):
    """A compiled density-engine program with its species, frozen."""

    @staticmethod
    def ace(
        *,
        elements: Sequence[int],
        cutoff: float,
        pair_cutoff: float,
        n_pair: int,
        r0: dict[tuple[int, int], float],
        degrees: Sequence[float] | None = None,
        l_weight: float = 1.0,
        functions: Sequence[Sequence[tuple[int, int, int]]] | None = None,
        exponents: tuple[int, int] = (2, 4),
        outer_zero: int = 2,
        inner_zero: int = 2,
        pair_exponents: tuple[int, int] = (1, 3),
        pair_outer_zero: int = 3,
        pair_inner_zero: int = 0,
        species_weights: Sequence[Sequence[float]] | None = None,
        contrast_degree: float = 0.0,
        cutoffs: dict[tuple[int, int], float] | None = None,
        pair_cutoffs: dict[tuple[int, int], float] | None = None,
        inner_cutoffs: dict[tuple[int, int], tuple[float, float]] | None = None,
        radial_coefficients: Sequence[Sequence[float]] | None = None,
    ) -> Descriptor:
        """Compile an ACE basis. `elements` ascending atomic numbers; `cutoff`, `pair_cutoff` in Å; `r0`
        nearest-neighbor distance (Å) per pair (low, high); `degrees[k]` largest Σ(n + l_weight l) of order
        k + 2 (n ≥ 1), or explicit `functions` as lists of (neighbor's atomic number, n, l); `exponents` (p, q)
        of the Agnesi transform; order of the zeros of the radial functions at the cutoff and at r = 0;
        `species_weights` rows W_k (one entry per element) of an element embedding, whose factors sum
        over all neighbors weighted by species, k ≥ 1 adding `contrast_degree` to the total degree. `cutoffs` and
        `pair_cutoffs` (Å) override the two cutoffs for pairs (low, high), `inner_cutoffs` (end, width in Å) take all
        radial functions of a pair to 0 towards short distances; `radial_coefficients` (n, k) combine the radial
        functions k of the transform to those of the products."""
    @staticmethod
    def soap(
        *,
        elements: Sequence[int],
        n_max: int,
        l_max: int,
        cutoff: float,
        sigma: float,
        reach: float | None = None,
        cutoff_width: float = 0.0,
        decay_length: float | None = None,
        decay_power: float = 4.0,
        center_weight: float = 1.0,
        symmetric: bool = True,
        species_weights: Sequence[Sequence[float]] | None = None,
        pair_centers: Sequence[float] = (),
        pair_width: float = 1.0,
        pair_cutoff: float | None = None,
        pair_cutoff_width: float = 0.0,
        basis: str = "gto",
    ) -> Descriptor:
        """Compile a SOAP power spectrum with Gaussians of width `sigma` for atoms (Å) and radial functions of a `basis`
        made for `cutoff`: 'gto' (Gaussian-type) or 'polynomial' (slower in values and rows, not in evaluators).
        Neighbors count up to `reach` (default: the cutoff), and fade over the last `cutoff_width`; with a
        `decay_length` (Å) they weigh 1 / (1 + (r / decay_length)^decay_power).
        `center_weight`: Gaussian of the centre itself. Features in the order of neighbor species z, z' ≥ z, l, n, n'
        (n' ≥ n where z = z'); `symmetric`: those of different (z, n) times √2, so that dot products are those of
        all pairs. `species_weights` rows as in `ace`: sums over all neighbors, weighted by
        species. Pair functions are Gaussians of the distance around `pair_centers`."""
    @staticmethod
    def chebyshev(
        *,
        elements: Sequence[int],
        radial_order: int,
        angular_order: int,
        radial_cutoff: float,
        angular_cutoff: float,
        species_weights: Sequence[Sequence[float]],
        fade: str = "cosine",
    ) -> Descriptor:
        """Compile a Chebyshev descriptor: per row w of `species_weights` (one entry per element), radial functions
        Σ_j w_j T_n(2 r_j / radial_cutoff − 1) f(r_j) for n = 0 … `radial_order`, then angular functions
        Σ_{j<k} w_j w_k T_n(cos θ_jk) f(r_j) f(r_k) for n = 0 … `angular_order`. Cutoffs in Å; `fade` f is 'cosine'
        or 'quintic'."""
    def smoothness(self, power: float = 2.0, l_weight: float = 1.0) -> F64:
        """(n_features,) Σ over factors of n^power + (l_weight l)^power, for smoothness priors."""
    def resolved_functions(self) -> list[list[tuple[int, int, int]]]:
        """Products of factors (neighbor's atomic number, n, l) that an element embedding sums up; [] without one."""
    def resolve_coefficients(self, resolved: Descriptor, coefficients: F64) -> F64:
        """Coefficients on `resolved`, a basis of the `resolved_functions` of this one, for the same energies."""
    def tied_functions(self, similarity: F64) -> list[tuple[I64, F64]]:
        """Groups of functions of one centre that differ only in neighbor species: their columns within the
        features of a centre, and the covariance (k, k) of their coefficients that the similarity κ (S, S) of
        species implies, a factor κ per neighbor; symmetric under exchange of equal (n, l)."""
    def embedded_design(
        self,
        structures: Sequence[Structure],
        readout: Readout,
        free: NDArray[np.bool_],
        num_threads: int | None = None,
    ) -> F64:
        """Rows as `design`, for the derivatives in the coefficients of a readout without core repulsion. `free`
        (P, n_features): coefficients that have a column, density by density. One more column at the end holds
        the energy (without e0), forces and strain derivative of the readout."""
    def embedded_values(self, structure: Structure, readout: Readout, num_threads: int | None = None) -> F64:
        """(N, P · n_features) derivatives of the energies of the atoms in the coefficients, density by density."""

Core = tuple[F64, tuple[float, float] | list[tuple[float, float]]]
"""Core repulsion: (one coefficient per pair function of the centre, what switches the embedding off): the tuple
(rho_cut, drho_cut), or the list of (start, width) in Å by neighbor species for the nearest neighbor."""

class Readout:
    """Energy of an atom from its features, frozen, per centre element (ML-PACE's form):

    E = e0 + f_cut(rho_core) * sum_p w_p F_{m_p}(rho_p) + rho_core, rho_p = densities[p] @ own features,
    rho_core = core coefficients @ own pair functions; f_cut is the quintic step from 1 at rho_cut - drho_cut
    to 0 at rho_cut. Where the nearest neighbor switches, E = e0 + f F + (1 - f) rho_core with the step f from 0 at
    the start of the range of its species to 1 at the end."""

    def __new__(
        cls,
        descriptor: Descriptor,
        e0: Sequence[float],
        densities: Sequence[F64],
        embeddings: Sequence[tuple[str, Sequence[tuple[float, float]]] | None] | None = None,
        cores: Sequence[Core | None] | None = None,
    ) -> Readout:
        """One entry per element everywhere: `densities` of shape (P <= 16, own features) in the order of
        `feature_range`; `embeddings` None for E = sum_p rho_p, or (name, [(w_p, m_p), ...]) with the name
        'FinnisSinclair' or 'FinnisSinclairShiftedScaled'; `cores` None for no core repulsion."""
    @staticmethod
    def linear(descriptor: Descriptor, coefficients: F64, e0: Sequence[float]) -> Readout:
        """The linear readout with one coefficient per feature."""

class PaceFile:
    """What a potential file of pacemaker or ML-PACE holds; by atomic number where it says so."""

    @property
    def descriptor(self) -> Descriptor:
        """Pair functions (one per density, then ρ_core) and canonical products with coefficient 1."""
    @property
    def e0(self) -> dict[int, float]: ...
    @property
    def coefficients(self) -> F64:
        """(densities, n_features)."""
    @property
    def embeddings(self) -> dict[int, tuple[str, list[tuple[float, float]]]]:
        """Name of the embedding and (prefactor, exponent) of each density, by atomic number."""
    @property
    def core(self) -> F64 | None:
        """(n_features,) coefficients of ρ_core."""
    @property
    def core_switches(self) -> dict[int, tuple[float, float]]:
        """(end, width) in eV of the switch that ρ_core works, by atomic number."""
    @property
    def nearest_switches(self) -> dict[int, list[tuple[float, float]]]:
        """(start, width) in Å by neighbor species, by atomic number, where the nearest neighbor switches."""
    @property
    def bin_width(self) -> float:
        """Width of the bins of ML-PACE's radial tables, Å."""
    @property
    def yace(self) -> str:
        """The same potential in the form of `.yace`."""

def read_pace(text: str, extension: str) -> PaceFile:
    """Reads the text of a `.yace`, `.ace` or pacemaker's `.yaml` file; extension without the dot."""

def pace_subset(yace: str, elements: Sequence[int]) -> str:
    """The text of a `.yace` file cut down to some elements (atomic numbers)."""

def export_pace(
    descriptor: Descriptor, readout: Readout, pairs: Sequence[PairTerm]
) -> tuple[str, str | None, list[str]]:
    """(text of the `.yace` file, text of a second one with the pair functions where they reach further, notes on
    what the files do not express)."""

class AcsfDescriptor(_Features):
    """Symmetry functions, frozen: explicit sums over pairs and triplets. Columns of a centre: G2 by neighbor species,
    function by function; G4 and then G5 by pair of species (z, z' ≥ z). With weights, by row of weights."""

    def __new__(
        cls,
        *,
        elements: Sequence[int],
        cutoff: float,
        g2: Sequence[tuple[float, float]] = (),
        g4: Sequence[tuple[float, float, float]] = (),
        g5: Sequence[tuple[float, float, float]] = (),
        species_weights: Sequence[Sequence[float]] | None = None,
        fade: str = "cosine",
    ) -> AcsfDescriptor:
        """`elements` ascending atomic numbers; `cutoff` in Å; `g2` (η in Å⁻², R_s in Å), `g4` and `g5` (η, ζ, λ) as
        in `ferrip.models.acsf`; `species_weights` rows w of one entry per element: one set of functions per row with
        neighbors weighted by w_j and pairs by w_j w_k; `fade` 'cosine' or 'quintic'."""
    def smoothness(self) -> F64:
        """(n_features,) ones."""

class KernelDescriptor(_Features):
    """Kernels f(p̂ · p̂_s) − f(p̂_∅ · p̂_s) between the products p of a descriptor and those of sparse environments, as
    features, frozen; ∅ is the free atom, and f(t) is t^zeta or exp((t − 1) / length²). The descriptor's pair functions
    stay, before the kernels of each centre."""

    def __new__(
        cls,
        base: Descriptor,
        points: Sequence[F64],
        zeta: int | None = None,
        *,
        length: float | None = None,
        scales: Sequence[F64] | None = None,
    ) -> KernelDescriptor:
        """`points`: one array (sparse environments, own products) of directions p̂_s per element of `base`, rows of
        length 1 or less. With `scales`, one array (own products,) s per element, p̂ = (s ∘ p, 1) / |(s ∘ p, 1)|, and
        rows of `points` have the constant at their end; else p̂ = p / |p|."""
    @property
    def base(self) -> Descriptor: ...
    def smoothness(self) -> F64:
        """(n_features,) ones: the prior of kernels is a covariance."""

class JointDescriptor(_Features):
    """Kernels and linear functions beside them as features, element by element, frozen; the evaluator is the sum of
    theirs."""

    def __new__(cls, kernels: KernelDescriptor, linear: Descriptor) -> JointDescriptor:
        """Both of the same elements."""
    @property
    def kernels(self) -> KernelDescriptor: ...
    @property
    def linear(self) -> Descriptor: ...
    def smoothness(self) -> F64:
        """(n_features,) ones: the prior is a covariance."""

class ClusterDescriptor(_Features):
    """Cubic B-splines of pairs, triplets and densities as features (UF3), frozen."""

    def __new__(
        cls,
        elements: Sequence[int],
        pairs: Sequence[tuple[tuple[int, int], Sequence[float], tuple[int, int]]],
        triplets: Sequence[
            tuple[
                tuple[int, int, int],
                tuple[Sequence[float], Sequence[float], Sequence[float]],
                tuple[int, int],
            ]
        ],
        embeddings: Sequence[
            tuple[int, Sequence[float], Sequence[tuple[int, Sequence[float], Sequence[float]]]]
        ] = (),
    ) -> ClusterDescriptor:
        """`elements` ascending atomic numbers; `pairs` as (elements, knots in Å, trims); `triplets` as (elements of
        i, j and k, knots along r_ij, r_ik and r_jk, trims). n + 4 knots carry n functions; trims (start, end) leave
        functions out. Below its first knot a pair goes on linearly; triplets count where all distances are in
        range. Features: a pair is shared by both atoms, half each; a triplet belongs to its centre. `embeddings` as
        (element of i, knots of the density ρ, what neighbors add to ρ): functions B_k(ρ_i), k ≥ 1, of
        ρ_i = Σ_j f(r_ij), linear beyond their knots, which begin with four zeros; each f as (element of j, knots in Å,
        coefficients, the last three 0), linear below its first knot."""
    def smoothness(self) -> F64:
        """(n_features,) ones: the prior of splines is a covariance."""

class MomentDescriptor(_Features):
    """Contractions of moments M_μ,abc = Σ_j f_μ(r_ij) x̂^a ŷ^b ẑ^c to scalars as features (MTP), frozen. All elements
    share the features. Radial functions f_μ = Σ_β c_μβ s (r − max)² P_β(ξ), ξ = (2r − min − max) / (max − min)."""

    @staticmethod
    def level(
        *,
        elements: Sequence[int],
        level: int,
        max_radial: int | None = None,
        max_rank: int | None = None,
        max_factors: int = 4,
        polynomials: str = "chebyshev",
        ranges: Sequence[tuple[float, float, float]],
        coefficients: NDArray[np.float64],
        scaling: float = 1.0,
    ) -> MomentDescriptor:
        """The scalars of the level rule Σ (2 + 4μ + ν) ≤ level, with bounds on μ, on the rank ν and on the number of
        moments. `elements` ascending atomic numbers; per ordered pair (centre, neighbor), row by row, `ranges` of
        (min, max, softness) in Å and `coefficients` of shape (S, S, functions, polynomials); `polynomials`
        'chebyshev' or 'jacobi'. Below min the polynomials go on, or (softness w > 0) below r₀ = min + w r becomes
        r₀ − w tanh((r₀ − r) / w), which is never below min."""
    @staticmethod
    def explicit(
        *,
        elements: Sequence[int],
        moments: Sequence[tuple[int, int, int, int]],
        n_nodes: int,
        products: Sequence[tuple[int, int, float, int]],
        scalars: Sequence[int],
        polynomials: str = "chebyshev",
        ranges: Sequence[tuple[float, float, float]],
        coefficients: NDArray[np.float64],
        scaling: float = 1.0,
    ) -> MomentDescriptor:
        """As `level`, with scalars as given: `moments` (μ, a, b, c) are the first nodes; a product (i, j, w, k) adds
        w · node i · node j to node k; factors must be complete before they are used; `scalars` are nodes."""
    def with_radial(self, coefficients: NDArray[np.float64]) -> MomentDescriptor:
        """The same scalars with other radial coefficients."""
    @property
    def n_products(self) -> int:
        """Products that one evaluation of all scalars takes."""
    def feature_table(self) -> list[tuple[int, list[tuple[int, int, int]]]]:
        """Per feature: (0, [(0, μ, ν), ...])."""
    def smoothness(self) -> F64:
        """(n_features,) level of every scalar."""
    def radial_design(
        self, structures: Sequence[Structure], coefficients: F64, num_threads: int | None = None
    ) -> F64:
        """Rows as `design`, for the derivatives of the linear potential with these coefficients (eV, one per
        feature) in the radial coefficients: one column per entry of their array, flattened. Together with the
        columns of `design` they are the Jacobian of a Gauss–Newton step."""
    def to_mtp(self, coefficients: F64 | None, e0: Sequence[float], tag: str) -> str:
        """Text of the `.mtp` file of the potential; without coefficients, of an untrained one."""

class MtpFile:
    """What a `.mtp` (MLIP-2) or `.almtp` (MLIP-3) file holds; `None` for what an untrained one lacks."""

    @property
    def n_species(self) -> int: ...
    @property
    def tag(self) -> str:
        """Free text."""
    @property
    def range(self) -> tuple[float, float]:
        """min_dist and max_dist, Å."""
    @property
    def scaling(self) -> float: ...
    @property
    def radial_coefficients(self) -> NDArray[np.float64] | None:
        """(S, S, functions, polynomials), Chebyshev; species in the order of the file."""
    @property
    def species_coefficients(self) -> F64 | None:
        """(S,) eV."""
    @property
    def coefficients(self) -> F64 | None:
        """(scalars,) eV, of the scalars of `rule`, or of `explicit`."""
    @property
    def rule(self) -> list[int] | None:
        """[level, max_radial, max_rank, max_factors] of the rule that holds the file's scalars, or `None`."""
    @property
    def explicit(
        self,
    ) -> tuple[list[tuple[int, int, int, int]], int, list[tuple[int, int, float, int]], list[int]] | None:
        """Moments, number of nodes, products and scalars as in the file, or `None` where there is a rule."""

def read_mtp(content: bytes) -> MtpFile:
    """Reads a `.mtp` or `.almtp` file."""

def level_counts(
    level: int, max_radial: int | None = None, max_rank: int | None = None, max_factors: int = 4
) -> tuple[int, int, int, int]:
    """Numbers of scalars, radial functions, moments and products of a level."""

class Evaluator:
    """Contracted fast evaluator of a potential, frozen and shared between threads. The constructor takes a
    linear readout as coefficients and energies."""

    def __new__(
        cls,
        descriptor: Descriptor,
        coefficients: F64,
        e0: Sequence[float],
        pairs: Sequence[PairTerm] = (),
        simd: str | None = None,
        tolerance: float | None = None,
    ) -> Evaluator: ...
    @staticmethod
    def from_readout(
        descriptor: Descriptor,
        readout: Readout,
        pairs: Sequence[PairTerm] = (),
        simd: str | None = None,
        tolerance: float | None = None,
        bin_width: float | None = None,
    ) -> Evaluator:
        """As the constructor, with a readout. The radial tables are within `tolerance` (relative; 20 times as much per
        Å for derivatives) of the radial functions, or of their cubic interpolation on bins of `bin_width` Å (as many
        as fit, stretched to end at the cutoff: the grid of ML-PACE)."""
    @staticmethod
    def sum(parts: Sequence[Evaluator]) -> Evaluator:
        """The sum of evaluators of the same elements, on one neighbor list."""
    @property
    def elements(self) -> list[int]: ...
    @property
    def cutoff(self) -> float: ...
    @property
    def simd(self) -> str:
        """Path in use: 'avx512', 'avx2' or 'generic'; 'avx2-mixed' or 'generic-mixed' in mixed precision."""
    def compute(self, structure: Structure, num_threads: int | None = None) -> tuple[F64, F64, F64]:
        """(energies (N,), forces (N,3), strain_gradient dE/dε (3,3) symmetric). Builds a neighbor list."""
    def compute_all(
        self, structures: Sequence[Structure], num_threads: int | None = None
    ) -> list[tuple[F64, F64, F64]]:
        """As `compute`, of every structure; whole structures are shared among the threads."""
    def session(self, skin: float = 0.5, num_threads: int | None = None) -> Session: ...

class Session:
    """An evaluator with a Verlet-skin neighbor list that is reused while no atom moved more than skin/2."""

    def compute(self, structure: Structure) -> tuple[F64, F64, F64]:
        """As Evaluator.compute."""
    @property
    def rebuilds(self) -> int: ...
    @property
    def neighbors_per_atom(self) -> float:
        """Mean number of neighbors within the cutoff in the last compute."""
    def minimum_distances(self) -> dict[tuple[int, int], float]:
        """Shortest distance (Å) per unordered pair of atomic numbers (low, high) in the last compute."""

def compute_analytic(
    descriptor: Descriptor,
    readout: Readout,
    structure: Structure,
    pairs: Sequence[PairTerm] = (),
    num_threads: int | None = None,
) -> tuple[F64, F64, F64]:
    """As Evaluator.compute, through all features and with the radial functions instead of tables: strict, slow."""

def zbl_defaults(elements: Sequence[int]) -> list[PairTerm]:
    """ZBL between all unordered pairs, switched off by covalent radii."""

def pair_design_offset(
    structures: Sequence[Structure], pairs: Sequence[PairTerm], num_threads: int | None = None
) -> F64:
    """(rows,) energy, forces and strain derivatives of a pair baseline in the row layout of Descriptor.design."""

def supported_simd() -> list[str]: ...
def peak_flops(simd: str | None = None, rounds: int = 20) -> float:
    """Floating-point operations per second of one core, from chains of fused multiply-adds: best of `rounds`."""
