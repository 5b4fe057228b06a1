"""What failed jobs print, and what healthy ones print in the same words.

Each failure: its cause, the name where one is missing, where the text is from, and the text. `ran` are texts that the named
version printed when it was made to fail here; the others are as its source or its users have them, shortened.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.jobs.results.diagnosis.field_texts import TOLD

TRACE = """Traceback (most recent call last):
  File "/workspace/script.py", line 12, in <module>
    main()
  File "/workspace/script.py", line 8, in main
    work()
"""


@dataclass(frozen=True)
class Case:
    cause: str
    name: str | None
    source: str
    text: str
    message: str = "Job failed with exit code: 1. Reason: Error"
    secrets: tuple[str, ...] = ()


def raised(
    cause: str, name: str | None, source: str, error: str, *, before: str = "", secrets: tuple[str, ...] = ()
) -> Case:
    return Case(cause, name, source, f"{before}{TRACE}{error}", secrets=secrets)


def said(cause: str, name: str | None, source: str, text: str, message: str = Case.message) -> Case:
    return Case(cause, name, source, text, message)


HF = ("HF_TOKEN",)

FAILURES = (
    # The Hub's own.
    raised(
        "storage_limit",
        None,
        "huggingface_hub 0.30, #3048",
        "huggingface_hub.errors.HfHubHTTPError: 403 Client Error. (Request ID: Root=1-6)\n\n403 Forbidden: Private repository storage limit reached, please upgrade your plan to increase your private storage limit.",
    ),
    raised(
        "gated",
        None,
        "huggingface_hub 2.4.0",
        "huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-6)\n\nCannot access gated repo for url https://huggingface.co/meta-llama/Llama-3.1-8B/resolve/main/config.json.\nAccess to model meta-llama/Llama-3.1-8B is restricted. You must have access to it and be authenticated to access it. Please log in.",
        secrets=HF,
    ),
    raised(
        "gated",
        None,
        "huggingface_hub 2.4.0",
        "huggingface_hub.errors.GatedRepoError: 403 Client Error. (Request ID: Root=1-6)\n\nCannot access gated repo for url https://huggingface.co/google/gemma-2-2b/resolve/main/config.json.\nYour request to access model google/gemma-2-2b is awaiting a review from the repo authors.",
        secrets=HF,
    ),
    raised(
        "gated",
        None,
        "transformers 4.57",
        "OSError: You are trying to access a gated repo.\nMake sure to have access to it at https://huggingface.co/google/gemma-2-2b.\n401 Client Error.",
        secrets=HF,
    ),
    raised(
        "gated",
        None,
        "transformers 4.57",
        "OSError: You are trying to access a gated repo.\nMake sure to have access to it at https://huggingface.co/google/gemma-2-2b.\n401 Client Error.",
    ),
    raised(
        "gated",
        None,
        "datasets 4",
        "datasets.exceptions.DatasetNotFoundError: Dataset 'bigcode/the-stack' is a gated dataset on the Hub. Visit the dataset page at https://huggingface.co/datasets/bigcode/the-stack to ask for access.",
        secrets=HF,
    ),
    raised(
        "missing_secret",
        "HF_TOKEN",
        "huggingface_hub 2.4.0",
        "huggingface_hub.errors.RepositoryNotFoundError: 401 Client Error. (Request ID: Root=1-6)\n\nRepository Not Found for url: https://huggingface.co/api/models/me/private.\nPlease make sure you specified the correct `repo_id` and `repo_type`.",
    ),
    raised(
        "repo_not_found",
        None,
        "huggingface_hub 2.4.0",
        "huggingface_hub.errors.RepositoryNotFoundError: 404 Client Error.\n\nRepository Not Found for url: https://huggingface.co/api/models/me/typo.",
        secrets=HF,
    ),
    raised(
        "missing_secret",
        "HF_TOKEN",
        "huggingface_hub 2.4.0, ran",
        "huggingface_hub.errors.LocalTokenNotFoundError: Token is required (`token=True`), but no token found. You need to provide a token or be logged in to Hugging Face with `hf auth login` or `huggingface_hub.login`. See https://huggingface.co/settings/tokens.",
    ),
    raised(
        "missing_secret",
        "HF_TOKEN",
        "huggingface_hub 2.4.0, ran",
        "ValueError: You must provide an api_key to work with groq API or log in with `hf auth login`.",
    ),
    raised(
        "missing_secret",
        "HF_TOKEN",
        "huggingface_hub 2.4.0",
        "huggingface_hub.errors.HfHubHTTPError: 401 Client Error: Unauthorized for url: https://huggingface.co/api/repos/create (Request ID: Root=1-6)\n\nInvalid username or password.",
    ),
    raised(
        "secret_refused",
        "HF_TOKEN",
        "huggingface_hub 2.4.0",
        "huggingface_hub.errors.HfHubHTTPError: 401 Client Error: Unauthorized for url: https://huggingface.co/api/whoami-v2\n\nInvalid credentials in Authorization header",
        secrets=HF,
    ),
    raised(
        "secret_refused",
        "HF_TOKEN",
        "the Hub",
        'huggingface_hub.errors.HfHubHTTPError: 401 Client Error\n\nUser Access Token "ci" is expired',
        secrets=HF,
    ),
    raised(
        "forbidden",
        "acme",
        "the Hub",
        'huggingface_hub.errors.HfHubHTTPError: 403 Client Error: Forbidden for url: https://huggingface.co/api/repos/create (Request ID: Root=1-6)\n\n403 Forbidden: You don\'t have the rights to create a dataset under the namespace "acme".',
        secrets=HF,
    ),
    raised(
        "forbidden",
        None,
        "the Hub",
        "huggingface_hub.errors.HfHubHTTPError: 403 Forbidden: None.\nCannot access content at: https://huggingface.co/api/models/me/x/xet-write-token/main.\nMake sure your token has the correct permissions.",
        secrets=HF,
    ),
    raised(
        "forbidden",
        None,
        "the Hub",
        "huggingface_hub.errors.HfHubHTTPError: 403 Forbidden: This authentication method does not have sufficient permissions to call Inference Providers on behalf of user me",
        secrets=HF,
    ),
    raised(
        "revision_not_found",
        None,
        "huggingface_hub 2.4.0",
        "huggingface_hub.errors.RevisionNotFoundError: 404 Client Error.\n\nRevision Not Found for url: https://huggingface.co/me/x/resolve/v9/config.json.",
        secrets=HF,
    ),
    raised(
        "repo_not_found",
        "me/no-such",
        "transformers 4.57",
        "OSError: me/no-such is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'",
        secrets=HF,
    ),
    # Keys that are missing.
    raised(
        "missing_secret",
        "WANDB_API_KEY",
        "wandb 0.17",
        "wandb.errors.UsageError: api_key not configured (no-tty). call wandb.login(key=[your_api_key])",
    ),
    raised(
        "missing_secret",
        "WANDB_API_KEY",
        "wandb 0.24, ran",
        "wandb.errors.errors.UsageError: No API key configured. Use `wandb login` to log in.",
    ),
    raised(
        "missing_secret",
        "OPENAI_API_KEY",
        "openai 2, ran",
        "openai.OpenAIError: Missing credentials. Please pass an `api_key`, `workload_identity`, `admin_api_key`, or set the `OPENAI_API_KEY` or `OPENAI_ADMIN_KEY` environment variable.",
    ),
    raised(
        "missing_secret",
        "OPENAI_API_KEY",
        "openai 1",
        "openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable",
    ),
    raised(
        "missing_secret",
        "GROQ_API_KEY",
        "groq, ran",
        "groq.GroqError: The api_key client option must be set either by passing api_key to the client or by setting the GROQ_API_KEY environment variable",
    ),
    raised(
        "missing_secret",
        "ANTHROPIC_API_KEY",
        "anthropic, ran",
        'TypeError: "Could not resolve authentication method. Expected one of api_key, auth_token, or credentials to be set. Or for the `Authorization` header to be explicitly omitted"',
    ),
    raised(
        "missing_secret",
        "GEMINI_API_KEY",
        "google-genai 1",
        "ValueError: Missing key inputs argument! To use the Google AI API, provide (`api_key`) arguments. To use the Google Cloud API, provide (`vertexai`, `project` & `location`) arguments.",
    ),
    raised(
        "missing_secret",
        "GEMINI_API_KEY",
        "google-genai, ran",
        "ValueError: No API key was provided. Please pass a valid API key. Learn how to create an API key at https://aistudio.google.com/docs/api-key.",
    ),
    raised(
        "missing_secret",
        "CO_API_KEY",
        "cohere, ran",
        "cohere.core.api_error.ApiError: headers: None, status_code: None, body: The client must be instantiated be either passing in token or setting CO_API_KEY",
    ),
    raised(
        "missing_secret",
        "TOGETHER_API_KEY",
        "together, ran",
        "together.TogetherError: The api_key client option must be set either by passing api_key to the client or by setting the TOGETHER_API_KEY environment variable",
    ),
    raised(
        "missing_secret",
        "PINECONE_API_KEY",
        "pinecone, ran",
        "pinecone.errors.exceptions.PineconeValueError: No API key provided. Pass api_key='...' or set the PINECONE_API_KEY environment variable.",
    ),
    raised(
        "missing_secret",
        "COMET_API_KEY",
        "comet_ml, ran",
        "ValueError: Comet.ml requires an API key. Please provide as the first argument to Experiment(api_key) or as an environment variable named COMET_API_KEY ",
    ),
    raised(
        "missing_secret",
        "AWS_ACCESS_KEY_ID",
        "botocore, ran",
        "botocore.exceptions.NoCredentialsError: Unable to locate credentials",
    ),
    raised(
        "missing_secret",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "google-auth 2",
        "google.auth.exceptions.DefaultCredentialsError: Your default credentials were not found. To set up Application Default Credentials, see https://cloud.google.com/docs/authentication/external/set-up-adc for more information.",
    ),
    said(
        "missing_secret",
        "KAGGLE_API_TOKEN",
        "kaggle, ran",
        "  Option A: environment variable\n    export KAGGLE_API_TOKEN=xxxxxxxxxxxxxx  # token copied from the settings UI\n\n  Option B: API token file\n    Save the token to ~/.kaggle/access_token",
    ),
    raised(
        "missing_secret",
        "MY_TOKEN",
        "environs, ran",
        'environs.exceptions.EnvNotSetError: Environment variable "MY_TOKEN" not set',
    ),
    raised(
        "missing_secret",
        "SECRET_KEY",
        "python-decouple, ran",
        "decouple.UndefinedValueError: SECRET_KEY not found. Declare it as envvar or define a default value.",
    ),
    raised(
        "missing_secret",
        "OPENAI_API_KEY",
        "pydantic-settings, ran",
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings\nopenai_api_key\n  Field required [type=missing, input_value={}, input_type=dict]\n    For further information visit https://errors.pydantic.dev/2.14/v/missing",
    ),
    Case(
        "missing_secret",
        "DB_URL",
        "Python",
        'Traceback (most recent call last):\n  File "/workspace/a.py", line 3, in <module>\n    url = os.environ["DB_URL"]\n  File "<frozen os>", line 679, in __getitem__\nKeyError: \'DB_URL\'',
    ),
    said("missing_secret", "MY_TOKEN", "dash, ran", "sh: 1: MY_TOKEN: parameter not set"),
    said("missing_secret", "SLACK_TOKEN", "bash, ran", "bash: line 1: SLACK_TOKEN: unbound variable"),
    said("missing_secret", "DB_URL", "dash, ran", "sh: 1: DB_URL: parameter not set or null"),
    said(
        "missing_secret",
        "OPENAI_API_KEY",
        "openai for Node 6",
        "/workspace/node_modules/openai/client.js:121\n      throw new OpenAIError(\"x\");\nError: The OPENAI_API_KEY environment variable is missing or empty; either provide it, or instantiate the OpenAI client with an apiKey option, like new OpenAI({ apiKey: 'My API Key' }).\n    at new OpenAI (/workspace/node_modules/openai/client.js:121:13)\n\nNode.js v22.1.0",
    ),
    said(
        "missing_secret",
        "ANTHROPIC_API_KEY",
        "fast-agent 0.10.48",
        "The Anthropic API key is required but not set.\nAdd it under anthropic.api_key or set the \nANTHROPIC_API_KEY environment variable.",
    ),
    said(
        "missing_secret",
        "GITHUB_TOKEN",
        "git 2.39",
        "Cloning into 'private'...\nfatal: could not read Username for 'https://github.com': No such device or address",
    ),
    # Keys that are refused.
    raised(
        "secret_refused",
        "OPENAI_API_KEY",
        "openai 2",
        "openai.AuthenticationError: Error code: 401 - {'error': {'message': 'Incorrect API key provided: sk-abc. You can find your API key at https://platform.openai.com/account/api-keys.', 'type': 'invalid_request_error', 'code': 'invalid_api_key'}}",
    ),
    raised(
        "secret_refused",
        "ANTHROPIC_API_KEY",
        "anthropic",
        "anthropic.AuthenticationError: Error code: 401 - {'type': 'error', 'error': {'type': 'authentication_error', 'message': 'invalid x-api-key'}}",
    ),
    raised(
        "secret_refused",
        "GEMINI_API_KEY",
        "google-genai",
        "google.genai.errors.ClientError: 400 INVALID_ARGUMENT. {'error': {'code': 400, 'message': 'API key not valid. Please pass a valid API key.', 'status': 'INVALID_ARGUMENT'}}",
    ),
    raised(
        "secret_refused",
        "AWS_ACCESS_KEY_ID",
        "botocore",
        "botocore.exceptions.ClientError: An error occurred (InvalidAccessKeyId) when calling the ListBuckets operation: The AWS Access Key Id you provided does not exist in our records.",
    ),
    raised(
        "secret_refused",
        "WANDB_API_KEY",
        "wandb",
        "wandb.errors.errors.AuthenticationError: wandb: ERROR API key must be 40 characters long, yours was 5",
    ),
    raised(
        "secret_refused",
        None,
        "requests",
        "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://api.example.com/v1/items",
    ),
    raised(
        "secret_refused",
        None,
        "psycopg 3",
        'psycopg.OperationalError: connection failed: FATAL:  password authentication failed for user "app"',
    ),
    # Money and rates.
    raised(
        "payment",
        None,
        "the Hub",
        "huggingface_hub.errors.HfHubHTTPError: 402 Client Error: Payment Required for url: https://router.huggingface.co/v1/chat/completions\n\nYou have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x more monthly included credits.",
        secrets=HF,
    ),
    raised(
        "payment",
        None,
        "openai 2",
        "openai.RateLimitError: Error code: 429 - {'error': {'message': 'You exceeded your current quota, please check your plan and billing details.', 'type': 'insufficient_quota', 'code': 'insufficient_quota'}}",
    ),
    raised(
        "payment",
        None,
        "anthropic",
        "anthropic.BadRequestError: Error code: 400 - {'type': 'error', 'error': {'type': 'invalid_request_error', 'message': 'Your credit balance is too low to access the Anthropic API.'}}",
    ),
    raised(
        "rate_limited",
        None,
        "the Hub",
        "huggingface_hub.errors.HfHubHTTPError: 429 Client Error: Too Many Requests for url: https://huggingface.co/api/models/x/y",
        secrets=HF,
    ),
    raised(
        "rate_limited",
        None,
        "openai 2",
        "openai.RateLimitError: Error code: 429 - {'error': {'message': 'Rate limit reached for gpt-5 in organization org-x on tokens per min. Please try again in 20s.'}}",
    ),
    raised(
        "rate_limited",
        None,
        "google-genai",
        "google.genai.errors.ClientError: 429 RESOURCE_EXHAUSTED. {'error': {'code': 429, 'message': 'Resource exhausted. Please retry in 40s.'}}",
    ),
    raised(
        "rate_limited",
        None,
        "botocore",
        "botocore.errorfactory.ThrottlingException: An error occurred (ThrottlingException) when calling the InvokeModel operation: Too many requests",
    ),
    said("unknown_model", None, "fast-agent 0.10.48", "Unknown model or provider for: nosuchmodel."),
    raised(
        "unknown_model",
        None,
        "openai 2",
        "openai.NotFoundError: Error code: 404 - {'error': {'message': 'The model `gpt-9` does not exist or you do not have access to it.', 'code': 'model_not_found'}}",
    ),
    # The machine.
    raised(
        "no_gpu",
        None,
        "torch 2.9",
        "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver from http://www.nvidia.com/Download/index.aspx",
    ),
    raised("no_gpu", None, "torch 2.9", "AssertionError: Torch not compiled with CUDA enabled"),
    raised(
        "no_gpu",
        None,
        "vllm 0.11",
        "RuntimeError: Failed to infer device type, please set the environment variable `VLLM_LOGGING_LEVEL=DEBUG` to turn on verbose logging to help debug the issue.",
    ),
    raised("no_gpu", None, "bitsandbytes 0.48", "RuntimeError: No GPU found. A GPU is needed for quantization."),
    raised(
        "no_gpu",
        None,
        "transformers 4.57",
        "ValueError: Your setup doesn't support bf16/gpu. You need torch>=1.10, using Ampere GPU with cuda>=11.0\nRuntimeError: No CUDA GPUs are available",
    ),
    said(
        "no_gpu",
        None,
        "bash",
        "bash: line 1: nvidia-smi: command not found",
        "Job failed with exit code: 127. Reason: Error",
    ),
    raised(
        "gpu_driver",
        None,
        "torch 2.9",
        "torch.AcceleratorError: CUDA error: no kernel image is available for execution on the device\nCUDA kernel errors might be asynchronously reported at some other API call",
    ),
    raised(
        "gpu_driver",
        None,
        "torch 2.9",
        "RuntimeError: The NVIDIA driver on your system is too old (found version 12020). Please update your GPU driver",
    ),
    raised("gpu_driver", None, "flash-attn 2.8", "RuntimeError: FlashAttention only supports Ampere GPUs or newer."),
    raised(
        "out_of_memory",
        None,
        "torch 2.9",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 22.30 GiB of which 1.02 GiB is free.",
    ),
    raised(
        "out_of_memory",
        None,
        "vllm 0.11",
        "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.",
    ),
    raised("out_of_memory", None, "Python, ran", "MemoryError"),
    raised(
        "out_of_memory",
        None,
        "numpy 2",
        "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 74.5 GiB for an array with shape (100000, 100000) and data type float64",
    ),
    said(
        "out_of_memory",
        None,
        "the Hub",
        "Loading checkpoint shards:  33%|###",
        "Job failed with exit code: 137. Reason: OOMKilled",
    ),
    said(
        "out_of_memory",
        None,
        "Node 22",
        "<--- Last few GCs --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "Job failed with exit code: 134. Reason: Error",
    ),
    raised(
        "shared_memory",
        None,
        "torch 2.9",
        "RuntimeError: DataLoader worker (pid 71) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory. Please try to raise your shared memory limit.",
    ),
    raised(
        "disk_full",
        None,
        "Python, ran",
        "OSError: [Errno 28] No space left on device: '/root/.cache/huggingface/hub/x.incomplete'",
    ),
    said(
        "disk_full",
        None,
        "Kubernetes",
        "Downloading shards",
        "Pod ephemeral local storage usage exceeds the total limit of containers 50Gi: ephemeral-storage.",
    ),
    raised("read_only", None, "Python, ran", "OSError: [Errno 30] Read-only file system: '/data/out.json'"),
    raised(
        "file_not_found",
        "prompts/system.md",
        "Python, ran",
        "FileNotFoundError: [Errno 2] No such file or directory: 'prompts/system.md'",
    ),
    said("file_not_found", "prompts/x.md", "coreutils, ran", "cat: prompts/x.md: No such file or directory"),
    said(
        "file_not_found",
        "/workspace/nosuch.py",
        "python3, ran",
        "python3: can't open file '/workspace/nosuch.py': [Errno 2] No such file or directory",
        "Job failed with exit code: 2. Reason: Error",
    ),
    said(
        "file_not_found",
        "train.py",
        "uv 0.11, ran",
        "error: Failed to spawn: train.py\n  cause: No such file or directory (os error 2)",
        "Job failed with exit code: 2. Reason: Error",
    ),
    said(
        "not_permitted",
        None,
        "bash",
        "bash: ./run.sh: Permission denied",
        "Job failed with exit code: 126. Reason: Error",
    ),
    said(
        "mount_failed",
        None,
        "the Hub",
        "",
        "MountFailure: failed to mount hf://buckets/me/data at /data: bucket not found",
    ),
    said(
        "image_not_found",
        None,
        "the Hub",
        "",
        'Failed to pull image "ghcr.io/acme/typo:1": rpc error: code = NotFound desc = failed to pull and unpack image: failed to resolve reference',
    ),
    said(
        "image_not_found",
        None,
        "Kubernetes",
        "",
        'Back-off pulling image "acme/typo:1": ErrImagePull: pull access denied, repository does not exist or may require authorization',
    ),
    said(
        "command_not_found",
        "uv",
        "the Hub",
        "",
        'Job failed with exit code: 128. Reason: StartError: failed to create containerd task: OCI runtime create failed: exec: "uv": executable file not found in $PATH',
    ),
    said(
        "command_not_found",
        "nosuchcmd",
        "uv 0.11, ran",
        "error: Failed to spawn: nosuchcmd\n  cause: No such file or directory (os error 2)",
        "Job failed with exit code: 2. Reason: Error",
    ),
    said(
        "command_not_found",
        "nosuch",
        "bash, ran",
        "bash: line 1: nosuch: command not found",
        "Job failed with exit code: 127. Reason: Error",
    ),
    said(
        "command_not_found",
        "nosuch",
        "dash, ran",
        "sh: 1: nosuch: not found",
        "Job failed with exit code: 127. Reason: Error",
    ),
    said("wrong_architecture", None, "runc", "exec /usr/bin/tool: exec format error"),
    said("evicted", None, "Kubernetes", "step 4", "Evicted: The node was low on resource: memory."),
    raised("crashed", None, "CUDA 12", "torch.AcceleratorError: CUDA error: an illegal memory access was encountered"),
    # Software.
    said(
        "build_dependency",
        None,
        "uv 0.11",
        "  x Failed to build `flash-attn==2.8.3`\n  |-> The build backend returned an error\n  `-> Call to `setuptools.build_meta:__legacy__.build_wheel` failed (exit status: 1)\n\n      [stderr]\n      Traceback (most recent call last):\n        File \"<string>\", line 14, in <module>\n      ModuleNotFoundError: No module named 'torch'\n\n      hint: This error likely indicates that `flash-attn@2.8.3` depends on `torch`, but doesn't declare it as a build dependency.",
    ),
    said(
        "build_dependency",
        None,
        "pip 25",
        "      error: command 'gcc' failed: No such file or directory\n      [end of output]\n  ERROR: Failed building wheel for pycocotools\nerror: failed-wheel-build-for-install",
    ),
    said(
        "no_git",
        None,
        "uv 0.11",
        "  x Failed to download and build `x @ git+https://github.com/a/b`\n  |-> Git operation failed\n  `-> Git executable not found. Ensure that Git is installed and available.",
    ),
    said(
        "no_git",
        None,
        "pip 25",
        "ERROR: Error [Errno 2] No such file or directory: 'git' while executing command git version\nERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?",
    ),
    said(
        "unresolvable_packages",
        None,
        "uv 0.11, ran",
        "error: No solution found when resolving `--with` dependencies\n  cause: Because nosuchpkg-4711 was not found in the package registry and you require nosuchpkg-4711==1, we can conclude that your requirements are unsatisfiable.",
    ),
    said(
        "unresolvable_packages",
        None,
        "uv 0.11, ran",
        "error: No solution found when resolving `--with` dependencies\n  cause: Because you require idna==3.0 and idna==3.1, we can conclude that your requirements are unsatisfiable.",
    ),
    said(
        "unresolvable_packages",
        "nosuch-4711",
        "pip 25",
        "ERROR: Could not find a version that satisfies the requirement nosuch-4711 (from versions: none)\nERROR: No matching distribution found for nosuch-4711",
    ),
    said(
        "python_too_old",
        None,
        "uv 0.11, ran",
        "error: No solution found when resolving `--with` dependencies\n  cause: Because the current Python version (3.11.7) does not satisfy Python>=3.12,<3.16 and fast-agent-mcp==0.10.48 depends on Python>=3.12,<3.16, we can conclude that fast-agent-mcp==0.10.48 cannot be used.",
    ),
    said("python_too_old", None, "pip 25", "ERROR: Package 'x' requires a different Python: 3.9.2 not in '>=3.10'"),
    said(
        "no_interpreter",
        None,
        "uv 0.11, ran",
        "error: No interpreter found for Python 3.19 in virtual environments, managed installations, or search path",
    ),
    raised("missing_module", "pandas", "Python, ran", "ModuleNotFoundError: No module named 'pandas'"),
    said("missing_module", "trl", "Python, ran", "/usr/bin/python3: No module named trl"),
    raised(
        "missing_module",
        "sentencepiece",
        "transformers 4.57",
        "ImportError: \nLlamaTokenizer requires the SentencePiece library but it was not found in your environment. Checkout the instructions, or run `pip install sentencepiece`",
    ),
    said(
        "missing_module", "openai", "Node 22", "Error: Cannot find module 'openai'\nRequire stack:\n- /workspace/a.js"
    ),
    raised(
        "missing_library",
        "libGL.so.1",
        "opencv-python 4",
        "ImportError: libGL.so.1: cannot open shared object file: No such file or directory",
    ),
    said(
        "certificate_refused",
        None,
        "uv 0.11",
        "error: Failed to fetch: `https://pypi.org/simple/x/`\n  Caused by: error sending request for url (https://pypi.org/simple/x/)\n  Caused by: invalid peer certificate: UnknownIssuer",
        "Job failed with exit code: 2. Reason: Error",
    ),
    raised(
        "certificate_refused",
        None,
        "requests",
        "requests.exceptions.SSLError: HTTPSConnectionPool(host='x', port=443): Max retries exceeded with url: / (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate')))",
    ),
    raised(
        "connection_refused",
        None,
        "requests",
        "requests.exceptions.ConnectionError: HTTPConnectionPool(host='localhost', port=8000): Max retries exceeded with url: /v1/models (Caused by NewConnectionError('Failed to establish a new connection: [Errno 111] Connection refused'))",
    ),
    raised(
        "connection_refused",
        None,
        "ollama, ran",
        "ConnectionError: Failed to connect to Ollama. Please check that Ollama is downloaded, running and accessible. https://ollama.com/download",
    ),
    said(
        "connection_refused",
        None,
        "curl 8",
        "curl: (7) Failed to connect to localhost port 8000 after 0 ms: Couldn't connect to server",
        "Job failed with exit code: 7. Reason: Error",
    ),
    raised("network", None, "httpx, ran", "httpx.ConnectError: [Errno -2] Name or service not known"),
    said(
        "network",
        None,
        "git, ran",
        "Cloning into 'x'...\nfatal: unable to access 'https://github.invalid/x/': Could not resolve host: github.invalid",
    ),
    said(
        "bad_option",
        "--lr",
        "argparse, ran",
        "usage: t.py [-h] --lr LR\nt.py: error: the following arguments are required: --lr",
        "Job failed with exit code: 2. Reason: Error",
    ),
    said(
        "bad_option",
        "--api-key",
        "click, ran",
        "Usage: -c [OPTIONS]\nTry '-c --help' for help.\n\nError: Missing option '--api-key'.",
        "Job failed with exit code: 2. Reason: Error",
    ),
    said(
        "bad_option",
        "--nosuch",
        "uv 0.11, ran",
        "error: unexpected argument '--nosuch' found\n\n  tip: a similar argument exists: '--no-sources'\n\nUsage: uv run --no-sources\n\nFor more information, try '--help'.",
        "Job failed with exit code: 2. Reason: Error",
    ),
    raised(
        "context_too_long",
        None,
        "openai 2",
        "openai.BadRequestError: Error code: 400 - {'error': {'message': \"This model's maximum context length is 128000 tokens. However, your messages resulted in 200000 tokens.\", 'code': 'context_length_exceeded'}}",
    ),
    said(
        "bad_script",
        None,
        "Python, ran",
        '  File "/workspace/a.py", line 3\n    def f(:\n          ^\nSyntaxError: invalid syntax',
    ),
    said("timeout", None, "the Hub", "12%|#2 | 120/1000 [30:00<3:40:00, 15.00s/it]", "Job timeout"),
    # One that is only wrapped.
    Case(
        "out_of_memory",
        None,
        "torchrun",
        TRACE
        + "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB\nW1125 torch/distributed/elastic: sending process 9 closing signal SIGTERM\n"
        + TRACE
        + "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n====\ntrain.py FAILED",
    ),
    Case(
        "missing_secret",
        "HF_TOKEN",
        "accelerate",
        TRACE
        + "huggingface_hub.errors.LocalTokenNotFoundError: Token is required, but no token found.\n"
        + TRACE
        + "subprocess.CalledProcessError: Command '['python', 'train.py']' returned non-zero exit status 1.",
    ),
    Case(
        "missing_secret",
        "WANDB_API_KEY",
        "after noise",
        "WARNING: rate limited, retrying (429 Too Many Requests)\nstep 1 loss 2.0\n"
        + TRACE
        + "wandb.errors.UsageError: api_key not configured (no-tty). call wandb.login(key=[your_api_key])\nwandb: done",
    ),
)

_EXIT_3 = "Job failed with exit code: 3. Reason: Error"
_FINE = "step 1 loss 2.1\nstep 2 loss 1.9\n"

HEALTHY = tuple(
    f"{text}\n{_FINE}evaluation below the threshold of 0.9, giving up"
    for text in (
        "Warning: You are sending unauthenticated requests to the HF Hub. Please set a HF_TOKEN to enable higher rate limits and faster downloads.",
        "HF_TOKEN is not set, using anonymous access",
        "WARNING:root:OPENAI_API_KEY is not set; the judge is disabled",
        "wandb: WARNING No API key configured, running in offline mode",
        "429 Too Many Requests, retrying in 5 s",
        "INFO rate limit exceeded, backing off for 10 s",
        "503 Service Unavailable: attempt 1/5 failed, will retry",
        "CUDA out of memory at batch size 64, falling back to 32",
        "torch.cuda.OutOfMemoryError caught; batch size halved",
        "CUDA is not available, using CPU",
        "No GPU found, falling back to CPU",
        "WARNING: Found no NVIDIA driver on your system; using CPU",
        "ModuleNotFoundError: No module named 'flash_attn' (optional), using sdpa",
        "flash-attn is not installed, continuing without it. Run `pip install flash-attn` if you want it.",
        "cache file not found, building it",
        "FileNotFoundError handled: config.json does not exist, using defaults",
        "checking 0 errors, 0 failed, no space problems",
        "tests/test_auth.py::test_401_unauthorized PASSED",
        "tests/test_net.py::test_connection_refused PASSED",
        "Connection refused on localhost:8000, retrying",
        "waiting for the server: curl: (7) Failed to connect to localhost port 8000",
        "401 Unauthorized (expected): the anonymous call was refused",
        "disk usage: 12 GB of 50 GB; no space left on device would stop here",
        "skipping: Permission denied: /proc/1/environ",
        "the paper discusses GatedRepoError and 402 Payment Required as examples",
        "git: command not found; skipping the commit hash",
        "nvidia-smi: not found, ignoring",
        "certificate verify failed on mirror 1, falling back to mirror 2",
        "DeprecationWarning: AuthenticationError will be renamed",
        "hint: set the environment variable WANDB_API_KEY to log runs",
        "Read-only file system: cache disabled",
        "prompt: What does 'CUDA out of memory' mean? answer: too little memory",
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\nConnectionError: handled above, continuing',
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\nopenai.RateLimitError: Error code: 429\nrecovered, resuming',
        "downloading weights took too long; timed out once, retried, done",
        "row 17: 'KeyError' column LABELS ignored",
        "The model `gpt-9` does not exist in the cache, fetching",
        "quota: 12 of 100 requests used; insufficient_quota alerts: none",
        "npm warn deprecated x: no matching version found soon",
        "Invalid credentials count: 0",
    )
)
"""Logs of jobs that end with exit code 3 because of what their last line says, and with nothing that the table knows."""
HEALTHY_MESSAGE = _EXIT_3


OTHER_WORDINGS: tuple[tuple[str, ...], ...] = (
    (
        "missing_secret",
        TRACE
        + "ValueError: Did not find mistral_api_key, please add an environment variable `MISTRAL_API_KEY` which contains it, or pass `mistral_api_key` as a named parameter.",
    ),
    (
        "missing_secret",
        TRACE
        + "litellm.exceptions.AuthenticationError: litellm.AuthenticationError: Missing Anthropic API Key - A call is being made to anthropic but no key is set either in the environment variables or via params. Please set `ANTHROPIC_API_KEY` or `ANTHROPIC_AUTH_TOKEN` in your environment vars",
    ),
    ("missing_secret", TRACE + "RuntimeError: TAVILY_API_KEY environment variable not found"),
    ("missing_secret", "Error: environment variable DATABASE_PASSWORD must be set"),
    ("missing_secret", "error: missing required env var: SLACK_BOT_TOKEN"),
    ("missing_secret", TRACE + "AssertionError: Please export FIREWORKS_API_KEY before running"),
    ("missing_secret", TRACE + "KeyError: 'DISCORD_TOKEN'"),
    ("missing_secret", "panic: STRIPE_SECRET_KEY is empty\n\ngoroutine 1 [running]:\nmain.main()"),
    (
        "missing_secret",
        TRACE
        + "wandb.errors.CommError: You must call wandb.init() before; wandb login required: no API key configured",
    ),
    (
        "missing_secret",
        TRACE
        + "ValueError: Token is required to call the /whoami-v2 endpoint, but no token found. You must provide a token",
    ),
    (
        "missing_secret",
        TRACE
        + "replicate.exceptions.ReplicateError: ReplicateError Details:\ntitle: Unauthenticated\nstatus: 401\ndetail: You did not pass an authentication token",
    ),
    ("missing_secret", TRACE + "neptune.common.exceptions.NeptuneMissingApiTokenException"),
    ("secret_refused", TRACE + 'mistralai.models.SDKError: API error occurred: Status 401\n{"message":"Unauthorized"}'),
    ("secret_refused", TRACE + "groq.AuthenticationError: Error code: 401 - {'error': {'message': 'Invalid API Key'}}"),
    (
        "secret_refused",
        TRACE + "cohere.errors.unauthorized_error.UnauthorizedError: status_code: 401, body: invalid api token",
    ),
    ("secret_refused", "curl: (22) The requested URL returned error: 401"),
    (
        "secret_refused",
        TRACE
        + "botocore.exceptions.ClientError: An error occurred (ExpiredToken) when calling the PutObject operation: The provided token has expired.",
    ),
    ("payment", TRACE + "openai.APIStatusError: Error code: 402 - {'error': 'Insufficient Balance'}"),
    (
        "payment",
        TRACE
        + "huggingface_hub.errors.InferenceTimeoutError: You have depleted your monthly included credits. Purchase pre-paid credits",
    ),
    (
        "rate_limited",
        TRACE + "groq.RateLimitError: Error code: 429 - {'error': {'message': 'Rate limit reached for model'}}",
    ),
    (
        "rate_limited",
        TRACE + "requests.exceptions.HTTPError: 429 Client Error: Too Many Requests for url: https://api.x.com",
    ),
    (
        "overloaded",
        TRACE
        + "anthropic.APIStatusError: Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}}",
    ),
    ("no_gpu", TRACE + "RuntimeError: No CUDA GPUs are available"),
    ("no_gpu", TRACE + "ValueError: GPU is required to quantize or run quantize model."),
    ("no_gpu", TRACE + "ImportError: Unsloth: No NVIDIA GPU found? Unsloth currently only supports GPUs!"),
    ("no_gpu", TRACE + "NotImplementedError: Unsloth cannot find any torch accelerator? You need a GPU."),
    (
        "no_gpu",
        TRACE
        + "RuntimeError: Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False.",
    ),
    (
        "no_gpu",
        TRACE
        + "RuntimeError: Unexpected error from cudaGetDeviceCount(): CUDA driver not found / no CUDA-capable device is detected",
    ),
    ("gpu_driver", TRACE + "RuntimeError: CUDA error: the provided PTX was compiled with an unsupported toolchain."),
    (
        "gpu_driver",
        TRACE
        + "RuntimeError: The detected CUDA version (11.8) mismatches the version that was used to compile PyTorch (12.4). Please make sure to use the same CUDA versions.",
    ),
    (
        "out_of_memory",
        TRACE
        + "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 17179869184 bytes.",
    ),
    ("out_of_memory", TRACE + "RuntimeError: CUDA error: out of memory"),
    (
        "out_of_memory",
        TRACE
        + "tensorflow.python.framework.errors_impl.ResourceExhaustedError: OOM when allocating tensor with shape[64,512]",
    ),
    ("out_of_memory", "Killed\n", "Job failed with exit code: 137. Reason: Error"),
    (
        "out_of_memory",
        TRACE + "RuntimeError: DefaultCPUAllocator: can't allocate memory: you tried to allocate 40000000000 bytes.",
    ),
    (
        "out_of_memory",
        "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\nAborted (core dumped)",
    ),
    (
        "out_of_memory",
        TRACE
        + "concurrent.futures.process.BrokenProcessPool: A process in the process pool was terminated abruptly while the future was running or pending. (signal 9 (SIGKILL))",
    ),
    (
        "disk_full",
        TRACE
        + "RuntimeError: Data processing error: CAS service error : IO Error: No space left on device (os error 28)",
    ),
    (
        "disk_full",
        "tar: out.bin: Cannot write: No space left on device\ntar: Exiting with failure status due to previous errors",
    ),
    (
        "disk_full",
        TRACE
        + 'safetensors_rust.SafetensorError: Error while serializing: IoError(Os { code: 28, kind: StorageFull, message: "No space left on device" })',
    ),
    ("read_only", "touch: cannot touch '/data/x': Read-only file system"),
    (
        "file_not_found",
        TRACE + "datasets.exceptions.DataFilesNotFoundError: Unable to find '/workspace/data/train.csv'",
    ),
    (
        "file_not_found",
        TRACE + "OSError: Error no file named pytorch_model.bin, model.safetensors found in directory ./model.",
    ),
    (
        "file_not_found",
        "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'",
    ),
    ("file_not_found", "Error: Invalid value for '--config': Path 'conf.yaml' does not exist."),
    ("file_not_found", "bash: run.sh: No such file or directory"),
    (
        "build_dependency",
        "  error: metadata-generation-failed\n\n× Encountered error while generating package metadata.\n╰─> flash-attn",
    ),
    (
        "build_dependency",
        "   x Failed to build `psycopg2==2.9`\n   |-> Call to `setuptools.build_meta.build_wheel` failed (exit status: 1)\n       Error: pg_config executable not found.",
    ),
    (
        "build_dependency",
        "      error: command '/usr/bin/x86_64-linux-gnu-gcc' failed with exit code 1\n      [end of output]\nERROR: Could not build wheels for tokenizers, which is required to install pyproject.toml-based projects",
    ),
    ("no_git", "fatal error: git: not found\nsh: 1: git: not found"),
    ("no_git", "error: Git operation failed\n  Caused by: failed to find `git`: Git executable not found"),
    (
        "unresolvable_packages",
        "ERROR: Cannot install a==1 and b==2 because these package versions have conflicting dependencies.\nERROR: ResolutionImpossible: for help visit https://pip.pypa.io",
    ),
    (
        "unresolvable_packages",
        "  × No solution found when resolving script dependencies:\n  ╰─▶ Because there are no versions of torch==9.9 and you require torch==9.9, we can conclude that your\n      requirements are unsatisfiable.",
    ),
    (
        "python_too_old",
        "  × No solution found when resolving `--with` dependencies:\n  ╰─▶ Because the requested Python version (>=3.8) does not satisfy Python>=3.10 and x depends on Python>=3.10",
    ),
    (
        "python_too_old",
        "error: Distribution `torch==2.1.0 @ registry+https://pypi.org/simple` can't be installed because it doesn't have a source distribution or wheel for the current platform\n\nhint: You're using CPython 3.13 (`cp313`), but `torch` (v2.1.0) only has wheels with the following Python ABI tag: `cp311`",
    ),
    (
        "python_too_old",
        "ERROR: Could not find a version that satisfies the requirement numpy==1.19 (from versions: none)\nERROR: Ignored the following versions that require a different python version: 1.19 Requires-Python >=3.6,<3.10",
    ),
    ("image_not_found", "", 'Failed to pull image "x/y": manifest for x/y:latest not found: manifest unknown'),
    ("image_not_found", "", 'ImageInspectError: couldn\'t parse image reference "Foo Bar": invalid reference format'),
    (
        "command_not_found",
        "",
        'Job failed with exit code: 127. Reason: ContainerCannotRun: OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "fast-agent": executable file not found in $PATH: unknown',
    ),
    ("command_not_found", "", 'StartError: exec: "/app/run": stat /app/run: no such file or directory'),
    ("mount_failed", "", "MountFailure: volume hf://datasets/me/x could not be mounted: revision not found"),
    (
        "certificate_refused",
        TRACE
        + "httpx.ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1006)",
    ),
    ("certificate_refused", "curl: (60) SSL certificate problem: unable to get local issuer certificate"),
    (
        "certificate_refused",
        "fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none CRLfile: none",
    ),
    (
        "connection_refused",
        TRACE
        + "openai.APIConnectionError: Connection error.\nbase_url http://localhost:8000/v1: [Errno 111] Connection refused",
    ),
    (
        "connection_refused",
        TRACE
        + "urllib3.exceptions.MaxRetryError: HTTPConnectionPool(host='127.0.0.1', port=11434): Max retries exceeded with url: /api/chat (Caused by NewConnectionError('<x>: Failed to establish a new connection: [Errno 111] Connection refused'))",
    ),
    ("connection_refused", "Error: connect ECONNREFUSED 127.0.0.1:8080\n    at TCPConnectWrap.afterConnect"),
    (
        "gated",
        TRACE
        + "OSError: You are trying to access a gated repo. Make sure to request access at https://huggingface.co/x/y and pass a token having permission to this repo either by logging in with `hf auth login` or by passing `token=<your_token>`.",
    ),
    (
        "gated",
        TRACE
        + "huggingface_hub.errors.GatedRepoError: 403 Client Error.\n\nCannot access gated repo for url https://huggingface.co/x/y.\nAccess to model x/y is restricted and you are not in the authorized list. Visit https://huggingface.co/x/y to ask for access.",
    ),
    (
        "forbidden",
        TRACE
        + "huggingface_hub.errors.HfHubHTTPError: 403 Client Error: Forbidden for url: https://huggingface.co/api/models/me/x/commit/main\n\nForbidden: you must use a write token to upload to a repository.",
    ),
    ("bad_option", "train.py: error: unrecognized arguments: --learning_rat 1"),
    ("bad_option", "usage: hf <command> [<args>]\nhf: error: argument {auth,cache}: invalid choice: 'jbos'"),
    (
        "missing_module",
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nModuleNotFoundError: No module named 'google.genai'",
    ),
    ("missing_module", "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'zod' imported from /workspace/a.mjs"),
    ("missing_module", "/usr/local/bin/python: No module named vllm.entrypoints"),
    (
        "missing_module",
        TRACE
        + "ImportError: Using `low_cpu_mem_usage=True` or a `device_map` requires Accelerate: `pip install 'accelerate>=0.26.0'`",
    ),
)
"""Cause, text, and where it is not the usual one the hub's message: the same kinds as other libraries say them."""

