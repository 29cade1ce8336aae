"""Compiles every public header by itself: what a header needs, it includes. It is included in
an empty file, since in a main file clang would miss users of its inline functions."""
import os
import subprocess
import sys


def main():
    root, compiler = sys.argv[1:3]
    packages = ["libevent", "jansson", "yaml-0.1", "libcurl", "libcrypto"]
    flags = subprocess.run(["pkg-config", "--cflags"] + packages, check=True,
                           capture_output=True, text=True).stdout.split()
    failed = count = 0
    for top in ("lib", "daemon"):
        for folder, _, files in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(files):
                if not name.endswith(".h"):
                    continue
                count += 1
                path = os.path.join(folder, name)
                run = subprocess.run(
                    [compiler, "-std=c17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra",
                     "-Werror", "-I", os.path.join(root, "lib"), "-I", os.path.join(root, "daemon"),
                     *flags, "-include", path, "-x", "c", "/dev/null"],
                    capture_output=True, text=True)
                if run.returncode:
                    failed += 1
                    print(os.path.relpath(path, root), run.stderr.split("\n")[0], sep=": ")
    print(f"{count} headers, {failed} do not compile alone")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
