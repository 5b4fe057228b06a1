"""Failures of access: keys that are missing or refused, repositories one may not read or write, quotas and credit."""

from __future__ import annotations

from jobs.results.diagnosis.rule import LIKELY, VAGUE, Rule

_NAME = r"(?P<name>(?-i:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+))"
_KEY_NAME = (
    r"(?P<name>(?-i:[A-Z][A-Z0-9_]*(?:API_?KEY|_KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS|_DSN|_PAT|ACCESS_KEY_ID)))"
)
_ABSENT = (
    r"(?:(?:is|are|was|were|has|have)? ?(?:missing|required|needed|empty|undefined|null|unset|absent)"
    r"|(?:(?:is|are|was|were|has|have|must|do|does)? ?(?:not|n't|un|never)|(?:must|needs?|should|has|have)(?: not)?(?: to)?) ?"
    r"(?:be|been)? ?(?:set|defined|configured|found|provided|specified|present|exist|given|passed))"
)
_MISSING = "The environment variable {name} was not there."
_ADD = "Add {name} to secrets (plan_secrets says if a value is at hand), or to env if it is no secret."
_REFUSED = "A service refused the key it was given."
_CHECK = (
    "Check that the value of {name} is right, not expired, and for this service: plan_secrets says where it comes from."
)


def _missing(name: str, *signs: str, strength: int = 3) -> Rule:
    return Rule("missing_secret", signs, _MISSING, _ADD, name, strength)


def _refused(name: str, *signs: str, needs: str | None = None) -> Rule:
    return Rule("secret_refused", signs, _REFUSED, _CHECK, name, needs=needs)


