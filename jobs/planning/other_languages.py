"""What programs in other languages look for: the variables they read, and those that libraries for models do.

They are read by patterns, a line at a time, without their comments; none is run. A row a language or a library.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.planning import libraries
from jobs.planning.need import Need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.commands.calls import ProgramCall
    from jobs.planning.need import Confidence

_NAME = r"([A-Za-z_][A-Za-z0-9_]*)"
_JAVASCRIPT = (
    rf"(?:process|Bun|import\.meta)\.env(?:\.|\?\.|\[\s*['\"`]){_NAME}",
    rf"Deno\.env\.get\(\s*['\"`]{_NAME}",
)
_READS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"), _JAVASCRIPT),
    ".go": (rf"os\.(?:Getenv|LookupEnv)\(\s*[\"`]{_NAME}",),
    ".rs": (rf"env::var(?:_os)?\(\s*\"{_NAME}", rf"\b(?:option_)?env!\(\s*\"{_NAME}"),
    ".rb": (rf"\bENV(?:\[|\.fetch\(?)\s*['\"]{_NAME}",),
    ".r": (rf"Sys\.getenv\(\s*['\"]{_NAME}",),
    ".jl": (rf"\bENV\[\s*\"{_NAME}", rf"get\(ENV,\s*\"{_NAME}"),
    ".php": (rf"getenv\(\s*['\"]{_NAME}", rf"\$_(?:ENV|SERVER)\[\s*['\"]{_NAME}"),
    ".pl": (rf"\$ENV\{{\s*['\"]?{_NAME}",),
    ".lua": (rf"os\.getenv\(?\s*['\"]{_NAME}",),
    **dict.fromkeys((".java", ".kt", ".kts", ".scala", ".groovy"), (rf"getenv\(\s*\"{_NAME}", rf"sys\.env\(\"{_NAME}")),
    ".cs": (rf"GetEnvironmentVariable\(\s*\"{_NAME}",),
    ".swift": (rf"environment\[\s*\"{_NAME}",),
    **dict.fromkeys((".c", ".cc", ".cpp", ".h"), (rf"getenv\(\s*\"{_NAME}",)),
    ".ps1": (rf"\$env:{_NAME}",),
    ".ex": (rf"System\.(?:get|fetch)_env!?\(\s*\"{_NAME}",),
    ".exs": (rf"System\.(?:get|fetch)_env!?\(\s*\"{_NAME}",),
}
"""How each language reads a variable, by the end of its files' names."""

_INLINE: dict[str, tuple[str, tuple[str, ...]]] = {
    "node": (".js", ("-e", "--eval", "-p", "--print")),
    "bun": (".js", ("-e", "--eval")),
    "deno": (".js", ("eval",)),
    "tsx": (".ts", ("-e", "--eval")),
    "ruby": (".rb", ("-e",)),
    "perl": (".pl", ("-e", "-E")),
    "php": (".php", ("-r",)),
    "Rscript": (".r", ("-e",)),
    "R": (".r", ("-e",)),
    "julia": (".jl", ("-e", "-E")),
    "lua": (".lua", ("-e",)),
    "pwsh": (".ps1", ("-c", "-Command")),
}
"""Interpreters that take their program as a word, and the option before it."""

_HASH = frozenset({".rb", ".r", ".jl", ".pl", ".ps1", ".ex", ".exs", ".php"})
_COMMENT = re.compile(r"(?<![:\w\\'\"`])//.*|/\*.*?\*/", re.DOTALL)
_TAKEN_APART = re.compile(r"\{([^{}]*)\}\s*=\s*(?:process|Bun|import\.meta)\.env\b")
_DEFAULT = re.compile(r"['\"`\])}]*\s*(?:!\s*)?(?:\?\?|\|\||\?:|,)\s*(['\"`][^'\"`]+['\"`]|\d)")
_OR_ELSE = re.compile(r"['\"`\])}]*\s*(?:\?\?|\|\|)\s*$")

