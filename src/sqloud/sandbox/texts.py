"""Answers that are no JSON: tables as CSV, a paper as PDF, a configuration as YAML, events as a stream.

Law: such an answer is of the media type that the specification names, and can be read as one.
"""

from __future__ import annotations

from sqloud.sandbox.asking import Asked

__all__ = ["text_of"]

_PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def text_of(asked: Asked, media: str) -> bytes:
    """The bytes of an answer of a media type, about the thing that the path names."""
    key = asked.path[-2] if len(asked.path) > 1 else asked.path[-1]
    if "pdf" in media:
        return _PDF
    if "csv" in media:
        return (
            b"product,group_description,description,hours,start,end,USD,project_name,category\r\n"
            b"Droplets,,web-01 (s-1vcpu-1gb),744,2025-06-01 00:00:00 +0000,2025-07-01 00:00:00 +0000,$5.00,"
            b"first-project,iaas\r\n"
        )
    if "yaml" in media:
        return (
            "apiVersion: v1\nkind: Config\nclusters:\n- name: " + key + "\n  cluster:\n"
            "    server: https://" + key + ".k8s.example.com\n"
        ).encode()
    if "event-stream" in media:
        return b'data: {"object":"chunk","choices":[]}\n\ndata: [DONE]\n\n'
    return b""
