"""OpenAPI documents become provider documents.

Law: pure from a parsed document to plain documents; only `folder` touches files. What the specification does not
decide is reported, never guessed.
"""

from sqloud.importer.build import ImportedProvider, import_openapi
from sqloud.importer.names import NameMap, read_names

__all__ = ["ImportedProvider", "NameMap", "import_openapi", "read_names"]
