"""Texts that no rule was written from: failures printed here by real programs or told by their users, and healthy logs.

`bench/diagnosis.py` tells them apart from the corpus. A text from which a rule is written moves to `corpus.py`.
"""

from __future__ import annotations

from tests.jobs.results.diagnosis.corpus import Case, raised, said
from tests.jobs.results.diagnosis.field_texts import TOLD_LATER

RAN = "ran: Debian 12, Python 3.11, git 2.39, curl 7.88, Node 20, pip 25"
HELD_OUT: tuple[Case, ...] = (
    # Printed here.
    said("connection_refused", None, RAN, "Cloning into 'y'...\nfatal: unable to access 'https://127.0.0.1:9/x/y.git/': Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server"),
    said("network", None, RAN, "Cloning into 'x'...\nfatal: unable to access 'https://no-such-host.invalid/x.git/': Could not resolve host: no-such-host.invalid"),
    said("connection_refused", None, RAN, "curl: (7) Failed to connect to 127.0.0.1 port 9 after 5 ms: Couldn't connect to server"),
    said("network", None, RAN, "curl: (6) Could not resolve host: no-such-host.invalid"),
    said("connection_refused", None, RAN, "--2026-11-25 10:22:05--  http://127.0.0.1:9/x\nConnecting to 127.0.0.1:9... failed: Connection refused."),
    said("file_not_found", None, RAN, "tar: missing.tar.gz: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now"),
    said("file_not_found", None, RAN, "/usr/local/bin/python3: can't open file '/workspace/nothere.py': [Errno 2] No such file or directory"),
    raised("missing_module", "torchaudio", RAN, "ModuleNotFoundError: No module named 'torchaudio'"),
    said("file_not_found", None, RAN, "bash: nothere.sh: No such file or directory"),
    raised("network", None, RAN, "urllib.error.URLError: <urlopen error [Errno -2] Name or service not known>"),
    said("disk_full", None, RAN, "bash: line 1: echo: write error: No space left on device"),
    said("unresolvable_packages", None, RAN, "ERROR: Could not find a version that satisfies the requirement nosuchpkg==1 (from versions: none)\nERROR: No matching distribution found for nosuchpkg==1"),
    said("file_not_found", None, RAN, "unzip:  cannot find or open missing.zip, missing.zip.zip or missing.zip.ZIP."),
    said("file_not_found", None, RAN, "cp: cannot stat 'missing.txt': No such file or directory"),
    said("file_not_found", None, RAN, "cc1: fatal error: missing.c: No such file or directory\ncompilation terminated."),
    said("file_not_found", None, RAN, "npm error enoent Could not read package.json: Error: ENOENT: no such file or directory, open '/workspace/package.json'\nnpm error enoent This is related to npm not being able to find a file.\nnpm error enoent"),
    said("file_not_found", None, RAN, "jq: error: Could not open file missing.json: No such file or directory"),
    said("file_not_found", None, RAN, "Can't open perl script \"missing.pl\": No such file or directory"),
    said("file_not_found", None, RAN, "sed: can't read missing.cfg: No such file or directory"),
    said("command_not_found", None, RAN, "bash: line 1: ffmpeg: command not found"),
    said("missing_secret", "MISTRAL_API_KEY", RAN, "Traceback (most recent call last):\n  File \"<string>\", line 1, in <module>\n  File \"<frozen os>\", line 679, in __getitem__\nKeyError: 'MISTRAL_API_KEY'"),
    said("missing_secret", "DEPLOY_TOKEN", RAN, "bash: line 1: DEPLOY_TOKEN: unbound variable"),
    said("missing_secret", "SENTRY_DSN", RAN, "bash: line 1: SENTRY_DSN: parameter null or not set"),
    raised("file_not_found", None, RAN, "FileNotFoundError: [Errno 2] No such file or directory: 'in/data.json'"),
    said("file_not_found", None, RAN, "fatal: repository '/data/repo' does not exist"),
    # As their source or their users have them.
    raised("missing_secret", "OPENAI_API_KEY", "langchain, krrishdholakia/betterprompt#3", "ValueError: Did not find OPENAI_API_KEY, please add an environment variable `OPENAI_API_KEY` which contains it, or pass  OPENAI_API_KEY as a named parameter."),
    raised("missing_secret", "ANTHROPIC_API_KEY", "litellm, SWE-agent/mini-swe-agent#174", "litellm.AuthenticationError: Missing Anthropic API Key - A call is being made to anthropic but no key is set either in the environment variables or via params. Please set `ANTHROPIC_API_KEY` in your environment vars"),
    raised("missing_secret", "OPENROUTER_API_KEY", "TauricResearch/TradingAgents#680", "ValueError: API key for provider 'openrouter' is not set. Please set the OPENROUTER_API_KEY environment variable."),
    raised("missing_secret", "LITHIC_API_KEY", "lithic-python", "lithic.LithicError: The api_key client option must be set either by passing api_key to the client or by setting the LITHIC_API_KEY environment variable"),
    raised("missing_secret", "EXA_API_KEY", "an Exa client", "ValueError: EXA_API_KEY must be provided as argument or environment variable"),
    raised("missing_secret", "GROQ_API_KEY", "a groq example", "SystemExit: Error: GROQ_API_KEY environment variable is not set. Please add it to your .env file."),
    raised("no_gpu", None, "diffusers, bmaltais/kohya_ss#1610", "ValueError: torch.cuda.is_available() should be True but is False. xformers' memory efficient attention is only available for GPU"),
    raised("no_gpu", None, "transformers, starVLA issue", "ValueError: FlashAttention2 has been toggled on, but it cannot be used due to the following error: Flash Attention 2 is not available on CPU. Please make sure torch can access a CUDA device."),
    raised("missing_module", None, "transformers 4.48", "ImportError: FlashAttention2 has been toggled on, but it cannot be used due to the following error: the package flash_attn seems to be not installed. Please refer to the documentation of https://huggingface.co/docs/transformers/perf_infer_gpu_one#flashattention-2 to install Flash Attention 2."),
    raised("gpu_driver", None, "vllm-project/vllm#1284", "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your Tesla P100-PCIE-16GB GPU has compute capability 6.0. You can use float16 instead by explicitly setting the `dtype` flag in CLI, for example: --dtype=half."),
    raised("gpu_driver", None, "transformers finegrained fp8", "ValueError: FP8 quantized models is only supported on GPUs with compute capability >= 9.0 (e.g H100)"),
    raised("gpu_driver", None, "vllm-project/vllm#1284", "RuntimeError: GPUs with compute capability below 7.0 are not supported."),
    raised("revision_not_found", None, "transformers 4.40 utils/hub.py", "OSError: me/model does not appear to have a file named preprocessor_config.json. Checkout 'https://huggingface.co/me/model/tree/main' for available files."),
    raised("storage_limit", None, "huggingface_hub#3366", "huggingface_hub.errors.HfHubHTTPError: 403 Client Error. (Request ID: Root=1-6)\n\n403 Forbidden: Your storage patterns tripped our internal systems! Please contact us at website@huggingface.co so we can verify your account and unlock more storage for your use-case."),
    raised("rate_limited", None, "huggingface/datasets#6392", "requests.exceptions.HTTPError: 429 Client Error: Too Many Requests for url: https://huggingface.co/api/datasets/me/x/commit/main"),
    said("out_of_memory", None, "ollama/ollama#9782", "Error: llama runner process has terminated: CUDA error: out of memory"),
    raised("out_of_memory", None, "tensorflow, litert-torch#186", "E external/local_xla/xla/stream_executor/gpu/gpu_cudamallocasync_allocator.cc:360] gpu_async_0 cuMemAllocAsync failed to allocate 46137344 bytes: RESOURCE_EXHAUSTED: : CUDA_ERROR_OUT_OF_MEMORY: out of memory"),
    said("out_of_memory", None, "dusty-nv/jetson-containers#616", "LLVM ERROR: out of memory\nFatal Python error: Aborted"),
    raised("connection_refused", None, "an ollama client", "RuntimeError: Could not connect to Ollama at http://localhost:11434. Start Ollama and make sure model 'gemma:2b' is installed."),
    # The second set, written after the misses of the first were mended.
    raised("missing_secret", None, "botocore 1.34", "botocore.exceptions.PartialCredentialsError: Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY"),
    raised("network", None, "huggingface_hub 0.30", "huggingface_hub.errors.LocalEntryNotFoundError: An error happened while trying to locate the file on the Hub and we cannot find the requested files in the local cache. Please check your connection and try again or make sure your Internet connection is on."),
    raised("out_of_memory", None, "accelerate 1.0 utils/memory.py", "RuntimeError: No executable batch size found, reached zero."),
    raised("connection_refused", None, "mlflow 2", "mlflow.exceptions.MlflowException: API request to http://localhost:5000/api/2.0/mlflow/experiments/get-by-name failed with exception HTTPConnectionPool(host='localhost', port=5000): Max retries exceeded with url: /api/2.0 (Caused by NewConnectionError('Failed to establish a new connection: [Errno 111] Connection refused'))"),
    raised("connection_refused", None, "psycopg 3", 'psycopg.OperationalError: connection failed: connection to server at "127.0.0.1", port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?'),
    raised("connection_refused", None, "redis-py 5", "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused."),
    raised("missing_secret", "COMET_API_KEY", "comet_ml 3", "ValueError: Comet.ml requires an API key. Please provide as the first argument to Experiment(api_key) or as an environment variable named COMET_API_KEY"),
    raised("missing_secret", "TAVILY_API_KEY", "tavily-python", "tavily.errors.MissingAPIKeyError: No API key provided. Please provide the api_key attribute or set the TAVILY_API_KEY environment variable."),
    raised("missing_secret", "VOYAGE_API_KEY", "voyageai", "voyageai.error.AuthenticationError: No API key provided. You can set your API key in code using 'voyageai.api_key = <API-KEY>', or set the environment variable VOYAGE_API_KEY=<API-KEY>)."),
    raised("missing_secret", "E2B_API_KEY", "e2b 1", "e2b.exceptions.AuthenticationException: API key is required, please visit the Team tab at https://e2b.dev/dashboard to get your API key. You can either set the environment variable `E2B_API_KEY` or you can pass it directly"),
    raised("missing_secret", "GROQ_API_KEY", "groq 0.9", "groq.GroqError: The api_key client option must be set either by passing api_key to the client or by setting the GROQ_API_KEY environment variable"),
    raised("secret_refused", None, "mistralai 1", 'mistralai.models.sdkerror.SDKError: API error occurred: Status 401\n{"detail":"Unauthorized"}'),
    raised("build_dependency", None, "deepspeed 0.14", "deepspeed.ops.op_builder.builder.MissingCUDAException: CUDA_HOME does not exist, unable to compile CUDA op(s)"),
    raised("missing_module", None, "transformers 4.40", "ImportError: LlamaTokenizer requires the SentencePiece library but it was not found in your environment. Checkout the instructions on the installation page of its repo: https://github.com/google/sentencepiece#installation and follow the ones that match your environment."),
    raised("missing_module", None, "transformers 4.48", "ImportError: Using the `Trainer` with `PyTorch` requires `accelerate>=0.26.0`: Please run `pip install transformers[torch]` or `pip install 'accelerate>=0.26.0'`"),
    raised("no_gpu", None, "transformers 4.43 bitsandbytes", "ImportError: The installed version of bitsandbytes (<0.43.1) requires CUDA, but CUDA is not available. You may need to install PyTorch with CUDA support or upgrade bitsandbytes to >=0.43.1."),
    raised("no_gpu", None, "transformers 4.40 gptq", "RuntimeError: GPU is required to quantize or run quantize model."),
    raised("gpu_driver", None, "ctranslate2 4", "RuntimeError: CUDA failed with error CUDA driver version is insufficient for CUDA runtime version"),
    raised("gpu_driver", None, "ctranslate2 4", "RuntimeError: Library libcublas.so.12 is not found or cannot be loaded"),
    raised("no_gpu", None, "xgboost 2", "xgboost.core.XGBoostError: [10:00:00] /workspace/src/context.cc:44: No visible GPU is found for XGBoost."),
    raised("file_not_found", None, "llama-cpp-python", "ValueError: Model path does not exist: models/x.gguf"),
    raised("file_not_found", None, "polars 1", "FileNotFoundError: No such file or directory (os error 2): data.parquet"),
    raised("file_not_found", None, "duckdb 1", 'duckdb.duckdb.IOException: IO Error: No files found that match the pattern "data/*.parquet"'),
    said("file_not_found", None, "ffmpeg 5", "[in#0 @ 0x55] Error opening input: No such file or directory\nError opening input file data/in.mp4.\nError opening input files: No such file or directory"),
    raised("file_not_found", None, "pandas 2", "OSError: Cannot save file into a non-existent directory: 'out'"),
)  # fmt: skip

