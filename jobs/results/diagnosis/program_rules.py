"""Failures of what a job runs: versions that do not fit, programs that are not there, files that are broken, tests."""

from __future__ import annotations

from jobs.results.diagnosis.rule import LIKELY, VAGUE, Rule

_PIN = "Name versions that fit each other in packages (e.g. packages=['x==1.2', …]); wheels with native code must be made for the torch, CUDA and Python in use."
_PROGRAMS = (
    r"npx|npm|node|pnpm|yarn|bun|deno|uvx?|pipx|docker|podman|git-lfs|java|gcc|g\+\+|cc|clang|make|cmake|ninja|nvcc|nvidia-smi|cargo|rustc|go"
    r"|ffmpeg|ffprobe|sox|espeak(?:-ng)?|tesseract|pdftoppm|pdftotext|pdfinfo|convert|magick|pandoc|latexmk|pdflatex|dot|graphviz"
    r"|curl|wget|jq|unzip|zip|7z|tar|rsync|ssh|aws|gcloud|gsutil|kubectl|psql|redis-server|sqlite3|chromium|google-chrome|chromedriver|xvfb-run"
    r"|aria2c|yt-dlp|ollama|vllm|accelerate|torchrun|deepspeed|lighteval|Rscript|julia|bash|sh|zsh"
)

