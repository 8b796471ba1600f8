"""Validates and executes GraphQL requests over the answers that they are said to have. Reads JSON, writes JSON."""

import json
import sys

from graphql import build_schema, execute, parse, validate, GraphQLError
from graphql.language import FieldNode, NameNode, visit, Visitor

given = json.load(sys.stdin)
with open(given["schema"], encoding="utf-8") as file:
    # Providers' schemas break rules of taste, such as which fields may be deprecated; their types are all that counts.
    schema = build_schema(file.read(), no_location=True, assume_valid=True)

problems, documents, counts = [], {}, {"requests": 0, "responses": 0}


def resolve(source, info, **_arguments):
    """The field's value by the name under which the answer has it; one that is not there is an error."""
    key = info.path.key
    if key not in source:
        raise GraphQLError("the answer has no such field")
    return source[key]


def type_of(value, _info, _type):
    """The kind of object, which a document that reads several kinds has to ask for."""
    return value.get("__typename")


class Spoil(Visitor):
    """Renames the first leaf, so that the document is none of the schema's any more."""

    def __init__(self):
        super().__init__()
        self.done = False

    def enter_field(self, node, *_):
        if node.selection_set is None and not self.done:
            self.done = True
            return FieldNode(name=NameNode(value="noSuchField"), arguments=node.arguments, directives=node.directives)
        return None


def document_of(text):
    """The parsed document and what is wrong with it, once for each text; a spoilt one has to be refused."""
    if text not in documents:
        document = parse(text, no_location=True)
        wrong = [error.message for error in validate(schema, document)]
        if not wrong and not validate(schema, visit(document, Spoil())):
            wrong = ["a document with a field that the schema does not have is not refused"]
        documents[text] = (document, wrong)
    return documents[text]


def difference(expected, found, path="data"):
    """The first place where two answers differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in sorted(set(expected) | set(found)):
            if name not in expected or name not in found:
                return f"{path}.{name}: the document {'does not ask for it' if name not in found else 'asks for it'}"
            inner = difference(expected[name], found[name], f"{path}.{name}")
            if inner:
                return inner
        return None
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return next(filter(None, (difference(*pair, f"{path}[{at}]") for at, pair in enumerate(zip(expected, found)))), None)
    return None if type(expected) is type(found) and expected == found else f"{path}: {found!r} comes of {expected!r}"


for request in given["requests"]:
    at, body, data = request["at"], request["body"], request["data"]
    try:
        document, wrong = document_of(body["query"])
    except (TypeError, KeyError, GraphQLError) as error:
        problems.append(f"{at}.request: no GraphQL document: {error}")
        continue
    if wrong:
        problems.extend(f"{at}.request: {message}" for message in wrong)
        continue
    # Without an answer to look at, the variables alone are: they are read before any field is.
    result = execute(schema, document, data or {}, variable_values=body.get("variables"), field_resolver=resolve, type_resolver=type_of)
    errors = [error for error in result.errors or [] if data is not None or error.path is None]
    problems.extend(f"{at}: {error.message} at {error.path}" for error in errors)
    counts["requests"] += 1
    if data is not None and not errors:
        counts["responses"] += 1
        found = difference(data, result.data)
        if found:
            problems.append(f"{at}.response: {found}")

json.dump({**counts, "problems": problems}, sys.stdout)
