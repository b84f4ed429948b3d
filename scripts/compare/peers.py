"""The programs that mlt is compared with: where they are, and how they get there.

They live in one folder outside the repository, $MLT_PEERS or else mlt-peers in the user's cache:

    venv/      PyTorch, transformers, PEFT and mlx-lm, from PyPI
    llama/     the source of llama-cpp-python, from PyPI, with llama.cpp in vendor/, built there for this machine
    models/    random models of the named shapes, and what was made of them

All of it is made when it is first needed, and can be removed at any time.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
LLAMA_CPP_PYTHON = "llama-cpp-python==0.3.36"
TARGETS = ["llama-bench", "llama-quantize"]


def home():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("MLT_PEERS") or os.path.join(cache, "mlt-peers")


def say(text):
    print(text, file=sys.stderr, flush=True)


def call(command, **options):
    """Runs a step of the set-up; what it prints goes to standard error."""
    subprocess.run(command, check=True, stdout=sys.stderr, **options)


def program(name):
    """A program of the virtual environment, which is made if it is missing."""
    venv = os.path.join(home(), "venv")
    if not os.path.exists(f"{venv}/bin/mlx_lm.lora"):
        say(f"installing PyTorch, PEFT and mlx-lm into {venv}")
        call([sys.executable, "-m", "venv", venv])
        call([f"{venv}/bin/pip", "install", "--quiet", "-r", f"{HERE}/requirements.txt"])
    return f"{venv}/bin/{name}"


def llama_source():
    """The source tree of llama.cpp."""
    folder = os.path.join(home(), "llama")
    if not os.path.exists(folder):
        say(f"downloading the source of {LLAMA_CPP_PYTHON}")
        unpacked = f"{folder}.unfinished"
        shutil.rmtree(unpacked, ignore_errors=True)
        os.makedirs(unpacked)
        call([program("pip"), "download", "--quiet", "--no-deps", "--no-build-isolation", "--no-binary", ":all:",
              "--dest", unpacked, LLAMA_CPP_PYTHON])
        with tarfile.open(glob.glob(f"{unpacked}/*.tar.gz")[0]) as archive:
            archive.extractall(unpacked, filter="data")
        os.rename(next(path for path in glob.glob(f"{unpacked}/*/") if os.path.isdir(f"{path}/vendor")), folder)
        shutil.rmtree(unpacked)
    return f"{folder}/vendor/llama.cpp"


def llama(name):
    """A program of llama.cpp, built for the processor it will run on."""
    source = llama_source()
    path = f"{source}/build/bin/{name}"
    if not os.path.exists(path):
        say("building llama.cpp")
        environment = dict(os.environ, PATH=os.path.dirname(program("ninja")) + ":" + os.environ["PATH"])
        call([program("cmake"), "-S", source, "-B", f"{source}/build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
              "-DGGML_NATIVE=ON", "-DLLAMA_CURL=OFF", "-DLLAMA_OPENSSL=OFF", "-DLLAMA_BUILD_TESTS=OFF",
              "-DLLAMA_BUILD_SERVER=OFF", "-DBUILD_SHARED_LIBS=OFF"], env=environment)
        call([program("ninja"), "-C", f"{source}/build"] + TARGETS, env=environment)
    return path


def folder_of(shape):
    """Where the forms of the random model of this shape lie side by side."""
    return os.path.join(home(), "models", shape)


def model(shape):
    """The folder of the random bf16 model of this shape, with nothing else in it: mlt hashes all of what it reads from."""
    folder = f"{folder_of(shape)}/bf16"
    if not os.path.exists(f"{folder}/config.json"):
        say(f"making a random model of the shape {shape}")
        call([program("python"), f"{HERE}/make_model.py", shape, folder])
    return folder


def gguf(shape, kind, options=()):
    """The model of this shape in a type of llama.cpp: bf16, Q4_0, Q8_0, Q4_K_M."""
    folder = folder_of(shape)
    if not os.path.exists(f"{folder}/bf16.gguf"):
        call([program("python"), f"{HERE}/make_model.py", shape, model(shape), f"{folder}/bf16.gguf", llama_source()])
    path = f"{folder}/{kind}{''.join(options)}.gguf"
    if not os.path.exists(path):
        call([llama("llama-quantize"), *options, f"{folder}/bf16.gguf", f"{path}.unfinished", kind])
        os.rename(f"{path}.unfinished", path)
    return path


def quantized(mlt, shape, bits):
    """The model of this shape as mlt quantizes it."""
    folder = f"{folder_of(shape)}/mlt-{bits}bit"
    if not os.path.exists(folder):
        call([mlt, "quantize", "--model", model(shape), "--bits", str(bits), "--out", folder, "--quiet"])
    return folder


def rows(kind):
    """A file of rows to train on; see make_rows.py."""
    path = os.path.join(home(), "models", f"{kind}.jsonl")
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        call([sys.executable, f"{HERE}/make_rows.py", kind, path])
    return path


def versions():
    """Names and versions of what is installed."""
    code = "import importlib.metadata as m, json; print(json.dumps({p: m.version(p) for p in PACKAGES}))"
    packages = ["torch", "transformers", "peft", "mlx", "mlx-lm"]
    out = subprocess.run([program("python"), "-c", code.replace("PACKAGES", repr(packages))], check=True,
                         capture_output=True, text=True).stdout
    return dict(json.loads(out), **{"llama.cpp": f"in {LLAMA_CPP_PYTHON.replace('==', ' ')}"})