OTHER_HEALTHY = (
    "WARNING: the token `ci` has been saved; HF_TOKEN environment variable is set and takes precedence",
    "INFO: Note: OPENAI_API_KEY not set, skipping LLM judge",
    "Retrying request to /chat/completions in 0.4 seconds (429)",
    "Access to model requires accepting the license (already accepted)",
    "UserWarning: CUDA initialization: Found no NVIDIA driver on your system.",
    "using device: cpu (no CUDA GPUs are available)",
    "ImportError: flash_attn not installed, using sdpa instead",
    "OOM guard enabled: will stop when out of memory",
    "checkpoint not found, training from scratch",
    "No module named 'apex', using torch amp",
    "ok: test 'connection refused' raised as it should",
    "WARNING: certificate verify failed for telemetry, telemetry is off",
    "GET /health 401 Unauthorized\nGET /health 200 OK",
    "Killed 3 stale workers",
    "permission denied errors were counted: 0",
)
"""Each is right before the last line of a log that ends for another reason."""
HEALTHY += tuple(f"start\n{text}\nassertion: metric too low, stopping" for text in OTHER_HEALTHY)
FIELD = tuple(Case(cause, name, source, TRACE + text if traced else text) for traced, cause, name, source, text in TOLD)
FAILURES += tuple(case for case in FIELD if case.cause != "exception")

HEALTHY += tuple(
    f"start\n{text}\nassertion: metric too low, stopping"
    for text in (
        "numpy.dtype size check passed",
        "undefined symbols: 0",
        "trust_remote_code=True is ignored for this dataset",
        "npm notice 404 pages were crawled",
        "MCP Server: 'fetch': ready",
        "MCP Server: 'fetch': Failed to initialize, retrying (attempt 1/3)",
        "the model is overloaded, retrying in 2 s",
        "Assertion checks enabled",
        "NCCL watchdog enabled, timeout 600 s",
        "port 8000 is free",
        "address already in use: retrying on 8001",
        "checked 12 files for broken headers: 0 found",
        "===== 41 passed, 2 warnings in 3.21s =====",
        "===== 0 failed, 41 passed in 3.21s =====",
        "panic button disabled",
        "SIGTERM handler installed",
        "access token has expired, refreshed it",
        "no GPU memory leak detected in step 7",
        "CUDA out of memory avoided by offload",
        "ValueError: row 3 is empty (skipped)",
        "UserWarning: invalid value encountered in divide",
    )
)
