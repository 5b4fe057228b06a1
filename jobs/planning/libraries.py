"""Which variables libraries look for by themselves. A row a call, keyword, model prefix or repository; add one here.

Names of calls are those under which they are imported (`wandb.init`); `*.name` is a method of any object. A row holds
what the call needs unless one of `given` (keywords that hand the key over) is there.
"""

from __future__ import annotations

from dataclasses import dataclass

from jobs.planning import clients
from jobs.planning.need import Access, Confidence

PUSH = "push to the Hub"
READ = "read from the Hub"
CALL = "call a model"
LOG = "log runs"
TOOL = "call a service"
CLOUD = "reach cloud storage"


@dataclass(frozen=True, slots=True)
class Row:
    """`secrets` is one name, several that are all needed, or with `any_of` several of which one is enough.

    With `chosen_by` they are one a service: that keyword says which, and where it is not there it is the first.
    `only` is what the first argument has to be; `set_elsewhere` are settings (`Settings.llm = …`) that decide instead,
    `elsewhere` keywords, functions, modules and providers that do so anywhere in the text.
    """

    secrets: tuple[str, ...]
    use: str
    access: Access = ""
    given: frozenset[str] = frozenset()
    any_of: bool = False
    confidence: Confidence = "needed"
    positional: int | None = None
    local_by: tuple[str, ...] = ()
    chosen_by: str = ""
    only: str = ""
    set_elsewhere: tuple[str, ...] = ()
    elsewhere: frozenset[str] = frozenset()


_KEY = frozenset({"api_key", "token", "openai_api_key", "anthropic_api_key", "google_api_key", "groq_api_key", "key"})
_TOKEN = frozenset({"token", "api_key", "hf_token", "use_auth_token", "huggingfacehub_api_token"})
_URLS = ("base_url", "api_base", "openai_api_base", "api_base_url", "endpoint", "host", "url", "azure_endpoint")
AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_OTHER_MODELS = frozenset(
    {
        *("model_provider", "openai_client", "set_default_openai_client", "set_default_openai_key", "litellm/"),
        *("any-llm/", "agents.extensions.models"),
    }
)
_AZURE = ("AZURE_CLIENT_SECRET",)
_GOOGLE_CLOUD = ("GOOGLE_APPLICATION_CREDENTIALS",)
HUB_LIBRARIES = frozenset(
    """
    huggingface_hub datasets transformers trl peft diffusers sentence_transformers setfit unsloth optimum accelerate
    evaluate lerobot distilabel argilla tokenizers timm spacy_huggingface_hub huggingface_sb3 adapters gliner
    pylate span_marker keras_hub autotrain lighteval mteb trackio pyannote fastai gradio smolagents skops nanotron
    """.split()  # noqa: SIM905 -- forty names read best as running text
)
"""Libraries whose objects write to the Hub; a method of the same name of any other's is none of ours."""


def _client(*secrets: str, any_of: bool = False) -> Row:
    return Row(secrets, CALL, given=_KEY, any_of=any_of, local_by=_URLS)


def _hub(access: Access, use: str = PUSH, **more: int) -> Row:
    return Row(("HF_TOKEN",), use, access, given=_TOKEN, positional=more.get("positional"))


_WRITE = _hub("write")
_GOOGLE = _client("GEMINI_API_KEY", "GOOGLE_API_KEY", any_of=True)
_INFERENCE = Row(("HF_TOKEN",), CALL, "inference", given=_TOKEN, local_by=("model", "base_url"))

HUB_WRITES = tuple(
    """
    push_to_hub push_to_hub_merged push_to_hub_gguf save_to_hub upload_file upload_folder upload_large_folder
    preupload_lfs_files create_repo create_commit create_commits_on_pr create_branch create_tag create_pull_request
    create_discussion comment_discussion change_discussion_status merge_pull_request delete_repo delete_file
    delete_files delete_folder move_repo duplicate_space update_repo_settings update_repo_visibility create_collection
    add_collection_item update_collection_item create_inference_endpoint scale_to_zero_inference_endpoint
    create_bucket delete_bucket batch_bucket_files sync_bucket copy_files add_space_secret add_space_variable
    request_space_hardware request_space_storage restart_space pause_space set_space_sleep_time metadata_update
    create_webhook super_squash_history push_dataset_to_hub push_model_to_hub
    """.split()  # noqa: SIM905 -- forty methods read best as running text
)
HUB_JOBS = tuple(
    """
    run_job run_uv_job create_scheduled_job create_scheduled_uv_job inspect_job cancel_job list_jobs fetch_job_logs
    fetch_job_metrics list_scheduled_jobs delete_scheduled_job suspend_scheduled_job resume_scheduled_job
    """.split()  # noqa: SIM905 -- the same
)
HUB_READS = (
    "whoami",
    "get_token",
    "auth_check",
    "get_full_repo_name",
    "list_user_repos",
    "bucket_info",
    "list_buckets",
)

