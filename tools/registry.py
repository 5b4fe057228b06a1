"""From a typed function to an MCP tool: one schema in, one schema out, both as small as they can be.

A tool is a function of ``request`` (its argument model), ``ctx`` and, where it is guarded, ``answer``; its reply
is a pydantic model. The argument model is the whole of the input schema and refuses what it does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import UnionType
from typing import Any, Union, get_args, get_origin

import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ContentBlock, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import BaseModel, ConfigDict, ValidationError

from consent.deadline import deadline
from jobs.errors import JobsError
from tools.argument_errors import refusal
from tools.arguments.bounds import measured
from tools.arguments.repair import repaired
from tools.arguments.values_in_names import refuse_values_in_names
from tools.replies.budget import LARGEST_REPLY, bounded, dump, text_of
from tools.sdk_internals import (
    ArgModelBase,
    FuncMetadata,
    ToolError,
    UnexpectedToolError,
    build_resolver_plans,
    find_context_parameter,
    find_resolved_parameters,
    is_unread_answer,
)
from tools.services import services_of

_LITTLE = 4_000


class Arguments(ArgModelBase):
    """The base of every tool's arguments. What it does not know is refused, not dropped."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    def model_dump_one_level(self) -> dict[str, Any]:
        return {"request": self}


@dataclass(frozen=True)
class Content:
    """A reply that carries more than its data: images, links to artifacts. Its data may weigh `limit`."""

    reply: BaseModel
    extra: list[ContentBlock]
    limit: int = LARGEST_REPLY


class CheckedTool(Tool):
    """A tool whose bad arguments and foreseen failures come back as errors with a code, never as a trace."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:  # The SDK's signature.
        model = self.fn_metadata.arg_model
        notes: list[str] = []
        try:
            # A long text is taken to words, and looked through, while others have their turn.
            checked = partial(self._checked, arguments, notes)
            arguments = checked() if measured(arguments) <= _LITTLE else await anyio.to_thread.run_sync(checked)
        except ValidationError as error:
            return error_result(refusal(error, model, self.name), notes)
        except JobsError as error:
            return error_result(error)
        try:
            await refuse_values_in_names(services_of(context), arguments)
            with deadline():
                return understood(await super().run(arguments, context, convert_result), notes)
        except UnexpectedToolError as error:
            if isinstance(error.__cause__, JobsError):
                return error_result(error.__cause__, notes)
            raise
        except ToolError as error:
            if not is_unread_answer(error):
                raise
            return error_result(await services_of(context).gate.misread(context), notes)
        except JobsError as error:
            return error_result(error, notes)

    def _checked(self, arguments: dict[str, Any], notes: list[str]) -> dict[str, Any]:
        taken, understood_as = repaired(self.name, arguments, self.fn_metadata.arg_model.model_fields)
        notes += understood_as
        self.fn_metadata.arg_model.model_validate(self.fn_metadata.pre_parse_json(taken))
        return taken


class _Metadata(FuncMetadata):
    def convert_result(self, result: Any) -> CallToolResult | InputRequiredResult:
        if isinstance(result, InputRequiredResult):
            return result
        return reply_result(result)


def tool(
    fn: Callable[..., Any],
    arguments: type[Arguments],
    reply: type[BaseModel],
    *,
    title: str,
    annotations: ToolAnnotations,
) -> Tool:
    """The MCP tool for `fn`, whose docstring is the description a model reads."""
    resolved = find_resolved_parameters(fn)
    return CheckedTool(
        fn=fn,
        name=fn.__name__,
        title=title,
        description=" ".join((fn.__doc__ or "").split()),
        parameters=small(arguments.model_json_schema(by_alias=True)),
        fn_metadata=_Metadata(arg_model=arguments, output_schema=outline(reply)),
        is_async=True,
        context_kwarg=find_context_parameter(fn),
        resolved_params=dict(resolved),
        resolver_plans=build_resolver_plans(resolved, {"request"}),
        annotations=annotations,
    )


def reply_result(reply: BaseModel | Content) -> CallToolResult:
    """A reply as a tool gives it: its data in both forms, then what else it carries."""
    whole = reply if isinstance(reply, Content) else Content(reply, [])
    data = bounded(dump(whole.reply), whole.limit)
    return CallToolResult(content=[_text(data), *whole.extra], structured_content=data)


def error_result(error: JobsError, notes: list[str] | None = None) -> CallToolResult:
    """An error as a reply: its parts as text, so that no output schema has to make room for them."""
    told = {"error": error.as_dict(), **({"understood": notes} if notes else {})}
    return CallToolResult(content=[_text(bounded(told))], is_error=True)


def understood(result: Any, notes: list[str]) -> Any:
    """A reply that also says which arguments were taken for what, where some were not as the tool takes them."""
    if not notes or not isinstance(result, CallToolResult) or not isinstance(result.structured_content, dict):
        return result
    data = bounded({**result.structured_content, "understood": notes})
    return result.model_copy(update={"content": [_text(data), *result.content[1:]], "structured_content": data})


def small(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without what costs every user bytes on every turn: titles, null arms, empty defaults."""
    shrunk: dict[str, Any] = _shrink(schema)
    shrunk.pop("description", None)
    return shrunk


def outline(reply: type[BaseModel]) -> dict[str, Any]:
    """A reply's fields and their types, one level deep: what a model needs to know before it has seen a reply.

    Read off the annotations: pydantic's own schema, nested models and all, would take a tenth of the start.
    """
    fields: dict[str, Any] = {}
    for name, info in reply.model_fields.items():
        kinds = [_KINDS.get(get_origin(arm) or arm, "object") for arm in _arms(info.annotation) if arm is not Any]
        if info.is_required() or "null" not in kinds:
            known = [{"type": kind} for kind in kinds]
        else:
            known = [{"type": kind} for kind in kinds if kind != "null"]
        fields[info.serialization_alias or name] = known[0] if len(known) == 1 else {"anyOf": known} if known else {}
    required = [info.serialization_alias or name for name, info in reply.model_fields.items() if info.is_required()]
    return {"type": "object", "properties": fields, "required": required}


_KINDS = {
    str: "string", int: "integer", float: "number", bool: "boolean", list: "array", tuple: "array", dict: "object",
    type(None): "null",
}  # fmt: skip


def _arms(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)


def _shrink(node: Any) -> Any:
    if isinstance(node, list):
        return [_shrink(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept: dict[str, Any] = {}
    for key, value in node.items():
        if key == "properties":
            kept[key] = {name: _shrink(item) for name, item in value.items()}
        elif key == "$defs":
            kept[key] = {name: small(item) for name, item in value.items()}
        elif key != "title" and not (key == "default" and value in (None, [], {}, False)):
            kept[key] = _shrink(value)
    arms = [arm for arm in kept.get("anyOf", []) if arm != {"type": "null"}]
    if len(arms) == 1:
        del kept["anyOf"]
        return {**arms[0], **kept}
    if arms:
        kept["anyOf"] = arms
    return kept


def _text(data: dict[str, Any]) -> TextContent:
    return TextContent(type="text", text=text_of(data))
