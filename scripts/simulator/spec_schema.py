"""LINE's OpenAPI 3.0 files as JSON Schema 2020-12 validators that also refuse unknown properties.

OpenAPI 3.0 is not JSON Schema: `nullable` has to become a type, a concrete schema's `allOf` chain has to be merged
before it can be closed (`additionalProperties: false` beside `allOf` would refuse every inherited property), and a
`oneOf` over concrete types has to branch on `type`, or its errors say only that nothing matched.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from scripts.simulator.problems import JSON, Path, Problem

MESSAGING_API = "messaging-api.strict.yml"
WEBHOOK = "webhook.strict.yml"

_KEPT = (
    *("type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"),
    *("required", "additionalProperties"),
)


def utf16_length(text: str) -> int:
    """Return the length as LINE counts it: in UTF-16 code units, so most emoji are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@cache
def load_spec(filename: str) -> JSON:
    """Read one of the specification files that ship beside this module."""
    text = (files("scripts.simulator") / "spec" / filename).read_text(encoding="utf-8")
    spec: JSON = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return spec


@cache
def load_operations(filename: str) -> dict[tuple[str, str], str]:
    """Return the body schema's name of each (METHOD, path template) that takes a JSON body with a named schema."""
    found = {}
    for path, item in load_spec(filename)["paths"].items():
        for method in ("post", "put"):
            operation = item.get(method, {})
            content = operation.get("requestBody", {}).get("content", {})
            reference = content.get("application/json", {}).get("schema", {}).get("$ref")
            if reference:
                found[method.upper(), path] = reference.rsplit("/", 1)[-1]
    return found


@cache
def compiled(filename: str, name: str) -> Any:
    """Return the validator of one named schema."""
    schema = {"$ref": f"#/$defs/{name}", "$defs": _definitions(filename)}
    return _LineValidator(schema)


def schema_problems(filename: str, name: str, instance: object) -> list[Problem]:
    """Return everything in which `instance` differs from the named schema, in the order of the document."""
    errors = sorted(compiled(filename, name).iter_errors(instance), key=lambda error: [str(p) for p in error.path])
    return [problem for error in errors for problem in _to_problems(error)]


@cache
def _definitions(filename: str) -> JSON:
    schemas = load_spec(filename)["components"]["schemas"]
    return {name: _convert(schemas, schema) for name, schema in schemas.items()}


def _convert(schemas: JSON, schema: JSON) -> JSON:
    """Translate one schema object; `schemas` are the file's named ones, for merging and for branching."""
    if "$ref" in schema:
        return {"$ref": "#/$defs/" + schema["$ref"].rsplit("/", 1)[-1]}
    if "oneOf" in schema:
        return _branch_on_type(schemas, schema["oneOf"])
    converted: JSON = {key: schema[key] for key in _KEPT if key in schema}
    properties, required = _merge(schemas, schema)
    if properties:
        converted["type"] = "object"
        converted["properties"] = {key: _convert(schemas, value) for key, value in properties.items()}
        converted["required"] = sorted(required)
        converted.setdefault("additionalProperties", False)
    if isinstance(schema.get("additionalProperties"), dict):
        converted["additionalProperties"] = _convert(schemas, schema["additionalProperties"])
    if "items" in schema:
        converted["items"] = _convert(schemas, schema["items"])
    if schema.get("nullable") and "type" in converted:
        converted["type"] = [converted["type"], "null"]
    return converted


def _merge(schemas: JSON, schema: JSON) -> tuple[JSON, set[str]]:
    """Return the properties and required names of a schema with its `allOf` chain; what comes later wins."""
    properties: JSON = {}
    required: set[str] = set()
    for part in schema.get("allOf", ()):
        parent = schemas[part["$ref"].rsplit("/", 1)[-1]] if "$ref" in part else part
        inherited, demanded = _merge(schemas, parent)
        properties |= inherited
        required |= demanded
    return properties | schema.get("properties", {}), required | set(schema.get("required", ()))


def _branch_on_type(schemas: JSON, options: list[JSON]) -> JSON:
    """Return a schema that applies the option whose `type` the object states, so that errors point into it."""
    by_type = {}
    for option in options:
        properties, _ = _merge(schemas, schemas[option["$ref"].rsplit("/", 1)[-1]])
        by_type[properties["type"]["enum"][0]] = _convert(schemas, option)
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": list(by_type)}},
        "branches": by_type,
    }


def _take_branch(validator: Any, by_type: JSON, instance: object, schema: JSON) -> Iterator[ValidationError]:
    """Apply the one option that is meant: asking each `if` in turn takes ten times as long."""
    stated = instance.get("type") if isinstance(instance, dict) else None
    if isinstance(stated, str) and stated in by_type:
        yield from validator.descend(instance, by_type[stated], schema_path=stated)


def _utf16_limit(too_long: bool) -> Any:
    def check(validator: Any, limit: int, instance: object, schema: JSON) -> Iterator[ValidationError]:
        if isinstance(instance, str):
            length = utf16_length(instance)
            if length > limit if too_long else length < limit:
                yield ValidationError(f"{length} UTF-16 code units")

    return check


_LineValidator = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "branches": _take_branch,
        "maxLength": _utf16_limit(too_long=True),
        "minLength": _utf16_limit(too_long=False),
    },
)


def _to_problems(error: ValidationError) -> Iterator[Problem]:
    """Say a validation error in LINE's words, as far as they are known from its answers."""
    path: Path = tuple(error.absolute_path)
    value: Any = error.validator_value
    schema = error.schema if isinstance(error.schema, dict) else {}
    match error.validator:
        case "required":
            yield Problem((*path, error.message.split("'")[1]), "must be specified")
        case "additionalProperties":
            known = schema["properties"]
            given: Any = error.instance
            yield from (Problem((*path, key), "unknown property") for key in given if key not in known)
        case "enum":
            yield Problem(path, f"Must be one of the following values: [{', '.join(map(str, value))}]")
        case "minLength" | "maxLength":
            yield Problem(path, f"Length must be between {schema.get('minLength', 0)} and {schema.get('maxLength')}")
        case "minItems" | "maxItems":
            yield Problem(path, f"Size must be between {schema.get('minItems', 0)} and {schema.get('maxItems')}")
        case _:
            yield Problem(path, f"invalid property ({error.message})")