RULES = (
    # The Hub's own.
    Rule(
        "gated",
        (
            r"GatedRepoError",
            r"gated repo for url https://huggingface\.co/(?:datasets/)?(?P<name>[\w.-]+/[\w.-]+)/",
            r"(?:have|request) access to it at https://huggingface\.co/(?:datasets/)?(?P<name>[\w-]+/[\w.-]*\w)",
            r"(?:access|trying to access) (?:to )?(?:a )?gated (?:repo|model|dataset)",
            r"gated (?:repo|model|dataset) (?P<name>[\w.-]+/[\w.-]+)",
            r"Access to (?:model|dataset) (?P<name>[\w.-]+/[\w.-]+) is restricted",
            r"awaiting a review from the repo authors",
            r"(?:dataset|model) '?(?P<name>[\w.-]+/[\w.-]+)'? is a gated",
            r"(?:agree|accept) (?:to )?(?:share your contact|the (?:license|licence|terms|conditions)) .{0,80}huggingface",
        ),
        "It asked for a gated repository{of_name} without the right to read it.",
        "Accept its licence at https://huggingface.co/{repo} as the owner of the token, {hub_token}.",
    ),
    Rule(
        "storage_limit",
        (
            r"storage (?:limit|quota) (?:has been |was |is )?(?:reached|exceeded|hit)",
            r"storage patterns tripped",
            r"(?:exceed(?:ed|s)?|reached|over) (?:\w+ ){0,4}storage (?:limit|quota|allowance)",
        ),
        "The account on the Hub has no storage left for this.",
        "Delete what is not needed, make the repository public, or get more storage: https://huggingface.co/settings/billing.",
    ),
    Rule(
        "forbidden",
        (
            r"don't have the rights to create a \w+ under the namespace [\"'](?P<name>[\w.-]+)",
            r"not (?:allowed|authorized) to (?:create|push|write) .{0,40}(?:namespace|organi[sz]ation) [\"']?(?P<name>[\w.-]+)",
            r"do(?:es)?(?: not|n't) have (?:the )?(?:write|required|necessary|sufficient|enough) (?:access|permissions?|rights|scopes?)",
            r"You have read access but not the required permissions",
            r"authentication method does not have sufficient permissions",
            r"sufficient permissions to call Inference Providers",
            r"403 (?:Client Error: )?Forbidden",
            r"HfHubHTTPError: 403",
            r"pass `?create_pr=1`? as a query parameter",
            r"\b403\b.{0,60}(?:xet|write.token|upload|commit|preupload)",
            r"requires? (?:a )?token with (?:the )?[`'\"]?write",
            r"PermissionDeniedError: Error code: 403",
        ),
        "The token it has lacks the right for this{under_name}.",
        "Give HF_TOKEN's token write access there (https://huggingface.co/settings/tokens), or use a namespace of its owner.",
        hub_token=True,
    ),
    _missing(
        "HF_TOKEN",
        r"LocalTokenNotFoundError",
        r"Token is required .{0,30}but no token found",
        r"Token is required to call|no token found. You must",
        r"(?:No|not find a?n?y?) (?:hugging ?face|HF) (?:access )?token",
        r"NotLoggedIn|Not logged in .{0,20}hugging",
    ),
    _missing(
        "HF_TOKEN",
        r"(?:need|have|must|please) (?:to )?(?:provide a token|be logged in|log ?in|login|authenticate).{0,60}"
        r"(?:hugging ?face|hf auth|notebook_login|\bhub\b)",
        r"You must provide an api_key to work with .{0,60}hf auth login",
        r"(?:run|using|with) [`'\"]?(?:huggingface-cli|hf auth) login",
        strength=LIKELY,
    ),
    Rule(
        "secret_refused",
        (
            r"Invalid username or password",
            r"Invalid credentials in Authorization header",
            r"Invalid user token",
            r"401 Client Error.{0,80}huggingface\.co",
            r"BadRequestError.{0,60}Authorization.{0,40}invalid",
        ),
        "The Hub refused the token.",
        "Make a new token at https://huggingface.co/settings/tokens and give it to HF_TOKEN.",
        "HF_TOKEN",
        hub_token=True,
    ),
    Rule(
        "repo_not_found",
        (
            r"RepositoryNotFoundError",
            r"(?:Repository|Dataset|Model) Not Found for url",
            r"DatasetNotFoundError: .{0,20}'(?P<name>[\w.-]+/[\w.-]+)'",
            r"(?P<name>[\w.-]+/[\w.-]+)'? (?:is not a local folder and )?is not a valid model identifier",
            r"doesn't exist on the Hub or cannot be accessed",
        ),
        "There is no such repository{of_name} on the Hub, or the token may not see it.",
        "Check its name; for a private one give the job an HF_TOKEN that may read it.",
        hub_token=True,
    ),
    Rule(
        "revision_not_found",
        (
            r"RevisionNotFoundError",
            r"\bEntryNotFoundError",
            r"Entry Not Found for url",
            r"RemoteEntryNotFoundError",
            r"does not appear to have (?:a file|files) named",
        ),
        "The repository has no such revision or file.",
        "Look at its files on the Hub and name one that is there.",
    ),
    # Keys of other services that are missing.
    _missing(
        "WANDB_API_KEY",
        r"api_key not configured \(no-tty\)",
        r"wandb.{0,80}(?:No API key configured|wandb login|not logged in)",
        r"wandb\.(?:errors\.)?(?:errors\.)?UsageError: .{0,40}(?:api_key|no-tty|login)",
    ),
    _missing(
        "ANTHROPIC_API_KEY",
        r"Could not resolve authentication method. Expected (?:either|one of)",
        r"anthropic.{0,60}api.?key.{0,30}(?:required|missing|not set|not configured)",
    ),
    _missing(
        "GEMINI_API_KEY",
        r"Missing key inputs argument! To use the Google AI API",
        r"No API_KEY or ADC found",
        r"No API key was provided.{0,120}aistudio\.google",
        r"(?:gemini|google (?:ai|genai)).{0,60}api.?key.{0,30}(?:required|missing|not set|not configured)",
    ),
    _missing(
        "GOOGLE_APPLICATION_CREDENTIALS",
        r"DefaultCredentialsError",
        r"default credentials were not found",
        r"Could not automatically determine credentials",
    ),
    _missing(
        "AWS_ACCESS_KEY_ID",
        r"NoCredentialsError",
        r"Unable to locate credentials",
        r"Unable to load AWS credentials",
        r"Could not load credentials from any providers",
        r"no EC2 IMDS role found",
        r"NoCredentialProviders",
    ),
    _missing(
        "AZURE_CLIENT_SECRET", r"DefaultAzureCredential failed to retrieve a token", r"CredentialUnavailableError"
    ),
    _missing(
        "KAGGLE_KEY",
        r"Could not find kaggle\.json",
        r"kaggle.{0,60}(?:authenticat|credential).{0,40}(?:fail|not found|missing|required)",
    ),
    _missing(
        "NEPTUNE_API_TOKEN",
        r"NeptuneMissingApiTokenException",
        r"neptune.{0,80}API token.{0,30}(?:missing|not (?:set|found))",
    ),
    _missing(
        "REPLICATE_API_TOKEN",
        r"replicate.{0,120}(?:Unauthenticated|valid authentication token)",
        r"did not pass (?:an|a valid) authentication token",
    ),
    _missing(
        "GITHUB_TOKEN",
        r"could not read Username for 'https://github\.com'",
        r"could not read Password for 'https://[^']*github\.com'",
    ),
    _missing("OPENAI_API_KEY", r"You didn't provide an API key", r"OpenAIError: Missing credentials"),
    _missing("CO_API_KEY", r"cohere.{0,80}(?:no api key|api key (?:missing|required|not provided))"),
    _missing("PINECONE_API_KEY", r"pinecone.{0,120}(?:haven't specified an API key|API key is missing)"),
    # Named by whoever misses it.
    Rule(
        "missing_secret",
        (
            r"KeyError: ['\"]" + _KEY_NAME + "['\"]",
            r"(?:set|setting|missing:?|requires?|need|provide|export|define|add|supply|specify|configure|no|without|expected|expects|empty|unset|under)"
            r"(?: [\w.`'\"/-]+){0,6}? [`'\"$({]{0,3}" + _KEY_NAME + r"\b",
            r"\b" + _KEY_NAME + r"[`'\")}:=]{0,3}(?: \w+){0,3}? " + _ABSENT,
            r"\b" + _KEY_NAME + r": (?:unbound variable|parameter (?:not set|null or not set))",
            r"\b" + _KEY_NAME + r"[`'\")]{0,2} not found(?:\.| in)",
            r"(?:as|in|via|through|using|from) (?:an?|the|your) env(?:ironment)? ?var(?:iable)?(?: named| called)? [`'\"]?"
            + _KEY_NAME,
            r"export " + _KEY_NAME + r"=",
        ),
        _MISSING,
        _ADD,
    ),
    Rule(
        "missing_secret",
        (
            r"\b" + _NAME + r": (?:unbound variable|parameter (?:not set|null or not set))",
            r"environment variables?:? (?:named |called )?[`'\"(\[]{0,2}" + _NAME + r"[`'\")\]]{0,2} " + _ABSENT,
            r"(?:missing|set|requires?|define|undefined|no) (?:the |required |an? )*(?:env(?:ironment)?(?: |_)?var(?:iable)?s?|env)"
            r"(?:\(s\))?:? [`'\"\[(]{0,2}" + _NAME,
            r"\b" + _NAME + r"[`'\")]{0,2} (?:environment variable|env(?:ironment)? var(?:iable)?) " + _ABSENT,
            r"\b" + _NAME + r" not found\. Declare it as envvar",
            r"environment variable not found: \"?" + _NAME,
            r"\b" + _NAME + r" (?:must be set|is not set|is unset|not set)\b",
        ),
        _MISSING,
        _ADD,
        strength=LIKELY,
    ),
    Rule(
        "missing_secret",
        (r"KeyError: ['\"](?P<name>(?-i:[A-Z][A-Z0-9_]{2,63}))['\"]",),
        _MISSING,
        _ADD,
        needs=r"environ|getenv|<frozen os>|/os\.py",
    ),
    Rule(
        "missing_secret",
        (r"validation errors? for \w*(?:settings|config|env)\w* (?P<name>\w+) Field required",),
        _MISSING,
        _ADD,
    ),
    # Refused ones.
    _refused("XAI_API_KEY", r"Incorrect API key provided.{0,120}\bx\.ai\b"),
    _refused("OPENAI_API_KEY", r"Incorrect API key provided", needs=r"(?:platform|api)\.openai\.com"),
    _refused("ANTHROPIC_API_KEY", r"invalid x-api-key", r"anthropic\.AuthenticationError"),
    _refused("GEMINI_API_KEY", r"API key not valid. Please pass a valid API key", r"API_KEY_INVALID"),
    _refused("GROQ_API_KEY", r"groq\.AuthenticationError"),
    _refused("MISTRAL_API_KEY", r"api\.mistral\.ai.{0,80}\b401\b"),
    _refused("OPENROUTER_API_KEY", r"No auth credentials found|User not found", needs=r"openrouter"),
    _refused(
        "AWS_ACCESS_KEY_ID",
        r"InvalidClientTokenId",
        r"InvalidAccessKeyId",
        r"SignatureDoesNotMatch",
        r"UnrecognizedClientException",
        r"\bExpiredToken(?:Exception)?\b",
        r"security token included in the request is (?:invalid|expired)",
    ),
    _refused(
        "WANDB_API_KEY", r"wandb.{0,100}(?:API key must|401|invalid api.?key|permission denied|user is not logged in)"
    ),
    _refused(
        "GITHUB_TOKEN",
        r"Authentication failed for 'https://[^']*github\.com",
        r"github.{0,80}Bad credentials",
        r"Invalid username or token",
    ),
    Rule(
        "secret_refused",
        (
            r"\b401\b.{0,40}Unauthori[sz]ed",
            r"Unauthori[sz]ed.{0,20}\b401\b",
            r"(?:status|code|error|HTTP)\W{0,6}401\b",
            r"\b401 Client Error",
            r"invalid[_ -]api[_ -]?key",
            r"(?:incorrect|wrong|bad|malformed|expired|revoked|disabled|unrecognized) api[_ -]?key",
            r"api[_ -]?key.{0,30}(?:is |was )?(?:invalid|not valid|incorrect|expired|revoked|rejected|disabled)",
            r"AuthenticationError",
            r"(?:Invalid|Bad|Incorrect) (?:credentials|authentication|access token|bearer token|auth token)",
            r"(?:access|bearer|auth(?:entication)?) token.{0,20}(?:is |has )?(?:invalid|expired|revoked)",
            r"UNAUTHENTICATED",
            r"password authentication failed",
            r"Authentication (?:failed|is required|required)",
        ),
        _REFUSED,
        "Check that the value is right and not expired, where plan_secrets says it comes from.",
        strength=LIKELY,
    ),
    # Money and rates.
    Rule(
        "payment",
        (
            r"\b402\b.{0,60}(?:Payment|Client Error|credits?|depleted|exceeded)",
            r"Payment Required",
            r"exceeded your monthly included credits",
            r"(?:depleted|exhausted|used up|run out of|out of) (?:all )?(?:your |of )?(?:monthly |prepaid |included |api )*credits?",
            r"insufficient[_ ](?:quota|credits?|funds|balance)",
            r"exceeded your current quota",
            r"credit balance is too low",
            r"billing[_ ](?:hard[_ ]limit|not[_ ]active)",
            r"(?:monthly|spend(?:ing)?|usage|budget) (?:usage |spend(?:ing)? )?(?:limit|cap|quota) (?:has been |was |is )?(?:reached|exceeded|hit)",
            r"(?:requires|need) (?:a )?(?:paid|PRO) (?:plan|subscription)",
        ),
        "The account that pays for a service has no credit or quota left.",
        "Top it up with that service (for Hugging Face: https://huggingface.co/settings/billing), or use another model or key.",
    ),
    Rule(
        "rate_limited",
        (
            r"\b429\b.{0,60}(?:Too Many|Client Error|rate|quota|exceeded|RESOURCE_EXHAUSTED)",
            r"(?:status|code|error|HTTP)\W{0,6}429\b",
            r"Too Many Requests",
            r"RateLimitError",
            r"rate[_ -]limit(?:ed|s)?[_ ](?:error|exceeded|reached|hit)",
            r"exceeded (?:the |your )?(?:rate|request|token)s?[_ ](?:limit|quota)",
            r"RESOURCE_EXHAUSTED",
            r"ThrottlingException|TooManyRequestsException|SlowDown",
            r"HTTP_?STATUS_?429",
        ),
        "A service answered too many requests (429).",
        "Ask it less often or with fewer workers, wait and submit again, or give the job a key with a higher limit.",
        strength=LIKELY,
    ),
    Rule(
        "unknown_model",
        (
            r"Unknown model or provider",
            r"model_not_found",
            r"The model [`'\"]?[\w./:-]+[`'\"]? does not exist",
            r"not_found_error.{0,40}model: ",
            r"(?:model|engine) .{0,60} is not (?:supported|found|available).{0,60}(?:provider|API version|endpoint)",
            r"Model .{0,80} is not supported by (?:any )?provider",
        ),
        "The model it was told to use is not known there.",
        "Check the model's name with plan_secrets, which says what each name resolves to.",
    ),
    Rule(
        "forbidden",
        (
            r"\b403\b.{0,40}Forbidden",
            r"AccessDenied(?:Exception)?\b",
            r"PERMISSION_DENIED",
            r"(?:status|code|error|HTTP)\W{0,6}403\b",
        ),
        "A service does not allow this with the key it was given.",
        "Give the key the right it lacks, or use another one.",
        strength=VAGUE + 1,
    ),
)