HELD_OUT += tuple(
    (raised if traced else said)(cause, name, source, text) for traced, cause, name, source, text in TOLD_LATER
)

_HEALTHY = """
Cloning into 'y'... done; could not resolve host mirror-2, used mirror-1 instead
curl: (7) Failed to connect to 127.0.0.1 port 8000; retrying in 1 s
server is up: connection refused 3 times before that, as expected
tar: Removing leading `/' from member names
no such file or directory: out.json (created)
optional dependency torchaudio is not installed, skipping audio
tests/test_files.py::test_missing_file_raises_file_not_found PASSED
MemoryError handling: 0 errors
disk usage 71 %, no space left on device would stop us at 100 %
df: / 38G 35G 3G, not full
satisfies the requirement numpy>=1.26 (from versions: 2.1.0)
unzip: 120 files ok, cannot find or open none
warning: missing.c not in cache, compiling
npm warn deprecated inflight@1.0.6
jq: 0 errors in missing.json report
which: no ffmpeg in PATH, using libav instead
MISTRAL_API_KEY is set
DEPLOY_TOKEN: found in the environment
SENTRY_DSN not set, reporting disabled
WANDB_API_KEY missing, falling back to offline mode
note: set OPENAI_API_KEY to use the hosted judge; using the local one
docs: please add an environment variable OPENROUTER_API_KEY if you want to route
EXA_API_KEY must be provided only with --search; continuing without
api_key client option: from the environment
Unsloth: GPU found, 1 accelerator
torch.cuda.is_available() = True
no GPU needed for tokenizing, using cpu
FlashAttention2 not available, falling back to sdpa
bf16 is not supported here, using fp32 instead
Bfloat16 = FALSE, FA2 = False (as expected on T4)
compute capability 8.6, at least 8.0: ok
config: preprocessor_config.json does not appear to have a crop size, using default
storage: 61 GB of 100 GB, limit not reached
429 received, backing off 2 s, attempt 1/5
Too Many Requests: retried and succeeded
CUDA out of memory caught, batch halved to 8, continuing
gpu_memory_utilization=0.9, 2311 cache blocks
Ollama is running at http://localhost:11434
could not connect to ollama yet, retrying
epoch 3 error 0.02 loss 0.11
validation error: 0.031
no errors found
0 failed, 211 passed
permission denied for 0 of 300 files
401 pages indexed
403 rows written
402 tokens generated
wrote 404 records to out.parquet
rate limit: 60 requests per minute, used 12
exceeded expectations: accuracy 0.93
killed 3 stale workers on start, as intended
segmentation fault tests: 12 passed
timeout set to 30 s, none hit
certificate verify: ok
access to gated dataset granted
token has write permission
secret scanning: no secrets found
quota: 12 of 100 used
image not found in cache, building thumbnail instead
preempted 0 times
"""
HELD_OUT_HEALTHY = tuple(f"start\n{text}\nassertion: metric too low, stopping" for text in _HEALTHY.strip().split("\n"))