CALLS: dict[str, Row] = {
    **{call: _client(*names.split("|"), any_of="|" in names) for call, names in clients.CLIENTS.items()},
    **{
        call: Row(tuple(names.split()), TOOL, given=_KEY | {"model", "config"})
        for call, names in clients.SERVICES.items()
    },
    **{f"*.{name}": _WRITE for name in HUB_WRITES},
    **{f"huggingface_hub.{name}": _WRITE for name in HUB_WRITES},
    **{f"*.{name}": _hub("write", "start jobs") for name in HUB_JOBS},
    **{f"huggingface_hub.{name}": _hub("write", "start jobs") for name in HUB_JOBS},
    **{f"huggingface_hub.{of}{name}": _hub("read", READ) for name in HUB_READS for of in ("", "HfApi.")},
    **{f"*.{name}": _hub("read", READ) for name in ("whoami", "auth_check", "get_token_permission")},
    "huggingface_hub.CommitScheduler": _WRITE,
    "huggingface_hub.login": _hub("read", "sign in to the Hub", positional=0),
    "huggingface_hub.interpreter_login": _hub("read", "sign in to the Hub"),
    "huggingface_hub.notebook_login": _hub("read", "sign in to the Hub"),
    "huggingface_hub.HfFolder.get_token": _hub("read", READ),
    "huggingface_hub.InferenceClient": _INFERENCE,
    "huggingface_hub.AsyncInferenceClient": _INFERENCE,
    "huggingface_hub.inference.InferenceClient": _INFERENCE,
    "huggingface_hub.MCPClient": _INFERENCE,
    "huggingface_hub.Agent": _INFERENCE,
    "smolagents.InferenceClientModel": _INFERENCE,
    "smolagents.HfApiModel": _INFERENCE,
    "smolagents.OpenAIServerModel": _client("OPENAI_API_KEY"),
    "smolagents.OpenAIModel": _client("OPENAI_API_KEY"),
    "smolagents.AzureOpenAIServerModel": _client("AZURE_OPENAI_API_KEY"),
    "smolagents.AmazonBedrockServerModel": Row(AWS, CALL),
    "smolagents.GoogleSearchTool": Row(("SERPAPI_API_KEY", "SERPER_API_KEY"), TOOL, chosen_by="provider"),
    "smolagents.ApiWebSearchTool": Row(("BRAVE_API_KEY",), TOOL, given=_KEY | {"api_key_name"}),
    "openai.OpenAI": _client("OPENAI_API_KEY"),
    "openai.AsyncOpenAI": _client("OPENAI_API_KEY"),
    "openai.Client": _client("OPENAI_API_KEY"),
    "openai.AzureOpenAI": Row(("AZURE_OPENAI_API_KEY",), CALL, given=_KEY | {"azure_ad_token_provider"}),
    "openai.AsyncAzureOpenAI": Row(("AZURE_OPENAI_API_KEY",), CALL, given=_KEY | {"azure_ad_token_provider"}),
    "openai.chat.completions.create": _client("OPENAI_API_KEY"),
    "openai.responses.create": _client("OPENAI_API_KEY"),
    "openai.embeddings.create": _client("OPENAI_API_KEY"),
    "openai.images.generate": _client("OPENAI_API_KEY"),
    "openai.ChatCompletion.create": _client("OPENAI_API_KEY"),
    **{
        f"agents.Runner.{name}": Row(("OPENAI_API_KEY",), CALL, elsewhere=_OTHER_MODELS)
        for name in ("run", "run_sync", "run_streamed")
    },
    "anthropic.Anthropic": _client("ANTHROPIC_API_KEY"),
    "anthropic.AsyncAnthropic": _client("ANTHROPIC_API_KEY"),
    "anthropic.Client": _client("ANTHROPIC_API_KEY"),
    "anthropic.AnthropicBedrock": Row(AWS, CALL, given=frozenset({"aws_access_key"})),
    "anthropic.AnthropicVertex": Row((), CALL),
    "claude_agent_sdk.query": _client("ANTHROPIC_API_KEY"),
    "claude_agent_sdk.ClaudeSDKClient": _client("ANTHROPIC_API_KEY"),
    "google.genai.Client": Row(
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"), CALL, given=_KEY | {"vertexai", "credentials"}, any_of=True
    ),
    "google.generativeai.GenerativeModel": _client("GOOGLE_API_KEY"),
    "groq.Groq": _client("GROQ_API_KEY"),
    "groq.AsyncGroq": _client("GROQ_API_KEY"),
    "mistralai.Mistral": _client("MISTRAL_API_KEY"),
    "mistralai.client.Mistral": _client("MISTRAL_API_KEY"),
    "mistralai.client.MistralClient": _client("MISTRAL_API_KEY"),
    "cohere.Client": Row(("CO_API_KEY",), CALL, given=_KEY, positional=0),
    "cohere.ClientV2": Row(("CO_API_KEY",), CALL, given=_KEY, positional=0),
    "cohere.AsyncClient": Row(("CO_API_KEY",), CALL, given=_KEY, positional=0),
    "cohere.AsyncClientV2": Row(("CO_API_KEY",), CALL, given=_KEY, positional=0),
    "together.Together": _client("TOGETHER_API_KEY"),
    "together.AsyncTogether": _client("TOGETHER_API_KEY"),
    "fireworks.client.Fireworks": _client("FIREWORKS_API_KEY"),
    "fireworks.Fireworks": _client("FIREWORKS_API_KEY"),
    "fireworks.AsyncFireworks": _client("FIREWORKS_API_KEY"),
    "fireworks.LLM": _client("FIREWORKS_API_KEY"),
    "cerebras.cloud.sdk.Cerebras": _client("CEREBRAS_API_KEY"),
    "replicate.run": Row(("REPLICATE_API_TOKEN",), CALL),
    "replicate.Client": Row(("REPLICATE_API_TOKEN",), CALL, given=frozenset({"api_token"})),
    "fal_client.subscribe": Row(("FAL_KEY",), CALL),
    "fal_client.run": Row(("FAL_KEY",), CALL),
    "fal_client.submit": Row(("FAL_KEY",), CALL),
    "xai_sdk.Client": _client("XAI_API_KEY"),
    "voyageai.Client": _client("VOYAGE_API_KEY"),
    "elevenlabs.ElevenLabs": _client("ELEVENLABS_API_KEY"),
    "elevenlabs.client.ElevenLabs": _client("ELEVENLABS_API_KEY"),
    "deepgram.DeepgramClient": _client("DEEPGRAM_API_KEY"),
    "assemblyai.Transcriber": Row(("ASSEMBLYAI_API_KEY",), CALL),
    "langchain_openai.ChatOpenAI": _client("OPENAI_API_KEY"),
    "langchain_openai.OpenAI": _client("OPENAI_API_KEY"),
    "langchain_openai.OpenAIEmbeddings": _client("OPENAI_API_KEY"),
    "langchain_openai.AzureChatOpenAI": _client("AZURE_OPENAI_API_KEY"),
    "langchain_anthropic.ChatAnthropic": _client("ANTHROPIC_API_KEY"),
    "langchain_google_genai.ChatGoogleGenerativeAI": _client("GOOGLE_API_KEY", "GEMINI_API_KEY", any_of=True),
    "langchain_google_genai.GoogleGenerativeAIEmbeddings": _client("GOOGLE_API_KEY", "GEMINI_API_KEY", any_of=True),
    "langchain_groq.ChatGroq": _client("GROQ_API_KEY"),
    "langchain_mistralai.ChatMistralAI": _client("MISTRAL_API_KEY"),
    "langchain_cohere.ChatCohere": _client("COHERE_API_KEY", "CO_API_KEY", any_of=True),
    "langchain_cohere.CohereEmbeddings": _client("COHERE_API_KEY", "CO_API_KEY", any_of=True),
    "langchain_deepseek.ChatDeepSeek": _client("DEEPSEEK_API_KEY"),
    "langchain_xai.ChatXAI": _client("XAI_API_KEY"),
    "langchain_together.ChatTogether": _client("TOGETHER_API_KEY"),
    "langchain_fireworks.ChatFireworks": _client("FIREWORKS_API_KEY"),
    "langchain_aws.ChatBedrock": Row(AWS, CALL),
    "langchain_aws.ChatBedrockConverse": Row(AWS, CALL),
    "langchain_huggingface.HuggingFaceEndpoint": Row(
        ("HUGGINGFACEHUB_API_TOKEN", "HF_TOKEN"), CALL, "inference", given=_TOKEN, any_of=True
    ),
    "langchain_tavily.TavilySearch": Row(("TAVILY_API_KEY",), TOOL, given=_KEY | {"tavily_api_key"}),
    "langchain_community.tools.TavilySearchResults": Row(("TAVILY_API_KEY",), TOOL, given=_KEY),
    "langchain_community.tools.tavily_search.TavilySearchResults": Row(("TAVILY_API_KEY",), TOOL, given=_KEY),
    **{
        f"llama_index.core.{name}": Row(
            ("OPENAI_API_KEY",), CALL, given=frozenset({"embed_model", "llm"}), set_elsewhere=(setting,)
        )
        for name, setting in (
            ("VectorStoreIndex.from_documents", "embed_model"),
            ("VectorStoreIndex", "embed_model"),
            ("SummaryIndex.from_documents", "llm"),
            ("PropertyGraphIndex.from_documents", "llm"),
            ("KnowledgeGraphIndex.from_documents", "llm"),
        )
    },
    "llama_index.llms.openai.OpenAI": _client("OPENAI_API_KEY"),
    "llama_index.embeddings.openai.OpenAIEmbedding": _client("OPENAI_API_KEY"),
    "llama_index.llms.anthropic.Anthropic": _client("ANTHROPIC_API_KEY"),
    "llama_index.llms.huggingface_api.HuggingFaceInferenceAPI": _INFERENCE,
    **{
        f"pydantic_ai.models.{name}": Row(
            secrets, CALL, given=frozenset({"provider"}), any_of=len(secrets) > 1 and secrets != AWS
        )
        for secrets, names in clients.PYDANTIC_AI.items()
        for name in names
    },
    **{f"pydantic_ai.providers.{name}": _client(secret) for name, secret in clients.PYDANTIC_AI_PROVIDERS.items()},
    "crewai.Agent": Row(("OPENAI_API_KEY",), CALL, given=frozenset({"llm"})),
    "crewai_tools.SerperDevTool": Row(("SERPER_API_KEY",), TOOL, given=_KEY),
    "crewai_tools.BraveSearchTool": Row(("BRAVE_API_KEY",), TOOL, given=_KEY),
    "crewai_tools.EXASearchTool": Row(("EXA_API_KEY",), TOOL, given=_KEY),
    "crewai_tools.TavilySearchTool": Row(("TAVILY_API_KEY",), TOOL, given=_KEY),
    "crewai_tools.FirecrawlScrapeWebsiteTool": Row(("FIRECRAWL_API_KEY",), TOOL, given=_KEY),
    "crewai_tools.FirecrawlSearchTool": Row(("FIRECRAWL_API_KEY",), TOOL, given=_KEY),
    "haystack.components.generators.OpenAIGenerator": _client("OPENAI_API_KEY"),
    "haystack.components.generators.chat.OpenAIChatGenerator": _client("OPENAI_API_KEY"),
    "distilabel.models.OpenAILLM": _client("OPENAI_API_KEY"),
    "distilabel.llms.OpenAILLM": _client("OPENAI_API_KEY"),
    "distilabel.models.InferenceEndpointsLLM": _INFERENCE,
    "distilabel.llms.InferenceEndpointsLLM": _INFERENCE,
    "distilabel.models.AnthropicLLM": _client("ANTHROPIC_API_KEY"),
    "wandb.init": Row(("WANDB_API_KEY",), LOG),
    "wandb.login": Row(("WANDB_API_KEY",), LOG, given=frozenset({"key"})),
    "wandb.Api": Row(("WANDB_API_KEY",), LOG, given=frozenset({"api_key"})),
    "wandb.agent": Row(("WANDB_API_KEY",), LOG),
    "wandb.sweep": Row(("WANDB_API_KEY",), LOG),
    "weave.init": Row(("WANDB_API_KEY",), LOG),
    "pytorch_lightning.loggers.WandbLogger": Row(("WANDB_API_KEY",), LOG, given=frozenset({"offline"})),
    "lightning.pytorch.loggers.WandbLogger": Row(("WANDB_API_KEY",), LOG, given=frozenset({"offline"})),
    "comet_ml.Experiment": Row(("COMET_API_KEY",), LOG, given=_KEY),
    "comet_ml.start": Row(("COMET_API_KEY",), LOG, given=_KEY),
    "comet_ml.login": Row(("COMET_API_KEY",), LOG, given=_KEY),
    "comet_ml.init": Row(("COMET_API_KEY",), LOG, given=_KEY),
    "neptune.init_run": Row(("NEPTUNE_API_TOKEN",), LOG, given=frozenset({"api_token", "mode"})),
    "neptune.get_project": Row(("NEPTUNE_API_TOKEN",), LOG, given=frozenset({"api_token", "mode"})),
    "mlflow.set_tracking_uri": Row(("DATABRICKS_TOKEN",), LOG, only=r"databricks(://.*)?|databricks-uc"),
    "azure.identity.EnvironmentCredential": Row(_AZURE, CLOUD),
    "azure.identity.ClientSecretCredential": Row(_AZURE, CLOUD, positional=2, given=frozenset({"client_secret"})),
    **{f"azure.identity.{of}DefaultAzureCredential": Row(_AZURE, CLOUD, confidence="probably") for of in ("", "aio.")},
    **{
        f"google.cloud.{name}.Client": Row(
            _GOOGLE_CLOUD, CLOUD, given=frozenset({"credentials"}), confidence="probably"
        )
        for name in ("storage", "bigquery", "firestore", "translate_v2", "secretmanager", "pubsub", "logging", "vision")
    },
    "google.auth.default": Row(_GOOGLE_CLOUD, CLOUD, confidence="probably"),
    "gcsfs.GCSFileSystem": Row(_GOOGLE_CLOUD, CLOUD, given=frozenset({"token"}), confidence="probably"),
    "swanlab.init": Row(("SWANLAB_API_KEY",), LOG, given=frozenset({"mode"})),
    "clearml.Task.init": Row(("CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY"), LOG),
    "langfuse.Langfuse": Row(("LANGFUSE_SECRET_KEY", "LANGFUSE_PUBLIC_KEY"), LOG, given=frozenset({"secret_key"})),
    "langfuse.get_client": Row(("LANGFUSE_SECRET_KEY", "LANGFUSE_PUBLIC_KEY"), LOG),
    "langsmith.Client": Row(("LANGSMITH_API_KEY",), LOG, given=_KEY),
    "logfire.configure": Row(("LOGFIRE_TOKEN",), LOG, given=frozenset({"token", "send_to_logfire"})),
    "boto3.client": Row(AWS, CLOUD, given=frozenset({"aws_access_key_id", "config"})),
    "boto3.resource": Row(AWS, CLOUD, given=frozenset({"aws_access_key_id", "config"})),
    "boto3.Session": Row(AWS, CLOUD, given=frozenset({"aws_access_key_id"})),
    "boto3.session.Session": Row(AWS, CLOUD, given=frozenset({"aws_access_key_id"})),
    "s3fs.S3FileSystem": Row(AWS, CLOUD, given=frozenset({"key", "anon"})),
    "kagglehub.login": Row(("KAGGLE_USERNAME", "KAGGLE_KEY"), READ.replace("the Hub", "Kaggle")),
    "kagglehub.dataset_upload": Row(("KAGGLE_USERNAME", "KAGGLE_KEY"), "push to Kaggle"),
    "kagglehub.model_upload": Row(("KAGGLE_USERNAME", "KAGGLE_KEY"), "push to Kaggle"),
    "kagglehub.competition_download": Row(("KAGGLE_USERNAME", "KAGGLE_KEY"), READ.replace("the Hub", "Kaggle")),
    "kagglehub.dataset_download": Row(
        ("KAGGLE_USERNAME", "KAGGLE_KEY"), READ.replace("the Hub", "Kaggle"), confidence="optional"
    ),
    "kagglehub.model_download": Row(("KAGGLE_USERNAME", "KAGGLE_KEY"), READ.replace("the Hub", "Kaggle")),
    "kaggle.api.authenticate": Row(("KAGGLE_USERNAME", "KAGGLE_KEY"), READ.replace("the Hub", "Kaggle")),
    "e2b.Sandbox": Row(("E2B_API_KEY",), TOOL, given=_KEY),
    "e2b.Sandbox.create": Row(("E2B_API_KEY",), TOOL, given=_KEY),
    "e2b.AsyncSandbox.create": Row(("E2B_API_KEY",), TOOL, given=_KEY),
    "e2b_code_interpreter.Sandbox": Row(("E2B_API_KEY",), TOOL, given=_KEY),
    "e2b_code_interpreter.Sandbox.create": Row(("E2B_API_KEY",), TOOL, given=_KEY),
    "e2b_code_interpreter.AsyncSandbox.create": Row(("E2B_API_KEY",), TOOL, given=_KEY),
    "daytona.Daytona": Row(("DAYTONA_API_KEY",), TOOL, given=_KEY | {"config"}),
    "tavily.TavilyClient": Row(("TAVILY_API_KEY",), TOOL, given=_KEY, positional=0),
    "tavily.AsyncTavilyClient": Row(("TAVILY_API_KEY",), TOOL, given=_KEY, positional=0),
    "exa_py.Exa": Row(("EXA_API_KEY",), TOOL, given=_KEY, positional=0),
    "firecrawl.FirecrawlApp": Row(("FIRECRAWL_API_KEY",), TOOL, given=_KEY, positional=0),
    "firecrawl.Firecrawl": Row(("FIRECRAWL_API_KEY",), TOOL, given=_KEY, positional=0),
    "pinecone.Pinecone": Row(("PINECONE_API_KEY",), TOOL, given=_KEY),
    "github.Github": Row(
        ("GITHUB_TOKEN",), TOOL, given=frozenset({"auth", "login_or_token"}), positional=0, confidence="optional"
    ),
    "modal.App.lookup": Row(("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"), TOOL),
    "modal.Function.from_name": Row(("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"), TOOL),
    "modal.Sandbox.create": Row(("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"), TOOL),
    "modal.App": Row(("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"), TOOL, confidence="probably"),
    "sentry_sdk.init": Row(("SENTRY_DSN",), LOG, given=frozenset({"dsn"}), positional=0, confidence="optional"),
    "trackio.init": Row(("HF_TOKEN",), LOG, "write", confidence="optional"),
    "trackio.sync": Row(("HF_TOKEN",), LOG, "write"),
}