RULES = (
    Rule(
        "version_mismatch",
        (
            r"\.so\S{0,40}: undefined symbol: \S+",
            r"operator (?P<name>torchvision)::\w+ does not exist",
            r"(?P<name>numpy)\.dtype size changed, may indicate binary incompatibility",
            r"size changed, may indicate binary incompatibility",
            r"numpy\.core\.multiarray failed to import|compiled using NumPy 1\.x cannot be run in",
            r"module 'numpy' has no attribute '(?:float|int|bool|object|complex|long)'",
            r"np\.\w+_? was removed in the NumPy 2\.0",
            r"ImportError: cannot import name ['\"]\w+['\"] from ['\"](?P<name>[A-Za-z]\w*)[\w.]*['\"] \([^)\n]*(?:site|dist)-packages",
            r"(?P<name>[\w.-]+)[><=!~]=?[\d.]+[^\n]{0,60} is required for a normal functioning of this module, but found",
            r"requires (?P<name>[a-z][\w.-]+) ?[><=]=? ?\d[\w.]*,? (?:but|which is not|and) [^\n]{0,60}(?:found|installed|version|have)",
            r"(?:your|installed) version of (?P<name>[\w-]+) is (?:too old|not supported|incompatible)",
        ),
        "Installed versions{of_name} do not fit each other.",
        _PIN,
    ),
    Rule(
        "version_mismatch",
        (
            r"data did not match any variant of untagged enum \w+",
            r"does not recognize this architecture",
            r"Model architectures \[[^\]\n]{0,200}\] (?:are not supported|failed to be inspected)",
            r"Tokenizer class \w+ does not exist or is not currently imported",
            r"KeyError: '(?:qwen|llama|gemma|mistral|phi|mixtral|deepseek|olmo|smollm|gpt_oss)\w*'",
        ),
        "The model is newer than the library that loads it.",
        "Ask for a newer version in packages (transformers, tokenizers, vllm: 'transformers>=…'), or a model this one knows.",
    ),
    Rule(
        "dataset_script",
        (
            r"Dataset scripts are no longer supported",
            r"contains custom code which must be executed to correctly load",
            r"`?trust_remote_code`? is not supported anymore",
        ),
        "The dataset is loaded by a script of its own, which `datasets` does not run.",
        "Use a copy of it in Parquet (revision='refs/convert/parquet' where the Hub has one), or packages=['datasets<4'] with trust_remote_code=True.",
        strength=LIKELY,
    ),
    Rule(
        "missing_module",
        (
            r"Cannot find (?:module|package) '(?P<name>@?[^'/.][^'/]*(?:/[^']+)?)'",
            r"Could not resolve \"(?P<name>@?[\w-][^\"\n]*)\"",
        ),
        "Node could not find the package {name}.",
        "Install it before: sh -c 'npm install {name} && node …'; a package.json goes in files.",
        needs=r"node:internal|Node\.js v|MODULE_NOT_FOUND|imported from|Require stack|esbuild|\bnpm\b",
    ),
    Rule(
        "unresolvable_packages",
        (
            r"npm (?:ERR!|error) (?:code )?(?:E40[134]|ETARGET|ERESOLVE|EBADENGINE|ENOVERSIONS|EINTEGRITY|EUNSUPPORTEDPROTOCOL)",
            r"npm (?:ERR!|error) 404 '(?P<name>@?[^'@]+)@?[^'\n]*' is not in (?:this|the npm) registry",
            r"ERR_PNPM_\w+",
        ),
        "npm could not install what was asked for{of_name}.",
        "Check the names and versions in package.json or the npm line; --legacy-peer-deps takes peers that do not fit.",
    ),
    Rule(
        "command_not_found",
        (
            rf"(?:FileNotFoundError: |\[Errno 2\] )[^\n]{{0,40}}No such file or directory: '(?P<name>(?-i:{_PROGRAMS}))'",
            r"git: '(?P<name>lfs)' is not a git command",
        ),
        "The program {name} is not in the image.",
        "Use an image that has it, or install it first: sh -c 'apt-get update && apt-get install -y … && …'; Python programs go in packages.",
    ),
    Rule(
        "command_not_found",
        (r"FileNotFoundError: (?:\[Errno 2\] )?No such file or directory: '(?P<name>[\w+-]+)'",),
        "The program {name} is not in the image.",
        "Use an image that has it, or install it first: sh -c 'apt-get update && apt-get install -y … && …'; Python programs go in packages.",
        needs=r"_execute_child|create_subprocess_exec|open_process|subprocess_exec|uv_spawn",
    ),
    Rule(
        "missing_library",
        (
            r"(?P<name>\w+) library not found using ctypes",
            r"cannot load library '(?P<name>lib[\w.+-]+)'",
            r"Unable to find (?P<name>\w+) shared library",
            r"(?:Could not|cannot|Unable to) (?:find|load) (?:the )?(?:\w+ ){0,2}(?:shared )?library [`'\"]?(?P<name>lib[\w.+-]+)",
            r"Host system is missing dependencies to run browsers",
            r"Executable doesn't exist at \S*(?P<name>chromium|firefox|webkit)",
        ),
        "A system library or program{of_name} is not in the image.",
        "Use an image that has it, or install it first: sh -c 'apt-get update && apt-get install -y … && …' (browsers: playwright install --with-deps).",
    ),
    Rule(
        "missing_module",
        (r"(?:need|have) to have [`'\"]?(?P<name>[\w-]+)[`'\"]? (?:or [`'\"]?[\w-]+[`'\"]? )?installed",),
        "Python could not import {name}.",
        "Add the package that provides {name} to packages, or to the script's header.",
    ),
    Rule(
        "mcp_server",
        (
            r"MCP Server: '(?P<name>[^'\n]{1,60})': [^\n]{0,40}(?:Failed|error|could not|timed out)",
            r"ServerInitializationError",
            r"ServerSessionTerminatedError",
            r"(?:Failed|Unable) to (?:start|connect to|initiali[sz]e) (?:the )?MCP server:? ['\"`]?(?P<name>[\w.-]+)",
        ),
        "The agent's MCP server{of_name} did not start or answer.",
        "Try its command alone in a short job: what it runs (npx, uvx) must be in the image, its keys among secrets, its address reachable.",
    ),
    Rule(
        "invalid_output",
        (
            r"did not produce valid JSON matching the structured output schema",
            r"(?:response|output|completion) (?:is|was|did) not (?:a )?(?:valid|match\w*) (?:JSON|the (?:JSON )?schema)",
            r"OutputParserException",
            r"InstructorRetryException",
            r"UnexpectedModelBehavior",
        ),
        "The model's answer was not of the form that was asked for.",
        "Simplify the schema or say the form in the prompt, give it more output tokens, or use a stronger model.",
        strength=LIKELY,
    ),
    Rule(
        "overloaded",
        (
            r"overloaded_error",
            r"\b529\b.{0,80}overload",
            r"(?:model|server|service|engine)s? (?:is|are) (?:currently )?(?:overloaded|at capacity)",
            r"\b503\b.{0,80}(?:overload|UNAVAILABLE|capacity)",
        ),
        "The model's provider is overloaded: neither the key nor your own limit is at fault.",
        "Submit it again later, with attempts=2, or use another model or provider.",
    ),
    Rule(
        "device_assert",
        (
            r"device-side assert triggered",
            r"Assertion `[^`\n]{1,80}` failed\.? [^\n]{0,60}(?:CUDA|device)",
            r"\.cu:\d+: [^\n]{0,120}Assertion `[^`\n]{1,80}` failed",
        ),
        "A check on the GPU failed: mostly an index out of range, such as a label or token id the model has no place for.",
        "Compare labels and token ids with the model's sizes; CUDA_LAUNCH_BLOCKING=1 in env names the line, the CPU says it in words.",
    ),
    Rule(
        "distributed",
        (
            r"Watchdog caught collective operation timeout",
            r"Process group watchdog thread terminated with exception",
            r"DistBackendError",
            r"DistStoreError|Timed out waiting for clients|store->get\(|TCPStore[^\n]{0,60}(?:timed? ?out|timeout)",
        ),
        "The processes of a distributed run waited for each other in vain.",
        "One rank stopped or was slower than the timeout: look for its own error with search='rank', or raise it (ddp_timeout); NCCL_DEBUG=INFO in env says more.",
        strength=LIKELY,
    ),
    Rule(
        "port_in_use",
        (
            r"address already in use",
            r"EADDRINUSE",
            r"Errno 98\b",
            r"port (?P<name>\d+) is (?:already )?(?:in use|allocated)",
        ),
        "A server could not take its port: another process in the job has it.",
        "Start it once, or on another port; a job's processes share one address.",
        strength=LIKELY,
    ),
    Rule(
        "broken_file",
        (
            r"HeaderTooLarge|InvalidHeaderDeserialization|MetadataIncompleteBuffer|invalid JSON in header",
            r"UnpicklingError: invalid load key",
            r"version https://git-lfs\.github\.com",
            r"PytorchStreamReader failed (?:reading|finding)|failed finding central directory",
            r"Parquet magic bytes not found|not a parquet file|BadZipFile|not a zip file|BadGzipFile|Not a gzipped file",
            r"UnidentifiedImageError",
            r"ArrowInvalid: [^\n]{0,80}(?:corrupt|invalid|truncated)|Compressed file ended before",
        ),
        "A file is not what its name says: cut off, or a Git LFS pointer or an error page in its place.",
        "Look at its size and first bytes; fetch it again (hf download, git lfs pull), or write it to another name and move it when whole.",
        strength=LIKELY,
    ),
    Rule(
        "disk_full",
        (r"PytorchStreamWriter failed writing file", r"inline_container\.cc[^\n]{0,40} unexpected pos", r"os error 28"),
        "It ran out of disk.",
        "Write to the workspace or a mounted bucket, put caches there (HF_HOME), load data as a stream, or use a flavor with more disk.",
        strength=LIKELY,
    ),
    Rule(
        "secret_refused",
        (r"User Access Token [^\n]{0,80}(?:is )?expired", r"(?:access )?token [^\n]{0,40}has expired"),
        "The token it was given has expired.",
        "Make a new one (the Hub's: https://huggingface.co/settings/tokens) and store it under the same name, then submit again.",
        "HF_TOKEN",
        needs=r"hugging ?face|hf_hub|User Access Token",
    ),
    Rule(
        "tests_failed",
        (
            r"=+ (?P<name>\d+ failed)[^\n]{0,120} in [\d.:]+ ?s",
            r"=+ (?:[^\n=]{0,60}, )?(?P<name>\d+ errors?) in [\d.:]+ ?s",
            r"Tests:\s+(?P<name>\d+ failed)",
            r"FAILED \((?P<name>(?:failures|errors)=\d+)",
            r"\nFAILED [\w/.-]+\.py::\S+",
            r"test result: FAILED\.",
        ),
        "Its tests did not pass ({name}).",
        'See which with fetch_results search="FAILED"; a report it wrote is among the artifacts.',
        name="some failed",
        strength=LIKELY,
    ),
    Rule(
        "compile_error",
        (
            r"error\[E\d{4}\]: [^\n]+",
            r"error: could not compile `(?P<name>[\w-]+)`",
            r"error TS\d{3,5}: [^\n]+",
            r"[\w./+-]+\.(?:c|cc|cpp|cxx|cu|h|hpp|m|swift|go):\d+:\d+: (?:fatal )?error: [^\n]+",
        ),
        "Code of the job does not compile{of_name}.",
        "Mend the line that the first of its errors names; search='error' lists them.",
        strength=LIKELY,
    ),
    Rule(
        "panic",
        (
            r"thread '[^'\n]*'(?: \(\d+\))? panicked at [^\n]+",
            r"(?:^|\n)panic: [^\n]+",
            r"fatal error: all goroutines are asleep",
        ),
        "A program in it gave up by itself (panic).",
        "The line after names its reason and place; RUST_BACKTRACE=1 in env says more for Rust.",
        strength=LIKELY,
    ),
    Rule(
        "terminated",
        (
            r"SignalException: Process \d+ got signal: (?:15|2|1)\b",
            r"(?:received|got|caught) (?:signal )?(?:15|SIGTERM)\b[^\n]{0,60}(?:shut|stop|exit|terminat|clos)",
        ),
        "It was told to end from outside (a signal), not by an error of its own.",
        "See who ended it: the timeout, a cancellation, or another process in the job; with checkpoints in /workspace a run can go on.",
        strength=VAGUE,
    ),
)
