"""`/api/v1/openapi.json`: OpenAPI 3.1, made from `OPERATIONS` and the models."""

import re
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from bot.api.models import Model, Problem
from bot.api.operations import OPERATIONS, Operation

REF = "#/components/schemas/{model}"
ERRORS = {
    400: "A parameter cannot be read.",
    404: "Not there, or not public.",
    429: "Too many requests; Retry-After says how many seconds to wait.",
    503: "Not ready or busy; Retry-After says when to try again.",
}


def describe(public_url: str) -> dict[str, Any]:
    """The whole document."""
    models: list[type[Model]] = sorted(
        {Problem, *(each.answer for each in OPERATIONS)}, key=lambda model: model.__name__
    )
    _, schemas = models_json_schema([(model, "serialization") for model in models], ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "chaming 查明",
            "version": version("chaming"),
            "summary": "Forwarded messages, what volunteers found out about them, and statistics. Read-only.",
            "description": "Texts are masked and times rounded to the hour, as in the releases under /data.",
        },
        "servers": [{"url": f"{public_url}/api/v1"}],
        "paths": {operation.path: {"get": _describe(operation)} for operation in OPERATIONS},
        "components": {"schemas": schemas["$defs"]},
    }


def _describe(operation: Operation) -> dict[str, Any]:
    answer = {"$ref": REF.format(model=operation.answer.__name__)}
    etag = {"ETag": {"schema": {"type": "string"}}}
    responses: dict[str, Any] = {
        "200": {"description": "As asked.", "headers": etag, "content": {"application/json": {"schema": answer}}},
        "304": {"description": "What If-None-Match names is still what there is.", "headers": etag},
    }
    problem = {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}
    for status in operation.errors:
        responses[str(status)] = {"description": ERRORS[status], "content": problem}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": responses,
    }


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    schema = operation.query.model_json_schema()
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": each.pop("description", ""),
            "schema": {key: value for key, value in each.items() if key != "title"},
        }
        for name, each in schema.get("properties", {}).items()
    ]