REPORTERS: dict[str, tuple[str, ...]] = {
    "wandb": ("WANDB_API_KEY",),
    "comet_ml": ("COMET_API_KEY",),
    "neptune": ("NEPTUNE_API_TOKEN",),
    "swanlab": ("SWANLAB_API_KEY",),
    "clearml": ("CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY"),
    "dagshub": ("DAGSHUB_USER_TOKEN",),
}
"""What `report_to=` names, and what that service looks for."""

ENDPOINTS = {
    "router.huggingface.co": "HF_TOKEN",
    "api-inference.huggingface.co": "HF_TOKEN",
    ".endpoints.huggingface.cloud": "HF_TOKEN",
    "localhost": None,
    "127.0.0.1": None,
    "0.0.0.0": None,  # noqa: S104 -- an address to recognise, not to bind
    "[::1]": None,
    "host.docker.internal": None,
}
"""Hosts of a `base_url` that decide which key is wanted, whatever client it is given to."""

SANDBOXES: dict[str, tuple[str, ...]] = {
    "e2b": ("E2B_API_KEY",),
    "modal": ("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"),
    "blaxel": ("BL_API_KEY",),
}
"""What smolagents' `executor_type=` names, and what that service looks for."""

_TRACING = ("langsmith", "langchain", "langgraph")
SWITCHES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("LANGSMITH_TRACING", _TRACING, ("LANGSMITH_API_KEY",)),
    ("LANGCHAIN_TRACING_V2", _TRACING, ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY")),
)
"""Variables that switch a service on where a library is imported, and the names of which it then wants one."""

OFFERED = {
    "langfuse.openai.openai.": "openai.",
    "langfuse.openai.": "openai.",
    "posthog.ai.openai.": "openai.",
    "helicone.openai.": "openai.",
    "ddtrace.openai.": "openai.",
}
"""Libraries that offer another's calls under a name of their own."""

IMPORTED: dict[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "groq": ("GROQ_API_KEY",),
    "mistralai": ("MISTRAL_API_KEY",),
    "cohere": ("CO_API_KEY",),
    "wandb": ("WANDB_API_KEY",),
    "comet_ml": ("COMET_API_KEY",),
    "neptune": ("NEPTUNE_API_TOKEN",),
    "tavily": ("TAVILY_API_KEY",),
    "modal": ("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"),
    "langfuse": ("LANGFUSE_SECRET_KEY", "LANGFUSE_PUBLIC_KEY"),
}
"""Libraries that are most likely imported to be used: what they look for where no call of them was recognised."""
