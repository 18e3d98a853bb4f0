"""The C extension's build: sources, flags, variants and the OpenMP probe.

``FASTCORE_BUILD=release|debug|asan|tsan|cov`` picks the flags (setuptools does not notice changed
flags: give every variant its own ``--build-temp``). ``FASTCORE_OPENMP=0`` builds without OpenMP.
"""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from pathlib import Path

import numpy
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

WARN = ["-Wall", "-Wextra", "-Wvla", "-Wshadow", "-Wpointer-arith"]
WARN += ["-Wno-missing-field-initializers"]
# No contraction and no fast-math: results are promised to be NumPy's, bit by bit.
BASE = ["-std=c11", "-fvisibility=hidden", "-fno-math-errno", "-ffp-contract=off", *WARN]
SANITIZE = ["-O1", "-g", "-UNDEBUG", "-fno-omit-frame-pointer"]
VARIANTS: dict[str, tuple[list[str], list[str]]] = {
    "release": (["-O3", "-g1"], []),
    "debug": (["-O0", "-g", "-UNDEBUG"], []),
    "asan": (
        [*SANITIZE, "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"],
        ["-fsanitize=address,undefined"],
    ),
    "tsan": ([*SANITIZE, "-fsanitize=thread"], ["-fsanitize=thread"]),
    "cov": (["-O0", "-g", "-UNDEBUG", "--coverage"], ["--coverage"]),
}


def openmp_works(compiler) -> bool:
    """Compile and link three lines that use OpenMP; a compiler without it says no here."""
    if os.environ.get("FASTCORE_OPENMP") == "0":
        return False
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text(
            "#include <omp.h>\nint main(void) {\n"
            "return omp_pause_resource_all(omp_pause_hard) * omp_in_parallel(); }\n"
        )
        try:
            objects = compiler.compile(
                [str(source)], output_dir=folder, extra_postargs=["-fopenmp"]
            )
            compiler.link_executable(
                objects, "probe", output_dir=folder, extra_postargs=["-fopenmp"]
            )
        except Exception:  # every compiler class has its own error; any of them means "no"
            return False
    return True


def compile_side_by_side(compiler) -> None:
    """Let `compiler` compile its sources on all CPUs: setuptools has one extension, one thread."""
    one_list = compiler.compile

    def compile_all(sources, **options):
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = pool.map(lambda source: one_list([source], **options), sources)
            return [name for names in found for name in names]

    compiler.compile = compile_all


class BuildExt(build_ext):
    def build_extensions(self) -> None:
        variant = os.environ.get("FASTCORE_BUILD", "release")
        if variant not in VARIANTS:
            raise SystemExit(f"FASTCORE_BUILD={variant!r}: expected one of {', '.join(VARIANTS)}")
        compile_args, link_args = VARIANTS[variant]
        extra = ["-fopenmp"] if openmp_works(self.compiler) else []
        for extension in self.extensions:
            extension.extra_compile_args = [*BASE, *compile_args, *extra]
            extension.extra_link_args = [*link_args, *extra]
            extension.define_macros.append(("FC_BUILD_VARIANT", f'"{variant}"'))
        compile_side_by_side(self.compiler)
        super().build_extensions()


setup(
    ext_modules=[
        Extension(
            "fastcore._core",
            sources=sorted(glob("src/**/*.c", recursive=True)),
            # A changed header or table rebuilds everything: setuptools does not follow includes.
            depends=sorted(
                glob("src/**/*.h", recursive=True)
                + glob("src/**/*.def", recursive=True)
                + glob("include/**/*.h", recursive=True)
            ),
            include_dirs=["include", "src", numpy.get_include()],
            define_macros=[("_GNU_SOURCE", "1")],
            language="c",
        )
    ],
    cmdclass={"build_ext": BuildExt},
)
