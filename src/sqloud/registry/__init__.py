"""Provider documents, from YAML to frozen records.

Law: what leaves this package is validated, resolved and frozen; only the services that are named are read.
"""

from sqloud.registry.catalogue import Catalogue

__all__ = ["Catalogue"]
