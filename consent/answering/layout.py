"""How the approval page looks: one article a question, its program text whole, its buttons always in sight."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from consent.wording.quoted import MARK

if TYPE_CHECKING:
    from consent.ledger import Approval
    from consent.request import ConsentRequest, Fact

STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --soft: #595959; --paper: #fff; --box: #f4f4f4; --edge: #bbb;
        --yes: #0b6b3a; --bad: #a40000; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem 1rem 3rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin: 0 0 .5rem; } h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
article { border: 1px solid var(--edge); border-radius: .5rem; margin: 1.2rem 0; padding: 1rem 1rem 0; }
dl { display: grid; grid-template-columns: minmax(5rem, 8rem) 1fr; gap: .2rem 1rem; margin: 0; }
dt, .soft { color: var(--soft); }
dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-family: ui-monospace, monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--box); padding: .8rem; margin: 0;
      max-height: 24rem; overflow-y: auto; }
.all { max-height: none; }
fieldset { border: 0; margin: 0; padding: .5rem 0; } legend { font-weight: 600; padding: 0; }
label { display: block; padding: .3rem 0; } input { width: 1.1rem; height: 1.1rem; }
.answer { position: sticky; bottom: 0; background: var(--paper); border-top: 1px solid var(--edge);
          padding: .4rem 0 .8rem; }
button { font: inherit; padding: .5rem 1.2rem; margin: .2rem .8rem .2rem 0; border-radius: .4rem; cursor: pointer;
         border: 1px solid var(--edge); background: var(--box); color: var(--ink); }
button.yes { background: var(--yes); border-color: var(--yes); color: #fff; font-weight: 600; }
button:disabled { opacity: .5; cursor: default; }
:focus-visible { outline: 3px solid #2f6fed; outline-offset: 2px; }
.warning { color: var(--bad); font-weight: 600; } .told { font-weight: 600; }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --soft: #b0b0b0; --paper: #161616; --box: #242424;
        --edge: #555; --yes: #157347; --bad: #ff8a8a; } }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
        main { padding: .5rem .5rem 2rem; } article { padding: .7rem .7rem 0; }
        button { width: 100%; margin-right: 0; } }
"""

#: Lets nobody answer by reflex; looks every few seconds whether what waits is still what is shown, and leaves an
#: answer that was begun alone.
SCRIPT = """
(() => {
  // A page that comes up under a moving hand takes no answer yet.
  const answers = document.querySelectorAll(".answer button");
  for (const button of answers) button.disabled = true;
  setTimeout(() => { for (const button of answers) button.disabled = false; }, 700);
  const look = document.getElementById("look");
  if (!look) return;
  const shown = look.dataset.shown;
  const again = async () => {
    try {
      const reply = await fetch("/waiting", { method: "POST", headers: { "X-Page": look.elements.token.value } });
      if (!reply.ok) return;
      const begun = document.querySelector("input:checked");
      if ((await reply.text()) !== shown && !begun) { look.requestSubmit(); return; }
    } catch { return; }
    setTimeout(again, 2000);
  };
  setTimeout(again, 2000);
})();
"""


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