_CLIENTS: dict[str, tuple[str, str]] = {
    "openai": (r"new\s+OpenAI\s*\(", "OPENAI_API_KEY"),
    "@anthropic-ai/sdk": (r"new\s+Anthropic\s*\(", "ANTHROPIC_API_KEY"),
    "@anthropic-ai/claude-agent-sdk": (r"\bquery\s*\(", "ANTHROPIC_API_KEY"),
    "@elevenlabs/elevenlabs-js": (r"new\s+ElevenLabsClient\s*\(", "ELEVENLABS_API_KEY"),
    "elevenlabs": (r"new\s+ElevenLabsClient\s*\(", "ELEVENLABS_API_KEY"),
    "@google/genai": (r"new\s+GoogleGenAI\s*\(", "GEMINI_API_KEY"),
    "github.com/anthropics/anthropic-sdk-go": (r"anthropic\.NewClient\s*\(", "ANTHROPIC_API_KEY"),
    "github.com/openai/openai-go": (r"openai\.NewClient\s*\(", "OPENAI_API_KEY"),
    "groq-sdk": (r"new\s+Groq\s*\(", "GROQ_API_KEY"),
    "together-ai": (r"new\s+Together\s*\(", "TOGETHER_API_KEY"),
    "replicate": (r"new\s+Replicate\s*\(", "REPLICATE_API_TOKEN"),
    "cohere-ai": (r"new\s+CohereClient(?:V2)?\s*\(", "CO_API_KEY"),
    "@pinecone-database/pinecone": (r"new\s+Pinecone\s*\(", "PINECONE_API_KEY"),
    "@openai/agents": (r"\brun\s*\(", "OPENAI_API_KEY"),
    "@langchain/openai": (r"new\s+(?:ChatOpenAI|OpenAIEmbeddings)\s*\(", "OPENAI_API_KEY"),
    "@langchain/anthropic": (r"new\s+ChatAnthropic\s*\(", "ANTHROPIC_API_KEY"),
    "@ai-sdk/openai": (r"\bopenai(?:\.\w+)?\s*\(", "OPENAI_API_KEY"),
    "@ai-sdk/anthropic": (r"\banthropic(?:\.\w+)?\s*\(", "ANTHROPIC_API_KEY"),
    "@ai-sdk/google": (r"\bgoogle(?:\.\w+)?\s*\(", "GOOGLE_GENERATIVE_AI_API_KEY"),
    "@ai-sdk/groq": (r"\bgroq(?:\.\w+)?\s*\(", "GROQ_API_KEY"),
    "@ai-sdk/mistral": (r"\bmistral(?:\.\w+)?\s*\(", "MISTRAL_API_KEY"),
    "@ai-sdk/xai": (r"\bxai(?:\.\w+)?\s*\(", "XAI_API_KEY"),
    "@ai-sdk/deepseek": (r"\bdeepseek(?:\.\w+)?\s*\(", "DEEPSEEK_API_KEY"),
}
"""Libraries of JavaScript and Go that look for a variable by themselves: what is called, and what it looks for."""

_GIVEN = re.compile(r"apiKey|WithAPIKey|vertexai|auth\s*:|baseURL\s*:\s*['\"`]https?://(?:localhost|127\.|0\.0\.0\.0)")


def suffix(path: str) -> str | None:
    """The end of a file's name by which its language is known here, or None."""
    end = "." + path.rpartition(".")[2].lower()
    return end if end in _READS else None


def written_out(call: ProgramCall) -> Iterator[tuple[str, str]]:
    """The programs that an interpreter is given as words, each with its language's suffix."""
    language, options = _INLINE.get(call.program, ("", ()))
    for at, word in enumerate(call.words[:-1]):
        if word in options:
            yield language, call.words[at + 1]


def needs(text: str, suffix: str, place: str) -> Iterator[Need]:
    """The variables that a program reads, and those that its libraries look for, the latter with a use."""
    text = _without_comments(text, suffix)
    before: tuple[int, list[str]] = (-1, [])
    for found in sorted(
        (match for pattern in _READS[suffix] for match in re.finditer(pattern, text)), key=lambda match: match.start()
    ):
        rest = text[found.end() :]
        alternatives = before[1] if _OR_ELSE.fullmatch(text[before[0] : found.start()]) and before[0] >= 0 else []
        before = (found.end(), [*alternatives, found[1]])
        optional = _DEFAULT.match(rest) is not None or rest.lstrip("'\"`])} ").startswith("= ")
        sure: Confidence = "optional" if optional else "one of" if alternatives else "needed"
        where = f"{place} reads {found[1]}, line {_line(text, found.start())}"
        yield Need(found[1], where, sure, others=tuple(alternatives))
    for found in _TAKEN_APART.finditer(text):
        for part in found[1].split(","):
            name, is_default, _ = part.partition("=")
            read = name.partition(":")[0].strip()
            if read and not read.startswith("..."):
                where = f"{place} reads {read}, line {_line(text, found.start())}"
                yield Need(read, where, "optional" if is_default else "needed")
    if _READS[suffix] is _JAVASCRIPT or suffix == ".go":
        yield from _clients(text, place)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _clients(text: str, place: str) -> Iterator[Need]:
    for package, (pattern, name) in _CLIENTS.items():
        if not re.search(rf"['\"](?:npm:)?{re.escape(package)}(?:/v\d+)?(?:@[^'\"]*)?['\"]", text):
            continue
        for found in re.finditer(pattern, text):
            if not _GIVEN.search(text[found.end() :].partition(")")[0]):
                where = f"{place}, line {_line(text, found.start())}"
                yield Need(name, f"{where}: {package} looks for it", "needed", libraries.CALL)


def _without_comments(text: str, suffix: str) -> str:
    """The text with its comments blank, its lines kept."""
    if suffix in _HASH:
        return re.sub(r"(?m)(^|\s)#(?!\{).*", r"\1", text)
    return _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
