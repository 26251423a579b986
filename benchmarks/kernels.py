"""Which of the processor's instructions the libraries may use: each its own choice, or all AVX2.

A machine's settings may pin one library to older instructions and leave the others free, as
`OPENBLAS_CORETYPE=Haswell` keeps NumPy's products to AVX2 where JAX takes AVX-512, twice as wide.
Such pins are taken out before anything is imported, and told. `--avx2` sets them for everyone: how
a machine without AVX-512 would compare.
"""

from __future__ import annotations

import os
import sys

AVX2 = {
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
"""What keeps NumPy and PyTorch to AVX2."""
JAX_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
AVX2_JAX = "--xla_cpu_max_isa=AVX2"
TOLD = "BENCHMARK_INSTRUCTIONS"
"""The variable that keeps the sentence of `settle`."""
PINS = (*AVX2, "OPENBLAS_L2_SIZE")


def settle() -> str:
    """Set the environment, before NumPy is imported; what was done, in a sentence."""
    pins = [f"{name}={os.environ.pop(name)}" for name in PINS if name in os.environ]
    if "--avx2" in sys.argv:
        os.environ.update(AVX2)
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {AVX2_JAX}".strip()
        return "Everyone is kept to AVX2."
    chosen = "Everyone takes the instructions that it chooses by itself"
    return f"{chosen}; {', '.join(pins)} of this machine was taken out." if pins else f"{chosen}."