POLICY = (
    f"default-src 'none'; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def frame(*body: str) -> str:
    """A whole page round `body`, which is HTML already."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>hf-jobs-mcp asks</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{''.join(body)}</main><script>{SCRIPT}</script></body></html>"
    )


def sentence(text: str) -> str:
    """A page that says one thing."""
    return frame(f"<h1>{escape(text)}</h1>")


def ids(waiting: Sequence[Approval]) -> str:
    """Which questions wait, in one word that the page compares."""
    return ",".join(sorted(approval.id for approval in waiting))


def questions(waiting: Sequence[Approval], token: str, now: float, *, told: str = "", warning: str = "") -> str:
    """All that waits, newest first, every box empty. `told` says what became of the last answer."""
    newest = sorted(waiting, key=lambda approval: approval.asked_at, reverse=True)
    count = f"{len(newest)} questions wait for you" if len(newest) > 1 else "An agent asks you"
    head = count if newest else told or "Nothing waits for an answer"
    hidden = f'<input type="hidden" name="token" value="{escape(token)}">'
    return frame(
        f"<h1>{escape(head)}</h1>",
        f'<p class="told" role="status">{escape(told)}</p>' if told and newest else "",
        f'<p class="warning" role="alert">{escape(warning)}</p>' if warning else "",
        *(_article(approval, hidden, now) for approval in newest),
        '<p class="soft">You can close this page.</p>' if not newest else "",
        f'<form id="look" method="post" action="/answer" data-shown="{escape(ids(newest))}">{hidden}'
        '<button name="say" value="look">Look again</button></form>' if newest else "",
    )  # fmt: skip


def _article(approval: Approval, hidden: str, now: float) -> str:
    request = approval.request
    brief = [*(fact for fact in request.facts if fact.field == "again"), *request.brief]
    warnings = "".join(f'<p class="warning">{escape(fact.value)}</p>' for fact in brief if fact.label == "!")
    decides = _listed([fact for fact in brief if fact.label != "!"])
    boxes, yes = _ticks(request)
    texts = "".join(
        f'<h3>{escape(name)}</h3><pre tabindex="0" aria-label="{escape(name)}">{escape(text)}</pre>'
        for name, text in program_texts(request.details)
    )
    number = escape(approval.id)
    return (
        f'<article aria-labelledby="q-{number}"><h2 id="q-{number}">{escape(request.title)}</h2>'
        f'<p class="soft">Asked {ago(now - approval.asked_at)}, open for {span(approval.expires_at - now)} more; '
        f"fingerprint {escape(request.fingerprint)}</p>"
        f"{warnings}{decides}{texts}{'<h3>In full</h3>' if brief else ''}{_listed(request.facts)}"
        f"<details><summary>Everything that would be sent</summary>"
        f'<pre class="all" tabindex="0">{escape(request.details)}</pre></details>'
        f'<form class="answer" method="post" action="/answer" autocomplete="off">{hidden}'
        f'<input type="hidden" name="question" value="{number}">'
        f'{boxes}<button class="yes" name="say" value="yes">{escape(yes)}</button>'
        '<button name="say" value="no">No, send nothing</button></form></article>'
    )


def _listed(facts: Sequence[Fact]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(fact.label)}</dt><dd>{escape(fact.value)}</dd>' for fact in facts)}</dl>"


def _ticks(request: ConsentRequest) -> tuple[str, str]:
    """The boxes, and the words of the yes. A question with one box needs none: its yes says what it gives."""
    if len(request.ticks) == 1:
        (tick,) = request.ticks
        words = tick.title if tick.required else f"Yes, it may have {tick.title}"
        only = f'<input type="hidden" name="tick" value="{escape(tick.name)}">'
        return f'{only}<p class="soft">{escape(tick.title)}: {escape(tick.description)}</p>', words
    boxes = "".join(
        f'<label><input type="checkbox" name="tick" value="{escape(tick.name)}" autocomplete="off"> '
        f"<strong>{escape(tick.title)}</strong> {escape(tick.description)}</label>"
        for tick in request.ticks
    )
    return f"<fieldset><legend>Tick what it may have</legend>{boxes}</fieldset>", "Accept what is ticked"


def program_texts(details: str) -> Iterator[tuple[str, str]]:
    """The texts of several lines in `details`, each by its name: a program given to `-c`, a variable's, the files'."""
    head, *files = f"\n\n{details}".split("\n\n=== ")
    try:
        sent = json.loads(head)
    except ValueError:
        sent = None
    yield from _long(sent)
    for file in files:
        name, found, text = file.partition(" ===\n")
        if found:
            yield f"File {name}", "\n".join(line.removeprefix(MARK) for line in text.split("\n"))


def _long(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and "\n" in value.strip():
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _long(item, f"{name} {key}".strip())
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for item in value:
            yield from _long(item, name)


def ago(seconds: float) -> str:
    """How long ago, for people."""
    return "just now" if seconds < 5 else f"{span(seconds)} ago"  # noqa: PLR2004 - a moment


def span(seconds: float) -> str:
    """A length of time, for people, in its largest unit."""
    whole = max(0, int(seconds))
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"  # noqa: PLR2004 - an hour
